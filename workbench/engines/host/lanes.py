"""Who is next: one queue for each model, in which those who ask take turns."""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

__all__ = ["Lane"]


class Lane:
    """The work for one model, done one piece at a time by a thread of its own.

    Whoever has much to do waits for the others after each piece: the next one who asks is served
    after at most one piece of each who asked before.

    Parameters
    ----------
    name
        Of the thread.

    Examples
    --------
    >>> order, go, done = [], threading.Event(), threading.Event()
    >>> lane = Lane("example")
    >>> for client, work in [("a", go.wait), ("a", lambda: order.append("a")),
    ...                      ("b", lambda: order.append("b")), ("a", done.set)]:
    ...     lane.put(client, work)
    >>> go.set(); done.wait(60), sorted(order)
    (True, ['a', 'b'])
    """

    def __init__(self, name: str) -> None:
        self._waiting: OrderedDict[Hashable, deque[Callable[[], object]]] = OrderedDict()
        self._changed = threading.Condition()
        threading.Thread(target=self._run, name=name, daemon=True).start()

    def put(self, client: Hashable, work: Callable[[], object]) -> None:
        """Have a piece of work done when it is this client's turn; it must not raise."""
        with self._changed:
            self._waiting.setdefault(client, deque()).append(work)
            self._changed.notify()

    def __len__(self) -> int:
        with self._changed:
            return sum(map(len, self._waiting.values()))

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._waiting:
                    self._changed.wait()
                client, works = self._waiting.popitem(last=False)
                work = works.popleft()
                if works:
                    self._waiting[client] = works  # behind all the others
            work()
            del work  # it holds what it made
