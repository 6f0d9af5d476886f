"""When each piece of a script is said: by a recogniser, and by loudness where there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from operating import NOBODY, Shop
from whisper_model import TinyWhisper, sentences

from workbench.audio import Audio
from workbench.errors import FileGone, MediaError, ParameterError, TextError

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.media


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


@pytest.fixture
def talk(
    shop: Shop, tiny_whisper: TinyWhisper, monkeypatch: pytest.MonkeyPatch
) -> tuple[str, str, list[float]]:
    """A recording of three sentences, what is said in it, and when each begins."""
    monkeypatch.setenv("WHISPER_MODEL", tiny_whisper.name)
    said = sentences(tiny_whisper, "en", 3)
    starts = np.cumsum([0.0] + [one.audio.duration for one in said])[:3]
    path = Audio.join([one.audio for one in said]).write(shop.folder / "said.wav")
    script = " ".join(f"{' '.join(one.words).capitalize()}." for one in said)
    return shop.put(path), script, [float(start) for start in starts]


def test_a_sentence_has_the_times_at_which_it_is_said(
    shop: Shop, talk: tuple[str, str, list[float]]
):
    audio_id, script, starts = talk
    told = shop.do("align", audio_id=audio_id, script=script)
    assert told["warnings"] == []
    assert told["language"] == "en"
    assert " ".join(one["text"] for one in told["segments"]) == script
    assert [one["start"] for one in told["segments"]] == pytest.approx(starts, abs=0.5)
    for one, after in zip(told["segments"], [*starts[1:], 99], strict=True):
        assert one["start"] < one["end"] <= after + 0.2
    assert shop.reports[-1] == 1.0
    assert shop.left() == []


@pytest.mark.parametrize(
    ("mode", "limit"),
    [("word", None), ("sentence_punc", None), ("fixed_words", 2), ("fixed_words", None),
     ("max_chars", 12), ("max_chars", None)],
)  # fmt: skip
def test_every_mode_keeps_every_word_in_order(
    shop: Shop, talk: tuple[str, str, list[float]], mode: str, limit: int | None
):
    audio_id, script, _ = talk
    told = shop.do("align", audio_id=audio_id, script=script, mode=mode, limit=limit)["segments"]
    assert " ".join(one["text"] for one in told) == script
    assert [one["start"] for one in told] == sorted(one["start"] for one in told)
    sizes = [len(one["text"].split()) for one in told]
    if mode == "word":
        assert set(sizes) == {1}
    if mode == "fixed_words":
        assert set(sizes[:-1]) == {limit or 5}
    if mode == "max_chars":
        assert max(len(one["text"]) for one in told) <= (limit or 40)


def test_without_a_recogniser_the_times_are_estimated_and_that_is_said(
    shop: Shop,
    talk: tuple[str, str, list[float]],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
):
    for name in ("HF_HOME", "HF_HUB_CACHE", "WORKBENCH_MODELS"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.delenv("WHISPER_MODEL")
    audio_id, script, _ = talk
    told = shop.do("align", audio_id=audio_id, script=script)
    assert len(told["segments"]) == 3
    assert "estimated" in told["warnings"][0]


def test_in_a_language_that_the_recogniser_does_not_know_the_times_are_estimated(
    shop: Shop, talk: tuple[str, str, list[float]]
):
    """The older one knew a thousand languages; a recogniser knows a hundred."""
    told = shop.do("align", audio_id=talk[0], script=talk[1], lang_code="quc")
    assert len(told["segments"]) == 3
    assert told["language"] == "quc"
    assert told["warnings"][0].startswith("the recogniser knows no 'quc'")


def test_aligning_can_be_stopped(shop: Shop, talk: tuple[str, str, list[float]]):
    for raising in (True, False):
        fields = {"audio_id": talk[0], "script": talk[1]}
        assert shop.stopped("align", at=0.05, raising=raising, **fields)
        assert shop.left() == []


def test_another_text_than_is_said_is_told_of(shop: Shop, talk: tuple[str, str, list[float]]):
    told = shop.do("align", audio_id=talk[0], script="Quite another text, word for word.")
    assert "% is heard in the recording" in told["warnings"][0]
    assert len(told["segments"]) == 1


def test_what_cannot_be_aligned_is_refused(shop: Shop, talk: tuple[str, str, list[float]]):
    from PIL import Image

    Image.new("RGB", (8, 8)).save(shop.folder / "a.png")
    picture = shop.put(shop.folder / "a.png")
    audio_id = talk[0]
    for error, values in (
        (TextError, {"audio_id": audio_id, "script": " ... "}),
        (FileGone, {"audio_id": f"audio_{NOBODY}.wav", "script": "Hi."}),
        (ParameterError, {"audio_id": "../x", "script": "Hi."}),
        (MediaError, {"audio_id": picture, "script": "Hi."}),
        (ParameterError, {"audio_id": audio_id, "script": "Hi.", "limit": 3}),
        (ParameterError, {"audio_id": audio_id, "script": "Hi.", "mode": "max_chars", "limit": 0}),
        (ParameterError, {"audio_id": audio_id, "script": "Hi.", "mode": "letter"}),
    ):
        with pytest.raises(error):
            shop.do("align", **values)
