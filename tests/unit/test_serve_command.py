"""`workbench serve`: its options become the server's settings; it starts, tells, and ends."""

from __future__ import annotations

import dataclasses
import os
import re
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import typer
from serving import TOKEN, served
from typer.testing import CliRunner

from workbench.cli import app
from workbench.commands.serve import _bytes, _seconds
from workbench.errors import ParameterError
from workbench.service.server import run
from workbench.service.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

MIB = 1 << 20
DAY = 86_400.0


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[Settings]:
    """The settings with which a server would have been run."""
    found: list[Settings] = []
    monkeypatch.setattr(run, "serve", found.append)
    monkeypatch.delenv("AUTH_TOKENS", raising=False)
    return found


def serve(*options: str) -> Any:
    return CliRunner().invoke(app, ["serve", *options])


# -- options ------------------------------------------------------------------------------------


def test_without_options_it_listens_here_alone(told: list[Settings]):
    """The old server listened to every network and was open to all of them."""
    assert serve().exit_code == 0
    assert told == [Settings(host="127.0.0.1", port=8000, bound=64, upload_limit=512 * MIB,
                             ttl=None, quota=None, private=False, allowed_hosts=())]  # fmt: skip
    assert 1 <= told[0].workers <= 2


OPTIONS = [
    (("--host", "0.0.0.0", "--port", "0"), {"host": "0.0.0.0", "port": 0}),  # noqa: S104
    (("--store", "/srv/media"), {"store": "/srv/media"}),
    (("--store", "s3://bucket/prefix"), {"store": "s3://bucket/prefix"}),
    (("--workers", "7", "--queue", "3"), {"workers": 7, "bound": 3}),
    (("--token", "a", "--token", "b"), {"tokens": ("a", "b")}),
    (("--upload-limit", "1GiB", "--quota", "50GB"), {"upload_limit": 1 << 30,
                                                     "quota": 50_000_000_000}),
    (("--ttl", "12h"), {"ttl": 43_200.0}),
    (("--ttl", "never"), {"ttl": None}),
    (("--allow-host", "a.example", "--allow-host", "b.example"),
     {"allowed_hosts": ("a.example", "b.example")}),
    (("--allow-private",), {"private": True}),
]  # fmt: skip


@pytest.mark.parametrize("case", OPTIONS, ids=lambda case: " ".join(case[0]))
def test_an_option_is_a_setting(told: list[Settings], case: tuple[Any, dict[str, Any]]):
    options, wanted = case
    assert serve(*options).exit_code == 0
    assert told[0] == dataclasses.replace(Settings(), **wanted)


