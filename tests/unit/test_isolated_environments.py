"""Environments of their own: made whole or gone on with, found, told and removed."""

from __future__ import annotations

import fcntl
import json
import re
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from workbench import cli
from workbench.engines.isolated import environments as isolated_environments
from workbench.engines.isolated.environments import (
    RECIPES,
    VARIABLE,
    Recipe,
    environment,
    environments,
    install,
)
from workbench.errors import EngineNotFound, ModelError

TRIAL = """
from workbench.engines.base import Capabilities
class Trial:
    name = "chatterbox"
    capabilities = Capabilities(rate=24_000)
    version = "9.9"
"""


@pytest.fixture
def home(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "environments"))
    return tmp_path / "environments"


@pytest.fixture
def pins(tmp_path, monkeypatch) -> Path:
    """A recipe of two files of pins, which a test may change."""
    files = [tmp_path / "first.txt", tmp_path / "second.txt"]
    for path in files:
        path.write_text("a==1\nb==2\n")
    monkeypatch.setattr(Recipe, "files", lambda _: list(zip(files, (True, False), strict=True)))
    return files[0]


@pytest.fixture
def pip(home, monkeypatch):
    """What would be run, in place of running it; the venv gets this Python and what it has."""
    commands: list[list[str]] = []

    def run(there, command, log, each=None) -> None:
        commands.append(command)
        if "--clear" in command:
            shutil.rmtree(there.folder)
        if "venv" in command:
            site = there.folder / "lib" / f"python3.{sys.version_info.minor}" / "site-packages"
            site.mkdir(parents=True, exist_ok=True)
            there.python.parent.mkdir(exist_ok=True)
            there.python.unlink(missing_ok=True)
            there.python.symlink_to(sys.executable)
            (there.folder / "pyvenv.cfg").write_text(f"home = {Path(sys.base_prefix) / 'bin'}\n")
            for name in ("numpy", "numpy.libs"):
                (site / name).symlink_to(Path(np.__file__).parents[1] / name)
            (site / "trial_of_chatterbox.py").write_text(TRIAL)
            info = site / "chatterbox_tts-0.1.7.dist-info"
            info.mkdir(exist_ok=True)
            (info / "METADATA").write_text("Name: chatterbox-tts\nVersion: 0.1.7\n")
        elif each is not None:
            for line in (b"Collecting a==1\n", b"Collecting b==2\n", b"Installing collected\n"):
                each(line)

    monkeypatch.setattr(isolated_environments, "_run", run)
    trial = RECIPES["chatterbox"].__class__(
        **{**vars(RECIPES["chatterbox"]), "trial": "trial_of_chatterbox:Trial"}
    )
    monkeypatch.setitem(RECIPES, "chatterbox", trial)
    return commands


def test_an_environment_is_made_in_two_steps_and_told(pins, pip, home):
    parts: list[float] = []
    there = install("chatterbox", progress=parts.append)
    assert there.folder == home / "chatterbox"
    assert there.ready
    assert there.current
    assert there.version("chatterbox-tts") == "0.1.7"
    assert there.version("nothing") == "absent"
    venv, first, second = pip
    assert venv[1:4] == ["-I", "-m", "venv"]
    assert first[0] == second[0] == str(there.python)
    assert "--no-deps" in second
    assert "--no-deps" not in first
    assert parts == sorted(parts)
    assert parts[-1] == 1
    assert environments() == (there,)
    assert json.loads((there.folder / "workbench.json").read_text())["checked"] == "9.9"


def test_what_is_whole_is_not_made_again_but_other_pins_are(pins, pip):
    there = install("chatterbox")
    count = len(pip)
    install("chatterbox")
    assert len(pip) == count
    pins.write_text("a==2\n")
    assert there.ready
    assert not there.current
    install("chatterbox")
    assert [command[3] for command in pip[count:]] == ["pip", "pip"]
    assert there.current


def test_what_was_broken_off_is_gone_on_with(pins, pip, monkeypatch):
    """A folder that is there says nothing of whether it is whole."""
    run = isolated_environments._run

    def breaks(there, command, log, each=None) -> None:
        if "--no-deps" in command:
            raise KeyboardInterrupt
        run(there, command, log, each)

    with monkeypatch.context() as patch:
        patch.setattr(isolated_environments, "_run", breaks)
        with pytest.raises(KeyboardInterrupt):
            install("chatterbox")
        there = environment("chatterbox")
        assert there.python.exists()
        assert not there.ready
        patch.setattr(isolated_environments, "_run", run)
        assert install("chatterbox").ready
        assert sum("venv" in command for command in pip) == 1
        patch.setattr(isolated_environments, "_run", breaks)
        pins.write_text("a==2\n")  # an upgrade that is broken off is half one, half the other
        with pytest.raises(KeyboardInterrupt):
            install("chatterbox")
        assert not there.ready


