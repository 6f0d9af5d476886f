from __future__ import annotations

import json
import unicodedata
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from workbench.errors import ParameterError, TextError
from workbench.script import Line, Pause, Script, tokenize
from workbench.text.manuscript import Manuscript

if TYPE_CHECKING:
    from pathlib import Path

# Letters that matter here: spaces, marks, scripts with and without spaces, joiners, emoji, tags.
LETTERS = st.sampled_from(
    "aé ñ9.,¿?¡!—«»()[]:\"'%&@#$ \t\n\u00a0\u200d\u3000\u0301\u202e"
    "你好。，世「」ーっカ👩\U0001f3fd한국ไทย"
)
TEXTS = st.text(LETTERS, max_size=30)
MARKUP = st.lists(
    st.sampled_from(
        [
            "[pause 0.5s]",
            "[pause",
            "]",
            "[voice:a:b]",
            "[voice:]",
            "[",
            "hola",
            " ",
            "\n",
            "[x]",
            "1",
        ]
    ),
    max_size=10,
).map("".join)


def solid(text: str) -> str:
    return "".join(text.split())


@given(TEXTS)
@example("¿ Qué — dijo él ?")
@example("（你好）「世界」。")
@example("— — —")
@example("a\u3000b")
def test_no_letter_is_lost_and_each_is_in_one_word(text: str):
    tokens = tokenize(text)
    if not tokens:
        # Nothing in it can be said: marks and spaces, no letter, no digit, no symbol.
        assert not any(unicodedata.category(c)[0] in "LNS" or c in "%&@#" for c in text)
        return
    assert solid("".join(token.text for token in tokens)) == solid(text)
    end = 0
    for token in tokens:
        assert text[token.start : token.end] == token.text
        assert token.start >= end
        assert token.text == token.text.strip()
        assert token.space == text[token.end : token.end + 1].isspace()
        end = token.end


@given(TEXTS)
def test_joining_the_words_spells_the_line(text: str):
    tokens = tokenize(text)
    joined = "".join(token.text + (" " if token.space else "") for token in tokens)
    assert solid(joined) == (solid(text) if tokens else "")
    assert len(joined.split()) == len(text.split()) or not tokens


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Hola, mundo.", ["Hola,", "mundo."]),
        ("— Hola — dijo.", ["— Hola —", "dijo."]),
        ("¡ Ay !", ["¡ Ay !"]),
        ("3 % de 5 €", ["3", "%", "de", "5", "€"]),
        ("它说:「你好」。", ["它", "说:", "「你", "好」。"]),
        ("他 —你", ["他", "—你"]),
        ("カード", ["カー", "ド"]),
        ("iPhone買う", ["iPhone", "買", "う"]),
        ("... !!", []),
        ("", []),
    ],
)
def test_what_a_word_is(text: str, words: list[str]):
    assert [token.text for token in tokenize(text)] == words


def test_a_long_line_is_no_trouble():
    assert len(tokenize("你" * 3_000)) == 3_000
    assert len(tokenize("ab " * 3_000)) == 3_000


# -- markup -----------------------------------------------------------------------------------


