"""The job notebooks, run by nbmake in Spanish and by papermill in English, and what they made.

Their defaults are Spanish and need no file and no weights. The English runs have files of every
kind, another value for nearly every parameter, and go through papermill itself.
"""

from __future__ import annotations

import base64
import csv
import io
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import av
import nbformat
import numpy as np
import pytest
from epubs import epub
from lavfi import clip
from PIL import Image

import workbench as wb
from tests.notebooks.executed import by_nbmake, by_papermill
from tests.whisper_model import FOLDER as TINY_WHISPER
from tests.whisper_model import bare, say
from workbench.audio import Audio
from workbench.errors import WorkbenchError
from workbench.media.recording import read_sound
from workbench.production.notebooks import find_notebook
from workbench.production.parameters import parameters
from workbench.production.verify import verify
from workbench.storage.receipt import digest, read_receipt

pytestmark = [pytest.mark.notebook, pytest.mark.media]

JOBS = ("narrate", "captioned_short", "audiobook", "dub", "transcribe", "voice_sweep")
LARGEST = 2_000_000  # bytes of an executed notebook
MOST_LINES = 6  # that a job prints


def test_these_are_all():
    folder = find_notebook("narrate").parent
    assert {path.stem for path in folder.glob("*.ipynb")} == set(JOBS)


# -- what can be read of a file ---------------------------------------------------------------


def level(audio: Audio) -> float:
    return wb.media.measure_loudness(audio).integrated


def energy(audio: Audio, start: float, end: float) -> float:
    """The level of a stretch, as a part of full scale."""
    return float(np.sqrt(np.mean(audio.mono().cut(start, end).samples ** 2)))


def chapters(path: Path) -> list[tuple[float, str]]:
    with av.open(str(path)) as container:
        return [
            (float(one["start"] * one["time_base"]), one["metadata"]["title"])
            for one in container.chapters()
        ]


def cues(path: Path) -> list[str]:
    return [" ".join(cue.text.split()) for cue in wb.Cues.read(path)]


def rows_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text("utf-8").splitlines()))


def check_receipt(path: Path) -> dict[str, Any]:
    receipt = read_receipt(path)
    assert receipt["sha256"] == digest(path)
    return receipt


def outputs(path: Path) -> list[dict[str, Any]]:
    """All that the executed notebook shows, having looked at its size and how much it prints."""
    assert path.stat().st_size <= LARGEST
    shown, lines = [], 0
    for cell in nbformat.read(path, 4).cells:
        for one in cell.get("outputs", ()):
            assert one.output_type != "error"
            lines += len(one.get("text", "").strip().splitlines())
            shown.append(one.get("data", {}))
    assert lines <= MOST_LINES
    return shown


def html(path: Path) -> str:
    return "".join(str(data.get("text/html", "")) for data in outputs(path))


# -- Spanish: the defaults, by nbmake ---------------------------------------------------------


