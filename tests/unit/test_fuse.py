"""The fuse behind every take. The old system had none: what an engine gave went into the video."""

from __future__ import annotations

import random
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from tests.unit.faulty_speech import FAULTS, faulty
from workbench.audio import Audio
from workbench.engines.espeak.engine import EspeakEngine, EspeakOptions
from workbench.errors import ParameterError
from workbench.speech.fuse import FLAGS, check, check_samples, expected
from workbench.speech.fuse_sound import Sound

if TYPE_CHECKING:
    from workbench.take import Take

ENGLISH = "Welcome back to the channel. Today we look at the tools that make it easy."
SPANISH = "Hoy vamos a ver las herramientas que lo hacen todo mucho más fácil."
WORDS = {
    "en-us": "the a people music channel voice world open close paper river mountain seven eight "
    "welcome again morning quiet simple over under through light water history building never "
    "always see stop question answer",
    "es": "la casa pueblo música canal voz mundo abrir cerrar papel río montaña siete ocho "
    "bienvenido otra mañana simple sobre debajo luz agua historia edificio nunca siempre ver "
    "parar pregunta respuesta niño",
}
# Article 1 of the Universal Declaration of Human Rights.
ARTICLE = {
    "fr-fr": "Tous les êtres humains naissent libres et égaux en dignité et en droits. Ils sont "
    "doués de raison et de conscience et doivent agir les uns envers les autres dans un esprit de "
    "fraternité.",
    "de": "Alle Menschen sind frei und gleich an Würde und Rechten geboren. Sie sind mit Vernunft "
    "und Gewissen begabt und sollen einander im Geist der Brüderlichkeit begegnen.",
    "it": "Tutti gli esseri umani nascono liberi ed eguali in dignità e diritti.",
    "pt": "Todos os seres humanos nascem livres e iguais em dignidade e em direitos.",
    "pl": "Wszyscy ludzie rodzą się wolni i równi pod względem swej godności i swych praw.",
    "fi": "Kaikki ihmiset syntyvät vapaina ja tasavertaisina arvoltaan ja oikeuksiltaan.",
    "ru": "Все люди рождаются свободными и равными в своем достоинстве и правах.",
    "el": "Όλοι οι άνθρωποι γεννιούνται ελεύθεροι και ίσοι στην αξιοπρέπεια και τα δικαιώματα.",
    "hi": "सभी मनुष्यों को गौरव और अधिकारों के मामले में जन्मजात स्वतन्त्रता और समानता प्राप्त है।",
    "ar": "يولد جميع الناس أحراراً متساوين في الكرامة والحقوق.",
    "cmn": "人人生而自由，在尊严和权利上一律平等。他们赋有理性和良心。",
    "ko": "모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다.",
    "vi": "Tất cả mọi người sinh ra đều được tự do và bình đẳng về nhân phẩm và quyền.",
}
# File, stream or channel, and what is said in it, as its source states.
CLIPS = {
    "en_LJ001-0001.wav": "Printing, in the only sense with which we are at present concerned, "
    "differs from most if not from all the arts and crafts represented in the Exhibition",
    "en_LJ001-0002.wav": "in being comparatively modern.",
    "en_jfk.flac": "And so my fellow Americans ask not what your country can do for you, ask what "
    "you can do for your country.",
    "en_one_two_three.wav": "one two three",
    "en_stereo_two_speakers.wav:0": "He began a confused complaint against the wizard, who had "
    "vanished behind the curtain on the left.",
    "en_stereo_two_speakers.wav:1": "The horizon seems extremely distant.",
    "en_nasa_webb_2v2a2s.mp4:0": "This is the optical and science segment of the Webb space "
    "telescope in one of the largest cleanrooms in the world at NASA's Goddard Space Flight Center "
    "in Greenbelt, Maryland. This half of the observatory element successfully",
    "es_capitan_veneno.mp3": "",  # its text stands beside it
}


