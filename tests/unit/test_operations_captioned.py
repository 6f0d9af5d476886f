"""The captioned video of the old wire: its fields, its background, its sound and its end."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from lavfi import clip, counter, numbers
from libass import Setter, extent
from operating import BARE, GREY, NOBODY, SIZE, Shop, letters
from PIL import Image
from whisper_model import TinyWhisper, bare, say

from workbench.errors import (
    EngineNotFound,
    FileGone,
    MediaError,
    ParameterError,
    TextError,
    VoiceNotFound,
    WeightsMissing,
    WorkbenchError,
)
from workbench.service.operations import prepare
from workbench.service.operations.captioned import CaptionedVideo

if TYPE_CHECKING:
    from pathlib import Path

    from workbench.audio import Audio

pytestmark = pytest.mark.media


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return Shop(tmp_path_factory.mktemp("shop"))


@pytest.fixture(scope="module")
def grey(shop: Shop) -> str:
    path = shop.folder / "grey.png"
    Image.new("RGB", SIZE, (GREY,) * 3).save(path)
    return shop.put(path)


@pytest.fixture(scope="module")
def speech(shop: Shop) -> str:
    """A second of speech."""
    path = shop.folder / "speech.wav"
    say("Hello world.").audio.cut(0, 1.0).write(path)
    return shop.put(path)


# -- the wire -----------------------------------------------------------------------------------

DEFAULTS = {
    "text": None, "width": 1080, "height": 1920, "audio_id": None, "kokoro_voice": "af_heart",
    "kokoro_speed": 1.0, "language": None, "image_effect": "ken_burns", "caption_on": True,
    "caption_config_line_count": 1, "caption_config_line_max_length": 1,
    "caption_config_font_size": 120, "caption_config_font_name": "Arial",
    "caption_config_font_bold": True, "caption_config_font_italic": False,
    "caption_config_font_color": "#fff", "caption_config_subtitle_position": "top",
    "caption_config_shadow_color": "#000", "caption_config_shadow_transparency": 0.4,
    "caption_config_shadow_blur": 10, "caption_config_stroke_color": None,
    "caption_config_stroke_size": 5,
}  # fmt: skip
RANGES = {
    "line_count": (1, 5), "line_max_length": (1, 200), "font_size": (8, 200),
    "shadow_transparency": (0, 1), "shadow_blur": (0, 20), "stroke_size": (0, 10),
}  # fmt: skip


def test_the_defaults_are_those_of_the_wire():
    fields = CaptionedVideo.model_fields
    assert fields["background_id"].is_required()
    assert {name: fields[name].default for name in DEFAULTS} == DEFAULTS
    assert set(fields) - set(DEFAULTS) == {
        "background_id", "alignment_language_code", "quality", "caption_style", "cache",
    }  # fmt: skip


@pytest.mark.parametrize("name", RANGES)
def test_the_ranges_are_those_of_the_wire(shop: Shop, grey: str, name: str):
    low, high = RANGES[name]
    field = f"caption_config_{name}"
    for value in (low, high):
        CaptionedVideo(background_id="x", **{field: value})
        CaptionedVideo(background_id="x", **{field: str(value)})  # a form has texts
    for value in (low - 1, high + 1, float("nan"), float("inf"), 10**30, "x", [], None):
        with pytest.raises(ParameterError, match=field):
            shop.do("captioned_video", background_id=grey, text="Hi.", **{field: value})


WRONG: list[tuple[dict[str, Any], type[WorkbenchError], str]] = [
    ({}, ParameterError, "text"),
    ({"text": ""}, ParameterError, "text"),
    ({"text": "  \n "}, TextError, "text"),
    ({"text": "…!?"}, TextError, "text"),
    ({"text": "x" * 100_001}, ParameterError, "text"),
    ({"text": "Hi.", "kokoro_voice": "espeak:xx-yy"}, VoiceNotFound, "xx-yy"),
    ({"text": "Hi.", "kokoro_voice": "espeek:en"}, EngineNotFound, "espeek"),
    ({"text": "Hi.", "kokoro_voice": "espeak:../../etc/passwd"}, WorkbenchError, ""),
    ({"text": "Hi.", "kokoro_speed": 900}, ParameterError, "speed"),
    ({"text": "Hi.", "kokoro_speed": float("nan")}, ParameterError, "kokoro_speed"),
    ({"text": "Hi.", "width": 321}, ParameterError, "width"),
    ({"text": "Hi.", "width": 0}, ParameterError, "width"),
    ({"text": "Hi.", "height": 4098}, ParameterError, "height"),
    ({"text": "Hi.", "background_id": f"image_{NOBODY}.png"}, FileGone, NOBODY),
    ({"text": "Hi.", "background_id": "image_../../etc/passwd"}, ParameterError, "file id"),
    ({"audio_id": f"audio_{NOBODY}.wav"}, FileGone, NOBODY),
    ({"audio_id": "audio_.wav"}, ParameterError, "file id"),
    ({"text": "Hi.", "caption_config_subtitle_position": "left"}, ParameterError, "position"),
    ({"text": "Hi.", "caption_style": "karaoke-blod"}, ParameterError, "karaoke-bold"),
    ({"text": "Hi.", "quality": "best"}, ParameterError, "quality"),
    ({"text": "Hi.", "caption_config_fontsize": 20}, ParameterError, "caption_config_font_size"),
]


@pytest.mark.parametrize("case", range(len(WRONG)))
def test_what_cannot_be_is_refused_before_anything_runs(
    shop: Shop, grey: str, case: int, monkeypatch: pytest.MonkeyPatch
):
    """Its malformed background was a 500, and a blank text was found in the job, or never."""
    fields, error, said = WRONG[case]
    monkeypatch.setattr("workbench.service.operations.perform", None)
    fields = {"kokoro_voice": "espeak:en-us", "background_id": grey, **fields}
    with pytest.raises(error) as raised:
        shop.do("captioned_video", **fields)
    assert said in str(raised.value)


def test_the_background_is_seen_and_the_sound_is_heard(shop: Shop, grey: str, speech: str):
    with pytest.raises(MediaError, match="is a sound, not a picture or a video"):
        shop.do("captioned_video", background_id=speech, text="Hi.", kokoro_voice="espeak:en-us")
    with pytest.raises(MediaError, match="is a picture, not a sound"):
        shop.do("captioned_video", background_id=grey, audio_id=grey)


# -- the background -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def marked(shop: Shop) -> str:
    """A landscape picture with a white square of 60 pixels in its middle."""
    picture = np.zeros((300, 900, 3), np.uint8)
    picture[..., 2] = np.linspace(0, 255, 900, dtype=np.uint8)
    picture[120:180, 420:480] = 255
    Image.fromarray(picture).save(shop.folder / "marked.png")
    return shop.put(shop.folder / "marked.png")


def effect(shop: Shop, background: str, speech: str, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the first and the last frame."""
    made = shop.do(
        "captioned_video", background_id=background, audio_id=speech, caption_on=False,
        image_effect=name, width=120, height=200,
    )  # fmt: skip
    return shop.frame(made, 0.0), shop.frame(made, shop.told["duration"])


