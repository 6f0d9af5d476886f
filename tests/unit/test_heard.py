"""What was heard: how sure that is, as files, and where nobody listened."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING

import pytest

import workbench as wb
from workbench.audio import Audio
from workbench.errors import MediaError, ParameterError, WeightsMissing, WorkbenchWarning
from workbench.production.transcript import write_transcript
from workbench.recognition import Recognition, Segment
from workbench.speech.confidence import confidence
from workbench.speech.listening import listen
from workbench.storage.receipt import read_receipt
from workbench.timing import Word

if TYPE_CHECKING:
    from pathlib import Path


def segment(start: float, *words: tuple[str, float | None], flags: tuple[str, ...] = ()) -> Segment:
    rows = [
        Word(text=text, start=start + n, end=start + n + 0.9, probability=sure)
        for n, (text, sure) in enumerate(words)
    ]
    text = " ".join(word.text for word in rows)
    return Segment(start=start, end=rows[-1].end, text=text, words=tuple(rows), flags=flags)


HEARD = Recognition(
    segments=(
        segment(0, ("=1+2", 0.9), ("<b>", 0.2)),
        segment(3, ("sure", 1.0), flags=("fast",)),
    ),
    language="en",
    language_probability=0.75,
    duration=5,
    engine="whisper",
    model="whisper-tiny",
    warnings=("a < b",),
)


def test_confidence():
    found = confidence(HEARD)
    assert found.probability == pytest.approx(0.7)
    assert [(row.probability, row.lowest, row.doubtful) for row in found.rows] == [
        (pytest.approx(0.55), 0.2, 1), (1.0, 1.0, 0),
    ]  # fmt: skip
    assert [word.text for word in found.doubtful] == ["<b>"]
    page = found._repr_html_()
    for told in ("&lt;b&gt;", "a &lt; b", "55%", "fast", "en (75%)"):
        assert told in page
    assert "<b>" not in page
    json.dumps(found.to_dict())


def test_nobody_judged():
    heard = Recognition(segments=(segment(0, ("a", None)),), language="", duration=1)
    found = confidence(heard)
    assert (found.probability, found.doubtful) == (None, ())
    assert "nobody judged" in repr(found)


def test_files(tmp_path: Path):
    kinds = ["vtt", "ttml", "ass", "txt", "json", "csv"]
    with pytest.warns(WorkbenchWarning, match="a < b"):
        files = write_transcript(HEARD, tmp_path / "a.srt", kinds=kinds)
    assert [path.suffix[1:] for path in files] == ["srt", *kinds]
    assert (tmp_path / "a.txt").read_text("utf-8") == "=1+2 <b>\nsure\n"
    rows = list(csv.reader((tmp_path / "a.csv").read_text("utf-8").splitlines()))
    assert rows[1] == ["0.0", "1.9", "'=1+2 <b>", "0.55", "0.2", "1", ""], "no formula"
    data = json.loads((tmp_path / "a.json").read_text("utf-8"))
    assert Recognition.from_dict({k: data[k] for k in HEARD.to_dict()}) == HEARD
    assert data["confidence"]["words"] == 3
    assert [cue.text for cue in wb.Cues.read(tmp_path / "a.srt")]
    receipt = read_receipt(tmp_path / "a.srt")
    assert (receipt["settings"]["doubtful"], receipt["warnings"]) == (1, ["a < b"])


def test_what_cannot_be_written(tmp_path: Path):
    with pytest.raises(ParameterError, match="jsn: is no kind of transcript; did you mean 'json'"):
        write_transcript(HEARD, tmp_path / "a.srt", kinds=["jsn"])
    nothing = Recognition(segments=(), language="en", duration=1)
    with pytest.raises(MediaError, match="has no words that were heard"):
        write_transcript(nothing, tmp_path / "a.srt")
    assert list(tmp_path.iterdir()) == []


def test_a_narration_knows_its_words():
    told = wb.speak("One, two.\nThree.", voice="espeak:en-us")
    heard = listen(told, engine="script").recognition
    assert [word.text for word in heard.words] == ["One,", "two.", "Three."]
    assert [word.start for word in heard.words] == [word.start for word in told.words]
    assert {word.probability for word in heard.words} == {None}
    assert heard.warnings == ("the words are those of the script: nobody heard them",)


def test_a_recording_and_its_script(tmp_path: Path):
    script = "This is the first of them.\nAnd here is the second one."
    told = wb.speak(script, voice="espeak:en-us", gap=1)
    told.save(tmp_path / "a.wav")
    found = listen(tmp_path / "a.wav", engine="script", script=script, language="en").recognition
    assert [segment.text for segment in found.segments] == script.splitlines()
    for ours, own in zip(found.words, told.words, strict=True):
        assert ours.start == pytest.approx(own.start, abs=0.35)
    assert "estimates" in found.warnings[0]


def test_without_a_recogniser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """`auto` falls back to what is known, and says why; it never invents words."""
    Audio.silence(1, 16_000).write(tmp_path / "a.wav")
    told = wb.speak("One.")
    heard = listen(told, model="large-v3").recognition
    assert "workbench models pull" in heard.warnings[-1]
    with pytest.warns(WorkbenchWarning, match="no recogniser listened") as notes:
        write_transcript(heard, tmp_path / "one.srt")
    assert len(notes) == 1, "and nothing else: a script that was asked for is no news"
    for values in ({"engine": "auto"}, {"engine": "whisper", "script": "One."}):
        with pytest.raises(WeightsMissing, match="workbench models pull"):
            listen(tmp_path / "a.wav", model="large-v3", **values)
    with pytest.raises(ParameterError, match="engine=script: needs to know what is said"):
        listen(tmp_path / "a.wav", engine="script")
