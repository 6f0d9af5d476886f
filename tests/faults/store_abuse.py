"""What a process of its own does to a store: run as ``python store_abuse.py WHAT FOLDER``.

It imports once and forks then, so that fifty processes can be killed in a second or two. What it
finds it writes as one line of JSON.
"""

from __future__ import annotations

import json
import os
import random
import resource
import signal
import sys
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.errors import StorageFull, WorkbenchError
from workbench.storage.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable

_HEAD = 10


def judge(path: Path, asked: str, name: str) -> tuple[str, str]:
    return "audio", ".wav"


def content(chance: random.Random, most: int) -> bytes:
    """Return bytes that say how many they are, and are all alike."""
    size = chance.randint(0, most)
    return b"A%09d" % size + bytes([chance.randint(0, 255)]) * size


def whole(data: bytes) -> bool:
    alike = len(set(data[_HEAD:])) <= 1
    return len(data) >= _HEAD and int(data[1:_HEAD]) == len(data) - _HEAD and alike


def left(store: Store) -> list[str]:
    work = store.folder / ".store" / "work"
    return [path.name for path in work.iterdir()] if work.exists() else []


def forked(work: Callable[[], None]) -> int:
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException:  # noqa: BLE001 - told, and the parent sees it
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    return child


def kills(store: Store) -> dict[str, object]:
    """Kill a process that keeps files at 50 moments; look at what is there after each."""
    chance = random.Random(5)  # noqa: S311 - the same moments in every run
    keys = [store.put(content(chance, 1000), name="k").id for _ in range(5)]
    torn, looked, most = 0, 0, 0
    for turn in range(50):
        told, tell = os.pipe()

        def work(turn: int = turn, tell: int = tell) -> None:
            mine = random.Random(turn)  # noqa: S311
            while True:
                key = mine.choice([*keys, None])
                store.put(content(mine, 400_000), name="n", file_id=key)
                os.write(tell, b"x")

        child = forked(work)
        os.read(told, 1)
        time.sleep(chance.uniform(0, 0.01))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(told), os.close(tell)
        for file in store.list():
            looked += 1
            torn += not whole(store.get(file.id))
        most = max(most, len(left(store)))
    killed = left(store)
    store.sweep()
    names = {path.name for path in (store.folder / ".store" / "names").iterdir()}
    return {
        "torn": torn,
        "looked": looked,
        "most": most,
        "killed": len(killed),
        "left": left(store),
        "orphans": len(names - {f"{file.id}.json" for file in store.list()}),
    }


def crowd(store: Store) -> dict[str, object]:
    """Replace 20 files by 8 processes, 250 times each, while 2 read them."""
    chance = random.Random(1)  # noqa: S311
    keys = [store.put(content(chance, 10_000)).id for _ in range(20)]

    def write(seed: int) -> None:
        mine = random.Random(seed)  # noqa: S311
        for _ in range(250):
            store.put(content(mine, 60_000), file_id=mine.choice(keys), name=f"{seed}")

    done, end = os.pipe()
    told, tell = os.pipe()

    def read(seed: int) -> None:
        os.close(end)
        os.set_blocking(done, False)
        mine = random.Random(seed)  # noqa: S311
        reads = torn = 0
        while True:
            key = mine.choice(keys)
            torn += not whole(store.get(key))
            with store.reading(key) as path:
                torn += not whole(path.read_bytes())
            reads += 2
            try:
                os.read(done, 1)
                break
            except BlockingIOError:
                continue
        os.write(tell, b"%d %d\n" % (reads, torn))

    readers = [forked(lambda seed=seed: read(seed)) for seed in (91, 92)]
    writers = [forked(lambda seed=seed: write(seed)) for seed in range(8)]
    codes = [os.waitpid(child, 0)[1] for child in writers]
    os.close(end)
    codes += [os.waitpid(child, 0)[1] for child in readers]
    os.close(tell)
    with os.fdopen(told) as lines:
        found = [list(map(int, line.split())) for line in lines]
    return {
        "codes": codes,
        "reads": sum(reads for reads, _ in found),
        "torn": sum(torn for _, torn in found),
        "files": len(store.list()),
        "left": left(store),
    }


def cleaners(store: Store) -> dict[str, object]:
    """Clean up 20 times while 20 processes are at work on files that are old."""
    ready, tell = os.pipe()
    end, hold = os.pipe()
    hour = time.time() - 3600
    unused = [store.put(b"A%09d" % 0).id for _ in range(30)]

    def job() -> None:
        os.close(hold)
        file = store.put(b"A%09d" % 3 + b"xxx")
        output = store.new_id("audio", ".wav")
        with store.reading(file.id) as path, store.scratch() as folder:
            (folder / "part").write_bytes(b"half of the work")
            os.utime(folder / "part", (hour, hour))
            os.utime(store.path(file.id), (hour, hour))
            with store.writing(output) as part:
                part.write_bytes(b"A%09d" % 1)
                os.utime(part, (hour, hour))
                os.write(tell, b"x")
                os.read(end, 1)  # until all clean-ups are over
                assert store.get(file.id) == path.read_bytes() == b"A%09dxxx" % 3
                assert (folder / "part").read_bytes() == b"half of the work"
                with part.open("ab") as more:
                    more.write(b"y")
        assert store.get(output) == b"A%09dy" % 1

    jobs = [forked(job) for _ in range(20)]
    for _ in jobs:
        os.read(ready, 1)
    for name in unused:
        os.utime(store.path(name), (hour, hour))
    removed: list[str] = []
    for _ in range(20):
        removed += store.sweep(older=60)
    os.close(hold)
    codes = [os.waitpid(child, 0)[1] for child in jobs]
    after = store.sweep(older=60)
    return {
        "codes": codes,
        "removed": sorted(removed) == sorted(unused),
        "after": len(after),
        "files": len(store.list()),
        "left": left(store),
    }


def full(store: Store) -> dict[str, object]:
    """Fill the disk in six ways; the old content stays, and nothing beside it."""
    old = store.put(b"A" * 300_000, name="old")
    told = []

    def writing(file_id: str) -> None:
        with store.writing(file_id) as path:
            path.write_bytes(b"A" * 3_000_000)

    def copying(file_id: str) -> None:
        with store.writing(file_id) as path, path.open("wb") as file:
            for _ in range(300):
                file.write(b"A" * 10_000)

    new = str(store.new_id("audio", ".wav"))
    blocks = [b"A" * 10_000] * 300
    for work in (
        lambda: store.put(b"A" * 3_000_000),
        lambda: store.put(iter(blocks)),
        lambda: store.put(b"A" * 3_000_000, file_id=old.id),
        lambda: store.put(iter(blocks), file_id=old.id),
        lambda: writing(new),
        lambda: copying(old.id),
    ):
        try:
            work()
            told.append("nothing")
        except StorageFull as error:
            told.append(str(error))
        except (WorkbenchError, OSError) as error:
            told.append(repr(error))
    return {
        "told": told,
        "intact": store.get(old.id) == b"A" * 300_000 and store.stat(old.id).name == "old",
        "files": len(store.list()),
        "left": left(store),
    }


def limited(store: Store) -> dict[str, object]:
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
    return full(store)


if __name__ == "__main__":
    task = {f.__name__: f for f in (kills, crowd, cleaners, full, limited)}[sys.argv[1]]
    print(json.dumps(task(Store(Path(sys.argv[2]), judge=judge))))  # noqa: T201