def square(frame: np.ndarray) -> tuple[int, int]:
    """Return width and height of what is white."""
    left, top, right, bottom = extent(frame.min(axis=2) > 128)
    return right - left, bottom - top


@pytest.mark.parametrize("name", ["still", "none", "", "zoom'; rm"])
def test_any_other_effect_stands_still_and_stretches_nothing(
    shop: Shop, marked: str, speech: str, name: str
):
    """A landscape picture in an upright frame was stretched, or made its local mode fail."""
    first, last = effect(shop, marked, speech, name)
    assert np.abs(first - last).max() < 12
    assert square(first) == pytest.approx((40, 40), abs=2)  # covered: 300 high became 200


def test_ken_burns_comes_nearer_and_keeps_the_shape(shop: Shop, marked: str, speech: str):
    """It zoomed into a corner, without end."""
    first, last = effect(shop, marked, speech, "ken_burns")
    assert square(first) == pytest.approx((40, 40), abs=3)
    width, height = square(last)
    assert width == pytest.approx(height, abs=2)
    assert 44 <= width <= 60


def test_a_pan_moves_across_and_keeps_the_shape(shop: Shop, marked: str, speech: str):
    first, last = effect(shop, marked, speech, "pan")
    assert np.median(last[..., 2]) > np.median(first[..., 2]) + 5
    for frame in (first, last):
        found = extent(frame.min(axis=2) > 128)
        if found and found[0] > 2 and found[2] < 118:
            assert found[2] - found[0] == pytest.approx(found[3] - found[1], abs=2)


