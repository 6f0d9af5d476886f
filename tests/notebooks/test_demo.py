"""`make demo`, as a newcomer gets it: the video, its captions, its receipt, its notebook."""

from __future__ import annotations

import base64
import json

import nbformat
import numpy as np
import pytest
from pixels import expected, lit

import workbench as wb
from workbench.audio import Audio
from workbench.media.frames import clip_sound, frame_at
from workbench.production.demo import SCRIPTS, demo
from workbench.storage.receipt import digest

pytestmark = [pytest.mark.notebook, pytest.mark.media]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return demo("es", tmp_path_factory.mktemp("demo"))


@pytest.fixture(scope="module")
def spoken():
    return wb.speak(SCRIPTS["es"][1], voice=SCRIPTS["es"][0])


def test_everything_lies_beside_each_other(made):
    names = [path.name for path in made.files]
    files = ["demo.mp4", "demo.srt", "demo.vtt"]
    assert names[0] == "demo.mp4", "the product comes first"
    assert sorted(names) == sorted(["demo.ipynb", *files, *(f"{name}.json" for name in files)])
    assert sorted(p.name for p in made.output.parent.iterdir()) == sorted(names)


def test_the_video_is_as_long_as_the_narration(made, spoken):
    info = wb.probe(made.output)
    assert (info.video.width, info.video.height) == (1080, 1920)
    assert abs(info.duration - spoken.duration) <= 1 / 30
    assert 25 < info.duration < 40


def test_sound_is_present_and_is_the_narration(made, spoken):
    heard = clip_sound(made.output, spoken.duration).mono()
    said = spoken.audio.resample(heard.rate)
    frames = min(heard.frames, said.frames)
    assert np.sqrt((heard.samples**2).mean()) > 0.02
    assert np.corrcoef(heard.samples[:frames, 0], said.samples[:frames, 0])[0, 1] > 0.98


def test_the_lit_word_is_right_at_ten_moments(made, spoken):
    style = wb.Video().captions("karaoke").style
    cues = wb.caption(spoken, style=style, width=1080, height=1920)
    pairs = [(cue, word) for cue in cues for word in cue.words]
    assert len(pairs) == len(spoken.words)
    for index in np.linspace(0, len(pairs) - 1, 10).astype(int):
        cue, word = pairs[index]
        seen, wanted = lit(frame_at(made.output, word.middle), style), expected(cue, word, style)
        assert (seen.row, seen.rows) == (wanted.row, wanted.rows), word
        assert seen.start == pytest.approx(wanted.start, abs=0.02), word
        assert seen.end == pytest.approx(wanted.end, abs=0.02), word


def test_captions_are_the_script(made, spoken):
    for suffix in (".srt", ".vtt"):
        cues = wb.Cues.read(made.output.with_suffix(suffix))
        assert " ".join(cues.text.split()) == " ".join(spoken.text.split())
        assert cues[-1].end <= spoken.duration + 0.1


def test_the_receipt_names_the_notebook_and_the_voice(made):
    receipt = json.loads(made.output.with_name("demo.mp4.json").read_text())
    assert receipt["sha256"] == digest(made.output)
    assert receipt["notebook"]["name"] == "captioned_short.ipynb"
    assert receipt["notebook"]["parameters"]["voice"] == "espeak:es"
    assert len(receipt["narration"]["parts"]) == 7


def test_the_executed_notebook_shows_itself_untrusted(made, tmp_path):
    """No error; a picture of the waveform, and sound that plays without a kernel or trust."""
    notebook = nbformat.read(made.notebook, 4)
    assert made.notebook.stat().st_size < 3 << 20
    outputs = [o for c in notebook.cells if c.cell_type == "code" for o in c.outputs]
    assert not [o for o in outputs if o.output_type == "error"]
    assert "widgets" not in notebook.metadata, "no widget state is saved"
    bundles = [o.data for o in outputs if "data" in o]
    pictures = [b["image/png"] for b in bundles if "image/png" in b]
    assert len(pictures) >= 2, "a waveform and a poster"
    assert all(base64.b64decode(p).startswith(b"\x89PNG") for p in pictures)
    assert not [b for b in bundles if "image/png" in b and "text/html" in b]
    pages = [b["text/html"] for b in bundles if "text/html" in b]
    page = next(p for p in pages if "<audio" in p)
    data = page.split("data:audio/mpeg;base64,")[1].split('"')[0]
    (tmp_path / "a.mp3").write_bytes(base64.b64decode(data))
    assert Audio.read(tmp_path / "a.mp3").duration == pytest.approx(33, abs=3)
