"""The video player: frame by frame, captions, full screen, silence and damage, judged by pixels."""

from __future__ import annotations

import base64
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import imageio_ffmpeg
import pytest

from workbench.timing import Word
from workbench.widgets import Clip, Player

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.browser

CUES = [Word(text="One", start=0.0, end=0.5), Word(text="Two", start=0.5, end=1.0)]

# The number of the frame that is painted: frame n has the luma 30 + 8 n.
NUMBER = """
await new Promise((done) => media.seeking ? media.addEventListener("seeked", done, {once: true})
                                          : done());
await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
const canvas = document.createElement("canvas");
[canvas.width, canvas.height] = [8, 8];
const g = canvas.getContext("2d");
g.drawImage(media, 0, 0, 8, 8);
const level = g.getImageData(4, 4, 1, 1).data[1];
return (level * 219 / 255 + 16 - 30) / 8;
"""


@pytest.fixture(scope="module")
def numbered(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Return a function that makes a video of 24 frames, each of a grey of its own."""
    folder = tmp_path_factory.mktemp("numbered")

    def made(rate: str, *, sound: bool = False, gop: int = 250) -> Path:
        path = folder / f"{rate.replace('/', '-')}-{sound}-{gop}.mp4"
        if path.exists():
            return path
        picture = f"nullsrc=size=64x64:rate={rate},geq=lum='30+8*N':cb=128:cr=128"
        inputs = ["-f", "lavfi", "-i", picture]
        if sound:
            inputs += ["-f", "lavfi", "-i", "sine=frequency=440:duration=1"]
        codecs = ["-frames:v", "24", "-c:v", "libx264", "-pix_fmt", "yuv420p", "-crf", "1"]
        command = [imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-v", "error", *inputs, *codecs]
        subprocess.run([*command, "-g", str(gop), "-c:a", "aac", str(path)], check=True)
        return path

    return made


@pytest.mark.parametrize("rate", ["25", "30000/1001", "24000/1001", "10"])
def test_a_step_is_one_frame(mount: Any, numbered: Any, rate: str) -> None:
    """At the edge between two frames a browser shows either: steps go to the middle of one."""
    shown = mount(Player.of(numbered(rate)))
    page = shown.page
    page.locator(".wb-wave").focus()
    seen = [shown.run(NUMBER)]
    for key in ".......,,,":
        page.keyboard.press(key)
        seen.append(shown.run(NUMBER))
    expected = [0, 1, 2, 3, 4, 5, 6, 7, 6, 5, 4]
    assert seen == pytest.approx(expected, abs=0.3)
    assert page.locator(".wb-frame").inner_text() == "frame 4"
    page.get_by_role("button", name="Frame on (.)").click()
    assert shown.run(NUMBER) == pytest.approx(5, abs=0.3)
    page.get_by_role("button", name="Frame back (,)").click()
    page.get_by_role("button", name="Frame back (,)").click()
    assert shown.run(NUMBER) == pytest.approx(3, abs=0.3)


def test_steps_end_at_the_ends(mount: Any, numbered: Any) -> None:
    shown = mount(Player.of(numbered("25")))
    page = shown.page
    page.locator(".wb-wave").focus()
    page.keyboard.press(",")
    assert shown.run(NUMBER) == pytest.approx(0, abs=0.3)
    page.keyboard.press("End")
    for _ in range(2):
        page.keyboard.press(".")
    assert shown.run(NUMBER) == pytest.approx(23, abs=0.3)
    page.keyboard.press(",")
    assert shown.run(NUMBER) == pytest.approx(22, abs=0.3)


def test_a_step_from_a_time_in_a_playing_video(mount: Any, numbered: Any) -> None:
    """A step pauses; frame 13 of 25 a second is seen from 0.52 to 0.56 s."""
    shown = mount(Player.of(numbered("25")))
    shown.run("media.currentTime = 0.52")
    shown.run("media.loop = true; media.play()")
    shown.wait("!media.paused")
    shown.run("media.pause(); media.currentTime = 0.559")
    shown.wait("!media.seeking && media.paused")
    shown.page.locator(".wb-wave").focus()
    shown.page.keyboard.press(".")
    assert shown.run(NUMBER) == pytest.approx(14, abs=0.3)
    assert shown.run("return media.paused") is True


def test_captions_are_switched(mount: Any, numbered: Any) -> None:
    shown = mount(Player.of(numbered("25"), cues=CUES))
    button = shown.page.get_by_role("button", name="Captions (C)")
    mode = "return media.textTracks[0].mode"
    assert (shown.run(mode), button.get_attribute("aria-pressed")) == ("showing", "true")
    button.click()
    shown.wait("el.querySelector('[data-tool=captions]').ariaPressed === 'false'")
    assert shown.run(mode) == "hidden"
    shown.page.keyboard.press("c")
    shown.wait("el.querySelector('[data-tool=captions]').ariaPressed === 'true'")
    assert shown.run(mode) == "showing"
    plain = mount(Player.of(numbered("25")), "plain")
    assert plain.run("return el.querySelector('[data-tool=captions]').hidden") is True
    burnt = mount(Player(replace(Clip.of(numbered("25"), cues=CUES), captioned=True)), "burnt")
    assert burnt.run("return media.textTracks[0].mode") != "showing"
    assert burnt.run("return el.querySelector('[data-tool=captions]').ariaPressed") == "false"


def test_full_screen_has_the_browsers_own_controls(mount: Any, numbered: Any) -> None:
    shown = mount(Player.of(numbered("25")))
    assert shown.run("return media.controls") is False
    shown.page.get_by_role("button", name="Full screen (F)").click()
    shown.wait("document.fullscreenElement === media && media.controls")
    shown.run("await document.exitFullscreen()")
    shown.wait("!document.fullscreenElement && !media.controls")
    shown.run("media.requestFullscreen = () => Promise.reject(new Error('not allowed here'))")
    shown.page.get_by_role("button", name="Full screen (F)").click()
    shown.wait("el.querySelector('.wb-status').textContent.includes('not allowed here')")


def test_a_click_on_the_picture_plays(mount: Any, clip_mp4: Path) -> None:
    shown = mount(Player.of(clip_mp4, speed=2))
    shown.page.locator("video").click()
    shown.wait("!media.paused && media.currentTime > 0.2")
    assert shown.run("return media.playbackRate") == 2
    shown.page.locator("video").click()
    shown.wait("media.paused")


def test_a_video_without_sound(mount: Any, numbered: Any) -> None:
    shown = mount(Player.of(numbered("25")), talk=True)
    shown.run("el.querySelector('.wb-play').click()")
    shown.wait("media.ended")
    assert not shown.page.get_by_role("alert").is_visible()
    for name in ("Mute (M)", "Spectrum (S)"):
        assert not shown.page.get_by_role("button", name=name).is_visible()
    assert shown.run("return model.sent.map((m) => m.kind)") == ["media?", "hello"]


def test_the_sound_of_a_video_has_an_outline_after_a_while(mount: Any, clip_mp4: Path) -> None:
    shown = mount(Player.of(clip_mp4), talk=True)
    wave = """
      await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
      const canvas = el.querySelector(".wb-wave");
      const {data} = canvas.getContext("2d").getImageData(0, 34, canvas.width, 1);
      let ink = 0;
      for (let i = 3; i < data.length; i += 4) ink += data[i] > 60;
      return ink / canvas.width;
    """
    for _ in range(400):
        shown.wire.pump()
        if shown.run(wave) > 0.5:
            break
    assert shown.run(wave) == pytest.approx(2 / 3, abs=0.1)  # bars of two pixels, gaps of one
    assert not shown.page.get_by_role("alert").is_visible()


def test_a_broken_video_says_so(mount: Any, numbered: Any) -> None:
    player = Player.of(numbered("25"))
    shown = mount(player, answer=False)
    broken = base64.b64encode(player.clip.media[:300]).decode()
    shown.run(
        "const {ask} = model.sent[0];"
        "model.tell({kind: 'media', ask, mime: 'video/mp4', part: 0, parts: 1}, [argument])",
        broken,
    )
    shown.wait("el.querySelector('.wb-status').textContent.includes('cannot play')")
    shown.page.locator(".wb-wave").focus()
    for key in (" ", ".", ",", "f", "c", "End", "]"):
        shown.page.keyboard.press(key)
    assert "cannot play" in shown.page.get_by_role("alert").inner_text()


def test_a_picture_that_the_browser_cannot_show_is_said(
    mount: Any, tmp_path: Path, clip_mp4: Path
) -> None:
    """Of such a file (HEVC, say) browsers play the sound and show nothing, without an error."""
    path = tmp_path / "hevc.mp4"
    ffmpeg = imageio_ffmpeg.get_ffmpeg_exe()
    command = [ffmpeg, "-nostdin", "-v", "error", "-i", str(clip_mp4), "-c:v", "libx265"]
    quiet = ["-x265-params", "log-level=error", "-tag:v", "hvc1", "-c:a", "copy", str(path)]
    subprocess.run([*command, *quiet], check=True)
    shown = mount(Player.of(path))
    shown.wait("!el.querySelector('.wb-status').hidden")
    said = shown.page.get_by_role("alert").inner_text()
    assert "cannot show its picture" in said or "cannot play" in said
