"""Models that are loaded once, however many threads ask for them.

A model takes seconds to load and a gigabyte to keep: the system before this one loaded Chatterbox
for every call, and two threads that ask at once load twice where nobody watches.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from workbench.engines import hardware

__all__ = ["Loaded"]

Key = TypeVar("Key", bound=Hashable)
Model = TypeVar("Model")


class Loaded(Generic[Key, Model]):
    """Models by key, each loaded at its first use and kept until another needs the room.

    Any thread may ask at any time. Whoever was given a model keeps it for as long as they hold it:
    neither `unload` nor another key takes it from them, they only end its being kept here.

    Parameters
    ----------
    load
        Makes the model of a key. It may fail: the next one who asks tries again.
    limit
        How many models are kept at once, at least 1, and how many are loaded at once. The one that
        was asked for the longest ago goes before another is loaded, so that there is room.

    Examples
    --------
    >>> words = Loaded(str.upper)
    >>> words.get("a"), words.get("a"), words.loads
    ('A', 'A', 1)
    >>> words.get("b"), words.get("a"), words.loads  # each took the room of the other
    ('B', 'A', 3)
    """

    def __init__(self, load: Callable[[Key], Model], *, limit: int = 1) -> None:
        self.loads = 0
        """How often something was loaded; a failure does not count."""
        self._load = load
        self._limit = max(1, limit)
        self._models: OrderedDict[Key, Model] = OrderedDict()
        self._keys: dict[Key, threading.Lock] = {}
        self._lock = threading.Lock()  # held for moments, never while something loads
        self._room = threading.BoundedSemaphore(self._limit)
        self._emptied = 0  # how often `unload` was called

    def get(self, key: Key) -> Model:
        """Return the model of `key`, loaded now if it is not there.

        Raises
        ------
        Exception
            Whatever loading it raised.
        """
        with self._lock:
            if key in self._models:
                self._models.move_to_end(key)
                return self._models[key]
            one = self._keys.setdefault(key, threading.Lock())
        with one, self._room:
            with self._lock:
                if key in self._models:  # somebody else was quicker
                    self._models.move_to_end(key)
                    return self._models[key]
                emptied = self._emptied
                crowded = len(self._models) >= self._limit
                self._trim(self._limit - 1)
            if crowded:
                hardware.release()
            model = self._load(key)
            with self._lock:
                self.loads += 1
                if emptied == self._emptied:  # else it was not to be kept any more
                    self._trim(self._limit - 1)
                    self._models[key] = model
            return model

    def unload(self) -> None:
        """Keep none any longer and give their memory back; the next call loads again."""
        with self._lock:
            self._emptied += 1
            self._trim(0)
        hardware.release()

    def _trim(self, most: int) -> None:
        while len(self._models) > most:
            self._models.popitem(last=False)
