"""A voice to be cloned: a recording, and the record that its owner agrees.

Both lie in the folder ``voices`` of the working directory: ``NAME.flac`` holds the sound, and
``NAME.toml`` says who speaks, when they agreed and to what. Neither is used without the other.
"""

from __future__ import annotations

import hashlib
import os
import re
import tomllib
import warnings
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.disk import storage_error
from workbench.engines.voices_folder import VARIABLE, voices_folder
from workbench.errors import (
    ConsentMissing,
    MediaError,
    ParameterError,
    VoiceNotFound,
    WorkbenchWarning,
    suggest,
)
from workbench.paths import user_path

if TYPE_CHECKING:
    from workbench.audio import Audio

__all__ = ["LANGUAGE_TAG", "VARIABLE", "ReferenceVoice", "voices_folder"]

LANGUAGE_TAG = re.compile(r"[a-z]{2,8}(-[a-z0-9]{1,8})*")
"""A BCP 47 tag in lower case."""

# Three letters or more, so that none is taken for a language.
_NAME = re.compile(r"[a-z][a-z0-9_-]{2,39}")
_SPOKEN = re.compile(r"[a-z]{2,3}(-[a-z0-9]{1,8})*")  # no registered language is longer: RFC 5646
_RESERVED = frozenset({"default", "turbo", "auto", "none"})
_SHORTEST, _LONGEST = 3.0, 60.0  # seconds; Chatterbox hears the first 6 to 15 of them
_LOWEST_RATE = 16_000  # Chatterbox's own ears; what is above 8 kHz makes a timbre
_SILENT = 0.01  # -40 dB of full scale: the loudest tenth of a second of a recording nobody hears
_FULL = 0.999
_CLIPPED = 0.001  # of all samples: limiters touch full scale now and then, clipping stays there


