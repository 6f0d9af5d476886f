"""Videos joined, laid over each other and told of, as the old wire asks for it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from lavfi import clip, loudness, pitch, samples
from operating import NOBODY, Shop
from painted import turned
from PIL import Image

from workbench.audio import Audio
from workbench.errors import FileGone, MediaError, ParameterError, WorkbenchError
from workbench.media.probe import probe

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.media


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return Shop(tmp_path_factory.mktemp("shop"))


class Files(dict[str, str]):
    """The ids of files, which are made when they are first asked for."""

    def __init__(self, shop: Shop) -> None:
        super().__init__()
        self.shop = shop

    def __missing__(self, name: str) -> str:
        path = self.shop.folder / name
        makers: dict[str, Any] = {
            "red.mp4": lambda: clip(path, "red", size="160x120", seconds=2.0),
            "silent.mp4": lambda: clip(path, "red", size="160x120", seconds=2.0, tone=None),
            "tall.mp4": lambda: clip(path, "blue", size="60x100", fps="25", seconds=1.0, tone=880),
            "wide.mp4": lambda: clip(path, "lime", size="160x60", fps="15", filters="setsar=2"),
            "ntsc.mp4": lambda: clip(path, fps="30000/1001", seconds=2.0),
            "green.mp4": lambda: clip(path, "lime", size="160x120", seconds=0.5, tone=None),
            "half.mp4": lambda: _half(path),
            "turned.mp4": lambda: turned(path, clip(path.with_name("flat.mp4"), size="96x64"), 90),
            "odd.mp4": lambda: clip(path, "red", size="54x96", tone=None),
            "portrait.mp4": lambda: clip(path, "white", size="50x74", tone=None),
            "white.png": lambda: Image.new("RGB", (80, 80), "white").save(path),
            "music.wav": lambda: _tone(path, 1000.0, 0.5, 0.5),
            "mono.wav": lambda: _tone(path, 440.0, 1.0, 0.5, channels=1),
        }
        makers[name]()
        self[name] = self.shop.put(path)
        return self[name]


def _tone(path: Path, hertz: float, seconds: float, level: float, channels: int = 2) -> None:
    wave = level * np.sin(np.arange(round(48_000 * seconds)) * 2 * np.pi * hertz / 48_000)
    Audio(samples=np.repeat(wave[:, None], channels, 1).astype(np.float32), rate=48_000).write(path)


def _half(path: Path) -> None:
    """A clip of three seconds: the left half is lime, the right half white."""
    box = "drawbox=x=iw/2:y=0:w=iw/2:h=ih:color=white:t=fill"
    clip(path, "lime", size="160x120", seconds=3.0, tone=None, filters=box)


@pytest.fixture(scope="module")
def files(shop: Shop) -> Files:
    return Files(shop)


def told_of(shop: Shop, file_id: str) -> dict[str, Any]:
    return shop.do("info", file_id=file_id)


def sound(shop: Shop, file_id: str) -> np.ndarray:
    with shop.store.reading(file_id) as path:
        return samples(path)


def colour(frame: np.ndarray, across: float, down: float) -> str:
    """Return what a spot of a frame is: red, lime, blue, white, black or something else."""
    height, width = frame.shape[:2]
    pixel = frame[int(height * down), int(width * across)]
    known = {"red": (255, 0, 0), "lime": (0, 255, 0), "blue": (0, 0, 255), "white": (255,) * 3,
             "black": (0, 0, 0)}  # fmt: skip
    near = [name for name, value in known.items() if np.abs(pixel - value).max() < 40]
    return near[0] if near else str(pixel)


# -- merging ------------------------------------------------------------------------------------


def test_clips_of_all_kinds_are_joined(shop: Shop, files: Files):
    """The old server failed where pixels had another shape, and its local mode glued the streams
    of clips that had nothing in common."""
    ids = [files["red.mp4"], files["tall.mp4"], files["silent.mp4"], files["wide.mp4"]]
    made = shop.do("merge_videos", video_ids=ids)
    info = told_of(shop, made)
    assert info["duration"] == pytest.approx(2 + 1 + 2 + 1, abs=0.15)
    assert (info["width"], info["height"]) == (160, 120)
    assert info["fps"] == 10
    shown = [colour(shop.frame(made, t), 0.5, 0.5) for t in (1.0, 2.5, 4.0, 5.5)]
    assert shown == ["red", "blue", "red", "lime"]
    heard = sound(shop, made)
    parts = [heard[int(t * 48_000) : int((t + 0.5) * 48_000)] for t in (1.0, 2.3, 4.0, 5.3)]
    assert [round(pitch(p)) for p in parts[:2]] == [440, 880]
    assert loudness(parts[2]) < -80
    assert len(heard) / 48_000 == pytest.approx(6, abs=0.1)
    assert shop.left() == []


def test_ids_may_have_spaces_around_them(shop: Shop, files: Files):
    """The old server took "a, b" for an id that begins with a space: 404."""
    red = files["red.mp4"]
    made = shop.do("merge_videos", video_ids=[red, f" {red}", f"{red}\n", " "])
    assert told_of(shop, made)["duration"] == pytest.approx(6, abs=0.1)


@pytest.mark.parametrize("volume", [0.0, 0.2])
def test_music_lasts_to_the_end_and_leaves_the_voice_alone(shop: Shop, files: Files, volume: float):
    """It halved the voice, -21.1 to -27.1 dB, even with music at volume 0."""
    made = shop.do(
        "merge_videos",
        video_ids=[files["red.mp4"]] * 2,
        background_music_id=files["music.wav"],
        background_music_volume=volume,
    )
    before, heard = sound(shop, files["red.mp4"]), sound(shop, made)
    last = heard[-24_000:-4_800].mean(axis=1) * np.hanning(19_200)
    bins = np.abs(np.fft.rfft(last))
    voice, music = (bins[round(h * 0.4) - 2 : round(h * 0.4) + 3].max() for h in (440, 1000))
    own = np.abs(np.fft.rfft(before[24_000:43_200].mean(axis=1) * np.hanning(19_200))).max()
    assert 20 * np.log10(voice / own) == pytest.approx(0, abs=1)
    expected = volume * 0.5 / 0.2  # the levels at which the two tones were made
    assert music / voice == pytest.approx(expected, rel=0.15, abs=0.01)


@pytest.mark.parametrize("ids", [[], ["", "  "], "x", None])
def test_nothing_is_merged_of_nothing(shop: Shop, ids: Any):
    with pytest.raises(ParameterError, match="video_ids"):
        shop.do("merge_videos", video_ids=ids)


# -- keying -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["green.mp4", "half.mp4"])
@pytest.mark.parametrize("base", ["red.mp4", "silent.mp4"])
def test_a_colour_becomes_clear_for_the_base_s_length(
    shop: Shop, files: Files, base: str, name: str
):
    """Over a base without sound it never ended, in its local mode; the server's failed."""
    made = shop.do(
        "colorkey_overlay", video_id=files[base], overlay_video_id=files[name], color="#0f0",
        similarity=0.2,
    )  # fmt: skip
    info = told_of(shop, made)
    assert info["duration"] == pytest.approx(2.0, abs=0.05)
    assert info["has_audio"] == (base == "red.mp4")
    for moment in (0.1, 1.0, 1.9):  # the shorter clip begins again
        frame = shop.frame(made, moment)
        assert colour(frame, 0.2, 0.5) == "red"
        assert colour(frame, 0.8, 0.5) == ("white" if name == "half.mp4" else "red")
    if info["has_audio"]:
        gap = loudness(sound(shop, made)[4800:-4800]) - loudness(
            sound(shop, files[base])[4800:-4800]
        )
        assert abs(gap) < 1


