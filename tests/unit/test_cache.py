from __future__ import annotations

import json
import logging
import os
import random
from typing import TYPE_CHECKING

import numpy as np
import pytest

import workbench as wb
from workbench.audio import Audio
from workbench.storage import cache as storage
from workbench.storage.cache import TakeCache, key
from workbench.take import Take
from workbench.timing import Word
from workbench.voice import Voice

if TYPE_CHECKING:
    from pathlib import Path

PARTS = {
    "engine": "tone",
    "voice": "a",
    "options": {"rate": 1, "x": 0.5},
    "seed": None,
    "text": "a",
}


def make_take(text: str = "hola", frames: int = 50) -> Take:
    return Take(
        text=text,
        audio=Audio(samples=np.linspace(-1, 1, frames), rate=8000),
        words=(Word(text=text, start=0, end=frames / 8000, space=False),),
        voice=Voice(engine="tone", name="high"),
        options={"pace": 100},
        seed=3,
        warnings=("añadido",),
    )


@pytest.fixture
def kept(tmp_path: Path) -> TakeCache:
    return TakeCache(tmp_path / "cache")


@pytest.mark.parametrize(
    "change",
    [
        {"text": "A"},
        {"text": "a "},
        {"text": "\ud800"},
        {"voice": "b"},
        {"engine": "tones"},
        {"seed": 0},
        {"options": {"rate": 2, "x": 0.5}},
        {"options": {"rate": 1, "x": 0.5000001}},
        {"options": {"rate": 1.0, "x": 0.5}},
        {"version": "2"},
    ],
)
def test_the_slightest_difference_is_another_key(change: dict[str, object]):
    assert key({**PARTS, **change}) != key(PARTS)


def test_the_order_of_the_parts_is_no_difference():
    assert key(dict(reversed(PARTS.items()))) == key(PARTS)


def test_a_take_comes_back_as_it_was(kept: TakeCache):
    take = make_take("¿qué? 你好")
    assert kept.get("ab" * 32) is None
    kept.put("ab" * 32, take)
    assert TakeCache(kept.folder).get("ab" * 32) == take


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Pay one hundred now", "Pay nine hundred now"),
        ("The dog bit the man", "The man bit the dog"),
        ("Let's eat, grandma", "Let's eat grandma"),
        ("No. Stop it.", "No, stop it!"),
        ("I can do it", "I can't do it"),
    ],
)
def test_a_similar_sentence_is_spoken_anew(tone, one: str, other: str):
    """The old cache compared words by likeness and returned the recording of another sentence."""
    wb.speak(one, "tone:high")
    second = wb.speak(other, "tone:high")
    assert tone.calls == [one, other]
    assert second.parts[0].take.text == other
    assert [w.text for w in second.words] == other.split()


def test_the_same_words_are_spoken_once(tone):
    for seed in (1, 1, 2):
        wb.speak("Said once.", "tone:high", seed=seed)
    assert tone.seeds == [1, 2]
    wb.speak("Said once.", "tone:high", seed=1, cache=False)
    wb.speak("Said once.", "tone:high", seed=1, pace=150)
    wb.speak("Said once.", "tone:low", seed=1)
    assert len(tone.calls) == 5


# -- damage -----------------------------------------------------------------------------------


def only_entry(folder: Path) -> Path:
    (path,) = folder.rglob("*.npz")
    return path


@pytest.mark.faults
def test_no_damage_is_ever_spoken_or_raised(kept: TakeCache, caplog):
    name, take = "cd" * 32, make_take()
    kept.put(name, take)
    path = only_entry(kept.folder)
    whole = path.read_bytes()
    chance = random.Random(1)  # noqa: S311 - the same damage in every run
    damaged = [whole[:cut] for cut in range(0, len(whole), 97)]
    for place in range(0, len(whole), 7):
        torn = bytearray(whole)
        torn[place] ^= chance.randrange(1, 256)
        damaged.append(bytes(torn))
    with caplog.at_level(logging.CRITICAL):
        for content in damaged:
            path.write_bytes(content)
            found = kept.get(name)
            assert found is None or found == take
            assert path.exists() == (found is not None) or content == b""
            path.unlink(missing_ok=True)


