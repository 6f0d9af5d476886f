"""Kernelspecs of ours: installed, listed, removed; and what is said where nothing can be forked."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import resource
import socket
import sys
import threading
from typing import TYPE_CHECKING

import pytest
import typer
from typer.testing import CliRunner

from workbench.commands import kernels as commands
from workbench.errors import ModelError, ParameterError
from workbench.production.kernels import (
    available,
    client,
    install,
    places,
    processes,
    spec,
    wire,
)
from workbench.production.kernels.limits import memory_limit
from workbench.production.kernels.names import checked, found
from workbench.production.kernels.provisioner import ForkProvisioner
from workbench.production.kernels.server import Server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Jupyter's folders and the sockets are the test's own; no fork server runs."""
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "user"))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "prefix" / "share" / "jupyter"))
    monkeypatch.setenv(places.FOLDER, str(tmp_path / "s"))
    return tmp_path


def call(*arguments: str) -> tuple[int, str, str]:
    app = typer.Typer()
    commands.add_to(app)
    result = CliRunner().invoke(app, ["kernels", *arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


def test_installed_listed_and_removed(here: Path):
    prefix = here / "prefix"
    code, out, _ = call(
        "install", "--prefix", str(prefix), "--preload", "numpy,kokoro:af_heart", "--json"
    )
    assert code == 0
    folder = prefix / "share" / "jupyter" / "kernels" / "workbench"
    made = json.loads(out)
    assert made == {
        "name": "workbench",
        "label": "Python (workbench)",
        "folder": str(folder),
        "python": sys.executable,
        "preload": ["numpy", "kokoro:af_heart"],
    }
    written = json.loads((folder / "kernel.json").read_text())
    assert written["argv"][1:] == ["-m", "ipykernel_launcher", "-f", "{connection_file}"]
    assert written["metadata"]["kernel_provisioner"]["provisioner_name"] == "workbench-fork"

    call("install", "--user", "--name", "Films")
    _, out, _ = call("list", "--json")
    assert [row["name"] for row in json.loads(out)] == ["films", "workbench"]
    assert json.loads(out)[0]["folder"] == str(here / "user" / "kernels" / "films")
    assert "kokoro:af_heart" in call("list")[1]

    assert call("remove", "films")[1].startswith("films: removed from")
    _, out, _ = call("list", "--json")
    assert [row["name"] for row in json.loads(out)] == ["workbench"]
    assert folder.is_dir()


def test_another_kernel_is_neither_replaced_nor_removed(here: Path):
    other = here / "user" / "kernels" / "julia"
    other.mkdir(parents=True)
    text = json.dumps({"argv": ["julia"], "display_name": "Julia", "language": "julia"})
    (other / "kernel.json").write_text(text)
    with pytest.raises(ParameterError, match="julia: is another kernel already"):
        install.install(name="julia", user=True)
    with pytest.raises(ParameterError, match="julia: is no kernel of workbench"):
        install.remove("julia")
    assert (other / "kernel.json").read_text() == text
    assert install.installed() == ()


@pytest.mark.parametrize("name", ["", "../up", "a b", "a/b", "ñ"])
def test_a_name_that_is_no_folder_is_refused(here: Path, name: str):
    with pytest.raises(ParameterError, match="cannot be the name of a kernel"):
        install.install(name=name, user=True)
    assert not (here / "user").exists()


@pytest.mark.parametrize(
    "name", ["", ":", "a:", ":b", "1a", "a b", "os; import os", "a-b", "kokoro:", "--x"]
)
def test_what_is_no_module_cannot_be_preloaded(name: str):
    with pytest.raises(ParameterError, match="cannot be preloaded"):
        checked([name])


@pytest.mark.parametrize("name", ["whisper", "whisper:small", "ctranslate2:Translator"])
def test_models_with_threads_of_their_own_are_sent_to_the_host(name: str):
    with pytest.raises(ModelError, match="model host"):
        call("install", "--user", "--preload", f"numpy,{name}")
    assert install.installed() == ()


@pytest.mark.parametrize("name", ["nosuch_module", "numpy.nosuch", "kokoro:eva"])
def test_what_is_not_there_is_refused_before_anything_is_written(here: Path, name: str):
    """It was found out when the first kernel was wanted."""
    with pytest.raises((ParameterError, ModelError), match=r"nosuch|eva"):
        call("install", "--user", "--preload", f"numpy,{name}")
    assert not (here / "user").exists()
    assert found(["json:nosuch"]) == ("json:nosuch",), "known only when it is imported"


def test_a_kernel_in_another_environment_is_listed_and_removed_there(here: Path):
    """Jupyter here does not look there, and `list` did not either."""
    there = ("--prefix", str(here / "else where"))
    call("install", "--name", "films", *there)
    assert json.loads(call("list", "--json")[1]) == []
    assert [row["name"] for row in json.loads(call("list", *there, "--json")[1])] == ["films"]
    with pytest.raises(ParameterError, match="films: is no kernel of workbench"):
        call("remove", "films")
    assert call("remove", "films", *there)[0] == 0
    assert json.loads(call("list", *there, "--json")[1]) == []


def test_only_one_place_can_be_named():
    with pytest.raises(ParameterError, match="only one place"):
        call("install", "--user", "--sys-prefix")


def test_where_nothing_can_be_forked_it_is_a_stock_kernel(here: Path, monkeypatch):
    monkeypatch.setattr("workbench.production.kernels.can_fork", lambda: False)
    assert not available()
    code, _, told = call("install", "--user")
    assert code == 0
    assert f"{sys.platform} cannot fork kernels: workbench will be a stock kernel" in told
    assert call("status")[1].strip() == f"{sys.platform} cannot fork kernels"


def test_nothing_runs_yet():
    assert call("status")[1].strip() == "no fork server runs"
    assert json.loads(call("status", "--json")[1]) == []
    assert call("stop")[1].strip() == "no fork server runs"
    with pytest.raises(ParameterError, match="abc: is no fork server"):
        call("stop", "abc")


def test_each_kind_of_server_has_its_own_socket():
    """A variable that is read when a library is loaded cannot be set for a child any more."""
    plain = places.Kind.of(["python"], (), {})
    names = {
        kind.name
        for kind in (
            plain,
            places.Kind.of(["other"], (), {}),
            places.Kind.of(["python"], ("torch",), {}),
            places.Kind.of(["python"], (), {"HF_HOME": "/a"}),
            places.Kind.of(["python"], (), {"PYTHONPATH": "/a"}),
        )
    }
    assert len(names) == 5
    assert places.Kind.of(["python"], (), {"WORKBENCH_WORKER": "x", "JOB": "1"}) == plain


@pytest.mark.parametrize("text", ["much", "-1G", "1e9", "2 GB more", "G"])
def test_a_limit_must_be_an_amount(text: str):
    with pytest.raises(ParameterError, match="WORKBENCH_KERNEL_MEMORY"):
        memory_limit({"WORKBENCH_KERNEL_MEMORY": text})


def test_limits():
    sizes = {"512M": 512_000_000, "2GB": 2_000_000_000, "1 GiB": 1_073_741_824, "9": 9, " ": 0}
    assert {text: memory_limit({"WORKBENCH_KERNEL_MEMORY": text}) for text in sizes} == sizes


@pytest.fixture
def server(here: Path) -> Iterator[Server]:
    """A fork server that is driven by hand; no kernel is forked."""
    path = here / "a.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(path))
        listener.listen()
        made = Server(listener, path, places.Kind.of(["python3"], (), {}), idle=60.0)
        try:
            yield made
        finally:
            made._withdraw()
            made._selector.close()
            made._wakes.close()
            made._woken.close()


@pytest.mark.parametrize("number", [errno.EAGAIN, errno.ENOMEM])
def test_a_machine_that_cannot_fork_is_told_at_once(server: Server, monkeypatch, number: int):
    """EAGAIN passed for an empty channel: the client waited for an answer, five times."""

    def fork() -> int:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fork", fork)
    monkeypatch.setattr(processes, "threads", lambda: 1)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as channel:
        channel.settimeout(5)
        channel.connect(str(server._path))
        server._accept(None)
        wire.send(channel, {"do": "fork"}, (0, 1, 2))
        (one,) = server._clients
        for _ in range(2):  # the files come with the first part
            assert server._hear(one) is None
        assert one.inbox.files == []
        inbox = wire.Inbox()
        assert inbox.read(channel)
        assert inbox.take() == {"error": f"nothing can be forked ({os.strerror(number)})"}
        server._forget(one)


def test_a_server_with_too_many_open_files_does_not_spin(server: Server, monkeypatch):
    naps: list[float] = []
    monkeypatch.setattr("workbench.production.kernels.server.time.sleep", naps.append)

    class Full:
        def accept(self) -> None:
            raise OSError(errno.EMFILE, "Too many open files")

    listener, server._listener = server._listener, Full()
    try:
        server._accept(None)
    finally:
        server._listener = listener
    assert naps == [0.1]


def test_a_kernel_is_watched_by_any_descriptor(here: Path):
    """`select` ends at 1,023, and a server of notebooks has more."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(2048, before[0]), before[1]))
    ours, theirs = socket.socketpair()
    try:
        high = socket.socket(fileno=fcntl.fcntl(ours, fcntl.F_DUPFD_CLOEXEC, 1500))
        one = client.Forked(high, os.getpid(), wire.Inbox())
        assert one.poll() is None
        wire.send(theirs, {"exit": 3})
        assert one.wait(5) == 3
    finally:
        ours.close()
        theirs.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_a_server_that_says_what_is_none_of_it_is_none(here: Path):
    path = here / "a.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(path))
        listener.listen()

        def answer() -> None:
            channel, _ = listener.accept()
            with channel:
                channel.recv(100)
                channel.sendall(b"\xff" * 64)

        thread = threading.Thread(target=answer)
        thread.start()
        assert client.ask(path, {"do": "status"}) is None
        thread.join()


def test_jupyter_finds_the_provisioner_by_its_kernelspec():
    from jupyter_client.provisioning.factory import KernelProvisionerFactory

    manager = spec.spec_manager(["torch"])
    found = KernelProvisionerFactory.instance().create_provisioner_instance(
        "id", manager.get_kernel_spec("workbench"), parent=None
    )
    assert isinstance(found, ForkProvisioner)
    assert found.preload == ["torch"]
