"""A script onto what was heard: its own words, legal times, the recogniser's where they match."""

from __future__ import annotations

import random
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.contracts.synthesizer import check_words
from workbench.audio import Audio
from workbench.engines.espeak.engine import EspeakEngine
from workbench.errors import ParameterError
from workbench.recognition import Recognition, Segment
from workbench.script import tokenize
from workbench.speech.align import Alignment, align, cer, estimate, wer
from workbench.text.compare import distance, fold
from workbench.text.matching import matches
from workbench.timing import Transcript, Word


def hear(text, *, step=0.4, said=0.35, start=0.0):
    """What a recogniser would return: words at an even pace."""
    return [
        Word(text=w, start=start + i * step, end=start + i * step + said)
        for i, w in enumerate(text.split())
    ]


def times(alignment):
    return [(w.text, round(w.start, 2), round(w.end, 2)) for w in alignment.words]


def legal(found, script, duration):
    check_words(found.words, script, duration)
    assert 0 <= found.matched <= 1
    return found


# --- the same words, written otherwise --------------------------------------------------------------  # noqa: E501


@pytest.mark.parametrize(
    ("language", "script", "heard"),
    [
        ("en", "Hello, world!", "hello world"),
        ("en", "Pay $25.50 at 10:30, Dr. Smith.", "pay twenty-five dollars and fifty cents at ten thirty doctor smith"),  # noqa: E501
        ("en", "Pay twenty-five dollars at ten thirty", "Pay $25 at 10:30"),
        ("en", "On Nov 23, 2026 we met", "on november twenty third twenty twenty six we met"),
        ("en", "It isn't “over” — is it?", "it isn't over is it"),
        ("en", "My notebook is in the book store.", "my note book is in the bookstore"),
        ("en", "A well-known author", "a well known author"),
        ("en", "50% of 1,000 people", "fifty percent of one thousand people"),
        ("es", "Tengo 25 años, ¿y qué?", "tengo veinticinco anos y que"),
        ("es", "El 21 % de 200 páginas a las 10:30.", "el veintiuno por ciento de doscientas páginas a las diez y treinta"),  # noqa: E501
        ("es", "El Sr. López vive en EE. UU.", "el señor lopez vive en estados unidos"),
        ("es", "Pagó 25,50 € el 3 de mayo", "pagó veinticinco euros con cincuenta céntimos el tres de mayo"),  # noqa: E501
        ("fr", "« Ça va ? » dit-il.", "ca va dit il"),
        ("ru", "Привет, мир!", "привет мир"),
    ],
)  # fmt: skip
def test_what_is_said_alike_is_matched(language, script, heard):
    words = hear(heard)
    found = legal(align(script, words, language=language), script, words[-1].end)
    assert found.matched == 1
    assert found.missing == ()
    assert found.extra == ()
    assert found.cer == 0
    assert found.words[0].start == words[0].start
    assert found.words[-1].end == words[-1].end


def test_a_matched_word_keeps_its_times_exactly():
    words = hear("one two three")
    found = align("One, two… THREE!", words)
    assert [(w.start, w.end) for w in found.words] == [(w.start, w.end) for w in words]


def test_a_number_lasts_as_long_as_its_words():
    found = align(
        "Pay $25.50 now", hear("pay twenty five dollars and fifty cents now"), language="en"
    )
    assert times(found) == [("Pay", 0, 0.35), ("$25.50", 0.4, 2.75), ("now", 2.8, 3.15)]


def test_a_heard_number_is_shared_by_the_words_of_the_script():
    found = align("twenty five dollars now", hear("$25 now", step=1, said=1), language="en")
    assert found.matched == 1
    assert found.words[0].start == 0
    assert found.words[2].end == 1
    assert times(found)[3] == ("now", 1, 2)


@pytest.mark.parametrize(
    ("language", "script", "heard"),
    [
        ("zh", "你好，世界。", [("你好", 0, 1), ("世界", 1, 2)]),
        ("ja", "今日は良い天気です。", [("今日", 0, 0.5), ("は", 0.5, 0.8), ("良い", 0.8, 1.2), ("天気です", 1.2, 2)]),  # noqa: E501
        ("zh", "我有3个苹果", [("我", 0, 0.4), ("有", 0.4, 1), ("3", 1, 1.4), ("个苹果", 1.4, 2)]),
    ],
)  # fmt: skip
def test_ideographs_share_the_time_of_a_heard_word(language, script, heard):
    words = [Word(text=t, start=a, end=b, space=False) for t, a, b in heard]
    found = legal(align(script, words, language=language), script, 2.0)
    assert found.matched == 1
    assert found.words[0].start == 0
    assert found.words[-1].end == 2
    assert found.cer == 0


# --- missing and extra ------------------------------------------------------------------------------  # noqa: E501


