"""A folder, a bucket of a server that speaks S3, and memory keep the promises of a store."""

from __future__ import annotations

import functools
import json
import random
import subprocess
import sys
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from tests.contracts.store import StoreContract, lettered
from workbench.errors import FileGone, StorageError
from workbench.storage.bucket import BucketStore
from workbench.storage.store import Store, open_store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def names(media: Path) -> list[str]:
    found: list[str] = json.loads((media / "hostile" / "filenames.json").read_text())
    assert len(found) == 24
    return found


class TestFolder(StoreContract):
    @pytest.fixture
    def another(self, tmp_path: Path) -> Callable[..., Store]:
        return functools.partial(Store, tmp_path / "store", judge=lettered)

    @pytest.fixture
    def store(self, another) -> Store:
        return another()

    def test_nothing_is_made_before_something_is_written(self, store: Store):
        assert store.list() == []
        assert store.usage() == 0
        assert store.sweep(older=0) == []
        assert not store.delete(store.new_id("audio", ".wav"))
        assert not store.folder.exists()

    def test_it_is_what_a_folder_opens(self, tmp_path: Path):
        assert type(open_store(str(tmp_path), judge=lettered)) is Store
        assert open_store(tmp_path, judge=lettered).folder == tmp_path


class TestMemory(StoreContract):
    @pytest.fixture
    def another(self, tmp_path: Path) -> Callable[..., Store]:
        where = f"memory://{uuid.uuid4()}/media"
        return functools.partial(BucketStore, where, tmp_path / "store", judge=lettered)

    @pytest.fixture
    def store(self, another) -> Store:
        return another()

    def test_a_file_is_not_there_before_all_of_it_is(self, store: Store, monkeypatch):
        """What speaks to memory shows a file from its first byte on."""
        file = store.put(b"Aold")
        there = store._shelf.files_there  # type: ignore[attr-defined]

        def torn(here: str, key: str) -> None:
            there.pipe_file(key, b"Ahal")
            assert store.get(file.id) == b"Aold"
            raise OSError(5, "the line is cut")

        monkeypatch.setattr(there, "put_file", torn)
        with pytest.raises(StorageError):
            store.put(b"Ahalf", file_id=file.id)
        assert store.get(file.id) == b"Aold"
        assert [path for path in there.find(store._shelf.root) if "/work/" in path] == []  # type: ignore[attr-defined]

    def test_what_was_never_renamed_is_swept_after_a_day(self, store: Store):
        there, root = store._shelf.files_there, store._shelf.root  # type: ignore[attr-defined]
        for name in ("0123.part", "notes.txt"):
            there.pipe_file(f"{root}/.store/work/{name}", b"x")
        store.sweep()
        assert len(there.ls(f"{root}/.store/work")) == 2
        for entry in there.store.values():
            entry.created = datetime(2020, 1, 1, tzinfo=UTC)
        store.sweep()
        assert [path for path in there.find(root) if "/work/" in path] == [
            f"{root}/.store/work/notes.txt"
        ]


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


class TestS3(StoreContract):
    @pytest.fixture
    def another(self, server: str, tmp_path: Path, monkeypatch) -> Callable[..., Store]:
        import boto3

        for name, value in {
            "AWS_ACCESS_KEY_ID": "AKIATESTTESTTESTTEST",
            "AWS_SECRET_ACCESS_KEY": "very-secret-of-the-test",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": server,
            "AWS_EC2_METADATA_DISABLED": "true",
        }.items():
            monkeypatch.setenv(name, value)
        bucket = f"media-{uuid.uuid4()}"
        boto3.client("s3").create_bucket(Bucket=bucket)
        where = f"s3://{bucket}/prefix"
        return functools.partial(open_store, where, folder=tmp_path / "store", judge=lettered)

    @pytest.fixture
    def store(self, another) -> Store:
        return another()

    def test_files_lie_under_their_names_below_the_prefix(self, store: Store):
        import boto3

        file = store.put(b"Ax", name="talk.wav")
        bucket = store.where.split("/")[2]  # type: ignore[attr-defined]
        keys = [o["Key"] for o in boto3.client("s3").list_objects_v2(Bucket=bucket)["Contents"]]
        path = file.id.replace("_", "/", 1)
        assert sorted(keys) == [f"prefix/.store/names/{file.id}.json", f"prefix/{path}"]

    def test_a_large_file_goes_in_parts_and_comes_back(self, store: Store):
        data = b"A" + random.Random(1).randbytes(12 << 20)  # noqa: S311
        file = store.put(data)
        assert store.stat(file.id).size == len(data)
        assert store.get(file.id) == data

    def test_a_bucket_that_is_not_there_is_told_without_a_secret(self, store: Store, tmp_path):
        other = open_store("s3://no-such-bucket-here/x", judge=lettered, folder=tmp_path / "s")
        with pytest.raises(StorageError, match="credentials") as told:
            other.put(b"Ax")
        assert "secret" not in str(told.value)
        assert not isinstance(told.value, FileGone)
        with pytest.raises(FileGone):
            other.get(other.new_id("audio", ".wav"))

    def test_what_came_short_is_not_taken_for_whole(self, store: Store, monkeypatch):
        file = store.put(b"A" * 1000)
        there = store._shelf.files_there  # type: ignore[attr-defined]

        def short(key: str, path: str) -> None:
            with open(path, "wb") as copy:  # noqa: PTH123
                copy.write(b"A" * 999)

        monkeypatch.setattr(there, "get_file", short)
        with pytest.raises(StorageError, match="ended after 999 of 1,000"):
            store.get(file.id)

    def test_it_has_no_path_here(self, store: Store):
        with pytest.raises(StorageError, match="does not lie on this machine"):
            store.path(store.put(b"Ax").id)


@pytest.mark.parametrize("missing", ["fsspec", "s3fs"])
def test_without_the_extra_the_error_names_it(tmp_path: Path, missing: str):
    code = (
        f"import sys; sys.modules[{missing!r}] = None\n"
        "from workbench.storage.store import open_store\n"
        "from workbench.errors import StorageError\n"
        "try: open_store('s3://bucket/prefix', judge=None)\n"
        "except StorageError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert b"pip install 'media-workbench[s3]'" in done.stdout


def test_an_address_of_nothing_known_is_told_so():
    with pytest.raises(StorageError, match="no address of a store"):
        open_store("nonsense://bucket", judge=lettered)


def test_a_folder_needs_nothing_of_what_speaks_to_buckets(tmp_path: Path):
    code = (
        "import sys\nfrom workbench.storage.store import open_store\n"
        f"open_store({str(tmp_path)!r}, judge=lambda *a: ('audio', '.wav')).put(b'x')\n"
        "print(sorted({'fsspec', 's3fs', 'botocore', 'av', 'numpy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert done.stdout.strip() == b"[]"
