from __future__ import annotations

import hashlib
import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from workbench.errors import JobError, ParameterError
from workbench.production import identity_inputs
from workbench.production.identity import Identity, identify
from workbench.production.identity_versions import machine_facts, versions
from workbench.production.parameters import Parameter
from workbench.voice import Preset, Voice

KNOWN = (
    Parameter(name="script", annotation="str", default="Hello."),
    Parameter(name="voice", annotation="str", default="espeak:es"),
    Parameter(name="images", annotation="list[str]", default=[]),
    Parameter(name="folder", annotation="Path | None", default=None),
    Parameter(name="output", annotation="Path", default="out/a.mp4"),
)


def _notebook(path: Path, source: str = "1 + 1", **cell: Any) -> Path:
    cells = [{"cell_type": "code", "metadata": {}, "source": source, "outputs": [], **cell}]
    path.write_text(
        json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells})
    )
    return path


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("WORKBENCH_LEXICON", raising=False)
    _notebook(tmp_path / "job.ipynb")
    return tmp_path


def _id(**values: Any) -> str:
    return identify(Path("job.ipynb"), KNOWN, values).id


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def test_the_same_job_has_the_same_name(here: Path):
    (here / "talk.txt").write_text("Hello.")
    assert _id(script="talk.txt") == _id(script="talk.txt")
    assert len(_id()) == len("job_") + 24
    assert _id() == _id(voice="espeak:es")  # what is the default anyway
    assert len({_id(), _id(voice="espeak:en"), _id(script="talk.txt"), _id(output="b.mp4")}) == 4


def test_what_is_in_the_inputs_counts_and_not_when_it_was_written(here: Path):
    for name in ("talk.txt", "a.jpg", "b.jpg"):
        (here / name).write_text(name)
    values = {"script": "talk.txt", "images": ["a.jpg", "b.jpg", "colour:navy"]}
    found = identify(Path("job.ipynb"), KNOWN, values)
    assert found.inputs == {
        str(here / name): _sha256(name) for name in ("talk.txt", "a.jpg", "b.jpg")
    }
    os.utime(here / "b.jpg", (1, 1))
    assert _id(**values) == found.id
    (here / "b.jpg").write_text("c.jpg")  # as long, and at the same time
    os.utime(here / "b.jpg", (2, 2))
    assert _id(**values) != found.id


def test_a_file_written_twice_at_once_is_read_twice(here: Path):
    file = here / "talk.txt"
    now = time.time() + 60  # however long this takes, it was written just now
    file.write_text("one")
    os.utime(file, (now, now))
    before = _id(script="talk.txt")
    file.write_text("two")
    os.utime(file, (now, now))
    assert _id(script="talk.txt") != before


def test_what_is_there_at_the_output_is_no_input(here: Path):
    before = identify(Path("job.ipynb"), KNOWN, {"output": "a.mp4"})
    (here / "a.mp4").write_text("made")
    assert identify(Path("job.ipynb"), KNOWN, {"output": str(here / "a.mp4")}) == before
    assert before.inputs == {}


def test_the_same_text_in_another_folder_is_another_job(here: Path, monkeypatch: Any):
    before = _id()
    (here / "sub").mkdir()
    assert identify(here / "job.ipynb", KNOWN, {}, folder=here / "sub").id != before
    monkeypatch.chdir(here / "sub")
    assert identify(here / "job.ipynb", KNOWN, {}, folder=here).id == before


def test_only_the_sources_of_a_notebook_count(here: Path):
    before = _id()
    outputs = [{"output_type": "stream", "name": "stdout", "text": "2"}]
    _notebook(here / "job.ipynb", ["1 +", " 1"], outputs=outputs, execution_count=3)
    assert _id() == before
    _notebook(here / "job.ipynb", "1 + 2")
    assert _id() != before
    _notebook(here / "job.ipynb", cell_type="markdown")
    assert _id() != before


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"cells": [{"source": 1}]}'])
def test_what_is_no_notebook_is_said(here: Path, text: str):
    (here / "job.ipynb").write_text(text)
    with pytest.raises(JobError, match=r"job\.ipynb: is not a notebook"):
        _id()


