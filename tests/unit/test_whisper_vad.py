"""Nobody is heard in silence, noise and music; somebody is in every recording of speech.

The voice detector lies in the wheel of faster-whisper and needs no network. The library leaves it
off, and Whisper invents text where nobody speaks (SYSTRAN/faster-whisper#183, #465).
"""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from workbench.audio import Audio
from workbench.engines import whisper
from workbench.engines.decode import decode
from workbench.engines.whisper import WhisperOptions, WhisperTranscriber
from workbench.engines.whisper.listen import RATE, speech

SECONDS = 12
TIME = np.arange(SECONDS * RATE) / RATE


def white() -> np.ndarray:
    return np.random.default_rng(1).normal(0, 0.1, len(TIME))


def shaped(power: float) -> np.ndarray:
    """Noise whose power falls with the frequency: 1 is pink, 2 is brown."""
    spectrum = np.fft.rfft(white())
    spectrum[1:] /= np.arange(1, len(spectrum)) ** (power / 2)
    noise = np.fft.irfft(spectrum, len(TIME))
    return 0.2 * noise / np.abs(noise).max()


def sweep() -> np.ndarray:
    """From 20 to 8,000 Hz, each octave in the same time, as acousticians measure rooms.

    One that hurries through the range of a voice in half a second is taken for a third of a second
    of voice: that is as far as the detector can tell.
    """
    pace = np.log(8_000 / 20) / SECONDS
    return 0.3 * np.sin(2 * np.pi * 20 * (np.exp(pace * TIME) - 1) / pace)


def clicks() -> np.ndarray:
    samples = np.zeros(len(TIME))
    samples[:: RATE // 2] = 0.9
    samples[1 :: RATE // 2] = -0.9
    return samples


def chords() -> np.ndarray:
    """Organ-like chords, two seconds each."""
    samples = np.zeros(len(TIME))
    for number, root in enumerate((220.0, 174.6, 196.0, 164.8, 220.0, 146.8)):
        inside = np.equal(TIME // 2, number)
        for step in (1, 1.26, 1.498):
            for harmonic in range(1, 5):
                tone = np.sin(2 * np.pi * root * step * harmonic * TIME) / harmonic
                samples += 0.05 * inside * tone
    return samples


def room() -> np.ndarray:
    """A fan: brown noise, mains hum, something that rattles."""
    rattle = 0.01 * np.sin(2 * np.pi * 23 * TIME) * shaped(0)
    return shaped(2) * 0.2 + 0.01 * np.sin(2 * np.pi * 50 * TIME) + rattle


SIGNALS = {
    "silence": lambda: np.zeros(len(TIME)),
    "white noise": white,
    "pink noise": lambda: shaped(1),
    "brown noise": lambda: shaped(2),
    "50 Hz hum": lambda: sum(0.1 / n * np.sin(2 * np.pi * 50 * n * TIME) for n in (1, 2, 3, 5)),
    "sweep": sweep,
    "clicks": clicks,
    "chords": chords,
    "room": room,
}
NOT_SPEECH = ("vad_n.wav", "vad_zero.wav", "8k_4ch_silence.aif")
SPEECH_ODD = (
    "vad_s.wav",
    "vad_ns.wav",
    "vad_sn.wav",
    "8_channel_7.1.m4a",
    "en_jfk_5.1_centre_only.ac3",
    "es_8k_mono_mulaw.wav",
    "rotated_derived_nasa.mp4",
    "vfr_derived_nasa.mp4",
)


def stretches(audio: Audio, **options) -> list[dict[str, int]]:
    samples = audio.mono().resample(RATE).samples[:, 0]
    return speech(samples, WhisperOptions(**options))


@pytest.mark.parametrize("name", SIGNALS)
@pytest.mark.parametrize("loudness", [1.0, 0.1])
def test_nobody_speaks_in_noise(name, loudness):
    audio = Audio(samples=loudness * SIGNALS[name](), rate=RATE)
    for batch in (0, 8):
        assert stretches(audio, batch_size=batch) == []


def test_nobody_speaks_in_the_files_without_speech(media):
    for name in NOT_SPEECH:
        assert stretches(decode(media / "odd" / name).audio) == [], name


def test_somebody_speaks_in_every_file_of_speech(media):
    files = [p for p in sorted((media / "speech").iterdir()) if p.suffix not in {".srt", ".txt"}]
    files += [media / "odd" / name for name in SPEECH_ODD]
    assert len(files) == 15
    for path in files:
        sound = decode(path).audio
        found = stretches(sound)
        assert found, path.name
        assert all(0 <= one["start"] < one["end"] <= sound.frames for one in found)


@pytest.mark.model
@pytest.mark.parametrize("name", SIGNALS)
def test_nothing_is_written_down_of_noise(tiny_whisper, name):
    heard = WhisperTranscriber().transcribe(
        Audio(samples=SIGNALS[name](), rate=RATE), options=WhisperOptions(model=tiny_whisper.name)
    )
    assert (heard.segments, heard.text) == ((), "")
    assert heard.warnings == ("nobody speaks in it",)


@pytest.mark.model
def test_without_the_detector_the_recogniser_is_asked(tiny_whisper, monkeypatch):
    """And it answers: with words, as far as it was not trained on noise."""
    asked = []

    def hear(*_: object, **__: object):
        asked.append(1)
        yield SimpleNamespace(start=0.0, end=2.0, text=" Thanks for watching!", words=None)

    monkeypatch.setattr(whisper, "hear", hear)
    audio = Audio(samples=white(), rate=RATE)
    for vad, text in ((True, ""), (False, "Thanks for watching!")):
        options = WhisperOptions(model=tiny_whisper.name, vad=vad)
        heard = WhisperTranscriber().transcribe(audio, language="en", options=options)
        assert heard.text == text
    assert len(asked) == 1


@pytest.mark.model
def test_nothing_is_written_down_of_the_files_without_speech(media, tiny_whisper):
    ears = WhisperTranscriber()
    for name in NOT_SPEECH:
        sound = decode(media / "odd" / name).audio
        heard = ears.transcribe(sound, options=WhisperOptions(model=tiny_whisper.name))
        assert heard.segments == (), name
