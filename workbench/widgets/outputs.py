"""The two outputs of a widget in a notebook, and how the static one keeps up with the live one.

A twin is drawn again at the end of a cell and of a task, and a moment after a message of the page:
never for each key that somebody types.
"""

from __future__ import annotations

import threading
import weakref
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from workbench.widgets.panel import Panel

__all__ = ["Bundle", "Output", "Publish", "flush", "sendable"]

Bundle = tuple[dict[str, Any], dict[str, Any]]
"""Data by MIME type, and metadata by MIME type."""

_SOON = 1.0  # seconds after a message

_stale: weakref.WeakSet[Output] = weakref.WeakSet()
_guard = threading.Lock()  # over it, and over who draws next: cells, tasks and timers come together


class Publish(Protocol):
    """What shows an output: the `publish` of IPython's display publisher, or a stand-in."""

    def __call__(
        self,
        data: dict[str, Any],
        metadata: dict[str, Any],
        *,
        transient: dict[str, Any],
        update: bool = False,
    ) -> object:
        """Show `data`."""


class Output:
    """Where a widget is shown; nowhere, at first."""

    def __init__(self, panel: Panel) -> None:
        self._panel = weakref.ref(panel)
        self._publish: Publish | None = None
        self._timer: threading.Timer | None = None
        self._drawing = threading.Lock()  # what is drawn later is shown later

    def show(self, publish: Publish) -> None:
        """Publish the widget with its picture, then its twin."""
        panel = self._panel()
        if panel is None:
            return
        data, metadata = panel.still()
        view = (panel._repr_mimebundle_() or ({},))[0]
        publish({**view, **data}, metadata, transient={})
        self._publish = publish
        self._draw(panel, (data, metadata), update=False)

    def renew(self) -> None:
        """Say that the twin is not what it should be."""
        if self._publish is not None:
            with _guard:
                _stale.add(self)

    def flush(self) -> None:
        """Draw the twin again if that has been asked for; what goes wrong is said in the widget."""
        with self._drawing:
            with _guard:
                if self not in _stale:
                    return
                _stale.discard(self)
            panel = self._panel()
            if panel is None:
                return
            try:
                self._draw(panel, None, update=True)
            except Exception as error:  # noqa: BLE001 - a timer has nobody to tell
                panel._failed(error)  # noqa: SLF001 - an output is a part of its panel

    def flush_soon(self) -> None:
        """Draw it in a moment, once for all that happens until then."""
        with _guard:
            if self not in _stale or self._timer is not None:
                return
            self._timer = threading.Timer(_SOON, self._due)
        self._timer.daemon = True
        self._timer.start()

    def _due(self) -> None:
        with _guard:
            self._timer = None  # what comes while this is drawn has to be drawn after it
        self.flush()

    def _draw(self, panel: Panel, still: Bundle | None, *, update: bool) -> None:
        html = panel.twin()
        if self._publish is None or not html:
            return
        if "<img" not in html and "<video" not in html:  # it has no picture of its own
            html = _pictured(panel.uid, panel.still() if still is None else still) + html
        data = {"text/html": sendable(html)}
        transient = {"display_id": f"wb-{panel.uid}"}
        if update:
            self._publish(data, {}, transient=transient, update=True)
        else:
            self._publish(data, {}, transient=transient)


def sendable(html: str) -> str:
    r"""Return HTML without halves of surrogate pairs: Jupyter would not send a message with one.

    Examples
    --------
    >>> sendable("<p>\ud83d, 2</p>")
    '<p>?, 2</p>'
    """
    return html.encode(errors="replace").decode()


def _pictured(uid: str, still: Bundle) -> str:
    """Return the picture of the first output again, seen only where that output shows none.

    A notebook that its reader trusts, opened without its kernel, has "model not found" in its
    place, and nbconvert draws no picture beside a widget whose state was saved. Where the reader
    does not trust it the rules are taken away, the picture is of no size, and the first output
    shows it.
    """
    png = still[0].get("image/png")
    if not png:
        return ""
    width = still[1].get("image/png", {}).get("width", 720)
    child = ".jp-OutputArea-child"
    size = f"width:{width}px!important;max-width:100%;height:auto!important"
    shown = f"{child}:not(:has(.jp-RenderedImage)) + {child} .wb-{uid} .wb-still{{{size}}}"
    lost = f"{child}:has(+ {child} .wb-{uid}) .jupyter-widgets:not(:has(*)){{display:none}}"
    image = f'<img class="wb-still" width="0" height="0" alt="" src="data:image/png;base64,{png}">'
    return f'<div class="wb-{uid}"><style>{shown}{lost}</style>{image}</div>'


def flush(*_: object) -> None:
    """Draw again all twins that are not what they should be: at the end of every cell."""
    with _guard:
        waiting = list(_stale)
    for output in waiting:
        output.flush()