@dataclass(frozen=True, kw_only=True)
class ReferenceVoice:
    """A voice to be cloned, with the consent of the person it belongs to.

    Parameters
    ----------
    name
        3 to 40 lower-case letters, digits, dashes and underscores.
    who
        Whose voice it is.
    purpose
        What they agreed to.
    date
        The day of the record, such as ``2026-11-23``.
    sha256
        Of the file of the recording, as 64 hex digits.
    seconds
        How long it is.
    language
        The BCP 47 tag of what is spoken in it.
    note
        A line for people.
    folder
        Where it lies.

    Examples
    --------
    >>> ReferenceVoice.record("me", "take.wav", who="Ana", purpose="", consent=False)
    Traceback (most recent call last):
    workbench.errors.ConsentMissing: me: cannot be cloned without ... purpose and a yes; ...
    """

    name: str
    who: str
    purpose: str
    date: str
    sha256: str
    seconds: float
    language: str = "en"
    note: str = ""
    folder: Path = Path("voices")

    @property
    def path(self) -> Path:
        """The recording."""
        return self.folder / f"{self.name}.flac"

    def consent(self) -> dict[str, str]:
        """Return the record as plain values: what a receipt keeps."""
        return {
            "voice": self.name,
            "who": self.who,
            "purpose": self.purpose,
            "date": self.date,
            "sha256": self.sha256,
            "note": self.note,
        }

    def verify(self) -> Path:
        """Return the path of the recording, after a look at whether it is the one agreed to.

        Raises
        ------
        ConsentMissing
            When it is another one, or gone.
        """
        try:
            found = hashlib.sha256(self.path.read_bytes()).hexdigest()
        except FileNotFoundError as error:
            raise ConsentMissing(
                f"its recording {self.path} is gone", subject=self.name, cure=_again(self.name)
            ) from error
        except OSError as error:
            raise storage_error(error, self.path) from error
        if found != self.sha256:
            raise ConsentMissing(
                f"{self.path} is not the recording that {self.who} agreed to: its sha256 differs",
                subject=self.name,
                cure=_again(self.name),
            )
        return self.path

    # -- keeping them -------------------------------------------------------------------------

    @classmethod
    def record(
        cls,
        name: str,
        source: str | os.PathLike[str] | bytes | Audio,
        *,
        who: str,
        purpose: str,
        consent: bool,
        language: str = "en",
        note: str = "",
        folder: str | os.PathLike[str] | None = None,
        replace: bool = False,
    ) -> ReferenceVoice:
        """Keep a recording as a voice, with the record that its owner agrees.

        Parameters
        ----------
        name
            What to call it, see the class.
        source
            A sound or video file, its bytes, or a sound: 3 to 60 s at 16,000 Hz or more, of one
            person alone.
        who, purpose
            Whose voice it is, and what they agreed to.
        consent
            True when they did.
        language
            The BCP 47 tag of what is spoken in it.
        note
            A line for people.
        folder
            Where to keep it; None for `voices_folder`.
        replace
            Whether a voice of that name may be replaced.

        Raises
        ------
        ConsentMissing
            When consent, who or purpose is missing: before anything is read.
        ParameterError
            When the name cannot be one or is taken, or the language is no tag.
        MediaError
            When the source is no sound, too short, too long, silent, clipped or of a low rate.
        StorageError
            When it cannot be written.
        """
        who, purpose = str(who or "").strip(), str(purpose or "").strip()
        missing = [
            what
            for what, there in (
                ("the name of the person it belongs to", who),
                ("a purpose", purpose),
                ("a yes", consent is True),
            )
            if not there
        ]
        if missing:
            raise ConsentMissing(
                f"cannot be cloned without {' and '.join(missing)}",
                subject=str(name),
                cure="ask the person; then give who=, purpose= and consent=True "
                "(--who, --purpose, --i-have-consent)",
            )
        name, language = _named(name), str(language).strip().lower()
        if not _SPOKEN.fullmatch(language):
            raise ParameterError(f"{language!r} is no language tag, such as es", subject="language")
        home = user_path(folder) if folder is not None else voices_folder()
        if not replace and (home / f"{name}.toml").exists():
            raise ParameterError(
                f"there is such a voice in {home}",
                subject=name,
                cure="take another name, or --replace (replace=True) or --remove that one",
            )
        audio = _checked(name, source)
        data = audio.encode(".flac")
        voice = cls(
            name=name,
            who=who,
            purpose=purpose,
            date=datetime.now(UTC).date().isoformat(),
            sha256=hashlib.sha256(data).hexdigest(),
            seconds=round(audio.duration, 3),
            language=language,
            note=str(note),
            folder=home,
        )
        voice._write(data)
        return voice

    def _write(self, data: bytes) -> None:
        import tomli_w

        from workbench.storage.atomic import write_bytes

        values = {f.name: getattr(self, f.name) for f in fields(self)}
        del values["name"], values["folder"]
        record = self.folder / f"{self.name}.toml"
        try:
            # The record comes last: a recording without one, or without its own, is not a voice.
            write_bytes(self.path, data)
            write_bytes(record, tomli_w.dumps({"consent": True, **values}).encode())
        except OSError as error:
            raise storage_error(error, record) from error

    @classmethod
    def load(cls, name: str, *, folder: str | os.PathLike[str] | None = None) -> ReferenceVoice:
        """Return the voice of that name; the recording is looked at by `verify`.

        Raises
        ------
        VoiceNotFound
            With the nearest names.
        ConsentMissing
            When its record lacks something.
        """
        home = user_path(folder) if folder is not None else voices_folder()
        wanted = str(name).lower()
        path = home / f"{wanted}.toml"
        if not _NAME.fullmatch(wanted) or not path.is_file():
            raise cls._not_found(str(name), home)
        try:
            data = tomllib.loads(path.read_text(encoding="utf-8-sig"))
        except OSError as error:
            raise storage_error(error, path) from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ConsentMissing(
                f"its record is not valid TOML ({error})", subject=str(path), cure=_again(wanted)
            ) from error
        return cls(name=wanted, folder=home, **_agreed(data, path, wanted))

    @classmethod
    def names(cls, *, folder: str | os.PathLike[str] | None = None) -> list[str]:
        """Return the names of the voices there are, sorted."""
        home = user_path(folder) if folder is not None else voices_folder()
        stems = (path.stem for path in home.glob("*.toml"))
        return sorted(s for s in stems if _NAME.fullmatch(s) and s not in _RESERVED)

    @classmethod
    def _not_found(cls, name: str, home: Path) -> VoiceNotFound:
        near = suggest(name.lower(), cls.names(folder=home))
        return VoiceNotFound(
            f"there is no such voice in {home}",
            subject=name,
            cure=near or f"workbench clone {name.lower()} FILE makes it",
        )

    def remove(self) -> None:
        """Remove the recording and its record.

        Raises
        ------
        StorageError
            When they cannot be removed.
        """
        _unlink(self.path, self.folder / f"{self.name}.toml")

    @classmethod
    def discard(cls, name: str, *, folder: str | os.PathLike[str] | None = None) -> Path:
        """Remove what there is of a voice, damaged or not; return where the recording was.

        Nothing is read: whoever withdraws their consent need not mend the record of it first.

        Raises
        ------
        VoiceNotFound
            With the nearest names, when there is neither recording nor record.
        StorageError
            When they cannot be removed.
        """
        home = user_path(folder) if folder is not None else voices_folder()
        wanted = str(name).lower()
        recording, record = home / f"{wanted}.flac", home / f"{wanted}.toml"
        if not _NAME.fullmatch(wanted) or not any(map(os.path.lexists, (recording, record))):
            raise cls._not_found(str(name), home)
        _unlink(recording, record)
        return recording


