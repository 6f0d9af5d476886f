"""The player: sound or video whose words light up as they are spoken and lead to their time."""

from __future__ import annotations

import math
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar

import traitlets as t

from workbench.errors import ParameterError, suggest
from workbench.timing import Span
from workbench.widgets import pictures, twin
from workbench.widgets.clip import Clip
from workbench.widgets.panel import Panel, clip_state, front, style

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workbench.widgets.outputs import Bundle

__all__ = ["Player"]

_OPTIONS = ("cues", "words", "speed")
_START = {"position": 0.0, "playing": False, "error": "", "selection": None}


class Player(Panel):
    """A player in the notebook; `Player.of` makes one.

    Parameters
    ----------
    clip
        What to play.
    speed
        1 for the speed it was recorded at, 0.25 to 4.

    Attributes
    ----------
    clip
        What it plays.
    position
        Seconds, as the page last reported it (on play, pause and seek). Set it to seek.
    playing
        Whether it plays, as the page last reported it. Set it to play or pause.
    selection
        ``(start, end)`` in seconds of the part that is chosen, None for none. Set it to choose
        one: playing begins in it and stops at its end.
    loop
        Whether it begins again at the end: of the selection, where there is one.
    spectrum
        Whether the spectrum is shown under the waveform.
    """

    _esm = front("player.js")
    _css = style()

    kind = t.Enum(["audio", "video"], "audio").tag(sync=True)
    take = t.Unicode().tag(sync=True)
    about = t.Unicode().tag(sync=True)
    language = t.Unicode().tag(sync=True)
    duration = t.Float(0.0).tag(sync=True)
    words = t.List(t.Dict()).tag(sync=True)
    breaks = t.List(t.Int()).tag(sync=True)
    cues = t.List(t.Dict()).tag(sync=True)
    captioned = t.Bool(default_value=False).tag(sync=True)
    notes = t.List(t.Unicode()).tag(sync=True)
    peaks = t.Bytes().tag(sync=True)
    size = t.List(t.Int()).tag(sync=True)
    exact = t.Bool(default_value=True).tag(sync=True)
    fps = t.Float(0.0).tag(sync=True)
    silent = t.Bool(default_value=False).tag(sync=True)
    src = t.Unicode().tag(sync=True)
    version = t.Unicode().tag(sync=True)
    position = t.Float(0.0).tag(sync=True)
    playing = t.Bool(default_value=False).tag(sync=True)
    speed = t.Float(1.0).tag(sync=True)
    selection = t.Tuple(t.Float(), t.Float(), default_value=None, allow_none=True).tag(sync=True)
    loop = t.Bool(default_value=False).tag(sync=True)
    spectrum = t.Bool(default_value=False).tag(sync=True)

    _from_page: ClassVar[frozenset[str]] = frozenset(
        {"position", "playing", "speed", "selection", "loop", "spectrum"}
    )

    def __init__(self, clip: Clip, *, speed: float = 1.0) -> None:
        self.clip = clip
        self._quiet = False
        super().__init__(speed=speed, **_state(clip))

    @classmethod
    def of(cls, value: object, **options: Any) -> Player:
        """Return a player of `value`.

        Parameters
        ----------
        value
            A Take, a Narration, an Audio, a rendered video or the path of a media file.
        **options
            ``cues``: captions, drawn as bands and shown in a video. ``words``: what is said in
            it, with times, such as a recogniser has heard. ``speed``: 0.25 to 4.

        Raises
        ------
        ParameterError
            When `value` is nothing that plays or an option is not known; the nearest is offered.
        MediaNotFound, MediaError
            When a path leads to no media file.

        Examples
        --------
        >>> import workbench as wb
        >>> player = Player.of(wb.speak("Hello, world."))
        >>> [word["text"] for word in player.words]
        ['Hello,', 'world.']
        >>> Player.of(wb.speak("Hello, world."), spede=2)
        Traceback (most recent call last):
        workbench.errors.ParameterError: spede: is not an option; did you mean 'speed'?
        """
        clip, state = _read(value, options)
        return cls(clip, **state)

    # -- from Python --------------------------------------------------------------------------

    def load(self, value: object, **options: Any) -> None:
        """Play `value` from now on, in the same place on the page; see `of`."""
        clip, state = _read(value, options)
        self.clip = clip
        with self.hold_sync(), self._quietly():
            for name, new in {**state, **_state(clip), **_START}.items():
                self.set_trait(name, new)
        self._renew()

    def play(self) -> None:
        """Play. A page that shows nothing yet begins when it does."""
        self._command({"kind": "play"})

    def pause(self) -> None:
        """Pause."""
        self._command({"kind": "pause"})

    def seek(self, time: float) -> None:
        """Go to `time` in seconds, from 0 to the end.

        Raises
        ------
        ParameterError
            When it is no finite number of seconds in the clip.
        """
        end = self.duration if self.duration > 0 else math.inf
        if isinstance(time, bool) or not 0 <= time <= end:
            raise ParameterError(f"must be 0 to {end:g} seconds, not {time!r}", subject="time")
        with self._quietly():
            self.position = float(time)
        self._command({"kind": "seek", "time": float(time)})

    @property
    def selected_text(self) -> str:
        """The words that are said in the selection: those whose middle lies in it.

        Examples
        --------
        >>> import workbench as wb
        >>> player = Player.of(wb.speak("Hello, world."))
        >>> player.selection = (0.0, player.words[0]["end"])
        >>> player.selected_text
        'Hello,'
        """
        if self.selection is None:
            return ""
        part = Span(start=self.selection[0], end=self.selection[1])
        said = [word for word in self.clip.words if word.middle in part]
        return "".join(f"{word.text}{' ' if word.space else ''}" for word in said).strip()

    # -- the base's questions -------------------------------------------------------------------

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Take over what the page reports, such as `position` and `selection`; no other state."""
        with self._quietly():
            super().set_state(sync_data)

    def _clip(self, uid: str) -> Clip:
        return self.clip if uid == self.clip.uid else super()._clip(uid)

    def still(self) -> Bundle:
        """Return the outline or the poster, and a line of text."""
        return pictures.bundle(self.clip)

    def twin(self) -> str:
        """Return the static HTML of what it plays; see `workbench.widgets.twin`."""
        return twin.html(self.clip, self.uid)

    @contextmanager
    def _quietly(self) -> Iterator[None]:
        """Change the state without a command to the page, which knows or is told otherwise."""
        before, self._quiet = self._quiet, True
        try:
            yield
        finally:
            self._quiet = before

    # -- rules --------------------------------------------------------------------------------

    @t.observe("position", "playing")
    def _changed(self, change: Any) -> None:
        """Let the page follow where the change came from Python."""
        if self._quiet:
            return
        if change.name == "position":
            self._command({"kind": "seek", "time": change.new})
        else:
            self._command({"kind": "play" if change.new else "pause"})

    @t.validate("position")
    def _valid_position(self, proposal: Any) -> float:
        seconds = float(proposal.value)
        if not math.isfinite(seconds):
            raise t.TraitError("position: must be a number of seconds")
        return max(0.0, min(seconds, self.duration or math.inf))

    @t.validate("selection")
    def _valid_selection(self, proposal: Any) -> tuple[float, float] | None:
        if proposal.value is None:
            return None
        start, end = proposal.value
        last = self.duration or math.inf
        if not (math.isfinite(start) and math.isfinite(end)) or not 0 <= start < end:
            raise t.TraitError(f"selection: needs 0 <= start < end, not {start!r} and {end!r}")
        if start >= last:
            raise t.TraitError(f"selection: begins at {start:g} s, after the end at {last:g} s")
        return (start, min(end, last))

    @t.validate("speed")
    def _valid_speed(self, proposal: Any) -> float:
        if not _is_speed(proposal.value):
            raise t.TraitError(f"speed: must be 0.25 to 4, not {proposal.value!r}")
        return float(proposal.value)


def _is_speed(value: float) -> bool:
    return 0.25 <= value <= 4  # noqa: PLR2004 - what all browsers play with sound


def _read(value: object, options: dict[str, Any]) -> tuple[Clip, dict[str, float]]:
    """Return the clip and the checked options of `Player.of`."""
    for name in options:
        if name not in _OPTIONS:
            cure = suggest(name, _OPTIONS) or f"the options are {', '.join(_OPTIONS)}"
            raise ParameterError("is not an option", subject=name, cure=cure)
    clip = Clip.of(value, cues=options.get("cues"), words=options.get("words"))
    if "speed" not in options:
        return clip, {}
    speed = options["speed"]
    number = isinstance(speed, int | float) and not isinstance(speed, bool)
    if not number or not _is_speed(speed):
        raise ParameterError(f"must be 0.25 to 4, not {speed!r}", subject="speed")
    return clip, {"speed": float(speed)}


def _state(clip: Clip) -> dict[str, Any]:
    state = clip_state(clip)
    return {"take": state.pop("uid"), **state}
