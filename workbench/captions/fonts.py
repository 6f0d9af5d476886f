"""Font files: where one is, how wide its text runs, which letters it lacks.

The default, DejaVu Sans, ships inside matplotlib; other families are looked up among the fonts of
the machine. Nothing here is fatal but a path that is no font: a missing family or letter becomes a
sentence that the caller shows as a warning.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import unicodedata
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.errors import MediaError, ParameterError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["DEFAULT", "FontFile", "ascent", "covering", "find_font", "missing_glyphs", "ruler"]

DEFAULT = "DejaVu Sans"
_BUNDLED = {
    "dejavu sans": ("DejaVuSans", "Oblique"),
    "dejavu sans mono": ("DejaVuSansMono", "Oblique"),
    "dejavu serif": ("DejaVuSerif", "Italic"),
}
_SUFFIXES = (".ttf", ".otf", ".ttc")
# The ending of a pan-CJK family's name for each language; the same code point is drawn differently.
_REGIONS = {"ja": "JP", "ko": "KR", "zh": "SC", "zh-tw": "TC", "zh-hk": "HK", "yue": "HK"}
_FINE = 2048  # pixels per em at which text is measured: hinting rounds nothing at that size
_BOLD = 700


@dataclass(frozen=True, kw_only=True)
class FontFile:
    """A font and the file it is in.

    Parameters
    ----------
    path
        A .ttf, .otf or .ttc file.
    family
        The name by which libass finds it.
    face
        Which of a .ttc file's fonts it is, from 0.
    bold, italic
        What the letters in it are.
    warning
        How it differs from what was asked for; empty when it does not.
    """

    path: Path
    family: str
    face: int = 0
    bold: bool = False
    italic: bool = False
    warning: str = ""


def find_font(name: str = DEFAULT, *, bold: bool = False, italic: bool = False) -> FontFile:
    """Return the file of a font.

    Parameters
    ----------
    name
        A family such as ``Noto Sans``, or the path of a .ttf, .otf or .ttc file.
    bold, italic
        Which of the family's faces; the nearest there is.

    Returns
    -------
    FontFile
        With a `warning` and the default font when the family is not installed.

    Raises
    ------
    ParameterError
        When `name` is a path and no font file is there.

    Examples
    --------
    >>> font = find_font("DejaVu Sans", bold=True)
    >>> font.path.name, font.family
    ('DejaVuSans-Bold.ttf', 'DejaVu Sans')
    >>> find_font("Nonesuch Grotesk").warning
    "there is no font 'Nonesuch Grotesk' here; DejaVu Sans is used"
    """
    if os.sep in name or name.lower().endswith(_SUFFIXES):
        return _opened(Path(name).expanduser().absolute(), 0, name)
    found = _bundled(name, bold=bold, italic=italic) or _installed(name, bold=bold, italic=italic)
    if found is not None:
        return found
    fallback = _bundled(DEFAULT, bold=bold, italic=italic)
    if fallback is None:
        raise MediaError(
            "its font files are not where they should be",
            subject="matplotlib",
            cure="install matplotlib again",
        )
    return replace(fallback, warning=f"there is no font {name!r} here; {DEFAULT} is used")


def _bundled(name: str, *, bold: bool, italic: bool) -> FontFile | None:
    """Return a font of matplotlib's own, without importing matplotlib."""
    spec = importlib.util.find_spec("matplotlib")
    if name.lower() not in _BUNDLED or spec is None or spec.origin is None:
        return None
    stem, slanted = _BUNDLED[name.lower()]
    face = ("Bold" if bold else "") + (slanted if italic else "")
    file = f"{stem}-{face}.ttf" if face else f"{stem}.ttf"
    path = Path(spec.origin).parent / "mpl-data" / "fonts" / "ttf" / file
    return _opened(path, 0, file) if path.exists() else None


def _installed(name: str, *, bold: bool, italic: bool) -> FontFile | None:
    from matplotlib.font_manager import FontProperties, findfont

    wanted = FontProperties(
        family=[name],
        weight="bold" if bold else "normal",
        style="italic" if italic else "normal",
    )
    try:
        found = findfont(wanted, fallback_to_default=False)
    except ValueError:
        if not _news():
            return None
        try:
            found = findfont(wanted, fallback_to_default=False)
        except ValueError:
            return None
    return _opened(Path(str(found)), int(getattr(found, "face_index", 0)), name)


def _news() -> bool:
    """Add the fonts that matplotlib's list lacks, its own too; whether there are any.

    The list is kept for all environments of a person, and one that is being removed may have
    written it.
    """
    from matplotlib import get_data_path
    from matplotlib.font_manager import findSystemFonts, fontManager

    found = False
    own = findSystemFonts([f"{get_data_path()}/fonts/ttf"])
    for path in {*findSystemFonts(), *own} - {entry.fname for entry in fontManager.ttflist}:
        with contextlib.suppress(OSError, RuntimeError, ValueError):
            fontManager.addfont(path)
            found = True
    return found


@contextlib.contextmanager
def _table(path: Path, face: int) -> Iterator[Any]:
    """Open a font with fontTools, which leaves a file open that it cannot read."""
    from fontTools.ttLib import TTFont

    with path.open("rb") as file, TTFont(file, fontNumber=face, lazy=True) as font:
        yield font


