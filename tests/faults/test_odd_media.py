"""Real files that are odd or broken: each is what the manifest says, through everything we have."""

from __future__ import annotations

import numpy as np
import pytest

import workbench as wb
from workbench.errors import MediaError, ParameterError, WorkbenchError
from workbench.media.ffmpeg import encode
from workbench.media.frames import clip_frames, clip_sound, frame_at
from workbench.media.graph import Canvas
from workbench.media.intact import check_intact
from workbench.media.probe import probe

pytestmark = [pytest.mark.faults, pytest.mark.media]

SMALL = Canvas(width=32, height=32, fps=5)

# kind, seconds, size as seen, rotation, whether the frames are uneven, channels
ODD = {
    "-video-with-dash-.mp4": ("video", 5.0, (1, 1), 0, False, None),
    "8_channel_7.1.m4a": ("audio", 8.05, None, 0, False, 8),
    "8k_4ch_silence.aif": ("audio", 1.0, None, 0, False, 4),
    "en_jfk_5.1_centre_only.ac3": ("audio", 11.0, None, 0, False, 6),
    "es_8k_mono_mulaw.wav": ("audio", 15.0, None, 0, False, 1),
    "phone_rotated90.mov": ("video", 0.1, (320, 568), 90, False, None),
    "rotated_derived_nasa.mp4": ("video", 13.06, (180, 320), 270, False, 2),
    "vad_n.wav": ("audio", 1.5, None, 0, False, 1),
    "vad_ns.wav": ("audio", 3.93, None, 0, False, 1),
    "vad_s.wav": ("audio", 2.28, None, 0, False, 1),
    "vad_sn.wav": ("audio", 4.32, None, 0, False, 1),
    "vad_zero.wav": ("audio", 1.5, None, 0, False, 1),
    "vfr_derived_nasa.mp4": ("video", 13.06, (320, 180), 0, True, 2),
    "vfr_screenrec.mp4": ("video", 8.73, (3026, 1386), 0, True, None),
}
SILENT = {"8k_4ch_silence.aif", "vad_zero.wav"}


def test_the_table_names_them_all(media):
    assert sorted(ODD) == sorted(p.name for p in (media / "odd").iterdir())


@pytest.mark.parametrize("name", ODD)
def test_each_odd_file_is_what_it_is(media, tmp_path, name):
    """The old system told 30000 fps, ignored rotation, and failed on all without sound."""
    path = media / "odd" / name
    kind, seconds, size, rotation, uneven, channels = ODD[name]
    info = probe(path)
    assert (info.kind, info.duration) == (kind, pytest.approx(seconds, abs=0.02))
    check_intact(path)
    assert (info.audio.channels if info.audio else None) == channels
    if size is None:
        assert info.video is None
        with pytest.raises(MediaError, match=r"is audio, not a video"):
            frame_at(path)
        with pytest.raises(MediaError, match=r"has no picture that moves"):
            list(clip_frames(path, SMALL, "cover", 1))
    else:
        seen = info.video
        assert ((seen.width, seen.height), seen.rotation, seen.variable) == (size, rotation, uneven)
        assert frame_at(path, 1e4).shape == (size[1], size[0], 3)
        assert len(list(clip_frames(path, SMALL, "blur", 3))) == 3
    if channels is None:
        with pytest.raises(MediaError, match=r"has no sound"):
            clip_sound(path, 1.0)
    else:
        sound = clip_sound(path, seconds)
        assert sound.duration == pytest.approx(seconds, abs=0.01)
        assert (abs(sound.samples).max() < 1e-3) == (name in SILENT)
    done = wb.Video("32x32", fps=5).scene(path, duration=0.4).render(tmp_path / "a.mp4")
    assert done.duration == pytest.approx(0.4, abs=0.05)
    assert (probe(done.path).audio is None) == (channels is None)


def test_a_rotated_clip_stands_upright_in_the_video(media, tmp_path):
    """The phone's picture, decoded by itself and in a render: the same colours in the same places.

    Turned the wrong way, or not at all, a quarter of the frame has another colour.
    """
    path = media / "odd" / "phone_rotated90.mov"
    own = frame_at(path, 0.0)
    done = wb.Video("160x284", fps=10).scene(path, duration=0.2).render(tmp_path / "a.mp4")
    shown = frame_at(done.path, 0.0)

    def quarters(picture: np.ndarray) -> np.ndarray:
        rows, columns = picture.shape[0] // 4, picture.shape[1] // 4
        cut = picture[: rows * 4, : columns * 4].reshape(4, rows, 4, columns, 3)
        return cut.mean(axis=(1, 3))

    assert np.abs(quarters(shown) - quarters(own)).max() < 8
    for turn in (1, 2, 3):
        turned = np.rot90(quarters(own), turn)
        assert np.abs(quarters(shown) - turned).max() > 20


