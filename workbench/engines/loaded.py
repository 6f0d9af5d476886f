"""Models that are loaded once, however many threads ask for them.

A model takes seconds to load and a gigabyte to keep: the system before this one loaded Chatterbox
for every call, and two threads that ask at once load twice where nobody watches.
"""

from __future__ import annotations

import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable, Hashable
from itertools import count
from typing import Any, Generic, TypeVar

from workbench.engines import hardware

__all__ = ["Loaded", "drop_oldest", "keep", "loads", "standing"]

Key = TypeVar("Key", bound=Hashable)
Model = TypeVar("Model")

_all: weakref.WeakSet[Loaded[Any, Any]] = weakref.WeakSet()
_uses = count(1)
_least = [1]  # models that each keeps, where it is not told to keep more


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
        self._limit = max(1, limit, _least[0])
        self._models: OrderedDict[Key, Model] = OrderedDict()
        self._used: dict[Key, int] = {}
        self._keys: dict[Key, threading.Lock] = {}
        self._lock = threading.Lock()  # held for moments, never while something loads
        self._room = threading.BoundedSemaphore(self._limit)
        self._emptied = 0  # how often `unload` was called
        _all.add(self)

    def get(self, key: Key) -> Model:
        """Return the model of `key`, loaded now if it is not there.

        Raises
        ------
        Exception
            Whatever loading it raised.
        """
        with self._lock:
            if key in self._models:
                return self._found(key)
            one = self._keys.setdefault(key, threading.Lock())
        with one, self._room:
            with self._lock:
                if key in self._models:  # somebody else was quicker
                    return self._found(key)
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
                    self._used[key] = next(_uses)
            return model

    def unload(self) -> None:
        """Keep none any longer and give their memory back; the next call loads again."""
        with self._lock:
            self._emptied += 1
            self._trim(0)
        hardware.release()

    def uses(self) -> dict[Key, int]:
        """Return what is kept, and when it was last asked for: larger is later."""
        with self._lock:
            return {key: self._used[key] for key in self._models}

    def drop(self, key: Key) -> None:
        """Keep the model of a key no longer, if it is kept."""
        with self._lock:
            self._models.pop(key, None)

    def _found(self, key: Key) -> Model:
        self._models.move_to_end(key)
        self._used[key] = next(_uses)
        return self._models[key]

    def _trim(self, most: int) -> None:
        while len(self._models) > most:
            self._models.popitem(last=False)


def keep(models: int) -> None:
    """Have every `Loaded` that is made from now on keep at least so many models."""
    _least[0] = models


def standing() -> tuple[str, ...]:
    """Return what this process has loaded, the longest unused first."""
    return tuple(_told(key) for _, _, key in _by_use())


def loads() -> int:
    """Return how often something was loaded in this process."""
    return sum(one.loads for one in list(_all))


def drop_oldest() -> str:
    """Keep the model that is unused longest no longer; return what it was, empty without one.

    Examples
    --------
    >>> first, second = Loaded(str.upper), Loaded(str.lower)
    >>> first.get("Old"), second.get("New")
    ('OLD', 'new')
    >>> while drop_oldest() != "Old": pass
    >>> standing()
    ('New',)
    """
    found = _by_use()
    if not found:
        return ""
    _, one, key = found[0]
    one.drop(key)
    hardware.release()
    return _told(key)


def _by_use() -> list[tuple[int, Loaded[Any, Any], Any]]:
    found = [(used, one, key) for one in list(_all) for key, used in one.uses().items()]
    return sorted(found, key=lambda item: item[0])


def _told(key: object) -> str:
    return " ".join(map(str, key)) if isinstance(key, tuple) else str(key)
