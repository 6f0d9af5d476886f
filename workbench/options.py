"""Option fields: one description that validates, draws a slider, names a flag and documents.

An engine states its options once, as a dataclass::

    @dataclass(frozen=True, kw_only=True)
    class EspeakOptions(Options):
        rate: int = option(175, minimum=80, maximum=450, step=5, unit="words/min", help="Pace")
"""

from __future__ import annotations

import dataclasses
import numbers
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self, cast, get_type_hints

from workbench.errors import ParameterError, shown, suggest

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Option", "Options", "option"]

Value = bool | int | float | str

_LARGEST = sys.float_info.max  # no infinity, and no whole number that float cannot hold


@dataclass(frozen=True, kw_only=True)
class Option:
    """What is known of one option.

    Parameters
    ----------
    name
        The keyword.
    kind
        ``int``, ``float``, ``bool`` or ``str``.
    default
        The value when nothing is said.
    help
        One line for a person.
    minimum, maximum
        The range, both ends included; None for text and switches.
    step
        What a slider moves by.
    unit
        Such as ``words/min``; empty for a plain number.
    choices
        The only values allowed, where there is such a list.
    """

    name: str
    kind: type
    default: Value
    help: str
    minimum: float | None = None
    maximum: float | None = None
    step: float | None = None
    unit: str = ""
    choices: tuple[str, ...] = ()

    def check(self, value: object) -> Value:
        """Return `value` as the option's own type.

        Raises
        ------
        ParameterError
            When it is of another kind, not finite, out of range or not among the choices.
        """
        if self.kind is bool or isinstance(value, bool):
            if self.kind is not bool or not isinstance(value, bool):
                raise self._refuse(value, "true or false" if self.kind is bool else self._range())
            return value
        if self.kind is str:
            if not isinstance(value, str) or (self.choices and value not in self.choices):
                hint = suggest(value, self.choices) if isinstance(value, str) else ""
                raise self._refuse(value, self._range(), hint)
            return value
        if not isinstance(value, numbers.Real):  # numpy's numbers are Real too
            raise self._refuse(value, self._range())
        number = cast("float", value)
        low = -_LARGEST if self.minimum is None else self.minimum
        high = _LARGEST if self.maximum is None else self.maximum
        if not low <= number <= high or (self.kind is int and int(number) != number):
            raise self._refuse(value, self._range())
        return int(number) if self.kind is int else float(number)

    def _range(self) -> str:
        if self.choices:
            return f"one of {', '.join(self.choices)}"
        kinds = {int: "a whole number", float: "a number", str: "text", bool: "true or false"}
        unit = f" {self.unit}" if self.unit else ""
        low = f" from {self.minimum}" if self.minimum is not None else ""
        span = f"{low} to {self.maximum}" if self.maximum is not None else low
        return f"{kinds[self.kind]}{span}{unit}"

    def _refuse(self, value: object, wanted: str, hint: str = "") -> ParameterError:
        return ParameterError(f"must be {wanted}, not {shown(value)}", subject=self.name, cure=hint)


def option(
    default: Value,
    *,
    help: str,  # noqa: A002 - the field's own word, as in argparse and click
    minimum: float | None = None,
    maximum: float | None = None,
    step: float | None = None,
    unit: str = "",
    choices: tuple[str, ...] = (),
) -> Any:
    """Return a dataclass field that is described by the arguments; see `Option`."""
    about = {
        "help": help,
        "minimum": minimum,
        "maximum": maximum,
        "step": step,
        "unit": unit,
        "choices": choices,
    }
    return dataclasses.field(default=default, metadata={"option": about})


@dataclass(frozen=True, kw_only=True)
class Options:
    """The base of an engine's options: each field is an `option`, checked when it is made.

    Examples
    --------
    >>> @dataclass(frozen=True, kw_only=True)
    ... class Pace(Options):
    ...     rate: int = option(175, minimum=80, maximum=450, unit="words/min", help="Pace")
    >>> Pace(rate=200.0).rate
    200
    >>> Pace.build({"ratte": 1})
    Traceback (most recent call last):
    workbench.errors.ParameterError: ratte: is not an option; did you mean 'rate'?
    """

    def __post_init__(self) -> None:
        for spec in self.describe():
            object.__setattr__(self, spec.name, spec.check(getattr(self, spec.name)))

    @classmethod
    def describe(cls) -> tuple[Option, ...]:
        """Return what is known of each option, in the order of the fields."""
        hints = get_type_hints(cls)
        return tuple(
            Option(
                name=f.name,
                kind=hints[f.name],
                default=cast("Value", f.default),
                **f.metadata["option"],
            )
            for f in dataclasses.fields(cls)
        )

    @property
    def tempo(self) -> float:
        """How fast these options make the engine speak, 1 for its usual pace, 2 for twice that."""
        return 1.0

    @classmethod
    def build(cls, values: Mapping[str, object]) -> Self:
        """Return the options with `values` in place of the defaults.

        Raises
        ------
        ParameterError
            When a name is unknown (the nearest is offered) or a value is not acceptable.
        """
        names = [f.name for f in dataclasses.fields(cls)]
        for name in values:
            if name not in names:
                cure = suggest(name, names) or f"the options are {', '.join(names)}"
                raise ParameterError("is not an option", subject=name, cure=cure)
        return cls(**values)

    def to_dict(self) -> dict[str, Value]:
        """Return every option and its value."""
        return dataclasses.asdict(self)