def test_speech_in_the_centre_alone_is_heard(media):
    """A down-mix that takes left and right hears nothing of this file.

    More than half of the centre's energy has to be there (0.70 is); so too of each of the other
    channels of the 7.1 file, which speak their names one after the other, but for the subwoofer's.
    """
    import av

    path = media / "odd" / "en_jfk_5.1_centre_only.ac3"
    with av.open(str(path)) as container:
        centre = np.concatenate([f.to_ndarray()[2] for f in container.decode(audio=0)])
    energy = float((centre.astype(float) ** 2).sum()) * 48_000 / 44_100
    mixed = clip_sound(path, 11.0).samples.astype(float)
    assert (mixed**2).sum() > 0.5 * energy
    told = clip_sound(media / "odd" / "8_channel_7.1.m4a", 8.0).samples
    seconds = np.abs(told).reshape(8, -1).max(axis=1)
    assert (seconds > 0.02).sum() >= 7


BROKEN = {
    "bitflips_seed7.mp4": r"is damaged|cannot be decoded",
    "mono.empty.wav": r"is empty, 0 bytes",
    "mono.invalid.wav": r"is not a picture, sound or video",
    "mono.zero.wav": r"has no picture and no sound in it|does not say how long it lasts",
    "moov_missing.mp4": r"is not a picture, sound or video",
    "text_named.mp4": r"is not a picture, sound or video",
    "truncated_faststart.mp4": r"is damaged: 8\.2 of 13\.1 s",
    "truncated_jfk.flac": r"is damaged: 3\.. of 11\.0 s",
    "zero_length.mp4": r"is empty, 0 bytes",
}


@pytest.mark.parametrize("name", BROKEN)
def test_each_broken_file_is_one_error_that_names_it(media, tmp_path, name):
    """ffmpeg ends with 0 on 4 of them and the old system then used what there was.

    All of it is asked for: the damage lies late in some.
    """
    path = media / "broken" / name
    told = f"{name}: ({BROKEN[name]})"
    with pytest.raises(MediaError, match=told):
        clip_sound(path, 13.0)
    with pytest.raises(MediaError, match=name):
        list(clip_frames(path, SMALL, "cover", 65))
    with pytest.raises(MediaError, match=name):
        frame_at(path, 12.9)
    with pytest.raises(MediaError, match=told):
        wb.Video("32x32", fps=5).scene(path, duration=13).render(tmp_path / "a.mp4")
    assert list(tmp_path.iterdir()) == []


CUT = ["clip.mp4", "clip.mov", "clip.mkv", "clip.webm", "tone.wav", "tone.flac", "tone.m4a"]


@pytest.fixture(scope="module")
def long(tmp_path_factory):
    """Return six seconds of each format, whole, with what says how long it is in front."""
    folder = tmp_path_factory.mktemp("long")
    picture = ["-f", "lavfi", "-i", "testsrc2=s=64x48:r=10:d=6"]
    tone = ["-f", "lavfi", "-i", "sine=frequency=440:duration=6:sample_rate=48000"]
    options = {
        "clip.mp4": [*picture, *tone, "-c:a", "aac", "-movflags", "+faststart"],
        "clip.mov": [*picture, *tone, "-c:v", "mpeg4", "-movflags", "+faststart"],
        "clip.mkv": [*picture, *tone, "-c:a", "aac"],
        "clip.webm": [*picture, *tone, "-c:v", "libvpx", "-c:a", "libopus"],
        "tone.wav": tone,
        "tone.flac": tone,
        "tone.m4a": [*tone, "-c:a", "aac", "-movflags", "+faststart"],
    }
    for name in CUT:
        encode([*options[name], f"file:{folder / name}"], folder=folder, limit=60)
    return folder


