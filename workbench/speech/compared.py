"""What can be compared by ear: which sound it is, what it is called, and its hash."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import TypeAlias

from workbench.audio import Audio
from workbench.errors import ParameterError, shown, suggest
from workbench.take import Narration, Take

__all__ = ["Sound", "digests_of", "named", "sound_of", "verified"]

Sound: TypeAlias = Take | Narration | Audio | str | os.PathLike[str]
"""What can be compared: speech, sound, or the path of a WAV, FLAC, MP3 or Ogg file."""

_LONGEST = 200  # letters of a file's name


def named(takes: Mapping[str, Sound] | Iterable[Sound]) -> dict[str, Sound]:
    """Return the takes by label; those of a list are called by their voice or their file's name.

    Raises
    ------
    ParameterError
        When there are fewer than two.

    Examples
    --------
    >>> list(named(["talks/a.wav", "talks/b.wav"])), list(named(["1/a.wav", "2/a.wav"]))
    (['a.wav', 'b.wav'], ['a.wav 1', 'a.wav 2'])
    """
    if isinstance(takes, Mapping):
        found = dict(takes)
    elif isinstance(takes, str | os.PathLike | Take | Narration | Audio):
        found = {}  # one alone is none to compare
    elif isinstance(takes, Iterable):
        values = list(takes)
        names = [_name(value) for value in values]
        found = {
            name if names.count(name) == 1 else f"{name} {names[: i + 1].count(name)}": value
            for i, (name, value) in enumerate(zip(names, values, strict=True))
        }
        if len(found) < len(values):  # files called "a", "a" and "a 1": number them all
            found = {f"take {i}": value for i, value in enumerate(values, 1)}
    else:
        raise _no_sound(takes)
    if len(found) < 2:  # noqa: PLR2004 - a pair
        raise ParameterError(
            "needs two takes or more", subject="takes", cure="give a list, or takes by label"
        )
    return found


def sound_of(value: object) -> Audio:
    """Return the sound of a value.

    Raises
    ------
    ParameterError
        When it has none.
    MediaNotFound, MediaError
        When a path leads to no sound.
    """
    if isinstance(value, Audio):
        return value
    if isinstance(value, Take | Narration):
        return value.audio
    if isinstance(value, str | os.PathLike):
        return Audio.read(value)
    raise _no_sound(value)


def digests_of(sounds: Mapping[str, Audio]) -> dict[str, str]:
    """Return the sha256 of each sound by its label.

    Raises
    ------
    ParameterError
        When two of them are the same.
    """
    digests = {label: sound.digest() for label, sound in sounds.items()}
    seen: dict[str, str] = {}
    for label, digest in digests.items():
        if digest in seen:
            raise ParameterError(
                f"is the same sound as {shown(seen[digest])}",
                subject=label,
                cure="leave one of them out",
            )
        seen[digest] = label
    return digests


def verified(
    takes: Mapping[str, Sound] | Iterable[Sound], digests: Mapping[str, str]
) -> dict[str, Audio]:
    """Return the sounds of these hashes, by label.

    Parameters
    ----------
    takes
        By the same labels, or in any order as a list.
    digests
        The sha256 that each is to have.

    Raises
    ------
    ParameterError
        When one is missing, or another sound than it should be.
    """
    if isinstance(takes, Mapping):
        sounds = {label: sound_of(value) for label, value in takes.items()}
        for label in sounds:
            if label not in digests:
                cure = suggest(str(label), digests)
                cure = cure or f"they are {', '.join(map(shown, digests))}"
                raise ParameterError(
                    "is none of the session's takes", subject=str(label), cure=cure
                )
    else:
        found = {sound.digest(): sound for sound in map(sound_of, takes)}
        sounds = {label: found[sha] for label, sha in digests.items() if sha in found}
    for label, digest in digests.items():
        if label not in sounds:
            raise ParameterError(
                f"lack the sound of {shown(label)} (sha256 {digest[:12]}…)",
                subject="takes",
                cure="give every take that the session began with",
            )
        if sounds[label].digest() != digest:
            raise ParameterError(
                "is another sound than the one the session began with",
                subject=label,
                cure="give the same take, or begin a new session",
            )
    return {label: sounds[label] for label in digests}


def _name(value: object) -> str:
    if isinstance(value, Take):
        return str(value.voice)
    if isinstance(value, Narration):
        return ", ".join(dict.fromkeys(str(part.take.voice) for part in value.parts))
    if isinstance(value, str | os.PathLike):
        path = os.fspath(value)
        return os.path.basename(path)[:_LONGEST] or "take"  # noqa: PTH119 - whatever text it is
    return "take"


def _no_sound(value: object) -> ParameterError:
    return ParameterError(
        f"{type(value).__name__} is nothing that can be heard",
        subject="takes",
        cure="give Takes, Narrations, Audios or the paths of sound files",
    )