def test_a_word_that_was_not_heard_lies_in_the_pause():
    words = [*hear("one two"), *hear("four five", start=1.2)]
    found = legal(align("one two three four five", words), "one two three four five", 2.0)
    assert [t.text for t in found.missing] == ["three"]
    assert found.matched == 0.8
    assert times(found)[2][1:] == (0.75, 1.2)
    heard = [(w.start, w.end) for w in found.words if w.text != "three"]
    assert heard == [(w.start, w.end) for w in words]


def test_a_word_without_a_pause_takes_a_moment_of_its_neighbour():
    found = align("one two three four", hear("one two four", step=0.4, said=0.4))
    assert times(found)[1:3] == [("two", 0.4, 0.78), ("three", 0.78, 0.8)]


def test_what_was_misheard_gives_its_time():
    found = align("one two three four", hear("one two banana apple four"))
    assert [t.text for t in found.missing] == ["three"]
    assert [w.text for w in found.extra] == ["banana", "apple"]
    assert times(found)[2] == ("three", 0.8, 1.55)


def test_what_is_not_in_the_script_is_left_out():
    found = align("one two", hear("um well one two you know"))
    assert times(found) == [("one", 0.8, 1.15), ("two", 1.2, 1.55)]
    assert [w.text for w in found.extra] == ["um", "well", "you", "know"]
    assert found.wer == 2


def test_a_missing_word_does_not_fill_a_long_pause():
    """Ten seconds of music before the first word are not the first word."""
    found = align("well one two", hear("one two", start=10))
    assert found.words[0].end == 10
    assert 9 < found.words[0].start < 10


def test_a_picture_is_a_word_and_is_not_missing():
    found = legal(align("🎉 one 🎉 two", hear("one two"), language="en"), "🎉 one 🎉 two", 0.75)
    assert found.matched == 1
    assert found.missing == ()


def test_nothing_was_heard():
    found = legal(align("one two three", [], duration=3.0), "one two three", 3.0)
    assert found.matched == 0
    assert found.wer == 1
    with pytest.raises(ParameterError, match="nothing was heard"):
        align("one", [])
    with pytest.raises(ParameterError, match="seconds"):
        align("one", [], duration=float("nan"))


def test_nothing_was_to_be_said():
    found = align("", hear("one"))
    assert found.words == ()
    assert [w.text for w in found.extra] == ["one"]
    assert found.matched == 0  # it was 1, as of a perfect reading
    assert align("", []).wer == 0
    assert align("", []).matched == 1


# --- what comes in ----------------------------------------------------------------------------------  # noqa: E501


def test_scripts_and_hearings_of_every_kind():
    words = hear("hola a todos")
    kinds = [
        words,
        Transcript(words=tuple(words), language="es"),
        Recognition(
            segments=(Segment(start=0, end=2, text="hola a todos", words=tuple(words)),),
            language="es",
            duration=2.0,
        ),
    ]
    scripts = [
        "Hola a todos.",
        tokenize("Hola a todos."),
        Transcript(words=tuple(hear("Hola a todos."))),
    ]
    found = [align(s, h) for s in scripts for h in kinds]
    assert {tuple(times(f)) for f in found} == {tuple(times(found[0]))}
    assert isinstance(found[0], Alignment)
    assert found[1].language == "es"
    assert found[1].transcript.language == "es"


@pytest.mark.parametrize(
    ("script", "heard", "subject"),
    [
        (None, [], "script"),
        (7, [], "script"),
        (b"one", [], "script"),
        (["one"], [], "script"),
        ("one", "a.wav", "heard"),
        ("one", Path("a.wav"), "heard"),
        ("one", b"RIFF", "heard"),
        ("one", Audio.silence(1, 8_000), "heard"),
        ("one", None, "heard"),
        ("one", ["one"], "heard"),
    ],
)
def test_what_is_neither_script_nor_hearing_is_refused(script, heard, subject):
    """An AttributeError or TypeError came from within."""
    with pytest.raises(ParameterError, match="must be") as caught:
        align(script, heard, duration=1.0)
    assert caught.value.subject == subject
    assert ("wb.transcribe(" in caught.value.cure) == (subject == "heard")


def test_an_alignment_is_shown_in_a_line():
    """A cell of a notebook showed every word of a book."""
    text = "one two " * 500
    assert repr(align(text + "three", hear(text), language="en")) == (
        "Alignment(1001 words, 100% heard, 1 missing, 0 extra, wer 0.001, language 'en')"
    )


def test_times_that_a_recogniser_may_return_are_made_legal():
    """Whisper's words overlap, last no time, or end after the sound."""
    words = [
        Word(text="one", start=0, end=0.6),
        Word(text="two", start=0.4, end=0.9),
        Word(text="three", start=0.9, end=0.9),
        Word(text="four", start=0.8, end=9.0),
        Word(text="five", start=9.5, end=9.9),
    ]
    legal(align("one two three four five", words, duration=2.0), "one two three four five", 2.0)


