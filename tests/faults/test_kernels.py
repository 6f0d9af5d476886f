"""Forked kernels: that they are clean, and that none is left behind, whoever dies."""

from __future__ import annotations

import ast
import os
import signal
import stat
import subprocess
import sys
import textwrap
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from forking import eventually, fork_servers, gone, kernel, status
from jupyter_core.utils import ensure_event_loop

from workbench.errors import ModelError, ParameterError, StorageError
from workbench.production.kernels import places
from workbench.production.kernels.limits import MEMORY

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.notebook, pytest.mark.faults]

# A process that no group and no session holds any more.
DAEMON = """
import os, time
from pathlib import Path
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        Path("daemon").write_text(str(os.getpid()))
        while True:
            time.sleep(1)
    os._exit(0)
os.wait()
"""

WHAT_IS_THERE = """
import textwrap, math, random, sys, os, signal
import numpy as np
[
    textwrap.dedent(" 1"),
    math.pi > 3,
    os.environ.get("LEAK"),
    os.getcwd(),
    "/leak" in sys.path,
    "leak" in sys.modules,
    "leak" in globals(),
    signal.getsignal(signal.SIGUSR1) is signal.SIG_DFL,
    os.environ["OF_THE_CLIENT"],
    sys.argv[1],
    os.umask(0o22),
]
"""


@pytest.fixture(scope="module", autouse=True)
def servers() -> Iterator[Path]:
    with fork_servers() as folder:
        yield folder


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def read(path: Path) -> int:
    """The process whose id a file has, or will have."""
    return int(eventually(lambda: path.exists() and path.read_text()))


# -- clean --------------------------------------------------------------------------------------


def test_nothing_of_one_kernel_is_seen_by_the_next(here: Path, monkeypatch):
    """A kernel that is used again keeps modules, the working folder, seeds and open files."""
    (here / "elsewhere").mkdir()
    with kernel() as first:
        parent = first.run("import os; os.getppid()")
        first.run(
            "import textwrap, math, random, sys, os, signal, warnings\n"
            "import numpy as np\n"
            "textwrap.dedent = lambda *_: 'patched'; math.pi = 3\n"
            "os.environ['LEAK'] = '1'; os.chdir('elsewhere'); os.umask(0o077)\n"
            "sys.path.append('/leak'); leak = open('/dev/zero'); sys.modules['leak'] = math\n"
            "signal.signal(signal.SIGUSR1, signal.SIG_IGN); warnings.simplefilter('ignore')\n"
            "random.seed(1); np.random.seed(1)"
        )
        drawn = first.run("random.random(), np.random.rand()")
    monkeypatch.setenv("OF_THE_CLIENT", "ñ\udcff")
    with kernel() as second:
        assert second.run("import os; os.getppid()") == parent, "the same server"
        found = second.run(WHAT_IS_THERE)
        expected = [
            "1",
            True,
            None,
            str(here),
            False,
            False,
            False,
            True,
            "ñ\udcff",
            "-f",
            _umask(),
        ]
        assert ast.literal_eval(found) == expected
        assert second.run("random.random(), np.random.rand()") != drawn
        assert second.run("__name__, __import__('__main__').__dict__ is globals()") == (
            "('__main__', True)"
        )


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_two_kernels_draw_different_numbers(here: Path):
    """Forked from one process, both would go on from its state."""
    code = "import random, numpy as np; random.random(), np.random.rand()"
    with kernel("numpy.random") as one, kernel("numpy.random") as other:
        first, second = one.run(code), other.run(code)
    assert first.split(",")[0] != second.split(",")[0]
    assert first.split(",")[1] != second.split(",")[1]


def test_a_kernel_has_no_file_of_the_server(here: Path):
    """Also those of the other kernels' clients: a held one would keep their connection open."""
    with kernel() as one, kernel() as other:
        del one
        files = other.run(
            "import os\n"
            "links = [f'/proc/self/fd/{n}' for n in os.listdir('/proc/self/fd')]\n"
            "[os.readlink(link) for link in links if os.path.lexists(link)]"
        )
        inodes = other.run("open('/proc/net/unix').read()")
        assert status(places.folder()), "a server has forked it"
    held = {line.split()[6] for line in inodes.splitlines() if ".sock" in line}
    assert held, "the server's sockets are there"
    assert not {f"socket:[{inode}]" for inode in held} & set(ast.literal_eval(files))


def test_standard_streams_are_the_client_s(here: Path):
    with (
        (here / "log").open("wb") as log,
        kernel(stdout=log, stderr=subprocess.STDOUT) as one,
    ):
        one.run("import os; os.write(1, b'out'), os.write(2, b'error')\nos.read(0, 1)")
        eventually(lambda: b"outerror" in (here / "log").read_bytes())


def test_what_a_cell_left_open_is_written(here: Path):
    with kernel() as one:
        one.run("file = open('kept', 'w'); file.write('whole')")
        one.run("import atexit; atexit.register(lambda: open('ended', 'w').close())")
        one.client.shutdown()
        assert one.process.wait(30) == 0
    assert (here / "kept").read_text() == "whole"
    assert (here / "ended").exists()


