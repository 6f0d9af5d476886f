"""A notebook-first studio for spoken, captioned video.

>>> import workbench as wb
>>> narration = wb.speak("Hola, esto es una prueba.", voice="espeak:es")
>>> narration.words[0].text
'Hola,'
"""

from __future__ import annotations

import importlib
import logging
import os
import sys
from typing import Any

__version__ = "0.1.0"

# Every public name and the module that holds it; the module is imported at the first use.
_PUBLIC = {
    "Audio": "workbench.audio",
    "Batch": "workbench.production.batch.planned",
    "BatchResult": "workbench.production.batch.result",
    "Cancelled": "workbench.errors",
    "Chapter": "workbench.media.chapters",
    "Colour": "workbench.media.colours",
    "Comparison": "workbench.speech.compare",
    "Cue": "workbench.captions.cues",
    "Cues": "workbench.captions.cues",
    "Dub": "workbench.speech.dub_report",
    "Gradient": "workbench.media.colours",
    "JobError": "workbench.errors",
    "Lexicon": "workbench.text.lexicon",
    "Line": "workbench.script",
    "Manuscript": "workbench.text.manuscript",
    "MeasureTable": "workbench.speech.measures",
    "Measures": "workbench.speech.measures",
    "MediaError": "workbench.errors",
    "MediaService": "workbench.service.media_service",
    "ModelError": "workbench.errors",
    "Narration": "workbench.take",
    "ParameterError": "workbench.errors",
    "Pause": "workbench.script",
    "Preset": "workbench.voice",
    "Recognition": "workbench.recognition",
    "ReferenceVoice": "workbench.engines.reference",
    "Review": "workbench.speech.review",
    "Script": "workbench.script",
    "ServiceError": "workbench.errors",
    "Span": "workbench.timing",
    "Spoken": "workbench.text.spoken",
    "StorageError": "workbench.errors",
    "Style": "workbench.captions.styles",
    "Sweep": "workbench.speech.variants",
    "SyncMediaService": "workbench.service.blocking",
    "Take": "workbench.take",
    "TextError": "workbench.errors",
    "Title": "workbench.captions.titles",
    "Transcript": "workbench.timing",
    "Video": "workbench.media.video",
    "Voice": "workbench.voice",
    "Word": "workbench.timing",
    "WorkbenchError": "workbench.errors",
    "WorkbenchWarning": "workbench.errors",
    "align": "workbench.speech.align",
    "audiobook": "workbench.media.audiobook",
    "audition": "workbench.widgets.audition",
    "batch": "workbench.production.batch.batch",
    "board": "workbench.widgets.board",
    "caption": "workbench.captions.cues",
    "dub": "workbench.speech.dub",
    "edit_captions": "workbench.widgets.cue_editor",
    "flagged": "workbench.speech.flagged",
    "form": "workbench.widgets.form",
    "measure": "workbench.speech.measure",
    "measure_each": "workbench.speech.measure",
    "media": "workbench",  # a room of the package, not a name in one
    "normalize": "workbench.text.normalize",
    "play": "workbench.widgets.playing",
    "probe": "workbench.media.probe",
    "rebuild": "workbench.production.rebuild",
    "retake": "workbench.speech.retake",
    "review": "workbench.widgets.line_board",
    "run": "workbench.production.job",
    "span": "workbench.speech.spans",
    "speak": "workbench.speech.speak",
    "sweep": "workbench.speech.sweep",
    "transcribe": "workbench.speech.transcribe",
    "tune": "workbench.widgets.tuner",
    "verify": "workbench.production.verify",
    "voices": "workbench.speech.voices",
}

__all__ = sorted([*_PUBLIC, "__version__"])  # noqa: PLE0605 - the .pyi beside this lists them

logging.getLogger("workbench").addHandler(logging.NullHandler())


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        import difflib

        near = [] if name.startswith("_") else difflib.get_close_matches(name, _PUBLIC, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise AttributeError(f"module 'workbench' has no attribute {name!r}{hint}")
    home = _PUBLIC[name]
    if home == __name__:
        value: Any = importlib.import_module(f"{home}.{name}")
    else:
        value = getattr(importlib.import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__]


def _show_values_in_notebooks() -> None:
    """Teach a running IPython how the values of this package look; see `workbench.display`."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if shell is not None:
        importlib.import_module("workbench.display").register(shell)


_show_values_in_notebooks()

if os.environ.get("EAGER_IMPORT"):
    for _name in _PUBLIC:
        __getattr__(_name)