@cache
def speak(text: str, voice: str = "en-us", **options: object) -> Take:
    return EspeakEngine().synthesize(text, voice=voice, options=EspeakOptions(**options))


def decoded(path, stream: int = 0) -> Audio:
    import av

    with av.open(str(path)) as file:
        source = file.streams.audio[stream]
        change = av.AudioResampler(format="flt", layout="mono", rate=source.rate)
        frames = [f.to_ndarray()[0] for part in file.decode(source) for f in change.resample(part)]
        return Audio(samples=np.concatenate(frames), rate=source.rate)


def clip(media, name: str) -> tuple[Audio, str, str]:
    """A real recording, what is said in it, and in which language."""
    file, _, number = name.partition(":")
    path = media / "speech" / file
    if path.suffix in {".mp4", ".mp3"}:
        sound = decoded(path, int(number or 0))
    else:
        sound = Audio.read(path)
        if number:
            sound = Audio(samples=sound.samples[:, int(number)], rate=sound.rate)
    text = CLIPS[name] or path.with_suffix(".lines.txt").read_text(encoding="utf-8")
    return sound, text, file[:2]


# -- what is sound passes ---------------------------------------------------------------------


@pytest.mark.parametrize("name", CLIPS)
def test_recordings_of_people_pass(media, name):
    sound, text, language = clip(media, name)
    assert check_samples(sound.samples, sound.rate, text, language=language) == ()


@pytest.mark.parametrize("voice", WORDS)
def test_takes_of_the_embedded_engine_pass_at_every_pace(voice):
    chance = random.Random(7)  # noqa: S311 - made-up sentences
    flagged = []
    for _ in range(60):
        words = chance.choices(WORDS[voice].split(), k=chance.randint(1, 14))
        options = EspeakOptions(rate=chance.choice([80, 120, 175, 175, 250, 400]))
        take = speak(" ".join(words).capitalize() + ".", voice, rate=options.rate)
        flags = check(take, pace=options.tempo, rate=22_050)
        flagged += [(take.text, options.rate, flags)] if flags else []
    assert flagged == []


@pytest.mark.parametrize("voice", ARTICLE)
def test_each_language_has_a_pace_of_its_own(voice):
    """Reckoned as English, every Mandarin take would be called too long."""
    assert check(speak(ARTICLE[voice], voice)) == ()


@pytest.mark.parametrize(
    "text",
    [
        "No.", "Hi!", "I.", "It isn't the end of the line, is it? Pay $25.50 at 10:30.",
        "Visit https://www.example.com/path?q=1 now.", "FBI, CIA and NASA.",
        "On 12/05/2026 at 10:30 we pay 1,250.75 €.", "Wait... what?!", "x" * 100, "Stop. " * 6,
        "www.a.org",
        "a 🎉 👩‍👩‍👧 🇪🇸 1️⃣ party", "Call 555 0199 or 1-800-555-0100.",
    ],
)  # fmt: skip
def test_what_is_read_longer_than_it_is_written_passes(text):
    assert check(speak(text)) == ()


@pytest.mark.parametrize("text", ["The.", "See.", "A.", "10:30 ver."])
@pytest.mark.parametrize("voice", ["en-us+f3", "es+whisper"])
def test_a_single_word_said_fast_is_not_too_short(text, voice):
    options = EspeakOptions(rate=450)
    assert check(speak(text, voice, rate=450), pace=options.tempo) == ()


@pytest.mark.parametrize("text", ["10:30 11:30 12:30", "2000 2000 2000 2000 2000 2000 2000."])
def test_figures_may_be_said_in_few_letters(text):
    assert check(speak(text, rate=350), pace=2) == ()


@pytest.mark.parametrize("options", [{"variant": "whisper"}, {"variant": "f3"}, {"pitch": 95},
                                     {"pitch": 5}, {"word_gap": 40}, {"volume": 20}])  # fmt: skip
