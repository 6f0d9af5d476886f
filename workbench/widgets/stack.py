"""Takes one above the other, linked in time: hear one, switch to the next where it is."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import traitlets as t

from workbench.errors import ParameterError, one_line, shown, suggest
from workbench.speech.variant import labels as labels_of
from workbench.speech.variant import varying
from workbench.take import Narration, Take
from workbench.widgets import pictures, twin
from workbench.widgets.clip import Clip
from workbench.widgets.panel import clip_state, front, style
from workbench.widgets.transport import Transport, checked_speed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workbench.widgets.outputs import Bundle

__all__ = ["Stack", "linked_time", "told_apart"]

_OPTIONS = ("labels", "measures", "align", "speed")
_ALIGN = ("seconds", "share")
_LABEL = 60  # letters
_MOST = 40  # rows: each has its sound in the page


def linked_time(time: float, duration: float, other: float, align: str) -> float:
    """Return where another sound is when this one is at `time`.

    Parameters
    ----------
    time
        Seconds.
    duration, other
        Seconds that this sound and the other one last.
    align
        ``seconds``: at the same second, or at its end. ``share``: when the same part is done, so
        that a slow and a fast reading say the same word at about the same place.

    Examples
    --------
    >>> linked_time(3.0, 4.0, 2.0, "seconds"), linked_time(3.0, 4.0, 2.0, "share")
    (2.0, 1.5)
    """
    if align == "share" and duration > 0:
        return min(1.0, time / duration) * other
    return min(time, other)


def told_apart(values: Sequence[object]) -> list[str]:
    """Return for each value what sets it apart from the others, no two alike.

    The settings of takes that are not the same everywhere, as in a sweep: the voice, the seed, the
    options. Where these are alike, or what plays was not spoken here, its text or the file's name.

    Examples
    --------
    >>> import workbench as wb
    >>> told_apart([wb.speak("Hello.", rate=rate) for rate in (130, 220)])
    ['rate 130', 'rate 220']
    >>> told_apart([wb.speak(text) for text in ("One.", "Two.", "Two.")])
    ['One.', 'Two.', 'Two. 2']
    """
    settings = [_settings(value) for value in values]
    # What one engine knows alone is left out: the voice tells the engines apart.
    shared = [name for name in settings[0] if all(name in one for one in settings)]
    alike = [{name: one[name] for name in shared} for one in settings]
    names = labels_of(alike) if varying(alike) else [_name(value) for value in values]
    told: list[str] = []
    for name in names:
        number, label = 1, name
        while label in told:
            number += 1
            label = f"{name} {number}"
        told.append(label)
    return told


def _settings(value: object) -> dict[str, Any]:
    """Return how a value was spoken: of several lines, the voices and what they share."""
    if not isinstance(value, Take | Narration):
        return {}
    takes = [part.take for part in value.parts] if isinstance(value, Narration) else [value]
    first = {"seed": takes[0].seed, **takes[0].options}
    rest = [{"seed": one.seed, **one.options} for one in takes[1:]]
    shared = {
        name: told
        for name, told in first.items()
        if isinstance(told, str | int | float | None) and all(one.get(name) == told for one in rest)
    }
    return {"voice": " and ".join(dict.fromkeys(str(one.voice) for one in takes)), **shared}


def _name(value: object) -> str:
    path = getattr(value, "path", None)  # such as a rendered video's
    if isinstance(value, Take | Narration | Clip):
        name = " ".join(value.text.split())
    elif isinstance(value, str | os.PathLike):
        name = Path(value).name
    else:
        name = path.name if isinstance(path, Path) else "sound"
    return one_line(name, limit=_LABEL)


class Stack(Transport):
    """Several takes with one play button and one position; one is heard at a time.

    A click on a row, or the keys 1 to 9, switch to it and keep the position, so that two takes of
    a sentence are compared where they differ.

    Parameters
    ----------
    takes
        A list of what `Player.of` takes, or a mapping from labels to it; at most 40.
    labels
        What the rows are called; else what sets the takes apart, as `told_apart` finds it.
    measures
        A text for each label, shown at the end of its row.
    align
        What stays when another row is heard: the ``seconds``, or the ``share`` of the whole.
    speed
        1 for the speed it was recorded at, 0.25 to 4.

    Attributes
    ----------
    clips
        What it plays, in order.
    active
        The number of the row that is heard, from 0. Set it to switch.
    label
        What that row is called.
    position
        Seconds in that row, as the page last reported it. Set it to seek.
    playing
        Whether it plays. Set it to play or pause.

    Raises
    ------
    ParameterError
        When there is nothing to play, labels do not fit, or an option is not known.
    MediaNotFound, MediaError
        When a path leads to no media file.

    Examples
    --------
    >>> import workbench as wb
    >>> slow, fast = wb.speak("One, two."), wb.speak("One, two.", rate=300)
    >>> stack = Stack({"slow": slow, "fast": fast}, align="share")
    >>> stack.solo("fast")
    >>> stack.active, stack.label
    (1, 'fast')
    >>> Stack([slow], lables=["a"])
    Traceback (most recent call last):
    workbench.errors.ParameterError: lables: is not an option; did you mean 'labels'?
    """

    _esm = front("stack.js")
    _css = style("stack.css")

    rows = t.List(t.Dict()).tag(sync=True)
    active = t.Int(0).tag(sync=True)
    align = t.Enum(_ALIGN, "seconds").tag(sync=True)

    _from_page: ClassVar[frozenset[str]] = frozenset(
        {"position", "playing", "speed", "active", "align"}
    )

    def __init__(self, takes: Mapping[str, object] | Iterable[object], **options: Any) -> None:
        for name in options:
            if name not in _OPTIONS:
                cure = suggest(name, _OPTIONS) or f"the options are {', '.join(_OPTIONS)}"
                raise ParameterError("is not an option", subject=name, cure=cure)
        values, labels = _labelled(takes, options.get("labels"))
        measures = _measures(options.get("measures") or {}, labels)
        align = options.get("align", "seconds")
        if align not in _ALIGN:
            cure = suggest(str(align), _ALIGN) or f"it is {' or '.join(_ALIGN)}"
            raise ParameterError(f"must not be {shown(align)}", subject="align", cure=cure)
        speed = checked_speed(options.get("speed", 1.0))
        self.clips = tuple(Clip.of(value) for value in values)
        rows = [
            {**clip_state(clip), "label": label, "measures": measures.get(label, "")}
            for clip, label in zip(self.clips, labels, strict=True)
        ]
        super().__init__(rows=rows, align=align, speed=speed)

    @property
    def labels(self) -> tuple[str, ...]:
        """What the rows are called."""
        return tuple(row["label"] for row in self.rows)

    @property
    def label(self) -> str:
        """What the row that is heard is called."""
        return self.labels[self.active]

    def solo(self, row: int | str) -> None:
        """Hear another row, by its label or its number from 0.

        Raises
        ------
        ParameterError
            When there is none.
        """
        if isinstance(row, str) and row in self.labels:
            self.active = self.labels.index(row)
        elif not isinstance(row, str | bool) and 0 <= row < len(self.clips):
            self.active = row
        else:
            cure = suggest(str(row), self.labels) or f"the rows are {', '.join(self.labels)}"
            raise ParameterError(f"{shown(row)} is no row", subject="row", cure=one_line(cure))

    # -- the base's questions -------------------------------------------------------------------

    def _length(self) -> float:
        return self.clips[self.active].duration

    def _clip(self, uid: str) -> Clip:
        for clip in self.clips:
            if clip.uid == uid:
                return clip
        return super()._clip(uid)

    def still(self) -> Bundle:
        """Return the outlines one above the other, and a line of text."""
        return pictures.stacked(self.clips, self.labels)

    def twin(self) -> str:
        """Return the rows as static HTML: as many of them as 2 MB hold can be heard."""
        heads = [(row["label"], row["measures"]) for row in self.rows]
        return twin.stacked(self.clips, heads, self.uid)

    # -- rules ----------------------------------------------------------------------------------

    @t.validate("active")
    def _valid_active(self, proposal: Any) -> int:
        if not 0 <= proposal.value < len(self.clips):
            raise t.TraitError(f"active: must be 0 to {len(self.clips) - 1}, not {proposal.value}")
        return int(proposal.value)

    @t.observe("active")
    def _switched(self, change: Any) -> None:
        """Keep the place; the page, where there is one, does the same and reports it."""
        if self._quiet or not isinstance(change.old, int):
            return
        before, now = self.clips[change.old].duration, self.clips[change.new].duration
        with self._quietly():
            self.position = linked_time(self.position, before, now, self.align)


def _labelled(
    takes: Mapping[str, object] | Iterable[object], labels: Iterable[str] | None
) -> tuple[list[object], list[str]]:
    """Return the values and what they are called."""
    if isinstance(takes, Mapping):
        values, named = list(takes.values()), [str(name) for name in takes]
    elif hasattr(takes, "__iter__") and not isinstance(takes, str | bytes):
        values = list(takes)
        named = told_apart(values) if labels is None and values else []
    else:
        raise ParameterError(
            f"must be takes in a list or by label, not {type(takes).__name__}", subject="takes"
        )
    if labels is not None:
        named = [str(label) for label in labels]
    if not 1 <= len(values) <= _MOST:
        raise ParameterError(f"must be 1 to {_MOST}, not {len(values)}", subject="takes")
    if len(named) != len(values):
        raise ParameterError(
            f"there are {len(named)} for {len(values)} takes", subject="labels", cure="one for each"
        )
    double = next((name for name in named if named.count(name) > 1), None)
    if double is not None:
        raise ParameterError(f"{shown(double)} is there twice", subject="labels")
    return values, named


def _measures(measures: Mapping[str, object], labels: list[str]) -> dict[str, str]:
    for name in measures:
        if str(name) not in labels:
            cure = suggest(str(name), labels) or f"the labels are {', '.join(labels)}"
            raise ParameterError(f"{shown(name)} is no label", subject="measures", cure=cure)
    return {str(name): str(text) for name, text in measures.items()}
