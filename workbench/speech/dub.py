"""Speech timed to captions: every line is said in the time that its caption is on the screen.

A line that is too long for its time is spoken faster, within a limit: by the engine's own option
where it has one, else by what the caller gives to make a sound faster. What is still too long goes
on into the silence after it, and the next line waits for its end: nothing is cut, no two lines are
heard at once, and the report says by how many seconds each line missed its time.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from workbench.errors import Cancelled, ParameterError, TextError, suggest
from workbench.progress import bar
from workbench.script import Line, tokenize
from workbench.speech.bounds import need_number
from workbench.speech.dub_fit import FASTEST, SLOWEST, Fitter, cut_take
from workbench.speech.dub_report import Dub, DubLine, clock
from workbench.speech.speaker import Speaker
from workbench.storage.cache import TakeCache
from workbench.take import Narration, Part

if TYPE_CHECKING:
    import os
    import threading
    from collections.abc import Iterable

    from workbench.progress import Report
    from workbench.speech.dub_fit import Stretch
    from workbench.text.lexicon import Lexicon
    from workbench.voice import Preset, Voice

__all__ = ["Dub", "DubLine", "Timed", "check_speakers", "dub", "spoken_text"]

_GAP = 0.05  # seconds between two lines, at least
_LONGEST_GAP = 5.0
_MANY = 25  # lines from which on it is worth showing a bar
# What captions tell of sounds: [door opens], ♪ a song ♪; and the dash before a speaker's words.
_NOT_SAID = re.compile(r"\[[^\]]*\]|[♩-♯]+[^♩-♯]*[♩-♯]+|[♩-♯]|^\s*[-\u2013\u2014]\s+", re.MULTILINE)


@runtime_checkable
class Timed(Protocol):
    """What `dub` takes: a text with its times in seconds, such as a cue."""

    @property
    def start(self) -> float:
        """Second at which it is to be said."""

    @property
    def end(self) -> float:
        """Second at which it is to be over."""

    @property
    def text(self) -> str:
        """What is said."""

    @property
    def speaker(self) -> str:
        """Who says it; may be empty."""


def dub(
    cues: Iterable[Timed],
    voice: str | Voice | Preset | None = None,
    *,
    voices: Mapping[str, str | Voice | Preset] | None = None,
    fastest: float = 1.4,
    slowest: float = 1.0,
    gap: float = _GAP,
    duration: float | None = None,
    until: float | None = None,
    stretch: Stretch | None = None,
    seed: int | None = None,
    normalize: bool | Mapping[str, bool] = True,
    lexicon: Lexicon | str | os.PathLike[str] | None = None,
    verify: str | None = None,
    cache: bool = True,
    progress: Report | None = None,
    cancel: threading.Event | None = None,
    **options: Any,
) -> Dub:
    """Speak captions at their times.

    Parameters
    ----------
    cues
        The captions, such as ``Cues.read("talk.srt")``.
    voice
        Who speaks where no other voice is named, see `workbench.speech.voices.find_voice`.
    voices
        The voices of the speakers that the captions name.
    fastest
        How many times as fast as usual a line may be spoken, 1 to 3. It is measured, since engines
        do not keep exactly to the pace they are told.
    slowest
        How slowly a line with time to spare may be spoken, 0.5 to 1; 1 leaves the silence.
    gap
        Seconds between two lines, at least, 0 to 5.
    duration
        Seconds of the whole, at least to the end of the last line.
    until
        Second at which the video ends, and the dub with it: a line has until then at the latest.
        What is beyond is not heard, and the report says which lines that are.
    stretch
        What makes a sound faster at the same pitch, for engines that have no option for that:
        `workbench.media.change_speed`.
    seed, normalize, lexicon, verify, cache
        As for `workbench.speech.speak.speak`.
    progress
        Called with the part that is done, 0 to 1; by default many lines show a bar.
    cancel
        Set it from another thread to stop.
    **options
        The engine's options, for `voice` alone.

    Returns
    -------
    Dub
        With ``.narration``, ``.lines`` (each with its slot, its pace, and by how much it missed),
        ``.unfit`` and ``.left_out``.

    Raises
    ------
    TextError
        When the captions have no word that is said, or the first begins after the video.
    ParameterError
        When a number is out of range, or `voices` names a speaker that the captions do not.
    VoiceNotFound, EngineNotFound, EngineMissing, WeightsMissing
        Before anything is spoken.
    Cancelled
        When `cancel` was set.

    Examples
    --------
    >>> from workbench.speech.dub_report import Slot
    >>> made = dub([Slot(start=0.5, end=2, text="Hello."), Slot(start=2, end=4, text="[a door]")])
    >>> made.lines[0].begun, made.fits, made.left_out
    (0.5, True, ('[a door]',))
    """
    fastest = need_number("fastest", fastest, 1.0, FASTEST)
    slowest = need_number("slowest", slowest, SLOWEST, 1.0)
    gap = need_number("gap", gap, 0.0, _LONGEST_GAP)
    given = sorted(cues, key=lambda cue: (cue.start, cue.end))
    said = [(n, one, spoken_text(one.text)) for n, one in enumerate(given, start=1)]
    rows = [(n, one, text) for n, one, text in said if text]
    if not rows:
        cure = "what stands in brackets, such as [door opens], is not said"
        raise TextError("have no words to speak", subject="captions", cure=cure)
    if until is not None:
        until = need_number("until", until, 0.0, math.inf)
        if rows[0][1].start > until - _GAP:
            begins = f"begin at {clock(rows[0][1].start)}, and the video ends at {clock(until)}"
            raise TextError(begins, subject="captions", cure="look whether they are this video's")
    named = check_speakers(voices, given)
    kept = TakeCache() if cache else None
    ways: dict[str, Any] = {
        "seed": seed, "cache": kept, "normalize": normalize, "lexicon": lexicon, "verify": verify,
    }  # fmt: skip

    def speaker(name: str) -> Speaker:
        if name in named:
            return Speaker(named[name], **ways)
        return Speaker(voice, options, **ways)

    # Every voice is found before the first line is spoken.
    fitters = {
        name: Fitter(speaker(name), fastest=fastest, slowest=slowest, stretch=stretch)
        for name in dict.fromkeys(one.speaker for _, one, _ in rows)
    }
    shown = bar("dubbing") if progress is None and len(rows) >= _MANY else nullcontext(progress)
    parts: list[Part] = []
    lines: list[DubLine] = []
    with shown as report:
        for number, one, text in rows:
            if cancel is not None and cancel.is_set():
                told = f"stopped after {len(parts)} of {len(rows)} lines"
                raise Cancelled(told, subject="dub")
            begun = max(one.start, parts[-1].end + gap) if parts else one.start
            about: dict[str, Any] = {
                "number": number, "text": text, "speaker": one.speaker, "start": one.start,
                "end": one.end,
            }  # fmt: skip
            end = one.end if until is None else min(one.end, until)
            if until is not None and begun > until - _GAP:
                lines.append(DubLine(**about, begun=until, ended=until, heard=False))
                continue
            fitted = fitters[one.speaker].say(text, end - begun, cancel)
            take = fitted.take if until is None else cut_take(fitted.take, until - begun)
            own = str(take.voice) if one.speaker in named else None
            line = Line(text=text, number=number, voice=own)
            parts.append(Part(line=line, take=take, start=begun))
            lines.append(
                DubLine(
                    **about, voice=str(take.voice), begun=begun, ended=parts[-1].end,
                    cut=fitted.take.duration - take.duration, tempo=fitted.tempo,
                )
            )  # fmt: skip
            if report is not None:
                report(len(lines) / len(rows))
    last = max(parts[-1].end, given[-1].end, duration or 0.0) if until is None else until
    return Dub(
        narration=Narration(parts=tuple(parts), duration=max(last, parts[-1].end)),
        lines=tuple(lines),
        left_out=tuple(" ".join(one.text.split()) for _, one, text in said if not text),
    )


def spoken_text(text: str) -> str:
    r"""Return what of a caption is said: not the sounds in brackets, no music, in one line.

    Examples
    --------
    >>> spoken_text("- Who is there?\n[knocking]\n- Me."), spoken_text("♪ la la ♪")
    ('Who is there? Me.', '')
    """
    words = " ".join(_NOT_SAID.sub(" ", text).split())
    return words if tokenize(words) and any(c.isalnum() for c in words) else ""


def check_speakers(
    voices: Mapping[str, str | Voice | Preset] | None, cues: Iterable[Timed]
) -> dict[str, str | Voice | Preset]:
    """Return voices by speaker, all of whom the captions name.

    Raises
    ------
    ParameterError
        When one is not named there; the nearest is offered.
    """
    if voices is None:
        return {}
    if not isinstance(voices, Mapping):
        raise ParameterError("must be a mapping from speakers to voices", subject="voices")
    known = {cue.speaker for cue in cues if cue.speaker}
    for name in voices:
        if name not in known:
            told = ", ".join(sorted(known)[:8]) or "none"
            cure = suggest(str(name), known) or f"the captions name {told}"
            raise ParameterError("is no speaker of the captions", subject=str(name), cure=cure)
    return dict(voices)