def test_a_clip_lasts_as_long_as_the_voice(shop: Shop, speech: str):
    """Its clips were stretched to the frame; here they fill it, begin again, or are cut."""
    for frames in (4, 40):
        path = shop.folder / f"counter{frames}.mp4"
        background = shop.put(counter(path, frames=frames))
        made = shop.do(
            "captioned_video", background_id=background, audio_id=speech, caption_on=False,
            width=64, height=128,
        )  # fmt: skip
        info = shop.do("info", file_id=made)
        assert info["duration"] == pytest.approx(1.0, abs=0.05)
        with shop.store.reading(made) as video:
            shown = numbers(video, "64x128")
        assert shown[0] <= 1
        if frames == 4:
            assert max(shown) <= 4
            # It began again; what would be a glimpse of less than a quarter second stands still.
            assert [a > b for a, b in pairwise(shown)].count(True) == 1
        else:
            assert shown[-1] == pytest.approx(9, abs=1)


# -- the sound ----------------------------------------------------------------------------------


def test_speed_acts_and_quality_never_changes_it(shop: Shop, grey: str):
    """Its draft quality spoke one and a half times as fast."""
    fields = {
        "background_id": grey, "text": "Hello brave new world, how are you?", "width": 160,
        "height": 120, "kokoro_voice": "espeak:en-us",
    }  # fmt: skip
    lengths = {}
    for speed in (1.0, 0, 1.6):
        shop.do("captioned_video", **fields, kokoro_speed=speed, quality="draft")
        lengths[speed] = shop.told["duration"]
    assert lengths[0] == lengths[1.0]
    assert lengths[1.6] < 0.75 * lengths[1.0]
    for quality in ("preview", "production"):
        shop.do("captioned_video", **fields, quality=quality)
        assert shop.told["duration"] == lengths[1.0]


@pytest.mark.parametrize(
    ("said", "meant"),
    [("af_heart", ("kokoro", "af_heart")), ("espeak:en-us", ("espeak", "en-us")),
     (" chatterbox: ", ("chatterbox", None))],
)  # fmt: skip
def test_a_voice_may_name_its_engine_and_be_chosen_by_its_language(
    shop: Shop, grey: str, monkeypatch: pytest.MonkeyPatch, said: str, meant: tuple[str, str | None]
):
    """Its voice was always one of Kokoro's, and its language was for recordings alone."""
    asked: list[Any] = []
    monkeypatch.setattr("workbench.service.operations.speech.voice_of", asked.append)
    fields = {"text": "Hola.", "kokoro_voice": said, "language": "es", "kokoro_speed": 1.5}
    prepare("captioned_video", {"background_id": grey, **fields}, shop.store)
    assert (asked[0].engine, asked[0].voice, asked[0].language) == (*meant, "es")
    assert (asked[0].text, asked[0].speed) == ("Hola.", 1.5)


def test_quality_changes_the_picture(shop: Shop, speech: str):
    """Of its presets neither bitrates nor the encoder's settings were ever used."""
    random = np.random.default_rng(1)
    noise = random.integers(0, 255, (480, 640, 3), dtype=np.uint8)
    Image.fromarray(noise).save(shop.folder / "noise.png")
    background = shop.put(shop.folder / "noise.png")
    sizes, widths = [], []
    for quality in ("draft", "preview", "production"):
        made = shop.do(
            "captioned_video", background_id=background, audio_id=speech, caption_on=False,
            width=640, height=480, quality=quality,
        )  # fmt: skip
        sizes.append(shop.store.stat(made).size)
        widths.append(shop.do("info", file_id=made)["width"])
    assert widths == [320, 640, 640]
    assert sizes[0] < 0.7 * sizes[1]
    assert sizes[1] < 0.95 * sizes[2]


@pytest.fixture(scope="module")
def recorded(shop: Shop, tiny_whisper: TinyWhisper) -> tuple[str, Audio, list[float]]:
    """A recording of words that the tests' recogniser knows, and when each begins."""
    text = " ".join(tiny_whisper.words["en"][:5])
    said = say(text)
    path = shop.folder / "known.wav"
    said.audio.write(path)
    return shop.put(path), text, list(said.starts)


@pytest.mark.usefixtures("recogniser")
def test_a_recording_is_captioned_with_what_is_heard(shop: Shop, grey: str, recorded: Any):
    audio_id, text, _ = recorded
    shop.do(
        "captioned_video", background_id=grey, audio_id=audio_id, width=320, height=240,
        caption_config_font_size=30, language="en",
    )  # fmt: skip
    assert [bare(word["text"]) for word in shop.told["words"]] == text.split()


