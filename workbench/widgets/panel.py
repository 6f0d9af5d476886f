"""What every widget of the package is: state, messages, media on request, errors in view, a twin.

Who writes a widget says which traits the page may set (`Panel._from_page`), which media it may ask
for (`Panel._clip`), what its messages do (`Panel._handle`) and how it looks without a kernel
(`Panel.still`, `Panel.twin`).
"""

from __future__ import annotations

import math
import re
import secrets
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import anywidget
import traitlets as t

from workbench.errors import Cancelled, ParameterError, WorkbenchError, one_line
from workbench.widgets import outputs
from workbench.widgets.answers import ANSWERS
from workbench.widgets.work import Work

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from workbench.progress import Report
    from workbench.widgets.clip import Clip

__all__ = ["Panel", "clip_state", "front", "style"]

T = TypeVar("T")

_STATIC = Path(__file__).parent / "static"
_SHARED = (
    "base.js",
    "media.js",
    "canvas.js",
    "waveform.js",
    "gestures.js",
    "closer.js",
    "words.js",
    "tools.js",
    "keys.js",
    "frames.js",
    "clip.js",
)
_LOOKS = ("base.css", "clip.css")
_PIECE = 1_000_000  # bytes in a message; a larger one keeps all that follow it waiting
_COLUMNS = 4_000  # of the outline: 8 kB, and a column for every pixel of a wide screen


def front(*names: str) -> str:
    """Return the module of a widget: the shared files, then its own; nothing has to be built."""
    texts = [(_STATIC / name).read_text(encoding="utf-8") for name in (*_SHARED, *names)]
    return "\n".join([f'const LOOK = "{_look(names[-1])}";', *texts])


def style(name: str = "", root: str = "wb") -> str:
    """Return the style sheet of a widget: the shared files, then its own, which is for it alone.

    Every widget brings the shared part along, and on a page with several the last copy of it comes
    after what others say: so the rules of a widget weigh more, and meet no other widget. In its
    file the class `root` is its root.
    """
    shared = [(_STATIC / one).read_text(encoding="utf-8") for one in _LOOKS]
    if not name:
        return "\n".join(shared)
    own = (_STATIC / name).read_text(encoding="utf-8")
    heavy = f".{root}.{_look(name)}.{_look(name)}"
    return "\n".join([*shared, re.sub(rf"\.{root}(?![\w-])", heavy, own)])


def _look(name: str) -> str:
    """Return the class of a widget's root, by which its style sheet knows it."""
    return f"wb-of-{Path(name).stem.replace('_', '-')}"


