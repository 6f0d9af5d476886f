"""What a sweep made: the variants of a text, to be put in order, looked through and kept."""

from __future__ import annotations

import numbers
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from workbench.errors import ParameterError, shown, suggest
from workbench.speech.spans import Spread
from workbench.speech.variant import Variant, varying

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    import pandas as pd  # type: ignore[import-not-found,import-untyped,unused-ignore]

    from workbench.take import Take
    from workbench.voice import Preset

__all__ = ["MEASURED", "Sweep"]

MEASURED = "measured_"
"""Stands before the name of a measure that an option has too: espeak is asked for a rate, and the
rate of what it spoke is another number."""


@dataclass(frozen=True, kw_only=True, repr=False)
class Sweep:
    """The variants of a text, in the order in which they were asked for.

    Parameters
    ----------
    text
        What all of them say.
    variants
        At least one.
    ways
        How all of them were spoken, where that is not as usual: ``normalize``, ``lexicon``.

    Raises
    ------
    ParameterError
        When there is no variant.

    Examples
    --------
    >>> from workbench.speech.sweep import sweep
    >>> found = sweep("Hello.", rate=[120, 240], measure=False)
    >>> found
    Sweep(2 variants of 'Hello.' by rate)
    >>> found.best("duration").label, found[1].options
    ('rate 240', {'rate': 240})
    >>> found.preset("rate 120", "slow").options["rate"]
    120
    """

    text: str
    variants: tuple[Variant, ...]
    ways: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "variants", tuple(self.variants))
        object.__setattr__(self, "ways", dict(self.ways))
        if not self.variants:
            raise ParameterError("has no variants", subject="sweep")

    def __hash__(self) -> int:
        return hash((self.text, self.variants))

    def __repr__(self) -> str:
        text = self.text if len(self.text) <= 40 else f"{self.text[:39]}…"  # noqa: PLR2004
        count = f"{len(self)} variant{'s' if len(self) != 1 else ''}"
        by = f" by {', '.join(self.varying)}" if self.varying else ""
        failed = f", {len(self.failed)} failed" if self.failed else ""
        return f"Sweep({count} of {text!r}{by}{failed})"

    def _repr_html_(self) -> str:
        from workbench.speech.sweep_table import html_table

        return html_table(self)

    def __len__(self) -> int:
        return len(self.variants)

    def __iter__(self) -> Iterator[Variant]:
        return iter(self.variants)

    def __getitem__(self, which: int | str) -> Variant:
        if isinstance(which, str):
            found = {variant.label: variant for variant in self.variants}
            if which not in found:
                cure = suggest(which, found) or "a number counts them from 0"
                raise ParameterError("is no variant's label", subject=which, cure=cure)
            return found[which]
        try:
            return self.variants[which]
        except (IndexError, TypeError):
            raise ParameterError(
                f"must be 0 to {len(self) - 1} or a label, not {shown(which)}", subject="variant"
            ) from None

    # -- what is in it ------------------------------------------------------------------------

    @property
    def takes(self) -> dict[str, Take]:
        """The takes by label, those that failed left out."""
        return {v.label: v.take for v in self.variants if v.take is not None}

    @property
    def failed(self) -> tuple[Variant, ...]:
        """The variants that have no take, each with its error."""
        return tuple(variant for variant in self.variants if variant.take is None)

    @cached_property
    def varying(self) -> tuple[str, ...]:
        """The names of the settings that are not the same in all variants."""
        return varying([variant.settings for variant in self.variants])

    @property
    def columns(self) -> tuple[str, ...]:
        """What can be asked of each variant: its settings, its duration, its measures."""
        return (*self._settings, *self._measured)

    @cached_property
    def _settings(self) -> dict[str, None]:
        """The names of all settings, in order."""
        return dict.fromkeys(name for variant in self.variants for name in variant.settings)

    @cached_property
    def _measured(self) -> dict[str, str]:
        """The measures' names by the names of their columns."""
        found: dict[str, None] = {"duration": None}
        for variant in self.variants:
            if variant.measures is not None:
                found |= dict.fromkeys(field.name for field in variant.measures.FIELDS)
                break
        return {f"{MEASURED}{name}" if name in self._settings else name: name for name in found}

    def value(self, variant: Variant, column: str) -> Any:
        """Return what a variant has in a column, None where it has nothing there.

        Parameters
        ----------
        variant
            One of them.
        column
            A setting (``rate``), ``duration``, or a measure (``loudness``); a measure that an
            option has the name of is ``measured_rate``.

        Raises
        ------
        ParameterError
            When there is no such column, with the nearest name.
        """
        if column in self._settings:
            return variant.settings.get(column)
        name = self._measured.get(column, column.removeprefix(MEASURED))
        if name not in self._measured.values():
            cure = suggest(column, self.columns) or f"the columns are {', '.join(self.columns)}"
            raise ParameterError("is no column of the sweep", subject=column, cure=cure)
        if variant.measures is not None:
            return getattr(variant.measures, name)
        return variant.take.duration if name == "duration" and variant.take is not None else None

    def table(self) -> list[dict[str, Any]]:
        """Return a row for each variant: its label, the settings that vary, what it measures.

        Examples
        --------
        >>> from workbench.speech.sweep import sweep
        >>> found = sweep("Hello.", rate=[120, 240], measure=False)
        >>> [(row["label"], row["rate"], row["error"]) for row in found.table()]
        [('rate 120', 120, ''), ('rate 240', 240, '')]
        """
        ordered = [*self.varying, *self._measured]
        return [
            {
                "label": variant.label,
                **{name: self.value(variant, name) for name in ordered},
                "error": "" if variant.error is None else str(variant.error),
            }
            for variant in self.variants
        ]

    def dataframe(self) -> pd.DataFrame:
        """Return `table` as a `pandas.DataFrame`.

        Raises
        ------
        ParameterError
            When pandas is not installed.
        """
        try:
            import pandas as pd
        except ImportError as error:
            raise ParameterError(
                "needs pandas, which is not installed",
                subject="dataframe",
                cure="pip install pandas, or use table()",
            ) from error
        return pd.DataFrame(self.table())

    # -- finding the one ----------------------------------------------------------------------

    def sorted(self, by: str | Callable[[Variant], Any], *, descending: bool = False) -> Sweep:
        """Return the sweep in another order; what has no value there comes last.

        Parameters
        ----------
        by
            A column, see `value`, or what gives the value of a variant.
        descending
            Whether the greatest comes first.

        Raises
        ------
        ParameterError
            When there is no such column, or its values have no order.
        """
        pairs = [(self._asked(variant, by), variant) for variant in self.variants]
        there = [(value, variant) for value, variant in pairs if value is not None]
        try:
            there.sort(key=lambda pair: pair[0], reverse=descending)
        except TypeError as error:
            raise ParameterError(f"cannot be put in order ({error})", subject=str(by)) from error
        last = [variant for value, variant in pairs if value is None]
        return replace(self, variants=(*(variant for _, variant in there), *last))

    def filter(self, test: Callable[[Variant], object] | None = None, /, **wanted: object) -> Sweep:
        """Return the sweep with only those variants that are wanted.

        Parameters
        ----------
        test
            Says whether a variant stays.
        **wanted
            For a column the value it must have, a list of such values, or a
            `workbench.speech.spans.span` it must lie in: ``rate=160, loudness=span(-25, -20)``.

        Raises
        ------
        ParameterError
            When there is no such column, or no variant is left.
        """
        kept = [
            variant
            for variant in self.variants
            if (test is None or test(variant))
            and all(_fits(self.value(variant, name), value) for name, value in wanted.items())
        ]
        if not kept:
            raise ParameterError("leaves no variant", subject="filter")
        return replace(self, variants=tuple(kept))

    def search(self, text: str) -> tuple[Variant, ...]:
        """Return the variants in whose label or error each of these words begins one, in any case.

        Examples
        --------
        >>> from workbench.speech.sweep import sweep
        >>> found = sweep("Hello.", rate=[120, 160], pitch=[30, 60], measure=False)
        >>> [variant.label for variant in found.search("PITCH 60")]
        ['rate 120, pitch 60', 'rate 160, pitch 60']
        """
        wanted = _words(text)
        return tuple(
            variant
            for variant in self.variants
            if all(
                any(
                    word.startswith(one)
                    for word in _words(f"{variant.label} {variant.error or ''}")
                )
                for one in wanted
            )
        )

    def best(
        self,
        by: str | Callable[[Variant], Any],
        *,
        near: float | None = None,
        most: bool = False,
    ) -> Variant:
        """Return the variant with the least of something, the most, or what is nearest to a value.

        Parameters
        ----------
        by
            As in `sorted`.
        near
            The number to be near to; None for the least.
        most
            Whether the most is wanted.

        Raises
        ------
        ParameterError
            When no variant has a value there.
        """

        def away(variant: Variant) -> Any:
            value = self._asked(variant, by)
            return value if near is None or value is None else abs(value - near)

        found = self.sorted(away, descending=most and near is None)[0]
        if self._asked(found, by) is None:
            raise ParameterError("has no value in any variant", subject=str(by))
        return found

    def _asked(self, variant: Variant, by: str | Callable[[Variant], Any]) -> Any:
        return self.value(variant, by) if isinstance(by, str) else by(variant)

    # -- keeping it ---------------------------------------------------------------------------

    def code(self, which: int | str) -> str:
        """Return the line of Python that speaks one variant again.

        Examples
        --------
        >>> from workbench.speech.sweep import sweep
        >>> sweep("Hello.", rate=[120, 240], measure=False).code(1)
        "wb.speak('Hello.', voice='espeak:en-us', rate=240)"
        """
        return self[which].code(self.text, self.ways)

    def preset(self, which: int | str, name: str, *, note: str = "") -> Preset:
        """Return one variant's voice and options as a preset; its ``save`` writes the file.

        Raises
        ------
        ParameterError
            When there is no such variant, or the name cannot be a preset's.
        """
        return self[which].preset(name, note=note)

    def save(self, folder: str | os.PathLike[str]) -> Path:
        """Write ``sweep.json`` and a sound file for each take; return the path of the first.

        See `workbench.speech.sweep_files.save`.
        """
        from workbench.speech import sweep_files

        return sweep_files.save(self, folder)

    @classmethod
    def load(cls, folder: str | os.PathLike[str]) -> Sweep:
        """Return the sweep that `save` wrote, see `workbench.speech.sweep_files.load`."""
        from workbench.speech import sweep_files

        return sweep_files.load(folder)

    def to_dict(self) -> dict[str, Any]:
        """Return the sweep as plain values, its sounds included."""
        return {
            "text": self.text,
            "ways": dict(self.ways),
            "variants": [variant.to_dict() for variant in self.variants],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Sweep:
        """Return the sweep that `to_dict` described."""
        variants = tuple(Variant.from_dict(row) for row in data["variants"])
        return cls(text=data["text"], variants=variants, ways=data["ways"])


def _fits(value: Any, wanted: object) -> bool:
    if isinstance(wanted, Spread):
        number = isinstance(value, numbers.Real)
        low = wanted.low is None or (number and value >= wanted.low)
        return bool(number and low and (wanted.high is None or value <= wanted.high))
    if isinstance(wanted, Iterable) and not isinstance(wanted, str):
        return value in list(wanted)
    return bool(value == wanted)


def _words(text: str) -> list[str]:
    return [word for word in re.split(r"[\s,:;]+", text.lower()) if word]
