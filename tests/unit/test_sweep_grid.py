"""The sweep grid without a page: what a script can do, what the page may say, the static twin."""

from __future__ import annotations

import base64
import json
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import traitlets as t
from hypothesis import given
from hypothesis import strategies as st

import workbench as wb
from workbench.audio import Audio
from workbench.errors import ModelError, ParameterError
from workbench.speech.sweep import sweep
from workbench.speech.variant import Variant
from workbench.speech.variants import Sweep
from workbench.take import Take
from workbench.voice import Voice
from workbench.widgets import sweep_twin
from workbench.widgets.sweep_grid import SweepGrid

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def found() -> Sweep:
    return sweep("Hello, world.", voices="espeak:en-us", rate=[240, 120, 160], pitch=[40, 60])


@pytest.fixture
def grid(found: Sweep, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SweepGrid:
    monkeypatch.chdir(tmp_path)
    return SweepGrid(found, presets=tmp_path / "presets")


def failed(label: str = "bad", error: str = "ran <away>") -> Variant:
    settings = {"voice": "espeak:es", "rate": 100}
    return Variant(label=label, settings=settings, error=ModelError(error))


def say(panel: SweepGrid, **message: Any) -> str:
    panel._on_message(panel, message, [])
    return panel.error


# -- from a script --------------------------------------------------------------------------------


def test_the_rows_are_in_the_order_that_is_asked_for(grid: SweepGrid) -> None:
    assert grid.numbers == (0, 1, 2, 3, 4, 5)
    grid.order_by = "rate"
    assert [v.settings["rate"] for v in grid.shown] == [120, 120, 160, 160, 240, 240]
    grid.descending = True
    assert [v.settings["rate"] for v in grid.shown] == [240, 240, 160, 160, 120, 120]
    grid.search = "PITCH 60"
    assert grid.numbers == (1, 5, 3)
    grid.star(3)
    grid.starred_only = True
    assert grid.numbers == (3,)
    grid.order_by = "measured_rate"
    assert grid.numbers == (3,)


def test_a_column_that_is_not_there_is_refused(grid: SweepGrid) -> None:
    with pytest.raises(t.TraitError, match=r"pich: is no column .*did you mean 'pitch'"):
        grid.order_by = "pich"
    assert grid.order_by == ""


def test_stars(grid: SweepGrid) -> None:
    grid.star(4)
    grid.star("rate 240, pitch 60")
    grid.star(4)
    assert grid.starred == [1, 4]
    grid.star(4, on=False)
    assert grid.starred == [1]
    with pytest.raises(ParameterError, match="variant: must be 0 to 5"):
        grid.star(6)


def test_two_are_compared_by_whoever_was_named(found: Sweep) -> None:
    asked: list[dict[str, Take]] = []
    grid = SweepGrid(found, on_compare=asked.append)
    grid.selected = [4, 1]
    grid.compare()
    assert list(asked[0]) == ["rate 160, pitch 40", "rate 240, pitch 60"]
    assert list(asked[0].values()) == [found[4].take, found[1].take]
    grid.selected = [4]
    with pytest.raises(ParameterError, match="comparison: needs two takes, not 1"):
        grid.compare()


def test_without_anybody_to_compare_it_says_so(grid: SweepGrid) -> None:
    grid.selected = [0, 1]
    with pytest.raises(ParameterError, match="give on_compare="):
        grid.compare()


@pytest.mark.parametrize("numbers", [[0, 1, 2], [-1], [6], ["a"]])
def test_a_selection_that_is_none_is_refused(grid: SweepGrid, numbers: list[Any]) -> None:
    with pytest.raises(t.TraitError):
        grid.selected = numbers
    assert grid.selected == []


def test_what_failed_cannot_be_compared(found: Sweep) -> None:
    grid = SweepGrid(Sweep(text="a", variants=(found[0], failed())))
    with pytest.raises(t.TraitError, match="variant 1 has no take"):
        grid.selected = [0, 1]
    assert grid.rows[1]["clip"] is None
    assert grid.rows[1]["error"] == "ran <away>"


# -- keeping --------------------------------------------------------------------------------------


def test_a_variant_is_kept_as_a_preset_with_its_code(
    grid: SweepGrid, found: Sweep, tmp_path: Path
) -> None:
    preset = grid.keep(2, "narrator")
    assert preset.options == {"rate": 120, "pitch": 40}
    path = tmp_path / "presets" / "narrator.toml"
    assert wb.Preset.load(path) == preset
    (row,) = grid.kept
    assert (row["row"], row["name"], row["path"]) == (2, "narrator", str(path))
    assert row["code"] == "wb.speak('Hello, world.', voice='narrator')"
    spoken = eval(row["code"], {"wb": wb})  # noqa: S307 - it is our own
    assert spoken.parts[0].take == found[2].take
    assert grid.starred == [2]


def test_a_seed_and_the_rules_of_the_text_are_in_the_code(tone, tmp_path: Path) -> None:
    made = sweep("ab 5", voices="tone:low", seeds=[7], normalize=False, measure=False)
    grid = SweepGrid(made, presets=tmp_path)
    assert grid.keep(0, "low").note == "seed 7"
    voice = f"wb.Preset.load({str(tmp_path / 'low.toml')!r})"  # not in presets/, so not by its name
    code = grid.kept[0]["code"]
    assert code == f"wb.speak('ab 5', voice={voice}, normalize=False, seed=7)"
    assert str(eval(code, {"wb": wb}).parts[0].take.voice) == "tone:low"  # noqa: S307 - our own


def test_another_preset_is_not_replaced_unasked(grid: SweepGrid, tmp_path: Path) -> None:
    grid.keep(0, "narrator")
    grid.keep(0, "narrator")  # the same again is no harm
    before = (tmp_path / "presets" / "narrator.toml").read_bytes()
    with pytest.raises(ParameterError, match="narrator: there is another preset of that name"):
        grid.keep(1, "narrator")
    assert (tmp_path / "presets" / "narrator.toml").read_bytes() == before
    grid.keep(1, "narrator", replace=True)
    assert [row["row"] for row in grid.kept] == [1]


def test_a_name_that_is_a_path_is_refused(grid: SweepGrid, tmp_path: Path) -> None:
    for name in ("../x", "/etc/x", "", " ", "a/b", "x\0y"):
        with pytest.raises(ParameterError, match="cannot be a preset's name"):
            grid.keep(0, name)
    assert not (tmp_path / "presets").exists()
    assert grid.kept == []


# -- what the page says ---------------------------------------------------------------------------


def test_the_page_sorts_searches_chooses_and_stars(grid: SweepGrid) -> None:
    grid.set_state({"order_by": "rate", "descending": True, "search": "60", "starred": [1, 3]})
    grid.set_state({"selected": [3, 1], "starred_only": True})
    assert grid.error == ""
    assert grid.numbers == (1, 3)
    assert list(grid.pair) == ["rate 120, pitch 60", "rate 240, pitch 60"]


@pytest.mark.parametrize(
    "state",
    [
        {"rows": []},
        {"kept": []},
        {"text": "x"},
        {"order_by": "nonsense"},
        {"selected": [0, 1, 2]},
        {"selected": [99]},
        {"starred": [-1]},
        {"starred": "x"},
        {"search": 3},
        {"figures": "some"},
    ],
)
def test_a_state_that_cannot_be_is_an_error_in_view(grid: SweepGrid, state: dict[str, Any]) -> None:
    before = grid.get_state()
    grid.set_state(state)
    assert grid.error
    after = grid.get_state()
    assert {**after, "error": ""} == {**before, "error": ""}


def test_the_page_keeps_and_compares(
    found: Sweep, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[dict[str, Take]] = []
    grid = SweepGrid(found, on_compare=asked.append, presets=tmp_path)
    assert say(grid, kind="keep", row=1, name="  narrator ") == ""
    assert (tmp_path / "narrator.toml").is_file()
    sent: list[dict[str, Any]] = []
    monkeypatch.setattr(grid, "send", sent.append)
    kept = (tmp_path / "narrator.toml").read_text()
    assert say(grid, kind="keep", row=2, name="narrator ") == ""
    assert sent == [{"kind": "exists", "row": 2, "name": "narrator"}]
    assert (tmp_path / "narrator.toml").read_text() == kept
    assert say(grid, kind="keep", row=2, name="narrator", replace=True) == ""
    assert "must be 0 to 5" in say(grid, kind="keep", row=9, name="x")
    assert "cannot be a preset's name" in say(grid, kind="keep", row=0, name="../x")
    assert say(grid, kind="keep", row=0) != ""
    assert "needs two takes" in say(grid, kind="compare")
    grid.selected = [0, 2]
    assert say(grid, kind="compare") == ""
    assert len(asked) == 1
    assert "is no message" in say(grid, kind="nonsense")


def test_what_the_comparison_raises_is_in_view(found: Sweep) -> None:
    def broken(_: object) -> None:
        raise ZeroDivisionError("a <b>user's</b> own")

    grid = SweepGrid(found, on_compare=broken)
    grid.selected = [0, 1]
    assert say(grid, kind="compare") == "ZeroDivisionError: a <b>user's</b> own"


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
NAMES = st.sampled_from(["order_by", "descending", "search", "starred", "selected", "rows", "x"])


@given(st.dictionaries(NAMES, ANY), st.dictionaries(st.text(), ANY))
def test_nothing_that_a_page_says_gets_out(found_at: Any, content: dict[str, Any]) -> None:
    grid = SweepGrid(Sweep(text="a", variants=(failed("a"), failed("b"))))
    grid.set_state(found_at)
    kinds = ("keep", "compare", "stop", "media?", "nonsense")
    for kind in kinds:
        grid._on_message(grid, {**content, "kind": kind}, [])
    grid.twin()


# -- state and twin -------------------------------------------------------------------------------


def test_the_state_holds_outlines_and_no_media(grid: SweepGrid) -> None:
    sizes = [len(row["clip"]["peaks"]) for row in grid.rows]
    assert sizes == [480] * 6
    rest = [{**row, "clip": {**row["clip"], "peaks": ""}} for row in grid.rows]
    assert len(json.dumps(rest)) < 6 * 2_000
    peaks = np.frombuffer(grid.rows[0]["clip"]["peaks"], np.int8)
    assert np.abs(peaks.astype(int)).max() > 40


def test_media_are_found_by_the_row_s_clip(grid: SweepGrid, found: Sweep) -> None:
    for number, row in enumerate(grid.rows):
        assert grid._clip(row["clip"]["uid"]).audio == found[number].take.audio
    with pytest.raises(ParameterError, match="there is no clip"):
        grid._clip("nothing")


class Elements(HTMLParser):
    """The elements of a page, their attributes and the text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[dict[str, str | None]] = []
        self.text: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes.append(dict(attrs))

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def test_the_twin_shows_the_rows_as_the_page_does_and_plays_them(grid: SweepGrid) -> None:
    grid.order_by = "rate"
    grid.search = "pitch 40"
    grid.star(2)
    grid.keep(4, "narrator")
    page = Elements(grid.twin())
    assert page.tags.count("tr") == 4
    assert page.tags.count("audio") == 3
    assert page.text.count("★") == 2
    numbers = [text for text in page.text if re.fullmatch(r"120|160|240", text)]
    assert numbers == ["120", "160", "240"]
    assert "wb.speak('Hello, world.', voice='narrator')" in page.text
    sources = [a["src"] for t_, a in zip(page.tags, page.attributes, strict=True) if t_ == "audio"]
    data = base64.b64decode(str(sources[0]).partition("base64,")[2])
    assert data == grid.clips[2].media
    assert page.attributes[0]["class"] == f"wb-twin wb-{grid.uid}"


def test_the_twin_ends_with_the_room_of_a_notebook(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    takes = [
        Take(
            text="x",
            audio=Audio(
                samples=rng.uniform(-0.5, 0.5, 60 * 24_000).astype(np.float32), rate=24_000
            ),
            words=(),
            voice=Voice.parse("espeak:es"),
        )
        for _ in range(8)
    ]
    variants = tuple(
        Variant(label=f"{n}", settings={"voice": "espeak:es", "rate": 100 + n}, take=take)
        for n, take in enumerate(takes)
    )
    grid = SweepGrid(Sweep(text="x", variants=variants))
    page = grid.twin()
    played = Elements(page).tags.count("audio")
    assert 1 <= played < 8
    assert len(page) <= sweep_twin.EMBED_LIMIT + 20_000
    assert Elements(page).tags.count("tr") == 9
    encoded = [n for n, clip in grid.clips.items() if "_bytes" in vars(clip)]
    assert encoded == list(range(played + 1))  # the others are not encoded for nothing


@given(st.text(min_size=1), st.text())
def test_no_text_becomes_an_element(text: str, word: str) -> None:
    hostile = f"</td><script>{word}<img src=x onerror=alert(1)>"
    variants = (failed(f"{text}<b>", hostile), failed(hostile, word))
    grid = SweepGrid(Sweep(text=f"<i>{text}", variants=variants))
    grid.kept = [{"row": 0, "name": word, "path": hostile, "code": f"<u>{text}"}]
    page = Elements(grid.twin())
    allowed = {"div", "p", "table", "tr", "th", "td", "ul", "li", "code"}
    assert set(page.tags) <= allowed
    assert {name for one in page.attributes for name in one} <= {"class", "title", "style", "dir"}


def test_what_is_no_sweep_is_refused() -> None:
    with pytest.raises(ParameterError, match="sweep: must be a Sweep, not str"):
        SweepGrid("hello")  # type: ignore[arg-type]


def test_a_line_of_text_and_the_first_outlines_stand_for_it(grid: SweepGrid) -> None:
    data, metadata = grid.still()
    assert data["text/plain"] == "Sweep(6 variants of 'Hello, world.' by rate, pitch)"
    assert metadata == {"image/png": {"width": 720, "height": 4 * 84 - 4}}
    grid.order_by = "duration"
    assert grid.still()[0]["image/png"] != data["image/png"]  # others come first
    grid.search = "pitch 60"
    assert grid.still()[1]["image/png"]["height"] == 3 * 84 - 4


def test_without_a_sound_there_is_no_picture() -> None:
    grid = SweepGrid(Sweep(text="a", variants=(failed(),)))
    assert grid.still() == ({"text/plain": "Sweep(1 variant of 'a', 1 failed)"}, {})
    assert "<img" not in grid.twin()


def test_a_script_says_how_many_figures_are_shown(grid: SweepGrid) -> None:
    few = [column.name for column in grid.columns_shown]
    assert few == [
        "rate", "pitch", "duration", "loudness", "measured_rate", "pauses", "measured_pitch",
    ]  # fmt: skip
    assert Elements(grid.twin()).tags.count("th") == 3 + 7
    grid.order_by = "true_peak"
    assert [c.name for c in grid.columns_shown if c.name not in few] == ["true_peak"]
    grid.figures = "all"
    assert len(grid.columns_shown) == len(grid.columns) > 12
    assert Elements(grid.twin()).tags.count("th") == 3 + len(grid.columns)
    with pytest.raises(t.TraitError):
        grid.figures = "most"  # type: ignore[assignment]


def test_each_sound_of_the_twin_has_its_outline(grid: SweepGrid) -> None:
    page = Elements(grid.twin())
    assert page.tags.count("img") == page.tags.count("audio") == 6
    images = [a["src"] for t_, a in zip(page.tags, page.attributes, strict=True) if t_ == "img"]
    assert len(set(images)) == 6
    assert page.tags.index("img") < page.tags.index("audio")
    assert page.text[0] == "Hello, world."
    assert page.attributes[1] == {"class": "wb-transcript", "dir": "auto", "lang": "en-us"}
