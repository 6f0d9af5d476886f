"""SRT, WebVTT, ASS and TTML: what is written is read back, what others wrote is understood."""

from __future__ import annotations

import itertools
import random
from dataclasses import replace

import pysubs2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.captions.cues import Cue, Cues
from workbench.captions.files import ticks, to_srt, to_vtt
from workbench.captions.styles import STYLES
from workbench.captions.ttml import to_ttml
from workbench.errors import MediaNotFound, StorageError, TextError
from workbench.timing import Word


def cue(text, start=0.0, end=1.0):
    """A cue whose every line is a single word."""
    lines = tuple((Word(text=line, start=start, end=end),) for line in text.split("\n"))
    return Cue(start=start, end=end, lines=lines)


def cues_of(*texts):
    return Cues(cues=tuple(cue(text, i + 0.25, i + 1.0) for i, text in enumerate(texts)))


TEXTS = [
    "plain",
    "two\nlines",
    "a --> b",
    "-- --> 00:00:01,000",
    "00:00:01,000 --> 00:00:02,000",
    "<i>not markup</i>",
    "if a < b and c > d",
    "<b",
    "a & b &amp; &lt; &nbsp;",
    "{\\an8}not a command",
    "{braces} {} }{",
    "C:\\New\\name\\h",
    "2024",
    "7\n8",
    "1\n00:00:00,000 --> 00:00:09,000\nInjected",
    "NOTE not a note",
    "STYLE",
    "WEBVTT",
    "[Script Info]",
    "¿Qué? «Sí» — “no” …",
    "你好，世界。",
    "שלום עולם",
    "กรุงเทพ",
    "🎬👩‍👩‍👧",
    "- Who?\n- Me.",
    "...",
    "♪",
    "tab\tand nbsp\u00a0here",
    "<v Bob>hi</v> <00:00:01.000>",
    "--\u2060>",
]


@pytest.mark.filterwarnings("ignore::workbench.errors.WorkbenchWarning")  # of letters in .ass
@pytest.mark.parametrize("suffix", [".srt", ".vtt", ".ass", ".ttml"])
@pytest.mark.parametrize("number", range(len(TEXTS)))
def test_text_survives_a_file(tmp_path, suffix, number):
    """Each text between two others, so that nothing leaks into its neighbours."""
    text = TEXTS[number]
    cues = cues_of("first", text, "last")
    back = Cues.read(cues.write(tmp_path / f"talk{suffix}"))
    expected = text.replace("\t", " ").replace("--\u2060>", "-->" if suffix == ".srt" else text)
    assert [c.text for c in back] == ["first", expected, "last"]
    assert [(c.start, c.end) for c in back] == [(0.25, 1.0), (1.25, 2.0), (2.25, 3.0)]


@pytest.mark.parametrize("suffix", [".srt", ".vtt", ".ttml", ".dfxp"])
def test_the_only_cue_survives_a_file(tmp_path, suffix):
    """The last one has no neighbour to end it."""
    for text in TEXTS[:20]:
        back = Cues.read(cues_of(text).write(tmp_path / f"talk{suffix}"))
        assert [c.text for c in back] == [text]


def test_other_readers_find_the_same_cues():
    """Pysubs2 counts any line with two times in it as a new cue."""
    texts = [text for text in TEXTS if text.count("00:") < 3]  # even without an arrow
    cues = cues_of(*texts)
    for text, form in ((to_srt(cues), "srt"), (to_vtt(cues), "vtt")):
        events = pysubs2.SSAFile.from_string(text, format_=form)
        assert [e.start for e in events] == [i * 1000 + 250 for i in range(len(texts))]


def test_line_ends_and_controls_cannot_break_out():
    """A newline added a Dialogue line, and the event it held was shown."""
    breaks = ["\n", "\r\n", "\r", "\v", "\f", "\x85", "\u2028", "\u2029", "\x1c", "\n\n", "\r\r"]
    for mark in breaks:
        text = f"one{mark}1{mark}00:00:00.000 --> 00:00:09.000{mark}two"
        cues = Cues(cues=(Cue(start=0, end=1, lines=((Word(text=text, start=0, end=1),),)),))
        for written in (cues.to_srt(), cues.to_vtt()):
            assert "\n\n1" not in written
            assert written.count("-->") == 1
        events = [row for row in cues.to_ass().splitlines() if row.startswith("Dialogue")]
        assert len(events) == 1
    cues = Cues(cues=(cue("a\x00b\x07c\x1bd\ud800e"),))
    for written in (cues.to_srt(), cues.to_vtt(), cues.to_ass()):
        assert "abcd\ufffde" in written


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(min_size=1, max_size=40), min_size=1, max_size=4))
def test_any_text_leaves_the_number_of_cues(texts):
    cues = Cues(
        cues=tuple(
            Cue(start=i, end=i + 1, lines=((Word(text=text, start=i, end=i + 1),),))
            for i, text in enumerate(texts)
        )
    )
    assert len(pysubs2.SSAFile.from_string(cues.to_srt() or "1", format_="srt")) == len(texts)
    assert len(pysubs2.SSAFile.from_string(cues.to_vtt(), format_="vtt")) == len(texts)
    cues.to_srt().encode()