def items(text: str) -> list[object]:
    return [
        (item.text, item.voice) if isinstance(item, Line) else item.seconds
        for item in Script.parse(text).items
    ]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a [pause 0.5s] b", [("a", None), 0.5, ("b", None)]),
        ("a[pause 500ms]b", [("a", None), 0.5, ("b", None)]),
        ("a [PAUSE: 2 S] b", [("a", None), 2.0, ("b", None)]),
        ("a [pause 1]", [("a", None), 1.0]),
        ("[voice:espeak:es] a\nb", [("a", "espeak:es"), ("b", "espeak:es")]),
        ("[voice:x] a [voice:default] b", [("a", "x"), ("b", None)]),
        ("[voice: mi voz ]a", [("a", "mi voz")]),
        ("ho[voice:x]la", [("ho", None), ("la", "x")]),
        ("a [sic] b", [("a [sic] b", None)]),
        ("a [pauses] [voices] b", [("a [pauses] [voices] b", None)]),
        ("[[pause 1s]] a", [1.0, ("] a", None)]),
        ("\ufeffa\r\n\r\n  b\tc  ", [("a", None), ("b c", None)]),
        ("a\0b\x1b[31mc", [("a b [31mc", None)]),
        ("a\ud800b", [("a b", None)]),
        ("...\n—\na", [("a", None)]),
    ],
)
def test_what_markup_means(text: str, found: list[object]):
    assert items(text) == found


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a\n[pause] b", r"script line 2: \[pause\] does not say how long; write it as \[pause 0"),
        ("[pause for effect] a", r"\[pause for effect\] is not a pause of 0 to 60 seconds"),
        ("[pause -1s] a", "is not a pause"),
        ("[pause 61s] a", "is not a pause"),
        ("[pause 1e9] a", "is not a pause"),
        ("[pause 0,5s] a", "is not a pause"),
        ("a [pause 0.5s", "is not a tag"),
        ("a [puase 1s] b", "did you mean 'pause'"),
        ("[vioce:x] b", "did you mean 'voice'"),
        ("[pause nan] a", "is not a pause"),
        ("[voice:] a", r"script line 1: \[voice:\] names no voice"),
        ("[voice] a", "names no voice"),
        ("", "has no words to speak"),
        (" \n\t\n", "has no words to speak"),
        ("[pause 1s]", "has no words to speak"),
        ("…!?", "has no words to speak"),
        ("a" * 20_001, "script line 1: is 20,001 letters long"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(text: str, told: str):
    with pytest.raises(TextError, match=told):
        Script.parse(text)


@given(MARKUP | TEXTS)
def test_any_text_is_a_script_or_an_error_of_ours(text: str):
    try:
        script = Script.parse(text)
    except TextError:
        return
    assert all(line.text == " ".join(line.text.split()) for line in script.lines)
    assert all(line.words for line in script.lines)
    assert all(0 <= p.seconds <= 60 for p in script.items if isinstance(p, Pause))
    numbers = [item.number for item in script.items]
    assert numbers == sorted(numbers)


@given(st.lists(st.sampled_from(["hola", "你好", "¿qué?", "3 %", "[sic]", "👩‍🚀"]), min_size=1))
def test_without_tags_every_letter_is_spoken(words: list[str]):
    text = " ".join(words)
    assert solid(Script.parse(text).text) == solid(text)


def test_an_emoji_that_python_does_not_know_yet_is_kept():
    new = "\U0001fae9"  # of Unicode 16, unassigned in Python 3.11 and 3.12
    assert Script.parse(f"hola {new}").text == f"hola {new}"
    assert Script.parse("hola \ufffe\ufdd0\U0010ffff adiós").text == "hola adiós"


def test_only_text_is_a_script():
    with pytest.raises(ParameterError, match="must be text, not bytes"):
        Script.parse(b"a")  # type: ignore[arg-type]


@pytest.mark.parametrize("seconds", [-0.1, 60.1, float("nan"), float("inf")])
def test_a_pause_is_of_0_to_60_seconds(seconds: float):
    with pytest.raises(ParameterError, match="pause: must be 0 to 60 seconds"):
        Pause(seconds=seconds)


# -- files ------------------------------------------------------------------------------------


def test_a_script_is_a_file_or_the_text_itself(tmp_path: Path):
    file = tmp_path / "talk.TXT"
    file.write_text("\ufeffHola.\nAdiós.", encoding="utf-8")
    assert Script.load(str(file)).text == "Hola.\nAdiós."
    assert Script.load(f" {file}\n").text == "Hola.\nAdiós."
    odd = tmp_path / "talk "
    odd.write_text("Sí.", encoding="utf-8")
    assert Script.load(odd).text == "Sí."
    assert Script.load("Read\nthe notes.txt").text == "Read\nthe notes.txt"


def test_a_file_that_cannot_be_read_says_why(tmp_path: Path):
    with pytest.raises(TextError, match=r"none\.txt: cannot be read \(No such file or directory\)"):
        Script.load(str(tmp_path / "none.txt"))
    with pytest.raises(TextError, match=r"cannot be read \(Is a directory\)"):
        Script.load(tmp_path)
    with pytest.raises(ParameterError, match="cannot be a path"):
        Script.load("a\0.txt")
    latin = tmp_path / "latin.txt"
    latin.write_bytes("Adiós".encode("latin-1"))
    with pytest.raises(TextError, match=r"latin\.txt: is not UTF-8 text"):
        Script.load(latin)


@pytest.mark.parametrize("name", ["talk.mp4", "notes.docx", "captions.SRT", "folder/a.wav"])
def test_the_name_of_another_file_is_not_spoken(name):
    """`caption talk.mp4` once spoke the words "talk dot mp four"."""
    with pytest.raises(TextError, match="not a script"):
        Script.load(name)


def test_a_word_that_is_a_file_is_not_spoken(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "talk").write_text("words")
    with pytest.raises(TextError, match="is the name of a file, not a script"):
        Script.load("talk")
    assert Script.load("See notes.txt").text == "See notes.txt"


def test_plain_values_hold_all_of_it():
    script = Script.parse("a [pause 0.5s]\n[voice:x] b")
    assert Script.from_dict(json.loads(json.dumps(script.to_dict()))) == script


@pytest.mark.parametrize(
    "text",
    [
        "talks",
        "talks/monday",
        "talks/hola.tx",
        "hola.tx",
        "talks\\hola",
        "~/none/talk",
        "talks/a b.txt",
    ],
)
def test_what_looks_like_a_path_is_not_spoken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
):
    """It was: a folder, a path without a suffix, or with a slip in it, was read aloud."""
    (tmp_path / "talks").mkdir()
    (tmp_path / "talks" / "monday.txt").write_text("Hola.")
    monkeypatch.chdir(tmp_path)
    for load in (Script.load, Manuscript.read):
        with pytest.raises(TextError, match=r"folder|no such file|No such file") as caught:
            load(text)
        assert caught.value.cure
    assert text != "talks/monday" or "monday.txt" in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "Hola.",
        "and/or.",
        "Hola",
        "Sr. Lopez/Ana",
        "See notes.txt",
        "3.5",
        "24/7",
        "3.5kg",
        "a.m.",
        "价格是5元/斤。",
        "你好/世界！",
    ],
)
def test_what_is_said_is_no_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str):
    monkeypatch.chdir(tmp_path)
    assert Script.load(text).lines[0].text == text