def test_a_preset_and_a_lexicon_count(here: Path, monkeypatch: pytest.MonkeyPatch):
    before = _id(voice="narrator")
    Preset(name="narrator", voice=Voice.parse("espeak:es")).save()
    preset = _id(voice="narrator")
    assert preset != before
    (here / "lexicon.toml").write_text("[es]\n")
    lexicon = identify(Path("job.ipynb"), KNOWN, {"voice": "narrator"})
    assert lexicon.id != preset
    assert set(lexicon.inputs) == {
        str(here / "presets" / "narrator.toml"),
        str(here / "lexicon.toml"),
    }
    (here / "other.toml").write_text("[en]\n")
    monkeypatch.setenv("WORKBENCH_LEXICON", str(here / "other.toml"))
    assert str(here / "other.toml") in identify(Path("job.ipynb"), KNOWN, {}).inputs


@pytest.mark.parametrize("kept", ["", "talk.md"])
def test_a_preset_that_a_script_names_counts(here: Path, kept: str):
    text = "[voice:narrator] Hello.\n[voice:espeak:en-us] Hello."
    (here / "talk.md").write_text(text)
    script = kept or text
    before = _id(script=script)
    Preset(name="narrator", voice=Voice.parse("espeak:es")).save()
    first = _id(script=script)
    Preset(name="narrator", voice=Voice.parse("espeak:en")).save()
    assert len({before, first, _id(script=script)}) == 3


def test_the_weights_of_the_engine_that_is_named_count(here: Path, monkeypatch: Any):
    told = {"espeak": "1", "kokoro": "first"}
    monkeypatch.setattr(
        "workbench.production.identity_versions.engine_version", lambda name: told.get(name, "")
    )
    values = {"espeak:es": _id(), "kokoro:af": _id(voice="kokoro:af")}
    Preset(name="reader", voice=Voice.parse("kokoro:af")).save()
    values["reader"] = _id(voice="reader")
    told["kokoro"] = "second"
    changed = [name for name, before in values.items() if _id(voice=name) != before]
    assert changed == ["kokoro:af", "reader"]


def test_a_folder_counts_with_all_that_is_in_it(here: Path, monkeypatch: pytest.MonkeyPatch):
    (here / "clips" / "sub").mkdir(parents=True)
    (here / "clips" / "sub" / "a.txt").write_text("a")
    before = _id(folder="clips")
    (here / "clips" / "sub" / "a.txt").write_text("bb")
    assert _id(folder="clips") != before
    assert _id(script="clips") == _id(script="clips")
    assert identify(Path("job.ipynb"), KNOWN, {"script": "clips"}).inputs == {}
    monkeypatch.setattr(identity_inputs, "_MOST", 0)
    with pytest.raises(ParameterError, match="clips: has more than 0 files"):
        _id(folder="clips")


@pytest.mark.parametrize("text", ["x" * 5000, "a\0b", "~nobody-of-that-name/a", "\udcff", "a\nb"])
def test_a_text_that_can_be_no_path_is_a_text(here: Path, text: str):
    assert identify(Path("job.ipynb"), KNOWN, {"script": text, "images": [text]}).inputs == {}


def test_versions_of_all_that_makes_bytes_are_told():
    told = versions()
    for name in ("python", "workbench", "numpy", "soxr", "av", "ffmpeg", "espeak engine"):
        assert told[name], name
    assert told["ffmpeg"] != "none"
    assert "+" in told["workbench"]
    assert {"system", "architecture", "features", "threads"} < set(machine_facts())


def test_another_source_is_another_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    import workbench
    from workbench.production.identity_versions import sources_digest

    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "a.py").write_text("1")
    monkeypatch.setattr(workbench, "__file__", str(tmp_path / "__init__.py"))
    look = sources_digest.__wrapped__
    before = look()
    (tmp_path / "__pycache__" / "a.pyc").write_text("1")
    assert look() == before
    (tmp_path / "a.py").write_text("2")
    assert look() != before


def test_a_thousand_jobs_are_named_at_once(here: Path):
    for name in ("talk.txt", "bed.mp3"):
        (here / name).write_bytes(b"x" * 1_000_000)
        os.utime(here / name, (1, 1))
    read = []
    real = identity_inputs.digest

    def counted(path: Path) -> str:
        read.append(path)
        return real(path)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(identity_inputs, "digest", counted)
        os.utime(here / "job.ipynb", (1, 1))
        began = time.process_time()
        names = {_id(script="talk.txt", images=["bed.mp3"], output=f"{n}.mp4") for n in range(1000)}
        spent = time.process_time() - began
    assert len(names) == 1000
    assert len(read) == 3
    assert spent < 2  # 0.2 s on an idle machine


def test_it_is_told_as_plain_values(here: Path):
    found = identify(Path("job.ipynb"), KNOWN, {})
    assert isinstance(found, Identity)
    assert json.loads(json.dumps(found.to_dict()))["id"] == found.id
