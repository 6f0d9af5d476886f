"""Axes of a sweep, its table for spreadsheets, its page that plays without a network."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

import pytest

from workbench.errors import ModelError, ParameterError
from workbench.production.verify import verify
from workbench.speech.axes import axes
from workbench.speech.chapters import speak_chapters
from workbench.speech.sweep import sweep
from workbench.speech.sweep_page import (
    check_order,
    sweep_csv,
    sweep_page,
    write_page,
    write_sweep,
)
from workbench.storage.receipt import write_receipt
from workbench.text.manuscript import Manuscript

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import ToneEngine


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("a=1,2", [1, 2]),
        ("a = 0.5 , -1", [0.5, -1]),
        ("a=1..3", [1, 2, 3]),
        ("a=0..1/5", [0, 0.25, 0.5, 0.75, 1]),
        ("a=0.1..0.3", [0.1, 0.2, 0.3]),
        ("a=true,no,f3", [True, False, "f3"]),
        ("a=1..2/2,9", [1, 2, 9]),
    ],
)
def test_axes(text: str, values: list):
    found = axes([text])["a"]
    assert found == values
    assert [type(one) for one in found] == [type(one) for one in values]


@pytest.mark.parametrize("text", ["a", "a=", "=1", "a b=1", "a=1,,2", "a=3..1", "a=1..2/1"])
def test_what_is_no_axis(text: str):
    with pytest.raises(ParameterError) as caught:
        axes([text])
    assert caught.value.subject == text


def test_an_axis_that_comes_twice():
    with pytest.raises(ParameterError, match="a: comes twice"):
        axes(["a=1", "a=2"])


def test_a_variant_that_failed_is_in_both(tone: ToneEngine, monkeypatch: pytest.MonkeyPatch):
    speak = tone.synthesize

    def fails(text: str, **values: Any) -> object:
        if values["options"].pace == 200:
            raise ModelError('=cmd|"<script>"', subject="")
        return speak(text, **values)

    monkeypatch.setattr(tone, "synthesize", fails)
    found = sweep("a <b>", voices="tone:high", pace=[100, 200], cache=False)
    rows = list(csv.DictReader(sweep_csv(found).splitlines()))
    assert [(row["number"], row["pace"]) for row in rows] == [("0", "100"), ("1", "200")]
    assert (rows[0]["error"], rows[1]["duration"]) == ("", "")
    assert rows[1]["error"].startswith("'=cmd"), "no formula"
    page = sweep_page(found, title="<i>")
    assert page.count("<audio") == 1
    assert '<td data-value="1" dir="auto">' in page, "its number, as in the table"
    assert page.count("<script>") == 1, "ours"
    assert "&lt;script&gt;" in page
    assert "<i>" not in page
    assert "a &lt;b&gt;" in page


def test_the_same_sweep_is_the_same_bytes(tone: ToneEngine):
    """The seconds that a machine took stood in both, so that no page could be made again."""
    assert tone
    made = [sweep("ab", voices="tone:high", pace=[100, 200], cache=False) for _ in range(2)]
    assert made[0][0].measures.rtf != made[1][0].measures.rtf
    assert sweep_csv(made[0]) == sweep_csv(made[1])
    assert sweep_page(made[0]) == sweep_page(made[1])


def test_the_page_appears_whole_or_not_at_all(tone: ToneEngine, tmp_path: Path):
    assert tone
    found = sweep("ab", voices="tone:high", pace=[100, 200], cache=False)
    path = write_page(found, tmp_path / "made/page.html")
    assert path.read_text("utf-8").endswith("</html>\n")
    assert [one.name for one in path.parent.iterdir()] == ["page.html"]


def test_a_sound_that_goes_takes_its_receipt_along(tone: ToneEngine, tmp_path: Path):
    """A receipt alone said to `verify` that its sound is missing."""
    assert tone
    for pace in (100, 200):
        found = sweep("ab", voices="tone:high", pace=[pace], cache=False)
        write_sweep(found, tmp_path / "pick.html")
        (sound,) = (tmp_path / "pick").glob("*.wav")
        write_receipt(sound, {"tool": "test"})
    assert len(list((tmp_path / "pick").glob("*.wav*"))) == 2
    assert verify(tmp_path).whole


def test_the_order_is_checked_before_anything_is_spoken():
    for by in ("", "voice", "rate", "loudness", "measured_rate"):
        assert check_order(by, ["rate"]) == by
    with pytest.raises(ParameterError, match="measured_rate: is no column"):
        check_order("measured_rate", ["pitch_range"])


def test_chapters_stand_apart(tone: ToneEngine):
    text = "aa\nbb [pause 1s]\n\n[pause 2s] cc"
    book = Manuscript.read(text).by_paragraph()
    spoken = speak_chapters(book, "tone:high", chapter_gap=0.5, gap=0.1, cache=False)
    assert tone.calls == ["aa", "bb", "cc"]
    first, second = spoken.parts
    assert first.duration == pytest.approx(0.025 * 2 + 0.1)
    assert second.duration == pytest.approx(0.025)
    assert spoken.starts == (0, pytest.approx(first.duration + 0.5))
    assert spoken.narration.parts[-1].start == pytest.approx(first.duration + 0.5)
    alone = speak_chapters(Manuscript.read("aa [pause 1s]"), "tone:high", cache=False)
    assert alone.narration.duration == pytest.approx(1.025), "a text alone is as it was written"
