"""From predicted durations to the times of words."""

from __future__ import annotations

from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.contracts.synthesizer import check_words
from workbench.engines.kokoro.match import match
from workbench.engines.kokoro.words import SAMPLES, Sound, sounds, word_times
from workbench.script import tokenize

RATE = 24_000


def spoken(text, durations):
    """Return the words of a text that is spoken letter by letter, spaces and marks as pauses."""
    letters = text.strip()
    places = [i if c.isalnum() else None for i, c in enumerate(letters)]
    found = sounds(places, durations, letters=0, samples=0)
    return word_times(tokenize(text), found, frames=sum(durations) * SAMPLES, rate=RATE)


def test_a_word_lasts_from_its_first_phoneme_to_its_last():
    """The package gives English words half of each space; other languages have no times at all."""
    #                    h  i  ,  _  y  o  u
    words, silent = spoken("hi, you", [4, 2, 3, 5, 6, 1, 2, 3, 9])
    assert [(w.start, w.end) for w in words] == [(0.1, 0.225), (0.5, 0.65)]
    assert silent == ()


def test_the_truth_is_found_for_any_durations():
    text = "one two three, four. five"
    for seed in range(50):
        durations = [1 + (seed * (i + 3) * 7 + i) % 9 for i in range(len(text) + 2)]
        edges = list(accumulate(durations))
        words, _ = spoken(text, durations)
        for word, token in zip(words, tokenize(text), strict=True):
            length = len(token.text.rstrip(",."))
            assert word.start == pytest.approx(edges[token.start] / 40)
            assert word.end == pytest.approx(edges[token.start + length] / 40)


def test_durations_of_another_length_are_refused():
    assert sounds([0, 1], [1, 1, 1], letters=0, samples=0) is None


@given(
    kinds=st.lists(st.sampled_from(["word", "silent"]), min_size=1, max_size=12),
    gaps=st.lists(st.integers(0, 3), min_size=13, max_size=13),
    lengths=st.lists(st.integers(1, 4), min_size=12, max_size=12),
)
def test_every_word_has_a_time_of_its_own_however_many_are_silent(kinds, gaps, lengths):
    text = " ".join("ab" if kind == "word" else "🎉" for kind in kinds)
    time, found = gaps[-1], []
    for token, kind, gap, length in zip(tokenize(text), kinds, gaps, lengths, strict=False):
        if kind == "word":
            found.append(Sound(place=token.start, start=time * 600, end=(time + length) * 600))
            time += length
        time += gap
    frames = max(time, 1) * 600
    words, silent = word_times(tokenize(text), found, frames=frames, rate=RATE)
    check_words(words, text, frames / RATE)
    assert len(silent) == kinds.count("silent")


def test_phonemes_in_context_are_matched_to_those_of_each_word():
    """Counting spaces fails where a language runs words together: "Il y a" as il ja."""
    whole = "lez ami ɔ̃t y dez i lja."
    alone = "lˈe amˈi ˈɔ̃ ˈy dˈe il iɡʁˈɛk ˈa. "
    found = match(whole, alone)
    partners = "".join(alone[j] if j is not None else "_" for j in found)
    assert partners[:12] == "le_ ami ɔ̃_ y"[:12]
    assert partners[-1] == "."
    assert match("", "abc") == []
    assert match("abc", "") == [None] * 3


def test_matches_rise_for_any_two_texts():
    whole, alone = "kˈe tˈal ˈana " * 30, "ˈola kˈome nˈiɲo " * 25
    places = [place for place in match(whole, alone) if place is not None]
    assert places == sorted(set(places))