@pytest.mark.slow
def test_libraries_use_the_processors_again(here: Path):
    with kernel("torch") as one:
        assert one.run("import torch; torch.get_num_threads(), torch.initial_seed()") == (
            f"({_stock('torch.get_num_threads()')}, 67280421310721)"
        )


def test_idle_threads_of_a_library_sleep(here: Path):
    """OpenBLAS's own counted for 0.1 s in each kernel, as much as all else that a start costs."""
    with kernel() as one:
        spent = one.run(
            """
            import os, threading, time
            from pathlib import Path
            while time.thread_time() < 0.2:
                pass
            mine = {str(thread.native_id) for thread in threading.enumerate()} | {str(os.getpid())}
            others = [task for task in Path("/proc/self/task").iterdir() if task.name not in mine]
            sum(int((task / "schedstat").read_text().split()[0]) for task in others) / 1e9
            """
        )
    assert float(spent) < 0.04


def test_a_kernel_and_its_first_cell_have_everything_loaded(here: Path, monkeypatch):
    (here / "spy.py").write_text(
        textwrap.dedent("""
        import os, sys
        server, imported = os.getpid(), []
        def hook(event, arguments):
            if event == "import" and os.getpid() != server:
                imported.append(arguments[0])
        sys.addaudithook(hook)
        """)
    )
    monkeypatch.setenv("PYTHONPATH", str(here))
    with kernel("spy") as one:
        # traitlets looks for the completion of arguments, which is not installed, each time.
        assert one.run("import spy; sorted({*spy.imported} - {'argcomplete'})") == "[]"


def _stock(expression: str) -> str:
    code = f"import torch; print({expression})"
    return subprocess.check_output([sys.executable, "-c", code], text=True).strip()


# -- who dies -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("death", "code"),
    [("import os; os._exit(3)", 3), ("import os, signal; os.kill(os.getpid(), 11)", -11)],
)
def test_how_a_kernel_ended_is_told(here: Path, death: str, code: int):
    """A process can only wait for its own children; this one's is the server's."""
    with kernel() as one:
        assert one.process.poll() is None
        one.client.execute(death)
        assert one.process.wait(60) == code
        assert one.process.poll() == code


def test_a_killed_client_takes_its_kernel_and_all_that_started(here: Path, servers: Path):
    """Also what it had from a fork of its own, which keeps the connection open."""
    program = textwrap.dedent(
        f"""
        import os, sys, time
        from pathlib import Path
        sys.path.insert(0, {str(Path(__file__).parents[1])!r})
        from forking import kernel
        with kernel() as one:
            one.run({DAEMON!r})
            one.run("import subprocess; p = subprocess.Popen(['sleep', '600']); p.pid")
            if os.fork() == 0:
                time.sleep(600)
            Path("kernel").write_text(str(one.pid))
            time.sleep(600)
        """
    )
    client = subprocess.Popen([sys.executable, "-c", program], start_new_session=True)
    try:
        pids = [read(here / "kernel"), read(here / "daemon")]
        pids += [int(word) for word in _children(pids[0])]
        assert not any(map(gone, pids))
        client.kill()
        client.wait()
        for pid in pids:
            eventually(lambda pid=pid: gone(pid), f"{pid} was left")
    finally:
        os.killpg(client.pid, signal.SIGKILL)  # what it forked itself
        client.wait()
    eventually(lambda: not [*servers.glob("k-*")], "the files by which they talked")


def _children(pid: int) -> list[str]:
    path = Path(f"/proc/{pid}/task/{pid}/children")
    return path.read_text().split() if path.exists() else []


def test_a_dead_kernel_leaves_no_descendant_and_a_living_one_keeps_its_own(here: Path):
    (here / "a").mkdir()
    (here / "b").mkdir()
    with kernel(cwd=str(here / "a")) as one, kernel(cwd=str(here / "b")) as other:
        one.run(DAEMON)
        other.run(DAEMON)
        lost, kept = read(here / "a" / "daemon"), read(here / "b" / "daemon")
        os.kill(one.pid, signal.SIGKILL)
        eventually(lambda: gone(lost))
        assert other.run("1 + 1") == "2"
        assert not gone(kept)
    eventually(lambda: gone(kept))


def test_kernels_end_with_their_server_and_the_next_has_another(here: Path):
    with kernel() as one:
        server = int(one.run("import os; os.getppid()"))
        os.kill(server, signal.SIGKILL)
        eventually(lambda: gone(one.pid))
        assert one.process.wait(60) == -signal.SIGKILL
        assert one.process.reason == "its fork server ended"
    with kernel() as other:
        assert int(other.run("import os; os.getppid()")) != server


def test_many_at_once_start_one_server(here: Path, servers: Path):
    for found in status(servers):
        os.kill(found["pid"], signal.SIGTERM)
        eventually(lambda found=found: gone(found["pid"]))

    parents: list[str] = []

    def work() -> None:
        with kernel() as one:
            parents.append(one.run("import os; os.getppid()"))
        ensure_event_loop().close()  # of this thread

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(parents) == 4
    assert len(set(parents)) == 1


