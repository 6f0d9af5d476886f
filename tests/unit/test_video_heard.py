"""What is heard of a finished video, and read in it: judged in the decoded file."""

from __future__ import annotations

import av
import numpy as np
import pytest
from sounding import chord, drums, level, noise, tone, true_peak

import workbench as wb
from workbench.audio import Audio
from workbench.errors import ParameterError
from workbench.media.frames import clip_sound, frame_at
from workbench.media.loudness import TARGETS, loudness
from workbench.storage.receipt import digest, read_receipt

pytestmark = pytest.mark.media

QUIET = {"progress": lambda _: None}
VOICES = {
    "espeak:es": "Todo empieza con una frase, escrita en una celda de un cuaderno nuevo.",
    "espeak:en-us": "It starts with one sentence, written in a cell of a new notebook.",
    "espeak:fr": "Tout commence par une phrase, écrite dans une cellule d'un carnet.",
    "espeak:de": "Alles beginnt mit einem Satz, in einer Zelle eines Notizbuchs.",
    "espeak:it": "Tutto comincia con una frase, scritta in una cella di un quaderno.",
    "espeak:pt-br": "Tudo começa com uma frase, escrita em uma célula de um caderno.",
}
BEDS = {"noise": noise, "chord": chord, "drums": drums}


def black(seconds: float | None = None) -> wb.Video:
    return wb.Video("64x64", fps=5).scene(np.zeros((64, 64, 3), np.uint8), duration=seconds)


def heard(video: wb.Video, path) -> Audio:
    done = video.render(path, **QUIET)
    return clip_sound(done.path, done.duration)


def band(sound: Audio, low: float, high: float, start: float, end: float) -> float:
    """Level of a band of frequencies in dB."""
    part = sound.cut(start, end).mono().samples[:, 0]
    power = np.abs(np.fft.rfft(part * np.hanning(len(part)))) ** 2
    hertz = np.fft.rfftfreq(len(part), 1 / sound.rate)
    return float(
        10 * np.log10(power[(hertz >= low) & (hertz < high)].sum() / len(part) ** 2 + 1e-20)
    )


@pytest.mark.parametrize(("number", "voice"), list(enumerate(VOICES)))
def test_a_voice_over_music_meets_its_target(tmp_path, number, voice):
    """In the file as it is delivered: within 0.5 LU, under the peak, the voice as loud as alone."""
    spoken = wb.speak(VOICES[voice], voice=voice)
    target = list(TARGETS)[number % 3]
    bed = list(BEDS.values())[number % 3](4.0)
    video = black().narrate(spoken).loudness(target)
    found = heard(video.music(bed, volume=0.2), tmp_path / "a.mp4")
    measured = loudness(found)
    assert measured.integrated == pytest.approx(TARGETS[target], abs=0.5)
    assert true_peak(found) <= -1.0
    alone = video.render(tmp_path / "b.mp4", stems=True, **QUIET)
    under = video.music(bed, volume=0.2).render(tmp_path / "c.mp4", stems=True, **QUIET)
    levels = [level(Audio.read(done.stems["voice"]).samples) for done in (alone, under)]
    assert levels[0] == pytest.approx(levels[1], abs=0.5)


def test_the_default_is_for_shorts_and_none_leaves_the_voice(tmp_path):
    spoken = wb.speak(VOICES["espeak:es"], voice="espeak:es")
    shorts = heard(black().narrate(spoken), tmp_path / "a.mp4")
    assert loudness(shorts).integrated == pytest.approx(-14, abs=0.5)
    as_is = heard(black().narrate(spoken).loudness(None), tmp_path / "b.mp4")
    assert level(as_is.samples) == pytest.approx(level(spoken.audio.samples), abs=0.5)
    number = heard(black().narrate(spoken).loudness(-23), tmp_path / "c.mp4")
    assert loudness(number).integrated == pytest.approx(-23, abs=0.5)
    with pytest.raises(ParameterError, match="did you mean 'shorts'"):
        black().loudness("short")


