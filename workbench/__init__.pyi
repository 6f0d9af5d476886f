from workbench import media as media
from workbench.audio import Audio as Audio
from workbench.captions.cues import Cue as Cue
from workbench.captions.cues import Cues as Cues
from workbench.captions.cues import caption as caption
from workbench.captions.styles import Style as Style
from workbench.captions.titles import Title as Title
from workbench.engines.reference import ReferenceVoice as ReferenceVoice
from workbench.errors import Cancelled as Cancelled
from workbench.errors import JobError as JobError
from workbench.errors import MediaError as MediaError
from workbench.errors import ModelError as ModelError
from workbench.errors import ParameterError as ParameterError
from workbench.errors import ServiceError as ServiceError
from workbench.errors import StorageError as StorageError
from workbench.errors import TextError as TextError
from workbench.errors import WorkbenchError as WorkbenchError
from workbench.errors import WorkbenchWarning as WorkbenchWarning
from workbench.media.audiobook import audiobook as audiobook
from workbench.media.chapters import Chapter as Chapter
from workbench.media.colours import Colour as Colour
from workbench.media.colours import Gradient as Gradient
from workbench.media.probe import probe as probe
from workbench.media.video import Video as Video
from workbench.production.batch.batch import batch as batch
from workbench.production.batch.planned import Batch as Batch
from workbench.production.batch.result import BatchResult as BatchResult
from workbench.production.job import run as run
from workbench.production.rebuild import rebuild as rebuild
from workbench.production.verify import verify as verify
from workbench.recognition import Recognition as Recognition
from workbench.script import Line as Line
from workbench.script import Pause as Pause
from workbench.script import Script as Script
from workbench.service.blocking import SyncMediaService as SyncMediaService
from workbench.service.media_service import MediaService as MediaService
from workbench.speech.align import align as align
from workbench.speech.compare import Comparison as Comparison
from workbench.speech.dub import dub as dub
from workbench.speech.dub_report import Dub as Dub
from workbench.speech.flagged import flagged as flagged
from workbench.speech.measure import measure as measure
from workbench.speech.measure import measure_each as measure_each
from workbench.speech.measures import Measures as Measures
from workbench.speech.measures import MeasureTable as MeasureTable
from workbench.speech.retake import retake as retake
from workbench.speech.review import Review as Review
from workbench.speech.spans import span as span
from workbench.speech.speak import speak as speak
from workbench.speech.sweep import sweep as sweep
from workbench.speech.transcribe import transcribe as transcribe
from workbench.speech.variants import Sweep as Sweep
from workbench.speech.voices import voices as voices
from workbench.take import Narration as Narration
from workbench.take import Take as Take
from workbench.text.lexicon import Lexicon as Lexicon
from workbench.text.manuscript import Manuscript as Manuscript
from workbench.text.normalize import normalize as normalize
from workbench.text.spoken import Spoken as Spoken
from workbench.timing import Span as Span
from workbench.timing import Transcript as Transcript
from workbench.timing import Word as Word
from workbench.voice import Preset as Preset
from workbench.voice import Voice as Voice
from workbench.widgets.audition import audition as audition
from workbench.widgets.board import board as board
from workbench.widgets.cue_editor import edit_captions as edit_captions
from workbench.widgets.form import form as form
from workbench.widgets.line_board import review as review
from workbench.widgets.playing import play as play
from workbench.widgets.tuner import tune as tune

__version__: str
__all__ = [
    "Audio",
    "Batch",
    "BatchResult",
    "Cancelled",
    "Chapter",
    "Colour",
    "Comparison",
    "Cue",
    "Cues",
    "Dub",
    "Gradient",
    "JobError",
    "Lexicon",
    "Line",
    "Manuscript",
    "MeasureTable",
    "Measures",
    "MediaError",
    "MediaService",
    "ModelError",
    "Narration",
    "ParameterError",
    "Pause",
    "Preset",
    "Recognition",
    "ReferenceVoice",
    "Review",
    "Script",
    "ServiceError",
    "Span",
    "Spoken",
    "StorageError",
    "Style",
    "Sweep",
    "SyncMediaService",
    "Take",
    "TextError",
    "Title",
    "Transcript",
    "Video",
    "Voice",
    "Word",
    "WorkbenchError",
    "WorkbenchWarning",
    "__version__",
    "align",
    "audiobook",
    "audition",
    "batch",
    "board",
    "caption",
    "dub",
    "edit_captions",
    "flagged",
    "form",
    "measure",
    "measure_each",
    "media",
    "normalize",
    "play",
    "probe",
    "rebuild",
    "retake",
    "review",
    "run",
    "span",
    "speak",
    "sweep",
    "transcribe",
    "tune",
    "verify",
    "voices",
]