# --- times --------------------------------------------------------------------------------------


def test_rounding_leaves_no_empty_and_no_overlapping_cue():
    edges = [0.0, 0.004, 0.0049, 0.005, 0.0151, 0.0152, 0.0153, 1.0, 1.0001, 1.0002, 2.0]
    row = [cue("a", start, end) for start, end in itertools.pairwise(edges)]
    for rate in (100, 1000):
        last = 0
        for start, end in ticks(row, rate):
            assert last <= start < end
            last = end


def test_wanted_overlaps_are_kept():
    assert ticks([cue("a", 0, 2), cue("b", 1, 3)], 100) == [(0, 200), (100, 300)]


def test_times_are_never_negative_and_may_be_long():
    """A start before zero was written as -1:59:59.80."""
    cues = Cues(cues=(cue("a", 0.0, 0.001), cue("b", 359999.0, 360001.5)))
    assert "00:00:00,000 --> 00:00:00,001" in cues.to_srt()
    assert "99:59:59.000 --> 100:00:01.500" in cues.to_vtt()
    assert ",99:59:59.00,100:00:01.50," in cues.to_ass()


@pytest.mark.parametrize("suffix", [".srt", ".vtt", ".ttml"])
def test_long_times_are_read_back(tmp_path, suffix):
    cues = Cues(cues=(cue("b", 359999.0, 360001.5),))
    back = Cues.read(cues.write(tmp_path / f"t{suffix}"))
    assert (back[0].start, back[0].end) == (359999.0, 360001.5)


# --- files of others ----------------------------------------------------------------------------

SRT = "1\n00:00:01,000 --> 00:00:02,500\nNiño, ¿qué?\n\n2\n00:00:03,000 --> 00:00:04,000\nSí.\n"
READ = ["Niño, ¿qué?", "Sí."]


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "latin-1", "cp1252"]
)
def test_encodings_and_line_ends(tmp_path, ends, encoding):
    data = SRT.replace("\n", ends).encode(encoding)
    if encoding == "utf-16-le":
        data = b"\xff\xfe" + data
    path = tmp_path / "talk.srt"
    path.write_bytes(data)
    assert [c.text for c in Cues.read(path)] == READ


def test_bytes_that_windows_does_not_know(tmp_path):
    path = tmp_path / "talk.srt"
    path.write_bytes(b"1\n00:00:01,000 --> 00:00:02,000\ncaf\xe9 \x81\n")
    assert Cues.read(path).text.startswith("café")


def read(tmp_path, text, name="talk.srt"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return Cues.read(path)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1\n00:00:01,000 --> 00:00:02,000\n<i>a</i> <font color='red'>b</font>\n", ["a b"]),
        ("1\n00:00:01,000 --> 00:00:02,000\n{\\an8}<b>top</b>\n", ["top"]),
        ("00:00:01,000 --> 00:00:02,000\nno number\n\n00:03,0 --> 00:04,5\nshort\n",
         ["no number", "short"]),
        ("1\n00:00:01.000 --> 00:00:02.000 X1:1 X2:2\ndots\n", ["dots"]),
        ("1\n00:00:01,000 --> 00:00:02,000\n\n2\n00:00:03,000 --> 00:00:04,000\nb\n", ["b"]),
        ("1\n00:00:01,000 --> 00:00:02,000\na\n2\n00:00:03,000 --> 00:00:04,000\nb", ["a", "b"]),
        ("1\n00:00:01,000 --> 00:00:02,000\na\n\n\n\nb\n\n2\n00:00:03,000 --> 00:00:04,000\nc\n",
         ["a\nb", "c"]),
        ("2\n00:00:05,000 --> 00:00:06,000\nlate\n\n1\n00:00:01,000 --> 00:00:02,000\nearly\n",
         ["early", "late"]),
    ],
)  # fmt: skip
def test_srt_of_others(tmp_path, text, expected):
    assert [c.text for c in read(tmp_path, text)] == expected


