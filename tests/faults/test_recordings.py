"""Broken and hostile recordings: one error or an honest result, and no other file is opened."""

from __future__ import annotations

import contextlib
import io
import random
import shutil
from pathlib import Path

import numpy as np
import pytest
from faults.watch import watched

from workbench.audio import Audio
from workbench.engines.decode import decode
from workbench.errors import MediaError

pytestmark = pytest.mark.faults


def sound(seconds: float = 2.0) -> Audio:
    noise = np.random.default_rng(7).normal(0, 0.1, round(seconds * 16_000))
    return Audio(samples=noise, rate=16_000)


PLAYLISTS = {
    "concat": "ffconcat version 1.0\nfile 'secret.wav'\n",
    "concat_abs": "ffconcat version 1.0\nfile '{folder}/secret.wav'\n",
    "concat_option": "ffconcat version 1.0\nfile 'secret.wav'\noption safe 0\n",
    "hls": "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nsecret.wav\n#EXT-X-ENDLIST\n",
    "hls_abs": "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{folder}/secret.wav\n",
    "hls_key": '#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI="secret.wav"\n#EXTINF:2,\na.ts\n',
    "dash": (
        '<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" '
        'profiles="urn:mpeg:dash:profile:isoff-main:2011" mediaPresentationDuration="PT2S">'
        '<Period><AdaptationSet mimeType="audio/wav"><Representation id="1" bandwidth="1">'
        "<BaseURL>secret.wav</BaseURL></Representation></AdaptationSet></Period></MPD>"
    ),
    "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 9 RTP/AVP 0\n",
    "m3u": "#EXTM3U\n#EXTINF:2,secret\nsecret.wav\n",
    "pls": "[playlist]\nFile1=secret.wav\nNumberOfEntries=1\n",
    "edl": "# mpv EDL v0\nsecret.wav,0,2\n",
}


@pytest.mark.parametrize("suffix", [".mp4", ".wav", ".mp3", ".m3u8", ".ffconcat", ".mpd"])
@pytest.mark.parametrize("kind", PLAYLISTS)
def test_a_playlist_opens_no_other_file(tmp_path, monkeypatch, kind, suffix):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "secret.wav").write_bytes(sound().encode(".wav"))
    list_file = tmp_path / f"list{suffix}"
    text = PLAYLISTS[kind].format(folder=tmp_path)
    list_file.write_text(text)
    with watched(tmp_path) as names:
        for source in (list_file, list_file.name, text.encode(), io.BytesIO(text.encode())):
            with pytest.raises(MediaError, match="is not sound or video") as caught:
                decode(source)
            assert "secret" not in str(caught.value)
        with list_file.open("rb") as file, pytest.raises(MediaError):
            decode(file)
    assert set(names) == {list_file.name}


def test_the_watch_bites_where_the_library_decodes(tmp_path, monkeypatch):
    """faster-whisper's own decoder reads the other file of an ffconcat list."""
    from faster_whisper import decode_audio

    monkeypatch.chdir(tmp_path)
    (tmp_path / "secret.wav").write_bytes(sound().encode(".wav"))
    (tmp_path / "list.mp4").write_text(PLAYLISTS["concat"])
    with watched(tmp_path) as names:
        assert len(decode_audio("list.mp4")) > 16_000
    assert "secret.wav" in names


def test_the_hostile_files_read_nothing_else(media, tmp_path, monkeypatch):
    folder = tmp_path / "hostile"
    shutil.copytree(media / "hostile", folder)
    for secret in ("secret.mp4", "secret.wav", "secret.txt", "other.mp4", "a.ts"):
        shutil.copyfile(media / "speech" / "en_nasa_webb_2v2a2s.mp4", folder / secret)
    monkeypatch.chdir(folder)
    for path in sorted((media / "hostile").iterdir()):
        with watched(folder) as names:
            for source in (path.name, Path(path.name).read_bytes()):
                with pytest.raises(MediaError) as caught:
                    decode(source)
                assert "\n" not in str(caught.value)
                assert caught.value.cure
        assert set(names) == {path.name}


def test_each_broken_file_is_one_error_or_an_honest_result(media):
    told = {}
    for path in sorted((media / "broken").iterdir()):
        try:
            told[path.name] = decode(path).warnings
        except MediaError as error:
            told[path.name] = error.problem if error.subject == str(path) else "another file"
    unreadable = "is not sound or video that can be opened"
    assert told == {
        "bitflips_seed7.mp4": ("decoded 7.7 of 13.1 s: it is damaged or cut short",),
        "mono.empty.wav": "is empty, 0 bytes",
        "mono.invalid.wav": unreadable,
        "mono.zero.wav": "has no sound in it, 0 s",
        "moov_missing.mp4": unreadable,
        "text_named.mp4": unreadable,
        "truncated_faststart.mp4": ("decoded 8.2 of 13.1 s: it is damaged or cut short",),
        "truncated_jfk.flac": ("decoded 3.7 of 11.0 s: it is damaged or cut short",),
        "zero_length.mp4": "is empty, 0 bytes",
    }


def test_no_sound_is_said_in_words(media):
    """The library answers ``IndexError: tuple index out of range``."""
    silent = ["-video-with-dash-.mp4", "phone_rotated90.mov", "vfr_screenrec.mp4"]
    for name in silent:
        with pytest.raises(MediaError, match="has no sound; use a file with an audio track"):
            decode(media / "odd" / name)
    with pytest.raises(MediaError, match="has no sound"):  # its picture takes 870 MB to decode
        decode(media / "hostile" / "h264_16000x16000.mp4")


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".mp3", ".ogg"])
def test_a_hundred_malformed_files_of_each_kind(suffix):
    """Cut, flipped, doubled, filled: an error of ours or a result, never a crash or a hang."""
    whole = sound(3.0).encode(suffix)
    chance = random.Random(20_260_101)  # noqa: S311 - the same files each time
    results = 0
    for _ in range(100):
        data = bytearray(whole)
        for _ in range(chance.randint(1, 8)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        kind = chance.randrange(4)
        if kind == 0:
            del data[chance.randrange(len(data)) :]
        elif kind == 1:
            first = chance.randrange(len(data))
            data[first : first + 64] = chance.randbytes(64)
        elif kind == 2:
            data += data[chance.randrange(len(data)) :]
        with contextlib.suppress(MediaError):
            found = decode(bytes(data), longest=60)
            results += 1
            assert found.audio.rate == 16_000
            assert 0 < found.decoded <= found.audio.duration + 0.1
            assert np.isfinite(found.audio.samples).all()
    assert results > 10


def test_malformed_video_files(media):
    whole = (media / "speech" / "en_nasa_webb_2v2a2s.mp4").read_bytes()
    chance = random.Random(5)  # noqa: S311
    for _ in range(25):
        data = bytearray(whole)
        for _ in range(200):
            data[chance.randrange(len(data))] = chance.randrange(256)
        if chance.random() < 0.5:
            del data[chance.randrange(len(data)) :]
        with contextlib.suppress(MediaError):
            found = decode(bytes(data))
            assert found.audio.duration < 60
            assert found.decoded <= found.audio.duration + 0.1


def test_a_file_that_is_removed_while_it_is_read(tmp_path):
    """The library reads when its result is looked at; here all is read before anything returns."""
    path = sound().write(tmp_path / "gone.wav")
    found = decode(path)
    path.unlink()
    assert found.audio.duration == 2.0
