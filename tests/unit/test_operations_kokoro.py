"""Kokoro as the wire asks for it: the real package, on weights that are chance."""

from __future__ import annotations

import wave
from typing import TYPE_CHECKING

import pytest
from operating import Shop

from tests.kokoro_model import home
from workbench.engines import registry
from workbench.engines.kokoro import KokoroEngine
from workbench.errors import WeightsMissing
from workbench.service.operations import prepare

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["home"]

pytestmark = pytest.mark.model


@pytest.fixture
def shop(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.setitem(registry._voices.loaded, "kokoro", KokoroEngine())
    return Shop(tmp_path)


@pytest.mark.parametrize(
    ("values", "voice"),
    [({}, "af_heart"), ({"voice": "am_adam"}, "am_adam"), ({"language": "es"}, "ef_dora")],
)
def test_a_text_is_spoken_in_stereo_at_24_khz(shop: Shop, values: dict[str, str], voice: str):
    """As the old server wrote it, and with the words' times, which it threw away."""
    made = shop.do("speak", text="Hello there. And again.", cache=False, **values)
    with shop.store.reading(made) as path, wave.open(str(path)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (24_000, 2, 2)
        assert file.getnframes() / 24_000 == pytest.approx(shop.told["duration"], abs=1e-4)
    told = shop.told
    assert told["voice"] == f"kokoro:{voice}"
    assert [one["text"] for one in told["words"]] == ["Hello", "there.", "And", "again."]
    assert 0 < told["words"][-1]["end"] <= told["duration"] + 1e-3


def test_speed_is_kokoros_own(shop: Shop):
    lengths = []
    for speed in (0, 1.0, 2.0):
        shop.do("speak", text="Hello there, and here I am again.", speed=speed, cache=False)
        lengths.append(shop.told["duration"])
    assert lengths[0] == lengths[1] > lengths[2]


def test_a_voice_whose_file_is_not_here_is_told_before_the_work_is_taken_on(shop: Shop):
    with pytest.raises(WeightsMissing) as caught:
        prepare("speak", {"text": "Hi.", "voice": "af_bella"}, shop.store)
    assert "--voice af_bella" in caught.value.cure
