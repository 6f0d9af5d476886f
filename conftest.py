"""What doctests and tests share."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


# The same examples in every run, as many as a second holds, and no verdict by the clock.
settings.register_profile("workbench", max_examples=40, derandomize=True, deadline=None)
settings.load_profile("workbench")


def pytest_collection_finish() -> None:
    """Keep all that was collected, some 750,000 objects, out of each later look for garbage."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Send takes to a folder of their own, never to the user's cache."""
    folder = tmp_path_factory.mktemp("takes")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORKBENCH_CACHE", str(folder))
        yield folder
