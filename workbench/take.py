"""A take is one line as it was spoken; a narration is a script's takes in their order."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.audio import Audio
from workbench.errors import ParameterError
from workbench.script import Line
from workbench.timing import Transcript, Word
from workbench.voice import Voice

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["Narration", "Part", "Take"]

_CLOSE = 1e-3  # seconds; two sums of the same times differ by less


@dataclass(frozen=True, kw_only=True, repr=False)
class Take:
    """Speech: the sound, the time of every word, and what made it.

    Parameters
    ----------
    text
        What was said.
    audio
        The sound.
    words
        The words of the text with their times in seconds, in order.
    voice
        The engine and voice that spoke.
    language
        The voice's BCP 47 tag.
    engine_version
        The version of the engine's library and data.
    options
        All the options in force, defaults included.
    seed
        What the engine's chance was seeded with; None where it has none.
    device
        Where it ran, such as ``cpu``.
    warnings
        What a listener should know, such as a dropped word.
    spoken
        What the engine was given to say, where that is not `text`: numbers written out, a lexicon's
        spelling.
    flags
        What a check of the sound found wrong, as short words: ``short``, ``silent``, ``unlike`` …;
        see `workbench.speech.fuse`. None for a take that passed.
    about
        What else a receipt records, as plain values: the consent for a cloned voice, how a check by
        ear came out.
    synthesis_time
        Seconds that the engine took; None where it is not known, as for a take from the cache. It
        says nothing of what the take is, so it is neither compared nor written down.

    Examples
    --------
    >>> import workbench as wb
    >>> narration = wb.speak("Hello, world.", voice="espeak:en-us")
    >>> narration.parts[0].take
    Take('Hello, world.', espeak:en-us, 1.3 s, 2 words)
    """

    text: str
    audio: Audio
    words: tuple[Word, ...]
    voice: Voice
    language: str = ""
    engine_version: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    seed: int | None = None
    device: str = "cpu"
    warnings: tuple[str, ...] = ()
    spoken: str = ""
    flags: tuple[str, ...] = ()
    about: Mapping[str, Any] = field(default_factory=dict)
    synthesis_time: float | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "words", tuple(self.words))
        object.__setattr__(self, "warnings", tuple(self.warnings))
        object.__setattr__(self, "flags", tuple(self.flags))
        object.__setattr__(self, "options", MappingProxyType(dict(self.options)))
        object.__setattr__(self, "about", MappingProxyType(dict(self.about)))

    def __hash__(self) -> int:
        return hash((self.text, self.audio, self.words, str(self.voice)))

    def __getstate__(self) -> dict[str, Any]:  # a read-only view cannot be pickled
        return {**self.__dict__, "options": dict(self.options), "about": dict(self.about)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        views = {name: MappingProxyType(state[name]) for name in ("options", "about")}
        self.__dict__.update(state, **views)

    def __repr__(self) -> str:
        text = self.text if len(self.text) <= 40 else f"{self.text[:39]}…"  # noqa: PLR2004
        return f"Take({text!r}, {self.voice}, {self.duration:.1f} s, {len(self.words)} words)"

    @property
    def duration(self) -> float:
        """Seconds of sound."""
        return self.audio.duration

    @property
    def transcript(self) -> Transcript:
        """The words and their language."""
        return Transcript(words=self.words, language=self.language)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the sound; the suffix (.wav .flac .mp3 .ogg) names the format."""
        return self.audio.write(path)

    def describe(self) -> dict[str, Any]:
        """Return all but the sound as plain values: what a receipt records."""
        return {
            "text": self.text,
            "words": [w.to_dict() for w in self.words],
            "voice": str(self.voice),
            "language": self.language,
            "engine_version": self.engine_version,
            "options": dict(self.options),
            "seed": self.seed,
            "device": self.device,
            "warnings": list(self.warnings),
            "spoken": self.spoken,
            "flags": list(self.flags),
            "about": dict(self.about),
        }

    def to_dict(self) -> dict[str, Any]:
        """Return the take as plain values, its sound included."""
        return {**self.describe(), "audio": self.audio.to_dict()}

    @classmethod
    def from_dict(cls, data: dict[str, Any], *, audio: Audio | None = None) -> Take:
        """Return the take that `to_dict`, or `describe` with `audio` beside it, described."""
        return cls(
            text=data["text"],
            audio=Audio.from_dict(data["audio"]) if audio is None else audio,
            words=tuple(Word.from_dict(w) for w in data["words"]),
            voice=Voice.parse(data["voice"]),
            language=data["language"],
            engine_version=data["engine_version"],
            options=data["options"],
            seed=data["seed"],
            device=data["device"],
            warnings=tuple(data["warnings"]),
            spoken=data.get("spoken", ""),
            flags=tuple(data.get("flags", ())),
            about=data.get("about", {}),
        )


