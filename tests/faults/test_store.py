"""A store whose processes are killed, whose disk is full, and at which many are at once."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.faults

ABUSE = Path(__file__).with_name("store_abuse.py")


def abused(what: str, folder: Path, *before: str) -> dict[str, Any]:
    command = [*before, sys.executable, str(ABUSE), what, str(folder)]
    done = subprocess.run(command, capture_output=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr.decode()
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_50_kills_leave_nothing_half_and_nothing_at_all_after_a_sweep(tmp_path: Path):
    """The old server wrote in place: 10 of 10 kills left a torn file that was there."""
    found = abused("kills", tmp_path / "store")
    assert found["torn"] == 0
    assert found["looked"] > 500
    assert found["killed"] > 5, "no process was killed while it wrote: nothing was tried"
    assert found["left"] == []
    assert found["orphans"] == 0


def test_8_writers_of_20_files_show_2_readers_nothing_torn(tmp_path: Path):
    """Of the old server's files readers saw the half that was written."""
    found = abused("crowd", tmp_path / "store")
    assert found["codes"] == [0] * 10
    assert found["torn"] == 0
    assert found["reads"] > 200
    assert found["files"] == 20
    assert found["left"] == []


def test_20_clean_ups_harm_none_of_20_jobs(tmp_path: Path):
    """The old server never cleaned up; what cleans up without leases destroys work."""
    found = abused("cleaners", tmp_path / "store")
    assert found["codes"] == [0] * 20
    assert found["removed"], "older files that nobody was at are to go, and no others"
    assert found["after"] == 20
    assert found["files"] == 20
    assert found["left"] == []


@pytest.mark.parametrize("how", ["limited", "full"])
def test_a_full_disk_costs_nothing_that_was_there(tmp_path: Path, how: str):
    """The old server kept the stump, which counted as a file."""
    before: list[str] = []
    if how == "full":  # a disk of 2 MB, seen by that process only
        mount = f"mount -t tmpfs -o size=2m tmpfs '{tmp_path}' && exec \"$@\""
        before = ["unshare", "-m", "sh", "-c", mount, "sh"]
        if not shutil.which("unshare") or subprocess.run([*before, "true"], check=False).returncode:
            pytest.skip("nothing may be mounted here")
    found = abused(how, tmp_path / "store", *before)
    assert len(found["told"]) == 6
    for line in found["told"]:
        assert "bytes are needed" in line
        assert "bytes are free" in line
        assert str(tmp_path) not in line
    if how == "full":
        assert "3,000,000 bytes are needed, 1,7" in found["told"][0]
    assert found["intact"]
    assert found["files"] == 1
    assert found["left"] == []