def test_a_damaged_entry_is_removed_and_spoken_again(tone, tmp_path: Path, monkeypatch):
    monkeypatch.setenv(storage.VARIABLE, str(tmp_path))
    first = wb.speak("Once more.", "tone:high")
    path = only_entry(tmp_path)
    path.write_bytes(path.read_bytes()[:200])
    assert wb.speak("Once more.", "tone:high") == first
    assert len(tone.calls) == 2
    assert wb.speak("Once more.", "tone:high") == first
    assert len(tone.calls) == 2


def test_an_entry_that_cannot_be_read_just_now_is_kept(kept: TakeCache, monkeypatch):
    kept.put("ab" * 32, make_take())

    def denied(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(np, "load", denied)
        assert kept.get("ab" * 32) is None
    assert kept.get("ab" * 32) == make_take()


def test_an_entry_of_another_shape_is_removed(kept: TakeCache):
    path = kept._path("ab" * 32)
    path.parent.mkdir(parents=True)
    for about in ("[]", "3", "{}", "{", json.dumps({"text": "x"})):
        np.savez(path, samples=np.zeros((5, 1)), rate=np.array(8000), about=np.array(about))
        assert kept.get("ab" * 32) is None
        assert not path.exists()


def test_code_in_an_entry_is_not_run(kept: TakeCache, tmp_path: Path):
    class Evil:
        def __reduce__(self) -> tuple[object, ...]:
            return os.mkdir, (str(tmp_path / "pwned"),)

    path = kept._path("ab" * 32)
    path.parent.mkdir(parents=True)
    about = np.array(json.dumps(make_take().describe()))
    np.savez(path, samples=np.array([Evil()], dtype=object), rate=np.array(8000), about=about)
    assert kept.get("ab" * 32) is None
    assert not (tmp_path / "pwned").exists()


def test_a_cache_that_cannot_be_written_costs_time_and_no_result(
    tone, tmp_path, monkeypatch, caplog
):
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv(storage.VARIABLE, str(tmp_path / "file" / "takes"))
    for _ in range(2):
        assert wb.speak("Still here.", "tone:high").words[0].text == "Still"
    assert len(tone.calls) == 2
    assert "the take cache cannot be written" in caplog.text


# -- size -------------------------------------------------------------------------------------


def test_the_least_recently_used_go_first(tmp_path: Path):
    cache = TakeCache(tmp_path, limit=10**9)
    names = [f"{i:02x}" * 32 for i in range(10)]
    for age, name in enumerate(reversed(names)):
        cache.put(name, make_take(frames=1000))
        os.utime(cache._path(name), (10**9 - age, 10**9 - age))
    size = cache._path(names[0]).stat().st_size
    assert cache.get(names[0]) is not None  # used now, though it was the oldest
    writing = tmp_path / "00" / ".wb-1-0a0b0c0d-0a0b0c0d-part.npz"
    writing.write_bytes(b"x")
    cache.limit = 5 * size
    assert cache.trim() == 6
    left = [name for name in names if cache._path(name).exists()]
    assert left == [names[0], *names[-3:]]
    assert writing.exists()
    assert cache.trim() == 0


def test_a_cache_stays_near_its_limit_however_little_each_process_writes(tmp_path: Path):
    for i in range(12):
        TakeCache(tmp_path, limit=20_000).put(f"{i:02x}" * 32, make_take(frames=1000))
    assert sum(path.stat().st_size for path in tmp_path.rglob("*.npz")) <= 20_000


def test_the_folder_is_named_by_a_variable(monkeypatch, tmp_path: Path):
    monkeypatch.setenv(storage.VARIABLE, "~/some takes")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert TakeCache().folder == tmp_path / "some takes"
    monkeypatch.delenv(storage.VARIABLE)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert TakeCache().folder.is_relative_to(tmp_path)
