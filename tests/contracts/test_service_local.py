"""The service in this process keeps the contract, with the network cut off."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest
from contracts.service import ServiceContract

from workbench.service.blocking import SyncMediaService

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.media


class TestLocalService(ServiceContract):
    @pytest.fixture(scope="class")
    @classmethod
    def service(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SyncMediaService]:
        store = tmp_path_factory.mktemp("store")
        with SyncMediaService(execution_mode="local", store=store) as service:
            yield service

    @pytest.fixture(autouse=True)
    def _no_network(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The old local mode asked a server for everything but speech."""

        def refuse(self: socket.socket, address: object) -> None:
            if self.family in (socket.AF_INET, socket.AF_INET6):
                raise AssertionError(f"connected to {address}")

        monkeypatch.setattr(socket.socket, "connect", refuse)
