"""Letters to phonemes, and which letter each of them comes from."""

from __future__ import annotations

import importlib
import sys
import warnings

import pytest

from tests.kokoro_model import add_spacy_model, need_kokoro, vocabulary
from workbench.engines.kokoro.english import EnglishReader
from workbench.engines.kokoro.ipa import in_symbols
from workbench.engines.kokoro.reader import PlainReader
from workbench.script import tokenize

pytestmark = pytest.mark.model  # the phonemes are the engine's own

LANGUAGES = {"e": "es", "f": "fr-fr", "h": "hi", "i": "it", "p": "pt-br"}
AWKWARD = [
    "", "   ", "\u200b", "...", "¿?", "🎉", "a", "1", "%", "№ 5", "3.5", "10:30", "$25.50", "1e400",
    "9" * 400, "x" * 1000, "😀😀 hola 😀", "www.example.com/a?b=c", "ana@b.es", "<b>hola</b>",
    "[hola](/)", "[](/a/)", "[a](/b", "[a](//)", "[[a]](/b/)", "lone \ud800 half", "nul \x00 bell",
    "漢字 и кириллица", "العربية ไทย", "cafe\u0301", "ﬁn de lʼaﬀaire", "١٢٣", "½ ² ① Ⅳ", "ＡＢＣ",
    "\u202eright\u202c", "a\u00adb", "'''", "-- - —", "&&&", "don't won’t l'eau", "(((", "é" * 200,
]  # fmt: skip


@pytest.fixture(scope="module")
def plain():
    need_kokoro()
    from misaki.espeak import EspeakG2P

    known = vocabulary()

    def reader(code):
        sounds = EspeakG2P(LANGUAGES[code])
        return PlainReader(lambda text: sounds(text)[0], known, code)

    return {code: reader(code) for code in LANGUAGES}


@pytest.fixture(scope="module")
def english(tmp_path_factory):
    need_kokoro()
    folder = add_spacy_model(tmp_path_factory.mktemp("spacy"))
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        patch.syspath_prepend(str(folder))
        importlib.invalidate_caches()
        from misaki import en
        from misaki.espeak import EspeakFallback

        sounds = en.G2P(british=False, fallback=EspeakFallback(british=False), unk="")
    sys.modules.pop("en_core_web_sm", None)
    return EnglishReader(sounds, vocabulary(), "a")


def by_word(reader, text):
    """Return each word of a text and the symbols that come from it."""
    reading = reader.read(text)
    assert len(reading.places) == len(reading.symbols) == reader.count(text)
    placed = [place for place in reading.places if place is not None]
    assert placed == sorted(placed)
    pairs = list(zip(reading.symbols, reading.places, strict=True))
    return {
        token.text: "".join(s for s, p in pairs if p is not None and token.start <= p < token.end)
        for token in tokenize(text)
    }


def test_each_spanish_word_has_its_phonemes(plain):
    found = by_word(plain["e"], "Hola, ¿qué tal? — El niño come 3.5 manzanas («sí») a las 10:30.")
    assert found == {
        "Hola,": "ˈola", "¿qué": "kˈe", "tal? —": "tˈal", "El": "el", "niño": "nˈiɲo",
        "come": "kˈome", "3.5": "tɾˈesθˈinko", "manzanas": "manθˈanas", "(«sí»)": "sˈi", "a": "a",
        "las": "las", "10:30.": "ðjˈɛθtɾˈAnta",
    }  # fmt: skip


def test_each_french_word_has_its_phonemes_where_words_run_together(plain):
    """As many words as phonemes have spaces is not a rule: "Les amis" brings a z along."""
    found = by_word(plain["f"], "Il y a l'homme qu'on a vu. Les amis ont 21 ans.")
    assert found["Il"] == "il"
    assert found["y"] == "i"
    assert found["Les"] == "lez"
    assert found["amis"] == "amˈi"
    assert found["21"].startswith("vɛ̃t")
    assert found["ans."] == "ˈɑ̃"


def test_words_that_are_said_as_one_share_its_phonemes():
    """Two words for the converter, one for the ear: each still has a part, in order."""
    alone = {"de": "de", "el": "el", "sol": "sol", "de el sol": "del sol"}
    reader = PlainReader(alone.__getitem__, "adelos ", "e")
    assert by_word(reader, "de el sol") == {"de": "d", "el": "el", "sol": "sol"}


