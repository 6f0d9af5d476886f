"""The sweep grid: a sweep as a table to listen through, narrow down, compare and keep from."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import traitlets as t

from workbench.errors import ParameterError, one_line
from workbench.speech.sweep_table import FIGURES, Column, columns
from workbench.speech.variants import Sweep
from workbench.voice import PRESETS, Preset
from workbench.widgets import pictures, sweep_twin
from workbench.widgets.clip import Clip
from workbench.widgets.panel import Panel, clip_state, front, style

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    from workbench.speech.variant import Variant
    from workbench.take import Take
    from workbench.widgets.outputs import Bundle

__all__ = ["SweepGrid"]

_OUTLINE = 240  # columns of a row's outline: half a kilobyte for each of a thousand rows
_PAIR = 2
_DRAWN = 4  # variants whose outlines are the picture of the sweep


class SweepGrid(Panel):
    """A sweep in the notebook: each variant with its settings, its measures and a player.

    Parameters
    ----------
    sweep
        What is shown.
    on_compare
        Called with the labels and takes of the two that were chosen, when the page asks for a
        comparison; what it raises is shown in the widget.
    presets
        The folder in which variants are kept.

    Attributes
    ----------
    sweep
        What is shown, in its own order: the numbers of variants count from 0 in it.
    order_by, descending
        The column by which the rows are sorted, empty for the sweep's own order; and which way.
    search
        Only variants are shown in whose label or error each of these words begins one.
    starred_only
        Whether only variants with a star are shown.
    figures
        Which measures have a column: the ``few`` that one looks at first, or ``all``. The one by
        which the rows are sorted always has.
    selected
        The numbers of the variants that are to be compared, two at most.
    starred
        The numbers of the variants with a star.
    kept
        The presets that were kept: ``row``, ``name``, ``path`` and ``code`` of each.

    Raises
    ------
    ParameterError
        When `sweep` is none.

    Examples
    --------
    >>> import workbench as wb
    >>> from workbench.speech.sweep import sweep
    >>> grid = SweepGrid(sweep("Hello.", rate=[120, 160, 240], measure=False))
    >>> grid.order_by = "duration"
    >>> [variant.label for variant in grid.shown]
    ['rate 240', 'rate 160', 'rate 120']
    >>> grid.selected = [0, 2]
    >>> list(grid.pair)
    ['rate 120', 'rate 240']
    """

    _esm = front("tuner_parts.js", "sweep_grid.js")
    _css = style("sweep_grid.css")

    text = t.Unicode().tag(sync=True)
    columns = t.List(t.Dict()).tag(sync=True)
    rows = t.List(t.Dict()).tag(sync=True)
    comparable = t.Bool(default_value=False).tag(sync=True)
    kept = t.List(t.Dict()).tag(sync=True)
    order_by = t.Unicode().tag(sync=True)
    descending = t.Bool(default_value=False).tag(sync=True)
    search = t.Unicode().tag(sync=True)
    starred_only = t.Bool(default_value=False).tag(sync=True)
    figures = t.Enum(FIGURES, "few").tag(sync=True)
    selected = t.List(t.Int()).tag(sync=True)
    starred = t.List(t.Int()).tag(sync=True)

    _from_page: ClassVar[frozenset[str]] = frozenset(
        {"order_by", "descending", "search", "starred_only", "figures", "selected", "starred"}
    )

    def __init__(
        self,
        sweep: Sweep,
        *,
        on_compare: Callable[[dict[str, Take]], object] | None = None,
        presets: str | os.PathLike[str] = PRESETS,
    ) -> None:
        if not isinstance(sweep, Sweep):
            raise ParameterError(f"must be a Sweep, not {type(sweep).__name__}", subject="sweep")
        if on_compare is not None and not callable(on_compare):
            raise ParameterError("must be a function", subject="on_compare")
        self.sweep = sweep
        self.on_compare = on_compare
        self.presets = Path(presets)
        self._columns = columns(sweep)
        self._drawn: dict[int, str] = {}  # the pictures of the twin
        self.clips = {
            number: Clip.of(variant.take)
            for number, variant in enumerate(sweep)
            if variant.take is not None
        }
        super().__init__(
            text=one_line(sweep.text, limit=2_000),
            columns=[
                {
                    "name": c.name,
                    "label": c.label,
                    "unit": c.unit,
                    "help": c.help,
                    "first": c.first,
                }
                for c in self._columns
            ],
            rows=[self._row(number, variant) for number, variant in enumerate(sweep)],
            comparable=on_compare is not None,
        )

    # -- from Python --------------------------------------------------------------------------

    @property
    def shown(self) -> tuple[Variant, ...]:
        """The variants that the page shows, in its order."""
        return tuple(self.sweep[number] for number in self.numbers)

    @property
    def numbers(self) -> tuple[int, ...]:
        """The numbers of the variants that the page shows, in its order."""
        ordered = self.sweep
        if self.order_by:
            ordered = ordered.sorted(self.order_by, descending=self.descending)
        place = {id(variant): number for number, variant in enumerate(self.sweep)}
        found = (place[id(variant)] for variant in ordered.search(self.search))
        return tuple(n for n in found if not self.starred_only or n in self.starred)

    @property
    def columns_shown(self) -> tuple[Column, ...]:
        """The columns that the page shows, in its order."""
        return columns(self.sweep, figures=self.figures, order_by=self.order_by)

    @property
    def pair(self) -> dict[str, Take]:
        """The takes that are to be compared, by label, in the order in which they were chosen."""
        chosen = (self.sweep[number] for number in self.selected)
        return {variant.label: variant.take for variant in chosen if variant.take is not None}

    def compare(self) -> object:
        """Give the two takes that were chosen to `on_compare`, and return what it returns.

        Raises
        ------
        ParameterError
            When there are not two, or nobody compares them.
        """
        if len(self.pair) != _PAIR:
            raise ParameterError(f"needs two takes, not {len(self.pair)}", subject="comparison")
        if self.on_compare is None:
            raise ParameterError(
                "is nobody's business here",
                subject="comparison",
                cure="give on_compare=, a function of the takes by label, or use .pair",
            )
        return self.on_compare(self.pair)

    def star(self, which: int | str, *, on: bool = True) -> None:
        """Give a variant a star, or take it away.

        Raises
        ------
        ParameterError
            When there is no such variant.
        """
        number = self._number(which)
        others = [n for n in self.starred if n != number]
        self.starred = sorted([*others, number]) if on else others

    def keep(self, which: int | str, name: str, *, note: str = "", replace: bool = False) -> Preset:
        """Keep the settings of a variant as a preset file, and show the code that speaks with it.

        Parameters
        ----------
        which
            The number of the variant in `sweep`, or its label.
        name
            Of the preset.
        note
            A line for people; where it is empty, the seed.
        replace
            Whether another preset of that name may be replaced.

        Raises
        ------
        ParameterError
            When there is no such variant, or another preset has that name.
        StorageError
            When it cannot be written.
        """
        number = self._number(which)
        variant = self.sweep[number]
        preset = variant.preset(name.strip(), note=note)
        if not replace and self._has_other(preset):
            raise ParameterError(
                f"there is another preset of that name in {self.presets}",
                subject=preset.name,
                cure="take another name, or replace=True",
            )
        saved = preset.save(self.presets)
        ways = {**self.sweep.ways, "seed": variant.seed}
        told = [f"{name}={value!r}" for name, value in ways.items() if value is not None]
        beside = Path(self.presets).resolve() == PRESETS.resolve()  # where a name alone leads to it
        voice = repr(preset.name) if beside else f"wb.Preset.load({str(saved)!r})"
        code = f"wb.speak({', '.join([repr(self.sweep.text), f'voice={voice}', *told])})"
        row = {"row": number, "name": preset.name, "path": str(saved), "code": code}
        self.kept = [*(one for one in self.kept if one["name"] != preset.name), row]
        self.star(number)
        self._renew()
        return preset

    # -- the base's questions -------------------------------------------------------------------

    def _handle(self, kind: str, content: dict[str, Any]) -> None:
        if kind == "keep":
            self._hear_keep(int(content["row"]), str(content["name"]), content.get("replace"))
        elif kind == "compare":
            self.compare()
        else:
            super()._handle(kind, content)

    def _hear_keep(self, row: int, name: str, replace: Any) -> None:
        """Keep a preset; where there is another of that name, the page has to ask first."""
        preset = self.sweep[row].preset(name.strip())
        if replace is not True and self._has_other(preset):
            self.send({"kind": "exists", "row": row, "name": preset.name})
        else:
            self.keep(row, name, replace=replace is True)

    def _has_other(self, preset: Preset) -> bool:
        path = self.presets / f"{preset.name}.toml"
        return path.exists() and Preset.load(path) != preset

    def _clip(self, uid: str) -> Clip:
        for clip in self.clips.values():
            if clip.uid == uid:
                return clip
        return super()._clip(uid)

    def still(self) -> Bundle:
        """Return the outlines of the first variants, one above the other, and a line of text."""
        first = [number for number in self.numbers if number in self.clips][:_DRAWN]
        line = {"text/plain": one_line(repr(self.sweep))}
        if not first:
            return line, {}
        labels = [self.sweep[number].label for number in first]
        data, metadata = pictures.stacked([self.clips[number] for number in first], labels)
        return {**data, **line}, metadata

    def twin(self) -> str:
        """Return the table as it is shown, with the sounds that a notebook has room for."""
        return sweep_twin.html(self, self._drawn)

    # -- the state ------------------------------------------------------------------------------

    def _row(self, number: int, variant: Variant) -> dict[str, Any]:
        values = [self.sweep.value(variant, c.name) for c in self._columns]
        return {
            "label": variant.label,
            "error": "" if variant.error is None else str(variant.error),
            "values": values,
            "cells": [c.format(v) for c, v in zip(self._columns, values, strict=True)],
            "name": _suggested(variant.label),
            "clip": self._outline(number),
        }

    def _outline(self, number: int) -> dict[str, Any] | None:
        """Return what the page needs for a row's player, in half a kilobyte."""
        clip = self.clips.get(number)
        if clip is None or clip.audio is None:
            return None
        peaks = clip.audio.peaks(_OUTLINE).tobytes()
        return {**clip_state(clip), "words": [], "breaks": [], "notes": [], "peaks": peaks}

    def _number(self, which: int | str) -> int:
        variant = self.sweep[which]
        return next(n for n, one in enumerate(self.sweep) if one is variant)

    # -- rules ----------------------------------------------------------------------------------

    @t.validate("order_by")
    def _valid_order(self, proposal: Any) -> str:
        if proposal.value:
            try:
                self.sweep.value(self.sweep[0], proposal.value)
            except ParameterError as error:  # traitlets takes nothing else for a refusal
                raise t.TraitError(str(error)) from error
        return str(proposal.value)

    @t.validate("starred", "selected")
    def _valid_numbers(self, proposal: Any) -> list[int]:
        name, numbers = proposal.trait.name, list(dict.fromkeys(proposal.value))
        for number in numbers:
            if not 0 <= number < len(self.sweep):
                raise t.TraitError(f"{name}: there is no variant {number}")
            if name == "selected" and number not in self.clips:
                raise t.TraitError(f"selected: variant {number} has no take to compare")
        if name == "selected" and len(numbers) > _PAIR:
            raise t.TraitError(f"selected: two can be compared, not {len(numbers)}")
        return numbers

    @t.observe("order_by", "descending", "search", "starred_only", "figures", "starred")
    def _changed(self, _: Any) -> None:
        self._renew()


def _suggested(label: str) -> str:
    """Return a name for a preset of that label."""
    return re.sub(r"[^a-z0-9]+", "-", label.lower()).strip("-")[:40] or "preset"