@pytest.mark.parametrize("said", ["lime", " #00ff00 ", "#0F0", "#00FF00", "LIME"])
def test_a_colour_has_many_names(shop: Shop, files: Files, said: str):
    made = shop.do(
        "colorkey_overlay", video_id=files["silent.mp4"], overlay_video_id=files["green.mp4"],
        color=said,
    )  # fmt: skip
    assert colour(shop.frame(made, 1.0), 0.5, 0.5) == "red"


def test_red_is_a_colour(shop: Shop, files: Files):
    """It took the letters of "red" for digits, 0xRED, and ffmpeg failed; so it did on "#f00"."""
    for said in ("red", "#f00"):
        made = shop.do(
            "colorkey_overlay", video_id=files["green.mp4"], overlay_video_id=files["silent.mp4"],
            color=said,
        )  # fmt: skip
        assert colour(shop.frame(made, 0.2), 0.5, 0.5) == "lime"


@pytest.mark.parametrize(
    ("base", "over"),
    [("red.mp4", "tall.mp4"), ("red.mp4", "wide.mp4"), ("tall.mp4", "red.mp4"),
     ("odd.mp4", "portrait.mp4")],
)  # fmt: skip
@pytest.mark.parametrize("operation", ["colorkey_overlay", "add_overlay"])
def test_a_clip_of_another_shape_covers_the_frame(
    shop: Shop, files: Files, operation: str, base: str, over: str
):
    """It lay unscaled in the corner, cut off at the frame's edge."""
    fields: dict[str, Any] = {"overlay_video_id": files[over], "color": "black"}
    if operation == "add_overlay":
        fields = {"overlay_id": files[over], "opacity": 1.0}
    made = shop.do(operation, video_id=files[base], **fields)
    frame = shop.frame(made, 0.5)
    assert frame.shape == shop.frame(files[base], 0.5).shape
    above = {"tall.mp4": "blue", "wide.mp4": "lime", "red.mp4": "red", "portrait.mp4": "white"}
    for across in (0.0, 0.5, 0.999):
        for down in (0.0, 0.5, 0.999):
            assert colour(frame, across, down) == above[over]


