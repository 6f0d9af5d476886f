"""What each job notebook would refuse in its first cell, asked before a kernel starts for it.

Every test is one of the product's own, so that it can say neither more nor less than the run would.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.errors import MediaError, ModelError, ParameterError, WorkbenchError
from workbench.paths import text_file

if TYPE_CHECKING:
    from collections.abc import Callable

    from workbench.script import Script
    from workbench.text.manuscript import Manuscript

__all__ = ["RULES", "SAMPLES", "Rule", "can_speak"]

_FONTS = (".ttf", ".otf", ".ttc")


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A test of some parameters of a job notebook.

    Parameters
    ----------
    names
        The parameters, the one that is to blame first.
    test
        Called with their values; it raises what is wrong.
    """

    names: tuple[str, ...]
    test: Callable[..., object]


def can_speak(name: str) -> None:
    """Look whether there is a voice of that name, and all that it needs.

    Raises
    ------
    ModelError, ParameterError
        When it cannot speak here.
    """
    from workbench.engines.registry import engine
    from workbench.speech.voices import find_voice

    voice, _ = find_voice(name)
    ready = getattr(engine(voice.engine), "ready", None)
    if ready is not None:
        ready(voice.name)


def _script(text: str) -> None:
    """Read a script as the notebook does, and look for the voices that it names."""
    from workbench.script import Script

    _cast(Script.load(text), text_file(text))


def _read_aloud(*texts: str) -> None:
    """As `_script`, for what may also be a book."""
    from workbench.text.manuscript import KINDS

    for text in texts:
        path = text_file(text, KINDS, what="text")
        state = path.stat() if path is not None else None
        marks = (state.st_mtime_ns, state.st_size) if state is not None else ()
        _cast(_manuscript(text, *marks).script, path)


@lru_cache(maxsize=500)
def _manuscript(text: str, *_: int) -> Manuscript:
    """Return a text or a file; a book takes part of a second, and may be one of many rows."""
    from workbench.text.manuscript import Manuscript

    return Manuscript.read(text)


def _cast(script: Script, path: Path | None) -> None:
    from workbench.script import Line

    voices = {x.voice: x.number for x in reversed(script.items) if isinstance(x, Line) and x.voice}
    for name, number in voices.items():
        try:
            can_speak(name)
        except WorkbenchError as error:
            told = f"line {number} names the voice {name}, which {error.problem}"
            raise ParameterError(told, subject=str(path or ""), cure=error.cure) from error


def _sources(sources: list[str]) -> None:
    if not sources:
        raise ParameterError("needs a text or a file", subject="sources", cure="give one")
    _read_aloud(*sources)


def _titles(titles: list[str], sources: list[str]) -> None:
    from workbench.text.manuscript import Manuscript

    if titles:
        count = len(Manuscript.read(*sources).by_paragraph().sections)
        if len(titles) != count:
            told = f"are {len(titles)} titles for {count} chapters"
            raise ParameterError(told, subject="chapter_titles", cure="give one each")


def _language(language: str, voice: str) -> None:
    from workbench.speech.chapters import check_language

    if language:
        check_language(voice, language)


def _level(loudness: float | str) -> None:
    from workbench.media.master import target_level

    if loudness != "none":
        target_level(loudness)


def _lexicon(lexicon: str | None) -> None:
    from workbench.text.lexicon import Lexicon

    if lexicon:
        Lexicon.of(lexicon)


def _plain(path: str | None) -> None:
    """Look for a file that is one; a folder can be given where a path is wanted."""
    from workbench.media.limits import existing

    if path:
        try:
            existing(path)
        except MediaError as error:
            raise MediaError(error.problem, subject=path, cure=error.cure) from error


def _frame(size: str) -> None:
    from workbench.media.video.frame import Frame

    Frame(size=size)


def _pictures(images: list[str]) -> None:
    for image in images:
        if image.startswith(("colour:", "gradient:")):
            from workbench.media.colours import parse_background

            parse_background(image)
        else:
            _plain(image)


def _transition(name: str) -> None:
    from workbench.media.graph import TRANSITIONS
    from workbench.media.limits import choice

    choice("transition", name, ("cut", *TRANSITIONS))


def _font(name: str) -> None:
    from workbench.captions.fonts import find_font

    if "/" in name or Path(name).suffix.lower() in _FONTS:  # a family that is not here only warns
        find_font(name)


def _speakers(pairs: list[str], captions: str | None, text: str) -> None:
    from workbench.production.dubbing import read_cues, speaker_voices
    from workbench.speech.dub import check_speakers

    named = speaker_voices(pairs)
    if named:
        check_speakers(named, read_cues(captions, text))