def test_odd_voices_and_long_pauses_pass(options):
    assert check(speak(ENGLISH, **options)) == ()


def test_the_sound_may_have_any_rate_level_and_channels():
    take = speak(ENGLISH)
    for rate in (8_000, 16_000, 24_000, 48_000):
        sound = take.audio.resample(rate)
        assert check_samples(sound.samples * 0.1, rate, ENGLISH, language="en") == ()
    stereo = np.repeat(take.audio.samples, 2, axis=1)
    assert check_samples(stereo, take.audio.rate, ENGLISH, language="en") == ()


# -- what is not does not ---------------------------------------------------------------------

SEEN = {
    "dropped 50 %": "short",
    "doubled": "repeated",
    "noise": "noise",
    "silence": "silent",
    "nan": "nan",
    "clipped": "clipped",
    "wrong rate": "short",
    "empty": "short",
}


@pytest.mark.parametrize("text", [ENGLISH, SPANISH])
@pytest.mark.parametrize("fault", SEEN)
def test_eight_of_nine_faults_are_seen_without_listening(fault, text):
    take = speak(text, "es" if text is SPANISH else "en-us")
    spoken = faulty(take, fault)
    found = check_samples(spoken.samples, spoken.rate, text, language=take.language)
    assert SEEN[fault] in found
    assert set(SEEN) == set(FAULTS) - {"dropped 30 %"}


@pytest.mark.parametrize("name", ["en_LJ001-0001.wav", "en_nasa_webb_2v2a2s.mp4:0"])
@pytest.mark.parametrize("fault", set(SEEN) - {"dropped 50 %"})
def test_the_faults_of_a_recording_are_seen(media, name, fault):
    sound, text, language = clip(media, name)
    spoken = faulty(replace(speak(text), audio=sound.mono(), words=()), fault)
    assert check_samples(spoken.samples, spoken.rate, text, language=language)


