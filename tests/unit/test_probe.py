"""What a file is, told from its content; see also tests/faults/test_hostile_media.py."""

from __future__ import annotations

import pytest
from PIL import Image

from workbench.errors import MediaError, MediaNotFound, MediaTooLarge
from workbench.media.limits import Limits
from workbench.media.probe import probe

pytestmark = pytest.mark.media


@pytest.mark.parametrize(
    ("name", "size", "rotation"),
    [
        ("odd/phone_rotated90.mov", (320, 568), 90),
        ("odd/rotated_derived_nasa.mp4", (180, 320), 270),
        ("speech/en_nasa_webb_2v2a2s.mp4", (320, 180), 0),
    ],
)
def test_display_size_follows_the_rotation(media, name, size, rotation):
    """The old system told the stored size of a phone's clip and drew it lying on its side."""
    video = probe(media / name).video
    assert (video.width, video.height) == size
    assert video.rotation == rotation


def test_streams_are_counted_and_fps_is_a_number(media):
    info = probe(media / "speech/en_nasa_webb_2v2a2s.mp4")
    assert (info.videos, info.audios, info.subtitles) == (2, 2, 2)
    assert info.video.fps == pytest.approx(25.0)
    assert info.duration == pytest.approx(13.056, abs=0.01)
    assert (info.audio.rate, info.audio.channels) == (8000, 2)


def test_variable_frame_rate_is_told(media):
    assert probe(media / "odd/vfr_screenrec.mp4").video.variable
    assert probe(media / "odd/vfr_derived_nasa.mp4").video.variable
    assert not probe(media / "speech/en_nasa_webb_2v2a2s.mp4").video.variable


def test_a_file_that_does_not_say_how_long_it_is(media):
    assert probe(media / "broken/mono.zero.wav").duration is None


@pytest.mark.parametrize("orientation", range(1, 9))
def test_photographs_stand_upright(tmp_path, orientation):
    image = Image.new("RGB", (40, 20))
    exif = image.getexif()
    exif[0x0112] = orientation
    image.save(tmp_path / "p.jpg", exif=exif)
    video = probe(tmp_path / "p.jpg").video
    assert (video.width, video.height) == ((20, 40) if orientation >= 5 else (40, 20))


@pytest.mark.parametrize(
    "name", ["-x.png", "a:b.png", "it's.png", "100%d.png", "año 你🎬.png", "a\nb.png"]
)
def test_any_name_is_a_name(tmp_path, name):
    """A leading dash was an option, a colon a protocol, a percent sign a sequence."""
    Image.new("RGB", (6, 4)).save(tmp_path / name)
    assert probe(tmp_path / name).video.width == 6


def test_errors_name_the_file_and_the_limit(tmp_path):
    with pytest.raises(MediaNotFound, match=r"none\.mp4: there is no such file"):
        probe(tmp_path / "none.mp4")
    with pytest.raises(MediaNotFound, match="not a plain file"):
        probe(tmp_path)
    with pytest.raises(MediaNotFound):
        probe(tmp_path / ("x" * 300))
    (tmp_path / "text.png").write_text("not a picture")
    with pytest.raises(MediaError, match=r"text\.png: is not a picture"):
        probe(tmp_path / "text.png")
    Image.new("RGB", (100, 100)).save(tmp_path / "big.png")
    with pytest.raises(MediaTooLarge, match=r"100x100.*over the limit"):
        probe(tmp_path / "big.png", limits=Limits(pixels=5_000))
