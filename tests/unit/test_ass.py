"""The ASS file: its fields, its events, its text. What it looks like is in test_ass_pixels."""

from __future__ import annotations

import re
import warnings

import pysubs2
import pytest

from workbench.captions import pen
from workbench.captions.ass import prepare
from workbench.captions.cues import Cue, Cues
from workbench.captions.fonts import find_font
from workbench.captions.pen import escape
from workbench.captions.styles import STYLES, Style
from workbench.errors import ParameterError, WorkbenchWarning
from workbench.timing import Word


def words(*rows):
    return tuple(Word(text=text, start=start, end=end) for text, start, end in rows)


def one(text, **more):
    return Cues(cues=(Cue(start=0, end=1, lines=(words((text, 0, 1)),)),), **more)


def events(prepared):
    return [row for row in prepared.ass.splitlines() if row.startswith("Dialogue:")]


def texts(prepared):
    return [row.split(",", 9)[9] for row in events(prepared)]


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("plain", "plain"),
        ("{x}", "\\{x\\}"),
        ("\\N", "\\\u2060N"),
        ("\\\\", "\\\u2060\\\u2060"),
        ("\\{", "\\\u2060\\{"),
        ("a\nb", "a\\Nb"),
    ],
)
def test_escaping(text, written):
    assert escape(text) == written


def test_the_file_is_of_the_video_s_size():
    """The size came from the settings while the video's came from a preset."""
    prepared = prepare(one("Hola"), "plain", 1080, 1920)
    file = pysubs2.SSAFile.from_string(prepared.ass)
    info = file.info
    assert (info["PlayResX"], info["PlayResY"]) == ("1080", "1920")
    assert (info["WrapStyle"], info["ScaledBorderAndShadow"]) == ("2", "yes")
    style = file.styles["Default"]
    plain = STYLES["plain"]
    assert style.fontname == "DejaVu Sans"
    assert style.fontsize == pytest.approx(1920 * plain.size / 100, abs=0.01)
    assert style.outline == pytest.approx(style.fontsize * plain.outline_width / 100, abs=0.01)
    assert style.borderstyle == 1  # 3 is an opaque box, and was called an outline
    assert style.marginl == style.marginr == round(1080 * plain.margin / 100)
    assert len(prepared.fonts) == 1
    assert prepared.warnings == ()


@pytest.mark.parametrize("number", range(3))
def test_there_is_an_event_for_every_cue(number):
    cues = Cues(
        cues=tuple(
            Cue(start=i, end=i + 1, lines=(words((text, i, i + 1)),))
            for i, text in enumerate(["", " \u00a0 ", "a\nDialogue: 0,b", "{\\p1}"][: number + 2])
        )
    )
    assert len(events(prepare(cues))) == number + 2


def test_words_are_lit_one_after_another_without_a_gap():
    row = words(("One", 0.2, 0.5), ("two", 0.55, 0.9), ("three", 1.5, 1.904), ("four", 1.906, 2.0))
    cues = Cues(cues=(Cue(start=0, end=3, lines=(row[:2], row[2:])),))
    prepared = prepare(cues, "karaoke")
    times = [tuple(row.split(",")[1:3]) for row in events(prepared)]
    assert times == [
        ("0:00:00.00", "0:00:00.20"),
        ("0:00:00.20", "0:00:00.55"),  # lit up to the next word, as the gap is short
        ("0:00:00.55", "0:00:00.90"),
        ("0:00:00.90", "0:00:01.50"),  # silence: no word is lit
        ("0:00:01.50", "0:00:01.91"),
        ("0:00:01.91", "0:00:02.00"),
        ("0:00:02.00", "0:00:03.00"),
    ]
    active = "{\\1c&H00D4FF&\\1a&H00&}"
    lit = [re.findall(re.escape(active) + r"(\w*)", text) for text in texts(prepared)]
    assert lit == [[], ["One"], ["two"], [], ["three"], ["four"], []]
    bare = {re.sub(r"\{[^}]*\}", "", text) for text in texts(prepared)}
    assert bare == {"One two\\Nthree four"}


def test_instant_and_simultaneous_words_make_no_empty_event():
    row = words(("a", 0, 0), ("b", 0, 0), ("c", 0.001, 0.002), ("d", 0.5, 0.5), ("e", 1, 1))
    cues = Cues(cues=(Cue(start=0, end=1, lines=(row,)),))
    times = [row.split(",")[1:3] for row in events(prepare(cues, "karaoke"))]
    assert times[0][0] == "0:00:00.00"
    assert times[-1][1] == "0:00:01.00"
    for (start, end), (following, _) in zip(times, [*times[1:], (times[-1][1], "")], strict=True):
        assert start < end == following


