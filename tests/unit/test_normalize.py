"""What is changed is reported, can be switched off, and leads back to the words of the original."""

from __future__ import annotations

import json
import sys
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unit import corpus

from tests.contracts.synthesizer import SynthesizerContract, check_words
from workbench.errors import ParameterError, TextError
from workbench.script import tokenize
from workbench.text.edits import Change, applied, composed
from workbench.text.lexicon import Lexicon
from workbench.text.normalize import RULES, Spoken, normalize, require_speech
from workbench.text.shares import divide, fill
from workbench.timing import Word

LANGUAGES = ["en-us", "en-gb", "es", "es-mx", "fr", "zh", "ja", "xx", ""]


def say(ready, *, gap=0.0):
    """Words of equal length for what is spoken."""
    step = 1 + gap
    return [
        Word(text=token.text, start=i * step, end=i * step + 1, space=token.space)
        for i, token in enumerate(tokenize(ready.spoken))
    ]


def check(text, language, **options):
    ready = normalize(text, language, **options)
    assert ready.text == text
    assert ready.spoken == applied(text, ready.changes)
    place = 0
    for change in ready.changes:
        assert place <= change.start < change.end <= len(text)
        assert change.original == text[change.start : change.end] != change.spoken
        assert change.rule in [rule.name for rule in RULES]
        place = change.end
    assert len(ready.owners) == len(tokenize(ready.spoken))
    assert list(ready.owners) == sorted(ready.owners)
    for gap in (0.0, 0.5):
        if words := say(ready, gap=gap):
            check_words(ready.restore(words), text, words[-1].end)
    return ready


# --- any text -------------------------------------------------------------------------------------

_ODD = [
    *"0123456789.,:/-–%$€£ aDr.IVXh#@&<>b*_½ºª+=×^()[]'~pmkM°é你",
    "\u200b",
    "\u00a0",
    "\ud800",
    "🎉",
]


@settings(max_examples=300)
@given(
    st.one_of(st.text(max_size=60), st.lists(st.sampled_from(_ODD), max_size=40).map("".join)),
    st.sampled_from(LANGUAGES),
)
def test_any_text_is_spoken_and_restored(text, language):
    check(text, language)