def _cues(captions: str | None, text: str) -> None:
    from workbench.production.dubbing import read_cues

    read_cues(captions, text)


def _dubbed(output: str, video: str | None) -> None:
    from workbench.media.voiceover import SUFFIXES

    if not video and str(output).lower().endswith(SUFFIXES):
        raise ParameterError(
            "is a video, and there is none to lay the voice over",
            subject=f"output={output}",
            cure="name the video, or a sound such as out/dub.wav",
        )


def _kept(output: str, kinds: list[str], *inputs: str | None) -> None:
    from workbench.media.outputs import keep_inputs

    keep_inputs(output, kinds, *inputs)


def _heard(engine: str, script: str, media: str | None) -> None:
    if engine == "script" and media and not script:
        raise ParameterError("needs to know what is said", subject="engine", cure="give the script")


def _listener(name: str) -> None:
    """Look whether somebody can listen: not whether the weights are whole, which takes a load."""
    from workbench.speech.ears import ears

    if name and name != "none":
        found = ears(name)
        ready = getattr(found.engine, "ready", None)
        if ready is not None:
            ready(found.options)


def _recogniser(engine: str, model: str, script: str, media: str | None) -> None:
    if engine == "script" or (engine == "auto" and (script or not media)):
        return  # it can do without
    from workbench.engines.registry import DEFAULT_TRANSCRIBER

    name = DEFAULT_TRANSCRIBER if engine == "auto" else engine
    try:
        _listener(f"{name}:{model}" if model else name)
    except ModelError as error:
        typed = f"{error.subject}: " if error.subject and error.subject not in error.problem else ""
        asked = "model" if model else "engine"
        raise ParameterError(f"{typed}{error.problem}", subject=asked, cure=error.cure) from error


def _page(output: str) -> None:
    from workbench.speech.sweep_page import check_page

    check_page(output)


def _said(text: str) -> None:
    from workbench.speech.sweep import one_line_of

    one_line_of(text)


def _swept(options: list[str], voices: list[str], sample: int | None) -> None:
    from workbench.speech.axes import axes
    from workbench.speech.grid import Grid

    Grid(voices, options=axes(options)).order(sample=sample)


def _order(best: str, options: list[str]) -> None:
    from workbench.speech.axes import axes
    from workbench.speech.sweep_page import check_order

    check_order(best, axes(options))


_READ_ALOUD = (
    Rule(names=("language", "voice"), test=_language),
    Rule(names=("loudness",), test=_level),
    Rule(names=("lexicon",), test=_lexicon),
)

RULES: dict[str, tuple[Rule, ...]] = {
    "narrate": (
        *_READ_ALOUD,
        Rule(names=("text",), test=_read_aloud),
        Rule(names=("verify",), test=_listener),
    ),
    "audiobook": (
        *_READ_ALOUD,
        Rule(names=("sources",), test=_sources),
        Rule(names=("chapter_titles", "sources"), test=_titles),
        Rule(names=("cover",), test=_plain),
    ),
    "captioned_short": (
        Rule(names=("script",), test=_script),
        Rule(names=("images",), test=_pictures),
        *(Rule(names=(name,), test=_plain) for name in ("intro", "outro", "logo", "music")),
        Rule(names=("size",), test=_frame),
        Rule(names=("transition",), test=_transition),
        Rule(names=("font",), test=_font),
        Rule(names=("loudness",), test=_level),
    ),
    "dub": (
        *_READ_ALOUD,
        Rule(names=("captions", "text"), test=_cues),
        Rule(names=("voices", "captions", "text"), test=_speakers),
        Rule(names=("video",), test=_plain),
        Rule(names=("output", "video"), test=_dubbed),
        Rule(names=("output", "caption_files", "captions"), test=_kept),
    ),
    "transcribe": (
        Rule(names=("media",), test=_plain),
        Rule(names=("engine", "script", "media"), test=_heard),
        Rule(names=("engine", "model", "script", "media"), test=_recogniser),
        Rule(names=("output", "files", "script", "media"), test=_kept),
    ),
    "voice_sweep": (
        Rule(names=("output",), test=_page),
        Rule(names=("text",), test=_said),
        Rule(names=("options", "voices", "sample"), test=_swept),
        Rule(names=("listener",), test=_listener),
        Rule(names=("best", "options"), test=_order),
    ),
}
"""By the notebook's name; one of a person's own has only what its parameters cell says."""

SAMPLES = {"dub": ("captions", "text"), "transcribe": ("media", "script"), "voice_sweep": ("text",)}
"""Of which parameters a job has to give one, where the type does not tell."""
