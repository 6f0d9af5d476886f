"""What a kernel notes of a run, and which files the run may call its own."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from workbench.production.claims import Claim, Notes

if TYPE_CHECKING:
    from pathlib import Path

WORK = """
import os, tempfile, threading, warnings
from pathlib import Path
from workbench.errors import WorkbenchWarning
from workbench.storage.atomic import write_bytes

Path("read.txt").read_text()
write_bytes(Path("whole.txt"), b"x")
Path("line\\nbreak.txt").write_text("x")
os.chdir("below")
tempfile.TemporaryFile(dir=".").close()
Path("moved.txt").write_text("x")
os.makedirs("old/deep")
os.rename("old", "../named")
thread = threading.Thread(target=lambda: Path("thread.txt").touch())
thread.start()
thread.join()
threading.excepthook(threading.ExceptHookArgs((ValueError, ValueError("lost"), None, thread)))
if not (child := os.fork()):
    os.closerange(3, 100)
    Path("forked.txt").write_text("x")
    os._exit(0)
os.waitpid(child, 0)
assert Path("forked.txt").read_text() == "x"
warnings.warn("cut", WorkbenchWarning)
warnings.warn("of a library")
warnings.warn_explicit("of a\\ncell", UserWarning, f"/tmp/ipykernel_{os.getpid()}/1.py", 1)
warnings.warn_explicit("old", FutureWarning, f"/tmp/ipykernel_{os.getpid()}/1.py", 1)
with warnings.catch_warnings(record=True):
    warnings.warn("caught", WorkbenchWarning)
"""


def test_a_kernel_notes_what_it_writes_and_what_it_warns_of(tmp_path: Path):
    here = tmp_path / "here"
    (here / "below").mkdir(parents=True)
    (here / "read.txt").write_text("x")
    notes = Notes(folder=tmp_path)
    code = f"exec({notes.code!r}, {{}})\n{WORK}"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=here, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    names = {str(p.relative_to(here)) for p in notes.writes() if p.is_relative_to(here)}
    kept = {name for name in names if not name.startswith(".wb-")}
    below = {"below/moved.txt", "below/thread.txt", "below/forked.txt"}
    assert kept == {"whole.txt", "line\nbreak.txt", "named"} | below
    assert notes.thread() == "ValueError: lost"
    assert notes.warnings() == ("cut", "of a\ncell")
    assert "caught" not in done.stderr
    assert "of a library" in done.stderr, "they are shown as ever"


def test_very_many_warnings_are_told_by_number(tmp_path: Path):
    (tmp_path / "warnings.txt").write_text("".join(f'"{n}"\n' for n in range(70)))
    told = Notes(folder=tmp_path).warnings()
    assert (len(told), told[-1]) == (51, "and 20 more warnings, which stand in the notebook")


def test_a_line_that_was_cut_is_left_out(tmp_path: Path):
    (tmp_path / "warnings.txt").write_text('"one"\n"two is c\n"three"\n7\n"fo')
    assert Notes(folder=tmp_path).warnings() == ("one", "three")


def test_what_cannot_be_noted_fails_nothing(tmp_path: Path):
    """A process that outlives the run, or a full disk."""
    code = """
import threading, warnings
warnings.warn_explicit("cut", UserWarning, f"/tmp/ipykernel_{__import__('os').getpid()}/1.py", 1)
thread = threading.Thread(target=lambda: 1 / 0)
thread.start()
thread.join()
print("on")
"""
    noting = Notes(folder=tmp_path / "gone").code
    done = subprocess.run(
        [sys.executable, "-c", f"exec({noting!r}, {{}})\n{code}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "on\n"), done.stderr
    assert "UserWarning: cut" in done.stderr
    assert "ZeroDivisionError" in done.stderr
    assert "FileNotFoundError" not in done.stderr


def test_what_was_seen_to_be_written_is_a_run_s_own(tmp_path: Path):
    """Whatever the name looks like; what was not seen has but its name."""
    made = tmp_path / "made"
    made.mkdir()
    (tmp_path / "link").symlink_to(made)
    files = [made / name for name in ("a.mp3", "a.es.mp3", "a.es.srt", "a.en.srt", "b.mp3")]
    changed = [*files, made / "a.es.ipynb"]  # another run has ended
    writes = [tmp_path / "link" / "a.es.mp3", made]
    (tmp_path / "writes.txt").write_bytes(b"".join(bytes(path) + b"\0" for path in writes))
    claim = Claim(executed=made / "a.ipynb", output=made / "a.mp3")
    own = claim.of(changed, Notes(folder=tmp_path))
    assert {path.name for path in own} == {"a.mp3", "a.es.mp3", "a.en.srt"}
