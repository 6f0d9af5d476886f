"""The job `captioned_short`: every parameter acts, and its choices are the package's own."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

import av
import numpy as np
import pytest
from lavfi import clip
from PIL import Image

import workbench as wb
from workbench.audio import Audio
from workbench.captions.styles import STYLES
from workbench.media import encoders
from workbench.media.frames import frame_at
from workbench.production.notebooks import find_notebook
from workbench.production.parameters import Parameter, parameters
from workbench.storage.receipt import read_receipt

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

pytestmark = [pytest.mark.notebook, pytest.mark.media]


def choices(parameter: Parameter) -> Sequence[Any]:
    """The texts among the choices of a parameter."""
    tree = ast.parse(parameter.annotation)
    return [n.value for n in ast.walk(tree) if isinstance(n, ast.Constant)]


def test_what_may_be_chosen_is_what_there_is():
    known = {one.name: one for one in parameters(find_notebook("captioned_short"))}
    assert sorted(choices(known["style"])) == sorted([*STYLES, "off"])
    assert sorted(choices(known["encoder"])) == sorted(["auto", *encoders.NAMES])
    assert sorted(choices(known["preset"])) == sorted(encoders.PRESETS)
    assert sorted(choices(known["loudness"])) == sorted(["none", *wb.media.TARGETS])
    assert known["loudness"].parse(["-18"]) == -18
    assert known["duck"].parse(["20"]) == 20


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A run that sets all there is to set."""
    home = tmp_path_factory.mktemp("short")
    clip(home / "clip.mp4", "lime", size="64x64", seconds=4, tone=None)
    clip(home / "intro.mp4", "red", size="64x64", seconds=1)
    Image.new("RGB", (64, 64), "blue").save(home / "logo.png")
    tone = 0.2 * np.sin(np.arange(48_000) / 12)
    Audio(samples=tone, rate=48_000).write(home / "bed.wav")
    result = wb.run(
        "captioned_short",
        {
            "script": "One line.\nAnd a second one.\nAnd the third of them.",
            "voice": "espeak:en-us",
            "images": [str(home / "clip.mp4"), "colour:navy", "gradient:navy,teal@45"],
            "intro": str(home / "intro.mp4"),
            "outro": str(home / "logo.png"),
            "size": "90x160",
            "fps": 10,
            "motion": "pan-left",
            "fit": "contain",
            "transition": "fade",
            "title": "Hello & goodbye",
            "logo": str(home / "logo.png"),
            "style": "pop",
            "font": "DejaVu Serif",
            "soft_captions": True,
            "chapters": "scenes",
            "music": str(home / "bed.wav"),
            "music_volume": 0.5,
            "duck": 20,
            "loudness": -20,
            "stems": True,
            "preset": "preview",
            "encoder": "x264",
            "output": str(home / "out" / "a.mp4"),
        },
        progress=lambda _: None,
    )
    assert result.output is not None
    assert result.warnings == ()
    return result.output, read_receipt(result.output)


def test_every_parameter_is_in_the_video(made: tuple[Path, dict[str, Any]]):
    receipt = made[1]
    scenes = receipt["scenes"]
    assert [scene["role"] for scene in scenes] == ["intro", "main", "main", "main", "outro"]
    assert [scene["kind"] for scene in scenes] == ["video", "video", "colour", "colour", "image"]
    assert [scene["transition"] for scene in scenes] == ["cut", *["fade"] * 4]
    assert [scene["move"]["name"] for scene in scenes[1:4]] == ["still", "pan-left", "pan-left"]
    assert {scene["fit"] for scene in scenes[1:4]} == {"contain"}
    assert scenes[3]["paint"]["angle"] == 45
    assert (receipt["fps"], receipt["preset"], receipt["size"]) == (10, "preview", [90, 160])
    assert receipt["encoder"]["name"] == "libx264"
    assert [title["text"] for title in receipt["titles"]] == ["Hello & goodbye"]
    assert receipt["overlays"][0]["path"].endswith("logo.png")
    (music,) = receipt["sounds"]
    assert (music["kind"], music["volume"], music["duck"]) == ("music", 0.5, 20)
    assert receipt["loudness"]["after"]["integrated"] == pytest.approx(-20, abs=0.5)
    assert (receipt["style"]["name"], receipt["style"]["font"]) == ("pop", "DejaVu Serif")


def test_every_parameter_is_in_the_file(made: tuple[Path, dict[str, Any]]):
    path = made[0]
    info = wb.probe(path)
    assert (info.video.width, info.video.height, info.video.fps) == (90, 160, 10)
    assert info.subtitles == 1
    with av.open(str(path)) as container:
        titles = [one["metadata"]["title"] for one in container.chapters()]
        assert container.metadata["title"] == "Hello & goodbye"
    assert titles == ["intro", "clip", "Scene 3", "Scene 4", "logo"]
    red, green, blue = frame_at(path, 0.1)[100, 5].astype(int)
    assert red > 180
    assert max(green, blue) < 80
    corner = frame_at(path, 0.6)[8:14, -14:-8].reshape(-1, 3).astype(int).mean(axis=0)
    assert corner[2] > 180, "the logo"
    for name in ("a.mp4.json", "a.srt", "a.vtt", "a.ipynb", "a.voice.wav", "a.music.wav"):
        assert path.with_name(name).stat().st_size > 0, name


def test_without_captions_the_caption_files_are_written_all_the_same(tmp_path: Path):
    output = tmp_path / "a.mp4"
    values = {
        "script": "One line.", "voice": "espeak:en-us", "style": "off", "size": "90x160", "fps": 5,
        "preset": "draft", "loudness": "none", "output": str(output),
    }  # fmt: skip
    wb.run("captioned_short", values, progress=lambda _: None)
    receipt = read_receipt(output)
    assert receipt["captions"] is None
    assert receipt["loudness"]["gain_db"] == 0
    assert [cue.text for cue in wb.Cues.read(tmp_path / "a.srt")] == ["One line."]


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"fit": "pad"}, "fit: needs"),
        ({"transition": "fadde"}, "did you mean 'fade'"),
        ({"music": "none.mp3"}, "music: there is no such file as none.mp3"),
        ({"images": ["gradient:navy"]}, "gradient: needs 2"),
        ({"loudness": -3}, "loudness: must be"),
    ],
)
def test_a_mistake_ends_the_run_before_a_kernel_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, values: dict[str, Any], told: str
):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(wb.ParameterError) as caught:  # no cell has failed: none was begun
        wb.run("captioned_short", {"output": "a.mp4", **values}, progress=lambda _: None)
    assert told in str(caught.value)
    assert list(tmp_path.iterdir()) == []
