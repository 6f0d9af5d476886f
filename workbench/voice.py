"""Which voice speaks, and a preset: a voice with the options that were tuned for it."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from workbench.disk import storage_error
from workbench.errors import ParameterError, StorageError, suggest

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

__all__ = ["PRESETS", "Preset", "Voice"]

PRESETS = Path("presets")
"""The folder in which a preset is looked for by name, relative to the working directory."""

_ENGINE = re.compile(r"[a-z][a-z0-9_-]{0,31}")
# A voice name may be a language tag, a variant (en-us+f3) or a plug-in's own word, never a path.
_NAME = re.compile(r"[^\W_][\w.+()*, -]{0,99}")
_PRESET = re.compile(r"[\w][\w. -]{0,63}")


@dataclass(frozen=True, kw_only=True)
class Voice:
    """An engine and one of its voices.

    Parameters
    ----------
    engine
        The engine's registered name, such as ``espeak``.
    name
        The engine's own name of the voice, such as ``es`` or ``en-us+f3``.

    Raises
    ------
    ParameterError
        When one of them cannot be a name.

    Examples
    --------
    >>> Voice.parse("espeak:es")
    Voice(engine='espeak', name='es')
    >>> str(Voice.parse("espeak:en-us+f3"))
    'espeak:en-us+f3'
    """

    engine: str
    name: str

    def __post_init__(self) -> None:
        if not _ENGINE.fullmatch(self.engine):
            raise ParameterError(
                f"{self.engine!r} cannot be an engine's name",
                subject="voice",
                cure="write it as engine:name, such as espeak:es",
            )
        if not _NAME.fullmatch(self.name):
            raise ParameterError(
                f"{self.name!r} cannot be a voice's name",
                subject="voice",
                cure="write it as engine:name, such as espeak:es",
            )

    @classmethod
    def parse(cls, text: str) -> Voice:
        """Return the voice that ``engine:name`` names.

        Raises
        ------
        ParameterError
            When there is no colon in it, or a side of it cannot be a name.
        """
        engine, colon, name = text.partition(":")
        if not colon:
            raise ParameterError(
                f"{text!r} names no engine", subject="voice", cure="write it as engine:name"
            )
        return cls(engine=engine, name=name)

    def __str__(self) -> str:
        return f"{self.engine}:{self.name}"


@dataclass(frozen=True, kw_only=True)
class Preset:
    """A voice and the options that go with it, kept as a small TOML file.

    Parameters
    ----------
    name
        How it is called, ``voice="narrator"``; also its file name.
    voice
        The voice it speaks with.
    options
        The engine's options that differ from their defaults.
    note
        A line for people.

    Raises
    ------
    ParameterError
        When the name cannot be a file's.

    Examples
    --------
    >>> print(Preset(name="narrator", voice=Voice.parse("espeak:es"), options={"rate": 160}).toml())
    voice = "espeak:es"
    <BLANKLINE>
    [options]
    rate = 160
    <BLANKLINE>
    """

    name: str
    voice: Voice
    options: Mapping[str, bool | int | float | str] = field(default_factory=dict)
    note: str = ""

    def __post_init__(self) -> None:
        if not _PRESET.fullmatch(self.name):
            raise ParameterError(
                f"{self.name!r} cannot be a preset's name",
                subject="preset",
                cure="use letters, digits, dots, dashes and spaces",
            )
        object.__setattr__(self, "options", MappingProxyType(dict(self.options)))

    def __hash__(self) -> int:
        return hash((self.name, self.voice, tuple(sorted(self.options.items())), self.note))

    def __reduce__(self) -> tuple[Any, ...]:  # a read-only view cannot be pickled
        return type(self).from_dict, (self.to_dict(),)

    def toml(self) -> str:
        """Return the preset as the text of its file."""
        import tomli_w

        data = self.to_dict()
        del data["name"]
        if not self.note:
            del data["note"]
        return tomli_w.dumps(data)

    def save(self, folder: str | os.PathLike[str] = PRESETS) -> Path:
        """Write ``folder/NAME.toml`` and return its path; an older one is replaced whole.

        Raises
        ------
        StorageError
            When it cannot be written.
        """
        from workbench.storage.atomic import write_bytes

        path = Path(folder) / f"{self.name}.toml"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_bytes(path, self.toml().encode())
        except OSError as error:
            raise storage_error(error, path) from error
        return path

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Preset:
        """Return the preset of a TOML file.

        Raises
        ------
        StorageError
            When the file cannot be read.
        ParameterError
            When it is not a preset: bad TOML, no voice, an unknown key.
        """
        file = Path(path)
        try:
            data = tomllib.loads(file.read_text(encoding="utf-8-sig"))
        except FileNotFoundError as error:
            raise StorageError("there is no such preset", subject=str(file)) from error
        except OSError as error:
            raise storage_error(error, file) from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ParameterError(f"is not valid TOML ({error})", subject=str(file)) from error
        for key in data:
            if key not in {"voice", "options", "note"}:
                hint = suggest(key, ["voice", "options", "note"])
                raise ParameterError(f"has the unknown key {key!r}", subject=str(file), cure=hint)
        if not isinstance(data.get("voice"), str):
            raise ParameterError(
                "names no voice", subject=str(file), cure='add a line such as voice = "espeak:es"'
            )
        if not isinstance(data.get("options", {}), dict):
            raise ParameterError("needs [options] as a table", subject=str(file))
        if not isinstance(data.get("note", ""), str):
            raise ParameterError("needs its note as text", subject=str(file))
        try:
            return cls.from_dict({"name": file.stem, **data})
        except ParameterError as error:
            raise ParameterError(error.problem, subject=str(file), cure=error.cure) from error

    @classmethod
    def names(cls, folder: str | os.PathLike[str] = PRESETS) -> list[str]:
        """Return the names of the presets in `folder`, sorted; none where there is no folder."""
        stems = (path.stem for path in Path(folder).glob("*.toml"))
        return sorted(stem for stem in stems if _PRESET.fullmatch(stem))

    def to_dict(self) -> dict[str, Any]:
        """Return the preset as plain values, for JSON and TOML."""
        return {
            "name": self.name,
            "voice": str(self.voice),
            "note": self.note,
            "options": dict(self.options),
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Preset:
        """Return the preset that `to_dict` described."""
        return cls(
            name=data["name"],
            voice=Voice.parse(data["voice"]),
            options=data.get("options", {}),
            note=data.get("note", ""),
        )