HOSTILE = [
    "green:0.1:0.1,drawtext=textfile=/etc/passwd,colorkey=green",
    "green[x];movie=/etc/passwd[y];[x][y]overlay",
    "0x00ff00", "face", "#ff", "#12345", "#gggggg", "green;", "green'", "", " ", "#00ff00\n,null",
    "red@0.5", "random", "rgb(0,255,0)", "None", "../../etc/passwd", "a" * 101, "\0", "\u202egreen",
]  # fmt: skip


@pytest.mark.parametrize("said", HOSTILE)
def test_a_hostile_colour_never_reaches_ffmpeg(
    shop: Shop, files: Files, said: str, monkeypatch: pytest.MonkeyPatch
):
    """Of the first of them the old server made a film with the file's words in it."""
    ids = {"video_id": files["red.mp4"], "overlay_video_id": files["green.mp4"]}
    monkeypatch.setattr("subprocess.Popen", None)
    with pytest.raises(ParameterError, match="color"):
        shop.do("colorkey_overlay", **ids, color=said)


@pytest.mark.parametrize(
    ("name", "value"),
    [("similarity", 0), ("similarity", 1.1), ("blend", -0.1), ("blend", float("nan")),
     ("similarity", "0.1,null")],
)  # fmt: skip
def test_likeness_has_its_range(shop: Shop, files: Files, name: str, value: Any):
    ids = {"video_id": files["red.mp4"], "overlay_video_id": files["green.mp4"]}
    with pytest.raises(ParameterError, match=name):
        shop.do("colorkey_overlay", **ids, **{name: value})


# -- overlays -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("opacity", "level"), [(0.0, 0), (0.4, 102), (1.0, 255)])
def test_an_overlay_fills_the_frame_so_opaque(shop: Shop, files: Files, opacity: float, level: int):
    made = shop.do(
        "add_overlay", video_id=files["red.mp4"], overlay_id=files["white.png"], opacity=opacity
    )
    frame = shop.frame(made, 1.0)
    assert told_of(shop, made)["duration"] == pytest.approx(2.0, abs=0.05)
    for across in (0.03, 0.5, 0.97):
        for down in (0.03, 0.5, 0.97):
            pixel = frame[int(120 * down), int(160 * across)]
            assert pixel[1:] == pytest.approx([level, level], abs=12)


def test_a_shorter_clip_is_begun_again(shop: Shop, files: Files):
    made = shop.do("add_overlay", video_id=files["red.mp4"], overlay_id=files["green.mp4"])
    for moment in (0.1, 0.7, 1.9):
        pixel = shop.frame(made, moment)[60, 80]
        assert pixel[0] == pytest.approx(0.6 * 255, abs=15)
        assert pixel[1] == pytest.approx(0.4 * 255, abs=15)
    assert round(pitch(sound(shop, made))) == 440


# -- info ---------------------------------------------------------------------------------------


def test_a_video_is_told_in_numbers(shop: Shop, files: Files):
    """Its `fps` was "30000" for 29.97, and what was no video was `{}` with 200."""
    told = told_of(shop, files["ntsc.mp4"])
    assert told["fps"] == 29.97
    assert told["duration"] == pytest.approx(2.0, abs=0.05)
    assert (told["width"], told["height"], told["aspect_ratio"]) == (64, 64, "1:1")
    assert (told["codec"], told["has_audio"], told["kind"]) == ("h264", True, "video")
    assert told_of(shop, files["silent.mp4"])["has_audio"] is False
    assert told_of(shop, files["silent.mp4"])["aspect_ratio"] == "4:3"
    json.dumps(told, allow_nan=False)


