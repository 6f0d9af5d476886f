"""The service over HTTP, on a real server, keeps the contract."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from contracts.service import ServiceContract
from serving import served

from workbench.service.blocking import SyncMediaService

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.media


class TestServedService(ServiceContract):
    @pytest.fixture(scope="class")
    @classmethod
    def service(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SyncMediaService]:
        folder = tmp_path_factory.mktemp("served") / "store"
        with (
            served(folder) as server,
            SyncMediaService(server.url, token=server.token) as service,
        ):
            yield service