def test_vtt_of_others(tmp_path):
    text = (
        "WEBVTT - A title\nKind: captions\nLanguage: en\n\nNOTE\nA note\n\n"
        "STYLE\n::cue { color: lime }\n\nid-1\n00:01.000 --> 00:02.000 align:start position:0%\n"
        "<v Bob>Hi <00:00:01.500><c.loud>you</c> &amp; me &lt;3\n\n"
        "a note to self\n00:00:02.500 --> 00:00:03.000\n<i>next</i>&nbsp;one\nline\n\n"
        "NOTE the end\n\n00:00:04.000 --> 00:00:05.000\n\n00:00:06.000 --> 00:00:07.000\nlast"
    )
    cues = read(tmp_path, text, "talk.vtt")
    assert [c.text for c in cues] == ["Hi you & me <3", "next\u00a0one\nline", "last"]
    assert [c.start for c in cues] == [1.0, 2.5, 6.0]
    # The content counts, not the name.
    assert read(tmp_path, text, "talk.srt") == cues


def test_ass_of_others(tmp_path):
    text = (
        "[Script Info]\nScriptType: v4.00+\n\n[V4+ Styles]\nFormat: Name\n\n[Events]\n"
        "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
        "Comment: 0,0:00:00.00,0:00:01.00,Default,,0,0,0,,not shown\n"
        "Dialogue: 0,0:00:05.00,0:00:06.00,Default,,0,0,0,,{\\i1}late{\\i0}, a comma\\Nor\\htwo\n"
        "Dialogue: 0,0:00:01.00,0:00:02.50,Default,Bob,0,0,0,,\\{early\\} {\\k20}one {\\k20}two\n"
        "Dialogue: 0,0:00:01.00,0:00:02.50,Default,,0,0,0,,{\\p1}m 0 0 l 9 9{\\p0}\n"
    )
    cues = read(tmp_path, text, "talk.ass")
    assert [c.text for c in cues] == ["{early} one two", "late, a comma\nor two"]


@pytest.mark.parametrize("style", STYLES)
def test_a_styled_file_is_read_back_as_its_cues(tmp_path, style):
    """Not as a cue for each state of each word, nor one for each word or box."""
    words = tuple(Word(text=t, start=i, end=i + 0.5) for i, t in enumerate(["No.", "No.", "{x}"]))
    cues = Cues(
        cues=tuple(
            Cue(start=10 * i, end=10 * i + 5, lines=(tuple(w.shift(10 * i) for w in words),))
            for i in range(3)
        )
    )
    path = cues.write(tmp_path / "talk.ass", style=style)
    many = path.read_text("utf-8").count("Dialogue:")
    assert (many >= 9) == (STYLES[style].highlight not in {"none", "fill"})
    back = Cues.read(path)
    case = str.upper if STYLES[style].uppercase else str
    assert [(c.start, c.end, c.text) for c in back] == [
        (c.start, c.end, case(c.text)) for c in cues
    ]


def test_time_is_shared_by_letters(tmp_path):
    cues = read(tmp_path, "1\n00:00:01,000 --> 00:00:02,000\nab — abcdef\n你好\n")
    assert [(w.text, w.space) for w in cues.words] == [
        ("ab —", True), ("abcdef", True), ("你", False), ("好", False),
    ]  # fmt: skip
    assert cues.words[0].start == 1.0
    assert cues.words[-1].end == 2.0
    for before, after in itertools.pairwise(cues.words):
        assert before.end == after.start
    assert cues.words[1].end - cues.words[1].start == pytest.approx(6 / 12)


def test_times_that_make_no_sense_are_mended(tmp_path):
    text = (
        "1\n00:00:02,000 --> 00:00:01,000\nbackwards\n\n2\n00:00:02,500 --> 00:00:02,500\nempty\n\n"
        "3\n-00:00:02,000 --> 00:00:00,500\nnegative\n"
    )
    cues = read(tmp_path, text)
    assert [(c.text, c.start) for c in cues] == [
        ("negative", 0.0), ("backwards", 2.0), ("empty", 2.5),
    ]  # fmt: skip
    assert cues[1].end == 2.5
    assert cues[2].end > 2.5