def test_a_turned_video_is_told_as_it_is_seen(shop: Shop, files: Files):
    told = told_of(shop, files["turned.mp4"])
    assert (told["width"], told["height"]) == (64, 96)
    assert told["rotation"] in {90, 270}


def test_a_sound_is_told_for_old_clients_and_new(shop: Shop, files: Files):
    told = told_of(shop, files["mono.wav"])
    assert told["duration"] == pytest.approx(1.0, abs=0.01)
    assert (told["channels"], told["kind"], told["has_audio"]) == (1, "audio", True)
    assert (told["sample_rate"], told["rate"]) == ("48000", 48_000)
    assert told["bitrate"] == str(told["bit_rate"])
    assert told["bit_rate"] == pytest.approx(48_000 * 16, rel=0.05)
    assert told["codec"] == "pcm_s16le"


def test_every_odd_file_has_its_numbers(shop: Shop, media: Path):
    """Of a file that does not say how long it is, the old server made a moment of -0.3 s."""
    told = []
    for path in sorted((media / "odd").iterdir()):
        try:
            file = shop.store.put(path)
        except WorkbenchError:  # a document beside the media
            continue
        if file.type != "image":
            told.append(told_of(shop, file.id))
    assert len(told) >= 10
    for one in told:
        json.dumps(one, allow_nan=False)
        assert one["duration"] > 0
        if one["kind"] == "video":
            assert one["width"] > 0
            assert re.fullmatch(r"\d+:\d+", one["aspect_ratio"])
        else:
            assert one["sample_rate"].isdigit()
            assert one["bitrate"].isdigit()


@pytest.mark.parametrize(
    ("name", "error"),
    [("white.png", MediaError), (f"video_{NOBODY}.mp4", FileGone), ("video_", ParameterError)],
)
def test_there_is_no_empty_answer(shop: Shop, files: Files, name: str, error: type[Exception]):
    file_id = files[name] if name == "white.png" else name
    with pytest.raises(error):
        told_of(shop, file_id)


# -- what must not be -----------------------------------------------------------------------------


OPERATIONS: dict[str, dict[str, str]] = {
    "merge_videos": {"background_music_id": "music.wav"},
    "colorkey_overlay": {"video_id": "red.mp4", "overlay_video_id": "half.mp4"},
    "add_overlay": {"video_id": "red.mp4", "overlay_id": "white.png"},
}


def asked(files: Files, operation: str) -> dict[str, Any]:
    fields: dict[str, Any] = {name: files[value] for name, value in OPERATIONS[operation].items()}
    if operation == "merge_videos":
        fields["video_ids"] = [files["red.mp4"], files["tall.mp4"], files["half.mp4"]]
    return fields


@pytest.mark.parametrize("raising", [False, True])
@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_stop_leaves_nothing(shop: Shop, files: Files, operation: str, raising: bool):  # noqa: FBT001
    """Its ffmpeg ran on after the job, and what it had written stood under the final name."""
    fields = asked(files, operation)
    before = [file.id for file in shop.store.list()]
    for at in (0.0, 0.3, 0.8):
        assert shop.stopped(operation, at=at, raising=raising, **fields)
        assert [file.id for file in shop.store.list()] == before
        assert shop.left() == []


@pytest.mark.parametrize("operation", OPERATIONS)
def test_progress_goes_up_to_the_end(shop: Shop, files: Files, operation: str):
    fields = asked(files, operation)
    shop.reports.clear()
    made = shop.do(operation, **fields)
    assert shop.reports == sorted(shop.reports)
    assert shop.reports[0] < 0.2
    assert shop.reports[-1] > 0.95
    assert all(0 <= share <= 1 for share in shop.reports)
    with shop.store.reading(made) as path:
        assert probe(path).kind == "video"
        assert [file.name for file in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_id_is_looked_for_before_anything_runs(shop: Shop, files: Files, operation: str):
    """The old server answered 200 to a missing id where it did not look, and made nothing."""
    fields = asked(files, operation)
    for name in fields:
        for wrong, error in (
            (f"video_{NOBODY}.mp4", FileGone),
            ("video_../../etc/passwd", ParameterError),
            (
                files["mono.wav"] if name != "background_music_id" else files["white.png"],
                MediaError,
            ),
        ):
            value = [fields[name][0], wrong] if isinstance(fields[name], list) else wrong
            with pytest.raises(error):
                shop.do(operation, **{**fields, name: value})