@lru_cache(maxsize=64)
def _opened(path: Path, face: int, asked: str) -> FontFile:
    """Return the font in a file, by a name that fits in a field of an ASS file."""
    try:
        with _table(path, face) as font:
            names = [font["name"].getDebugName(number) for number in (1, 4, 6)]
            drawn = "glyf" in font or "CFF " in font or "CFF2" in font
            kind = font["head"].macStyle
    except Exception as error:  # fontTools raises many kinds on a file that is no font
        raise ParameterError(
            f"is no font file: {error}", subject=asked, cure="name a .ttf or .otf file"
        ) from error
    for name in names:
        if name and name.isprintable() and not set(name) & set(",\\{}") and drawn:
            return FontFile(
                path=path, family=str(name), face=face, bold=bool(kind & 1), italic=bool(kind & 2)
            )
    raise ParameterError("is a font that cannot be drawn by name", subject=asked)


@lru_cache(maxsize=16)
def _letters(path: Path, face: int) -> frozenset[int]:
    with _table(path, face) as font:
        return frozenset(font.getBestCmap() or ())


def missing_glyphs(text: str, font: FontFile) -> str:
    """Return the letters of `text` that `font` cannot draw, each once, in order.

    Spaces, marks of direction and other characters that draw nothing are not counted.

    Examples
    --------
    >>> missing_glyphs("Hola, 你好. 你!", find_font())
    '你好'
    """
    known = _letters(font.path, font.face)
    return "".join(
        char for char in dict.fromkeys(text) if ord(char) not in known and not _unseen(char)
    )


def _unseen(char: str) -> bool:
    """Whether nothing is drawn for `char`: spaces, controls, joiners, variation selectors."""
    return (
        unicodedata.category(char)[0] in "CZ"
        or "\ufe00" <= char <= "\ufe0f"
        or "\U000e0100" <= char <= "\U000e01ef"
    )


@lru_cache(maxsize=64)
def covering(letters: str, *, bold: bool = False, language: str = "") -> FontFile | None:
    """Return an installed font that has `letters`, or most of them; None when none has any.

    Parameters
    ----------
    letters
        What another font lacks, as `missing_glyphs` returns it.
    bold
        Whether a bold face is preferred.
    language
        A BCP 47 tag: Chinese, Japanese and Korean draw the same code points differently.

    Examples
    --------
    >>> covering("ש") is not None
    True
    """
    from matplotlib.font_manager import fontManager

    language = language.lower()
    region = _REGIONS.get(language) or _REGIONS.get(language.partition("-")[0], "SC")

    def rank(entry: Any) -> tuple[object, ...]:
        name = entry.name.lower()
        return (
            (entry.weight == _BOLD) != bold,
            entry.style != "normal",
            "sans" not in name,
            "mono" in name,
            not entry.name.endswith(region),
            name,
        )

    best = _best(letters, sorted(fontManager.ttflist, key=rank))
    if (best is None or missing_glyphs(letters, best)) and _news():
        best = _best(letters, sorted(fontManager.ttflist, key=rank))
    return best


def _best(letters: str, entries: list[Any]) -> FontFile | None:
    """Return the first font that has all `letters`, else the one that has most."""
    from matplotlib.ft2font import FT2Font

    best, most = None, 0
    for entry in entries:
        if "last resort" in entry.name.lower():  # draws a frame for every letter
            continue
        try:
            has = FT2Font(entry.fname).get_char_index
            number = sum(has(ord(letter)) > 0 for letter in letters)
            if number > most:
                best = _opened(Path(entry.fname), int(getattr(entry, "index", 0)), entry.name)
                most = number
        except (OSError, RuntimeError, ParameterError):  # removed, damaged or bitmaps only
            continue
        if most == len(letters):
            break
    return best


def _vertical(table: Any) -> tuple[int, int]:
    """Return how far a line reaches above and below its baseline, in a font's own units.

    libass takes OS/2 winAscent and winDescent, else hhea's, as FreeType does, and makes their sum
    as high as the Fontsize, as GDI and VSFilter do (libass, ass_font.c, set_font_metrics).
    """
    os2, hhea = table.get("OS/2"), table["hhea"]
    if os2 is not None and os2.usWinAscent + os2.usWinDescent:
        return os2.usWinAscent, os2.usWinDescent
    if hhea.ascent - hhea.descent:
        return hhea.ascent, -hhea.descent
    return table["head"].unitsPerEm, 0


@lru_cache(maxsize=16)
def ascent(font: FontFile) -> float:
    """Return how much of a line's height is above its baseline, from 0 to 1.

    Examples
    --------
    >>> round(ascent(find_font("DejaVu Sans")), 3)  # 1901 of 2384 units
    0.797
    """
    with _table(font.path, font.face) as table:
        above, below = _vertical(table)
    return above / (above + below)


@lru_cache(maxsize=16)
def ruler(font: FontFile) -> Callable[[str], tuple[float, float]]:
    """Return a function that measures text drawn by libass at a Fontsize of 1.

    It returns the advance, and how far the ink reaches beyond it on either side.

    Examples
    --------
    >>> advance, overhang = ruler(find_font("DejaVu Sans Mono"))("MMMM")
    >>> round(advance / 4, 3), overhang  # 1233 of 2048 units in a line of 2384
    (0.517, 0.0)
    """
    from PIL import ImageFont

    with _table(font.path, font.face) as table:
        em = table["head"].unitsPerEm
        high = sum(_vertical(table))
    face = ImageFont.truetype(str(font.path), _FINE, index=font.face)
    scale = em / high / _FINE

    def measure(text: str) -> tuple[float, float]:
        left, _, right, _ = face.getbbox(text, anchor="ls")
        advance = face.getlength(text)
        return advance * scale, max(0.0, -left, right - advance) * scale

    return measure
