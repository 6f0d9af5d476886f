"""One take of a sweep, with the settings that made it and what it measures."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from workbench.errors import WorkbenchError
from workbench.take import Take
from workbench.voice import Preset, Voice

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from workbench.options import Value
    from workbench.speech.measures import Measures

__all__ = ["Variant", "labels", "varying"]

_WHO = ("voice", "seed")


@dataclass(frozen=True, kw_only=True)
class Variant:
    """One take of a sweep.

    Parameters
    ----------
    label
        What sets it apart from the others, such as ``rate 160, pitch 40``.
    settings
        ``voice`` (``engine:name``), ``seed`` (where there is one), and the options that were given.
    take
        What was spoken; None where that failed.
    measures
        What the take measures; None where it was not asked for.
    error
        Why there is no take.

    Examples
    --------
    >>> Variant(label="es", settings={"voice": "espeak:es", "rate": 160}).code("Hola.")
    "wb.speak('Hola.', voice='espeak:es', rate=160)"
    """

    label: str
    settings: Mapping[str, Value]
    take: Take | None = None
    measures: Measures | None = None
    error: WorkbenchError | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "settings", MappingProxyType(dict(self.settings)))

    def __hash__(self) -> int:
        return hash((self.label, tuple(self.settings.items()), self.take))

    def __getstate__(self) -> dict[str, Any]:  # a read-only view cannot be pickled
        return {**self.__dict__, "settings": dict(self.settings)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, settings=MappingProxyType(state["settings"]))

    @property
    def voice(self) -> Voice:
        """Who spoke."""
        return Voice.parse(str(self.settings["voice"]))

    @property
    def seed(self) -> int | None:
        """What chance was seeded with; None where nothing was said, or there is no chance."""
        seed = self.settings.get("seed")
        return None if seed is None else int(seed)

    @property
    def options(self) -> dict[str, Value]:
        """The engine's options that were given."""
        return {name: value for name, value in self.settings.items() if name not in _WHO}

    def code(self, text: str, ways: Mapping[str, object] | None = None) -> str:
        """Return the line of Python that speaks `text` like this.

        Parameters
        ----------
        text
            What to say.
        ways
            Further arguments of `workbench.speech.speak.speak`, such as ``normalize``.
        """
        given = {"voice": self.settings["voice"], **self.options, "seed": self.seed, **(ways or {})}
        told = [f"{name}={value!r}" for name, value in given.items() if value is not None]
        return f"wb.speak({', '.join([repr(text), *told])})"

    def preset(self, name: str, *, note: str = "") -> Preset:
        """Return the voice and its options as a preset; a seed is named in its note.

        Raises
        ------
        ParameterError
            When the name cannot be a preset's.
        """
        seeded = f"seed {self.seed}" if self.seed is not None else ""
        return Preset(name=name, voice=self.voice, options=self.options, note=note or seeded)

    def describe(self) -> dict[str, Any]:
        """Return all but the sound as plain values."""
        return {
            "label": self.label,
            "settings": dict(self.settings),
            "take": None if self.take is None else self.take.describe(),
            "measures": None if self.measures is None else self.measures.to_dict(),
            "error": None if self.error is None else self.error.to_dict(),
        }

    def to_dict(self) -> dict[str, Any]:
        """Return the variant as plain values, its sound included."""
        return {**self.describe(), "take": None if self.take is None else self.take.to_dict()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], *, take: Take | None = None) -> Variant:
        """Return the variant that `to_dict`, or `describe` with `take` beside it, described."""
        measures = data["measures"]
        if measures is not None:
            from workbench.speech.measures import Measures

            measures = Measures.from_dict(measures)
        if take is None and data["take"] is not None:
            take = Take.from_dict(data["take"])
        return cls(
            label=data["label"],
            settings=data["settings"],
            take=take,
            measures=measures,
            error=None if data["error"] is None else WorkbenchError.from_dict(data["error"]),
        )


def varying(settings: Sequence[Mapping[str, Value]]) -> tuple[str, ...]:
    """Return the names of the settings that are not the same everywhere, in their order.

    Examples
    --------
    >>> varying([{"voice": "espeak:es", "rate": 1}, {"voice": "espeak:es", "rate": 2}])
    ('rate',)
    """
    names = dict.fromkeys(name for one in settings for name in one)
    return tuple(name for name in names if len({one.get(name) for one in settings}) > 1)


def labels(settings: Sequence[Mapping[str, Value]]) -> list[str]:
    """Return for each what sets it apart from the others.

    Examples
    --------
    >>> labels([{"voice": "espeak:es", "rate": 1}, {"voice": "espeak:es", "rate": 2}])
    ['rate 1', 'rate 2']
    """
    apart = varying(settings) or ("voice",)
    return [", ".join(_named(n, one[n]) for n in apart if n in one) for one in settings]


def _named(name: str, value: Value) -> str:
    # A text that could be taken for something else stands in quotes: so no two labels are alike.
    plain = not isinstance(value, str) or re.fullmatch(r"[\w.:+*()-]+", value)
    told = str(value) if plain else repr(value)
    return told if name == "voice" else f"{name} {told}"