def test_a_line_too_long_is_drawn_smaller_and_said_so():
    assert "\\fs" not in texts(prepare(one("A line that fits"), "plain", 1080, 1920))[0]
    prepared = prepare(one("W" * 100), "plain", 1080, 1920)
    assert texts(prepared)[0].startswith("{\\fs")
    assert len(prepared.warnings) == 1
    assert re.search(r"cue 1 is too large .* \d+% of its size", prepared.warnings[0])


def test_missing_letters_are_named(monkeypatch):
    monkeypatch.setattr(pen, "covering", lambda *_, **__: None)
    prepared = prepare(one("Hola 你好 🎬"))
    assert len(prepared.warnings) == 1
    assert all(
        part in prepared.warnings[0] for part in ("你 (U+4F60)", "好 (U+597D)", "🎬 (U+1F3AC)")
    )
    assert texts(prepared) == ["Hola 你好 🎬"]  # the file keeps what this machine cannot draw
    with pytest.warns(WorkbenchWarning, match=r"U\+4F60"):
        one("你").to_ass()
    many = prepare(one("".join(map(chr, range(0x4E00, 0x4E20)))))
    assert "and 27 more" in many.warnings[0]


def test_missing_letters_are_borrowed_from_another_font():
    prepared = prepare(one("abc שלום"), Style(font="DejaVu Sans Mono"))
    (text,) = texts(prepared)
    assert "{\\fnDejaVu Sans\\b0\\i0}שלום{\\fn\\b\\i}" in text
    assert [path.name for path in prepared.fonts] == ["DejaVuSansMono.ttf", "DejaVuSans.ttf"]
    (warning,) = prepared.warnings
    assert warning.startswith("DejaVu Sans Mono lacks ")
    assert "DejaVu Sans is used" in warning


def test_a_missing_font_is_named():
    prepared = prepare(one("a"), Style(font="Nonesuch"))
    assert prepared.warnings == ("there is no font 'Nonesuch' here; DejaVu Sans is used",)
    with pytest.warns(WorkbenchWarning, match="Nonesuch"):
        one("a").to_ass(Style(font="Nonesuch"))


def test_all_is_well_without_a_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for style in STYLES:
            one("Hola, ¿qué tal? — “bien”").to_ass(style)


@pytest.mark.parametrize("size", [(0, 1080), (1920, 15), (1920.0, 1080), (10**6, 100), (True, 99)])
def test_frames_of_no_size_are_refused(size):
    with pytest.raises(ParameterError, match=r"width|height"):
        prepare(one("a"), "plain", *size)


def test_a_path_that_is_no_font_is_refused():
    with pytest.raises(ParameterError, match=r"nothing\.ttf"):
        prepare(one("a"), Style(font="/nowhere/nothing.ttf"))


def test_directions_are_neutralised_and_made_even():
    assert texts(prepare(one("\u202eevil\u2066\u2069\ufeff"))) == ["evil"]
    lines = (words(("שלום", 0, 1)), words(("abc", 1, 2)))
    cue = Cue(start=0, end=2, lines=lines)
    assert texts(prepare(Cues(cues=(cue,)))) == ["\u200fשלום\\N\u200fabc"]
    turned = Cue(start=0, end=2, lines=lines[::-1])
    assert texts(prepare(Cues(cues=(turned,)))) == ["\u200eabc\\N\u200eשלום"]
    assert texts(prepare(Cues(cues=(turned,), language="he"))) == ["\u200fabc\\N\u200fשלום"]


@pytest.mark.parametrize("language", ["es", "zh-TW", "", "x\nDialogue: 0", "e,n", "{en}"])
def test_the_language_cannot_leave_its_field(language):
    prepared = prepare(one("a", language=language))
    assert len(events(prepared)) == 1
    info = pysubs2.SSAFile.from_string(prepared.ass).info
    assert info.get("Language", "") == {"es": "es", "zh-TW": "zh"}.get(language, "")


def test_a_pathological_style_field_cannot_break_the_file(tmp_path):
    """Fifty fonts, names and colours were pasted as they were; here only a file's own name is."""
    odd = tmp_path / "a,b{c}\\N.ttf"
    odd.write_bytes(find_font().path.read_bytes())
    prepared = prepare(one("a"), Style(font=str(odd), name="x,y\nz"))
    row = next(row for row in prepared.ass.splitlines() if row.startswith("Style:"))
    assert row.startswith("Style: Default,DejaVu Sans,")
    assert row.count(",") == 22
    assert prepared.fonts == (odd,)
