"""Numbers as a person, a page or a file gives them: anything, until they were looked at."""

from __future__ import annotations

from workbench.errors import ParameterError, shown

__all__ = ["is_number", "is_whole", "need_number", "need_whole"]


def is_whole(value: object, low: int, high: int) -> bool:
    """Whether `value` is a whole number from `low` to `high`; true and false are none.

    Examples
    --------
    >>> is_whole(2, 1, 3), is_whole(True, 0, 1), is_whole(2.0, 1, 3)
    (True, False, False)
    """
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def is_number(value: object, low: float, high: float) -> bool:
    """Whether `value` is a number from `low` to `high`; NaN is none.

    Examples
    --------
    >>> is_number(0.5, 0, 1), is_number(float("nan"), 0, 1), is_number("1", 0, 1)
    (True, False, False)
    """
    return isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high


def need_whole(name: str, value: object, low: int, high: int) -> None:
    """Refuse what is no whole number from `low` to `high`.

    Raises
    ------
    ParameterError
        With the name as its subject.
    """
    if not is_whole(value, low, high):
        raise ParameterError(
            f"must be a whole number from {low} to {high}, not {shown(value)}", subject=name
        )


def need_number(name: str, value: object, low: float, high: float, *, unit: str = "") -> float:
    """Return a number from `low` to `high`, and refuse what is none.

    Raises
    ------
    ParameterError
        With the name as its subject.

    Examples
    --------
    >>> need_number("gap", 61, 0, 60, unit="seconds")
    Traceback (most recent call last):
    workbench.errors.ParameterError: gap: must be 0 to 60 seconds, not 61
    """
    if not isinstance(value, int | float) or not is_number(value, low, high):
        span = f"{low:g} to {high:g} {unit}".rstrip()
        raise ParameterError(f"must be {span}, not {shown(value)}", subject=name)
    return float(value)