@pytest.mark.parametrize(
    "data",
    [
        *(b"", b"\n\n", b"hello", b"WEBVTT\n\n", b"[Script Info]\n", b"\x00" * 100, b"{}", b"\xff"),
        *(
            b"ID3\x04\x00binary\x00\x01",
            b"RIFF\x00\x00\x00\x00WAVE",
            b"1\n2\n3\n",
            b"<html></html>",
        ),
        b"1\n00:00:01,000 --> 00:00:02,000\n\x00\x00\n",
        b"1\n00:00:01,000 --> 00:00:02,000\n   \n",
        b"[Script Info]\n[Events]\nDialogue: 0,x,y,Default,,0,0,0,,a\n",
        b"[Script Info]\n[Events]\nDialogue: 0\n",
        b"1\n" + b"9" * 400 + b":00:01,000 --> 00:00:02,000\nx\n",
    ],
)
def test_junk_is_refused(tmp_path, data):
    for suffix in (".srt", ".vtt", ".ass", ".ttml"):
        path = tmp_path / f"junk{suffix}"
        path.write_bytes(data)
        with pytest.raises(TextError, match="junk"):
            Cues.read(path)


def test_missing_and_unreadable_files(tmp_path):
    with pytest.raises(MediaNotFound, match=r"gone\.srt"):
        Cues.read(tmp_path / "gone.srt")
    with pytest.raises(StorageError, match="directory"):
        Cues.read(tmp_path)


def test_a_huge_file_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("workbench.captions.files._LARGEST", 50)
    with pytest.raises(TextError, match="too large"):
        read(tmp_path, SRT)


# --- speakers -----------------------------------------------------------------------------------

NAMES = [
    "Ana",
    "espeak:es",
    "José Ñandú, Dr.",
    "<b>Bob</b>",
    "a & b > c",
    "50%, or %2C",
    "{\\an8}",
    "C:\\New",
    "cue 7",
    "שלום",
]


@pytest.mark.parametrize("suffix", [".vtt", ".ass", ".ttml"])
def test_speakers_survive_a_file(tmp_path, suffix):
    said = [cue(f"text {i}", i, i + 1.0) for i in range(len(NAMES) + 1)]
    cues = Cues(
        cues=tuple(replace(c, speaker=name) for c, name in zip(said, ["", *NAMES], strict=True))
    )
    back = Cues.read(cues.write(tmp_path / f"talk{suffix}"))
    assert [c.text for c in back] == [c.text for c in cues]
    assert [c.speaker for c in back] == ["", *NAMES]
    assert Cues.from_dict(cues.to_dict()) == cues


def test_a_speaker_s_name_cannot_break_out():
    name = "a\nb\x00,x\r\nDialogue: 0,0:00:00.00,0:00:09.00,Default,,0,0,0,,X --> \u2028y"
    cues = Cues(cues=(replace(cue("text"), speaker=name),))
    both = Cues(cues=(*cues, replace(cue("other", 2.0, 3.0), speaker="Bel")))
    assert "<v a b" in both.to_vtt()
    assert both.to_vtt().count("\n") == 8
    assert both.to_vtt().count("-->") == 2
    assert len([row for row in cues.to_ass().splitlines() if row.startswith("Dialogue")]) == 1
    assert "text" in to_ttml(cues)
    assert cues.to_srt() == "1\n00:00:00,000 --> 00:00:01,000\ntext\n\n"


def test_one_who_speaks_alone_is_not_named():
    """Some players show the name before every cue: of one voice that tells nothing."""
    alone = Cues(cues=tuple(replace(cue("x", i, i + 1.0), speaker="espeak:es") for i in range(2)))
    assert "<v" not in alone.to_vtt()
    two = Cues(cues=(*alone, replace(cue("x", 2.0, 3.0), speaker="Bel")))
    assert two.to_vtt().count("<v espeak:es>") == 2
    assert two.to_vtt().count("<v Bel>") == 1


def test_names_that_others_wrote(tmp_path):
    vtt = "WEBVTT\n\n00:01.000 --> 00:02.000\n<v.loud.first Bob &amp; Ana>Hi <b>you</b></v>\n"
    (one,) = read(tmp_path, vtt, "talk.vtt")
    assert (one.speaker, one.text) == ("Bob & Ana", "Hi you")
    ass = (
        "[Script Info]\nScriptType: v4.00+\n\n[Events]\n"
        "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
        "Dialogue: 0,0:00:01.00,0:00:02.00,Default,Bob,0,0,0,,one\n"
        "Dialogue: 0,0:00:02.00,0:00:03.00,Default,Bob,0,0,0,,two\n"
    )
    assert [(c.speaker, c.text) for c in read(tmp_path, ass, "talk.ass")] == [
        ("Bob", "one"), ("Bob", "two"),
    ]  # fmt: skip