class Panel(anywidget.AnyWidget):
    """A widget of this package.

    Media never are part of the widget's state, which notebooks may save: the page asks for them
    and gets them as messages, or loads a file that lies below the notebook's folder by its
    address.

    Attributes
    ----------
    uid
        Marks the widget. Elements of the class ``wb-<uid>`` are its static twin, hidden while it
        lives.
    error
        What went wrong last, shown in the widget's own status line; empty when nothing did.
    busy, doing, progress
        Whether something long is at work, what it is, and the part that is done, 0 to 1.
    """

    uid = t.Unicode().tag(sync=True)
    error = t.Unicode().tag(sync=True)
    busy = t.Bool(default_value=False).tag(sync=True)
    doing = t.Unicode().tag(sync=True)
    progress = t.Float(0.0).tag(sync=True)

    _from_page: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, **state: Any) -> None:
        self._heard = False  # whether a page shows the widget: messages sent before are lost
        self._waiting: list[dict[str, Any]] = []
        self._task = Work(self._working)
        self.output = outputs.Output(self)
        super().__init__(uid=secrets.token_hex(4), **state)
        self.on_msg(self._on_message)

    # -- for who writes a widget ----------------------------------------------------------------

    def _handle(self, kind: str, content: dict[str, Any]) -> None:  # noqa: ARG002 - for others
        """Do what a message of the page asks for; what this raises is shown in the widget."""
        raise ParameterError(f"{kind!r} is no message of this widget", subject="message")

    def _clip(self, uid: str) -> Clip:
        """Return the clip whose media the page asks for."""
        raise ParameterError(f"there is no clip {uid!r} here", subject="media")

    def still(self) -> outputs.Bundle:
        """Return the first output without the widget: a line of text and, if any, a picture."""
        return {"text/plain": type(self).__name__}, {}

    def twin(self) -> str:
        """Return the static HTML twin of the widget as it is now; empty for none."""
        return ""

    def _renew(self) -> None:
        """Have the notebook's static twin drawn again, at the end of the cell, task or message."""
        self.output.renew()

    # -- long work --------------------------------------------------------------------------------

    def _do(self, doing: str, task: Callable[[Report, threading.Event], T]) -> T:
        """Do `task` here and now, shown as at work, and return what it does."""
        return self._task.do(doing, task)

    def _work(
        self,
        doing: str,
        task: Callable[[Report, threading.Event], T],
        then: Callable[[T], None] = lambda _: None,
    ) -> None:
        """Do `task` in a thread, then give `then` what it returns; errors go to `error`."""
        self.error = ""

        def finish(result: T) -> None:
            then(result)
            self.output.flush()

        self._task.start(doing, task, then=finish, failed=self._failed)

    def stop(self) -> None:
        """Stop what is at work; within a second the widget is free again."""
        self._task.stop()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for what a click has started, at most `timeout` seconds; return whether it ended."""
        return self._task.wait(timeout)

    def _working(self, **state: Any) -> None:
        with self.hold_sync():
            for name, value in state.items():
                self.set_trait(name, value)

    def _failed(self, error: Exception) -> None:
        if not isinstance(error, Cancelled):
            self.error = _told(error)

    # -- to and from the page -------------------------------------------------------------------

    def _command(self, message: dict[str, Any], buffers: list[Any] | None = None) -> None:
        """Send a message; one that waits for a page gives way to a later one of its kind."""
        if self._heard:
            self.send(message, buffers=buffers)
        else:
            self._waiting = [m for m in self._waiting if m["kind"] != message["kind"]]
            self._waiting.append(message)

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Take over what the page reports, and nothing that is not for it to set."""
        with self._telling():
            foreign = sorted(set(sync_data) - self._from_page)
            if foreign:
                raise ParameterError("is not for the page to set", subject=", ".join(foreign))
            super().set_state(sync_data)

    def _on_message(self, _: object, content: Any, __: object) -> None:
        kind = str(content.get("kind")) if isinstance(content, dict) else "nothing"
        # An error of a task stays in view while the page fetches sounds.
        with self._telling(clear=kind not in {"hello", "media?", *ANSWERS}):
            if kind == "hello":
                self._heard = True
                waiting, self._waiting = self._waiting, []
                for message in waiting:
                    self.send(message)
            elif kind == "media?":
                # Encoding an hour of sound takes half a minute, and the kernel has other work.
                clip, asked = self._clip(str(content["uid"])), str(content["ask"])
                threading.Thread(target=self._send_media, args=(clip, asked), daemon=True).start()
            elif kind in ANSWERS:
                clip = self._clip(str(content["uid"]))
                answering = threading.Thread(target=self._answer, args=(clip, content), daemon=True)
                answering.start()
            elif kind == "stop":
                self.stop()
            else:
                self._handle(str(kind), content)
                self.output.flush_soon()

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

    def _answer(self, clip: Clip, content: dict[str, Any]) -> None:
        with self._telling():
            ask = {"ask": str(content["ask"])}
            try:
                message, data = ANSWERS[content["kind"]](clip, content)
            except WorkbenchError as error:
                self.send({"kind": "refused", "text": str(error), **ask})
                return
            self.send({**message, **ask}, buffers=[data])

    @contextmanager
    def _telling(self, *, clear: bool = False) -> Iterator[None]:
        """Put what goes wrong in here into the status line: no cell is there to show it."""
        if clear:  # before: what is started in here may fail at once, in its own thread
            self.error = ""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - also what a caller's own observers raise
            self.error = _told(error)


def _told(error: Exception) -> str:
    known = isinstance(error, WorkbenchError | t.TraitError)
    return one_line(str(error) if known else f"{type(error).__name__}: {error}")


def clip_state(clip: Clip) -> dict[str, Any]:
    """Return what the page's player needs of a clip: all but its media.

    Examples
    --------
    >>> import workbench as wb
    >>> from workbench.widgets import Clip
    >>> state = clip_state(Clip.of(wb.speak("Hello, world.")))
    >>> [word["text"] for word in state["words"]], len(state["peaks"])
    (['Hello,', 'world.'], 8000)
    """
    return {
        "kind": clip.kind,
        "uid": clip.uid,
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
        "peaks": clip.peaks(_COLUMNS).tobytes(),
        "exact": clip.exact,
        "size": list(clip.size),
        "fps": clip.fps,
        "silent": clip.silent,
        "src": clip.address,
        "version": clip.version,
    }
