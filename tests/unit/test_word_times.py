"""The time of every word, from espeak's events and against its sound."""

from __future__ import annotations

import random

import numpy as np
import pytest

from tests.contracts.synthesizer import check_words
from tests.unit.corpus import english, spanish
from workbench.engines.espeak import process as espeak_process
from workbench.engines.espeak.engine import EspeakEngine, EspeakOptions
from workbench.engines.espeak.library import PHONEME, RATE, WORD, Event
from workbench.engines.espeak.voices import find
from workbench.engines.espeak.words import word_times
from workbench.script import tokenize


def word(position: int, sample: int) -> Event:
    return Event(WORD, position, sample)


def sound(sample: int, name: str = "a") -> Event:
    return Event(PHONEME, 0, sample, name)


def times(text: str, phonemes: list[int], events: list[Event], frames: int = 1000) -> list:
    words = word_times(tokenize(text), phonemes, events, frames=frames, rate=100)
    check_words(words, text, frames / 100)
    return [(w.text, round(w.start, 3), round(w.end, 3)) for w in words]


# -- the mapping, by made-up events -----------------------------------------------------------


def test_a_word_ends_where_its_last_phoneme_does_not_where_the_pause_does():
    """Until the next word's event would highlight "Hola," through the comma's silence."""
    events = [word(0, 0), sound(10), sound(100), sound(200, "_:"), word(6, 500), sound(510),
              sound(700, "_"), sound(800, "_:")]  # fmt: skip
    assert times("Hola, tú", [2, 1], events) == [("Hola,", 0.0, 2.0), ("tú", 5.0, 7.0)]


def test_a_pause_inside_a_word_does_not_end_it():
    """Letters that are spelled out have pauses between them."""
    events = [word(0, 0), sound(0), sound(100, "_!"), sound(150), sound(300, "_:")]
    assert times("𝒳", [2], events) == [("𝒳", 0.0, 3.0)]


def test_words_spoken_as_one_share_its_phonemes():
    """espeak reports one event for "of the"; by letters the boundary would lie at 1.2."""
    events = [word(0, 0), sound(10), sound(40), sound(220), sound(260), word(7, 300), sound(300),
              sound(500, "_")]  # fmt: skip
    expected = [("of", 0.0, 2.2), ("the", 2.2, 3.0), ("end", 3.0, 5.0)]
    assert times("of the end", [2, 2, 3], events) == expected


def test_a_word_starts_with_a_phoneme_though_its_share_is_no_whole_number():
    events = [word(0, 0), sound(0), sound(100), sound(240), sound(260), sound(400, "_")]
    assert times("of the", [2, 3], events) == [("of", 0.0, 2.4), ("the", 2.4, 4.0)]


def test_words_spoken_as_one_share_its_time_where_phonemes_are_too_few():
    events = [word(0, 0), sound(0), sound(300, "_")]
    assert times("a b c", [1, 1, 1], events) == [("a", 0, 1), ("b", 1, 2), ("c", 2, 3)]


def test_a_number_stays_one_word_though_it_reports_several():
    """Its later events lie a letter or two on, up to the space behind it."""
    events = [word(0, 0), sound(0), word(4, 100), sound(100), word(3, 150), sound(150),
              word(5, 200), sound(200), word(6, 300), sound(300), sound(400, "_")]  # fmt: skip
    assert times("no 25 x", [1, 9, 1], events) == [("no", 0, 1), ("25", 1, 3), ("x", 3, 4)]


def test_a_word_without_sound_takes_the_pause_that_follows():
    events = [word(0, 0), sound(0), sound(200, "_:"), word(6, 300), sound(300), sound(400, "_")]
    expected = [("sí,", 0.0, 2.0), ("🎉", 2.0, 3.0), ("no", 3.0, 4.0)]
    assert times("sí, 🎉 no", [2, 0, 2], events) == expected


def test_a_word_without_sound_and_without_a_pause_takes_the_end_of_the_one_before():
    events = [word(0, 0), sound(0), sound(100), word(5, 200), sound(200), sound(400, "_")]
    assert times("hi 🎉 yo", [2, 0, 1], events)[1] == ("🎉", pytest.approx(1.778, abs=1e-3), 2.0)


