"""Words into cues: letters, sentence ends, line breaks and times."""

from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.captions.cues import caption
from workbench.captions.files import ticks
from workbench.captions.segment import SHORTEST, segment, shown
from workbench.script import tokenize
from workbench.text.letters import clusters, count, units, wide
from workbench.text.sentences import ends_clause, ends_sentence
from workbench.timing import Transcript, Word


def spoken(text, *, step=0.4, said=0.35, start=0.0):
    """Words of a text, said at an even pace."""
    return tuple(
        Word(
            text=token.text, start=start + i * step, end=start + i * step + said, space=token.space
        )
        for i, token in enumerate(tokenize(text))
    )


def lines_of(words, letters, lines=2):
    return [[shown(line) for line in cue] for cue in segment([words], letters=letters, lines=lines)]


# --- letters ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("", 0),
        ("plain", 5),
        ("niño", 4),
        ("nin\u0303o", 4),
        ("กำลัง", 3),
        ("हिन्दी", 2),
        ("한국어", 3),
        ("\u1112\u1161\u11ab", 1),
        ("👩‍👩‍👧", 1),
        ("👍🏽!", 2),
        ("🇪🇸🇲🇽", 2),
        ("ok\ufe0f", 2),
        ("你好。", 3),
    ],
)
def test_letters_are_what_a_reader_counts(text, number):
    assert count(text) == len(clusters(text)) == number
    assert "".join(clusters(text)) == text


def test_a_vowel_written_before_its_consonant_stays_with_it():
    assert units("เเม่ไป") == ["เเม่", "ไป"]


def test_wide_text():
    assert wide("今日はOKです")
    assert wide("안녕하세요")
    assert not wide("Tokyo 東京 is a city")
    assert not wide("")


# --- sentences ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "following"),
    [
        *(("end.", "Then"), ("end.", "then"), ("end!", "Now"), ("¿sí?", "Claro"), ("end…", "Then")),
        *(("end.”", "He"), ('end."', "He"), ("fin.»", "Y"), ("(yes.)", "Then"), ("good.", "")),
        *(("好。", "我"), ("好！", "我"), ("吗？」", "我"), ("है।", "यह"), ("؟نعم؟", "لا"), ("ہے۔", "یہ")),  # noqa: E501
        *(("Stop.", "Go"), ("No.", "Then"), ("etc.", "Then"), ("p.m.", "Then"), ("2024.", "Then")),
        *(("really?!", "Yes"), ("wait...", "What"), ("U.S.", ""), ("no.", "entonces")),
    ],
)  # fmt: skip
def test_ends_of_sentences(word, following):
    """The old splitter took the p. in "Stop." for an abbreviation, and was blocked by quotes."""
    assert ends_sentence(word, following)


@pytest.mark.parametrize(
    ("word", "following"),
    [
        *(("Dr.", "Smith"), ("Sra.", "López"), ("U.S.", "Army"), ("J.", "Smith"), ("p.", "ej.")),
        *(("ej.", "Madrid"), ("3.5", "metres"), ("No.", "5"), ("etc.", "and"), ("EE.", "UU.")),
        *(("p.m.", "today"), ("wait...", "what"), ("Well…", "maybe"), ("Why?”", "he")),
        *(("one,", "two"), ("z.", "B."), ("e.g.", "this"), ("pág.", "12"), (")", ""), ("", "")),
    ],
)  # fmt: skip
def test_what_does_not_end_a_sentence(word, following):
    assert not ends_sentence(word, following)


def test_ends_of_clauses():
    assert all(map(ends_clause, ["one,", "two;", "three:", "four—", "cinco,»", "六、", "سبعة،"]))
    assert not any(map(ends_clause, ["one", "two.", "'s", ""]))


# --- cues and lines -----------------------------------------------------------------------------


def test_ten_short_words_are_one_cue():
    """The old system had its two segmenters swapped: ten words made ten one-word segments."""
    words = spoken("one two six ten one two six ten one two")
    assert lines_of(words, 40) == [["one two six ten one two six ten one two"]]


def test_lines_are_words_and_not_letters():
    """Segment text was a str and was iterated letter by letter, a vertical tower."""
    assert lines_of(spoken("Hola a todos"), 6) == [["Hola a", "todos"]]


@pytest.mark.parametrize("letters", [1, 2, 5, 9])
def test_short_limits_work(letters):
    """A max_length below ten was a range step of 0: ValueError."""
    words = spoken("una prueba corta de verdad")
    cues = lines_of(words, letters)
    assert all(count(line) <= letters for cue in cues for line in cue)
    assert "".join("".join(cue) for cue in cues).replace(" ", "") == "unapruebacortadeverdad"


def test_a_long_first_word_leaves_no_empty_line():
    """A first word longer than the line gave an empty segment or a blank line before it."""
    cues = lines_of(spoken("Otorrinolaringología es larga", step=1.0, said=0.9), 10)
    assert all(line for cue in cues for line in cue)
    assert cues[0] == ["Otorrinola", "ringología"]


