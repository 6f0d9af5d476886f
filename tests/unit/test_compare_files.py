"""A comparison as a file: continued exactly, with its own sounds only, and safe to open."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from workbench.audio import Audio
from workbench.errors import ParameterError, StorageError, WorkbenchError
from workbench.speech import json_file, session_file
from workbench.speech.compare import Comparison, pool

if TYPE_CHECKING:
    from pathlib import Path

HOSTILE = "<img src=x onerror=alert(1)>\u202e\ud800\0'\"&amp;"


def noise(seed: int) -> Audio:
    """Sound that 16 bits cannot hold."""
    samples = np.random.default_rng(seed).uniform(-0.5, 0.5, (4_000, 1)).astype(np.float32)
    return Audio(samples=samples, rate=8_000)


TAKES = {"old": noise(1), HOSTILE: noise(2)}


@pytest.fixture
def session() -> Comparison:
    return Comparison.of(TAKES, rounds=4, seed=3, ties=True, listener=HOSTILE).answer(
        "A", seconds=1.5
    )


def test_a_session_goes_on_exactly_where_it_was_left(session: Comparison, tmp_path: Path) -> None:
    path = session.save(tmp_path / "a.json")
    found = Comparison.load(path, takes=TAKES)
    assert found == session
    assert found.current == session.current
    for label, sound in session.heard.items():
        assert found.heard[label] == sound
    one, two = (s.answer("B").answer("none").tally() for s in (session, found))
    assert one == two


def test_takes_are_known_by_their_sound_in_any_order(session: Comparison, tmp_path: Path) -> None:
    path = session.save(tmp_path / "a.json")
    assert Comparison.load(path, takes=[TAKES[HOSTILE], TAKES["old"]]).takes == session.takes


@pytest.mark.parametrize(
    ("takes", "problem"),
    [
        ({"old": noise(1)}, "lack the sound"),
        ({"old": noise(9), HOSTILE: noise(2)}, "another sound"),
        ({"old": noise(2), HOSTILE: noise(1)}, "another sound"),  # changed over
        ({"odl": noise(1), HOSTILE: noise(2)}, "did you mean 'old'"),
        ([noise(1), noise(9)], "lack the sound"),
        ([], "lack the sound"),
    ],
)
def test_wrong_takes_are_refused(
    session: Comparison, tmp_path: Path, takes: Any, problem: str
) -> None:
    path = session.save(tmp_path / "a.json")
    with pytest.raises(ParameterError, match=problem) as caught:
        Comparison.load(path, takes=takes)
    assert str(path) in str(caught.value)


def test_sounds_can_be_kept_beside_to_the_last_bit(session: Comparison, tmp_path: Path) -> None:
    path = session.save(tmp_path / "a.json", sounds=True)
    found = Comparison.load(path)
    assert found.takes == session.takes
    names = [entry.name for entry in (tmp_path / "a.sounds").iterdir()]
    assert sorted(names) == sorted(f"{digest}.wav" for digest in session.digests.values())
    assert found.answer("A").save(path, sounds=True) == path  # nothing to write again


def test_sounds_that_were_changed_are_refused(session: Comparison, tmp_path: Path) -> None:
    path = session.save(tmp_path / "a.json", sounds=True)
    folder = tmp_path / "a.sounds"
    noise(9).write(folder / f"{session.digests['old']}.wav")
    with pytest.raises(ParameterError, match="another sound"):
        Comparison.load(path)
    (folder / f"{session.digests['old']}.wav").write_bytes(b"RIFF")
    with pytest.raises(ParameterError, match="has no sound for 'old'"):
        Comparison.load(path)
    assert Comparison.load(path, takes=TAKES) == session


def test_without_sounds_it_can_be_counted_not_heard(session: Comparison, tmp_path: Path) -> None:
    found = Comparison.load(session.save(tmp_path / "a.json"))
    assert found.tally() == session.tally()
    assert pool([found, Comparison.of(TAKES, ties=True)]).listeners == 2
    with pytest.raises(ParameterError, match="without its sounds"):
        _ = found.heard
    with pytest.raises(ParameterError, match="without its sounds"):
        found.save(tmp_path / "b.json", sounds=True)
    assert not (tmp_path / "b.json").exists()


def test_a_failed_save_leaves_what_was_there(
    session: Comparison, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = session.save(tmp_path / "a.json")
    before = path.read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(json_file, "write_bytes", full)
    with pytest.raises(StorageError, match="no space left"):
        session.answer("A").save(path)
    assert path.read_bytes() == before


def test_what_is_no_file_is_said_so(tmp_path: Path) -> None:
    for path in (tmp_path / "none.json", tmp_path):
        with pytest.raises(StorageError, match="no such file"):
            Comparison.load(path)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"text"',
        b"\xff\xfe\x00",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"version": ' + b"9" * 10_000 + b"}",
        b"{}",
        b'{"format": "workbench comparison"}',
        b'{"format": "workbench comparison", "version": 2}',
        b'{"format": "workbench comparison", "version": 1}',
    ],
)
def test_broken_files_give_one_clear_error(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(raw)
    with pytest.raises(ParameterError) as caught:
        Comparison.load(path)
    assert caught.value.subject == str(path)
    assert "\n" not in str(caught.value)


def test_a_huge_file_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_file, "_LARGEST", 100)
    path = tmp_path / "a.json"
    path.write_bytes(b" " * 101)
    with pytest.raises(ParameterError, match="larger than"):
        Comparison.load(path)


def changed(data: dict[str, Any], path: str, value: Any) -> str:
    """Return the JSON of `data` with one place changed; a value of DROP takes it out."""
    copy = json.loads(json.dumps(data))
    *way, last = path.split("/")
    place = copy
    for step in way:
        place = place[int(step)] if isinstance(place, list) else place[step]
    key: Any = int(last) if isinstance(place, list) else last
    if value is DROP:
        del place[key]
    else:
        place[key] = value
    return json.dumps(copy)


DROP = object()
ANYTHING: tuple[Any, ...] = (
    DROP,
    None,
    True,
    -1,
    2**80,
    1e999,
    float("nan"),
    "",
    "x",
    [],
    {},
    [[]],
    {"a": {}},
)
PLACES = (
    "format",
    "version",
    "uid",
    "kind",
    "digests",
    "digests/old",
    "rounds",
    "seed",
    "ties",
    "listener",
    "stopped",
    "levels",
    "levels/rate",
    "levels/channels",
    "levels/frames",
    "levels/loudness",
    "levels/gains",
    "levels/gains/old",
    "trials",
    "trials/0",
    "trials/0/uid",
    "trials/0/a",
    "trials/0/b",
    "trials/0/x",
    "trials/3/x",
    "answers",
    "answers/0",
    "answers/0/trial",
    "answers/0/choice",
    "answers/0/seconds",
)
# What is right in its place, or means the same there.
FINE = {
    ("answers", "[]"),
    ("answers/0/seconds", "None"),
    ("levels/loudness", "None"),
    ("levels/loudness", "-1"),
    ("levels/gains/old", "-1"),
    ("listener", "''"),
    ("listener", "'x'"),
    ("ties", "True"),
    ("stopped", "True"),
    ("trials/0/x", "''"),
    ("trials/3/x", "''"),
    ("answers/0", "<DROP>"),
}


@pytest.mark.parametrize("place", PLACES)
def test_anything_in_any_place_is_one_error_of_the_package(
    session: Comparison, tmp_path: Path, place: str
) -> None:
    data = session.to_dict()
    path = tmp_path / "a.json"
    for value in ANYTHING:
        path.write_text(changed(data, place, value))
        name = "<DROP>" if value is DROP else repr(value)
        if (place, name) in FINE:
            Comparison.load(path).tally()
            continue
        with pytest.raises(WorkbenchError) as caught:
            Comparison.load(path)
        assert isinstance(caught.value, ParameterError), (place, value)
        assert caught.value.subject == str(path)


def test_parts_that_do_not_go_together_are_refused(session: Comparison, tmp_path: Path) -> None:
    data = session.to_dict()
    first = data["trials"][0]
    answer = data["answers"][0]
    path = tmp_path / "a.json"
    for place, value in (
        ("trials/0/b", first["a"]),
        ("trials/1/uid", first["uid"]),
        ("trials/0/x", first["a"]),  # in ab
        ("kind", "abx"),
        ("answers", [answer] * 5),
        ("answers/0/trial", data["trials"][1]["uid"]),
        ("digests/new", "0" * 64),
        ("trials", []),
    ):
        path.write_text(changed(data, place, value))
        with pytest.raises(ParameterError) as caught:
            Comparison.load(path)
        assert caught.value.subject == str(path), place
    path.write_text(changed(changed_ties(data), "answers/0/choice", "none"))
    with pytest.raises(ParameterError, match="none"):
        Comparison.load(path)


def changed_ties(data: dict[str, Any]) -> dict[str, Any]:
    return {**data, "ties": False}