def _unlink(*paths: Path) -> None:
    for path in paths:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise storage_error(error, path) from error


def _agreed(data: dict[str, Any], path: Path, name: str) -> dict[str, Any]:
    """Return the fields of a record, all of them there and of their kind."""
    kinds: dict[str, type | tuple[type, ...]] = {
        "who": str,
        "purpose": str,
        "date": str,
        "sha256": str,
        "seconds": (int, float),
        "language": str,
        "note": str,
    }
    data = {"language": "en", "note": "", **data}
    wrong = [key for key, kind in kinds.items() if not isinstance(data.get(key), kind)]
    wrong += [key for key in ("who", "purpose", "date") if not str(data.get(key, key)).strip()]
    if data.get("consent") is not True:
        wrong.insert(0, "consent = true")
    if not LANGUAGE_TAG.fullmatch(str(data["language"])):
        wrong.append("language")
    if wrong:
        raise ConsentMissing(
            f"its record lacks {', '.join(wrong)}", subject=str(path), cure=_again(name)
        )
    return {key: data[key] for key in kinds}


def _again(name: str) -> str:
    again = f"workbench clone {name} FILE --who … --purpose … --i-have-consent --replace"
    return f"record it again: {again}, or remove it: workbench clone {name} --remove"


def _named(name: str) -> str:
    wanted = str(name).lower()
    if not _NAME.fullmatch(wanted) or wanted in _RESERVED:
        raise ParameterError(
            f"{name!r} cannot be the name of a voice",
            subject="name",
            cure="take 3 to 40 letters a-z, digits, dashes and underscores, such as narrator; "
            f"not {', '.join(sorted(_RESERVED))}",
        )
    return wanted


def _checked(name: str, source: str | os.PathLike[str] | bytes | Audio) -> Audio:
    """Return the sound of `source`, mono and at its own rate, if a voice can be heard in it."""
    from workbench.engines.decode import decode

    decoded = decode(source, rate=None, mono=True)
    for note in decoded.warnings:
        warnings.warn(f"{decoded.name}: {note}", WorkbenchWarning, stacklevel=3)
    audio = decoded.audio.mono()
    problem = cure = ""
    if not _SHORTEST <= audio.duration <= _LONGEST:
        problem = f"lasts {audio.duration:.1f} s"
        cure = f"take {_SHORTEST:.0f} to {_LONGEST:.0f} s of one person's clear speech"
    elif audio.rate < _LOWEST_RATE:
        problem = f"has a rate of {audio.rate} Hz"
        cure = f"record it again at {_LOWEST_RATE} Hz or more"
    elif _loudest(audio) < _SILENT:
        problem, cure = "is silent", "record it again, louder"
    elif (np.abs(audio.samples) >= _FULL).mean() > _CLIPPED:
        problem, cure = "is clipped", "record it again, less loud"
    if problem:
        raise MediaError(f"{problem}, which is no use for {name}", subject=decoded.name, cure=cure)
    return audio


def _loudest(audio: Audio) -> float:
    """Return the RMS of the loudest tenth of a second."""
    frames = audio.rate // 10
    whole = audio.samples[: audio.frames // frames * frames].reshape(-1, frames)
    return float(np.sqrt((whole**2).mean(axis=1)).max())
