"""A file is what is in it, whatever it is called and said to be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from workbench.errors import MediaError, MediaNotFound, MediaTooLarge
from workbench.media.ffmpeg import encode
from workbench.media.kinds import kind_of
from workbench.storage.ids import EXTENSIONS
from workbench.storage.store import Store

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.media

PICTURE = ("-f", "lavfi", "-i", "testsrc2=s=64x48:r=10:d=0.4")
STILL = (*PICTURE, "-frames:v", "1")
TONE = ("-f", "lavfi", "-i", "sine=frequency=440:duration=0.4:sample_rate=48000")
COVERED = (*TONE, *STILL[:4], "-map", "0:a", "-map", "1:v", "-frames:v", "1", "-c:v", "mjpeg",
           "-disposition:v", "attached_pic")  # fmt: skip
# What makes it, its type, and how the store calls it.
MADE = {
    "a.mp4": ((*PICTURE, *TONE, "-c:v", "libx264", "-c:a", "aac"), "video", ".mp4"),
    "fragments.mp4": (
        (*PICTURE, "-c:v", "libx264", "-movflags", "frag_keyframe+empty_moov"), "video", ".mp4",
    ),
    "a.mov": ((*PICTURE, "-c:v", "mpeg4"), "video", ".mov"),
    "a.m4v": ((*PICTURE, "-c:v", "libx264", "-f", "ipod"), "video", ".m4v"),
    "a.3gp": ((*PICTURE, "-c:v", "mpeg4"), "video", ".3gp"),
    "a.webm": ((*PICTURE, *TONE, "-c:v", "libvpx", "-c:a", "libopus"), "video", ".webm"),
    "a.mkv": ((*PICTURE, *TONE, "-c:v", "libx264", "-c:a", "flac"), "video", ".mkv"),
    "a.ts": ((*PICTURE, "-c:v", "libx264"), "video", ".ts"),
    "a.avi": ((*PICTURE, "-c:v", "mpeg4"), "video", ".avi"),
    "a.wav": (TONE, "audio", ".wav"),
    "a.mp3": (TONE, "audio", ".mp3"),
    "cover.mp3": (COVERED, "audio", ".mp3"),
    "cover.m4a": (COVERED, "audio", ".m4a"),
    "a.flac": (TONE, "audio", ".flac"),
    "a.ogg": ((*TONE, "-c:a", "libvorbis"), "audio", ".ogg"),
    "a.opus": ((*TONE, "-c:a", "libopus"), "audio", ".opus"),
    "a.m4a": ((*TONE, "-c:a", "aac"), "audio", ".m4a"),
    "sound.mp4": ((*TONE, "-c:a", "aac"), "audio", ".m4a"),
    "a.aac": ((*TONE, "-c:a", "aac"), "audio", ".aac"),
    "a.aiff": (TONE, "audio", ".aiff"),
    "sound.mkv": ((*TONE, "-c:a", "flac"), "audio", ".mka"),
    "sound.webm": ((*TONE, "-c:a", "libopus"), "audio", ".mka"),
    "a.png": (STILL, "image", ".png"),
    "a.jpg": (STILL, "image", ".jpg"),
    "a.webp": (STILL, "image", ".webp"),
    "a.bmp": (STILL, "image", ".bmp"),
    "a.tif": (STILL, "image", ".tif"),
    "a.gif": (PICTURE, "image", ".gif"),
}  # fmt: skip
# No media, and how it begins.
OTHERS = {
    "page.html": b"<!DOCTYPE html><html><script>alert(1)</script></html>",
    "drawing.svg": b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>',
    "list.m3u8": b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n",
    "list.txt": b"ffconcat version 1.0\nfile /etc/passwd\n",
    "manifest.mpd": b'<MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><Period/></MPD>',
    "paper.pdf": b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n",
    "archive.zip": b"PK\3\4" + bytes(26) + b"a.wav" + b"RIFF",
    "program": b"\x7fELF" + bytes(200),
    "notes.txt": b"These are not samples.\n" * 40,
    "empty": b"",
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Each file under a name that says nothing: the store judges what has no name yet."""
    folder = tmp_path_factory.mktemp("kinds")
    found = {}
    for number, (name, (arguments, _, _)) in enumerate(MADE.items()):
        encode([*arguments, f"file:{folder / name}"], folder=folder, limit=60)
        found[name] = (folder / name).rename(folder / f"part-{number}")
    for name, content in OTHERS.items():
        (folder / name).write_bytes(content)
        found[name] = folder / name
    return found