@pytest.mark.parametrize("language", ["en-us", "es"])
def test_the_words_of_a_corpus_come_back(language):
    lines = corpus.english() if language == "en-us" else corpus.spanish()
    assert sum(not check(line, language).identity for line in lines) > 100


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize(
    "piece",
    [*("1", "1,", "a.", "-", "<b ", "**a", "1 000 ", "@", "http://", "1/", "$1-", "I ", "x", "🎉"),
     *("a@", "10:", "1-", "[", "[a](/", "1\u00a0", "(1) ", "Dr. ", "_a", "`", "*a ", "&", "+1")],
)  # fmt: skip
def test_a_long_text_of_one_kind_takes_no_time_that_grows_with_its_square(piece, language):
    """Judged by calls, not by the clock: a search that backtracks would never come back."""
    text = piece * (20_000 // len(piece))
    assert normalize(text, language).text == text


# --- forty awkward inputs -------------------------------------------------------------------------

NOTHING = [*("", " ", "\n\t", "...", "—", "\u200b", "\ufeff", "🎉", "👩‍👩‍👧", "❤️", "🇪🇸", "™", "\ud800", "\x00"),  # noqa: E501
           *("<b></b>", "**", "\u202e\u202c", "!?", "«»", "\ue000", "★ ★", "\U000e0041")]  # fmt: skip  # noqa: E501
SOMETHING = {
    "<b>hola</b>": "hola",  # Kokoro read "be hola barra be"
    'Say <break time="5s"/> it': "Say  it",
    "a <b and c> d": "a <b and c> d",  # no tag
    "zero\u200bwidth, soft\u00adhyphen": "zerowidth, softhyphen",
    "\u202eright to left\u202c": "right to left",
    "lone \ud800 surrogate": "lone   surrogate",
    "x" * 1000: "x" * 1000,
    "1️⃣ party 🎉!": "one party !",
    "𝓗𝓮𝓵𝓵𝓸 Ⓐ ＡＢ": "Hello A AB",
    "מילה עברית": "מילה עברית",
    "می‌خواهم": "می‌خواهم",  # the joiner is a letter's business here
    "http://a.io/": "a dot io",
    "fish &amp; chips": "fish and chips",
    "**bold**, `code` and _under_": "bold, code and under",
    "snake_case and 2 * 3 * 4": "snake_case and two * three * four",
    "# Title": "Title",
    "[word](/wɜːd/) here": "word here",
    "%s %n {0} ${HOME}": "%s %n {zero} ${HOME}",
    "नमस्ते दुनिया": "नमस्ते दुनिया",
    "你好，世界！": "你好，世界！",
    "ABC": "ABC",
}


@pytest.mark.parametrize("language", ["en", "es", "fr"])
@pytest.mark.parametrize("text", NOTHING)
def test_nothing_to_speak_is_an_error_that_names_it(text, language):
    """The old system concatenated no sound for U+200B and read pictures out."""
    ready = check(text, language)
    with pytest.raises(TextError, match="nothing to speak") as caught:
        require_speech(ready)
    assert caught.value.subject
    for change in ready.changes[:1]:
        assert f"letters {change.start} to {change.end}" in str(caught.value)


@pytest.mark.parametrize(("text", "spoken"), SOMETHING.items())
def test_awkward_text_is_spoken_with_a_report(text, spoken):
    ready = check(text, "en")
    assert ready.spoken == spoken
    assert ready.identity == (text == spoken)
    require_speech(ready)


@pytest.mark.parametrize("text", [t for t in SynthesizerContract.hostile if t])
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_hostile_texts_of_the_contract(text, language):
    require_speech(check(text, language))


def test_a_text_given_as_it_is():
    require_speech("Yes.")
    with pytest.raises(TextError, match="nothing to speak"):
        require_speech("…")


# --- rules ----------------------------------------------------------------------------------------

EXAMPLES = {
    "invisible": "a\u200bb",
    "phonemes": "[a](/b/)",
    "markup": "<i>a</i>",
    "emoji": "a 🎉",
    "styled": "𝓗i",
    "lexicon": "nginx",
    "urls": "example.com/a",
    "emails": "a@b.com",
    "mentions": "@ana",
    "dates": "2026-11-23",
    "times": "10:30",
    "money": "$5",
    "phones": "555-123-4567",
    "percent": "5%",
    "units": "5 km",
    "fractions": "3/4",
    "ordinals": "3rd",
    "romans": "Chapter IV",
    "years": "in 1999",
    "abbreviations": "Dr. No",
    "symbols": "you & me",
    "ranges": "10-20",
    "numbers": "5",
}


def test_every_rule_has_an_example_and_help():
    assert list(EXAMPLES) == [rule.name for rule in RULES]
    assert all(rule.help for rule in RULES)


@pytest.mark.parametrize(("rule", "text"), EXAMPLES.items())
def test_a_rule_can_be_switched_off_alone(rule, text):
    lexicon = Lexicon(words={"en": {"nginx": "engine x"}})
    ready = normalize(text, "en", lexicon=lexicon)
    assert {change.rule for change in ready.changes} == {rule}
    without = normalize(text, "en", lexicon=lexicon, rules={rule: False})
    assert rule not in {change.rule for change in without.changes}
    alone = {name: name == rule for name in EXAMPLES}
    assert normalize(text, "en", lexicon=lexicon, rules=alone).spoken == ready.spoken


def test_an_unknown_rule_is_refused_with_the_nearest():
    with pytest.raises(ParameterError, match="did you mean 'dates'"):
        normalize("a", "en", rules={"date": False})
    with pytest.raises(ParameterError, match="true or false"):
        normalize("a", "en", rules={"dates": "no"})
    with pytest.raises(ParameterError, match="text"):
        normalize(None, "en")


def test_other_languages_have_whole_numbers_and_clean_text():
    ready = normalize("J'ai 25 pommes 🎉, 1 poire et 3,5 kg.", "fr-fr")
    assert ready.spoken == "J'ai vingt-cinq pommes , 1 poire et 3,5 kg."
    assert [change.rule for change in ready.changes] == ["numbers", "emoji"]
    assert normalize("25 Dr. $5", "xx").identity


def test_the_library_is_imported_late():
    assert "num2words" not in sys.modules or normalize("5", "en").spoken == "five"


# --- back to the original -------------------------------------------------------------------------


def times(words):
    return [(w.text, round(w.start, 3), round(w.end, 3)) for w in words]


def test_nothing_changed_is_nothing_changed():
    ready = normalize("Hello, world.", "en")
    assert ready.identity
    words = say(ready, gap=0.1)
    assert list(ready.restore(words)) == words


def test_a_token_lasts_as_long_as_its_words():
    ready = normalize("On Nov 23, 2026 pay $25.50 now", "en")
    words = say(ready)
    back = ready.restore(words)
    assert ready.spoken.split() == [w.text for w in words]
    # On November twenty-third, twenty twenty-six pay twenty-five dollars and fifty cents now
    assert times(back) == [
        ("On", 0, 1), ("Nov", 1, 2), ("23,", 2, 3), ("2026", 3, 5), ("pay", 5, 6),
        ("$25.50", 6, 11), ("now", 11, 12),
    ]  # fmt: skip


def test_tokens_that_became_one_word_share_its_time():
    ready = Spoken(
        text="ad hoc now",
        changes=(Change(start=0, end=6, original="ad hoc", spoken="adhoc", rule="lexicon"),),
    )
    back = ready.restore(say(ready))
    assert [w.text for w in back] == ["ad", "hoc", "now"]
    assert back[0].start == 0
    assert back[0].end <= back[1].start < back[1].end <= 1
    assert times(back)[2] == ("now", 1, 2)


def test_what_is_not_spoken_gets_a_moment():
    ready = normalize("🎉 one 🎉 two 🎉", "en")
    assert times(ready.restore(say(ready, gap=0.5))) == [
        ("🎉", 0.0, 0.02), ("one", 0.02, 1), ("🎉", 1, 1.5), ("two", 1.5, 2.48), ("🎉", 2.48, 2.5),
    ]  # fmt: skip


def test_words_of_another_text_are_refused():
    ready = normalize("It is 25", "en")
    with pytest.raises(ParameterError, match="not the 3 words"):
        ready.restore(say(ready)[:2])
    with pytest.raises(ParameterError, match="not the 3 words"):
        ready.restore([*say(ready)[:2], Word(text="25", start=2, end=3)])


def test_it_can_be_written_down():
    ready = normalize("Pay $5 🎉", "en-us")
    assert Spoken.from_dict(json.loads(json.dumps(ready.to_dict()))) == ready


# --- the parts ------------------------------------------------------------------------------------


@st.composite
def edits(draw, length):
    found, place = [], 0
    while place < length:
        start = place + draw(st.integers(0, 3))
        end = start + draw(st.integers(1, 3))
        if end > length:
            break
        found.append((start, end, draw(st.text("XYZ", max_size=3))))
        place = end
    return found


@settings(max_examples=300)
@given(st.data(), st.text("abcdef", max_size=14))
def test_two_rounds_of_changes_are_one(data, text):
    def made(source):
        return [
            Change(start=a, end=b, original=source[a:b], spoken=s, rule="r")
            for a, b, s in data.draw(edits(len(source)))
            if source[a:b] != s
        ]

    first = made(text)
    between = applied(text, first)
    second = made(between)
    whole = composed(text, first, second)
    assert applied(text, whole) == applied(between, second)
    assert all(a.end <= b.start for a, b in pairwise(whole))
    assert all(c.original == text[c.start : c.end] for c in whole)


@given(
    st.lists(
        st.one_of(st.none(), st.tuples(st.floats(0, 1), st.floats(0.01, 1))),
        min_size=1,
        max_size=12,
    ),
    st.floats(0.5, 5),
    st.floats(0.05, 10),
)
def test_every_word_gets_a_time(shape, rest, pace):
    known, place = [], 0.0
    for item in shape:
        known.append(item and (place + item[0], place + item[0] + item[1]))
        place = known[-1][1] if item else place
    times = fill(known, [1.0] * len(known), end=place + rest, pace=pace)
    assert len(times) == len(known)
    assert all(0 <= a < b <= place + rest + 1e-9 for a, b in times)
    assert all(one[1] <= other[0] + 1e-12 for one, other in pairwise(times))
    assert divide(0, 1, [1]) == [(0, 1)]
