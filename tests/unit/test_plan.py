"""What is seen and heard when, told before anything is rendered; and what will run."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from lavfi import clip
from painted import BLUE, RED, flat
from PIL import Image

import workbench as wb
from workbench.audio import Audio
from workbench.errors import ParameterError
from workbench.media import encode as encoding
from workbench.media import ffmpeg, join
from workbench.media.colours import Colour, Gradient
from workbench.media.plan import _COLOURS, _LANE, _LANES
from workbench.media.render import commands

pytestmark = pytest.mark.media


@pytest.fixture
def video(tone, tmp_path) -> wb.Video:
    """A video with one of everything."""
    del tone
    Image.new("RGB", (8, 8), "white").save(tmp_path / "logo.png")
    hum = Audio(samples=np.sin(np.arange(24_000) / 9) / 4, rate=48_000)
    return (
        wb.Video("64x64", fps=10)
        .intro(Colour("navy"), duration=1)
        .scene(flat(RED), motion="zoom-in")
        .scene(Gradient(("red", "blue")), transition="fade", transition_duration=0.4)
        .scene(clip(tmp_path / "film.mp4", "red", seconds=2), fit="blur")
        .outro(flat(BLUE), duration=0.5, transition="dissolve", transition_duration=0.2)
        .narrate(
            "\n".join("".join(c * 10 for c in word) for word in ("one", "two", "three")),
            voice="tone:high",
        )
        .captions("karaoke", soft=True)
        .title("A title", start=0.5, end=1.5)
        .lower_third("Ana Soto", start=1.5)
        .overlay(tmp_path / "film.mp4", start=1.0)
        .logo(tmp_path / "logo.png")
        .music(hum, volume=0.01)
        .effect(hum, at=1.2)
        .chapters("lines")
        .loudness(-20)
    )


def test_every_part_has_its_row(video):
    plan = video.plan()
    timeline = video.timeline()
    rows = [(r.name.strip(), round(r.start, 2), round(r.end, 2), r.detail) for r in plan.rows]
    kinds = [row.kind for row in plan.rows]
    assert kinds.count("scene") == 5
    assert kinds.count("voice") == 3
    assert {*kinds} == {*_LANES}
    shots = [(s.first / 10, s.last / 10) for s in timeline.shots]
    assert [(a, b) for name, a, b, _ in rows if name.startswith("scene")] == shots
    details = {name: detail for name, _, _, detail in rows if name.startswith("scene")}
    assert details["scene 1"] == "colour:navy, intro, still, cover"
    assert details["scene 2"] == "picture, zoom-in, cover"
    assert details["scene 3"] == "gradient:red,blue@180, still, cover"
    assert details["scene 4"] == "film.mp4, blur"
    assert details["scene 5"] == "picture, outro, still, cover"
    assert ("into 3", shots[2][0], round(shots[2][0] + 0.4, 2), "fade") in rows
    assert ("into 5", shots[4][0], round(shots[4][0] + 0.2, 2), "dissolve") in rows
    assert ("overlay", 1.0, 3.0, "film.mp4") in rows
    assert ("overlay", 0.0, round(plan.duration, 2), "logo.png") in rows
    assert ("title", 0.5, 1.5, "A title") in rows
    assert ("lower-third", 1.5, round(plan.duration, 2), "Ana Soto") in rows
    assert ("effect", 1.2, 1.7, "effect, volume 1") in rows
    assert ("music", 0.0, round(plan.duration, 2), "music, volume 0.01, ducked by 12 dB") in rows
    voices = [(a, detail) for name, a, _, detail in rows if name == "voice"]
    assert voices[0] == (1.0, "tone:high: " + "oooooooooonnnnnnnnnneeeeeeeeee")
    captions = next(row for row in rows if row[0] == "captions")
    assert captions[3] == "karaoke, as a track, 3 cues"
    assert plan.summary == (
        f"64x64, 10 fps, {plan.duration:.2f} s, {timeline.frames} frames, -20 LUFS"
    )


def test_a_plan_is_text_and_values(video):
    plan = video.plan()
    lines = str(plan).splitlines()
    assert len(lines) == len(plan.rows) + 1
    assert lines[-1] == plan.summary
    assert len({line.index(" s  ") for line in lines[:-1]}) == 1, "columns stand below each other"
    assert repr(plan) == f"Plan({len(plan.rows)} rows, {plan.summary})"
    told = json.loads(json.dumps(plan.to_dict()))
    assert told["duration"] == plan.duration == video.timeline().duration
    assert [row["kind"] for row in told["rows"]] == [row.kind for row in plan.rows]
    assert {*told["rows"][0]} == {"kind", "start", "end", "name", "detail"}


def test_a_silent_video_says_so():
    assert wb.Video("64x64").scene(flat(RED)).plan().summary.endswith("120 frames, no sound")


@pytest.mark.parametrize("width", [320, 960])
def test_the_picture_has_a_lane_for_each_kind(video, width):
    plan = video.plan()
    picture = np.asarray(Image.open(io.BytesIO(plan.picture(width))).convert("RGB")).astype(int)
    assert picture.shape[1] == width
    scale = (width - 96 - 12) / plan.duration
    lanes = [*_LANES]
    lanes.insert(3, "overlay")  # two at a time: neither hides the other
    assert picture.shape[0] // _LANE == len(lanes)
    found = {lane: np.zeros(width, bool) for lane in _LANES}
    for index, lane in enumerate(lanes):
        colour = np.array([int(_COLOURS[lane][i : i + 2], 16) for i in (1, 3, 5)])
        found[lane] |= np.abs(picture[index * _LANE + 6] - colour).max(axis=1) < 8
    for lane, band in found.items():
        for row in (row for row in plan.rows if row.kind == lane):
            left, right = 96 + row.start * scale, 96 + min(row.end, plan.duration) * scale
            inside = band[round(left + 3) : round(right - 3)]
            assert inside.mean() > 0.8, (lane, row)  # the edge of the next may lie in it
        first = min(row.start for row in plan.rows if row.kind == lane)
        assert not band[: round(96 + first * scale) - 1].any(), lane
    with pytest.raises(ParameterError, match="width"):
        plan.picture(10)


def test_a_name_of_any_kind_is_one_line(tmp_path):
    Image.new("RGB", (8, 8)).save(tmp_path / ("a\nb\t" + "x" * 90 + ".png"))
    name = next(tmp_path.iterdir())
    plan = wb.Video("64x64").scene(name).overlay(name).title("a\nb").plan()
    assert len(str(plan).splitlines()) == 4
    assert plan.picture()


def test_commands_are_what_runs(video, tmp_path, monkeypatch):
    """Each argument, but for the folder of the run and the temporary name of the file."""
    ran: dict[str, list[str]] = {}
    folders = set()

    def recorded(real):
        def run(arguments, *rest, folder, **about):
            folders.add(str(folder))
            name = next((a for a in arguments if a.endswith(".mp4") and "/0" in a), "join")
            ran[name.rsplit("/", 1)[-1]] = ffmpeg.command(arguments)
            return real(arguments, *rest, folder=folder, **about)

        return run

    monkeypatch.setattr(encoding, "encode", recorded(encoding.encode))
    monkeypatch.setattr(join, "encode", recorded(join.encode))
    target = tmp_path / "out.mp4"
    video = video.loudness(None)
    told = video.command(target, preset="draft")
    made = video.render(target, preset="draft", cache=False, progress=lambda _: None)
    assert len(told) == made.segments + 1 == len(ran)
    (folder,) = folders
    part = ran["join"][-1]
    real = [ran[name] for name in sorted(ran)]
    bare = [
        [a.replace(folder, "").replace(part, f"file:{target}") for a in arguments]
        for arguments in real
    ]
    assert bare == told
    assert json.loads(made.receipt.read_text())["command"] == told[-1]


def test_commands_run_and_write_nothing(video, tmp_path, monkeypatch):
    before = {path.name for path in tmp_path.iterdir()}
    video.command(tmp_path / "warm.mp4")  # which encoders work here is tried once a machine
    monkeypatch.setattr("workbench.media.ffmpeg._launcher.start", None)
    monkeypatch.setattr("subprocess.Popen", None)
    lists = video.command(tmp_path / "sub" / "out.mp4")
    assert all(isinstance(a, str) for arguments in lists for a in arguments)
    assert lists[-1][-1] == f"file:{tmp_path / 'sub' / 'out.mp4'}"
    assert {path.name for path in tmp_path.iterdir()} == before
    assert commands(video, tmp_path / "sub" / "out.mp4", "production", "auto") == lists
    for about in ({"preset": "fast"}, {"encoder": "nope"}):
        with pytest.raises(ParameterError):
            video.command(tmp_path / "out.mp4", **about)
