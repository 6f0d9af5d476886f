"""One file with its chapters, its cover, its loudness and its receipt; or none at all."""

from __future__ import annotations

import io
import json
import math
import threading
import warnings

import av
import numpy as np
import pytest
from PIL import Image
from sounding import RATE, level, tone

import workbench as wb
from workbench.audio import Audio
from workbench.errors import (
    Cancelled,
    FfmpegError,
    MediaError,
    MediaNotFound,
    MediaTooLarge,
    ParameterError,
    WorkbenchWarning,
)
from workbench.media import audiobook as module
from workbench.media.audiobook import audiobook
from workbench.media.chapters import Chapter
from workbench.media.limits import Limits
from workbench.media.loudness import TARGETS, TRUE_PEAK, loudness
from workbench.media.probe import probe
from workbench.media.sounds import read_sound

pytestmark = pytest.mark.media

HOSTILE = 'It\'s "a" = b; #c\\\nd 🎬 [CHAPTER]\\'


def make(path, source, **options):
    return audiobook(path, source, **{"progress": float, **options})


@pytest.fixture(scope="module")
def told():
    return wb.speak("The first chapter.\nIt goes on.\n\nThe second chapter. It ends.")


@pytest.fixture
def cover(tmp_path):
    path = tmp_path / "cover.png"
    Image.new("RGB", (300, 400), (200, 40, 40)).save(path)
    return path


def inside(path):
    with av.open(str(path)) as container:
        chapters = [
            (float(c["start"] * c["time_base"]), c["metadata"]["title"])
            for c in container.chapters()
        ]
        pictures = [next(container.decode(s)).to_ndarray(format="rgb24")
                    for s in container.streams.video]  # fmt: skip
        stream = container.streams.audio[0]
        return chapters, dict(container.metadata), pictures, (stream.rate, stream.channels)


def test_a_whole_book(tmp_path, told, cover):
    path = tmp_path / "book.m4b"
    book = make(
        path, told, cover=cover, title="A Title", author="An Author", narrator="Anna", year=2026
    )
    chapters, tags, pictures, sound = inside(path)
    assert [t for _, t in chapters] == ["The first chapter.", "The second chapter. It ends."]
    second = told.parts[2].start
    assert [s for s, _ in chapters] == pytest.approx([0, second], abs=0.01)
    assert tags["title"] == tags["album"] == "A Title"
    assert tags["artist"] == tags["album_artist"] == "An Author"
    assert (tags["composer"], tags["date"], tags["genre"]) == ("Anna", "2026", "Audiobook")
    assert tags["media_type"] == "2"
    assert pictures[0].shape == (400, 300, 3)
    assert np.abs(pictures[0].mean(axis=(0, 1)) - (200, 40, 40)).max() < 5
    assert sound == (22_050, 1)
    info = probe(path)
    assert info.kind == "audio"
    assert info.duration == pytest.approx(told.duration, abs=0.1)
    assert book.duration == info.duration
    assert book.to_dict()["chapters"][1]["title"] == "The second chapter. It ends."
    assert [p.name for p in sorted(tmp_path.iterdir())] == [
        "book.m4b", "book.m4b.json", "cover.png"
    ]  # fmt: skip


def test_the_receipt_says_what_made_it(tmp_path, told, cover):
    book = make(tmp_path / "book.m4b", told, cover=cover, title="T", loudness=-18)
    kept = json.loads(book.receipt.read_text())
    settings = kept["settings"]
    assert kept["tool"] == "audiobook"
    assert kept["inputs"][0]["path"] == cover.name
    assert settings["sources"][0]["narration"]["parts"][0]["take"]["voice"].startswith("espeak")
    assert settings["loudness"]["target"] == -18
    assert settings["loudness"]["measured"]["integrated"] == pytest.approx(-18, abs=0.5)
    assert settings["tags"]["title"] == "T"
    assert len(settings["chapters"]) == 2
    assert kept["bytes"] == book.path.stat().st_size


@pytest.mark.parametrize("target", ["audiobook", -18.0, -23.0])
def test_what_a_player_hears_is_at_the_target(tmp_path, told, target):
    """Coded and decoded again: AAC's own peaks are under the limit too."""
    book = make(tmp_path / "book.m4b", told, loudness=target)
    heard = loudness(read_sound(book.path))
    assert heard.integrated == pytest.approx(TARGETS.get(target, target), abs=0.5)
    assert heard.true_peak <= TRUE_PEAK


