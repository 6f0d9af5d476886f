from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest
from hub import Hub, Repository, running_hub

from workbench import cli
from workbench.engines.weights import Model
from workbench.engines.weights import catalog as weights_catalog
from workbench.engines.weights import hub as weights_hub
from workbench.engines.weights import spacy as weights_spacy

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BIG = bytes(range(256)) * 40
SMALL = Model(
    name="small",
    repository="someone/small",
    engine="test",
    files=("config.json", "model.big"),
    voices=("anna", "bert"),
    needs=("tiny",),
    licence="MIT",
    about="a test",
    size=10_240,
)
TINY = Model(
    name="tiny",
    repository="someone/tiny",
    engine="test",
    files=("config.json",),
    licence="MIT",
    about="what the other one needs",
    size=2,
)


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Two small models are all there is, in folders of the test's own."""
    for name in list(os.environ):
        if name.startswith("HF_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.setenv("WORKBENCH_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(weights_catalog, "MODELS", {"small": SMALL, "tiny": TINY})
    monkeypatch.setattr(weights_hub, "_PAUSES", (0.0,))
    return tmp_path / "models"


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    files = {"config.json": b"{}", "model.big": BIG}
    files |= {f"voices/{name}.pt": b"\x80" + name.encode() for name in SMALL.voices}
    repositories = {
        "someone/small": Repository(files),
        "someone/tiny": Repository({"config.json": b"[]"}),
    }
    with running_hub(repositories) as running:
        monkeypatch.setenv("HF_ENDPOINT", running.endpoint)
        yield running


def workbench(monkeypatch, capsys, *arguments: str) -> tuple[int, str, str]:
    monkeypatch.setattr("sys.argv", ["workbench", *arguments])
    with pytest.raises(SystemExit) as caught:
        cli.main()
    out, err = capsys.readouterr()
    return int(caught.value.code or 0), out, err


def test_from_nothing_to_a_model_and_back(hub: Hub, here: Path, monkeypatch, capsys):
    def run(*arguments: str) -> tuple[int, str, str]:
        return workbench(monkeypatch, capsys, "models", *arguments)

    code, out, _ = run("list")
    assert code == 0
    assert [line[:7] for line in out.splitlines()] == ["· small", "· tiny "]
    assert run("list", "--here") == (0, f"none in {here}\n", "")
    assert run("verify") == (0, f"none in {here}\n", "")
    assert run("pull", "small", "--voice", "anna") == (
        0,
        f"small: {here / 'small'}\ntiny: {here / 'tiny'}\n",
        "",
    )
    code, out, _ = run("list")
    assert out.splitlines()[0].endswith(f"{here / 'small'}, 1 of 2 voices")
    assert out.startswith("✓ small")
    code, out, _ = run("verify")
    assert (code, out.splitlines()[0]) == (0, "✓ small: 3 files, 10.2 kB")
    (here / "small" / "model.big").write_bytes(b"\x01" + BIG[1:])
    code, out, _ = run("verify", "small", "--json")
    assert code == 1
    (told,) = json.loads(out)
    assert (told["ok"], told["code"]) == (False, "weights_corrupt")
    assert told["cure"] == "fetch it again: workbench models pull small"
    hub.asked.clear()
    assert run("pull", "small", "--alone", "--json")[0] == 0
    assert hub.files_asked() == ["model.big", "voices/bert.pt"]
    assert run("verify", "small")[0] == 0
    code, out, _ = run("remove", "small", "tiny", "--json")
    assert [one["name"] for one in json.loads(out)] == ["small", "tiny"]
    assert json.loads(out)[0]["size"] > len(BIG)
    assert not (here / "small").exists()
    code, out, err = run("remove", "small")
    assert (code, err) == (1, "")
    assert out == f"✗ small: small: is not in {here / 'small'}\n"


def test_what_is_removed_is_told_though_another_is_not_there(
    hub: Hub, here: Path, monkeypatch, capsys
):
    """The error of the second one was all that was told."""

    def run(*arguments: str) -> tuple[int, str, str]:
        return workbench(monkeypatch, capsys, "models", *arguments)

    run("pull", "tiny")
    code, out, err = run("remove", "tiny", "small", "tiny", "--json")
    assert (code, err) == (1, "")
    told = json.loads(out)
    assert [(one["name"], one["ok"]) for one in told] == [("tiny", True), ("small", False)]
    assert told[0]["folders"] == [str(here / "tiny")]
    assert told[1]["code"] == "weights_missing"
    run("pull", "tiny")
    code, out, _ = run("remove", "small", "tiny")
    assert (code, [line[:7] for line in out.splitlines()]) == (1, ["✗ small", "✓ tiny:"])
    assert not (here / "tiny").exists()


def test_another_folder(hub: Hub, here: Path, tmp_path: Path, monkeypatch, capsys):
    code, out, _ = workbench(
        monkeypatch, capsys, "models", "pull", "tiny", "--folder", str(tmp_path / "disk")
    )
    assert (code, out) == (0, f"tiny: {tmp_path / 'disk' / 'tiny'}\n")
    assert not (here / "tiny").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("pull", "smal"), 2, "smal: is not a model; did you mean 'small'"),
        (("verify", "smal"), 2, "is not a model"),
        (("remove", "../small"), 2, "is not a model"),
        (("pull", "tiny", "--voice", "anna"), 2, "tiny: has no voices"),
        (("pull", "small", "--voice", "ana"), 2, "did you mean 'anna'"),
        (("pull", "small", "tiny", "--voice", "anna"), 2, "--voice: is for one model"),
        (("pull",), 2, "workbench models pull --help"),
        (("list", "--engine", "none"), 2, "none: has no models; there are those of test"),
    ],
)
def test_a_mistake_is_one_line_and_a_code(  # noqa: PLR0917
    hub: Hub, monkeypatch, capsys, arguments: tuple[str, ...], code: int, says: str
):
    found, out, err = workbench(monkeypatch, capsys, "models", *arguments)
    assert (found, out) == (code, "")
    assert says in err
    assert err.count("\n") == 1
    assert hub.files_asked() == []


