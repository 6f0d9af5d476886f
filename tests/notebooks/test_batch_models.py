"""A model that many jobs need is loaded once: into the fork server, or by a host beside them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
import pytest

import workbench as wb
from tests.kokoro_model import home, need_kokoro
from tests.whisper_model import FOLDER, sentences, tiny_whisper
from workbench.production.kernels import available

if TYPE_CHECKING:
    from tests.whisper_model import TinyWhisper

__all__ = ["home", "tiny_whisper"]

pytestmark = [
    pytest.mark.notebook,
    pytest.mark.model,
    pytest.mark.skipif(not available(), reason="kernels are forked on Linux only"),
]

SPEAK = """
import sys, json, os
import workbench as wb
before = "torch" in sys.modules
wb.speak("hola", voice=voice, normalize=False).save(output)
open(output + ".txt", "w").write(json.dumps({"torch": before, "pid": os.getpid()}))
"""
HEAR = """
import sys, json, os
import workbench as wb
heard = wb.transcribe(media, model=model)
told = {"text": heard.text, "ctranslate2": "ctranslate2" in sys.modules, "pid": os.getpid()}
open(output, "w").write(json.dumps(told))
"""


def written(folder: Path, cell: str, work: str) -> Path:
    cells = [
        nbformat.v4.new_code_cell(cell, metadata={"tags": ["parameters"]}),
        nbformat.v4.new_code_cell(work),
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    path = folder / "work.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), path)
    return path


def quiet(done: float) -> None:
    """Show nothing."""


def test_kokoro_is_loaded_before_the_fork(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    need_kokoro()
    monkeypatch.chdir(tmp_path)
    notebook = written(tmp_path, 'voice: str = "kokoro:ef_dora"\noutput: str = "o.wav"', SPEAK)
    rows = [{"name": name, "voice": f"kokoro:{name}"} for name in ("ef_dora", "em_alex")]
    result = wb.batch(rows, notebook, folder="out", jobs=1, kernel="workbench", progress=quiet)
    assert result.ok, result.to_dict()
    told = [json.loads(Path(f"{path}.txt").read_text()) for path in result.outputs]
    assert [one["torch"] for one in told] == [True, True], "it was there before the first cell"
    assert told[0]["pid"] != told[1]["pid"]
    assert all(wb.Audio.read(path).duration > 0 for path in result.outputs)


def test_whisper_is_in_a_host_and_in_no_kernel(
    tiny_whisper: TinyWhisper, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    said = sentences(tiny_whisper, "en", 2, seed=5)
    for number, one in enumerate(said):
        one.audio.write(tmp_path / f"{number}.wav")
    cell = f'from pathlib import Path\nmedia: Path = "0.wav"\nmodel: str = "{FOLDER}"\n'
    notebook = written(tmp_path, cell + 'output: str = "o.json"', HEAR)
    rows = [{"name": f"n{number}", "media": f"{number}.wav"} for number in range(2)]
    result = wb.batch(rows, notebook, folder="out", jobs=2, kernel="workbench", progress=quiet)
    assert result.ok, result.to_dict()
    for path, one in zip(result.outputs, said, strict=True):
        told = json.loads(Path(path).read_text())
        assert told["ctranslate2"] is False
        assert len(told["text"].split()) == len(one.words)
    ledger = Path("out/batch.sqlite").read_bytes()
    assert b"WORKBENCH_MODEL_HOST" not in ledger, "its token is written nowhere"