@pytest.fixture(scope="module")
def spanish(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which nbmake ran all of them."""
    folder = tmp_path_factory.mktemp("spanish")
    by_nbmake({find_notebook(name): folder for name in JOBS}, folder)
    return folder


@pytest.mark.parametrize("name", JOBS)
def test_a_saved_notebook_shows_what_was_made(spanish: Path, name: str):
    """A player or a picture that needs no widget, and nothing much is printed."""
    page = html(spanish / f"{name}.ipynb")
    assert "data:audio/" in page or "data:video/" in page
    assert "<script" not in page


def test_narrate_in_spanish(spanish: Path):
    sound = Audio.read(spanish / "out/narration.mp3")
    assert 2 < sound.duration < 6
    assert level(sound) == pytest.approx(-16, abs=0.3)
    text = ["Buenos días.", "Esta frase se dice y se mide."]
    assert cues(spanish / "out/narration.srt") == cues(spanish / "out/narration.vtt") == text
    receipt = check_receipt(spanish / "out/narration.mp3")
    takes = [part["take"] for part in receipt["settings"]["narration"]["parts"]]
    assert [(take["text"], take["voice"]) for take in takes] == [(t, "espeak:es") for t in text]


def test_captioned_short_in_spanish(spanish: Path):
    path = spanish / "out/captioned_short.mp4"
    info = wb.probe(path)
    assert (info.video.width, info.video.height) == (1080, 1920)
    assert level(read_sound(path)) == pytest.approx(-14, abs=0.6)
    assert cues(path.with_suffix(".srt"))[0] == "Buenos días."
    check_receipt(path)


def test_audiobook_in_spanish(spanish: Path):
    path = spanish / "out/audiobook.m4b"
    (_, first), (start, second) = chapters(path)
    assert (first, second) == ("Uno. El mar.", "Dos. La tierra.")
    sound = read_sound(path)
    assert energy(sound, start - 1.2, start - 0.1) < 0.001, "the pause before the chapter"
    assert energy(sound, start, start + 0.5) > 0.01
    assert level(sound) == pytest.approx(-20, abs=0.6)
    assert "Dos. La tierra." in html(spanish / "audiobook.ipynb")


def test_dub_in_spanish(spanish: Path):
    path = spanish / "out/dub.wav"
    sound = Audio.read(path)
    heard = [energy(sound, *t) > 0.01 for t in ((0, 0.5), (0.5, 1.2), (2.5, 3), (3, 5.9))]
    assert heard == [False, True, False, True]
    assert sound.duration == pytest.approx(6, abs=0.02)
    lines = check_receipt(path)["dub"]["lines"]
    assert [line["fits"] for line in lines] == [True, True]
    assert 1 < lines[1]["tempo"] <= 1.5
    assert "all in time" in html(spanish / "dub.ipynb")


def test_transcribe_in_spanish(spanish: Path):
    """Without weights the sample is not recognised, and the notebook says so."""
    text = ["Hola, esto es una prueba.", "Cada palabra tiene su momento."]
    assert (spanish / "out/transcript.txt").read_text("utf-8").splitlines() == text
    assert cues(spanish / "out/transcript.vtt") == text
    rows = rows_of(spanish / "out/transcript.csv")
    assert [row["text"] for row in rows] == text
    receipt = check_receipt(spanish / "out/transcript.srt")
    if receipt["settings"]["engine"] == "script":
        assert "nobody heard them" in html(spanish / "transcribe.ipynb")
        assert {row["probability"] for row in rows} == {""}


def test_voice_sweep_in_spanish(spanish: Path):
    check_sweep(spanish / "out/voice_sweep.html", ["espeak:es", "espeak:es-419"], [150, 190])


def check_sweep(page: Path, voices: list[str], rates: list[int]) -> None:
    """Look at the three things that a sweep leaves: the table, the page, the sounds."""
    rows = rows_of(page.with_suffix(".csv"))
    told = [(row["voice"], int(row["rate"])) for row in rows]
    assert sorted(told) == sorted((voice, rate) for voice in voices for rate in rates)
    lasts = {key: float(row["duration"]) for key, row in zip(told, rows, strict=True)}
    for voice in voices:
        assert lasts[voice, rates[0]] > lasts[voice, rates[-1]], "a faster rate is shorter"
    assert all(-40 < float(row["loudness"]) < -5 for row in rows)
    text = page.read_text("utf-8")
    sounds = re.findall(r'src="data:audio/mpeg;base64,([^"]+)"', text)
    assert len(sounds) == len(rows)
    heard = [read_mp3(base64.b64decode(one)) for one in sounds]
    for row, one in zip(rows, heard, strict=True):
        assert one == pytest.approx(float(row["duration"]), abs=0.1)
    asked = re.findall(r"(?:src|href|url)\s*[=(]\s*[\"']?([^\"' >]{5})", text)
    assert set(asked) == {"data:"}, "it asks for nothing"
    check_receipt(page)
    found = wb.Sweep.load(page.with_suffix(""))
    assert [variant.take.duration for variant in found] == pytest.approx(
        [float(row["duration"]) for row in rows], abs=1e-4
    )


def read_mp3(data: bytes) -> float:
    with av.open(io.BytesIO(data)) as container:
        return sum(frame.samples for frame in container.decode(audio=0)) / 22_050


# -- English: other values, by papermill ------------------------------------------------------


def run(name: str, folder: Path, values: dict[str, Any], kernel: str) -> Path:
    """Run a notebook by papermill itself, in a folder; return the executed one."""
    done = folder / f"{name}.executed.ipynb"
    plain = json.loads(json.dumps(values, default=str))  # papermill has texts for paths
    by_papermill(find_notebook(name), done, plain, kernel=kernel)
    return done


@pytest.fixture
def book(tmp_path: Path) -> Path:
    picture = io.BytesIO()
    Image.new("RGB", (60, 90), "#008080").save(picture, "PNG")
    pages = {
        "The shore": "<h1>The shore</h1><p>It was <i>blue</i>.</p>",
        "The boat": "<h1>The boat</h1><p>It was red [pause 9s].</p>",
    }
    return epub(tmp_path / "book.epub", pages, cover=picture.getvalue())


def test_narrate_in_english(tmp_path: Path, book: Path, forked: str):
    executed = run(
        "narrate",
        tmp_path,
        {
            "text": str(book), "voice": "espeak:en-us", "language": "en-US", "gap": 0.2,
            "chapter_gap": 2.0, "seed": 3, "lexicon": None, "loudness": -23.0,
            "captions": ["srt", "ttml"], "chapter_files": True, "output": "made/told.flac",
        },
        forked,
    )  # fmt: skip
    sound = Audio.read(tmp_path / "made/told.flac")
    assert level(sound) == pytest.approx(-23, abs=0.5)
    text = ["The shore", "It was blue.", "The boat", "It was red [pause 9s]."]
    assert cues(tmp_path / "made/told.srt") == cues(tmp_path / "made/told.ttml") == text
    parts = check_receipt(tmp_path / "made/told.flac")["settings"]["narration"]["parts"]
    shore, boat = (Audio.read(tmp_path / f"made/told.0{n}.flac") for n in (1, 2))
    begins = parts[2]["start"]
    assert begins == pytest.approx(shore.duration + 2, abs=0.01)
    assert sound.duration == pytest.approx(begins + boat.duration, abs=0.01)
    assert cues(tmp_path / "made/told.02.srt") == text[2:]
    assert energy(sound, begins - 1.8, begins - 0.2) < 0.001
    assert "told.flac" in html(executed)


def test_audiobook_in_english(tmp_path: Path, book: Path, forked: str):
    (tmp_path / "more.md").write_text("# After\n\nThe *end*.\n", encoding="utf-8")
    run(
        "audiobook",
        tmp_path,
        {
            "sources": [book, tmp_path / "more.md"], "voice": "espeak:en-gb", "title": "Sea & land",
            "author": "Ana", "narrator": "Ben", "year": 2020, "loudness": -18.0,
            "bitrate": "48k", "chapter_gap": 2.0, "output": "made/book.m4a",
        },
        forked,
    )  # fmt: skip
    path = tmp_path / "made/book.m4a"
    found = chapters(path)
    assert [title for _, title in found] == ["The shore", "The boat", "After"]
    sound = read_sound(path)
    for start, _ in found[1:]:
        assert energy(sound, start - 1.8, start - 0.2) < 0.001
        assert energy(sound, start, start + 0.4) > 0.01
    assert level(sound) == pytest.approx(-18, abs=0.6)
    with av.open(str(path)) as container:
        tags = dict(container.metadata)
        assert (tags["title"], tags["artist"], tags["composer"]) == ("Sea & land", "Ana", "Ben")
        (cover,) = (frame.to_ndarray(format="rgb24") for frame in container.decode(video=0))
    assert np.abs(cover.reshape(-1, 3).mean(axis=0) - (0, 128, 128)).max() < 6, "the EPUB's cover"
    assert check_receipt(path)["settings"]["bitrate"] == "48k"


def test_dub_in_english(tmp_path: Path, forked: str):
    """Over a video with a tone of its own, which goes down by as much as is asked for."""
    clip(tmp_path / "a.mp4", "navy", seconds=7, tone=3_000, level=0.1)
    (tmp_path / "a.vtt").write_text(
        "WEBVTT\n\n00:01.000 --> 00:02.500\n<v Ana>Good morning.\n\n"
        "00:03.000 --> 00:05.500\n<v Ben>The second line is a little longer.\n\n"
        "00:06.000 --> 00:06.300\n<v Ben>This one is much too long for that.\n\n"
        "00:06.400 --> 00:06.900\n[a door]\n\n"
        "00:08.000 --> 00:09.000\nAfter the end.\n",
        encoding="utf-8",
    )
    executed = run(
        "dub",
        tmp_path,
        {
            "captions": tmp_path / "a.vtt", "video": tmp_path / "a.mp4", "voice": "espeak:en-us",
            "voices": ["Ben=espeak:en-gb"], "language": "en", "fastest": 1.5, "duck": 24.0,
            "loudness": "none", "caption_files": ["vtt"], "output": "made/b.mp4",
        },
        forked,
    )  # fmt: skip
    path = tmp_path / "made/b.mp4"
    receipt = check_receipt(path)
    lines = receipt["dub"]["lines"]
    assert [line["voice"] for line in lines] == ["espeak:en-us", "espeak:en", "espeak:en", ""]
    assert [line["fits"] for line in lines] == [True, True, False, False]
    assert lines[2]["over"] > 0.3
    page = html(executed)
    assert f"<b>cut by {lines[2]['cut']:.2f} s</b>" in page
    assert "<b>not heard</b>" in page
    cut, lost = receipt["warnings"]
    assert "line 3 at 0:06.00 (“This one is much too long for that.”) is cut off" in cut
    assert "line 5 at 0:08.00 (“After the end.”) is not heard" in lost
    heard = wb.Cues.read(tmp_path / "made/b.vtt")
    assert heard.duration <= 7.1
    assert "After" not in heard.text
    assert "[a door]" in page
    sound = read_sound(path).mono()
    assert wb.probe(path).duration == pytest.approx(7, abs=0.1)
    for line in lines[:2]:
        assert line["start"] == line["begun"]
        assert voiced(sound, line["begun"], line["ended"]) > 0.02
    for silent in ((0.0, 0.9), (2.55, 2.95)):
        assert voiced(sound, *silent) < 0.005
    free, under = tone(sound, 0.2, 0.7), tone(sound, 3.4, 4.4)
    assert 20 * np.log10(free / under) == pytest.approx(24, abs=2)
    assert pictures(path) == pictures(tmp_path / "a.mp4"), "the pictures are copied"
    assert wb.Cues.read(tmp_path / "made/b.vtt")[0].start == pytest.approx(1, abs=0.1)


def voiced(sound: Audio, start: float, end: float) -> float:
    """How loud it is below 2 kHz, where a voice is and the tone of the clip is not."""
    piece = sound.cut(start, end).samples[:, 0]
    spectrum = np.fft.rfft(piece)
    spectrum[np.fft.rfftfreq(len(piece), 1 / sound.rate) > 2_000] = 0
    return float(np.sqrt(np.mean(np.fft.irfft(spectrum, len(piece)) ** 2)))


def tone(sound: Audio, start: float, end: float) -> float:
    """How loud the clip's tone of 3 kHz is."""
    piece = sound.cut(start, end).samples[:, 0]
    piece = piece * np.hanning(len(piece))
    wave = np.exp(-2j * np.pi * 3_000 * np.arange(len(piece)) / sound.rate)
    return float(np.abs(np.sum(piece * wave)) / len(piece))


def pictures(path: Path) -> list[bytes]:
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(video=0) if packet.size]


