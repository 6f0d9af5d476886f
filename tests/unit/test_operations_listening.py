"""What is said in a recording, as an operation: by a recogniser that is really asked."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from operating import NOBODY, Shop
from whisper_model import TinyWhisper, sentences, wrong_words

from workbench.audio import Audio
from workbench.errors import FileGone, MediaError, ParameterError, WeightsMissing
from workbench.media.binaries import ffmpeg
from workbench.service.operations import prepare
from workbench.service.operations.listening import MODEL

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.media


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


@pytest.fixture
def talk(
    shop: Shop, tiny_whisper: TinyWhisper, monkeypatch: pytest.MonkeyPatch
) -> tuple[Path, list[str]]:
    """A recording of three sentences, and their words."""
    monkeypatch.setenv(MODEL, tiny_whisper.name)
    said = sentences(tiny_whisper, "en", 3)
    path = Audio.join([one.audio for one in said]).write(shop.folder / "said.wav")
    return path, [word for one in said for word in one.words]


@pytest.mark.parametrize("language", ["en", "EN-gb", None, "", " "])
def test_what_is_said_is_told_with_its_times(
    shop: Shop, talk: tuple[Path, list[str]], language: str | None
):
    """The old server measured when each word is said and threw it away; its text began with a
    space.
    """
    path, words = talk
    told = shop.do("transcribe", audio_id=shop.put(path), language=language)
    assert told["transcription"] == told["transcription"].strip()
    heard = [word.strip(" .,?!").lower() for word in told["transcription"].split()]
    assert wrong_words(words, heard) <= len(words) // 5
    assert told["duration"] == pytest.approx(Audio.read(path).duration, abs=0.01)
    assert told["language"] == "en"
    starts = [one["start"] for one in told["words"]]
    assert starts == sorted(starts)
    assert told["words"][-1]["end"] <= told["duration"] + 0.01
    assert " ".join(one["text"] for one in told["segments"]) == told["transcription"]
    assert shop.reports[-1] == pytest.approx(1.0)
    assert shop.left() == []


def test_a_clip_is_heard_as_its_sound_is(shop: Shop, talk: tuple[Path, list[str]]):
    path, _ = talk
    clip = shop.folder / "said.mp4"
    sound = ["-i", str(path), "-f", "lavfi", "-i", "color=black:64x64", "-shortest", str(clip)]
    subprocess.run([str(ffmpeg()), "-v", "error", *sound], check=True, stdin=subprocess.DEVNULL)
    in_sound = shop.do("transcribe", audio_id=shop.put(path), language="en")
    in_clip = shop.do("transcribe", audio_id=shop.put(clip), language="en")
    assert in_clip["transcription"] == in_sound["transcription"]


def test_listening_can_be_stopped(shop: Shop, talk: tuple[Path, list[str]]):
    audio_id = shop.put(talk[0])
    for raising in (True, False):
        # What is set after the last segment comes too late to stop anything.
        shop.stopped("transcribe", at=0.0, raising=raising, audio_id=audio_id, language="en")
        assert shop.left() == []


def test_what_cannot_be_heard_is_refused_before_it_is_taken_on(
    shop: Shop, talk: tuple[Path, list[str]]
):
    from PIL import Image

    Image.new("RGB", (8, 8)).save(shop.folder / "a.png")
    clip = shop.folder / "mute.mp4"
    mute = ["-f", "lavfi", "-i", "color=black:64x64", "-t", "1", str(clip)]
    subprocess.run([str(ffmpeg()), "-v", "error", *mute], check=True, stdin=subprocess.DEVNULL)
    audio_id = shop.put(talk[0])
    for error, values in (
        (FileGone, {"audio_id": f"audio_{NOBODY}.wav"}),
        (ParameterError, {"audio_id": "audio_../../etc/passwd"}),
        (MediaError, {"audio_id": shop.put(shop.folder / "a.png")}),
        (MediaError, {"audio_id": shop.put(clip)}),
        (ParameterError, {"audio_id": audio_id, "model": "smalll"}),
        (ParameterError, {"audio_id": audio_id, "language": "x" * 41}),
    ):
        with pytest.raises(error) as caught:
            prepare("transcribe", values, shop.store)
        assert str(shop.folder) not in str(caught.value)


def test_a_language_that_is_none_is_told(shop: Shop, talk: tuple[Path, list[str]]):
    with pytest.raises(ParameterError) as caught:
        shop.do("transcribe", audio_id=shop.put(talk[0]), language="klingon")
    assert caught.value.subject == "language"


@pytest.mark.parametrize("model", ["/etc", "../models", "~/x", "C:\\x", "./here", "http://x/y"])
def test_whoever_asks_names_no_folder_of_the_server(
    shop: Shop, talk: tuple[Path, list[str]], model: str
):
    """It told which folders there are, and loaded what lay in them."""
    with pytest.raises(ParameterError, match="is not a Whisper model") as caught:
        prepare("transcribe", {"audio_id": shop.put(talk[0]), "model": model}, shop.store)
    assert caught.value.subject == "model"


def test_the_folder_that_the_server_was_told_of_may_be_named(
    shop: Shop, talk: tuple[Path, list[str]], tiny_whisper: TinyWhisper
):
    prepare("transcribe", {"audio_id": shop.put(talk[0]), "model": tiny_whisper.name}, shop.store)


def test_without_weights_it_says_what_to_do_before_it_is_taken_on(
    shop: Shop, talk: tuple[Path, list[str]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    for name in ("HF_HOME", "HF_HUB_CACHE", "WORKBENCH_MODELS"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.delenv(MODEL)
    for model in (None, "tiny"):
        with pytest.raises(WeightsMissing) as caught:
            prepare("transcribe", {"audio_id": shop.put(talk[0]), "model": model}, shop.store)
        assert f"workbench models pull whisper-{model or 'small'}" in caught.value.cure
        assert str(tmp_path) not in str(caught.value)