def test_without_a_loudness_it_is_left_as_it_is(tmp_path):
    book = make(tmp_path / "book.m4b", tone(2, db=-30), loudness=None)
    assert level(read_sound(book.path).samples) == pytest.approx(-33, abs=0.2)


def test_peaks_beyond_full_scale_are_limited_and_told(tmp_path, told):
    loud = Audio(samples=told.audio.samples * np.float32(3), rate=told.audio.rate)
    with pytest.warns(WorkbenchWarning, match="full scale"):
        book = make(tmp_path / "book.m4b", loud, loudness=None)
    assert loudness(read_sound(book.path)).true_peak <= TRUE_PEAK
    assert book.receipt.is_file()


def test_silence_is_a_warning_not_noise(tmp_path):
    with pytest.warns(WorkbenchWarning, match="silent"):
        make(tmp_path / "book.m4b", Audio.silence(1, 16_000))


def test_several_sources_are_a_chapter_each(tmp_path, told):
    sounds = [tone(1, rate=16_000), told, tone(1, hertz=400).with_channels(2)]
    book = make(tmp_path / "book.m4b", sounds, pause=0.5)
    chapters, _, _, sound = inside(book.path)
    assert [t for _, t in chapters] == ["Chapter 1", "The first chapter.", "Chapter 3"]
    assert [s for s, _ in chapters] == pytest.approx([0, 1.5, 2 + told.duration], abs=0.01)
    assert sound == (48_000, 2)
    assert book.duration == pytest.approx(3 + told.duration, abs=0.1)
    heard = read_sound(book.path)
    assert level(heard.cut(1.1, 1.4).samples) < -60


@pytest.mark.parametrize("pause", [0.0, 2.0])
def test_the_pause_is_between_sources(tmp_path, pause):
    book = make(tmp_path / "book.m4b", [tone(1), tone(1)], pause=pause)
    assert book.duration == pytest.approx(2 + pause, abs=0.1)


def test_titles_may_be_given(tmp_path, told):
    for source in (told, [tone(1), tone(1)]):
        book = make(tmp_path / "book.m4b", source, chapters=["One", "Two"])
        assert [t for _, t in inside(book.path)[0]] == ["One", "Two"]


def test_chapters_may_be_given(tmp_path):
    asked = [Chapter(start=0.25, title="One"), Chapter(start=0.75, title="Two")]
    book = make(tmp_path / "book.m4a", tone(2), chapters=asked)
    assert inside(book.path)[0] == [(0, "One"), (pytest.approx(0.75, abs=0.002), "Two")]


def test_there_may_be_no_chapters(tmp_path, told):
    assert inside(make(tmp_path / "a.m4b", told, chapters=()).path)[0] == []
    assert inside(make(tmp_path / "b.m4b", tone(1)).path)[0] == []


@pytest.mark.faults
def test_hostile_texts_survive(tmp_path):
    book = make(
        tmp_path / "book.m4b",
        [tone(0.5), tone(0.5)],
        chapters=[HOSTILE, "Two"],
        title=HOSTILE,
        author=HOSTILE,
        narrator=HOSTILE,
    )
    chapters, tags, _, _ = inside(book.path)
    assert [t for _, t in chapters] == [HOSTILE, "Two"]
    assert {tags[n] for n in ("title", "album", "artist", "composer")} == {HOSTILE}


@pytest.mark.faults
@pytest.mark.parametrize("name", ["-x.m4b", "it's.m4b", "100%d.m4b", "a\nb.m4b", "é🎬:x.m4b"])
def test_file_names_are_names(tmp_path, name):
    assert make(tmp_path / name, tone(0.5)).path == tmp_path / name
    assert probe(tmp_path / name).kind == "audio"


def test_bitrate_is_obeyed(tmp_path):
    sound = Audio(samples=np.random.default_rng(0).normal(size=RATE * 4) * 0.1, rate=RATE)
    sizes = [
        make(tmp_path / f"{b}.m4b", sound, bitrate=b).path.stat().st_size
        for b in ("32k", "64k", "128k")
    ]
    assert sizes[0] < 0.75 * sizes[1] < 0.6 * sizes[2]


@pytest.mark.parametrize(
    ("given", "kept"), [(16_000, 16_000), (22_050, 22_050), (23_000, 24_000), (96_000, 48_000)]
)
def test_the_rate_stays_where_aac_has_it(tmp_path, given, kept):
    book = make(tmp_path / "book.m4b", tone(1, rate=given))
    assert inside(book.path)[3] == (kept, 1)


