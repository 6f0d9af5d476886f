"""What a file is, told from its content; see also tests/faults/test_hostile_media.py."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from lavfi import clip
from PIL import Image

from workbench.audio import Audio
from workbench.errors import MediaError, MediaNotFound, MediaTooLarge
from workbench.media.extract import frames_at
from workbench.media.ffmpeg import encode
from workbench.media.limits import Limits
from workbench.media.probe import length, probe
from workbench.storage.atomic import workspace

if TYPE_CHECKING:
    from pathlib import Path

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


@pytest.mark.parametrize(
    ("fps", "value"),
    [("30000/1001", 30000 / 1001), ("24000/1001", 24000 / 1001), ("25", 25), ("60", 60)],
)
@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".webm"])
def test_fps_is_the_number_people_mean(tmp_path, fps, value, suffix):
    """The old system told 30000 for 29.97. WebM and MKV round times to a millisecond."""
    codec = ("-c:v", "libvpx") if suffix == ".webm" else ()
    made = clip(tmp_path / f"a{suffix}", fps=fps, tone=None, seconds=2.002, options=codec)
    video = probe(made).video
    assert video.fps == pytest.approx(value, rel=1e-5)
    assert not video.variable


def test_pixels_that_are_not_square_are_told_and_applied(tmp_path):
    made = clip(tmp_path / "a.mp4", size="72x58", filters="setsar=16/15")
    video = probe(made).video
    assert (video.width, video.height) == (77, 58)
    assert video.pixel_aspect == pytest.approx(16 / 15)
    assert probe(clip(tmp_path / "b.mp4", tone=None)).video.pixel_aspect == 1


def run(*arguments: str) -> None:
    with workspace() as folder:
        encode(arguments, folder=folder, limit=60)


@pytest.fixture
def live(tmp_path: Path) -> Path:
    """A WebM as browsers record it: nobody went back to write how long it is."""
    made = clip(tmp_path / "a.mp4", seconds=1.5)
    run("-i", f"file:{made}", "-c:v", "libvpx", "-c:a", "libopus", "-live", "1",
        f"file:{tmp_path / 'no_duration.webm'}")  # fmt: skip
    return tmp_path / "no_duration.webm"


def test_a_file_that_does_not_say_how_long_it_is(media, live):
    """The old system took 0 s for it, and a time of -0.3 s for its last frame."""
    info = probe(live)
    assert info.duration is None
    assert info.to_dict()["duration"] is None
    assert length(live) == pytest.approx(1.5, abs=0.03)
    assert length(media / "odd/vad_s.wav") == probe(media / "odd/vad_s.wav").duration
    assert probe(media / "broken/mono.zero.wav").duration is None
    with pytest.raises(MediaError, match="no picture and no sound"):
        length(media / "broken/mono.zero.wav")
    Image.new("RGB", (8, 8)).save(live.parent / "a.png")
    with pytest.raises(MediaError, match="is a picture"):
        length(live.parent / "a.png")
    with pytest.raises(MediaTooLarge):
        length(live, limits=Limits(seconds=1))


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("odd/8_channel_7.1.m4a", (8, "7.1", 48_000, "aac")),
        ("odd/en_jfk_5.1_centre_only.ac3", (6, "5.1(side)", 44_100, "ac3")),
        ("odd/8k_4ch_silence.aif", (4, "4.0", 8_000, "pcm_s16be")),
        ("odd/es_8k_mono_mulaw.wav", (1, "mono", 8_000, "pcm_mulaw")),
        ("speech/en_stereo_two_speakers.wav", (2, "stereo", 16_000, "pcm_s16le")),
        ("speech/es_capitan_veneno.mp3", (1, "mono", 44_100, "mp3")),
    ],
)
def test_sounds_are_told_by_the_names_people_know(media, name, wanted):
    """Files that give a number of channels and no layout were of ``1 channels``."""
    info = probe(media / name)
    audio = info.audio
    assert (info.kind, info.video, info.videos, info.audios) == ("audio", None, 0, 1)
    assert (audio.channels, audio.layout, audio.rate, audio.codec) == wanted


def test_the_cover_of_a_song_is_no_video(tmp_path):
    buffer = io.BytesIO()
    Image.new("RGB", (300, 300), "red").save(buffer, "JPEG")
    (tmp_path / "cover.jpg").write_bytes(buffer.getvalue())
    song = Audio.silence(1, 44_100).write(tmp_path / "song.wav")
    for suffix in (".mp3", ".m4a", ".flac"):
        made = tmp_path / f"with{suffix}"
        run("-i", f"file:{song}", "-i", f"file:{tmp_path / 'cover.jpg'}", "-map", "0:a", "-map",
            "1:v", "-c:v", "copy", "-disposition:v:0", "attached_pic", f"file:{made}")  # fmt: skip
        info = probe(made)
        assert (info.kind, info.video, info.videos, info.audios) == ("audio", None, 0, 1)
        with pytest.raises(MediaError, match="is audio, not a video"):
            frames_at(made, [0], progress=lambda _: None)
    film = clip(tmp_path / "film.mp4", "blue")
    made = tmp_path / "poster.mp4"
    run("-i", f"file:{tmp_path / 'cover.jpg'}", "-i", f"file:{film}", "-map", "0:v", "-map", "1",
        "-c", "copy", "-disposition:v:0", "attached_pic", f"file:{made}")  # fmt: skip
    info = probe(made)
    assert (info.kind, info.videos, info.video.width) == ("video", 1, 64)
    (frame,) = frames_at(made, [0], progress=lambda _: None)
    assert frame.mean(axis=(0, 1)) == pytest.approx((0, 0, 251), abs=4)


def test_chapters_tags_and_bit_rates(tmp_path):
    film = clip(tmp_path / "film.mp4", seconds=2)
    notes = ";FFMETADATA1\ntitle=A film\nartist=Ana\n"
    for start in (0, 1000):
        notes += f"[CHAPTER]\nTIMEBASE=1/1000\nSTART={start}\nEND={start + 1000}\ntitle=x\n"
    (tmp_path / "notes.txt").write_text(notes)
    made = tmp_path / "a.mkv"
    run("-i", f"file:{film}", "-f", "ffmetadata", "-i", f"file:{tmp_path / 'notes.txt'}",
        "-map_metadata", "1", "-map_chapters", "1", "-c", "copy", f"file:{made}")  # fmt: skip
    info = probe(made)
    assert info.chapters == 2
    assert (info.tags["title"], info.tags["ARTIST"]) == ("A film", "Ana")
    assert probe(film).chapters == 0
    assert "major_brand" not in probe(film).tags
    assert info.bit_rate == pytest.approx(made.stat().st_size * 8 / info.duration, rel=0.02)
    wav = Audio.silence(1, 8000).write(tmp_path / "a.wav")
    assert probe(wav).audio.bit_rate == 128_000
    assert probe(film).video.bit_rate > 0
    assert hash(probe(film)) == hash(probe(film))


def test_tags_in_another_encoding_are_no_obstacle(tmp_path):
    """The old system read ffmpeg's messages as UTF-8, and called a good file bad."""
    wav = Audio.silence(1, 8000).write(tmp_path / "a.wav")
    data = bytearray(wav.read_bytes())
    title = "Señor años".encode("latin-1") + b"\0\0"
    info = b"INFO" + b"INAM" + len(title).to_bytes(4, "little") + title
    data += b"LIST" + len(info).to_bytes(4, "little") + info
    data[4:8] = (len(data) - 8).to_bytes(4, "little")
    (tmp_path / "latin1_title.wav").write_bytes(data)
    found = probe(tmp_path / "latin1_title.wav")
    assert found.duration == 1
    assert found.tags["title"].startswith("Se")
    (tmp_path / "many.wav").write_bytes(bytes(data).replace(b"Se\xf1or a\xf1os", b"x" * 10))
    assert probe(tmp_path / "many.wav").tags["title"] == "x" * 10


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
