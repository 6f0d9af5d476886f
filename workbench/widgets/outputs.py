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

__all__ = ["Bundle", "Output", "Publish", "flush"]

Bundle = tuple[dict[str, Any], dict[str, Any]]
"""Data by MIME type, and metadata by MIME type."""

_SOON = 1.0  # seconds after a message

_stale: weakref.WeakSet[Output] = weakref.WeakSet()


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
        self._lock = threading.Lock()

    def show(self, publish: Publish) -> None:
        """Publish the widget with its picture, then its twin."""
        panel = self._panel()
        if panel is None:
            return
        data, metadata = panel.still()
        view = (panel._repr_mimebundle_() or ({},))[0]
        publish({**view, **data}, metadata, transient={})
        self._publish = publish
        self._draw(panel, update=False)

    def renew(self) -> None:
        """Say that the twin is not what it should be."""
        if self._publish is not None:
            _stale.add(self)

    def flush(self) -> None:
        """Draw the twin again if that has been asked for."""
        with self._lock:
            if self not in _stale:
                return
            _stale.discard(self)
        panel = self._panel()
        if panel is not None:
            self._draw(panel, update=True)

    def flush_soon(self) -> None:
        """Draw it in a moment, once for all that happens until then."""
        if self not in _stale or (self._timer is not None and self._timer.is_alive()):
            return
        self._timer = threading.Timer(_SOON, self.flush)
        self._timer.daemon = True
        self._timer.start()

    def _draw(self, panel: Panel, *, update: bool) -> None:
        html = panel.twin()
        if self._publish is None or not html:
            return
        transient = {"display_id": f"wb-{panel.uid}"}
        if update:
            self._publish({"text/html": html}, {}, transient=transient, update=True)
        else:
            self._publish({"text/html": html}, {}, transient=transient)


def flush(*_: object) -> None:
    """Draw again all twins that are not what they should be: at the end of every cell."""
    for output in list(_stale):
        output.flush()