@pytest.fixture
def recogniser(monkeypatch: pytest.MonkeyPatch, tiny_whisper: TinyWhisper) -> None:
    monkeypatch.setenv("WHISPER_MODEL", tiny_whisper.name)


@pytest.mark.usefixtures("recogniser")
@pytest.mark.parametrize("language", [{"language": "en"}, {"alignment_language_code": "eng"}])
def test_a_text_is_put_onto_its_recording(
    shop: Shop, grey: str, recorded: Any, language: dict[str, str]
):
    audio_id, text, starts = recorded
    script = text.title() + "!"
    made = shop.do(
        "captioned_video", background_id=grey, audio_id=audio_id, text=script, width=320,
        height=240, image_effect="still", **{f"caption_config_{n}": v for n, v in BARE.items()},
        caption_config_font_size=30, **language,
    )  # fmt: skip
    words = shop.told["words"]
    assert [word["text"] for word in words] == script.split()
    assert [word["start"] for word in words] == pytest.approx(starts, abs=0.15)
    assert not any("estimated" in note for note in shop.told["warnings"])
    moment = (words[2]["start"] + words[2]["end"]) / 2
    left, _, right, _ = letters(shop.frame(made, moment))
    assert right - left == pytest.approx(Setter(30, SIZE).width(words[2]["text"]), abs=4)


@pytest.fixture
def no_recogniser(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("WHISPER_MODEL", raising=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))


@pytest.mark.usefixtures("no_recogniser")
def test_without_a_recogniser_a_text_is_spread_over_its_recording(
    shop: Shop, grey: str, recorded: Any
):
    audio_id, text, starts = recorded
    shop.do("captioned_video", background_id=grey, audio_id=audio_id, text=text, width=160,
            height=120)  # fmt: skip
    words = shop.told["words"]
    assert [word["text"] for word in words] == text.split()
    assert [word["start"] for word in words] == pytest.approx(starts, abs=0.5)
    assert any("estimated" in note for note in shop.told["warnings"])


@pytest.mark.usefixtures("no_recogniser")
def test_without_a_recogniser_nobody_knows_what_is_said(shop: Shop, grey: str, recorded: Any):
    with pytest.raises(WeightsMissing):
        shop.do("captioned_video", background_id=grey, audio_id=recorded[0], width=160, height=120)
    assert shop.left() == []


@pytest.mark.usefixtures("recogniser")
def test_what_is_not_in_the_recording_is_said_so(shop: Shop, grey: str, recorded: Any):
    shop.do(
        "captioned_video", background_id=grey, audio_id=recorded[0], width=160, height=120,
        text="Quite another speech about xylophones", language="en",
    )  # fmt: skip
    assert any("is heard in the recording" in note for note in shop.told["warnings"])


# -- stops --------------------------------------------------------------------------------------


@pytest.mark.parametrize("raising", [False, True])
def test_a_stop_leaves_nothing(shop: Shop, grey: str, raising: bool):  # noqa: FBT001
    before = [file.id for file in shop.store.list()]
    for at in (0.0, 0.2, 0.4, 0.9):
        assert shop.stopped(
            "captioned_video", at=at, raising=raising, background_id=grey, cache=False,
            text="One line.\nAnother line.\nA third one.", kokoro_voice="espeak:en-us",
            width=640, height=480,
        )  # fmt: skip
        assert [file.id for file in shop.store.list()] == before
        assert shop.left() == []


def test_progress_goes_up_to_the_end(shop: Shop, grey: str):
    shop.reports.clear()
    shop.do("captioned_video", background_id=grey, text="Hello.\nWorld.", width=160, height=120,
            kokoro_voice="espeak:en-us")  # fmt: skip
    assert shop.reports == sorted(shop.reports)
    assert shop.reports[0] <= 0.3
    assert shop.reports[-1] > 0.95


def test_a_video_is_no_picture_that_pans(shop: Shop, speech: str):
    """An effect with a clip is no error: flows of the old server send one always."""
    background = shop.put(clip(shop.folder / "clip.mp4", "blue", seconds=1.0))
    for name in ("ken_burns", "pan"):
        made = shop.do(
            "captioned_video", background_id=background, audio_id=speech, caption_on=False,
            image_effect=name, width=64, height=64,
        )  # fmt: skip
        assert shop.frame(made, 0.5)[32, 32][2] > 220