def test_a_large_cover_is_made_smaller_and_stripped(tmp_path):
    image = Image.effect_noise((2_400, 1_200), 20).convert("RGB")
    exif = image.getexif()
    exif[0x010E] = "where I live"
    image.save(tmp_path / "c.jpg", exif=exif)
    book = make(tmp_path / "book.m4b", tone(0.5), cover=tmp_path / "c.jpg")
    assert inside(book.path)[2][0].shape == (800, 1_600, 3)
    assert b"where I live" not in book.path.read_bytes()


def test_progress_and_cancel(tmp_path, told):
    done: list[float] = []
    make(tmp_path / "book.m4b", told, progress=done.append)
    assert done == sorted(done)
    assert done[-1] == 1
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Cancelled):
        make(tmp_path / "stopped.m4b", told, cancel=cancel)
    assert {p.name for p in tmp_path.iterdir()} == {"book.m4b", "book.m4b.json"}


@pytest.mark.faults
def test_what_goes_wrong_leaves_the_old_book(tmp_path, monkeypatch):
    path = tmp_path / "book.m4b"
    make(path, tone(1))
    before = path.read_bytes()
    monkeypatch.setattr(module, "ffmetadata", lambda *_: ";FFMETADATA1\n")
    with pytest.raises(FfmpegError, match="other chapters"):
        make(path, [tone(1), tone(1)])
    assert path.read_bytes() == before
    assert {p.name for p in tmp_path.iterdir()} == {"book.m4b", "book.m4b.json"}


def test_a_cover_that_is_none_is_an_error(tmp_path, media):
    with pytest.raises(MediaNotFound):
        make(tmp_path / "b.m4b", tone(1), cover=tmp_path / "none.png")
    with pytest.raises(MediaError, match="not a picture"):
        make(tmp_path / "b.m4b", tone(1), cover=media / "speech/en_jfk.flac")
    with pytest.raises(MediaTooLarge):
        make(tmp_path / "b.m4b", tone(1), cover=media / "hostile/png_30000x30000.png")
    buffer = io.BytesIO()
    Image.new("RGB", (64, 64)).save(buffer, "PNG")
    (tmp_path / "c.png").write_bytes(buffer.getvalue())
    with pytest.raises(MediaTooLarge):
        make(tmp_path / "b.m4b", tone(1), cover=tmp_path / "c.png", limits=Limits(pixels=100))
    assert not (tmp_path / "b.m4b").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"path": "book.mp3"}, ".m4b, .m4a"),
        ({"path": "."}, "."),
        ({"source": []}, "source"),
        ({"source": "book.wav"}, "source"),
        ({"source": [tone(1), 3]}, r"source\[1\]"),
        ({"source": Audio.silence(0, RATE)}, r"source\[0\]: has no samples"),
        ({"chapters": "One"}, "chapters"),
        ({"chapters": ["One", "Two"]}, "2 titles for 1"),
        ({"chapters": [""]}, "chapter title"),
        ({"chapters": [Chapter(start=9, title="x")]}, "chapter 1"),
        ({"chapters": [Chapter(start=0, title="x"), 3]}, "chapter 2"),
        ({"chapters": [Chapter(start=0, title="x"), "y"]}, "titles for 1"),
        ({"title": None}, "title"),
        ({"author": 3}, "author"),
        ({"narrator": "x" * 1001}, "narrator"),
        *(({"year": v}, "year") for v in (0, 10_000, 1.5, math.nan, True, "2026")),
        *(({"pause": v}, "pause") for v in (-1, 61, math.nan, math.inf, True, None)),
        *(({"bitrate": v}, "bitrate") for v in (64, "64", "63k", None, "64k -y /etc/passwd")),
        *(({"loudness": v}, "loudness") for v in ("loud", 3, math.nan, True)),
    ],
)
def test_what_cannot_be_is_refused_before_work_starts(monkeypatch, tmp_path, options, message):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(module, "measure", None)
    monkeypatch.setattr(module, "encode", None)
    with pytest.raises(ParameterError, match=message):
        make(**{"path": "book.m4b", "source": tone(1), **options})
    assert list(tmp_path.iterdir()) == []


def test_the_cover_is_not_written_over(tmp_path, cover):
    odd = cover.rename(tmp_path / "cover.m4b")
    with pytest.raises(ParameterError, match="is what is read"):
        make(odd, tone(1), cover=odd)


def test_a_book_of_a_day_is_refused():
    with pytest.raises(MediaTooLarge, match="limit of 12"):
        make("book.m4b", [Audio.silence(3_600, 1_000)] * 13)


def test_no_warning_without_a_reason(tmp_path, told):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert make(tmp_path / "book.m4b", told).warnings == ()