def test_words_before_the_first_event_start_with_the_sound():
    events = [word(2, 0), sound(0), sound(100), sound(200, "_")]
    (first, start, _), (_, _, end) = times("🎉 yes", [0, 3], events)
    assert (first, start, end) == ("🎉", 0.0, 2.0)


def test_an_event_without_a_sound_makes_no_word_of_no_length():
    events = [word(0, 0), sound(0), word(2, 100), sound(100, "_"), word(4, 100), sound(100),
              sound(200, "_")]  # fmt: skip
    assert [t[0] for t in times("a b c", [1, 1, 1], events)] == ["a", "b", "c"]


def test_without_a_sound_there_are_no_words():
    assert word_times(tokenize("🎉"), [0], [sound(0, "_:")], frames=100, rate=100) == ()
    assert word_times(tokenize("a"), [1], [], frames=0, rate=100) == ()


def test_whatever_the_events_the_words_are_in_order_and_inside():
    """Events in any order, at any place, with any phonemes; 500 seeded cases."""
    chance = random.Random(7)  # noqa: S311 - not a secret
    for _ in range(500):
        count = chance.randint(1, 12)
        text = " ".join(
            chance.choice(["a", "bc", "def,", "25,50", "🎉", "¿qué?"]) for _ in range(count)
        )
        samples = chance.choices(range(0, 1100, 20), k=chance.randint(1, 30))
        if chance.random() < 0.9:
            samples.sort()
        events = [
            word(chance.randint(0, len(text) + 3), s)
            if chance.random() < 0.4
            else sound(s, chance.choice(["a", "t", "_", "_:"]))
            for s in samples
        ]
        phonemes = chance.choices(range(5), k=count)
        words = word_times(tokenize(text), phonemes, events, frames=1000, rate=100)
        if words:
            check_words(words, text, 10.0)


# -- the real thing ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def engine() -> EspeakEngine:
    return EspeakEngine()


def reported(text: str, voice: str, **options: object) -> list[Event]:
    """Return what espeak reports while it speaks `text`."""
    request = {
        "task": "speak",
        "text": text,
        "spans": [(t.start, t.end, t.space) for t in tokenize(text)],
        "voice": find(voice).identifier,
        "settings": EspeakOptions(**options).to_dict(),
    }
    return [Event(*row) for row in espeak_process.ask(request)[1]["events"]]


def test_two_hundred_english_sentences(engine):
    sentences = english()
    assert len(set(sentences)) == 200
    for sentence in sentences:
        take = engine.synthesize(sentence, voice="en-us", options=EspeakOptions(rate=440))
        check_words(take.words, sentence, take.duration)


def test_two_hundred_spanish_sentences(engine):
    sentences = spanish()
    assert len(set(sentences)) == 200
    for sentence in sentences:
        take = engine.synthesize(sentence, voice="es", options=EspeakOptions(rate=440))
        check_words(take.words, sentence, take.duration)