def test_transcribe_in_english(tmp_path: Path):
    """By the command line of papermill, as an operator of it would, with a real recogniser."""
    said = say("green window hello world", "en")
    said.audio.write(tmp_path / "talk.wav")
    command = [
        sys.executable, "-m", "papermill", str(find_notebook("transcribe")), "done.ipynb",
        "-k", "python3", "--no-progress-bar", "-p", "media", "talk.wav", "-p", "engine", "whisper",
        "-p", "model", str(TINY_WHISPER), "-p", "output", "made/talk.json", "-p", "script", "",
        "-y", "files: [srt, csv, txt]",
    ]  # fmt: skip
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    heard = json.loads((tmp_path / "made/talk.json").read_text("utf-8"))
    words = [word for segment in heard["segments"] for word in segment["words"]]
    assert [bare(word["text"]) for word in words] == list(said.words)
    starts = [word["start"] for word in words]
    assert np.abs(np.subtract(starts, said.starts)).max() < 0.25
    assert heard["language"] == "en"
    shown = " ".join(cues(tmp_path / "made/talk.srt")).split()
    assert [bare(word) for word in shown] == list(said.words)
    (row,) = rows_of(tmp_path / "made/talk.csv")
    sure = np.mean([word["probability"] for word in words])
    assert float(row["probability"]) == pytest.approx(sure, abs=0.001)
    assert f"{sure:.0%} sure" in html(tmp_path / "done.ipynb")
    receipt = check_receipt(tmp_path / "made/talk.json")
    assert receipt["inputs"][0]["sha256"] == digest(tmp_path / "talk.wav")