def test_a_gate_and_a_network_that_is_forbidden(hub: Hub, monkeypatch, capsys):
    hub.trouble.statuses = [(401, {"X-Error-Code": "GatedRepo"})]
    code, _, err = workbench(monkeypatch, capsys, "models", "pull", "small")
    assert code == 1
    assert "accept its terms on the page of repository someone/small" in err
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    code, _, err = workbench(monkeypatch, capsys, "models", "pull", "small")
    assert code == 1
    assert "HF_HUB_OFFLINE forbids the network" in err


def test_damage_and_gaps_are_seen_in_the_list(hub: Hub, here: Path, monkeypatch, capsys):
    workbench(monkeypatch, capsys, "models", "pull", "small")
    (here / "small" / "model.big").write_bytes(b"")
    _, out, _ = workbench(monkeypatch, capsys, "models", "list")
    assert out.startswith("✗ small")
    assert "model.big" in out
    (here / "small" / "model.big").unlink()
    _, out, _ = workbench(monkeypatch, capsys, "models", "list")
    assert out.startswith("… small")
    assert "lacks model.big  → workbench models pull small" in out
    _, out, _ = workbench(monkeypatch, capsys, "models", "list", "--json")
    assert {one["name"]: one["state"] for one in json.loads(out)} == {
        "small": "partial",
        "tiny": "ready",
    }


def test_what_is_installed_as_a_package_is_not_fetched(hub: Hub, here: Path, monkeypatch, capsys):
    english = Model(**{**vars(TINY), "name": "spacy-english"})
    needy = Model(**{**vars(SMALL), "needs": ("spacy-english",)})
    models = {"small": needy, "spacy-english": english}
    monkeypatch.setattr(weights_catalog, "MODELS", models)
    monkeypatch.setattr(weights_spacy, "spacy_installed", lambda: True)
    workbench(monkeypatch, capsys, "models", "pull", "small")
    assert not (here / "spacy-english").exists()
    _, out, _ = workbench(monkeypatch, capsys, "models", "list")
    assert "installed as a package" in out
    monkeypatch.setattr(weights_spacy, "spacy_installed", lambda: False)
    workbench(monkeypatch, capsys, "models", "pull", "small")
    assert (here / "spacy-english" / "config.json").is_file()


def test_without_a_command_there_is_help(monkeypatch, capsys):
    code, out, _ = workbench(monkeypatch, capsys, "models")
    assert code == 0
    assert all(word in out for word in ("list", "pull", "verify", "remove"))