# --- TTML ---------------------------------------------------------------------------------------


def tt(body, head="", root=""):
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<tt xmlns="http://www.w3.org/ns/ttml" {root}>'
        f"<head>{head}</head><body>{body}</body></tt>"
    )


def test_ttml_says_its_language(tmp_path):
    cues = Cues(cues=(cue("Hola"),), language="es-MX")
    path = cues.write(tmp_path / "talk.ttml")
    assert Cues.read(path).language == "es-MX"
    assert Cues.read(path, language="es").language == "es"


@pytest.mark.parametrize(
    ("body", "root", "expected"),
    [
        ('<div><p begin="1s" end="2.5s">a</p></div>', "", [(1, 2.5, "a")]),
        ('<div><p begin="00:00:01.25" dur="500ms">a<br/>b</p></div>', "", [(1.25, 1.75, "a\nb")]),
        ('<div begin="10s"><p begin="1s" end="2s">a</p></div>', "", [(11, 12, "a")]),
        ('<div begin="10s" end="11.5s"><p begin="1s" end="9s">a</p></div>', "", [(11, 11.5, "a")]),
        ('<div><div><p begin="1m" end="0.02h">a</p></div></div>', "", [(60, 72, "a")]),
        ('<p begin="1s" end="2s">a</p>', "", [(1, 2, "a")]),
        ('<div><p begin="00:00:01:12" end="75f">a</p></div>', 'p:frameRate="25"',
         [(1.48, 3, "a")]),
        ('<div><p begin="30f" end="00:00:02:00">a</p></div>',
         'p:frameRate="30" p:frameRateMultiplier="1000 1001"', [(1.001, 2, "a")]),
        ('<div><p begin="10000000t" end="20000000t">a</p></div>', 'p:tickRate="10000000"',
         [(1, 2, "a")]),
        ('<div timeContainer="seq"><p dur="1s">a</p><p dur="2s">b</p></div>', "",
         [(0, 1, "a"), (1, 3, "b")]),
        ('<div><p begin="1s" end="2s">\n  a  b\n  <span>c\n</span>\n</p></div>', "",
         [(1, 2, "a b c")]),
        ('<div><p begin="1s" end="2s" xml:space="preserve">a\u00a0  b</p></div>', "",
         [(1, 2, "a\u00a0 b")]),
        ('<div><p begin="1s" end="2s">a<metadata>no</metadata><set/>b</p></div>', "",
         [(1, 2, "ab")]),
        ('<div><p begin="1s" end="2s">x &lt;i&gt; &amp;amp; &#8217; {y} \\N</p></div>', "",
         [(1, 2, "x <i> &amp; ’ {y} \\N")]),
        ('<div><p begin="2s" end="1s">a</p><p begin="3s">b</p></div>', "",
         [(2, 2 + 5 / 6, "a"), (3, 3 + 5 / 6, "b")]),
    ],
)  # fmt: skip
def test_ttml_of_others(tmp_path, body, root, expected):
    space = 'xmlns:p="http://www.w3.org/ns/ttml#parameter"'
    cues = read(tmp_path, tt(body, root=f"{space} {root}"), "talk.ttml")
    assert [(c.start, c.end, c.text) for c in cues] == [
        (pytest.approx(a), pytest.approx(b), text) for a, b, text in expected
    ]


def test_ttml_is_known_by_its_content_and_by_its_older_names(tmp_path):
    text = tt('<div><p begin="1s" end="2s">a</p></div>')
    old = text.replace("http://www.w3.org/ns/ttml", "http://www.w3.org/2006/10/ttaf1")
    prefixed = (
        '<t:tt xmlns:t="http://www.w3.org/ns/ttml"><t:body><t:div>'
        '<t:p begin="1s" end="2s">a</t:p></t:div></t:body></t:tt>'
    )
    for name in ("talk.ttml", "talk.dfxp", "talk.xml", "talk.srt"):
        for version in (text, old, prefixed):
            assert [c.text for c in read(tmp_path, version, name)] == ["a"]


