"""Option fields as a person handles them: which control each one is, and its bounds."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workbench.options import Option, Options, Value

__all__ = ["Control", "controls"]

_STEPS = 100  # of a slider whose option names no step


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
    help, unit
        Of the option.
    minimum, maximum, step
        Of a number; None where there is none.
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
    minimum: float | None = None
    maximum: float | None = None
    step: float | None = None
    whole: bool = False
    choices: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the control as plain values, for the page."""
        return {**asdict(self), "choices": list(self.choices)}


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
    return Control(
        name=spec.name,
        label=spec.name.replace("_", " ").capitalize(),
        kind=_kind(spec),
        default=spec.default,
        help=spec.help,
        unit=spec.unit,
        minimum=spec.minimum,
        maximum=spec.maximum,
        step=_step(spec) if number else None,
        whole=spec.kind is int,
        choices=spec.choices,
    )


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