@pytest.mark.parametrize("depth", [6.0, 12.0, 18.0])
def test_music_goes_down_under_the_voice_by_what_was_asked(tmp_path, depth):
    """A tone far above the voice's own: its level while the voice sounds, and after it."""
    time = np.arange(3 * 24_000) / 24_000
    voice = np.zeros(8 * 24_000)
    voice[2 * 24_000 : 5 * 24_000] = 0.3 * np.sin(2 * np.pi * 200 * time)
    said = Audio(samples=voice, rate=24_000)
    bed = tone(3.3, hertz=5_000, db=-20)
    video = black().narrate(said).loudness(None)
    found = heard(video.music(bed, volume=1, duck=depth, fade_in=0, fade_out=0), tmp_path / "a.mp4")
    free, under, after = (
        band(found, 4_500, 5_500, *span) for span in ((0.5, 1.5), (3.0, 4.8), (7.0, 7.8))
    )
    assert free - under == pytest.approx(depth, abs=1.5)
    assert after == pytest.approx(free, abs=1.0)


def test_each_option_of_music_is_heard(tmp_path):
    """Volume, loop, start, fades, and no ducking."""
    bed = tone(2.0, hertz=1_000, db=-20)
    sounds = {
        "plain": heard(black(6).music(bed, volume=1, fade_in=0, fade_out=0), tmp_path / "a.mp4"),
        "half": heard(black(6).music(bed, volume=0.5, fade_in=0, fade_out=0), tmp_path / "b.mp4"),
        "once": heard(
            black(6).music(bed, volume=1, loop=False, fade_in=0, fade_out=0), tmp_path / "c.mp4"
        ),
        "late": heard(
            black(6).music(bed, volume=1, start=3, fade_in=0, fade_out=0), tmp_path / "d.mp4"
        ),
        "faded": heard(black(6).music(bed, volume=1, fade_in=2, fade_out=2), tmp_path / "e.mp4"),
    }

    def at(name: str, start: float, end: float) -> float:
        return level(sounds[name].cut(start, end).samples)

    assert at("plain", 4.5, 5.5) == pytest.approx(at("plain", 0.5, 1.5), abs=0.5)
    assert at("half", 0.5, 1.5) == pytest.approx(at("plain", 0.5, 1.5) - 6, abs=0.5)
    assert at("once", 3, 5) < -70
    assert at("late", 0.5, 2.5) < -70
    assert at("late", 3.5, 5.5) == pytest.approx(at("plain", 0.5, 1.5), abs=0.5)
    assert at("faded", 0, 0.3) < at("faded", 2.5, 3.5) - 12
    assert at("faded", 5.7, 6) < at("faded", 2.5, 3.5) - 12


def test_effects_sound_at_their_times(tmp_path):
    ding = tone(0.2, hertz=2_000, db=-6)
    found = heard(
        black(4).effect(ding, at=1.5).effect(ding, at=3.0, volume=0.5), tmp_path / "a.mp4"
    )
    loud = np.flatnonzero(np.abs(found.mono().samples[:, 0]) > 0.1) / found.rate
    assert loud[0] == pytest.approx(1.5, abs=0.01)
    assert loud[loud > 2][0] == pytest.approx(3.0, abs=0.01)
    early, late = (level(found.cut(t + 0.05, t + 0.15).samples) for t in (1.5, 3.0))
    assert late == pytest.approx(early - 6, abs=0.5)
    assert level(found.cut(0, 1.4).samples) < -70