def test_a_language_without_spaces_is_not_given_any():
    """A space would part what the converter takes for a word; each letter has its own phonemes."""
    syllables = {"你": "ni↓", "好": "xau↓", "，": ", "}
    given = []

    def sounds(text):
        given.append(text)
        return "".join(syllables[char] for char in text)

    reader = PlainReader(sounds, "niaux↓, ", "z")
    assert by_word(reader, "你好，你" * 40) == {"你": "ni↓", "好，": "xau↓"}
    assert max(given, key=len) == "你好，你" * 40


def test_a_danda_is_a_stop(plain):
    """misaki drops it, and with it the pause."""
    assert plain["h"].read("नमस्ते। दुनिया।").symbols.count(".") == 2


def test_each_english_word_has_its_phonemes(english):
    found = by_word(
        english, "Hello, world: Dr. Smith's well-known e-mail isn't (quite) $25.50 — 漢字 zyxgorp!"
    )
    assert found["Hello,"] == "həlˈO"
    assert found["Smith's"] == "smˈɪθs"
    assert found["isn't"] == "ˈɪzᵊnt"
    assert found["(quite)"] == "kwˈIt"
    assert "dˈɑləɹ" in found["$25.50 —"]
    assert all(found.values())


def test_markup_says_how_a_word_sounds(plain, english):
    text = "Say [tomato](/təˈmeɪtoʊ/), [New York](/nu jɔɹk/)!"
    found = by_word(english, text)
    assert found["[tomato](/təˈmeɪtoʊ/),"] == "təmˈAtO"
    assert english.read(text).symbols.endswith("!")
    assert "nu jɔɹk" in english.read(text).symbols
    found = by_word(plain["e"], "Di [Kokoro](/koˈkoɾo/), [New York](/nu joɾk/). Ya.")
    assert found["[Kokoro](/koˈkoɾo/),"] == "kokˈoɾo"
    assert (found["[New"], found["York](/nu"]) == ("nu", "joɾk")
    assert plain["e"].read("Di [a](/b/).").symbols == "dˈi b."


def test_a_link_is_not_markup(english):
    """misaki takes any ``[text](target)`` for its own, and drops the target unsaid."""
    assert "ɛɡzˈæmpᵊl" in english.read("See [site](example.com) now").symbols.replace(".", "")


def test_ipa_becomes_the_symbols_of_the_model():
    assert in_symbols("ˈtʃeɪndʒ", "a") == "ʧˈAnʤ"
    assert in_symbols("ɡəʊ", "b") == "ɡQ"
    assert in_symbols("ɡəʊ", "a") == "ɡO"
    assert in_symbols("ɹˈɛd", "a") == in_symbols("ˈred", "a") == "ɹˈɛd"
    assert in_symbols("t͡sˈunami", "e") == "ʦˈunami"
    assert in_symbols("ˈgato", "e") == "ɡˈato"


def test_what_the_model_does_not_know_is_counted():
    """Its model leaves such symbols out without a word."""
    reader = PlainReader(str.upper, {"A", "C", "\u0303", " "}, "e")
    reading = reader.read("abc ã")
    assert (reading.symbols, reading.unknown) == ("AC A\u0303", "B")


@pytest.mark.parametrize("code", ["e", "f", "h", "a"])
def test_awkward_text_is_read_or_has_no_symbols_but_never_fails(plain, english, code):
    """misaki raises on a number that has no name; espeak ends the process on some emoji."""
    reader = english if code == "a" else plain[code]
    for text in AWKWARD:
        by_word(reader, text)
        if any(c.isalnum() for c in text):
            assert reader.count(text), text
        assert reader.read(text) == reader.read(text)


def test_a_converter_that_fails_on_one_word_says_the_others():
    def sounds(text):
        if "9" in text:
            raise OverflowError
        return text.upper()

    reader = PlainReader(sounds, "ABC ", "e")
    assert by_word(reader, "ab 9 c") == {"ab": "AB", "9": "", "c": "C"}
