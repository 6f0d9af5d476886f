from __future__ import annotations

import gc
import threading
import weakref

import pytest

from workbench.engines import loaded
from workbench.engines.loaded import Loaded


class Weights:
    """Something whose end can be seen."""


def ask(models: Loaded, keys: list[str]) -> list[object]:
    """What threads get that ask for these keys at the same moment."""
    start = threading.Barrier(len(keys))
    answers: list[object] = [None] * len(keys)

    def one(place: int, key: str) -> None:
        start.wait()
        try:
            answers[place] = models.get(key)
        except RuntimeError as error:
            answers[place] = error

    threads = [threading.Thread(target=one, args=pair) for pair in enumerate(keys)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_eight_threads_that_ask_at_once_load_one_model():
    """The system before this one loaded Chatterbox anew for every call.

    With the lock of a key taken away, the eight threads load eight models here.
    """
    everybody_is_here = threading.Event()

    def load(key: str) -> Weights:
        everybody_is_here.wait(0.2)  # long enough for all to ask before the first is served
        return Weights()

    models = Loaded(load, limit=8)  # so that only the lock of the key holds them back
    answers = ask(models, ["a"] * 8)
    assert models.loads == 1
    assert len({id(answer) for answer in answers}) == 1
    assert models.get("a") is answers[0]
    assert models.loads == 1


def test_a_key_that_is_loaded_does_not_wait_for_another_one():
    loading, go_on = threading.Event(), threading.Event()

    def load(key: str) -> str:
        if key == "slow":
            loading.set()
            assert go_on.wait(20)
        return key

    models = Loaded(load, limit=2)
    assert models.get("quick") == "quick"
    thread = threading.Thread(target=models.get, args=("slow",))
    thread.start()
    assert loading.wait(20)
    assert models.get("quick") == "quick"
    go_on.set()
    thread.join()
    assert models.loads == 2


def test_a_failed_load_is_tried_again_by_the_next_who_asks():
    tries = []

    def load(key: str) -> str:
        tries.append(key)
        if len(tries) == 1:
            raise RuntimeError("cut short")
        return key

    models = Loaded(load)
    with pytest.raises(RuntimeError, match="cut short"):
        models.get("a")
    assert models.get("a") == "a"
    assert models.loads == 1
    tries.clear()
    models.unload()
    answers = ask(models, ["a"] * 8)
    assert len([answer for answer in answers if isinstance(answer, RuntimeError)]) == 1
    assert answers.count("a") == 7
    assert len(tries) == 2


def test_the_one_not_asked_for_the_longest_gives_room_before_the_next_is_loaded():
    kept: dict[str, weakref.ref[Weights]] = {}
    alive: list[list[str]] = []

    def load(key: str) -> Weights:
        gc.collect()
        alive.append(sorted(name for name, one in kept.items() if one() is not None))
        made = Weights()
        kept[key] = weakref.ref(made)
        return made

    models = Loaded(load, limit=2)
    for key in ("a", "b", "a", "c", "a", "b"):
        models.get(key)
    assert alive == [[], ["a"], ["a"], ["a"]]
    assert models.loads == 4


def test_keys_that_are_asked_for_at_once_do_not_exceed_the_limit():
    now, most, lock = 0, 0, threading.Lock()

    def load(key: str) -> str:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        threading.Event().wait(0.01)
        with lock:
            now -= 1
        return key

    models = Loaded(load, limit=2)
    keys = list("abcdefgh")
    assert ask(models, keys) == keys
    assert most <= 2
    assert len(models._models) == 2


def test_unloading_takes_nothing_from_those_who_use_it():
    models = Loaded(lambda _: Weights())
    held = models.get("a")
    ghost = weakref.ref(held)
    models.unload()
    assert ghost() is held
    assert models.get("a") is not held
    del held
    gc.collect()
    assert ghost() is None, "nothing here keeps what was unloaded"
    assert models.loads == 2


def test_what_is_unloaded_while_it_loads_is_not_kept():
    loading, go_on = threading.Event(), threading.Event()

    def load(key: str) -> Weights:
        loading.set()
        assert go_on.wait(20)
        return Weights()

    models = Loaded(load)
    answers: list[Weights] = []
    thread = threading.Thread(target=lambda: answers.append(models.get("a")))
    thread.start()
    assert loading.wait(20)
    models.unload()
    go_on.set()
    thread.join()
    assert isinstance(answers[0], Weights)
    assert not models._models


def test_the_memory_of_the_device_is_given_back(monkeypatch):
    freed = []
    monkeypatch.setattr(loaded.hardware, "release", lambda: freed.append(1))
    models = Loaded(str.upper)
    models.get("a")
    assert not freed
    models.get("b")
    assert len(freed) == 1
    models.unload()
    assert len(freed) == 2