@settings(max_examples=150)
@given(st.data())
def test_any_losses_leave_the_words_of_the_script_at_legal_times(data):
    vocabulary = ["one", "two", "25", "twenty", "five", "$3", "note", "book", "notebook", "well-known", "🎉",  # noqa: E501
                  "—", "10:30", "a", "the", "it's", "internationalization"]  # fmt: skip
    script = data.draw(st.lists(st.sampled_from(vocabulary), min_size=1, max_size=25))
    heard, start = [], 0.0
    for word in script:
        act = data.draw(st.sampled_from(["keep"] * 5 + ["drop", "change", "add"]))
        if act == "drop":
            continue
        said = (
            [data.draw(st.sampled_from([*vocabulary, "xyz"]))] if act in {"change", "add"} else []
        )
        for text in [*said, *([word] if act != "change" else [])]:
            start += data.draw(st.sampled_from([0, 0, 0.1, 2.0]))
            end = start + data.draw(st.sampled_from([0.0, 0.02, 0.3]))
            heard.append(Word(text=text, start=start, end=end))
            start = end
    text = " ".join(script)
    duration = start + data.draw(st.sampled_from([0.0, 1.0])) + 0.01
    found = align(text, heard, duration=duration, language="en")
    if tokenize(text):
        legal(found, text, duration)
    assert {w.text for w in found.extra} <= {w.text for w in heard}


@settings(max_examples=100)
@given(st.data())
def test_matched_words_keep_their_times(data):
    """Every word is another, and there is room for all: what was kept has its own times."""
    rng = random.Random(data.draw(st.integers(0, 1000)))  # noqa: S311 - the same in every run
    script = [
        f"{rng.choice('bcdfg')}{rng.choice('aeiou')}w{chr(97 + i // 26)}x{chr(97 + i % 26)}zq"
        for i in range(30)
    ]
    words = hear(" ".join(script))
    kept = [w for w in words if rng.random() < 0.7]
    found = align(" ".join(script), kept, duration=words[-1].end + 1)
    by_text = {w.text: w for w in found.words}
    missing = {t.text for t in found.missing}
    for word in kept:
        if word.text not in missing:
            assert (by_text[word.text].start, by_text[word.text].end) == (word.start, word.end)
    assert len(missing) <= len(script) - len(kept)


def test_ten_thousand_words_with_a_tenth_wrong():
    """A full table would have a hundred million cells; the anchors leave small ones."""
    rng = random.Random(5)  # noqa: S311 - the same in every run
    vocabulary = [
        "".join(rng.choices("abcdefghijklmnop", k=rng.randrange(2, 9))) for _ in range(1500)
    ]
    script = [vocabulary[min(int(rng.paretovariate(0.6)), 1499)] for _ in range(10_000)]
    heard = []
    for word in script:
        chance = rng.random()
        if chance < 0.04:
            continue
        heard += [rng.choice(vocabulary)] if chance < 0.12 else []
        heard += [word] if not 0.04 <= chance < 0.08 else []
    found = align(" ".join(script), hear(" ".join(heard)), language="en")
    assert len(found.words) == 10_000
    assert found.matched > 0.91
    assert 0.1 < found.wer < 0.13
    assert all(a.end <= b.start for a, b in pairwise(found.words))


def test_two_texts_that_have_nothing_in_common_are_given_up_on():
    ours = [f"a{i}" for i in range(500)]
    theirs = [f"{i}zzzz" for i in range(500)]
    assert matches(ours, theirs) == []


def test_a_real_take_is_aligned_to_its_own_times():
    """espeak's words, spelled as a recogniser spells them, against espeak's exact times."""
    text = "On May 5 we paid $20, i.e. too much, at 10:30."
    take = EspeakEngine().synthesize(
        "on may fifth we paid twenty dollars that is too much at ten thirty", voice="en-us"
    )
    found = legal(align(text, take.transcript, duration=take.duration), text, take.duration)
    assert found.matched == 1
    assert found.words[2].start == take.words[2].start  # 5 and fifth
    assert found.words[-1].end == take.words[-1].end


# --- error rates ------------------------------------------------------------------------------------  # noqa: E501


