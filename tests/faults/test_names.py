"""Hostile names: whatever takes a file takes any name for a name, and nothing else.

Of the 24, the old system's way into a filter (`'…'`, the colon escaped) works for 18, the bare path
for 14; `-x` is an option to ffmpeg, `a:b` a protocol, `%d` a sequence, a newline in a concat list a
directive (spec/faults.md, F1, F4, F5). Judged by pixels and samples, never by an exit code.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

import workbench as wb
from workbench.audio import Audio
from workbench.captions.cues import Cue, Cues
from workbench.captions.fonts import find_font
from workbench.errors import WorkbenchError
from workbench.media.animation import gif
from workbench.media.extract import frames_at
from workbench.media.extract_sound import extract_audio
from workbench.media.ffmpeg import encode
from workbench.media.frames import clip_frames, clip_sound, frame_at
from workbench.media.graph import Canvas
from workbench.media.intact import check_intact
from workbench.media.merging import merge
from workbench.media.probe import probe
from workbench.media.sheet import contact_sheet, image_grid
from workbench.media.stills import load
from workbench.media.trimming import trim
from workbench.timing import Word

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = [pytest.mark.faults, pytest.mark.media]

SMALL = Canvas(width=64, height=64, fps=10)
COLOUR = (40, 90, 200)
ORANGE = (230, 120, 20)


@pytest.fixture(scope="module")
def sources(tmp_path_factory) -> dict[str, Path]:
    """Return a file of each kind under a plain name: blue clip, orange picture, loud sound."""
    folder = tmp_path_factory.mktemp("sources")
    colour = f"color=0x{bytes(COLOUR).hex()}:s=64x64:r=10:d=1"
    tone = ["-f", "lavfi", "-i", "aevalsrc=0.5:s=48000:d=1"]
    clip = folder / "a.mp4"
    encode(
        ["-f", "lavfi", "-i", colour, *tone, "-c:a", "aac", f"file:{clip}"],
        folder=folder,
        limit=60,
    )
    Image.new("RGB", (64, 64), ORANGE).save(folder / "a.png")
    Audio(samples=np.full(4000, 0.5), rate=8000).write(folder / "a.wav")
    words = (Word(text="WWWW", start=0.0, end=0.5),)
    Cues(cues=(Cue(start=0.0, end=0.5, lines=(words,)),)).write(folder / "a.srt")
    shutil.copyfile(find_font("DejaVu Serif", bold=True).path, folder / "a.ttf")
    return {p.suffix: p for p in folder.iterdir()}


@pytest.fixture
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def is_blue(picture: np.ndarray) -> None:
    assert picture.reshape(-1, 3).mean(0) == pytest.approx(COLOUR, abs=8)


def is_loud(sound: Audio) -> None:
    assert abs(sound.samples).max() == pytest.approx(0.5, abs=0.15)


def luma_is_blue(path: Path) -> None:
    for frame in clip_frames(path, SMALL, "cover", 3):
        luma = np.frombuffer(frame, np.uint8)[: 64 * 64].mean()
        assert luma == pytest.approx(16 + 0.859 * (0.2126 * 40 + 0.7152 * 90 + 0.0722 * 200), abs=4)


def written(make: Callable[[Path, Path], object], suffix: str) -> Callable[[Path], object]:
    """Return what must hold of a function from a file to a file: both names are only names."""

    def use(path: Path) -> None:
        out = Path(f"{path}.out{suffix}")
        make(path, out)
        if suffix in {".mp4", ".gif"}:
            shown = load(out) if suffix == ".gif" else frame_at(out, 0.2)
            assert shown.reshape(-1, 3).mean(0) == pytest.approx(COLOUR, abs=12)
        elif suffix == ".wav":
            assert abs(Audio.read(out).samples).max() > 0.3
        else:
            assert np.ptp(load(out)) > 50
        out.unlink()
        Path(f"{out}.json").unlink(missing_ok=True)
        assert [p.name for p in Path().iterdir()] == [path.name]

    return use


def sheet(path: Path, out: Path) -> None:
    contact_sheet(path, out, count=2, width=200, progress=lambda _: None)


# What takes a file: the kind it takes, and what must be true of any name. New ones go in here.
TAKERS: dict[str, tuple[str, Callable[[Path], object]]] = {
    "probe": (".mp4", lambda p: probe(p).kind == "video" or pytest.fail("no video")),
    "probe a picture": (".png", lambda p: probe(p).kind == "image" or pytest.fail("no picture")),
    "check_intact": (".mp4", check_intact),
    "frame_at": (".mp4", lambda p: is_blue(frame_at(p, 0.5))),
    "clip_frames": (".mp4", luma_is_blue),
    "clip_sound": (".mp4", lambda p: is_loud(clip_sound(p, 0.5))),
    "clip_sound of a recording": (".wav", lambda p: is_loud(clip_sound(p, 0.3))),
    "load": (".png", lambda p: np.testing.assert_array_equal(load(p)[5, 5], ORANGE)),
    "Audio.read": (".wav", lambda p: is_loud(Audio.read(p))),
    "frames_at": (".mp4", lambda p: is_blue(frames_at(p, [0.5], progress=lambda _: None)[0])),
    "trim": (".mp4", written(lambda p, out: trim(p, out, 0.2, 0.8), ".mp4")),
    "trim by copying": (".mp4", written(lambda p, out: trim(p, out, precise=False), ".mp4")),
    "merge": (".mp4", written(lambda p, out: merge([p, p], out), ".mp4")),
    "gif": (".mp4", written(lambda p, out: gif(p, out, width=32, fps=5), ".gif")),
    "extract_audio": (".mp4", written(extract_audio, ".wav")),
    "contact_sheet": (".mp4", written(sheet, ".png")),
    "image_grid": (".png", written(lambda p, out: image_grid([p, p], out), ".png")),
    "Cues.read": (".srt", lambda p: Cues.read(p).cues[0].text == "WWWW" or pytest.fail("lost")),
}


DEAR = [name for name, (_, use) in TAKERS.items() if use.__name__ == "use"]  # they write media


def takers(*, every: bool) -> list[object]:
    marks = pytest.mark.slow if every else ()
    return [
        pytest.param(name, every or name not in DEAR, marks=marks, id=f"{name}{' again' * every}")
        for name in (DEAR if every else TAKERS)
    ]


@pytest.mark.usefixtures("_here")
@pytest.mark.parametrize(("taker", "every"), takers(every=False) + takers(every=True))
def test_any_name_is_taken_as_a_name(taker, every, names, sources):
    """Relative, as a person in that folder writes it: `-x.mp4`, `a:b.mp4`, `a|b.mp4`.

    Those that write media take a third of the names each, all of them together every name twice.
    """
    if not every:
        names = names[DEAR.index(taker) % 3 :: 3]
    suffix, use = TAKERS[taker]
    for name in names:
        path = Path(f"{name}{suffix}")
        shutil.copyfile(sources[suffix], path)
        use(path)
        path.unlink()


def test_no_other_file_is_taken_for_it(sources, tmp_path, monkeypatch):
    """`a%d.png` is no sequence, `*.png` no pattern, `a|b.mp4` no list: the others stay unread."""
    monkeypatch.chdir(tmp_path)
    for name in ("a1.png", "b.png"):
        Image.new("RGB", (8, 8), "green").save(name)
    for name in ("a%d.png", "*.png", "concat:a1.png|b.png", "a1.png\nb.png", "[ab].png"):
        with pytest.raises(WorkbenchError, match="no such file"):
            load(Path(name))
        shutil.copyfile(sources[".png"], name.replace("/", ""))
        assert tuple(load(Path(name))[0, 0]) == ORANGE, name


@pytest.mark.parametrize("step", [3, pytest.param(1, marks=pytest.mark.slow)])
def test_all_at_once_in_a_render(step, names, sources, tmp_path, monkeypatch):
    """Picture, clip, captions and font under one name, and the video written under it, too.

    The letters are those of the font that the file holds: bytes as with a plain name.
    """
    monkeypatch.chdir(tmp_path)

    def video(stem: str, **font: str) -> wb.Video:
        return (
            wb.Video("128x64", fps=10)
            .scene(f"{stem}.png", duration=0.2)
            .scene(f"{stem}.mp4", duration=0.2)
            .captions("plain", cues=f"{stem}.srt", size=30, **font)
        )

    def seen(video: wb.Video, name: str) -> list[np.ndarray]:
        done = video.render(f"{name}.out.mp4")
        assert Path(f"{done.path}.json").is_file()
        assert done.warnings == ()
        return [frame_at(done.path, time) for time in (0.05, 0.25)]

    def stage(stem: str) -> None:
        for suffix, source in sources.items():
            shutil.copyfile(source, f"{stem}{suffix}")

    stage("a")
    serif, sans = seen(video("a", font="a.ttf"), "a"), seen(video("a"), "b")
    assert np.abs(serif[0].astype(int) - sans[0]).max() > 100, "the font is ignored"
    for name in names[::step]:
        stage(name)
        # A style's font is one line of printable text: two of the names are none.
        fonts = {"font": f"{name}.ttf"} if name.isprintable() else {}
        for got, want in zip(
            seen(video(name, **fonts), name), serif if fonts else sans, strict=True
        ):
            np.testing.assert_array_equal(got, want, err_msg=name)


def test_a_font_whose_name_cannot_be_printed_is_refused_as_one(names):
    odd = [name for name in names if not name.isprintable()]
    assert len(odd) == 2
    for name in odd:
        with pytest.raises(wb.ParameterError, match=r"^font: "):
            wb.Video().captions(font=f"{name}.ttf")


@pytest.mark.parametrize("suffix", [".wav", ".srt", ".vtt", ".ass"])
def test_any_name_is_written(suffix, names, sources, tmp_path, monkeypatch):
    """As an output: nothing but that file appears, and it reads back."""
    monkeypatch.chdir(tmp_path)
    cues = Cues.read(sources[".srt"])
    sound = Audio.read(sources[".wav"])
    for name in names:
        target = Path(f"{name}{suffix}")
        if suffix == ".wav":
            sound.write(target)
            assert Audio.read(target) == sound
        else:
            cues.write(target)
            assert Cues.read(target).cues[0].text == "WWWW"
    assert sorted(p.name for p in Path().iterdir()) == sorted(f"{n}{suffix}" for n in names)
