"""A folder, a bucket of a server that speaks S3, and memory keep the promises of a store."""

from __future__ import annotations

import functools
import json
import uuid
from typing import TYPE_CHECKING

import pytest

from tests.contracts.store import StoreContract, lettered
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
