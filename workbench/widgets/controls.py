"""Option fields as a person handles them: which control each one is, and its bounds."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workbench.options import Option, Options, Value

__all__ = ["Control", "controls"]

_STEPS = 100  # of a slider whose option names no step
_UNNAMED = {"points"}  # a scale of its own: the range says more than the word
_RATES = {"words/min"}  # what the engine aims at, and a take need not have


@dataclass(frozen=True, kw_only=True)
class Control:
    """What stands on a page for one option.

    Parameters
    ----------
    name
        The option.
    label
        The name for people.
    kind
        ``slider`` (a number with both bounds), ``number``, ``switch``, ``select`` or ``text``.
    default
        The value when nothing is said.
    help
        Of the option.
    unit
        As shown; empty for none.
    scale
        How many of the unit a 1 is: an option in units of 10 ms is shown in ms, 10 times as large.
    minimum, maximum, step
        Of a number, as the option has it; None where there is none.
    whole
        Whether it is a whole number.
    choices
        Of a select.
    """

    name: str
    label: str
    kind: str
    default: Value
    help: str = ""
    unit: str = ""
    scale: int = 1
    minimum: float | None = None
    maximum: float | None = None
    step: float | None = None
    whole: bool = False
    choices: tuple[str, ...] = ()

    @property
    def about(self) -> str:
        """What a person is told of it: the help, the range, and what is easily misread.

        Examples
        --------
        >>> Control(
        ...     name="gap",
        ...     label="Gap",
        ...     kind="slider",
        ...     default=0,
        ...     help="Pause",
        ...     unit="ms",
        ...     scale=10,
        ...     minimum=0,
        ...     maximum=200,
        ... ).about
        'Pause, 0 to 2000 ms. In code gap=1 is 10 ms.'
        """
        told = self.help
        if self.minimum is not None and self.maximum is not None:
            span = f"{self.minimum * self.scale:g} to {self.maximum * self.scale:g} {self.unit}"
            told = f"{told}, {span.rstrip()}"
        if self.scale != 1:
            told = f"{told}. In code {self.name}=1 is {self.scale} {self.unit}."
        if self.unit in _RATES:
            told = f"{told}. The engine aims at it; a take may differ, short texts most."
        return told

    def to_dict(self) -> dict[str, Any]:
        """Return the control as plain values, for the page."""
        return {**asdict(self), "choices": list(self.choices), "about": self.about}


def controls(options: type[Options]) -> tuple[Control, ...]:
    """Return a control for each option of an engine, in their order.

    Examples
    --------
    >>> from workbench.engines.registry import engine
    >>> [(c.name, c.kind) for c in controls(engine("espeak").options)][-2:]
    [('word_gap', 'slider'), ('variant', 'select')]
    """
    return tuple(_control(spec) for spec in options.describe())


def _control(spec: Option) -> Control:
    number = spec.kind in {int, float}
    unit, scale = _unit(spec.unit)
    return Control(
        name=spec.name,
        label=spec.name.replace("_", " ").capitalize(),
        kind=_kind(spec),
        default=spec.default,
        help=spec.help,
        unit=unit,
        scale=scale,
        minimum=spec.minimum,
        maximum=spec.maximum,
        step=_step(spec) if number else None,
        whole=spec.kind is int,
        choices=spec.choices,
    )


def _unit(told: str) -> tuple[str, int]:
    """Return the unit to show, and how many of it a 1 is: ``10 ms`` is ms, ten of them."""
    counted = re.fullmatch(r"([1-9]\d*) (\S+)", told)
    if counted:
        return counted[2], int(counted[1])
    return ("" if told in _UNNAMED else told), 1


def _kind(spec: Option) -> str:
    if spec.kind is bool:
        return "switch"
    if spec.kind is str:
        return "select" if spec.choices else "text"
    return "number" if spec.minimum is None or spec.maximum is None else "slider"


def _step(spec: Option) -> float | None:
    if spec.step is not None or spec.kind is int:
        return spec.step or 1
    if spec.minimum is None or spec.maximum is None:
        return None
    return (spec.maximum - spec.minimum) / _STEPS
