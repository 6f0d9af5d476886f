"""The forked kernel as the tools of others see it: by its name alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from typing import TYPE_CHECKING, Any

import nbformat
import pytest
from forking import eventually, fork_servers, gone, kernel, status
from nbformat.v4 import new_code_cell, new_notebook

from workbench.errors import ModelError
from workbench.production.job import run
from workbench.production.kernels.install import install
from workbench.production.kernels.spec import GROUP, PROVISIONER

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.notebook

WHO = "import os, sys; [os.getppid(), sys.executable, os.getcwd()]"


@pytest.fixture(scope="module", autouse=True)
def servers() -> Iterator[Path]:
    with fork_servers() as folder:
        yield folder


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory; the kernel is installed, and Jupyter knows of its provisioner."""
    monkeypatch.chdir(tmp_path)
    install(prefix=tmp_path / "prefix")
    package = tmp_path / "packages" / "forking-0.dist-info"
    package.mkdir(parents=True)
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: forking\nVersion: 0\n")
    where = "workbench.production.kernels.provisioner:ForkProvisioner"
    (package / "entry_points.txt").write_text(f"[{GROUP}]\n{PROVISIONER} = {where}\n")
    monkeypatch.setenv("PYTHONPATH", str(package.parent))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "prefix" / "share" / "jupyter"))
    return tmp_path


def talk(folder: Path, *cells: str, name: str = "workbench") -> Path:
    notebook = new_notebook(cells=[new_code_cell(cell) for cell in cells])
    notebook.metadata["kernelspec"] = {"name": name, "display_name": name, "language": "python"}
    path = folder / "talk.ipynb"
    nbformat.write(notebook, path)
    return path


def parent(path: Path) -> int:
    """The parent of the kernel that executed a notebook's first cell."""
    cell = nbformat.read(path, 4).cells[0]
    found = json.loads(cell.outputs[0].data["text/plain"].replace("'", '"'))
    assert found[1] == sys.executable
    return int(found[0])


def tool(*arguments: str) -> str:
    command = [sys.executable, "-m", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_papermill_and_nbclient(here: Path, servers: Path):
    source = talk(here, WHO, name="python3")
    told = tool("papermill", "-k", "workbench", str(source), "done.ipynb")
    assert "WARN" not in told, "no ports, so no warning of them either"
    forked = {found["pid"] for found in status(servers)}
    assert parent(here / "done.ipynb") in forked
    source = talk(here, WHO)
    tool("jupyter", "execute", "--inplace", str(source))
    assert parent(source) == parent(here / "done.ipynb"), "one server for both"


def test_nbmake(here: Path):
    forked = "b'kernels.serve' in open(f'/proc/{os.getppid()}/cmdline', 'rb').read()"
    source = talk(here, f"import os\nassert {forked}")
    told = tool("pytest", "-q", "--nbmake", "-p", "no:cacheprovider", str(source))
    assert "1 passed" in told


def test_restarted_and_interrupted_as_jupyterlab_does(here: Path):
    with kernel() as one:
        first = one.pid
        one.run("kept = 1")
        one.manager.restart_kernel()
        one.client.wait_for_ready(timeout=60)
        assert one.run("'kept' in globals()") == "False"
        second = one.manager.provisioner.pid
        assert second != first
        assert gone(first)
        asked = one.client.execute("open('busy', 'w').close()\nimport time; time.sleep(600)")
        eventually((here / "busy").exists)
        one.manager.interrupt_kernel()
        reply = one.client.get_shell_msg(timeout=60)
        while reply["parent_header"]["msg_id"] != asked:
            reply = one.client.get_shell_msg(timeout=60)
        assert reply["content"]["ename"] == "KeyboardInterrupt"
        # Jupyter drops what arrives while it still tells of an error.
        eventually(lambda: one.run("1 + 1") == "2")


@pytest.mark.slow
def test_a_jupyter_server_starts_restarts_and_ends_it(here: Path, servers: Path):
    command = [sys.executable, "-m", "jupyter", "server", "--ServerApp.token=t", "--port=0"]
    command += ["--no-browser", "--allow-root", f"--ServerApp.root_dir={here}"]
    runtime = here / "runtime"
    env = {**os.environ, "JUPYTER_RUNTIME_DIR": str(runtime)}
    log = (here / "log").open("wb")
    with log, subprocess.Popen(command, env=env, stdout=log, stderr=log) as server:
        try:
            file = eventually(lambda: [f for f in runtime.glob("*.json") if f.read_text()])[0]
            url = json.loads(file.read_text())["url"]

            def ask(method: str, path: str, data: Any = None) -> Any:
                body = None if data is None else json.dumps(data).encode()
                request = urllib.request.Request(  # noqa: S310 - our own server
                    f"{url}api/kernels{path}", body, method=method
                )
                request.add_header("Authorization", "token t")
                with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
                    return json.loads(answer.read() or "null")

            def forked() -> list[int]:
                return [k["pid"] for s in status(servers) for k in s["kernels"]]

            made = ask("POST", "", {"name": "workbench"})["id"]
            (first,) = eventually(forked)
            ask("POST", f"/{made}/restart")  # it waits until the new one answers
            (second,) = forked()
            assert second != first
            ask("DELETE", f"/{made}")
            eventually(lambda: gone(second))
            ask("POST", "", {"name": "workbench"})
            (third,) = eventually(forked)
            server.kill()
            eventually(lambda: gone(third))
        finally:
            server.kill()


def test_a_job_uses_it_without_any_kernelspec(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "wares.py").write_text("import os\nLOADED = os.getpid()\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("WORKBENCH_KERNEL_PRELOAD", "wares")
    source = talk(tmp_path, "import os, wares\nassert wares.LOADED == os.getppid()", name="python3")
    result = run(source, kernel="workbench", progress=lambda part: None)
    assert result.made.cpu is not None
    assert 0 < result.made.cpu < 30
    monkeypatch.setenv("WORKBENCH_KERNEL_PRELOAD", "whisper")
    with pytest.raises(ModelError, match="model host"):
        run(source, kernel="workbench", progress=lambda part: None)


def test_where_nothing_can_be_forked_the_same_name_is_a_stock_kernel(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("workbench.production.kernels.provisioner.can_fork", lambda: False)
    source = talk(tmp_path, WHO)
    result = run(source, kernel="workbench", progress=lambda part: None)
    assert parent(result.notebook) == os.getpid()


@pytest.mark.faults
def test_why_a_kernel_was_ended_is_told(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    from workbench.errors import KernelDied

    source = talk(tmp_path, "x = b'x' * 500_000_000; import time; time.sleep(600)")
    with pytest.raises(
        KernelDied, match=r"^talk, cell 1: its kernel died: it used .* is its limit"
    ):
        run(
            source,
            kernel="workbench",
            variables={"WORKBENCH_KERNEL_MEMORY": "200M"},
            progress=lambda part: None,
        )
