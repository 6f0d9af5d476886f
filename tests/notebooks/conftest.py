"""Notebooks that several tests look at, run once, and forked kernels for many runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from forking import fork_servers

from tests.notebooks.executed import NOTEBOOKS, by_nbmake
from workbench.production.kernels import available
from workbench.production.kernels.spec import KERNEL

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def english(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """All but the jobs, by name, as nbmake has run them with their defaults, each in a folder."""
    home = tmp_path_factory.mktemp("english")
    paths = [path for path in NOTEBOOKS.glob("*/*.ipynb") if path.parent.name != "jobs"]
    return by_nbmake({path: home / path.stem for path in sorted(paths)}, home)


@pytest.fixture(scope="module")
def forked() -> Iterator[str]:
    """The kernel for tests that are not about kernels: its imports are made once for a module."""
    if not available():
        yield "python3"
        return
    with fork_servers():
        yield KERNEL