def test_voice_sweep_in_english(tmp_path: Path, forked: str):
    executed = run(
        "voice_sweep",
        tmp_path,
        {
            "text": "Good <evening> & welcome.", "voices": ["espeak:en-us", "espeak:en-gb"],
            "options": ["rate=120..240/3", "pitch=40"], "best": "duration", "jobs": 1,
            "output": "made/pick.html",
        },
        forked,
    )  # fmt: skip
    page = tmp_path / "made/pick.html"
    check_sweep(page, ["espeak:en-us", "espeak:en"], [120, 180, 240])
    assert "Good &lt;evening&gt; &amp; welcome." in page.read_text("utf-8")
    durations = [float(row["duration"]) for row in rows_of(page.with_suffix(".csv"))]
    assert durations == sorted(durations)
    assert "data:audio/" in html(executed)


# -- through the package's own runner ---------------------------------------------------------


def test_a_run_seals_every_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, forked: str):
    """A Spanish recording, heard by a real recogniser; a path arrives as a path."""
    monkeypatch.chdir(tmp_path)
    said = say("hola mundo ventana verde", "es")
    said.audio.write(tmp_path / "voz.wav")
    values = {
        "media": "voz.wav", "engine": "whisper", "model": str(TINY_WHISPER), "script": "",
        "files": ["vtt", "txt", "csv"], "output": "made/voz.srt",
    }  # fmt: skip
    result = wb.run("transcribe", values, kernel=forked, progress=lambda _: None)
    assert result.warnings == ()
    assert (tmp_path / "made/voz.txt").read_text("utf-8").strip(". \n").lower() == " ".join(
        said.words
    )
    for name in ("voz.srt", "voz.vtt", "voz.txt", "voz.csv"):
        receipt = check_receipt(tmp_path / "made" / name)
        assert receipt["notebook"]["name"] == "transcribe.ipynb"
        assert receipt["notebook"]["parameters"]["media"] == "voz.wav"
    assert verify(tmp_path / "made").whole