@dataclass(frozen=True, kw_only=True)
class Part:
    """One line of a narration: what the script says, its take, and when it starts.

    Parameters
    ----------
    line
        The script's line.
    take
        The line as spoken, its times counted from its own start.
    start
        Seconds from the start of the narration.
    """

    line: Line
    take: Take
    start: float

    @property
    def end(self) -> float:
        """Seconds from the start of the narration to the end of the take."""
        return self.start + self.take.duration

    @property
    def words(self) -> tuple[Word, ...]:
        """The words, their times counted from the start of the narration.

        A space follows the last one: what comes next is another line.
        """
        words = [w.shift(self.start) for w in self.take.words]
        return (*words[:-1], *(replace(w, space=True) for w in words[-1:]))


@dataclass(frozen=True, kw_only=True, repr=False)
class Narration:
    r"""A script as it was spoken.

    Parameters
    ----------
    parts
        At least one, in order, not overlapping.
    duration
        Seconds, the pause at the end included.

    Raises
    ------
    ParameterError
        When there is no part, one begins before the other has ended, or they last longer.

    Examples
    --------
    >>> import workbench as wb
    >>> wb.speak("One.\nTwo, three.")
    Narration(2 lines, 3 words, 2.1 s, espeak:en-us)
    """

    parts: tuple[Part, ...]
    duration: float

    def __post_init__(self) -> None:
        parts = tuple(self.parts)
        if not parts:
            raise ParameterError("needs at least one line", subject="narration")
        for before, after in pairwise(parts):
            if after.start < before.end - _CLOSE:
                raise ParameterError(
                    f"line {after.line.number} begins at {after.start:.3f} s, before "
                    f"line {before.line.number} ends at {before.end:.3f} s",
                    subject="narration",
                )
        if not parts[-1].end - _CLOSE <= self.duration < math.inf:
            raise ParameterError(
                f"lasts {self.duration!r} s, but its last line ends at {parts[-1].end:.3f} s",
                subject="narration",
            )
        object.__setattr__(self, "parts", parts)

    def __repr__(self) -> str:
        voices = ", ".join(dict.fromkeys(str(part.take.voice) for part in self.parts))
        lines = f"{len(self.parts)} line{'s' if len(self.parts) != 1 else ''}"
        return f"Narration({lines}, {len(self.words)} words, {self.duration:.1f} s, {voices})"

    @cached_property
    def audio(self) -> Audio:
        """The takes and the silence between them, at the first take's rate."""
        rate = self.parts[0].take.audio.rate
        sounds = [
            (round(part.start * rate), part.take.audio.resample(rate).mono().samples)
            for part in self.parts
        ]
        # Half a frame may be rounded up at the start of the last take and down at the end.
        end = max(first + len(sound) for first, sound in sounds)
        whole = np.zeros((max(end, round(self.duration * rate)), 1), np.float32)
        for first, sound in sounds:
            whole[first : first + len(sound)] += sound
        return Audio.owning(whole, rate)

    @cached_property
    def words(self) -> tuple[Word, ...]:
        """All the words, their times counted from the start of the narration."""
        return tuple(word for part in self.parts for word in part.words)

    @property
    def text(self) -> str:
        """The lines as spoken, one below the other."""
        return "\n".join(part.take.text for part in self.parts)

    @property
    def language(self) -> str:
        """The language of the first line."""
        return self.parts[0].take.language

    @property
    def transcript(self) -> Transcript:
        """The words and their language."""
        return Transcript(words=self.words, language=self.language)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the takes have to say, each with its line."""
        return tuple(f"line {p.line.number}: {w}" for p in self.parts for w in p.take.warnings)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the sound; the suffix (.wav .flac .mp3 .ogg) names the format."""
        return self.audio.write(path)

    def describe(self) -> dict[str, Any]:
        """Return all but the sound as plain values: what a receipt records."""
        return {
            "duration": self.duration,
            "parts": [
                {"start": p.start, "number": p.line.number, "take": p.take.describe()}
                for p in self.parts
            ],
        }

    def to_dict(self) -> dict[str, Any]:
        """Return the narration as plain values, its sound included."""
        rows = [
            {
                "start": p.start,
                "line": {"text": p.line.text, "number": p.line.number, "voice": p.line.voice},
                "take": p.take.to_dict(),
            }
            for p in self.parts
        ]
        return {"duration": self.duration, "parts": rows}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Narration:
        """Return the narration that `to_dict` described."""
        parts = tuple(
            Part(line=Line(**row["line"]), take=Take.from_dict(row["take"]), start=row["start"])
            for row in data["parts"]
        )
        return cls(parts=parts, duration=data["duration"])
