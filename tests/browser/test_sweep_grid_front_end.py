"""The sweep grid's front end by itself, and talking to the widget: no Jupyter, no kernel."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

import workbench as wb
from workbench.errors import ModelError
from workbench.speech.sweep import sweep
from workbench.speech.variant import Variant
from workbench.speech.variants import Sweep
from workbench.widgets.sweep_grid import SweepGrid

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.browser

ORDER = "return [...el.querySelectorAll('tbody tr')].map((row) => Number(row.dataset.row))"
# Every sound of the page: the number of its row (or A and B of the pair), and its state.
SOUNDS = """
return [...el.querySelectorAll("audio")].map((audio) => ({
  row: Number(audio.closest("tr")?.dataset.row ?? -1),
  time: audio.currentTime, paused: audio.paused, loaded: audio.hasAttribute("src"),
  duration: audio.duration || 0,
}));
"""


@pytest.fixture(scope="module")
def found() -> Sweep:
    text = "Welcome to the workbench, where words light up."
    return sweep(text, voices="espeak:en-us", rate=[240, 120, 160], pitch=[40, 60])


def row(shown: Any, number: int) -> Any:
    return shown.page.locator(f"tr[data-row='{number}']")


def test_a_person_sorts_listens_compares_and_keeps(
    mount: Any, found: Sweep, tmp_path: Path, artefacts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    asked: list[list[str]] = []
    grid = SweepGrid(found, on_compare=lambda pair: asked.append(list(pair)))
    shown = mount(grid, talk=True)
    page = shown.page
    assert shown.run(ORDER) == [0, 1, 2, 3, 4, 5]

    page.get_by_role("button", name="rate", exact=True).click()
    assert shown.run(ORDER) == [2, 3, 4, 5, 0, 1]
    page.get_by_role("button", name="rate", exact=True).click()
    assert shown.run(ORDER) == [0, 1, 4, 5, 2, 3]
    assert page.locator("th[aria-sort='descending']").inner_text().startswith("rate")
    shown.wait("true")
    shown.wire.pump()
    assert (grid.order_by, grid.descending) == ("rate", True)

    row(shown, 4).get_by_role("button", name="Play").click()
    shown.wait("el.querySelector('tr[data-row=\"4\"] audio').currentTime > 0.1")
    sounds = {one["row"]: one for one in shown.run(SOUNDS)}
    assert [n for n, one in sounds.items() if one["loaded"]] == [4]  # and no other was asked for
    assert sounds[4]["duration"] == pytest.approx(found[4].take.duration, abs=0.06)
    row(shown, 1).get_by_role("button", name="Play").click()
    shown.wait("el.querySelector('tr[data-row=\"1\"] audio').currentTime > 0.05")
    playing = [one["row"] for one in shown.run(SOUNDS) if not one["paused"]]
    assert playing == [1]  # one at a time

    row(shown, 4).get_by_role("checkbox").click()
    row(shown, 1).get_by_role("checkbox").click()
    shown.wait("el.querySelectorAll('.wb-sweep-side').length === 2")
    names = page.locator(".wb-sweep-name").all_inner_texts()
    assert names == ["rate 160, pitch 40", "rate 240, pitch 60"]
    assert page.locator(".wb-sweep-badge").all_inner_texts() == ["A", "B"]
    assert page.get_by_role("group", name="B: rate 240, pitch 60").count() == 1
    page.get_by_role("button", name="Give the two to the comparison").click()
    shown.wire.pump()
    shown.wire.pump()
    assert asked == [["rate 160, pitch 40", "rate 240, pitch 60"]]

    row(shown, 4).get_by_role("button", name="Keep rate 160").click()
    field = page.get_by_role("textbox", name="Name of the preset for rate 160, pitch 40")
    assert field.input_value() == "rate-160-pitch-40"
    field.fill("narrator")
    field.press("Enter")
    shown.wait("el.querySelector('.wb-sweep-code')?.textContent.includes(\"voice='narrator'\")")
    kept = wb.Preset.load(tmp_path / "presets" / "narrator.toml")
    assert kept.options == {"rate": 160, "pitch": 40}
    shown.wait("el.querySelector('tr[data-row=\"4\"] .wb-sweep-star').ariaPressed === 'true'")
    assert page.evaluate("() => document.activeElement.className").endswith("wb-sweep-keep")
    page.screenshot(path=artefacts / "sweep_grid.png")


@pytest.mark.parametrize("page", ["dark"], indirect=True)
def test_in_the_dark_it_can_be_read(mount: Any, found: Sweep, artefacts: Path) -> None:
    shown = mount(SweepGrid(found))
    colours = shown.run(
        "const c = (what, name) => getComputedStyle(el.querySelector(what))[name];"
        "return [c('.wb-sweep-frame', 'backgroundColor'), c('td', 'color'),"
        " c('th', 'backgroundColor')]"
    )
    assert colours == ["rgb(20, 24, 31)", "rgb(228, 232, 238)", "rgb(20, 24, 31)"]
    shown.page.screenshot(path=artefacts / "sweep_grid_dark.png")


HEADS = "return [...el.querySelectorAll('th[data-column]:not([hidden])')].map((c) => c.innerText)"


@pytest.mark.parametrize("wide", [960, 1300])
def test_sounds_and_first_figures_are_in_view_and_the_rest_on_request(
    mount: Any, found: Sweep, artefacts: Path, wide: int
) -> None:
    grid = SweepGrid(found)
    shown = mount(grid, talk=True)
    shown.page.set_viewport_size({"width": wide, "height": 800})
    few = [" ".join(head.split()) for head in shown.run(HEADS)]
    assert few == [column.head for column in grid.columns_shown]
    assert few[:3] == ["rate", "pitch", "duration s"]
    assert len(few) == 7
    room = "const f = el.querySelector('.wb-sweep-frame'); return f.scrollWidth - f.clientWidth"
    assert shown.run(room) == 0
    player = row(shown, 0).locator(".wb-stage").bounding_box()
    assert player["width"] > 180
    assert player["x"] < row(shown, 0).get_by_text("240").bounding_box()["x"]
    shown.page.screenshot(path=artefacts / f"sweep_grid_{wide}.png")

    button = shown.page.get_by_role("button", name="Show all that was measured")
    button.click()
    assert button.get_attribute("aria-pressed") == "true"
    shown.wire.pump()
    assert grid.figures == "all"
    assert len(shown.run(HEADS)) == len(grid.columns) == len(grid.columns_shown) > 12
    keep = row(shown, 0).locator(".wb-sweep-keep").bounding_box()
    assert keep["x"] + keep["width"] <= wide  # it stays, however wide the table is
    shown.page.screenshot(path=artefacts / f"sweep_grid_all_{wide}.png")
    grid.figures = "few"
    shown.wait("el.querySelectorAll('th[data-column]:not([hidden])').length === 7")
    assert len(row(shown, 0).locator("td:visible").all()) == 4 + 7


def test_what_is_sorted_by_has_a_column(mount: Any, found: Sweep) -> None:
    grid = SweepGrid(found)
    grid.order_by = "true_peak"
    shown = mount(grid)
    assert "true peak" in " ".join(shown.run(HEADS))
    assert shown.page.locator("th[aria-sort='ascending']").inner_text().startswith("true peak")


def test_nothing_moves_when_a_name_is_asked_for(mount: Any, found: Sweep) -> None:
    shown = mount(SweepGrid(found))
    box = "return JSON.stringify(el.querySelector('table').getBoundingClientRect())"
    before = shown.run(box)
    row(shown, 5).locator(".wb-sweep-keep").click()
    assert shown.page.get_by_role("textbox").last.is_visible()
    assert shown.run(box) == before


def test_a_comparison_is_closed(mount: Any, found: Sweep) -> None:
    grid = SweepGrid(found)
    grid.selected = [0, 1]
    shown = mount(grid)
    shown.page.get_by_role("button", name="Compare nothing").click()
    assert shown.run("return model.get('selected')") == []
    assert not shown.page.locator(".wb-sweep-pair").is_visible()


def test_the_two_are_switched_at_the_same_place(mount: Any, found: Sweep) -> None:
    grid = SweepGrid(found)
    grid.selected = [0, 2]
    shown = mount(grid, talk=True)
    switch = shown.page.get_by_role("button", name="Switch between A and B at the same place")
    assert shown.page.get_by_role("button", name="Give the two to the comparison").count() == 0
    a = "el.querySelectorAll('.wb-sweep-pair audio')[0]"
    b = "el.querySelectorAll('.wb-sweep-pair audio')[1]"
    switch.click()
    shown.wait(f"!{a}.paused && {a}.currentTime > 0.4")
    switch.click()
    shown.wait(f"!{b}.paused && {a}.paused && {b}.currentTime > 0.1 && !{b}.seeking")
    share = shown.run(f"return [{a}.currentTime / {a}.duration, {b}.currentTime / {b}.duration]")
    assert share[1] >= share[0] - 0.02
    assert share[1] < share[0] + 0.5
    switch.click()
    shown.wait(f"!{a}.paused && {b}.paused")


def test_a_third_choice_takes_the_place_of_the_first(mount: Any, found: Sweep) -> None:
    shown = mount(SweepGrid(found))
    for number in (0, 3, 5):
        row(shown, number).get_by_role("checkbox").click()
    assert shown.run("return model.get('selected')") == [3, 5]
    checked = "return [...el.querySelectorAll('tbody input')].map((box) => box.checked)"
    assert shown.run(checked) == [False, False, False, True, False, True]
    row(shown, 3).get_by_role("checkbox").click()
    assert shown.run("return model.get('selected')") == [5]
    assert shown.page.get_by_text("Choose another to compare them.").count() == 1


def test_words_and_stars_narrow_it_down(mount: Any, found: Sweep) -> None:
    shown = mount(SweepGrid(found))
    field = shown.page.get_by_role("searchbox", name="Show only variants with these words")
    field.fill("PITCH 60")
    assert shown.run(ORDER) == [1, 3, 5]
    assert shown.page.get_by_role("status").inner_text() == "3 of 6 variants"
    row(shown, 3).get_by_role("button", name="Star rate 120, pitch 60").click()
    assert row(shown, 3).locator(".wb-sweep-star").get_attribute("aria-pressed") == "true"
    shown.page.get_by_role("button", name="Show only variants with a star").click()
    assert shown.run(ORDER) == [3]
    field.fill("nothing like it")
    assert shown.run(ORDER) == []
    field.fill("")
    row(shown, 3).locator(".wb-sweep-star").click()
    assert shown.run(ORDER) == []
    assert shown.run("return model.saved.at(-1)") == {"starred": []}


def test_python_moves_the_page(mount: Any, found: Sweep) -> None:
    grid = SweepGrid(found)
    shown = mount(grid, talk=True)
    grid.order_by, grid.search = "rate", "pitch 40"
    grid.selected = [4]
    grid.star(2)
    shown.wait("el.querySelectorAll('tbody tr').length === 3")
    shown.wait("el.querySelector('tr[data-row=\"2\"] .wb-sweep-star').ariaPressed === 'true'")
    assert shown.run(ORDER) == list(grid.numbers) == [2, 4, 0]
    assert row(shown, 4).get_by_role("checkbox").is_checked()
    assert shown.run("return el.querySelector('input[type=search]').value") == "pitch 40"


def test_the_page_sorts_as_python_does(mount: Any, found: Sweep) -> None:
    failed = Variant(
        label="rate 1", settings={"voice": "espeak:es", "rate": 90}, error=ModelError("ran away")
    )
    mixed = Sweep(text="a", variants=(found[3], failed, *found.variants[:3], *found.variants[4:]))
    grid = SweepGrid(mixed)
    shown = mount(grid, talk=True)
    for column in grid.columns:
        for descending in (False, True):
            grid.order_by, grid.descending = column["name"], descending
            shown.wire.pump()
            assert shown.run(ORDER) == list(grid.numbers), (column["name"], descending)


def test_errors_are_in_view(mount: Any, found: Sweep, tmp_path: Path) -> None:
    failed = Variant(
        label="<b>bad</b>", settings={"voice": "espeak:es"}, error=ModelError("ran <i>away</i>")
    )
    grid = SweepGrid(Sweep(text="<u>x", variants=(found[0], failed)), presets=tmp_path)
    shown = mount(grid, talk=True)
    assert row(shown, 1).get_by_text("ran <i>away</i>").count() == 1
    assert shown.run("return el.querySelectorAll('b, i, u').length") == 0
    assert row(shown, 1).get_by_role("checkbox").is_disabled()
    assert row(shown, 1).locator("audio").count() == 0
    row(shown, 0).locator(".wb-sweep-keep").click()
    shown.page.get_by_role("textbox").last.fill("../x")
    shown.page.get_by_role("button", name="Keep it under this name").click()
    shown.wait("el.querySelector('.wb-status').textContent.includes(\"cannot be a preset's name\")")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("answer", ["Replace it", "Cancel", "Escape"])
def test_another_preset_is_replaced_only_when_asked(
    mount: Any, found: Sweep, tmp_path: Path, answer: str
) -> None:
    grid = SweepGrid(found, presets=tmp_path)
    grid.keep(1, "mine")
    path = tmp_path / "mine.toml"
    before = path.read_text()
    grid.kept = []
    shown = mount(grid, talk=True)
    row(shown, 0).locator(".wb-sweep-keep").click()
    shown.page.get_by_role("textbox").last.fill("mine")
    shown.page.keyboard.press("Enter")
    asked = shown.page.get_by_role("alertdialog")
    shown.wait("el.querySelector('[role=alertdialog]')")
    assert "There is a preset mine already." in asked.inner_text()
    if answer == "Escape":
        shown.page.keyboard.press("Escape")
    else:
        asked.get_by_role("button", name=answer).click()
    assert asked.count() == 0
    if answer == "Replace it":
        shown.wait("model.data.kept.length === 1")
    shown.wire.pump()
    assert (path.read_text() != before) == (answer == "Replace it")
    assert grid.error == ""
    assert row(shown, 0).locator(".wb-sweep-keep").count() == 1


def test_outlines_share_one_scale_and_tooltips_are_sentences(mount: Any, found: Sweep) -> None:
    grid = SweepGrid(found)
    shown = mount(grid)
    lengths = [one.take.duration for one in found if one.take is not None]
    wide = [
        row(shown, number).locator("canvas").bounding_box()["width"] for number in range(len(found))
    ]
    assert [w / max(wide) for w in wide] == pytest.approx(
        [length / max(lengths) for length in lengths], abs=0.02
    )
    assert min(wide) < max(wide) * 0.9
    titles = shown.run("return [...el.querySelectorAll('.wb-sweep-head')].map((n) => n.title)")
    assert all(re.fullmatch(r".*[^.]\. Sort by it\.", title) for title in titles)


def test_a_name_may_be_given_up(mount: Any, found: Sweep) -> None:
    shown = mount(SweepGrid(found))
    row(shown, 0).locator(".wb-sweep-keep").click()
    shown.page.get_by_role("textbox").last.press("Escape")
    assert row(shown, 0).locator(".wb-sweep-keep").count() == 1
    row(shown, 0).locator(".wb-sweep-keep").click()
    shown.page.get_by_role("button", name="Do not keep it").click()
    assert shown.run("return model.sent.map((m) => m.kind)") == ["hello"]


def test_a_large_sweep_shows_fifty_rows_until_more_are_asked_for(mount: Any, found: Sweep) -> None:
    variants = tuple(
        Variant(
            label=f"rate {n}",
            settings={"voice": "espeak:en-us", "rate": n},
            take=found[n % 6].take,
            measures=found[n % 6].measures,
        )
        for n in range(1000)
    )
    grid = SweepGrid(Sweep(text="x", variants=variants))
    state = sum(len(r["clip"]["peaks"]) for r in grid.rows)
    assert state < 500_000
    shown = mount(grid)
    assert len(shown.run(ORDER)) == 50
    assert shown.run("return el.querySelectorAll('canvas').length") == 50
    shown.page.get_by_role("button", name="Show more variants").click()
    assert len(shown.run(ORDER)) == 100
    shown.page.get_by_role("searchbox").fill("77")
    assert shown.run(ORDER) == [77, *range(770, 780)]
    assert not shown.page.locator(".wb-sweep-more").is_visible()
    shown.page.get_by_role("searchbox").fill("")
    assert len(shown.run(ORDER)) == 100


def test_all_of_it_can_be_reached_by_the_keyboard(mount: Any, found: Sweep) -> None:
    shown = mount(SweepGrid(found))
    shown.page.get_by_role("searchbox").focus()
    reached: list[str] = []
    for _ in range(22):
        shown.page.keyboard.press("Tab")
        reached.append(
            shown.page.evaluate(
                "() => { const e = document.activeElement;"
                " return e.ariaLabel || e.textContent.trim() || e.tagName; }"
            )
        )
    for name in ("Show only variants with a star", "rate", "pitch", "Variants"):
        assert name in reached
    after = reached[reached.index("Compare rate 240, pitch 40") :]
    assert after[1] == "Star rate 240, pitch 40"
    shown.page.get_by_role("button", name="rate", exact=True).focus()
    shown.page.keyboard.press("Enter")
    assert shown.run("return model.get('order_by')") == "rate"


def test_every_control_has_a_name(mount: Any, found: Sweep) -> None:
    grid = SweepGrid(found)
    grid.selected = [0, 1]
    shown = mount(grid)
    nameless = shown.run(
        "return [...el.querySelectorAll('button, input, canvas, select, [role=group]')]"
        ".filter((e) => !e.ariaLabel && !e.textContent.trim()).map((e) => e.outerHTML)"
    )
    assert nameless == []
    assert shown.page.get_by_role("group", name="Sweep of 6 variants").count() == 1
    assert shown.page.get_by_role("region", name="Variants").count() == 1


def test_nothing_is_left_when_the_view_goes(mount: Any, found: Sweep) -> None:
    grid = SweepGrid(found)
    grid.selected = [0, 1]
    shown = mount(grid, talk=True)
    row(shown, 0).get_by_role("button", name="Play").click()
    shown.wait("el.querySelector('tr[data-row=\"0\"] audio').currentTime > 0")
    shown.run("window.sound = el.querySelector('tr[data-row=\"0\"] audio'); view.leave()")
    assert shown.run("return [model.listeners(), el.children.length]") == [0, 0]
    shown.wait("window.sound.paused && !window.sound.hasAttribute('src')")


def test_the_twin_is_hidden_while_the_widget_lives(mount: Any, found: Sweep) -> None:
    grid = SweepGrid(found)
    shown = mount(grid)
    shown.page.evaluate(
        "(html) => document.body.insertAdjacentHTML('beforeend', html)", grid.twin()
    )
    twin = shown.page.locator(".wb-twin")
    assert twin.count() == 1
    assert not twin.is_visible()
    assert shown.page.locator(".wb-twin audio").count() == 6
