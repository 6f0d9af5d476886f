"""A model host for tests, with the tiny engine of `isolated_tiny` as another package's plug-in."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from workbench.engines import registry
from workbench.engines.host import ModelHost

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["TESTS", "hosting", "plug_in"]

TESTS = Path(__file__).parent


def plug_in(folder: Path) -> str:
    """Write the record of a package that brings ``tiny``; return what PYTHONPATH has to hold."""
    about = folder / "tiny_engine-1.dist-info"
    about.mkdir(exist_ok=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: tiny-engine\nVersion: 1\n")
    (about / "entry_points.txt").write_text(
        "[workbench.engines]\ntiny = isolated_tiny:TinyEngine\n"
        "slow = hosted_slow:SlowEngine\n"
        "[workbench.transcribers]\nslow = hosted_slow:SlowEars\n"
    )
    return os.pathsep.join([str(folder), str(TESTS)])


@contextmanager
def hosting(folder: Path, **setting: int) -> Iterator[ModelHost]:
    """Start a host; in this process the registry hands out its stand-ins while the block runs."""
    with pytest.MonkeyPatch.context() as patch:
        paths = plug_in(folder)
        patch.setenv("PYTHONPATH", paths)
        patch.setenv("WORKBENCH_HOSTED", "tiny,slow")
        for path in paths.split(os.pathsep):
            patch.syspath_prepend(path)
        patch.setattr(registry._voices, "loaded", {})
        patch.setattr(registry._ears, "loaded", {})
        with ModelHost.start(**setting) as host:
            for name, value in host.variables().items():
                patch.setenv(name, value)
            yield host
