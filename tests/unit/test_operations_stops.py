"""What an operation is told reaches whatever does its work: a stop, and that nothing be kept."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest
from lavfi import clip
from operating import Shop
from PIL import Image
from whisper_model import say

from workbench.errors import Cancelled
from workbench.storage.cache import VARIABLE as CACHE

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.media

WORK = [
    "workbench.media.merging.merge",
    "workbench.media.video.Video.render",
    "workbench.media.extract.save_frames",
    "workbench.storage.download.download",
    "workbench.speech.speak.speak",
]
ADDRESS = "https://media.example/a.mp4"
OPERATIONS: dict[str, dict[str, Any]] = {
    "merge_videos": {"video_ids": ["clip.mp4", "clip.mp4"]},
    "colorkey_overlay": {"video_id": "clip.mp4", "overlay_video_id": "clip.mp4"},
    "add_overlay": {"video_id": "clip.mp4", "overlay_id": "white.png"},
    "captioned_video": {
        "background_id": "white.png", "text": "Hello.", "kokoro_voice": "espeak:en-us",
    },
    "captioned_video of a recording": {
        "background_id": "clip.mp4", "audio_id": "speech.wav", "caption_on": False,
    },
    "extract_frames": {"video_id": "clip.mp4"},
    "extract_frames of an address": {"url": ADDRESS},
    "stitch_images": {"image_urls": [ADDRESS]},
    "fetch": {"url": ADDRESS},
}  # fmt: skip


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return Shop(tmp_path_factory.mktemp("shop"))


@pytest.fixture(scope="module")
def files(shop: Shop) -> dict[str, str]:
    names = ("clip.mp4", "white.png", "speech.wav")
    clip(shop.folder / names[0], "red", size="64x48", seconds=0.5)
    Image.new("RGB", (64, 48), "white").save(shop.folder / names[1])
    say("Hello.").audio.write(shop.folder / names[2])
    return {name: shop.put(shop.folder / name) for name in names}


@pytest.mark.parametrize("case", OPERATIONS)
def test_work_can_be_stopped_before_it_reports(
    shop: Shop, files: dict[str, str], case: str, monkeypatch: pytest.MonkeyPatch
):
    """No work of the old server could be stopped.

    A stop that waits for the next report waits for ever where a decoder or a line hangs.
    """

    def named(value: Any) -> Any:
        if isinstance(value, list):
            return [named(one) for one in value]
        return files.get(value, value) if isinstance(value, str) else value

    given: list[Any] = []

    def stopped(*_: Any, cancel: Any = None, **__: Any) -> None:
        given.append(cancel)
        raise Cancelled("was stopped", subject="job")

    for name in WORK:
        monkeypatch.setattr(name, stopped)
    fields = {name: named(value) for name, value in OPERATIONS[case].items()}
    with pytest.raises(Cancelled):
        shop.do(case.partition(" ")[0], **fields)
    assert [type(cancel) for cancel in given] == [threading.Event]
    assert shop.left() == []


@pytest.mark.parametrize("case", ["captioned_video", "colorkey_overlay", "add_overlay"])
def test_what_is_rendered_is_kept_in_the_store_alone(
    shop: Shop,
    files: dict[str, str],
    case: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
):
    """What a server makes once would fill a folder that no quota and no sweeper knows of."""
    monkeypatch.setenv(CACHE, str(tmp_path))
    fields = {name: files.get(value, value) for name, value in OPERATIONS[case].items()}
    made = shop.do(case, **fields)
    assert shop.store.stat(made).size > 0
    assert list(tmp_path.rglob("*.mp4")) == []
