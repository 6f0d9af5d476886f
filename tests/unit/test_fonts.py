"""Fonts: found by name or path, measured, and asked what they lack."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

from workbench.captions import fonts
from workbench.captions.fonts import covering, find_font, missing_glyphs, ruler
from workbench.errors import MediaError, ParameterError


@pytest.mark.parametrize(
    ("name", "bold", "italic", "file"),
    [
        ("DejaVu Sans", False, False, "DejaVuSans.ttf"),
        ("dejavu sans", True, False, "DejaVuSans-Bold.ttf"),
        ("DejaVu Sans", True, True, "DejaVuSans-BoldOblique.ttf"),
        ("DejaVu Serif", False, True, "DejaVuSerif-Italic.ttf"),
        ("DejaVu Sans Mono", True, False, "DejaVuSansMono-Bold.ttf"),
    ],
)
def test_the_default_fonts_come_with_matplotlib(name, bold, italic, file):
    font = find_font(name, bold=bold, italic=italic)
    assert font.path.name == file
    assert font.family.lower() == name.lower()
    assert (font.bold, font.italic) == (bold, italic)
    assert font.warning == ""


def test_finding_them_loads_no_matplotlib():
    code = (
        "import sys; from workbench.captions.fonts import find_font; find_font();"
        "print('matplotlib' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_a_missing_family_is_named_with_its_replacement():
    font = find_font("Nonesuch Grotesk, {\\p1}", bold=True)
    assert font.path.name == "DejaVuSans-Bold.ttf"
    assert "Nonesuch Grotesk, {" in font.warning
    assert "DejaVu Sans" in font.warning


def test_a_family_of_the_machine_is_found():
    font = find_font("STIXGeneral", bold=True)
    assert font.warning == ""
    assert font.family == "STIXGeneral"
    assert font.bold


def test_fonts_that_matplotlib_has_and_its_list_lacks_are_found(monkeypatch):
    """An environment that was being removed had written the list, which all others read."""
    from matplotlib.font_manager import fontManager

    own = [entry for entry in fontManager.ttflist if "mpl-data" not in str(entry.fname)]
    monkeypatch.setattr(fontManager, "ttflist", own)
    fontManager._findfont_cached.cache_clear()
    assert find_font("STIXGeneral", italic=True).warning == ""


def test_a_path_is_taken_as_it_is(tmp_path, monkeypatch):
    source = find_font("DejaVu Serif").path
    path = tmp_path / "mine.ttf"
    path.write_bytes(source.read_bytes())
    assert find_font(str(path)).family == "DejaVu Serif"
    monkeypatch.chdir(tmp_path)
    assert find_font("mine.ttf").path == path


def test_a_path_that_is_no_font_is_refused(tmp_path):
    (tmp_path / "text.ttf").write_text("not a font")
    (tmp_path / "empty.otf").write_bytes(b"")
    (tmp_path / "torn.ttf").write_bytes(find_font().path.read_bytes()[:5000])
    (tmp_path / "folder.ttf").mkdir()
    for name in ("text.ttf", "empty.otf", "torn.ttf", "folder.ttf", "gone.ttf"):
        with pytest.raises(ParameterError, match=name):
            find_font(str(tmp_path / name))
    with pytest.raises(ParameterError, match="no font file"):
        find_font("/etc/passwd")


def renamed(path, target, name):
    """Write a font whose names are all `name`."""
    ttlib = importlib.import_module("fontTools.ttLib")
    with ttlib.TTFont(path) as font:
        for record in font["name"].names:
            record.string = name
        font.save(target)
    return target


def test_a_family_name_cannot_leave_its_field(tmp_path):
    """The font's name was pasted into the style, where a comma ends the field."""
    for i, name in enumerate(["Comma, Sans", "New\nLine", "{\\p1}"]):
        path = renamed(find_font().path, tmp_path / f"odd{i}.ttf", name)
        with pytest.raises(ParameterError, match="by name"):
            find_font(str(path))


def test_missing_letters():
    font = find_font()
    assert missing_glyphs("Año — «ñ» שלום Ω", font) == ""
    assert missing_glyphs("a你b好c你", font) == "你好"
    assert missing_glyphs("a\u200d\ufe0f\u00ad\u2060\n\t\x00\u202e\U000e0101", font) == ""
    assert missing_glyphs("שלום", find_font("DejaVu Sans Mono")) == "שלום"


def test_another_font_is_found_for_missing_letters():
    font = covering("שלום")
    assert missing_glyphs("שלום", font) == ""
    assert covering("שלום", bold=True).bold
    assert covering("\U0010fffe") is None


def test_the_frames_of_the_last_resort_are_no_letters():
    """Matplotlib ships a font that draws a frame for every code point."""
    font = covering("\u0ddf\U000f0000")
    assert font is None or "Last" not in font.family


def test_fonts_installed_later_are_found(tmp_path, monkeypatch):
    """Matplotlib keeps its list in a file from the first time it ran."""
    manager = importlib.import_module("matplotlib.font_manager")
    path = renamed(find_font().path, tmp_path / "late.ttf", "Latecomer")
    assert find_font("Latecomer").warning
    monkeypatch.setattr(manager, "findSystemFonts", lambda *_: [str(path)])
    known = list(manager.fontManager.ttflist)
    try:
        assert find_font("Latecomer").path == path
    finally:
        manager.fontManager.ttflist[:] = known
        manager.fontManager._findfont_cached.cache_clear()


def test_widths_scale_with_the_size():
    measure = ruler(find_font("DejaVu Sans Mono"))
    one, over = measure("M")
    ten, _ = measure("M" * 10)
    assert ten == pytest.approx(10 * one)
    assert one == pytest.approx(1233 / 2384)
    assert over == 0
    _, slanted = ruler(find_font(italic=True))("jf")
    assert 0 < slanted < 0.3


def test_without_matplotlib_the_fault_is_named(monkeypatch):
    monkeypatch.setattr(fonts.importlib.util, "find_spec", lambda _: None)
    monkeypatch.setattr(fonts, "_installed", lambda *_, **__: None)
    with pytest.raises(MediaError, match="matplotlib"):
        find_font()