def test_spaces_inside_words_are_not_doubled():
    """Whisper's words carry their space: they came out with two."""
    words = [
        Word(text=text, start=i, end=i + 1, space=False)
        for i, text in enumerate([" Hello", " you"])
    ]
    assert lines_of(words, 40) == [["Hello you"]]


def test_punctuation_before_a_word_is_kept():
    """Leading punctuation was dropped, and typographic marks were not known for punctuation."""
    text = "«¿Qué…?» —dijo— “no sé”."
    assert " ".join(line for cue in lines_of(spoken(text), 60) for line in cue) == text


@pytest.mark.parametrize(
    "text",
    [
        "กรุงเทพมหานครอมรรัตนโกสินทร์มหินทรายุธยามหาดิลกภพนพรัตนราชธานีบูรีรมย์",
        "ひらがなだけのとてもながいぶんしょうがここにありますのでどこかでおります",
        "가나다라마바사아자차카타파하가나다라마바사아자차카타파하가나다라마바사",
        "न" + "\u093f" * 3 + "मस्ते" * 12,
        "https://example.org/" + "path/" * 12,
        "👩‍👩‍👧" * 30,
    ],
)
def test_runs_without_spaces_are_cut_between_letters(text):
    """Kana, Hangul and Thai were not cut at all: 26 letters in a line of 10."""
    words = [Word(text=text, start=1.0, end=9.0)]
    cues = list(segment([words], letters=10, lines=2))
    pieces = [word for cue in cues for line in cue for word in line]
    assert "".join(word.text for word in pieces) == text
    assert all(count(shown(line)) <= 10 for cue in cues for line in cue)
    assert sum(count(word.text) for word in pieces) == count(text)
    assert not any(word.text[-1] in "เแโใไ" for word in pieces)
    assert pieces[0].start == 1.0
    assert pieces[-1].end == 9.0
    for before, after in itertools.pairwise(pieces):
        assert before.start < before.end == after.start


def test_a_cue_ends_with_the_sentence():
    words = spoken("I met Dr. Smith in the U.S. on Monday. It was 3.5 miles away. “Far?” No.")
    assert [" ".join(cue) for cue in lines_of(words, 60)] == [
        "I met Dr. Smith in the U.S. on Monday.",
        "It was 3.5 miles away.",
        "“Far?” No.",
    ]


def test_a_silence_ends_a_cue():
    words = spoken("one two") + spoken("three four", start=5)
    assert lines_of(words, 40) == [["one two"], ["three four"]]


def test_a_group_ends_a_cue():
    groups = [spoken("one two"), spoken("three", start=1)]
    cues = list(segment(groups, letters=40, lines=2))
    assert [[shown(line) for line in cue] for cue in cues] == [["one two"], ["three"]]


def test_breaks_fall_after_clauses_and_lines_are_balanced():
    words = spoken("When the rain stops, we will walk down to the river, and then we can talk.")
    assert lines_of(words, 42) == [
        ["When the rain stops, we will walk down", "to the river, and then we can talk."]
    ]
    assert lines_of(words, 32) == [
        ["When the rain stops,", "we will walk down to the river,"],
        ["and then we can talk."],
    ]
    words = spoken("the quick brown fox jumps over the lazy dog near the old stone bridge today")
    for cue in lines_of(words, 24):
        for line in cue[:-1]:
            assert line.split()[-1] not in {"the", "over", "a"}
        if len(cue) == 2:
            assert abs(len(cue[0]) - len(cue[1])) <= 9


def test_little_words_begin_a_line_rather_than_end_it():
    """The most even break would leave "and" hanging."""
    words = spoken("We went to the market and the old harbour before lunch")
    assert lines_of(words, 36) == [["We went to the market", "and the old harbour before lunch"]]


def test_one_line_when_it_fits():
    assert lines_of(spoken("w x k t", step=1.0), 7) == [["w x k t"]]
    assert lines_of(spoken("w x k t", step=1.0), 6, lines=1) == [["w x"], ["k t"]]


def test_a_cue_lasts_seven_seconds_at_most():
    words = spoken("slow " * 30, step=1.0, said=0.9)
    for cue in segment([words], letters=80, lines=2):
        assert cue[-1][-1].end - cue[0][0].start <= 7.0


def test_flashes_are_avoided():
    """Three exclamations in a second are one cue, for no one reads a third of a second."""
    words = spoken("No! No! No! I said that we would wait.", step=0.3, said=0.3)
    assert [" ".join(cue) for cue in lines_of(words, 42)] == [
        "No! No! No!",
        "I said that we would wait.",
    ]


# --- times --------------------------------------------------------------------------------------


def test_a_short_cue_stays_while_it_is_silent():
    words = (*spoken("Yes."), *spoken("Then a longer sentence follows.", start=5))
    first, second = caption(Transcript(words=words))
    assert first.end == pytest.approx(SHORTEST)
    assert second.start == 5.0