def test_tokens_come_from_the_old_variable_unless_given(
    told: list[Settings], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("AUTH_TOKENS", " first-key, two,,")
    serve()
    serve("--token", "three")
    assert [each.tokens for each in told] == [("first-key", "two"), ("three",)]
    assert "first-key" not in repr(told[0])


WRONG = [
    ("--upload-limit", "much"), ("--upload-limit", "-1"), ("--upload-limit", "0"),
    ("--upload-limit", "9" * 5000), ("--quota", "1XB"), ("--quota", "1e9"), ("--ttl", "soon"),
    ("--ttl", "9" * 5000), ("--ttl", "0"), ("--port", "65536"), ("--port", "-1"),
    ("--workers", "0"), ("--queue", "0"), ("--token", "two words"), ("--token", ""),
    ("--token", "\u00e9"),
]  # fmt: skip


@pytest.mark.parametrize("options", WRONG, ids=lambda pair: f"{pair[0]}={pair[1][:9]}")
def test_a_wrong_option_is_refused_before_anything_starts(
    told: list[Settings], options: tuple[str, str]
):
    done = serve(*options)
    assert isinstance(done.exception, ParameterError), done.output
    assert len(str(done.exception)) < 400
    assert str(done.exception).startswith((options[0], "a token"))
    assert told == []


def test_sizes_and_times_are_written_as_people_write_them():
    sizes = ["1", "1k", "1 KiB", "2MB", "2MiB", "0.5GiB", "1.5tb", "3TiB"]
    assert [_bytes("x", size) for size in sizes] == [
        1, 1000, 1024, 2_000_000, 2 * MIB, 1 << 29, 1_500_000_000_000, 3 << 40,
    ]  # fmt: skip
    times = ["90", "90s", "1.5m", "2h", "7d", "2W"]
    assert [_seconds("x", time) for time in times] == [90, 90, 90, 7200, 7 * DAY, 14 * DAY]


def test_the_help_names_every_option(told: list[Settings]):
    command = typer.main.get_command(app).commands["serve"]
    shown = serve("--help").output
    for one in command.params:
        assert one.help or one.name == "help"
        assert all(name in shown for name in one.opts)


# -- in a process of its own --------------------------------------------------------------------

_WITHOUT = """
import sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == {module!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Missing())
sys.argv = ["workbench", "serve", "--store", {store!r}, "--port", "0"]
from workbench.cli import main
main()
"""


@pytest.mark.parametrize("module", ["uvicorn", "fastapi", "python_multipart"])
def test_without_the_extra_one_line_says_what_to_install(tmp_path: Path, module: str):
    code = _WITHOUT.format(module=module, store=str(tmp_path / "store"))
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert module in done.stderr
    assert "media-workbench[serve]" in done.stderr


def test_the_command_line_loads_nothing_of_the_server():
    code = (
        "import sys, workbench.cli; "
        "print([n for n in ('fastapi', 'uvicorn', 'starlette', 'sqlite3') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_it_tells_where_it_listens_and_a_token_it_made_once(tmp_path: Path):
    """The old one was open where no token was set. Where files lie is told by its variable."""
    environment = {**os.environ, "STORAGE_PATH": str(tmp_path / "old name")}
    for name in ("AUTH_TOKENS", "WORKBENCH_STORE"):
        environment.pop(name, None)
    command = [sys.executable, "-m", "workbench", "serve", "--port", "0", "--workers", "1"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        line = process.stdout.readline()
        found = re.fullmatch(
            r"serving at (http://127\.0\.0\.1:\d+)  token \(.*\): (\S{20,})\n", line
        )
        assert found, line
        url, token = found.groups()
        with httpx.Client(base_url=url, trust_env=False, timeout=30) as client:
            assert client.get("/health").json() == {"status": "ok"}
            assert client.head("/health").status_code == 200
            assert client.get("/").status_code == 401
            assert client.get("/docs").status_code == 401
            for header in (token, f"Bearer {token}"):
                answer = client.get("/", headers={"Authorization": header})
                assert answer.json()["server"] == "workbench"
                spoken = client.post(
                    "/api/v1/media/audio-tools/tts",
                    data={"text": "Hello.", "engine": "espeak"},
                    headers={"Authorization": header},
                )
                assert spoken.status_code == 200
        process.send_signal(signal.SIGTERM)
        out, errors = process.communicate(timeout=30)
    assert process.returncode == 0
    assert out == ""
    assert token not in errors
    assert (tmp_path / "old name" / "jobs.sqlite").exists()


def test_a_given_token_is_told_nowhere_and_an_interrupt_ends_it(tmp_path: Path):
    with served(tmp_path / "store", "--workers", "1") as server:
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(30) == 0
        assert TOKEN not in server.log.read_text()


def test_a_taken_port_is_one_line(tmp_path: Path):
    with served(tmp_path / "store", "--workers", "1") as server:
        port = server.url.rpartition(":")[2]
        done = subprocess.run(
            [sys.executable, "-m", "workbench", "serve", "--port", port,
             "--store", str(tmp_path / "other")],
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
    assert done.returncode == 1
    assert f"port {port} is taken" in done.stderr
    assert len(done.stderr.splitlines()) == 1
