"""What reaches espeak: nothing that harms it, nothing that it would leave unsaid."""

from __future__ import annotations

import pytest

from workbench.engines.espeak import process as espeak_process
from workbench.engines.espeak.engine import EspeakOptions
from workbench.engines.espeak.library import PHONEME, Event
from workbench.engines.espeak.text import spoken
from workbench.engines.espeak.voices import find
from workbench.script import tokenize


def letters(text: str) -> list[int]:
    """Count each letter as a phoneme, and what stands between spaces as a word."""
    return [sum(c.isalnum() for c in word) for word in text.split()]


def ready(text: str) -> str:
    made = spoken(text, tokenize(text), letters)
    assert len(made.text) == len(made.places)
    assert list(made.places) == sorted(made.places)
    return made.text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hola,  tú.", "Hola, tú."),
        ("one\ttwo\nthree", "one two three"),
        ("a\x00b c\x01d", "a b c d"),  # NUL ends a C string; \x01 starts an embedded command
        ("lone \ud800 half", "lone half"),
        ("a\ue000b", "a b"),
        ("hy\u00adphen \u202eright\u202c \ufeffmark", "hyphen right mark"),
        ("cafe\u0301 n\u0303", "café ñ"),
        ("𝓱𝓮𝔂 Ⓐⓑ ＡＢ ﬁn ①", "hey Ab AB fin 1"),
        ("½ x² H₂O", "½ x² H₂O"),
        ("fire 🔥 x🎉y 👩\u200d👩\u200d👧 🇪🇸 1️⃣", "fire x y 1"),
        ("☕ ★ ⠿ Ⓜ 🅰", "M"),
        ("50 °C © ® ™ €5 £3 + = %", "50 °C © ® ™ €5 £3 + = %"),
        ("नमस्ते क्\u200dष", "नमस्ते क्\u200dष"),
        ("<break/> [[h@]] &amp;", "<break/> [[h@]] &amp;"),
    ],
)
def test_each_letter_is_plain_and_composed(text, expected):
    assert ready(text) == expected


def test_places_say_where_each_letter_came_from():
    text = "e\u0301 ﬁ\u00adx 🎉 y"
    made = spoken(text, tokenize(text), letters)
    assert made.text == "é fix y"
    assert made.places == (0, 0, 3, 3, 5, 5, 9)
    assert made.phonemes == (1, 3, 0, 1)


def test_a_long_word_is_cut_after_punctuation_or_in_the_middle():
    assert ready("https://example.com/" + "a" * 50) == "https://example.com/ " + "a" * 50
    assert max(map(len, ready("a" * 1000).split())) <= 60
    assert ready("a" * 1000).replace(" ", "").replace(",", "") == "a" * 1000


def test_a_cut_never_parts_a_letter_from_its_marks():
    text = "ก" + "ก็่" * 70
    assert all(part.startswith("ก") for part in ready(text).split())


def test_ideographs_are_parted_only_when_the_run_is_too_long_for_a_word():
    assert ready("你好" * 20) == "你好" * 20
    assert max(map(len, ready("你好" * 100).split())) <= 80


def test_a_clause_without_end_gets_a_comma_and_one_with_an_end_none():
    assert "," not in ready("word " * 80)
    assert ready("word " * 200).count(" , ") == 2
    assert " , " not in ready("words, and " * 200)
    assert " , " in ready("Dr. " * 200)  # a dot that ends no clause
    assert ready("a b " * 200).count(" , ") == 2  # by words, though phonemes are few


def test_initials_are_limited_across_words():
    """espeak copies initials into 80 bytes without looking: the process ends at about 190."""
    assert ready("J. R. R. Tolkien") == "J. R. R. Tolkien"
    for text in ("x.y.z. " * 40, "я." * 200):
        for clause in ready(text).split(" , "):
            assert sum(c.isalpha() for c in clause) <= 8


def speak(text: str, voice: str) -> tuple[int, int]:
    """Return how many phonemes `text` has word by word, and how many are really spoken."""
    tokens = tokenize(text)
    request = {
        "task": "speak",
        "text": text,
        "spans": [(t.start, t.end, t.space) for t in tokens],
        "voice": find(voice).identifier,
        "settings": EspeakOptions(rate=440).to_dict(),
    }
    _, answer = espeak_process.ask(request)
    events = [Event(*row) for row in answer["events"]]
    heard = sum(e.kind == PHONEME and not e.name.startswith("_") for e in events)
    return sum(answer["phonemes"]), heard


@pytest.mark.parametrize(
    ("voice", "text"),
    [
        ("ja", "テ" * 150),  # alone, espeak 1.52 says 66 of them
        ("th", "สวัสดีครับ" * 20),  # 60 letters
        ("de", "xk" * 50),  # 44 letters
        ("cmn", "你好" * 150),  # 199 ideographs
        ("en-us", "1234567 " * 30),  # 19 numbers
        ("en-us", "1" * 200),  # 45 digits
        ("en-us", "a b " * 200),  # 336 letters
        ("en-us", "ba" * 150),  # 132 letters
        ("es", "я." * 60),
        ("en-us", "U.S. " * 120),  # ends the process
        ("es", "a." * 300),  # ends the process
    ],
)
def test_nothing_is_left_unsaid_however_long(voice, text):
    counted, heard = speak(text, voice)
    assert heard >= 0.97 * counted > 0