# -- what a server has loaded ---------------------------------------------------------------------


def test_changed_code_is_seen_and_a_running_kernel_keeps_its_own(here: Path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(here))
    (here / "wares.py").write_text("PRICE = 1\n")
    with kernel("wares") as old:
        server = int(old.run("import os; os.getppid()"))
        (here / "wares.py").write_text("PRICE = 20\n")
        with kernel("wares") as new:
            assert new.run("import wares; wares.PRICE") == "20"
            assert int(new.run("import os; os.getppid()")) != server
        assert old.run("import wares; wares.PRICE") == "1"
        assert not gone(server)
    eventually(lambda: gone(server))


def test_what_is_preloaded_is_shared(here: Path, monkeypatch):
    """A thing of 200 MB: the kernel has next to nothing of its own."""
    monkeypatch.setenv("PYTHONPATH", str(here))
    (here / "big.py").write_text(
        "DATA = b''\ndef fill():\n    global DATA\n    DATA = b'x' * 200_000_000\n"
    )
    with kernel("big:fill") as one:
        assert one.run("import big; len(big.DATA), big.DATA[-1]") == "(200000000, 120)"
        (found,) = [s for s in status(places.folder()) if s["preload"] == ["big:fill"]]
        (there,) = found["kernels"]
        assert there["pid"] == one.pid
        assert there["client"] == os.getpid()
        assert there["resident"] > 200_000_000
        assert there["own"] < 100_000_000
        assert there["proportional"] < 170_000_000
        assert found["served"] == 1


@pytest.mark.parametrize(
    ("name", "source", "told"),
    [
        ("no_such_module", "", r"^no_such_module: cannot be preloaded \(ModuleNotFoundError"),
        ("bad", "1 / 0", r"^bad: cannot be preloaded \(ZeroDivisionError: division by zero\)"),
        ("bad", "raise SystemExit(3)", r"^bad: cannot be preloaded \(SystemExit: 3\)"),
        ("bad:none", "", r"^bad:none: cannot be preloaded \(AttributeError"),
    ],
)
def test_what_cannot_be_loaded_is_named(here: Path, monkeypatch, name, source, told):
    monkeypatch.setenv("PYTHONPATH", str(here))
    (here / "bad.py").write_text(source)
    with pytest.raises(ParameterError, match=told), kernel(name):
        pass


@pytest.mark.parametrize(
    ("source", "told"),
    [
        (
            "import _thread, time; _thread.start_new_thread(time.sleep, (600,))",
            r"^bad: left 1 threads running, which cannot be forked; give it to a model host",
        ),
        (
            "import subprocess\nkept = subprocess.Popen(['sleep', '20'])",
            r"^bad: left a process running",
        ),
    ],
)
def test_what_must_not_be_forked_is_refused(here: Path, monkeypatch, source, told):
    """A lock that another thread holds at the fork stays locked for ever in the child."""
    monkeypatch.setenv("PYTHONPATH", str(here))
    (here / "bad.py").write_text(source)
    with pytest.raises(ModelError, match=told), kernel("bad"):
        pass


def test_a_recogniser_is_refused_before_anything_starts(here: Path, servers: Path):
    before = sorted(servers.iterdir())
    with (
        pytest.raises(ModelError, match=r"whisper: cannot be forked.*model host"),
        kernel("whisper"),
    ):
        pass
    assert sorted(servers.iterdir()) == before


# -- limits -------------------------------------------------------------------------------------


def test_a_kernel_that_uses_too_much_memory_is_ended_and_told_why(here: Path, monkeypatch):
    monkeypatch.setenv(MEMORY, "300M")
    with kernel() as one:
        assert one.run("kept = b'x' * 50_000_000; len(kept)") == "50000000"
        one.client.execute("lost = b'x' * 600_000_000; import time; time.sleep(600)")
        assert one.process.wait(60) == -signal.SIGKILL
        assert "MB of memory, and 300 MB is its limit" in one.process.reason


def test_a_server_without_work_ends(here: Path, monkeypatch):
    monkeypatch.setenv(places.IDLE, "0.005")
    with kernel() as one:
        server = int(one.run("import os; os.getppid()"))
    eventually(lambda: gone(server))


def test_a_folder_that_others_can_enter_is_not_used(here: Path, monkeypatch, caplog):
    """Who can write there could hand out kernels of their own."""
    shared = here / "s"
    shared.mkdir(mode=0o755)
    shared.chmod(0o755)
    monkeypatch.setenv(places.FOLDER, str(shared))
    with pytest.raises(StorageError, match="only you may enter"):
        places.folder()
    with kernel() as one:
        assert one.run("import os; os.getppid()") == str(os.getpid()), "a stock kernel"
    assert "the kernel is not forked" in caplog.text
    assert list(shared.iterdir()) == []


def test_only_this_user_may_enter(here: Path, servers: Path):
    with kernel():
        assert stat.S_IMODE(servers.stat().st_mode) == 0o700
