"""Words said in a way of their own: the file, its errors, and where its words are found."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import StorageError, TextError
from workbench.text.lexicon import Entry, Lexicon
from workbench.text.normalize import normalize

TOML = """
[words.en]
Kokoro = { ipa = "kˈOkəɹO", say = "koh koh roh" }
nginx = "engine x"
"New York" = { ipa = "nˈu jˈɔɹk" }
GIF = "jif"
gif = "gift"
[words.en-gb]
nginx = "engine ex"
[words."*"]
Xalapa = "jalapa"
"""


@pytest.fixture
def lexicon(tmp_path):
    path = tmp_path / "lexicon.toml"
    path.write_text(TOML, encoding="utf-8")
    return Lexicon.load(path)


def test_a_file_becomes_a_lexicon_and_a_file_again(lexicon, tmp_path):
    assert len(lexicon) == 7
    assert lexicon.find("Kokoro", "en") == Entry(ipa="kˈOkəɹO", say="koh koh roh")
    path = lexicon.save(tmp_path / "again" / "lexicon.toml")
    again = Lexicon.load(path)
    assert again == lexicon
    assert hash(again) == hash(lexicon)
    assert Lexicon.from_dict(lexicon.to_dict()) == lexicon
    assert pickle.loads(pickle.dumps(lexicon)) == lexicon  # noqa: S301
    assert {lexicon: 1}[again] == 1


def test_the_digest_is_of_the_content_alone(lexicon):
    """It goes into cache keys: a word that is changed has to be spoken again."""
    backwards = Lexicon(
        words=dict(reversed([(k, dict(reversed(v.items()))) for k, v in lexicon.words.items()]))
    )
    assert backwards.digest == lexicon.digest
    other = lexicon.merged(Lexicon(words={"en": {"GIF": "ghif"}}))
    assert other.digest != lexicon.digest
    assert len(lexicon.digest) == 16
    assert Lexicon().digest != lexicon.digest


def test_the_nearest_language_and_case_come_first(lexicon):
    assert lexicon.find("nginx", "en-gb").say == "engine ex"
    assert lexicon.find("nginx", "en-US").say == "engine x"
    assert lexicon.find("Xalapa", "es-mx").say == "jalapa"
    assert lexicon.find("GIF", "en").say == "jif"
    assert lexicon.find("gif", "en").say == "gift"
    assert lexicon.find("Gif", "en").say == "jif"  # the first that is written so in another case
    assert lexicon.find("Kokoro", "es") is None


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("Run nginx now", "Run engine x now"),
        ("NGINX's logs, (nginx).", "engine x's logs, (engine x)."),
        ("GIF gif Gif", "jif gift jif"),
        ("nginxes and my_nginx stay", "nginxes and my_nginx stay"),
        ("Kokoro in Xalapa", "koh koh roh in jalapa"),
    ],
)
def test_whole_words_are_respelt(lexicon, text, spoken):
    ready = normalize(text, "en", lexicon=lexicon)
    assert ready.spoken == spoken
    assert {change.rule for change in ready.changes} <= {"lexicon"}


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("Kokoro, nginx", "[Kokoro](/kˈOkəɹO/), engine x"),
        ("kokoro's voice", "[kokoro's](/kˈOkəɹOz/) voice"),
        # Each word by itself, so that each keeps its time.
        ("in New  York.", "in [New](/nˈu/) [York](/jˈɔɹk/)."),
        ("[data](/dˈɑtə/) 25", "[data](/dˈɑtə/) twenty-five"),
        ("[25](/twˈɛnti fˈIv/) 🎉", "[25](/twˈɛnti fˈIv/) "),
    ],
)
def test_an_engine_with_phonemes_gets_the_sounds(lexicon, text, spoken):
    assert normalize(text, "en", lexicon=lexicon, phonemes=True).spoken == spoken


@pytest.mark.parametrize(("word", "ipa"), [("bus", "bʌsɪz"), ("cat", "kætz"), ("dog", "dɔɡz")])
def test_a_possessive_sounds_as_english_says_it(word, ipa):
    entry = {"bus": "bʌs", "cat": "kæt", "dog": "dɔɡ"}[word]
    ready = normalize(
        f"{word}’s", "en", phonemes=True, lexicon=Lexicon(words={"en": {word: Entry(ipa=entry)}})
    )
    assert ready.spoken == f"[{word}’s](/{ipa.replace('kætz', 'kæts')}/)"


def test_a_word_with_sounds_alone_is_left_and_noted(lexicon):
    ready = normalize("New York 5", "en", lexicon=lexicon)
    assert ready.spoken == "New York five"
    assert len(ready.notes) == 1
    assert "New York" in ready.notes[0]


def test_the_lexicon_comes_before_the_rules():
    lexicon = Lexicon(words={"en": {"24/7": "round the clock", "Dr.": "drive"}})
    assert (
        normalize("24/7 on Main Dr. Smith", "en", lexicon=lexicon).spoken
        == "round the clock on Main drive Smith"
    )


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("[words.en]\nnginx = 5", "words.en.nginx: needs text or a table"),
        ("[words.en]\nnginx = { sai = 'x' }", "did you mean 'say'"),
        ("[words.en]\nnginx = { say = 5 }", "needs say as text"),
        ("[words.en]\nnginx = ''", "does not say how"),
        ("[words.en]\nnginx = { ipa = 'a/b(' }", "brackets, slashes"),
        ("[words.en]\n'...' = 'dots'", "no letter"),
        ("[words.en]\n'' = 'dots'", "not a word"),
        ("[words]\nnginx = 'engine x'", "outside of a language"),
        ("[wrds.en]\nnginx = 'engine x'", "did you mean 'words'"),
        ("[words.English!]\nnginx = 'x'", "not valid TOML"),
        ("[words.'en glish']\nnginx = 'x'", "is not a language"),
        ("words = 5", "as tables"),
        ("[words.en]\nNew York = 'x'", "stand in quotes"),
        (b"\xff\xfe[", "not valid TOML"),
    ],
)
def test_a_bad_file_is_named_with_its_key_and_a_cure(tmp_path, content, told):
    path = tmp_path / "lexicon.toml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(TextError) as caught:
        Lexicon.load(path)
    assert str(caught.value).startswith(str(path))
    assert told in str(caught.value)


def test_a_project_has_a_lexicon_by_name_or_place(tmp_path, monkeypatch, lexicon):
    monkeypatch.delenv("WORKBENCH_LEXICON", raising=False)
    monkeypatch.chdir(tmp_path)
    assert Lexicon.project() == lexicon
    (tmp_path / "lexicon.toml").unlink()
    assert not Lexicon.project()
    other = tmp_path / "other.toml"
    other.write_text('[words.es]\na = "b"', encoding="utf-8-sig")
    monkeypatch.setenv("WORKBENCH_LEXICON", str(other))
    assert Lexicon.project().find("a", "es").say == "b"
    monkeypatch.setenv("WORKBENCH_LEXICON", str(tmp_path / "none.toml"))
    with pytest.raises(StorageError, match="no such lexicon"):
        Lexicon.project()


def test_a_folder_is_no_lexicon(tmp_path):
    with pytest.raises(StorageError):
        Lexicon.load(tmp_path)


@given(
    st.text(max_size=40),
    st.dictionaries(st.text(min_size=1, max_size=5), st.text(min_size=1, max_size=5), max_size=4),
)
def test_any_words_in_any_text(text, words):
    """A word is looked for as it is, whatever it means in a search pattern."""
    usable = {k: v for k, v in words.items() if any(map(str.isalnum, k)) and v.strip()}
    lexicon = Lexicon(words={"*": usable})
    for word in usable:
        assert lexicon.find(word, "en") is not None
    assert normalize(text, "xx", lexicon=lexicon, phonemes=True).text == text