@pytest.mark.parametrize(
    ("change", "flag"),
    [
        (lambda x, r: (x, r // 2), "long"),
        (lambda x, r: (np.concatenate([x, x[len(x) // 2 :]]), r), "repeated"),
        (lambda x, r: (np.concatenate([x[: r], np.zeros(5 * r), x[r:]]), r), "silent"),
        (lambda x, r: (x * 1e-3, r), "silent"),
        (lambda x, r: (np.concatenate([x, 0.1 * np.sin(np.arange(r) * 0.1)]), r), "noise"),
        (lambda x, r: (np.clip(x * 3 / np.abs(x).max(), -1, 1) * 0.5, r), "clipped"),
        (lambda x, r: (x[:0], r), "empty"),
        (lambda x, r: (np.full_like(x, np.inf), r), "nan"),
        (lambda x, r: (x[: round(1.7 * r)], r), "short"),
    ],
)  # fmt: skip
def test_other_faults_are_seen(change, flag):
    take = speak(ENGLISH)
    samples, rate = change(take.audio.samples[:, 0], take.audio.rate)
    assert flag in check_samples(samples, rate, ENGLISH, language="en")


@pytest.mark.parametrize("colour", [0.0, 0.5, 1.0])
def test_noise_of_any_colour_is_noise(colour):
    """White, pink and brown; the plain flatness of a spectrum tells white noise only."""
    take = speak(ENGLISH)
    rate = take.audio.rate
    spectrum = np.fft.rfft(np.random.default_rng(3).standard_normal(rate))
    noise = np.fft.irfft(spectrum / np.arange(1, len(spectrum) + 1) ** colour, rate)
    noise *= 0.1 / noise.std()
    sound = np.concatenate([take.audio.samples[:, 0], noise])
    assert "noise" in check_samples(sound, rate, ENGLISH, language="en")


def test_an_end_in_the_middle_of_a_vowel_is_cut():
    take = speak("Open the door")
    loud = int(np.abs(take.audio.samples[:, 0]).argmax())
    cut = Audio(samples=take.audio.samples[: loud + 20], rate=take.audio.rate)
    assert "cut" in check(replace(take, text="Open", audio=cut))


@pytest.mark.parametrize(
    ("options", "low", "high"),
    [({}, 85, 120), ({"variant": "f3"}, 180, 250), ({"variant": "whisper", "rate": 80}, 0, 0)],
)
def test_the_pitch_is_that_of_the_voice_and_a_whisper_has_none(options, low, high):
    """The resonances of a whisper look like a pitch of 600 Hz until the second period is asked."""
    sound = speak(ARTICLE["de"], "de", **options).audio
    assert low <= Sound(sound.samples[:, 0], sound.rate).pitch <= high


def test_another_rate_than_the_engines_is_told():
    take = speak(ENGLISH)
    assert check(take, rate=24_000) == ("rate",)
    assert check(take, rate=22_050) == ()


def test_a_high_voice_that_is_too_fast_is_at_the_wrong_rate():
    """Half as fast again is too little for the duration, and the pitch gives it away."""
    take = speak(ENGLISH, variant="f3", pitch=70)
    fast = check_samples(take.audio.samples, 33_075, ENGLISH, language="en")
    assert "rate" in fast


def test_the_pace_that_was_asked_for_is_reckoned_with():
    fast = speak(ENGLISH, rate=450)
    assert check(fast) == ("short",)
    assert check(fast, pace=EspeakOptions(rate=450).tempo) == ()
    assert check(fast, pace=8) == ("long",)


@pytest.mark.parametrize("rate", [120, 175, 450])
@pytest.mark.parametrize("gap", [5, 20, 50])
def test_pauses_that_were_asked_for_are_no_fault(rate, gap):
    """Were they a part of the pace, the speech between them would be called too short."""
    options = EspeakOptions(rate=rate, word_gap=gap)
    assert check(speak(ENGLISH, rate=rate, word_gap=gap), pace=options.tempo) == ()


def test_what_the_engine_was_given_counts_not_what_stands_in_the_script():
    take = replace(speak("seven thousand three hundred and twenty-one"), text="☎")
    assert check(replace(take, text="7321 " * 12)) == ("short",)
    assert check(replace(take, text="7321", spoken="x " * 200)) == ("short",)
    assert check(replace(take, spoken="seven thousand three hundred and twenty-one")) == ()


# -- itself -----------------------------------------------------------------------------------


def test_every_flag_is_explained():
    assert all(len(flag) <= 8 and " " in text for flag, text in FLAGS.items())


def test_flags_come_in_their_order():
    take = speak(ENGLISH)
    sound = np.concatenate([take.audio.samples[:, 0]] * 3) * 9
    found = check_samples(np.clip(sound, -1, 1), 22_050, ENGLISH, expected_rate=24_000)
    assert found == tuple(flag for flag in FLAGS if flag in found)
    assert {"rate", "long", "repeated", "clipped"} <= set(found)


@pytest.mark.parametrize("pace", [0, -1, float("nan")])
def test_a_pace_that_is_none_is_refused(pace):
    with pytest.raises(ParameterError, match="pace"):
        check(speak("Hi."), pace=pace)


def test_how_a_word_is_pronounced_is_not_said_besides():
    assert expected("In [Worcester](/wˈʊstər/) now.") == expected("In Worcester now.")


def test_nothing_to_say_takes_no_time():
    assert expected("") == expected("…") == expected("🎉") == 0


@given(
    arrays.arrays(np.float32, st.integers(0, 3000), elements=st.floats(width=32)),
    st.sampled_from([1_000, 8_000, 22_050, 48_000]),
    st.text(max_size=40),
)
def test_any_samples_and_any_text_are_judged(samples, rate, text):
    found = check_samples(samples, rate, text)
    assert set(found) <= set(FLAGS)
    assert found == tuple(flag for flag in FLAGS if flag in found)