def test_other_readers_find_the_same_ttml():
    """Pysubs2 reads a backslash and N for a new line, and drops what is in braces."""
    texts = [text for text in TEXTS if "\\" not in text and "{" not in text]
    cues = cues_of(*texts)
    events = pysubs2.SSAFile.from_string(to_ttml(cues), format_="ttml")
    assert [e.start for e in events] == [i * 1000 + 250 for i in range(len(texts))]
    assert [e.text for e in events][:2] == ["plain", "two\\Nlines"]


LAUGHS = (
    '<!DOCTYPE tt [<!ENTITY a "ha">'
    + "".join(
        f'<!ENTITY {n} "{f"&{before};" * 10}">' for before, n in itertools.pairwise("abcdefghij")
    )
    + "]>"
)


@pytest.mark.faults
@pytest.mark.parametrize(
    "declared",
    [
        LAUGHS,
        '<!DOCTYPE tt [<!ENTITY j SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE tt SYSTEM "http://127.0.0.1:9/x.dtd">',
        "<!doctype tt>",
        '<!DOCTYPE tt [<!ENTITY % p SYSTEM "file:///etc/passwd"> %p;]>',
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_ttml_with_entities_is_refused(tmp_path, declared, encoding):
    """Pysubs2 expands a billion laughs as far as expat lets it."""
    body = '<body><div><p begin="1s" end="2s">&j;</p></div></body>'
    text = f'<?xml version="1.0"?>{declared}<tt xmlns="http://www.w3.org/ns/ttml">{body}</tt>'
    path = tmp_path / "talk.ttml"
    path.write_bytes(text.encode(encoding))
    with pytest.raises(TextError, match=r"talk\.ttml.*document type"):
        Cues.read(path)


@pytest.mark.faults
@pytest.mark.parametrize(
    "text",
    [
        "<tt>", "<tt", "<tt></tt>", tt(""), tt("<div/>"), tt('<div><p begin="x" end="y"/></div>'),
        tt('<div><p begin="1s" end="2s">  </p></div>'), tt("&nope;"), tt("<div>" * 3000),
        tt("<div>" * 400 + '<p begin="1s" end="2s">a</p>' + "</div>" * 400),
        tt('<div><p begin="99999999999999h" end="1s">a</p></div>').replace("</body>", ""),
        '<tt xmlns="http://www.w3.org/ns/ttml" a="1" a="2"/>',
    ],
)  # fmt: skip
def test_broken_ttml_is_refused(tmp_path, text):
    with pytest.raises(TextError, match=r"talk\.ttml"):
        read(tmp_path, text, "talk.ttml")


@pytest.mark.faults
def test_a_huge_ttml_file_is_refused(tmp_path, monkeypatch):
    """An element of four letters takes a hundred bytes when it is read."""
    monkeypatch.setattr("workbench.captions.ttml._LARGEST", 100)
    with pytest.raises(TextError, match=r"talk\.ttml.*too large"):
        read(tmp_path, tt('<div><p begin="1s" end="2s">a</p></div>'), "talk.ttml")


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(min_size=1, max_size=40), min_size=1, max_size=4))
def test_any_text_is_xml(texts):
    cues = Cues(
        cues=tuple(
            Cue(start=i, end=i + 1, lines=((Word(text=text, start=i, end=i + 1),),), speaker=text)
            for i, text in enumerate(texts)
        )
    )
    assert len(pysubs2.SSAFile.from_string(to_ttml(cues), format_="ttml")) == len(texts)
    to_ttml(cues).encode()


# --- forty files --------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore::workbench.errors.WorkbenchWarning")  # of letters in .ass
@pytest.mark.parametrize("suffix", [".srt", ".vtt", ".ass", ".ttml"])
def test_forty_files_survive_two_round_trips(tmp_path, suffix):
    """What was read is written as it was: the second file is the first, byte by byte."""
    dice = random.Random(40)  # noqa: S311 - the same files in every run
    for number in range(40):
        texts = [dice.choice(TEXTS) for _ in range(dice.randint(1, 12))]
        cues = cues_of(*texts)
        first = cues.write(tmp_path / f"a{number}{suffix}")
        once = Cues.read(first)
        again = once.write(tmp_path / f"b{number}{suffix}")
        assert [c.text for c in once] == [
            t.replace("\t", " ").replace("--\u2060>", "-->" if suffix == ".srt" else t)
            for t in texts
        ]
        assert again.read_bytes() == first.read_bytes()
