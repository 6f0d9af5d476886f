"""The player: sound or video whose words light up as they are spoken and lead to their time."""

from __future__ import annotations

import math
import secrets
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets as t

from workbench.errors import ParameterError, WorkbenchError, one_line, suggest
from workbench.widgets.clip import Clip

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Player"]

_STATIC = Path(__file__).parent / "static"
_PIECE = 1_000_000  # bytes in a message; a larger one keeps all that follow it waiting
_COLUMNS = 4_000  # of the outline: 8 kB, and a column for every pixel of a wide screen
_OPTIONS = ("cues", "speed")
_START = {"position": 0.0, "playing": False, "error": ""}


class Player(anywidget.AnyWidget):
    """A player in the notebook; `Player.of` makes one.

    Media never are part of the widget's state, which notebooks may save: the page asks for them
    and gets them as messages, or loads a file that lies below the notebook's folder by its
    address.

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
    error
        What went wrong last, shown in the widget's own status line; empty when nothing did.
    uid
        Marks the media. Elements of the class ``wb-<uid>`` are the static twin of the widget,
        hidden while it lives.
    """

    # Two files, one module: widgets share the first, and nothing has to be built.
    _esm = "\n".join(
        (_STATIC / name).read_text(encoding="utf-8") for name in ("core.js", "player.js")
    )
    _css = (_STATIC / "player.css").read_text(encoding="utf-8")

    kind = t.Enum(["audio", "video"], "audio").tag(sync=True)
    uid = t.Unicode().tag(sync=True)
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
    src = t.Unicode().tag(sync=True)
    version = t.Unicode().tag(sync=True)
    position = t.Float(0.0).tag(sync=True)
    playing = t.Bool(default_value=False).tag(sync=True)
    speed = t.Float(1.0).tag(sync=True)
    error = t.Unicode().tag(sync=True)

    _from_page = frozenset({"position", "playing", "speed"})

    def __init__(self, clip: Clip, *, speed: float = 1.0) -> None:
        self.clip = clip
        self._heard = False  # whether a page shows the widget: messages sent before are lost
        self._waiting: list[dict[str, Any]] = []
        self._quiet = False
        self._sending: threading.Thread | None = None
        super().__init__(speed=speed, **_state(clip))
        self.on_msg(self._on_message)

    @classmethod
    def of(cls, value: object, **options: Any) -> Player:
        """Return a player of `value`.

        Parameters
        ----------
        value
            A Take, a Narration, an Audio, a rendered video or the path of a media file.
        **options
            ``cues``: captions, drawn as bands and shown in a video. ``speed``: 0.25 to 4.

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

    def _command(self, message: dict[str, Any]) -> None:
        if self._heard:
            self.send(message)
        else:
            self._waiting = [m for m in self._waiting if m["kind"] != message["kind"]]
            self._waiting.append(message)

    # -- from the page ------------------------------------------------------------------------

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Take over what the page reports: `position`, `playing` and `speed`, nothing else."""
        with self._telling(), self._quietly():
            foreign = sorted(set(sync_data) - self._from_page)
            if foreign:
                raise ParameterError("is not for the page to set", subject=", ".join(foreign))
            super().set_state(sync_data)

    def _on_message(self, _: object, content: Any, __: object) -> None:
        with self._telling():
            kind = content["kind"]
            if kind == "hello":
                self._heard = True
                waiting, self._waiting = self._waiting, []
                for message in waiting:
                    self.send(message)
            elif kind == "media?" and content["uid"] == self.uid:
                # Encoding an hour of sound takes half a minute, and the kernel has other work.
                asked = str(content["ask"])
                self._sending = threading.Thread(
                    target=self._send_media, args=(self.clip, asked), daemon=True
                )
                self._sending.start()

    def _send_media(self, clip: Clip, asked: str) -> None:
        with self._telling():
            try:
                data = memoryview(clip.media)
            except WorkbenchError as error:
                self.send({"kind": "refused", "ask": asked, "text": str(error)})
                return
            parts = math.ceil(len(data) / _PIECE) or 1
            for part in range(parts):
                message = {"kind": "media", "ask": asked, "mime": clip.mime}
                piece = data[part * _PIECE : (part + 1) * _PIECE]
                self.send({**message, "part": part, "parts": parts}, buffers=[piece])

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """Put what goes wrong in here into the status line: no cell is there to show it."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - also what a caller's own observers raise
            known = isinstance(error, WorkbenchError | t.TraitError)
            self.error = one_line(str(error) if known else f"{type(error).__name__}: {error}")
        else:
            self.error = ""

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
    clip = Clip.of(value, cues=options.get("cues"))
    if "speed" not in options:
        return clip, {}
    speed = options["speed"]
    number = isinstance(speed, int | float) and not isinstance(speed, bool)
    if not number or not _is_speed(speed):
        raise ParameterError(f"must be 0.25 to 4, not {speed!r}", subject="speed")
    return clip, {"speed": float(speed)}


def _state(clip: Clip) -> dict[str, Any]:
    """Return the state that tells the page of a clip: all but its media."""
    return {
        "kind": clip.kind,
        "uid": secrets.token_hex(4),
        "about": clip.about,
        "language": clip.language,
        "duration": clip.duration,
        "words": [
            {
                "text": w.text,
                "start": round(w.start, 4),
                "end": round(w.end, 4),
                "space": w.space,
            }
            for w in clip.words
        ],
        "breaks": list(clip.breaks),
        "cues": [
            {"text": c.text, "start": round(c.start, 4), "end": round(c.end, 4)} for c in clip.cues
        ],
        "captioned": clip.captioned,
        "notes": list(clip.notes),
        "peaks": clip.audio.peaks(_COLUMNS).tobytes() if clip.audio else b"",
        "size": list(clip.size),
        "src": clip.address,
        "version": clip.version,
    }