@pytest.mark.parametrize("name", MADE)
def test_type_and_extension_are_the_contents(made: dict[str, Path], name: str):
    """The old server took the extension from the name: ``evil.html`` was stored as an image."""
    _, kind, extension = MADE[name]
    assert kind_of(made[name]) == (kind, extension)
    assert kind_of(made[name], kind, "called.html") == (kind, extension)
    assert extension in EXTENSIONS[kind]


def test_mislabelled_files_are_never_what_they_are_said_to_be(
    made: dict[str, Path], tmp_path: Path
):
    """The old server took any bytes as a video; asked for its info, it answered ``{}``."""
    store = Store(tmp_path / "store", judge=kind_of)
    tried = 0
    for name, path in made.items():
        truth = MADE[name][1] if name in MADE else ""
        for asked, called in (("video", "film.mp4"), ("audio", "a.wav"), ("image", "a.png")):
            if asked == truth:
                continue
            tried += 1
            with pytest.raises(MediaError) as refused:
                store.put(path, type=asked, name=called)
            assert str(tmp_path) not in str(refused.value)
        if not truth:
            with pytest.raises(MediaError):
                store.put(path)
    assert tried >= 30
    assert store.list() == []


def test_a_picture_called_a_film_is_a_picture(made: dict[str, Path], tmp_path: Path):
    store = Store(tmp_path / "store", judge=kind_of)
    file = store.put(made["a.png"], name="film.mp4")
    assert (file.type, file.name) == ("image", "film.mp4")
    assert file.id.startswith("image_")
    assert file.id.endswith(".png")
    with pytest.raises(MediaError, match="is a picture by its content, not a video"):
        kind_of(made["a.png"], "video", "film.mp4")


def test_playlists_are_refused_whatever_they_are_called(media: Path):
    playlists = sorted((media / "hostile").glob("evil_*"))
    assert len(playlists) == 6
    for path in playlists:
        for asked in ("", "video", "audio", "image"):
            with pytest.raises(MediaError):
                kind_of(path, asked, "list.pcm")


def test_samples_without_a_header_are_taken_at_their_word(tmp_path: Path, made: dict[str, Path]):
    path = tmp_path / "part"
    path.write_bytes((np.sin(np.arange(4000) / 9) * 9000).astype("<i2").tobytes())
    assert kind_of(path, "audio", "talk.pcm") == ("audio", ".pcm")
    assert kind_of(path, "audio", "TALK.RAW") == ("audio", ".pcm")
    path.write_bytes(bytes(8000))
    assert kind_of(path, "audio", "silence.pcm") == ("audio", ".pcm")
    for asked, name in (("", "talk.pcm"), ("audio", "talk.wav"), ("video", "talk.pcm")):
        with pytest.raises(MediaError):
            kind_of(path, asked, name)
    assert kind_of(made["a.wav"], "audio", "a.pcm") == ("audio", ".wav")
    for name in ("a.mp4", "a.png", "page.html", "list.m3u8", "paper.pdf", "empty"):
        with pytest.raises(MediaError):
            kind_of(made[name], "audio", "a.pcm")


def test_pictures_that_nothing_here_reads_are_no_films(tmp_path: Path):
    path = tmp_path / "part"
    encode([*STILL, "-f", "avif", f"file:{path}"], folder=tmp_path, limit=60)
    with pytest.raises(MediaError, match="AVIF"):
        kind_of(path)
    with pytest.raises(MediaError, match="AVIF"):
        kind_of(path, "image", "a.avif")


def test_what_the_store_does_not_keep_is_told_so(media: Path):
    with pytest.raises(MediaError, match="ac3, which the store does not keep"):
        kind_of(media / "odd" / "en_jfk_5.1_centre_only.ac3")


def test_bombs_and_nothing_are_what_probing_says(media: Path, tmp_path: Path):
    for name in ("png_30000x30000.png", "h264_16000x16000.mp4"):
        with pytest.raises(MediaTooLarge):
            kind_of(media / "hostile" / name)
    with pytest.raises(MediaNotFound):
        kind_of(tmp_path / "none")