def test_stems_add_up_and_are_told(tmp_path):
    spoken = wb.speak("Hola a todos.", voice="espeak:es")
    video = black().narrate(spoken).music(chord(2.0)).effect(tone(0.2, hertz=900), at=0.5)
    done = video.render(tmp_path / "a.mp4", stems=True, **QUIET)
    assert sorted(done.stems) == ["effect", "music", "voice"]
    parts = [Audio.read(path).samples for path in done.stems.values()]
    mix = clip_sound(done.path, done.duration).samples
    frames = min(len(mix), *(len(part) for part in parts))
    rest = sum(part[:frames] for part in parts) - mix[:frames]
    assert level(rest) < level(mix) - 25  # what AAC loses
    assert read_receipt(done.path)["loudness"]["stems"] == ["voice", "music", "effect"]


def test_a_video_without_sound_has_none(tmp_path):
    done = black(1).render(tmp_path / "a.mp4", **QUIET)
    assert wb.probe(done.path).audio is None
    assert done.loudness is None


def test_captions_as_a_track(tmp_path):
    """Not drawn, and there for whoever switches them on; with the language they are in."""
    spoken = wb.speak("Hola a todos.\nEsto es una prueba.", voice="espeak:es")
    base = wb.Video("128x128", fps=5).scene(np.zeros((128, 128, 3), np.uint8)).narrate(spoken)
    soft = base.captions("plain", burn=False, soft=True).render(tmp_path / "a.mp4", **QUIET)
    burned = base.captions("plain", size=12).render(tmp_path / "b.mp4", **QUIET)
    both = base.captions("plain", size=12, soft=True).render(tmp_path / "c.mp4", **QUIET)
    off = base.captions("plain").captions("off").render(tmp_path / "d.mp4", **QUIET)
    streams, bright = {}, {}
    for done in (soft, burned, both, off):
        with av.open(str(done.path)) as file:
            streams[done.path.stem] = [s.metadata.get("language") for s in file.streams.subtitles]
        bright[done.path.stem] = int(frame_at(done.path, 0.5).max())
    assert streams == {"a": ["spa"], "b": [], "c": ["spa"], "d": []}
    assert max(bright["a"], bright["d"]) < 40
    assert min(bright["b"], bright["c"]) > 150
    from workbench.media.ffmpeg import encode

    encode(["-i", f"file:{soft.path}", "-map", "0:s:0", "-f", "srt", "out.srt"],
           folder=tmp_path, limit=30)  # fmt: skip
    back = wb.Cues.read(tmp_path / "out.srt")
    assert [cue.text for cue in back] == [cue.text for cue in soft.cues]
    assert [cue.start for cue in back] == pytest.approx([c.start for c in soft.cues], abs=0.002)


def test_a_track_has_the_lines_of_its_style(tmp_path):
    """A style that was named for a track alone was once ignored, without a word."""
    spoken = wb.speak("Hola a todos, esto es una prueba.", voice="espeak:es")
    base = black().narrate(spoken)
    counts = {}
    for letters in (8, 30):
        style = wb.Style(letters=letters, lines=1)
        video = base.captions(style, burn=False, soft=True)
        done = video.render(tmp_path / f"{letters}.mp4", **QUIET)
        counts[letters] = len(done.cues)
        assert max(len(line) for cue in done.cues for line in cue.text.split("\n")) <= letters
        assert int(frame_at(done.path, 0.5).max()) < 40
        assert read_receipt(done.path)["burned"] is False
        assert "as a track" in str(video.plan())
        assert "custom" not in str(video.plan())
    assert counts[8] > counts[30]
    for about, name in [({"speakers": "auto"}, "speakers"), ({"colour": "red"}, "colour")]:
        with pytest.raises(ParameterError, match=f"{name}: is for captions that are drawn"):
            base.captions(burn=False, soft=True, **about)


HOSTILE = "a=b;c#d\\e \"q\" 's' \n[CHAPTER] … 😀"


