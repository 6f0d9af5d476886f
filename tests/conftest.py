"""What every test may use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory):
    """Takes of the tests go to a folder of their own."""
    folder = tmp_path_factory.mktemp("takes")
    os.environ["WORKBENCH_CACHE"] = str(folder)
    return folder


@pytest.fixture(scope="session")
def media() -> Path:
    """The folder of real, odd, broken and hostile media files."""
    folder = Path(os.environ.get("WORKBENCH_TEST_MEDIA", ROOT.parent / "shared" / "media"))
    if not folder.is_dir():
        pytest.skip(f"no test media at {folder}; set WORKBENCH_TEST_MEDIA")
    return folder
