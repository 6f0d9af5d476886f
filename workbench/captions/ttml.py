"""TTML, the captions of broadcasters and streaming services, out and in.

Written and read here with Python's own XML, because pysubs2's TTML drops braces, takes a backslash
and N for a new line, knows neither speakers nor frames, and parses whatever entities a file
declares. A file with a document type is refused: TTML has none, and in one a few lines can name
other files or grow to gigabytes (the "billion laughs").
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from workbench.captions.files import Row, body, ticks, who
from workbench.errors import TextError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from workbench.captions.cue import Cue

__all__ = ["read_ttml", "to_ttml"]

_NS = "http://www.w3.org/ns/ttml"
_XML = "{http://www.w3.org/XML/1998/namespace}"
_DECLARED = re.compile(r"<!\s*(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_PROLOGUE = re.compile(r"\A\s*<\?xml[^>]*\?>")
_UNWRITABLE = re.compile("[\ufffe\uffff]")  # characters that XML does not have
_CLOCK = re.compile(r"(\d{1,6}):(\d{1,2}):(\d{1,2})(?:\.(\d{1,9})|:(\d{1,3})(?:\.\d+)?)?")
_OFFSET = re.compile(r"(\d{1,12}(?:\.\d{1,9})?)(h|ms|m|s|f|t)")
_SPACES = re.compile(r"[ \t\n]+")
_LARGEST = 16 << 20  # letters; an element of four may take a hundred bytes when it is read
_DEEPEST = 100  # elements in each other
_DEFAULT_RATE = 30.0  # frames a second (TTML2, 7.2.4)


def to_ttml(cues: Iterable[Cue], language: str = "") -> str:
    r"""Return `cues` as TTML text.

    Examples
    --------
    >>> from workbench.captions.cue import Cue
    >>> from workbench.timing import Word
    >>> word = Word(text="<i>", start=0, end=1)
    >>> print(to_ttml([Cue(start=0, end=1, lines=((word,),))]).splitlines()[-4].strip())
    <p begin="00:00:00.000" end="00:00:01.000">&lt;i&gt;</p>
    """
    cues = list(cues)
    ET.register_namespace("", _NS)
    ET.register_namespace("ttm", f"{_NS}#metadata")
    ET.register_namespace("ttp", f"{_NS}#parameter")
    root = ET.Element(
        f"{{{_NS}}}tt",
        {f"{_XML}lang": _clean(who(language)), f"{_XML}space": "preserve"},
    )
    root.set(f"{{{_NS}#parameter}}timeBase", "media")
    names = list(dict.fromkeys(who(cue.speaker) for cue in cues if cue.speaker))
    if names:
        metadata = ET.SubElement(ET.SubElement(root, f"{{{_NS}}}head"), f"{{{_NS}}}metadata")
        for number, name in enumerate(names, start=1):
            agent = ET.SubElement(metadata, f"{{{_NS}#metadata}}agent", {f"{_XML}id": f"s{number}"})
            agent.set("type", "person")
            ET.SubElement(agent, f"{{{_NS}#metadata}}name", {"type": "full"}).text = _clean(name)
    division = ET.SubElement(ET.SubElement(root, f"{{{_NS}}}body"), f"{{{_NS}}}div")
    for cue, (start, end) in zip(cues, ticks(cues, 1000), strict=True):
        place = ET.SubElement(division, f"{{{_NS}}}p", {"begin": _clock(start), "end": _clock(end)})
        if cue.speaker:
            place.set(f"{{{_NS}#metadata}}agent", f"s{names.index(who(cue.speaker)) + 1}")
        first, *more = _clean(body(cue)).split("\n")
        place.text = first
        for line in more:
            ET.SubElement(place, f"{{{_NS}}}br").tail = line
    for element in (root, *root.iterfind(f"{{{_NS}}}body"), division):
        element.text = element[0].tail = "\n" if len(element) else None
    rows = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{rows}\n'


def _clean(text: str) -> str:
    return _UNWRITABLE.sub("\ufffd", text)


def _clock(milliseconds: int) -> str:
    seconds, milliseconds = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    return f"{minutes // 60:02}:{minutes % 60:02}:{seconds:02}.{milliseconds:03}"


def read_ttml(text: str, path: Path) -> tuple[list[Row], str]:
    """Return the captions of a TTML file and its language.

    Raises
    ------
    TextError
        When it is no XML, is too large, or declares a document type or an entity.
    """
    if len(text) > _LARGEST:
        raise TextError("is too large for captions", subject=str(path))
    if _DECLARED.search(text):
        raise TextError(
            "declares a document type, which may name other files or never end",
            subject=str(path),
            cure="remove the <!DOCTYPE …> part",
        )
    try:
        root = ET.fromstring(_PROLOGUE.sub("", text))  # noqa: S314 - nothing is declared in it
    except (ET.ParseError, ValueError) as error:
        raise TextError(f"is not a TTML file: {error}", subject=str(path)) from error
    return list(_Reader(root).rows()), root.get(f"{_XML}lang", "")


def _name(element: ET.Element) -> str:
    """Return an element's or attribute's name without its namespace, of which there are drafts."""
    return str(element.tag).rpartition("}")[2]


def _attribute(element: ET.Element, name: str) -> str | None:
    found = [value for key, value in element.attrib.items() if key.rpartition("}")[2] == name]
    return found[0] if found else None


class _Reader:
    """A TTML document: its time base and its speakers."""

    def __init__(self, root: ET.Element) -> None:
        self.root = root
        self.rate = _number(_attribute(root, "frameRate")) or _DEFAULT_RATE
        up, _, down = (_attribute(root, "frameRateMultiplier") or "1 1").partition(" ")
        self.rate *= (_number(up) or 1) / (_number(down) or 1)
        self.tick = _number(_attribute(root, "tickRate")) or self.rate
        self.speakers: dict[str, str] = {}
        for agent in (element for element in root.iter() if _name(element) == "agent"):
            names = [child.text or "" for child in agent if _name(child) == "name"]
            self.speakers[agent.get(f"{_XML}id", "")] = who(next(iter(names), ""))

    def rows(self) -> Iterator[Row]:
        for element in self.root:
            if _name(element) == "body":
                yield from self._inside(element, 0.0, None, keep=self._keeps(self.root, keep=False))

    def _keeps(self, element: ET.Element, *, keep: bool) -> bool:
        """Whether white space in an element is part of the text."""
        space = element.get(f"{_XML}space")
        return keep if space is None else space == "preserve"

    def _inside(
        self, element: ET.Element, start: float, stop: float | None, *, keep: bool, depth: int = 0
    ) -> Iterator[Row]:
        begin, stop = self._span(element, start, stop)
        keep = self._keeps(element, keep=keep)
        after = begin  # where the next child's times count from
        for child in element if depth < _DEEPEST else ():
            if _name(child) == "div":
                yield from self._inside(child, after, stop, keep=keep, depth=depth + 1)
            elif _name(child) == "p":
                first, last = self._span(child, after, stop)
                lines = "".join(_text(child, keep=self._keeps(child, keep=keep))).split("\v")
                text = "\n".join(filter(None, (line.strip(" \t\n") for line in lines)))
                yield first, first if last is None else last, text, self._speaker(child)
                if element.get("timeContainer") == "seq" and last is not None:
                    after = last

    def _span(
        self, element: ET.Element, start: float, stop: float | None
    ) -> tuple[float, float | None]:
        """Return when an element is shown, whose times count from `start`."""
        begin = start + (self._seconds(element.get("begin")) or 0.0)
        until, lasting = self._seconds(element.get("end")), self._seconds(element.get("dur"))
        stops = [stop] if stop is not None else []
        stops += [start + until] if until is not None else []
        stops += [begin + lasting] if lasting is not None else []
        return begin, min(stops, default=None)

    def _speaker(self, element: ET.Element) -> str:
        for inner in element.iter():
            key = next((k for k in inner.attrib if k.endswith("metadata}agent")), None)
            if key and (name := self.speakers.get(inner.attrib[key].split(" ")[0])):
                return name
        return ""

    def _seconds(self, text: str | None) -> float | None:
        """Return a time expression in seconds; None where there is none that makes sense."""
        text = (text or "").strip()
        if found := _CLOCK.fullmatch(text):
            hours, minutes, seconds = (int(found[i]) for i in (1, 2, 3))
            whole = float(hours * 3600 + minutes * 60 + seconds)
            if found[5]:
                return whole + int(found[5]) / self.rate
            return whole + (float(f"0.{found[4]}") if found[4] else 0.0)
        if found := _OFFSET.fullmatch(text):
            unit = {
                "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001,
                "f": 1 / self.rate, "t": 1 / self.tick,
            }[found[2]]  # fmt: skip
            return float(found[1]) * unit
        return None


def _number(text: str | None) -> float:
    found = re.fullmatch(r"\d{1,9}(?:\.\d{1,9})?", (text or "").strip())
    return float(found[0]) if found else 0.0


def _text(element: ET.Element, *, keep: bool, depth: int = 0) -> Iterator[str]:
    r"""Yield the letters of an element; a new line is ``\v``, as white space folds."""

    def folded(text: str | None) -> str:
        text = (text or "").replace("\v", " ")
        return text.replace("\n", " ") if keep else _SPACES.sub(" ", text)

    yield folded(element.text)
    for child in element:
        if _name(child) == "br":
            yield "\v"
        elif _name(child) == "span" and depth < _DEEPEST:
            yield from _text(child, keep=keep, depth=depth + 1)
        yield folded(child.tail)
