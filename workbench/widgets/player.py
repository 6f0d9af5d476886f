"""The player: sound or video whose words light up as they are spoken and lead to their time."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar

import traitlets as t

from workbench.errors import ParameterError, suggest
from workbench.timing import Span
from workbench.widgets import pictures, twin
from workbench.widgets.clip import Clip
from workbench.widgets.panel import clip_state, front, style
from workbench.widgets.transport import Transport, checked_speed

if TYPE_CHECKING:
    from workbench.widgets.outputs import Bundle

__all__ = ["Player"]

_OPTIONS = ("cues", "words", "speed")
_START = {"position": 0.0, "playing": False, "error": "", "selection": None}


class Player(Transport):
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
        one: the player goes there, and what begins to play in it stops at its end.
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
    exact = t.Bool(default_value=True).tag(sync=True)
    size = t.List(t.Int()).tag(sync=True)
    fps = t.Float(0.0).tag(sync=True)
    silent = t.Bool(default_value=False).tag(sync=True)
    src = t.Unicode().tag(sync=True)
    version = t.Unicode().tag(sync=True)
    selection = t.Tuple(t.Float(), t.Float(), default_value=None, allow_none=True).tag(sync=True)
    loop = t.Bool(default_value=False).tag(sync=True)
    spectrum = t.Bool(default_value=False).tag(sync=True)

    _from_page: ClassVar[frozenset[str]] = frozenset(
        {"position", "playing", "speed", "selection", "loop", "spectrum"}
    )

    def __init__(self, clip: Clip, *, speed: float = 1.0) -> None:
        self.clip = clip
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

    def load(self, value: object, **options: Any) -> None:
        """Play `value` from now on, in the same place on the page; see `of`."""
        clip, state = _read(value, options)
        self.clip = clip
        with self.hold_sync(), self._quietly():
            for name, new in {**state, **_state(clip), **_START}.items():
                self.set_trait(name, new)
        self._renew()

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

    def _length(self) -> float:
        return self.duration

    def _clip(self, uid: str) -> Clip:
        return self.clip if uid == self.clip.uid else super()._clip(uid)

    def still(self) -> Bundle:
        """Return the outline or the poster, and a line of text."""
        return pictures.bundle(self.clip)

    def twin(self) -> str:
        """Return the static HTML of what it plays; see `workbench.widgets.twin`."""
        return twin.html(self.clip, self.uid)

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


def _read(value: object, options: dict[str, Any]) -> tuple[Clip, dict[str, float]]:
    """Return the clip and the checked options of `Player.of`."""
    for name in options:
        if name not in _OPTIONS:
            cure = suggest(name, _OPTIONS) or f"the options are {', '.join(_OPTIONS)}"
            raise ParameterError("is not an option", subject=name, cure=cure)
    speed = {"speed": checked_speed(options["speed"])} if "speed" in options else {}
    return Clip.of(value, cues=options.get("cues"), words=options.get("words")), speed


def _state(clip: Clip) -> dict[str, Any]:
    state = clip_state(clip)
    return {"take": state.pop("uid"), **state}
