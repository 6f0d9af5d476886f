"""What every store promises, wherever its files lie."""

from __future__ import annotations

import io
import threading
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from workbench.errors import (
    FileGone,
    MediaError,
    MediaTooLarge,
    ParameterError,
    QuotaExceeded,
    StorageError,
)
from workbench.storage.ids import FileId

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from workbench.storage.store import Store

__all__ = ["StoreContract", "left_over", "lettered", "write"]


def lettered(path: Path, asked: str, name: str) -> tuple[str, str]:
    """Judge by the first letter: a test of storage needs no media."""
    first = path.read_bytes()[:1]
    found = {b"A": ("audio", ".wav"), b"V": ("video", ".mp4"), b"I": ("image", ".png")}.get(first)
    if found is None:
        raise MediaError("is no media", subject=str(path), cure=f"see {path}")
    if asked and asked != found[0]:
        raise MediaError(f"is {found[0]}, not {asked}", subject=str(path))
    return found


class StoreContract:
    """Inherit it, with fixtures `store` and `another`, which makes one at the same place."""

    @pytest.fixture
    def store(self) -> Store:
        raise NotImplementedError

    @pytest.fixture
    def another(self) -> Callable[..., Store]:
        raise NotImplementedError

    # -- there and back -------------------------------------------------------------------------

    @pytest.mark.parametrize("form", ["bytes", "path", "stream", "blocks"])
    def test_what_is_put_comes_back(self, store: Store, tmp_path: Path, form: str):
        data = b"A" + bytes(range(256)) * 9000  # 2.3 MB, more than a block
        (tmp_path / "x").write_bytes(data)
        source = {
            "bytes": data,
            "path": tmp_path / "x",
            "stream": io.BytesIO(data),
            "blocks": iter([data[:10], b"", data[10:2_000_000], data[2_000_000:]]),
        }[form]
        before = time.time() - 2
        file = store.put(source, type="audio", name="a talk.mp3")  # type: ignore[arg-type]
        assert FileId.parse(file.id).extension == ".wav"
        assert (file.type, file.size, file.name) == ("audio", len(data), "a talk.mp3")
        assert before < file.created < time.time() + 2
        assert store.get(file.id) == data
        known = store.stat(file.id)
        assert (known.id, known.type, known.size, known.name) == (
            file.id, "audio", len(data), "a talk.mp3",
        )  # fmt: skip
        assert abs(known.created - file.created) < 2
        assert store.exists(file.id)
        with store.open(file.id) as opened:
            assert opened.read(3) == data[:3]
            opened.seek(-2, io.SEEK_END)
            assert opened.read() == data[-2:]
        with store.reading(file.id) as path:
            assert path.read_bytes() == data
            assert path.suffix == ".wav"

    def test_what_a_block_writes_is_kept_at_its_end(self, store: Store):
        file_id = store.new_id("video", ".mp4")
        with store.writing(file_id) as path:
            assert path.suffix == ".mp4"
            path.write_bytes(b"Vone")
            assert not store.exists(file_id)
        assert store.get(file_id) == b"Vone"
        with store.writing(str(file_id)) as path:
            path.write_bytes(b"Vtwo")
            assert store.get(file_id) == b"Vone"
        assert store.get(file_id) == b"Vtwo"
        assert store.usage() == 4

    def test_what_is_kept_is_listed_the_oldest_first(self, store: Store):
        assert store.list() == []
        assert store.usage() == 0
        put = []
        for letter in b"AVI":
            put.append(store.put(bytes([letter]) * 10, name=f"{letter}.x"))
            time.sleep(0.02)
        assert [f.id for f in store.list("video")] == [put[1].id]
        assert {(f.id, f.name) for f in store.list()} == {(f.id, f.name) for f in put}
        moments = [f.created for f in store.list()]
        assert moments == sorted(moments)
        assert store.usage() == 30

    def test_another_store_at_the_place_sees_the_same(self, store: Store, another):
        file = store.put(b"Aone", name="n")
        other = another()
        assert other.get(file.id) == b"Aone"
        assert other.list() == store.list()
        assert other.delete(file.id)
        assert not store.exists(file.id)
        assert store.list() == []

    def test_a_file_may_be_replaced(self, store: Store):
        file = store.put(b"Aold", name="old.wav")
        again = store.put(b"Anewer", file_id=file.id)
        assert (again.id, again.size, again.name) == (file.id, 6, "")
        assert store.get(file.id) == b"Anewer"
        assert store.stat(file.id).name == ""
        assert store.usage() == 6

    def test_24_hostile_names_come_back_and_touch_nothing(self, store: Store, names: list[str]):
        """The old system made file names and header lines of them."""
        for name in [*names, "../../etc/passwd", "\ud800.wav", "é" * 200, "a\0b"]:
            file = store.put(b"Ax", name=name)
            assert store.stat(file.id).name == name
            assert FileId.parse(file.id)
        assert {f.name for f in store.list()} >= set(names)
        assert len(store.put(b"Ax", name="n" * 5000).name) == 1024

    # -- what is not kept -----------------------------------------------------------------------

    def test_what_is_no_media_or_another_type_is_refused(self, store: Store, tmp_path: Path):
        for data, asked in ((b"", ""), (b"<html>", ""), (b"Vx", "audio"), (b"Ax", "image")):
            with pytest.raises(MediaError) as refused:
                store.put(data, type=asked, name="film.mp4")
            assert refused.value.subject == "film.mp4"
            assert "/" not in str(refused.value)
        with pytest.raises(ParameterError):
            store.put(b"Ax", type="tmp")
        with pytest.raises(MediaError):
            store.put(b"Vx", file_id=store.new_id("video", ".mov"))
        assert store.list() == []
        assert left_over(store) == []

    @pytest.mark.parametrize(
        "written", [None, b"", b"Ax", b"<html>"], ids=["nothing", "empty", "sound", "page"]
    )
    def test_what_a_block_should_not_have_written_is_not_kept(self, store: Store, written):
        file = store.put(b"Vold")
        with pytest.raises(MediaError) as refused:
            write(store, file.id, written)
        assert file.id in str(refused.value)
        assert "/" not in str(refused.value)
        assert store.get(file.id) == b"Vold"
        assert left_over(store) == []

    def test_a_block_that_fails_keeps_nothing(self, store: Store):
        file_id = store.new_id("video", ".mp4")
        for raised in (KeyboardInterrupt(), RuntimeError("x"), GeneratorExit()):
            with pytest.raises(type(raised)):
                write(store, file_id, b"V" * 100, raised)
        assert not store.exists(file_id)
        assert left_over(store) == []

    def test_errors_of_a_block_call_the_file_by_its_id(self, store: Store):
        file = store.put(b"Vold")
        for block in (store.writing, store.reading):
            with pytest.raises(MediaError) as told, block(file.id) as path:
                raise MediaError(f"cannot open {path}", subject=str(path), cure=f"see {path}")
            assert told.value.to_dict() == {
                "code": "media",
                "subject": file.id,
                "problem": f"cannot open {file.id}",
                "cure": f"see {file.id}",
            }

    def test_a_link_is_not_what_a_block_writes(self, store: Store, tmp_path: Path):
        (tmp_path / "secret").write_bytes(b"Vsecret")
        file_id = store.new_id("video", ".mp4")
        with pytest.raises(MediaError), store.writing(file_id) as path:
            path.symlink_to(tmp_path / "secret")
        assert not store.exists(file_id)

    def test_a_limit_holds_with_and_without_a_known_size(self, store: Store):
        for source in (b"A" * 1001, io.BytesIO(b"A" * 1001), iter([b"A" * 600, b"A" * 401])):
            with pytest.raises(MediaTooLarge, match="1,000 bytes"):
                store.put(source, limit=1000)
        assert store.put(b"A" * 1000, limit=1000).size == 1000

    def test_what_ends_early_or_late_is_not_kept(self, store: Store):
        for size in (100, 102):
            with pytest.raises(StorageError, match="101 of"):
                store.put(iter([b"A" * 101]), size=size)
        assert store.list() == []

    def test_a_source_that_fails_keeps_nothing(self, store: Store):
        def broken():
            yield b"A" * 100
            raise RuntimeError("the network is gone")

        class Torn(io.RawIOBase):
            def read(self, size: int = -1) -> bytes:
                raise ConnectionResetError(104, "reset")

        with pytest.raises(RuntimeError):
            store.put(broken())
        with pytest.raises(StorageError, match="cannot be read"):
            store.put(Torn())  # type: ignore[arg-type]
        assert store.list() == []
        assert left_over(store) == []

    # -- quota ----------------------------------------------------------------------------------

    def test_a_known_size_over_the_quota_is_refused_before_the_first_byte(self, another):
        store = another(quota=1000)
        store.put(b"A" * 600)
        taken = []

        def blocks():
            taken.append(1)
            yield b"A" * 401

        with pytest.raises(QuotaExceeded, match=r"needs 401 bytes.* leaves 400"):
            store.put(blocks(), size=401)
        assert taken == []
        assert store.put(b"A" * 400).size == 400
        with pytest.raises(QuotaExceeded), store.writing(store.new_id("audio", ".wav")):
            pytest.fail("there is no room for anything")

    def test_an_unknown_size_is_refused_where_the_quota_ends(self, another):
        store = another(quota=3 << 20)
        taken = 0

        def blocks():
            nonlocal taken
            while True:
                taken += 1 << 16
                yield b"A" * (1 << 16)

        with pytest.raises(QuotaExceeded):
            store.put(blocks())
        assert 3 << 20 < taken <= 4 << 20
        assert store.list() == []
        file_id = store.new_id("audio", ".wav")
        with pytest.raises(QuotaExceeded), store.writing(file_id) as path:
            path.write_bytes(b"A" * (4 << 20))
        assert not store.exists(file_id)

    def test_what_is_replaced_makes_room_for_what_replaces_it(self, another):
        store = another(quota=1000)
        file = store.put(b"A" * 900)
        assert store.put(b"A" * 1000, file_id=file.id).size == 1000
        with pytest.raises(QuotaExceeded):
            store.put(b"A" * 1001, file_id=file.id)
        assert store.usage() == 1000

    def test_writers_at_once_stay_within_the_quota(self, another):
        stores = [another(quota=10_000) for _ in range(8)]
        refused = []

        def fill(store: Store) -> None:
            for _ in range(5):
                try:
                    store.put(iter([b"A" * 900]))
                except QuotaExceeded:
                    refused.append(1)

        threads = [threading.Thread(target=fill, args=[store]) for store in stores]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert stores[0].usage() == 9900
        assert len(refused) == 29

    # -- what is gone -----------------------------------------------------------------------------

    def test_what_was_deleted_is_gone_by_its_id(self, store: Store):
        file = store.put(b"Ax", name="n")
        assert store.delete(file.id)
        assert not store.delete(file.id)
        assert not store.exists(file.id)
        for ask in (store.get, store.open, store.stat, store.path):
            if ask == store.path and "Bucket" in type(store).__name__:
                continue
            with pytest.raises(FileGone) as told:
                ask(file.id)
            assert told.value.subject == file.id
        with pytest.raises(FileGone), store.reading(file.id):
            pytest.fail("it is gone")
        assert left_over(store) == []

    def test_a_file_that_is_read_stays_whole_when_it_goes(self, store: Store):
        """A download that a deletion interrupts does not end as a short file that looks whole."""
        data = b"A" * 3_000_000
        for go in (store.delete, lambda name: store.put(b"A", file_id=name)):
            file = store.put(data)
            with store.reading(file.id) as path, store.open(file.id) as opened:
                first = opened.read(1000)
                go(file.id)
                assert path.read_bytes() == data
                assert first + opened.read() == data
            assert left_over(store) == []

    @pytest.mark.parametrize("bad", ["", "x", "audio_.wav", "audio_../../x.wav", None, 7, "a\0b"])
    def test_what_is_no_id_is_a_wrong_parameter(self, store: Store, bad):
        for ask in (store.get, store.open, store.stat, store.exists, store.delete, store.path):
            with pytest.raises((ParameterError, StorageError)) as told:
                ask(bad)
            assert isinstance(told.value, ParameterError) or ask == store.path
        for block in (store.reading, store.writing):
            with pytest.raises(ParameterError), block(bad):
                pytest.fail("it has no name")
        if bad is not None:
            with pytest.raises(ParameterError):
                store.put(b"Ax", file_id=bad)

    # -- sweeping -----------------------------------------------------------------------------

    def test_only_what_is_old_and_not_in_use_is_swept(self, store: Store, monkeypatch):
        """The clock of the sweep stands: a slow machine ages no file of a moment ago."""
        old, used = store.put(b"Aold", name="o"), store.put(b"Aused")
        young = store.put(b"Ayoung")
        while store.stat(young.id).created - store.stat(used.id).created < 1.0:
            time.sleep(0.1)  # a bucket knows whole seconds
            young = store.put(b"Ayoung", file_id=young.id)
        now = store.stat(young.id).created + 10
        monkeypatch.setattr("workbench.storage.store.time", SimpleNamespace(time=lambda: now))
        assert store.sweep() == []
        with store.reading(used.id) as path:
            assert store.sweep(older=10.5) == [old.id]
            assert path.read_bytes() == b"Aused"
        assert {f.id for f in store.list()} == {used.id, young.id}
        assert store.sweep(older=10.5) == [used.id]
        assert store.sweep(older=9.5) == [young.id]
        assert store.list() == []

    def test_scratch_is_gone_afterwards(self, store: Store):
        with store.scratch() as folder, store.scratch() as other:
            assert folder != other
            assert list(folder.iterdir()) == []
            (folder / "deep").mkdir()
            (folder / "deep" / "x").write_bytes(b"x")
            store.sweep(older=0)
            assert (folder / "deep" / "x").exists()
        assert not folder.exists()
        assert left_over(store) == []


def write(
    store: Store, file_id: object, data: bytes | None, raised: BaseException | None = None
) -> None:
    """Write a file in a block, which may fail then."""
    with store.writing(str(file_id)) as path:
        if data is not None:
            path.write_bytes(data)
        if raised is not None:
            raise raised


def left_over(store: Store) -> list[Path]:
    """Return what is left in the folders of work."""
    work = store.folder / ".store" / "work"
    return sorted(work.rglob("*")) if work.exists() else []