def loudness(take) -> tuple[np.ndarray, float]:
    """Return which 5 ms windows are louder than 40 dB below the loudest, and their length."""
    samples = take.audio.samples[:, 0]
    size = take.audio.rate // 200
    windows = samples[: len(samples) // size * size].reshape(-1, size)
    level = np.sqrt((windows**2).mean(axis=1))
    return level > level.max() / 100, size / take.audio.rate


@pytest.mark.parametrize(("voice", "sentences"), [("en-us", english()), ("es", spanish())])
def test_words_beside_a_pause_end_and_start_with_the_sound(engine, voice, sentences):
    """Against the samples: measured -1 to 22 ms at ends, -3 to 60 ms at starts.

    The late starts are stops (t, k): their silence belongs to the word.
    """
    checked = 0
    for sentence in sentences[25::12]:
        take = engine.synthesize(sentence, voice=voice)
        loud, window = loudness(take)
        stops = [*(w.start for w in take.words[1:]), take.duration]
        for said, stop in zip(take.words, stops, strict=True):
            if stop - said.end < 0.1:
                continue
            heard = np.flatnonzero(loud[int(said.start / window) : int(stop / window)])
            end = (int(said.start / window) + heard[-1] + 1) * window
            assert -0.01 < end - said.end < 0.03, (sentence, said)
            checked += 1
            if stop < take.duration:
                start = np.flatnonzero(loud[int((said.end + 0.03) / window) :])[0] * window
                assert -0.015 < start + said.end + 0.03 - stop < 0.075, (sentence, said)
    assert checked > 20


@pytest.mark.parametrize(
    ("text", "number", "phoneme"),
    [
        ("the end of the line", 3, "D"),
        ("he was to be there", 3, "b"),
        ("it was the best", 2, "D"),
        ("I said I am here", 3, "a"),
        ("look in the box", 2, "D"),
    ],
)
def test_the_second_of_two_words_said_as_one_starts_with_its_own_phoneme(
    engine, text, number, phoneme
):
    """11 of 83 English words have no event of their own."""
    take = engine.synthesize(text, voice="en-us")
    tokens = tokenize(text)
    events = reported(text, "en-us")
    assert not any(e.kind == WORD and e.position == tokens[number].start for e in events)
    sample = round(take.words[number].start * RATE)
    [name] = [e.name for e in events if e.kind == PHONEME and e.sample == sample]
    assert name.lstrip("',%").startswith(phoneme)


@pytest.mark.parametrize(
    ("voice", "text", "positions"),
    [
        ("es", "uno dos tres", [0, 4, 8]),
        ("cmn", "天地人", [0, 2]),
        ("es", "𝒳 e\u0301 a", [0, 2, 5]),
    ],
)
def test_events_count_letters_from_nought(voice, text, positions):
    """espeak counts from 1."""
    found = {e.position for e in reported(text, voice) if e.kind == WORD}
    assert sorted(found) == positions


@pytest.mark.parametrize("rate", [80, 400, 449, 450])
def test_words_are_in_order_at_the_ends_of_the_rate(engine, rate):
    """From 450 on espeak squeezes its sound afterwards.

    381 of 400 sentences had events that ran backwards.
    """
    for sentence in spanish()[::20]:
        take = engine.synthesize(sentence, voice="es", options=EspeakOptions(rate=rate))
        check_words(take.words, sentence, take.duration)
        samples = [event.sample for event in reported(sentence, "es", rate=rate)]
        assert samples == sorted(samples)


@pytest.mark.parametrize(
    "lead", ["𝒳𝒴𝒵", "e\u0301e\u0301", "ﬁ ﬂ", "🎉🎉", "a\u00adb\u200bc", "\ufeffя", "1️⃣"]
)
def test_letters_of_any_width_shift_no_later_word(engine, lead):
    """Positions count letters, not bytes or halves; and what is neutralised keeps its place."""
    plain = engine.synthesize("Va. Uno, dos y tres.", voice="es").words[1:]
    shifted = engine.synthesize(f"Va {lead}. Uno, dos y tres.", voice="es").words[-4:]
    assert [w.text for w in shifted] == ["Uno,", "dos", "y", "tres."]
    for expected, got in zip(plain, shifted, strict=True):
        assert got.start - shifted[0].start == pytest.approx(
            expected.start - plain[0].start, abs=0.02
        )
        assert got.duration == pytest.approx(expected.duration, abs=0.02)


@pytest.mark.parametrize(
    ("voice", "text", "words"),
    [
        ("cmn", "你好，世界。", ["你", "好，", "世", "界。"]),
        ("ja", "これはテストです。", ["こ", "れ", "は", "テ", "ス", "ト", "で", "す。"]),
        ("th", "สวัสดีครับ โลก", ["สวัสดีครับ", "โลก"]),
        ("fr", "L'homme — qu'il est là ?", ["L'homme —", "qu'il", "est", "là ?"]),
        ("es", "del 12/03/2024 a las 14:30 h", ["del", "12/03/2024", "a", "las", "14:30", "h"]),
    ],
)
def test_words_are_those_of_the_script_in_any_script(engine, voice, text, words):
    take = engine.synthesize(text, voice=voice)
    check_words(take.words, text, take.duration)
    assert [w.text for w in take.words] == words