def test_chapters_and_tags_are_read_back(tmp_path):
    spoken = wb.speak("One line.\nAnother line.", voice="espeak:en-us")
    base = black().narrate(spoken)
    pairs = base.chapters([(0, "Start"), (1.0, HOSTILE)]).tags(title=HOSTILE, artist="Ana")
    done = pairs.render(tmp_path / "a.mp4", **QUIET)
    with av.open(str(done.path)) as file:
        chapters = file.chapters()
        assert [c["metadata"]["title"] for c in chapters] == ["Start", HOSTILE]
        assert float(chapters[1]["start"] * chapters[1]["time_base"]) == pytest.approx(1.0)
        assert file.metadata["title"] == HOSTILE
        assert file.metadata["artist"] == "Ana"
    for how, many in (("lines", 2), ("scenes", 1)):
        with av.open(str(base.chapters(how).render(tmp_path / "b.mp4", **QUIET).path)) as file:
            assert len(file.chapters()) == many
    with pytest.raises(ParameterError, match="chapter"):
        base.chapters([(99, "Late")]).render(tmp_path / "c.mp4", **QUIET)
    with pytest.raises(ParameterError, match="did you mean 'title'"):
        base.tags(titel="x")


def test_speakers_have_their_colours(tmp_path):
    spoken = wb.speak("[voice:espeak:es] Hola.\n[voice:espeak:en-us] Hello.", voice="espeak:es")
    video = wb.Video("256x128", fps=10).scene(np.zeros((128, 256, 3), np.uint8))
    video = video.narrate(spoken).loudness(None)
    colours = {"espeak:es": "#ff0000", "espeak:en-us": "#0000ff"}
    done = video.captions("plain", size=20, speakers=colours).render(tmp_path / "a.mp4", **QUIET)
    red, blue = (
        frame_at(done.path, cue.middle).reshape(-1, 3).astype(int).max(axis=0) for cue in done.cues
    )
    assert red[0] > 180
    assert red[2] < 90
    assert blue[2] > 180
    assert blue[0] < 90


def test_an_intro_moves_voice_and_captions(tmp_path):
    said = tone(1.0, hertz=700, db=-12)
    (tmp_path / "c.srt").write_text("1\n00:00:00,000 --> 00:00:01,000\nHello\n")
    video = wb.Video("128x128", fps=10).intro(wb.Colour("black"), duration=2)
    video = video.scene(np.zeros((128, 128, 3), np.uint8)).narrate(said).loudness(None)
    done = video.captions("plain", size=20, cues=tmp_path / "c.srt").render(
        tmp_path / "a.mp4", **QUIET
    )
    assert done.duration == pytest.approx(3.0, abs=0.05)
    sound = clip_sound(done.path, 3.0)
    assert level(sound.cut(0, 1.9).samples) < -70 < -30 < level(sound.cut(2.1, 2.9).samples)
    assert frame_at(done.path, 1.0).max() < 40
    assert frame_at(done.path, 2.5).max() > 150


def test_captions_go_out_and_in_again_with_an_intro(tmp_path):
    spoken = wb.speak("Hola a todos.", voice="espeak:es")
    video = wb.Video("64x64", fps=10).intro(wb.Colour("black"), duration=2)
    video = video.scene(np.zeros((64, 64, 3), np.uint8)).narrate(spoken).captions("plain")
    done = video.render(tmp_path / "a.mp4", **QUIET)
    again = video.captions("plain", cues=video.timed_cues()).render(tmp_path / "b.mp4", **QUIET)
    assert [c.start for c in again.cues] == pytest.approx([c.start for c in done.cues])
    assert done.cues[0].start >= 2
    assert video.timed_cues()[0].start < 1


def test_nothing_that_goes_in_is_written_over(tmp_path):
    (tmp_path / "in.mp4").write_bytes(
        black(1).music(chord(1.0)).render(tmp_path / "made.mp4", **QUIET).path.read_bytes()
    )
    before = digest(tmp_path / "in.mp4")
    for video in (black(1).music(tmp_path / "in.mp4"), black(1).overlay(tmp_path / "in.mp4")):
        with pytest.raises(ParameterError, match="is what is read"):
            video.render(tmp_path / "in.mp4", **QUIET)
    assert digest(tmp_path / "in.mp4") == before
