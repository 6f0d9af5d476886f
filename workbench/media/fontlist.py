"""Which fonts this machine has, by the names that captions and titles take."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.errors import ParameterError

__all__ = ["Font", "fonts"]

_BOLD = 600  # of 100 to 900, as CSS counts
_WEIGHTS = {
    "ultralight": 100, "light": 200, "normal": 400, "regular": 400, "book": 400, "medium": 500,
    "roman": 500, "semibold": 600, "demibold": 600, "demi": 600, "bold": 700, "heavy": 800,
    "extra bold": 800, "black": 900,
}  # fmt: skip
_LONGEST = 200  # letters of a search


@dataclass(frozen=True, kw_only=True, order=True)
class Font:
    """A family of fonts and its files.

    Parameters
    ----------
    family
        The name by which captions find it.
    path
        The file of its upright, regular face, or of the nearest to that.
    faces
        How many files it has.
    bold, italic
        Whether it has letters that are so.
    """

    family: str
    path: Path
    faces: int
    bold: bool
    italic: bool

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values, for JSON."""
        return {**vars(self), "path": str(self.path)}


def fonts(search: str = "") -> tuple[Font, ...]:
    """Return the font families of this machine, by name.

    Parameters
    ----------
    search
        Letters that the family's name holds, small or capital.

    Raises
    ------
    ParameterError
        When `search` is no text.

    Examples
    --------
    >>> [font.family for font in fonts("dejavu sans mono")]
    ['DejaVu Sans Mono']
    """
    if type(search) is not str or len(search) > _LONGEST:
        raise ParameterError("must be a few letters of a name", subject="search")
    from matplotlib.font_manager import findSystemFonts, fontManager

    # matplotlib keeps its list for as long as it likes: what was installed since is added.
    for path in set(findSystemFonts()) - {entry.fname for entry in fontManager.ttflist}:
        with contextlib.suppress(OSError, RuntimeError, ValueError):  # damaged, or bitmaps only
            fontManager.addfont(path)
    found: dict[str, list[Any]] = {}
    for entry in fontManager.ttflist:
        if search.lower() in entry.name.lower() and Path(entry.fname).is_file():
            found.setdefault(entry.name, []).append(entry)
    return tuple(sorted(_family(name, entries) for name, entries in found.items()))


def _family(name: str, entries: list[Any]) -> Font:
    plainest = min(entries, key=lambda e: (e.style != "normal", abs(_weight(e) - 400), e.fname))
    return Font(
        family=name,
        path=Path(plainest.fname),
        faces=len({entry.fname for entry in entries}),
        bold=any(_weight(entry) >= _BOLD for entry in entries),
        italic=any(entry.style != "normal" for entry in entries),
    )


def _weight(entry: Any) -> int:
    weight = entry.weight
    return _WEIGHTS.get(weight, 400) if isinstance(weight, str) else int(weight)