@pytest.mark.parametrize("name", CUT)
def test_less_than_98_percent_of_what_is_declared_is_an_error(long, tmp_path, name):
    """A cut MKV, WebM, WAV: ffmpeg says nothing and ends with 0, and the rest was silence."""
    data = (long / name).read_bytes()
    path = tmp_path / name
    path.write_bytes(data)
    sound = clip_sound(path, 6.0)
    assert abs(sound.cut(5.5, 5.9).samples).max() > 0.05
    path.write_bytes(data[: len(data) * 6 // 10])
    with pytest.raises(MediaError, match=rf"{name}: is damaged: [2-4]\.\d of 6\.0 s are there"):
        clip_sound(path, 6.0)
    if name.startswith("clip"):
        with pytest.raises(MediaError, match=rf"{name}: is damaged"):
            list(clip_frames(path, SMALL, "cover", 30))


HONEST = {
    "short_sound.mp4": (6, 1, ["-c:a", "aac"]),
    "short_picture.mp4": (1, 6, ["-c:a", "aac"]),
    "short_picture.mkv": (1, 6, ["-c:a", "aac"]),
    "pieces.mp4": (2, 2, ["-c:a", "aac", "-movflags", "+frag_keyframe+empty_moov"]),
    "live.webm": (2, 2, ["-c:v", "libvpx", "-c:a", "libopus", "-live", "1"]),
    "stands.mkv": (6, 0, ["-vf", "select='lt(n,5)+eq(n,20)'", "-fps_mode", "vfr"]),
    "late.mkv": (3, 2, ["-c:a", "aac", "-af", "adelay=1000:all=1,asetpts=PTS+1/TB"]),
}


@pytest.mark.parametrize("name", HONEST)
def test_what_is_whole_is_not_called_damaged(tmp_path, name):
    """Sound or picture that ends first, frames that stand, no length in the header, edit lists."""
    picture, tone, options = HONEST[name]
    inputs = ["-f", "lavfi", "-i", f"testsrc2=s=64x48:r=10:d={picture}"]
    if tone:
        inputs += ["-f", "lavfi", "-i", f"sine=frequency=440:duration={tone}:sample_rate=48000"]
    path = tmp_path / name
    encode([*inputs, *options, f"file:{path}"], folder=tmp_path, limit=60)
    check_intact(path)
    assert len(list(clip_frames(path, SMALL, "cover", 10))) == 10
    if path.suffix == ".mp4":
        cut = tmp_path / "cut.mp4"
        encode(
            ["-ss", "0.37", "-i", f"file:{path}", "-c", "copy", f"file:{cut}"],
            folder=tmp_path,
            limit=60,
        )
        check_intact(cut)


def test_mpegts_is_begun_again_and_entered_between_two_key_frames(tmp_path):
    """ffmpeg's own ``-stream_loop`` reads MPEG-TS without an end and gives no frame after the first
    turn; and a seek into it shows nothing until the next key frame: here there is none.
    """
    path = tmp_path / "a.ts"
    grey = "color=black:s=32x32:r=5:d=2,geq=lum='16+N*20':cb=128:cr=128"
    tone = ["-f", "lavfi", "-i", "aevalsrc='if(lt(t,1),0,0.5)':s=48000:d=2"]
    encode(
        ["-f", "lavfi", "-i", grey, *tone, "-c:v", "libx264", "-qp", "1", f"file:{path}"],
        folder=tmp_path,
        limit=60,
    )

    def steps(**options: float) -> list[int]:
        frames = clip_frames(path, SMALL, "cover", 14, **options)
        return [round((np.frombuffer(f, np.uint8)[: 32 * 32].mean() - 16) / 20) for f in frames]

    assert steps() == [*range(10), *range(4)]
    assert steps(start=1.2) == [*range(6, 10), *range(10)]
    assert round((frame_at(path, 1.3).mean() - 0) * 219 / 255 / 20) == 6
    sound = clip_sound(path, 2.0, start=1.0)
    assert abs(sound.cut(0.1, 0.9).samples).max() > 0.3
    assert abs(sound.cut(1.2, 1.9).samples).max() < 0.05


def test_a_cover_is_no_video(tmp_path):
    """A picture beside the film comes first in some files, and was taken for the film."""
    path = tmp_path / "a.mp4"
    inputs = [
        *("-f", "lavfi", "-i", "color=red:s=32x32:r=1:d=1"),
        *("-f", "lavfi", "-i", "color=blue:s=64x48:r=10:d=1"),
    ]
    maps = ["-map", "0", "-map", "1", "-frames:v:0", "1", "-disposition:v:0", "attached_pic"]
    encode(
        [*inputs, *maps, "-c:v:0", "png", "-c:v:1", "libx264", f"file:{path}"],
        folder=tmp_path,
        limit=60,
    )
    assert (probe(path).video.width, probe(path).videos) == (64, 1)
    red, _, blue = frame_at(path, 0.5).reshape(-1, 3).mean(0)
    assert blue > 200 > red


def test_bad_starts_and_lengths_name_themselves(made):
    for wrong in (float("nan"), float("inf"), -1.0, 1e9, "1", None, True):
        with pytest.raises(ParameterError, match=r"^seconds: "):
            clip_sound(made["clip.mp4"], wrong)
        with pytest.raises(ParameterError, match=r"^start: "):
            clip_sound(made["clip.mp4"], 1.0, start=wrong)
        with pytest.raises(WorkbenchError, match=r"^seconds: "):
            frame_at(made["clip.mp4"], wrong)
