"""The values for a notebook, checked against what it takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.errors import ParameterError, suggest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from workbench.production.parameters.parameter import Parameter

__all__ = ["NO_CELL", "check", "from_strings", "mistakes", "named", "together"]


NO_CELL = "no cell of it has the tag parameters: give it to the one with the annotated values"
"""The cure where a notebook has no parameters at all."""


def check(known: Sequence[Parameter], values: Mapping[str, object]) -> dict[str, Any]:
    """Return `values` checked against a notebook's parameters.

    Raises
    ------
    ParameterError
        When a name is unknown (the nearest is offered) or a value is of another type.
    """
    return {name: named(known, name).check(value) for name, value in values.items()}


def mistakes(known: Sequence[Parameter], values: Mapping[str, object]) -> dict[str, ParameterError]:
    """Return every mistake that `check` would raise, by the name of the parameter.

    Examples
    --------
    >>> from workbench.production.parameters import Parameter
    >>> rate = Parameter(name="rate", annotation="float", default=1.0, maximum=2)
    >>> [str(error) for error in mistakes([rate], {"rate": 3, "raet": 1}).values()]
    ['rate: must be at most 2, not 3.0; choose a number in that range', \
"raet: is not a parameter of this notebook; did you mean 'rate'?"]
    """
    found = {}
    for name, value in values.items():
        try:
            named(known, name).check(value)
        except ParameterError as error:
            found[str(name)] = error
    return found


def from_strings(known: Sequence[Parameter], assignments: Sequence[str]) -> dict[str, Any]:
    """Return what ``name=value`` texts of a command line say, typed by the notebook.

    Raises
    ------
    ParameterError
        As `check` does, of several mistakes with all of them; and when a text has no ``=``.

    Examples
    --------
    >>> from workbench.production.parameters import Parameter
    >>> rate = Parameter(name="rate", annotation="float", default=1.0)
    >>> from_strings([rate], ["rate=3.10"])
    {'rate': 3.1}
    """
    texts: dict[str, list[str]] = {}
    for assignment in assignments:
        name, equals, value = assignment.partition("=")
        if not equals:
            raise ParameterError(
                "sets nothing", subject=assignment, cure="write it as -p name=value"
            )
        texts.setdefault(name.strip(), []).append(value)
    found, wrong = {}, []
    for name, values in texts.items():
        try:
            found[name] = named(known, name).parse(values)
        except ParameterError as error:
            wrong.append(error)
    if wrong:
        raise together(wrong)
    return found


def together(errors: Sequence[ParameterError]) -> ParameterError:
    """Return one error that tells of all.

    Examples
    --------
    >>> print(together([ParameterError("is odd", subject="a"), ParameterError("is even")]))
    2 mistakes: a: is odd; is even
    """
    if len(errors) == 1:
        return errors[0]
    return ParameterError("; ".join(map(str, errors)), subject=f"{len(errors)} mistakes")


def named(known: Sequence[Parameter], name: object) -> Parameter:
    """Return the parameter of a name.

    Raises
    ------
    ParameterError
        When there is none; the nearest name is offered.
    """
    for parameter in known:
        if parameter.name == name:
            return parameter
    names = [parameter.name for parameter in known]
    raise ParameterError(
        "is not a parameter of this notebook",
        subject=str(name),
        cure=suggest(str(name), names) or (f"it has {', '.join(names)}" if names else NO_CELL),
    )