def test_what_cannot_be_imported_is_not_ready(pins, pip, monkeypatch):
    monkeypatch.setattr(sys.modules[__name__], "TRIAL", "import no_such_package\n")
    with pytest.raises(ModelError, match="no_such_package"):
        install("chatterbox")
    assert not environment("chatterbox").ready


def test_an_environment_whose_python_was_removed_is_made_anew(pins, pip):
    there = install("chatterbox")
    there.python.unlink()
    there.python.symlink_to("/usr/bin/python3.6-of-long-ago")
    assert not there.ready
    assert install("chatterbox").ready
    assert "--clear" in next(command for command in pip[3:] if "venv" in command)


def test_two_processes_do_not_fill_one_folder(pins, pip, home):
    home.mkdir()
    with (home / ".chatterbox.lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(ModelError, match="is being installed by another process"):
            install("chatterbox")
    assert install("chatterbox").ready


def test_it_can_be_removed(pins, pip):
    there = install("chatterbox")
    assert there.remove()
    assert not there.folder.exists()
    assert not there.remove()


def test_a_failing_program_is_told_with_its_last_words_and_its_log(home):
    there = environment("chatterbox")
    log = home / "log"
    home.mkdir()
    code = "print('Collecting x'); print('ERROR: no space left'); raise SystemExit(1)"
    seen: list[bytes] = []
    with pytest.raises(ModelError, match="ERROR: no space left") as caught:
        isolated_environments._run(there, [sys.executable, "-c", code], log, seen.append)
    assert str(log) in caught.value.cure
    assert seen == [b"Collecting x\n", b"ERROR: no space left\n"]
    assert log.read_bytes() == b"".join(seen)


def test_the_pins_are_there_and_name_no_address():
    for recipe in RECIPES.values():
        assert len(recipe.digest()) == 12
        for path, _ in recipe.files():
            text = path.read_text()
            assert "==" in text
            assert not [mark for mark in ("://", "--index", "--hash", "@") if mark in text]


def test_another_name_is_refused_with_what_there_is():
    with pytest.raises(EngineNotFound, match="there is chatterbox"):
        environment("espeak")
    with pytest.raises(EngineNotFound, match="did you mean 'chatterbox'"):
        install("chaterbox")


@pytest.mark.usefixtures("pins", "pip")
def test_the_command_installs_lists_and_removes(home, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(cli.signal, "signal", lambda *_: None)

    def command(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["workbench", "engines", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return (int(ended.value.code or 0), *capsys.readouterr())

    assert command("install", "chatterbox") == (0, f"{home / 'chatterbox'}\n", "")
    code, out, errors = command("install", "chatterbox", "--folder", str(tmp_path / "other"))
    assert (code, out) == (0, f"{tmp_path / 'other' / 'chatterbox'}\n")
    assert f"set {VARIABLE}={tmp_path / 'other'}" in errors
    code, out, _ = command("list", "--json")
    rows = {row["engine"]: row for row in json.loads(out)}
    assert code == 0
    assert rows["espeak"]["version"]
    assert command() == (0, command("--help")[1], "")  # it was an error of the command line
    assert rows["chatterbox"]["folder"] == str(home / "chatterbox")
    assert command("remove", "chatterbox")[1] == f"removed {home / 'chatterbox'}\n"
    assert command("remove", "chatterbox")[1] == f"there is nothing at {home / 'chatterbox'}\n"
    assert command("install", "nothing")[0] == 2


def test_an_engine_without_its_weights_is_listed_with_the_command(tmp_path, capsys, monkeypatch):
    """Its row said 1.2.1+ctranslate2-4.8.5, or of others …+absent+absent, as if all was well."""
    for name in ("WORKBENCH_MODELS", "HF_HOME", "HF_HUB_CACHE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setattr(cli.signal, "signal", lambda *_: None)
    monkeypatch.setattr(sys, "argv", ["workbench", "engines", "list"])
    with pytest.raises(SystemExit):
        cli.main()
    rows = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()}
    assert re.fullmatch(
        r"whisper +ear +[\d.]+, needs its weights  → workbench models pull whisper-small",
        rows["whisper"],
    )
    assert re.fullmatch(r"espeak +voice +[\d.]+", rows["espeak"])
    assert not any("+" in row.partition("→")[0] for row in rows.values())
