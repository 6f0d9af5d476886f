"""One parameter of a notebook: what it may be, and what a text means for it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from workbench.errors import ParameterError, shown, suggest
from workbench.production.parameters.conforming import Unfit, conform, cure, no_path, unfit
from workbench.production.parameters.ranges import Range
from workbench.production.parameters.types import choices, items, kinds, meaning, within
from workbench.production.parameters.written import read_texts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["OUTPUT", "Parameter"]

OUTPUT = "output"
"""The parameter whose file the notebook writes; every other path is one it reads."""


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One parameter of a notebook.

    Parameters
    ----------
    name
        The variable.
    annotation
        Its type as written: made of ``bool``, ``int``, ``float``, ``str``, ``Path``, ``list[…]``,
        ``dict[str, …]``, ``Literal[…]``, ``None``, ``Optional[…]`` and ``|``.
    default
        Its value in the notebook; a path is a text.
    help
        The comment beside it, or above it, without the range.
    minimum, maximum
        From where to where its number, or each number of its list, may go; None for no end.
    unit
        What the number counts, such as ``dB``.
    suffixes
        Of the files that it may name, with a dot and in small letters; none for all.

    Examples
    --------
    >>> size = Parameter(name="size", annotation="int | None", default=None, minimum=1)
    >>> size.check(3), size.parse(["3"])
    (3, 3)
    >>> size.parse(["1_000"])
    Traceback (most recent call last):
    workbench.errors.ParameterError: size: needs int | None, not '1_000'; write a whole number ...
    >>> size.check(0)
    Traceback (most recent call last):
    workbench.errors.ParameterError: size: must be at least 1, not 0; choose a number in that range
    """

    name: str
    annotation: str
    default: Any
    help: str = ""
    minimum: float | None = None
    maximum: float | None = None
    unit: str = ""
    suffixes: tuple[str, ...] = ()

    @property
    def kind(self) -> Any:
        """The type that the annotation means."""
        return meaning(self.annotation, self.name)

    @property
    def range(self) -> str:
        """The range for people, such as ``0.5 to 2 x``; empty for none."""
        return str(self._range)

    @property
    def choices(self) -> tuple[Any, ...]:
        """The values of its ``Literal``; none for another type."""
        return tuple(choice for one in kinds(self.kind) for choice in choices(one))

    @property
    def several(self) -> bool:
        """Whether it takes a list."""
        return any(items(one) is not None for one in kinds(self.kind))

    @cached_property
    def readable(self) -> bool:
        """Whether it takes a text, or the path of a file that holds one: ``str | Path``."""
        several = kinds(self.kind)
        return any(
            {str, Path} <= set(kinds(one))
            for one in (self.kind, *filter(None, map(items, several)))
        )

    @cached_property
    def sample(self) -> bool:
        """Whether its default is a sample, in place of the text that a person brings.

        Examples
        --------
        >>> Parameter(name="text", annotation="str | Path", default="Good morning.").sample
        True
        """
        return self.readable and bool(self.default)

    def paths(self, value: Any) -> tuple[str, ...]:
        """Return the texts of a value that are paths.

        Examples
        --------
        >>> pictures = Parameter(name="pictures", annotation="list[Path]", default=[])
        >>> pictures.paths(["a.png", "b.png"])
        ('a.png', 'b.png')
        """
        return tuple(_paths(value, self.kind))

    def check(self, value: object) -> Any:
        """Return `value` as the parameter's type.

        Raises
        ------
        ParameterError
            When it is of another type, out of its range, cannot be a path where it should be, or
            holds what a notebook cannot be given: a number that is not finite, a NUL or half a
            surrogate pair in a text, anything that is not JSON.
        """
        trouble = unfit(value)
        if trouble:
            raise ParameterError(trouble, subject=self.name, cure=_CURES.get(trouble, _JSON))
        kind = self.kind
        try:
            found = conform(value, kind)
        except Unfit as error:
            where = f" ({error})" if str(error) else ""
            raise ParameterError(
                f"needs {self.annotation}, not {shown(value)}{where}",
                subject=self.name,
                cure=cure(kind, value),
            ) from error
        self._in_range(found)
        for text in _paths(found, kind):
            trouble = no_path(text)
            if trouble:
                raise ParameterError(trouble, subject=self.name, cure="name a file or a folder")
            self._suffixed(text)
        if self.name == OUTPUT and isinstance(found, str) and found:
            self._suffixed(found)
        if self.sample and _blank(found):
            raise ParameterError("is empty", subject=self.name, cure=self.wanted)
        return found

    @property
    def wanted(self) -> str:
        """What to write where it takes a text or a file."""
        of = f" ({', '.join(self.suffixes)})" if self.suffixes else ""
        return f"write the text, or the path of a file{of}"

    def _suffixed(self, text: str) -> None:
        suffix = PurePath(text).suffix.lower()
        if self.suffixes and suffix not in self.suffixes:
            raise ParameterError(
                f"must end in {', '.join(self.suffixes)}, not {shown(text)}",
                subject=self.name,
                cure=suggest(suffix, self.suffixes) or self._ending(text),
            )

    def _ending(self, text: str) -> str:
        """Return what to write instead of a file of another kind."""
        if len(self.suffixes) > 1 or not PurePath(text).name:
            return "take one of these"
        return f"such as {shown(str(PurePath(text).with_suffix(self.suffixes[0])))}"

    def parse(self, texts: Sequence[str]) -> Any:
        """Return what was written on a command line as the parameter's type.

        Parameters
        ----------
        texts
            One text; several where the parameter was given several times, for a list. A list may
            also be written as JSON; an empty text is an empty list, and no path.

        Raises
        ------
        ParameterError
            When it is no such value, or there are several and one is wanted.
        """
        if len(texts) > 1 and not self.several:
            raise ParameterError(
                f"is given {len(texts)} times, and takes one", subject=self.name, cure="give one"
            )
        return self.check(read_texts(texts, self.kind))

    @cached_property
    def _range(self) -> Range:
        return Range(minimum=self.minimum, maximum=self.maximum, unit=self.unit)

    def _in_range(self, value: Any) -> None:
        if self.minimum is None and self.maximum is None:
            return
        if isinstance(value, list):
            for one in value:
                self._in_range(one)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            # The choices of a Literal are allowed as they stand there.
            if self._range.holds(value) or value in self.choices:
                return
            raise ParameterError(
                f"must be {self.range}, not {shown(value)}",
                subject=self.name,
                cure="choose a number in that range",
            )


_JSON = "give what JSON holds: texts, numbers, true, false, null, lists and objects"
_CURES = {
    "must be finite": "give a number that is one",
    "must have texts as keys": "write each key as a text",
    "must be text without NUL and half surrogates": "take out the letters that are none",
}


def _paths(value: Any, kind: Any) -> Iterator[str]:
    """Yield the texts of a value that a notebook gets as paths."""
    several = kinds(kind)
    if isinstance(value, str):
        if Path in several and str not in several and value not in _named(several):
            yield value
    elif isinstance(value, list):
        for one in several:
            if items(one) is not None and Path in within(one):
                for item in value:
                    yield from _paths(item, items(one))
                return


def _blank(value: Any) -> bool:
    """Whether nothing is in a text, or in a list or one of its texts."""
    if isinstance(value, list):
        return not value or any(map(_blank, value))
    return isinstance(value, str) and not value.strip()


def _named(several: Sequence[Any]) -> list[Any]:
    return [choice for one in several for choice in choices(one)]