SPANISH: dict[str, dict[str, Any]] = {
    "narrate": {"text": "texto.md", "voice": "espeak:es-419", "output": "made/a.ogg"},
    "captioned_short": {
        "script": "Una línea.\nY otra.", "size": "90x160", "fps": 5, "preset": "draft",
        "style": "pop", "output": "made/a.mp4",
    },
    "audiobook": {"sources": ["texto.md", "libro.epub"], "title": "El mar", "output": "made/a.m4b"},
    "dub": {"voices": ["Ana=espeak:es-419"], "captions": "a.vtt", "output": "made/a.flac"},
    "transcribe": {"engine": "script", "files": ["ttml", "json"], "output": "made/a.vtt"},
    "voice_sweep": {"options": ["pitch=20..80/2"], "sample": 3, "output": "made/a.html"},
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", JOBS)
def test_every_job_in_spanish_with_other_values(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, forked: str, name: str
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "texto.md").write_text("# Uno\n\nEl *mar*.\n\n# Dos\n\nLa tierra.\n", "utf-8")
    epub(tmp_path / "libro.epub", {"Tres": "<p>El cielo.</p>"}, language="es")
    (tmp_path / "a.vtt").write_text(
        "WEBVTT\n\n00:01.000 --> 00:03.000\n<v Ana>Buenos días.\n", encoding="utf-8"
    )
    result = wb.run(name, SPANISH[name], kernel=forked, progress=lambda _: None)
    told = [note.partition(":")[0] for note in result.warnings]  # is shown in the notebook
    loud = ["the limiter takes 15 dB off the highest peak"]
    assert told == (loud if name == "narrate" else [])
    assert result.output == tmp_path / SPANISH[name]["output"]
    outputs(result.notebook)
    assert verify(tmp_path / "made").whole
    if name == "audiobook":
        assert [title for _, title in chapters(result.output)] == ["Uno", "Dos", "Tres"]
    elif name == "dub":
        sound = Audio.read(result.output)
        assert energy(sound, 0, 0.95) < 0.001
        assert energy(sound, 1, 1.6) > 0.01
    elif name == "voice_sweep":
        assert len(rows_of(result.output.with_suffix(".csv"))) == 3


# -- refusals, before anything is spoken ------------------------------------------------------


class Spoke(Exception):
    """Something was spoken."""


def cells(name: str, values: dict[str, Any]) -> None:
    """Run the cells of a notebook in this process, until one raises."""
    space: dict[str, Any] = {}
    for cell in nbformat.read(find_notebook(name), 4).cells:
        if cell.cell_type == "code":
            exec(compile(cell.source, name, "exec"), space)  # noqa: S102 - a notebook of ours
            if "parameters" in cell.metadata.get("tags", ()):
                space.update(values)


@pytest.mark.parametrize(
    ("name", "values", "told"),
    [
        ("narrate", {"text": "none.epub"}, r"none\.epub: there is no such file"),
        ("narrate", {"text": "talk.pdf"}, r"talk\.pdf: is the name of a pdf"),
        ("narrate", {"text": " [pause 1s] "}, "no words to speak"),
        ("narrate", {"output": "a.aiff"}, r"a\.aiff: must end in"),
        ("narrate", {"loudness": -3}, "loudness"),
        ("narrate", {"language": "en"}, "language=en: espeak:es speaks es"),
        ("narrate", {"chapter_gap": 61}, "chapter_gap: must be 0 to 60"),
        ("narrate", {"text": "a\n[voice:espeak:xx] b"}, "^line 2: xx: is not a voice"),
        ("captioned_short", {"transition": "fadee"}, "transition: 'fadee' is not .*; did you mean"),
        ("audiobook", {"output": "a.mp3"}, r"a\.mp3: must end in \.m4b"),
        ("audiobook", {"chapter_titles": ["One"]}, "chapter titles: 1 for 2 chapters"),
        ("audiobook", {"cover": Path("none.jpg")}, r"none\.jpg"),
        ("audiobook", {"year": 0}, "year"),
        ("audiobook", {"sources": []}, "needs a text or a file"),
        ("dub", {"captions": Path("none.srt")}, r"none\.srt: there is no such file"),
        ("dub", {"text": "no times"}, "text: holds no captions"),
        ("dub", {"voices": ["Ana"]}, "Ana: names no speaker and voice"),
        ("dub", {"voices": ["Ana=espeak:es"]}, "Ana: is no speaker of the captions"),
        ("dub", {"output": "a.mp4"}, "there is none to lay the voice over"),
        ("dub", {"video": Path("none.mp4"), "output": "a.mp4"}, r"none\.mp4"),
        ("dub", {"fastest": 9}, "fastest: must be 1 to 3"),
        ("transcribe", {"files": ["sbv"]}, "sbv: is no kind of transcript"),
        ("transcribe", {"output": "a.doc"}, "doc: is no kind of transcript"),
        ("transcribe", {"media": Path("none.wav")}, r"none\.wav: there is no such file"),
        ("voice_sweep", {"output": "a.pdf"}, r"a\.pdf: must end in \.html"),
        ("voice_sweep", {"options": ["rate"]}, "rate: is not written as an axis"),
        ("voice_sweep", {"options": ["ratte=1"]}, "ratte: is no option of espeak"),
        ("voice_sweep", {"best": "loudnes"}, "loudnes: is no column of the sweep; did you mean"),
        ("voice_sweep", {"voices": ["espeak:xx"]}, "xx"),
        ("voice_sweep", {"text": "One.\nTwo."}, "has 2 lines"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_spoken(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    values: dict[str, Any],
    told: str,
):
    monkeypatch.chdir(tmp_path)

    def speaks(_: object, text: str, **_values: object) -> None:
        raise Spoke(text)

    monkeypatch.setattr("workbench.engines.espeak.engine.EspeakEngine.synthesize", speaks)
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path / "takes"))
    with pytest.raises(WorkbenchError, match=told):
        cells(name, values)
    assert [path.name for path in tmp_path.iterdir() if path.name != "takes"] == []


def test_without_weights_the_command_that_brings_them_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    Audio.silence(1, 16_000).write(tmp_path / "a.wav")
    for engine in ("whisper", "auto"):
        values = {"media": tmp_path / "a.wav", "script": "", "engine": engine, "model": "tiny"}
        with pytest.raises(WorkbenchError, match="workbench models pull whisper-tiny"):
            cells("transcribe", values)


def test_every_parameter_says_what_it_is():
    for name in JOBS:
        for one in parameters(find_notebook(name)):
            assert one.help, f"{name}: {one.name}"
            if one.default is not None and isinstance(one.default, int | float):
                numbers = one.minimum is not None or isinstance(one.default, bool)
                assert numbers or "Literal" in one.annotation or "bool" in one.annotation, one.name
