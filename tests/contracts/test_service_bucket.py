"""The service with its files in a bucket, in this process and on a server, keeps the contract."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest
from contracts.service import ServiceContract
from serving import served

from workbench.errors import StorageError
from workbench.service.blocking import SyncMediaService

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.media


@pytest.fixture(scope="module")
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a bucket that nobody has used."""
    import boto3
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "testing")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        patch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        patch.setenv("WORKBENCH_STORE", str(tmp_path_factory.mktemp("own")))
        name = f"media-{uuid.uuid4()}"
        boto3.client("s3").create_bucket(Bucket=name)
        yield f"s3://{name}/studio"
    server.stop()


@pytest.mark.slow  # the store's own contract runs on a bucket every time
class TestServedFromABucket(ServiceContract):
    @pytest.fixture(scope="class")
    @classmethod
    def service(
        cls, bucket: str, tmp_path_factory: pytest.TempPathFactory
    ) -> Iterator[SyncMediaService]:
        log = tmp_path_factory.mktemp("served") / "server"
        with (
            served(log, store=bucket) as server,
            SyncMediaService(server.url, token=server.token) as service,
        ):
            yield service


def test_files_of_a_bucket_have_no_address_on_this_disk(bucket: str, tmp_path: Path):
    with SyncMediaService(execution_mode="local", store=bucket) as service:
        spoken = service.generate_tts("Hello.", "espeak:en-gb")
        assert service.read_file(spoken.file_id).startswith(b"RIFF")
        assert service.get_processing_status(spoken.file_id).url is None
        with pytest.raises(StorageError, match="download it"):
            service.get_download_url(spoken.file_id)
    with SyncMediaService(execution_mode="local", store=f"{bucket}/other") as service:
        assert service.list_files() == []