@pytest.mark.parametrize(
    ("reference", "heard", "language", "words", "letters"),
    [
        ("", "", "", 0, 0),
        ("one two", "one two", "", 0, 0),
        ("One, two!", "one TWO", "", 0, 0),
        ("one two three four", "one three four", "", 0.25, 3 / 15),
        ("casa", "cosa", "es", 1, 0.25),
        ("a notebook", "a note book", "", 1, 0),
        ("25 %", "twenty-five percent", "en", 0, 0),
        ("25 %", "veinticinco por ciento", "es", 0, 0),
        ("你好世界", "你好视界", "zh", 0.25, 0.25),
        ("one", "", "", 1, 1),
        ("", "one", "", float("inf"), float("inf")),
        ("one", "one one one", "", 2, 2),
    ],
)
def test_error_rates(reference, heard, language, words, letters):
    assert wer(reference, heard, language=language) == pytest.approx(words)
    assert cer(reference, heard, language=language) == pytest.approx(letters)


def slow(one, other):
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        left = [i]
        for j, b in enumerate(other, 1):
            left.append(min(row[j] + 1, left[-1] + 1, row[j - 1] + (a != b)))
        row = left
    return row[-1]


@settings(max_examples=300)
@given(st.text("abc", max_size=12), st.text("abc", max_size=12))
def test_the_distance_is_levenshteins(one, other):
    assert distance(one, other) == slow(one, other) == distance(other, one)


def test_folding():
    assert fold("¿Qué—?") == "que"
    assert fold("ﬁancée") == "fiancee"
    assert fold("Łódź") != fold("Lodz")  # a letter of its own, no accent
    assert fold("…") == ""


# --- without a recogniser -----------------------------------------------------------------------------  # noqa: E501

RATE = 16_000


def sound(*parts):
    """Noise and quiet in turn, in seconds."""
    rng = np.random.default_rng(1)
    pieces = [
        rng.normal(0, 0.2 if i % 2 == 0 else 0.001, round(seconds * RATE)).clip(-1, 1)
        for i, seconds in enumerate(parts)
    ]
    return Audio(samples=np.concatenate(pieces).astype(np.float32), rate=RATE)


def test_a_comma_lies_at_the_pause():
    words = estimate("One two three, four five six.", sound(1.4, 0.5, 1.0))
    check_words(words, "One two three, four five six.", 2.9)
    assert words[2].end == pytest.approx(1.4, abs=0.02)
    assert words[3].start == pytest.approx(1.9, abs=0.02)


def test_quiet_at_both_ends_belongs_to_no_word():
    rng = np.random.default_rng(1)
    quiet, loud = np.zeros(RATE // 2), rng.normal(0, 0.2, RATE).clip(-1, 1)
    audio = Audio(samples=np.concatenate([quiet, loud, quiet]), rate=RATE)
    words = estimate("one two", audio)
    assert words[0].start == pytest.approx(0.5, abs=0.02)
    assert words[-1].end == pytest.approx(1.5, abs=0.02)


def test_a_number_is_as_long_as_its_words():
    words = estimate("a 25 b", sound(1.2), language="en")
    assert words[1].duration > 5 * words[0].duration


@pytest.mark.parametrize(
    "audio",
    [sound(0.0, 2.0), Audio.silence(1, 8000), sound(0.004), sound(0.3, 0.2, 0.03, 0.5, 0.3)],
)
@pytest.mark.parametrize("text", ["one", "One, two. Three! 🎉 four", "你好，世界。", "a " * 50])
def test_any_sound_gives_legal_words(audio, text):
    check_words(estimate(text, audio), text, audio.duration)


def test_no_words_and_no_sound():
    assert estimate("...", sound(1.0)) == ()
    with pytest.raises(ParameterError, match="no sound"):
        estimate("one", Audio.silence(0, 8000))


def test_an_estimate_of_real_speech_is_near():
    """Half a second off at most, a tenth on average: an estimate, as it says."""
    take = EspeakEngine().synthesize(
        "Good morning, everybody. Today we look at three things: time, money, and the weather.",
        voice="en-us",
    )
    words = estimate(take.text, take.audio, language="en")
    check_words(words, take.text, take.duration)
    away = [abs(a.start - b.start) for a, b in zip(words, take.words, strict=True)]
    assert max(away) < 0.5
    assert sum(away) / len(away) < 0.12


@settings(max_examples=60)
@given(st.lists(st.sampled_from("a b c d e f g".split()), max_size=60), st.integers(0, 999))  # noqa: SIM905
def test_the_rates_of_an_alignment_are_those_of_the_texts(words, seed):
    """They are summed over stretches, for the speed; that must not make them other."""
    rng = random.Random(seed)  # noqa: S311 - the same in every run
    script = words + [f"w{i}" for i in range(30)] + words
    heard = [rng.choice([w, w, w, w, "x"]) for w in script if rng.random() > 0.1]
    found = align(" ".join(script), hear(" ".join(heard)), duration=100)
    assert found.wer == pytest.approx(wer(" ".join(script), " ".join(heard)))
    assert found.cer == pytest.approx(cer(" ".join(script), " ".join(heard)))
