"""Texts in pieces that lose nothing, counted in phonemes."""

from __future__ import annotations

import random
import re

import pytest

from tests.kokoro_model import need_kokoro, vocabulary
from workbench.engines.kokoro.chunks import HARD_LIMIT, LIMIT, pieces
from workbench.engines.kokoro.reader import PlainReader

pytestmark = pytest.mark.model  # the phonemes are the engine's own

PARAGRAPH = (
    "En un lugar de la Mancha, de cuyo nombre no quiero acordarme, no ha mucho tiempo que vivía un "
    "hidalgo de los de lanza en astillero, adarga antigua, rocín flaco y galgo corredor. Una olla "
    "de algo más vaca que carnero, salpicón las más noches, duelos y quebrantos los sábados, "
    "lantejas los viernes, algún palomino de añadidura los domingos, consumían las tres partes de "
    "su hacienda. El resto della concluían sayo de velarte, calzas de velludo para las fiestas, "
    "con sus pantuflos de lo mesmo, y los días de entresemana se honraba con su vellorí de lo más "
    "fino. Tenía en su casa una ama que pasaba de los cuarenta, y una sobrina que no llegaba a los "
    "veinte, y un mozo de campo y plaza que así ensillaba el rocín como tomaba la podadera. "
)
WORDS = {
    "es": "el perro come 25 manzanas y la niña dibuja tres casas grandes mientras llueve en "
    "Sevilla desde 1998 porque nadie quiere salir a la calle sin paraguas ni prisa 3.5 www",
    "en-us": "the dog eats 25 apples and a girl draws three large houses while it rains in "
    "Boston since 1998 because nobody wants to go outside without an umbrella nor haste 3.5 don't",
}
MARKS = [" "] * 14 + [", "] * 3 + [". ", "? ", "! ", "; ", ": ", " — ", "… ", " (", ") "]


@pytest.fixture(scope="module")
def readers():
    need_kokoro()
    from misaki.espeak import EspeakG2P

    converters = {tag: EspeakG2P(tag) for tag in ("es", "en-us")}
    known = vocabulary()
    return {
        tag: PlainReader(lambda text, sounds=sounds: sounds(text)[0], known, "e")
        for tag, sounds in converters.items()
    }


def old_rule(text, count):
    """Return how many phonemes the package leaves out of a text, by its rule for Spanish."""
    parts, current = [], ""
    found = re.split(r"([.!?]+)", text)
    for i in range(0, len(found), 2):
        sentence = "".join(found[i : i + 2])
        if len(current) + len(sentence) <= 400:
            current += sentence
        else:
            parts += [current] if current else []
            current = sentence
    return sum(max(count(part) - 510, 0) for part in [*parts, current])


def said(reader, text):
    """Return the symbols of a text, without finding out where they come from."""
    return reader._known(reader._raw(text, placed=False)).symbols


def bare(symbols):
    """Return phonemes without the marks of stress, which depend on what follows."""
    return re.sub(r"[ˈˌ ]", "", symbols)


@pytest.mark.parametrize("commas", [False, True])
def test_a_spanish_paragraph_keeps_every_phoneme(readers, commas):
    """By the package's own rule 29 of 1,151 phonemes of a paragraph were lost, with commas 644."""
    text = PARAGRAPH.replace(".", ",") if commas else PARAGRAPH
    reader = readers["es"]
    assert old_rule(text, reader.count) > (200 if commas else -1)
    parts = [text[start:end] for start, end in pieces(text, reader.count, "es")]
    assert "".join(parts) == text
    spoken = [reader.read(part).symbols for part in parts]
    assert max(map(len, spoken)) <= LIMIT
    assert bare("".join(spoken)) == bare(reader.read(text).symbols)


def texts(language, count):
    """Yield texts of all lengths, from no marks at all to one after every second word."""
    chance = random.Random(7)  # noqa: S311 - texts, not secrets
    choices = WORDS[language].split()
    for number in range(count):
        marks = MARKS if number % 3 else [" "]
        words = [chance.choice(choices) for _ in range(chance.randrange(1, 160))]
        yield "".join(word + chance.choice(marks) for word in words)


@pytest.mark.parametrize("language", ["es", "en-us"])
@pytest.mark.parametrize(
    "count", [pytest.param(25, id="some"), pytest.param(1000, id="many", marks=pytest.mark.slow)]
)
def test_nothing_is_lost_of_any_text(readers, language, count):
    reader = readers[language]
    for text in texts(language, count):
        found = pieces(text, reader.count, language)
        assert [start for start, _ in found] == [0, *(end for _, end in found[:-1])]
        assert found[-1][1] == len(text)
        parts = [said(reader, text[start:end]) for start, end in found]
        assert max(map(len, parts)) <= LIMIT < HARD_LIMIT
        whole = len(bare(said(reader, text)))
        # A cut between two words undoes what they did to each other, at most a few phonemes.
        assert abs(sum(len(bare(part)) for part in parts) - whole) <= 3 * len(found)


def test_a_word_without_an_end_is_cut_too(readers):
    text = "x" * 1000
    found = pieces(text, readers["es"].count, "es")
    assert found[-1][1] == 1000
    assert all(readers["es"].count(text[start:end]) <= LIMIT for start, end in found)


def test_the_first_piece_is_one_sentence_and_none_is_tiny():
    text = "This is the first sentence of all. No. " + "Another one follows it here. " * 12 + "Yes!"
    found = [text[start:end] for start, end in pieces(text, len, "en")]
    assert found[0].startswith("This is the first sentence of all. ")
    assert len(found[0]) < 45
    assert all(sum(c.isalnum() for c in part) >= 20 for part in found)
    assert all(len(part.strip()) <= 205 for part in found)
    assert pieces("No.", len, "en") == ((0, 3),)
    assert pieces("", len, "en") in {(), ((0, 0),)}


def test_a_tiny_first_or_last_sentence_goes_with_its_neighbour():
    """Kokoro repeats a word or two, or makes a noise of them, when they come alone."""
    full = f"{'a' * 50} {'b' * 46}. "  # two of them are as long as a piece is
    text = f"No. {full * 3}Yes!"
    found = [text[start:end] for start, end in pieces(text, len, "en")]
    assert found[0] == f"No. {full}"
    assert found[1:] == [f"{full * 2}Yes!"]


def test_a_sentence_that_would_be_rushed_is_cut_at_a_clause():
    text = ("and one more clause of it, " * 40).strip()
    found = [text[start:end] for start, end in pieces(text, len, "en")]
    assert max(map(len, found)) <= 401
    assert all(part.rstrip().endswith(",") for part in found)


def test_markup_is_not_cut():
    """A cut within it would have its brackets and IPA spoken."""
    marked = "[New York City](/nu joɹk sɪti/)"
    for offset in range(len(marked)):
        text = f"{'x' * offset} {f'{marked}s ' * 40}"
        for start, end in pieces(text, len, "en"):
            assert text[start:end].count("[") == text[start:end].count("/)")
    assert pieces(marked * 3, len, "en")[-1][1] == len(marked) * 3
