"""espeak: that each option acts, which voice a name means, and what becomes of a text."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest

from workbench.engines.espeak.engine import EspeakEngine, EspeakOptions
from workbench.engines.espeak.voices import variants
from workbench.errors import ParameterError, TextError, VoiceNotFound

if TYPE_CHECKING:
    from workbench.audio import Audio

TEXT = "Una mañana más, la luna no iba a bajar."


@pytest.fixture
def engine():
    return EspeakEngine()


def say(text: str = TEXT, voice: str = "es", **options: object) -> Audio:
    return EspeakEngine().synthesize(text, voice=voice, options=EspeakOptions(**options)).audio


def rms(sound: Audio) -> float:
    return float(np.sqrt((sound.samples**2).mean()))


def pitches(sound: Audio) -> np.ndarray:
    """Return the fundamental frequency in Hz of each voiced 40 ms, by autocorrelation."""
    size = sound.rate // 25
    samples = sound.samples[: sound.frames // size * size, 0].reshape(-1, size)
    found = []
    for window in samples[np.sqrt((samples**2).mean(axis=1)) > 0.03]:
        spectrum = np.fft.rfft(window - window.mean(), 2 * size)
        same = np.fft.irfft(np.abs(spectrum) ** 2)[:size]
        low, high = sound.rate // 450, sound.rate // 55
        lag = low + int(np.argmax(same[low:high]))
        if same[lag] > 0.5 * same[0]:
            found.append(sound.rate / lag)
    return np.array(found)


# -- options ----------------------------------------------------------------------------------


def test_rate_is_words_a_minute():
    at = {rate: say(rate=rate).duration for rate in (80, 175, 350, 450)}
    assert at[80] > 1.7 * at[175]
    assert 0.4 < at[350] / at[175] < 0.65
    assert at[450] < 0.95 * at[350]


def test_pitch_moves_the_fundamental_frequency():
    low, middle, high = (np.median(pitches(say(pitch=pitch))) for pitch in (0, 50, 99))
    assert low < 0.75 * middle < middle < 0.75 * high


def test_intonation_moves_how_far_the_pitch_goes():
    flat, plain, lively = (pitches(say(intonation=value)).std() for value in (0, 50, 99))
    assert flat < 0.5 * plain < plain < lively


def test_volume_moves_the_level_in_proportion():
    plain = rms(say())
    assert rms(say(volume=0)) == 0
    assert rms(say(volume=50)) == pytest.approx(plain / 2, rel=0.05)
    assert rms(say(volume=150)) > 1.3 * plain


def test_word_gap_is_silence_between_the_words():
    """Seven gaps of 0.2 s, each really silent, and no word any longer for it."""
    plain = EspeakEngine().synthesize("uno dos tres cuatro", voice="es")
    gapped = EspeakEngine().synthesize(
        "uno dos tres cuatro", voice="es", options=EspeakOptions(word_gap=20)
    )
    assert gapped.duration > plain.duration + 3 * 0.15
    for before, after in zip(gapped.words, gapped.words[1:], strict=False):
        assert after.start - before.end > 0.15
        assert np.abs(gapped.audio.cut(before.end + 0.03, after.start).samples).max() < 0.02


def test_a_variant_is_another_timbre():
    man, woman = np.median(pitches(say())), np.median(pitches(say(variant="f3")))
    assert woman > 1.3 * man
    voiced = len(pitches(say())) / say().duration
    assert len(pitches(say(variant="whisper"))) / say().duration < 0.2 * voiced


def test_every_variant_is_heard_and_no_two_are_the_same():
    sounds = {name: say("Hola.", variant=name) for name in ("", *variants())}
    assert len(sounds) > 90
    assert len({sound.digest() for sound in sounds.values()}) == len(sounds)
    assert all(rms(sound) > 0.005 for sound in sounds.values())


def test_variants_that_harm_are_not_offered():
    """robosoft2 ends espeak 1.52 on "N.º 7 DE LA DUEÑA DEL CAFÉ cada 3 o 4 días"."""
    assert not {"robosoft2", "fast"} & set(variants())


def test_a_variant_may_stand_in_the_voice_and_the_option_goes_first(engine):
    named = engine.synthesize(TEXT, voice="es+f3")
    assert named.options["variant"] == "f3"
    assert named.audio == say(variant="f3")
    both = engine.synthesize(TEXT, voice="es+f3", options=EspeakOptions(variant="m1"))
    assert both.options["variant"] == "m1"
    assert both.audio == say(variant="m1")


def test_a_misspelt_variant_is_corrected():
    with pytest.raises(ParameterError, match="did you mean 'whisper'"):
        EspeakOptions(variant="wisper")


def test_the_options_can_be_looked_at_without_the_library(engine, monkeypatch):
    engine.unload()
    monkeypatch.setitem(sys.modules, "espeakng_loader", None)
    monkeypatch.setattr("ctypes.util.find_library", lambda _: None)
    assert {spec.name: spec.choices for spec in EspeakOptions.describe()}["variant"] == ()
    monkeypatch.undo()
    assert "f3" in EspeakOptions.describe()[-1].choices


# -- voices -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "name", "language"),
    [
        ("es", "es", "es"),
        ("EN-us", "en-us", "en-us"),
        ("en_US", "en-us", "en-us"),
        ("en-gb", "en", "en-gb"),  # the library itself knows none of the next five by name
        ("fr-fr", "fr", "fr-fr"),
        ("es-es", "es", "es"),
        ("es-mx", "es-419", "es-419"),
        ("zh", "cmn", "cmn"),
        ("es-AR", "es-419", "es-419"),
        ("zh-HK", "yue", "yue"),
        ("de-AT", "de", "de"),
        ("sr-Latn", "sr", "sr"),
        ("iw", "he", "he"),
        ("pt-br", "pt-br", "pt-br"),
        ("no", "nb", "nb"),
        ("gmw/en-US", "en-us", "en-us"),
        ("Spanish (Spain)", "es", "es"),
        ("spanish", "es", "es"),
        ("en-GB-scotland", "en-gb-scotland", "en-gb-scotland"),
        ("es+F3", "es+f3", "es"),
        ("English+mr serious", "en+Mr serious", "en-gb"),
    ],
)
def test_what_a_name_means(engine, asked, name, language):
    info = engine.find_voice(asked)
    assert (info.name, info.language) == (name, language)
    assert engine.synthesize("A.", voice=asked).voice.name == name


def test_of_several_voices_the_one_that_ranks_its_language_first_is_taken(engine, monkeypatch):
    rows = [["Second", "x/bb", [[9, "qq"]]], ["First", "x/cc", [[2, "qq"]]]]
    engine.unload()
    monkeypatch.setattr("workbench.engines.espeak.voices.info", lambda: {"voices": rows})
    monkeypatch.setattr("workbench.engines.espeak.voices._speaks", lambda _: True)
    assert engine.find_voice("qq").label == "First"
    monkeypatch.undo()
    engine.unload()


def test_a_variant_says_whose_voice_it_is(engine):
    assert engine.find_voice("es").gender == "male"
    assert engine.find_voice("es+f3").gender == "female"
    assert engine.find_voice("es+f3").label == "Spanish (Spain) + f3"


@pytest.mark.parametrize(
    ("asked", "hint"),
    [
        ("spannish", "did you mean 'spanish'"),
        ("es+f33", "did you mean 'f3'"),
        ("klingom", "did you mean 'klingon'"),
        ("qqqq", "workbench voices"),
        ("es-verywrong", "workbench voices"),
        ("es+", "workbench voices"),
        ("es+robosoft2", "workbench voices"),
    ],
)
def test_an_unknown_voice_says_what_is_near_and_where_the_list_is(engine, asked, hint):
    with pytest.raises(VoiceNotFound, match=hint.replace("+", r"\+")) as caught:
        engine.find_voice(asked)
    assert "workbench voices" in str(caught.value)


def test_a_voice_without_its_dictionary_is_not_offered(engine):
    """The library speaks these from memory it never wrote: now and then the process ended."""
    names = {voice.name for voice in engine.voices()}
    assert not {"fo", "kaa", "xex"} & names
    assert len(names) > 130


# -- text -------------------------------------------------------------------------------------


def test_markup_is_text(engine):
    """As SSML the break would be 5 s; with phoneme input on, [[h@]] would be one sound."""
    assert say('uno <break time="5s"/> dos').duration < 5
    spelled = engine.synthesize("[[h@l@U]]", voice="en-us").duration
    assert spelled > 2 * engine.synthesize("hello", voice="en-us").duration


def test_an_embedded_command_does_not_change_the_speed():
    """\\x01 50S halves the rate of what follows, in espeak."""
    tail = "una línea que no cambia de velocidad"
    assert say(f"\x0150S {tail}").duration < 1.1 * say(f"50 S {tail}").duration


def test_what_follows_a_nul_is_spoken():
    assert say("uno\x00 dos tres").digest() == say("uno dos tres").digest()


def test_composed_and_decomposed_letters_sound_the_same():
    """espeak reads e + accent as "e", so text from macOS was mispronounced."""
    assert say("corazo\u0301n de nin\u0303o") == say("corazón de niño")


def test_letters_in_fancy_dress_are_read():
    assert say("𝓱𝓸𝓵𝓪 ＡＢＣ", "es") == say("hola ABC", "es")


def test_a_soft_hyphen_does_not_part_a_word():
    assert say("extra\u00adordinario") == say("extraordinario")


def test_a_word_without_a_sound_is_reported(engine):
    take = engine.synthesize("Hola 🤠 | tú", voice="de")
    assert take.warnings == ("espeak has no sound for '🤠'", "espeak has no sound for '|'")
    assert engine.synthesize("Hola (tú) & yo", voice="es").warnings == ()


def test_too_much_text_is_refused_before_it_is_spoken(engine):
    with pytest.raises(TextError, match="50,001 letters"):
        engine.synthesize("a" * 50_001, voice="es")


@pytest.mark.faults
def test_a_line_of_twenty_thousand_letters_is_spoken(engine):
    take = engine.synthesize("la casa " * 2500, voice="es", options=EspeakOptions(rate=450))
    assert len(take.words) == 5000
    assert take.duration > 300