def test_reading_speed_stretches_into_silence_only():
    words = (
        *spoken("Incomprehensibilities notwithstanding.", step=0.5, said=0.4),
        *spoken("Next.", start=1.5),
        *spoken("Last.", start=9),
    )
    cues = caption(Transcript(words=words), reading_speed=10)
    assert cues[0].end == 1.5  # 37 letters want 3.7 seconds, and the next cue comes
    assert cues[1].end == pytest.approx(1.5 + SHORTEST)


def test_a_blink_of_empty_screen_is_closed():
    words = (*spoken("One sentence here.", step=0.5, said=0.5), *spoken("Two.", start=1.6))
    first, second = caption(Transcript(words=words))
    assert first.end == second.start


class Said:
    """Words with a length of sound that may differ from their end."""

    language = ""

    def __init__(self, words, duration):
        self.words, self.duration = words, duration


def check(words, duration, letters, lines):
    """What holds for any words whatever."""
    cues = caption(Said(words, duration), letters=letters, lines=lines)
    limit = max([duration, *(word.end for word in words)])
    end = 0.0
    for cue in cues:
        assert end <= cue.start < cue.end <= limit + 0.1 + 1e-9
        end = cue.end
        assert 1 <= len(cue.lines) <= lines
        for line in cue.lines:
            assert line
            assert 1 <= count(shown(line)) <= letters
        time = cue.start
        for word in cue.words:
            assert time <= word.start <= word.end <= cue.end
            time = word.start
    assert shown(cues.words) == shown(words)
    # Nothing in a written file is empty or overlaps, whatever its clock.
    for rate in (100, 1000):
        last = 0
        for start, stop in ticks(cues, rate):
            assert last <= start < stop
            last = stop
    return cues


ALPHABET = "aábcñ,.!?…'\"»-—1234%你。กำแโé\u0301👍🏽{}\\<>&"


def some_words(dice):
    """A list of words of every shape: even, hasty, simultaneous, overlapping, endless, silent."""
    time, words = dice.choice([0.0, 0.0, 3.0]), []
    shape = dice.randrange(6)
    for _ in range(dice.randint(1, 8)):
        length = dice.choice([1, 2, 3, 4, 5, 7, 40 if dice.random() < 0.1 else 8])
        text = "".join(dice.choices(ALPHABET, k=length))
        said = [dice.uniform(0.1, 0.6), 0.001, 0.0, 2.0, dice.uniform(0, 3), 0.3][shape]
        words.append(Word(text=text, start=time, end=time + said, space=dice.random() < 0.8))
        time += [said, 0.001, 0.0, 0.3, dice.uniform(0, 3), dice.choice([0.3, 5.0])][shape]
    return words


def test_five_thousand_word_lists():
    """Words under half a second ended before they began, and the first at -0.01 seconds."""
    dice = random.Random(5)  # noqa: S311 - the same lists in every run
    for _ in range(5000):
        words = some_words(dice)
        duration = max(word.end for word in words) + dice.choice([0.0, 0.0, 0.5, 4.0])
        check(words, duration, dice.choice([1, 3, 8, 16, 20, 42]), dice.choice([1, 2, 3]))


word_lists = st.lists(
    st.tuples(
        st.text(ALPHABET, min_size=1, max_size=30),
        st.floats(0, 2),
        st.floats(0, 3),
        st.booleans(),
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=100, deadline=None)
@given(word_lists, st.integers(1, 30), st.integers(1, 3), st.floats(0, 2))
def test_any_words_become_legal_cues(rows, letters, lines, more):
    time, words = 0.0, []
    for text, gap, said, space in rows:
        time += gap
        words.append(Word(text=text, start=time, end=time + said, space=space))
    check(words, max(word.end for word in words) + more, letters, lines)


def test_words_out_of_order_keep_the_order_of_the_script():
    words = [
        Word(text=f"w{i}", start=t, end=t + 0.2) for i, t in enumerate([0, 0.9, 0.3, 1.2, 1.1])
    ]
    cues = check(words, 2.0, 20, 1)
    assert shown(cues.words) == "w0 w1 w2 w3 w4"
    assert [word.start for word in cues.words] == [0, 0.9, 0.9, 1.2, 1.2]


def test_a_hundred_cues_in_no_time_keep_their_order():
    words = [Word(text="Wow!", start=2.0, end=2.0) for _ in range(100)]
    cues = check(words, 2.0, 4, 1)
    assert len(cues) == 100


def test_the_work_grows_with_the_words(monkeypatch):
    """Counted in looks at the words, not in seconds: twice the words, twice the looks."""

    class Watched(Word):
        looks = 0

        def __getattribute__(self, name):
            Watched.looks += name in {"start", "end"}
            return super().__getattribute__(name)

    looks = []
    for number in (600, 1200, 2400):
        words = [
            Watched(text=word.text, start=word.start, end=word.end)
            for word in spoken("word thing again " * (number // 3), step=0.3, said=0.3)
        ]
        Watched.looks = 0
        list(segment([words], letters=42, lines=2))
        looks.append(Watched.looks)
    assert looks[2] < 2.1 * looks[1] < 4.4 * looks[0]
