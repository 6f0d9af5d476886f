r"""Caption files: SubRip and WebVTT text out and in, ASS in; TTML is in `workbench.captions.ttml`.

Both text formats are a few lines each, and are written and read here because pysubs2 takes a
backslash in them for an ASS tag (``C:\New`` becomes two lines) and neither writes nor reads the
character references of WebVTT. ASS files, which have fields and sections, are pysubs2's.

SubRip has no escape. Text that a player would take for markup, such as ``<i>`` or ``{\an8}`` or an
arrow, is written with an invisible U+2060 WORD JOINER inside it, and read back without. WebVTT
keeps such text in every player.
"""

from __future__ import annotations

import html
import re
from itertools import zip_longest
from typing import TYPE_CHECKING

from workbench.captions.cue import Cue
from workbench.captions.segment import SHORTEST
from workbench.disk import storage_error
from workbench.errors import MediaNotFound, ParameterError, TextError, suggest
from workbench.script import tokenize
from workbench.storage.atomic import write_bytes
from workbench.text.letters import count, wide
from workbench.timing import Word

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

__all__ = [
    "JOINER",
    "Row",
    "body",
    "examine",
    "plain",
    "read",
    "ticks",
    "to_srt",
    "to_vtt",
    "who",
    "write",
]

JOINER = "\u2060"
_LARGEST = 64 * 2**20  # bytes: a hundred hours of captions are a tenth of it
_TIME = r"-?(?:(\d{1,6}):)?(\d{1,2}):(\d{1,2})[.,](\d{1,3})"
_ARROW = re.compile(rf"^[ \t]*({_TIME})[ \t]*-->[ \t]*({_TIME}).*$", re.MULTILINE)
_NUMBER = re.compile(r"\n[ \t]*\d+[ \t]*\n?\Z")
_TAG = re.compile(r"</?[A-Za-z][^<>\n]*>|\{\\[^{}\n]*\}")
_VTT_TAG = re.compile(r"<[^<>]*>")
_MARKUP = re.compile(r"<|\{(?=\\)|--(?=>)")
_JOINED = re.compile(rf"(?<=[<{{]){JOINER}|(?<=--){JOINER}(?=>)")
_BREAKS = re.compile("[\n-\r\x1c-\x1e\x85\u2028\u2029]+")
_CONTROLS = {
    **dict.fromkeys([*range(9), *range(11, 32), *range(127, 160)], ""),
    ord("\t"): " ",
    **dict.fromkeys(range(0xD800, 0xE000), "\ufffd"),  # halves of a pair cannot be encoded
}
_SPACES = re.compile(r"[ \t]+")
_LETTER = re.compile(r"[^\W_]")
_ASS_MARK = re.compile(rf"\\([{{}}Nnh{JOINER}])|\{{[^}}]*\}}")
_TURN = re.compile("^[\u200e\u200f]", re.MULTILINE)
_ASS_STATE = re.compile(r"cue \d+(?:: (.*))?")
_ASS_TITLE = re.compile(r"title \d+")
_TTML = re.compile(r"<(?:\w+:)?tt[\s>]")
_NAMED = 10  # captions that a sentence names
_OPENING = 4096  # letters in which a file says what it is
_VOICE = re.compile(r"\s*<v(?:\.[^\s<>]*)?[ \t]+([^<>]*)>")

Row = tuple[float, float, str, str]
"""Start and end in seconds, text, and who says it."""


def ticks(cues: Iterable[Cue], rate: int) -> list[tuple[int, int]]:
    """Return the times of the cues in whole steps of ``1 / rate`` seconds.

    No cue becomes empty by rounding, and none overlaps the next that did not before.

    Examples
    --------
    >>> word = (Word(text="a", start=0, end=1),)
    >>> ticks([Cue(start=0.994, end=0.996, lines=(word,)),
    ...        Cue(start=0.996, end=2, lines=(word,))], 100)
    [(99, 100), (100, 200)]
    """
    found: list[tuple[int, int]] = []
    before, last = 0.0, 0
    for cue in cues:
        start, end = int(cue.start * rate + 0.5), int(cue.end * rate + 0.5)
        if cue.start >= before and start < last:
            start = last
        if end <= start:
            end = start + 1
        found.append((start, end))
        before, last = cue.end, end
    return found


def _clock(milliseconds: int, mark: str) -> str:
    seconds, milliseconds = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    return f"{minutes // 60:02}:{minutes % 60:02}:{seconds:02}{mark}{milliseconds:03}"


def plain(text: str) -> str:
    r"""Return `text` with line ends as ``\n`` and without other control characters.

    Examples
    --------
    >>> plain("a\u2028b\x07")
    'a\nb'
    """
    return text if text.isprintable() else _BREAKS.sub("\n", text).translate(_CONTROLS)


def who(speaker: str) -> str:
    r"""Return a speaker's name on one line.

    Examples
    --------
    >>> who("Ana\n Bel")
    'Ana Bel'
    """
    return " ".join(plain(speaker).split())


def body(cue: Cue) -> str:
    """Return the cue's text without what would end a line, a cue or a file."""
    return "\n".join(filter(str.strip, plain(cue.text).split("\n")))


def to_srt(cues: Iterable[Cue]) -> str:
    r"""Return `cues` as SubRip text.

    Examples
    --------
    >>> word = Word(text="<i>", start=0, end=1)
    >>> to_srt([Cue(start=0, end=1, lines=((word,),))])
    '1\n00:00:00,000 --> 00:00:01,000\n<\u2060i>\n\n'
    """
    cues = list(cues)
    rows = []
    for number, (cue, (start, end)) in enumerate(zip(cues, ticks(cues, 1000), strict=True), 1):
        text = body(cue)
        if "<" in text or "{" in text or "--" in text:
            text = _MARKUP.sub(rf"\g<0>{JOINER}", text)
        rows.append(f"{number}\n{_clock(start, ',')} --> {_clock(end, ',')}\n{text}\n\n")
    return "".join(rows)


def to_vtt(cues: Iterable[Cue]) -> str:
    r"""Return `cues` as WebVTT text.

    Who speaks is told where there are several of them: some players show it.

    Examples
    --------
    >>> word = Word(text="<i>", start=0, end=1)
    >>> ana = Cue(start=0, end=1, lines=((word,),), speaker="Ana")
    >>> to_vtt([ana])
    'WEBVTT\n\n00:00:00.000 --> 00:00:01.000\n&lt;i&gt;\n\n'
    >>> to_vtt([ana, Cue(start=1, end=2, lines=((word,),), speaker="Bel")]).split("\n")[3]
    '<v Ana>&lt;i&gt;'
    """
    cues = list(cues)
    several = len({who(cue.speaker) for cue in cues if cue.speaker}) > 1
    rows = ["WEBVTT\n\n"]
    for cue, (start, end) in zip(cues, ticks(cues, 1000), strict=True):
        text = html.escape(body(cue), quote=False)
        if cue.speaker and several:
            text = f"<v {html.escape(who(cue.speaker), quote=False)}>{text}"
        rows.append(f"{_clock(start, '.')} --> {_clock(end, '.')}\n{text}\n\n")
    return "".join(rows)


def write(path: Path, texts: Mapping[str, Callable[[], str]]) -> None:
    """Write the text of the format that the suffix of `path` names."""
    make = texts.get(path.suffix.lower())
    if make is None:
        cure = suggest(path.suffix, texts) or f"end the name in {', '.join(texts)}"
        raise ParameterError("names no caption format", subject=str(path), cure=cure)
    data = make().encode()
    try:
        write_bytes(path, data)
    except OSError as error:
        raise storage_error(error, path) from error


def read(path: Path) -> tuple[list[Cue], str]:
    """Return the cues of a file, in time order, and its language; see `Cues.read`."""
    cues, language, _ = examine(path)
    return cues, language


def examine(path: Path) -> tuple[list[Cue], str, tuple[str, ...]]:
    """Return what `read` does, and sentences on what of it is not as the file has it.

    Raises
    ------
    MediaNotFound
        When there is no such file.
    TextError
        When it holds no captions.
    StorageError
        When it cannot be read.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST + 1)
    except FileNotFoundError as error:
        raise MediaNotFound("there is no such file", subject=str(path)) from error
    except OSError as error:
        raise storage_error(error, path) from error
    text = _decode(data)
    suffix, language = path.suffix.lower(), ""
    found: Iterable[Row]
    if text.startswith("WEBVTT") or suffix == ".vtt":
        found = _read_vtt(text)
    elif text.lstrip().lower().startswith("[script info]") or suffix == ".ass":
        found = _read_ass(text, path)
    elif suffix in {".ttml", ".dfxp"} or _TTML.search(text[:_OPENING]):
        from workbench.captions.ttml import read_ttml

        found, language = read_ttml(text, path)
    else:
        found = _read_srt(text)
    found = list(found)
    rows = sorted((row for row in found if row[2]), key=lambda row: row[0])
    if not rows or len(data) > _LARGEST or "\0" in text:
        raise TextError(
            "holds no captions" if len(data) <= _LARGEST else "is too large for captions",
            subject=str(path),
            cure="give an .srt, .vtt, .ass or .ttml file with times",
        )
    ceilings = [row[0] for row in rows[1:]] + [float("inf")]
    cues = [_cue(*row, ceiling) for row, ceiling in zip(rows, ceilings, strict=True)]
    return cues, language, tuple(_mended(found, rows))


def _mended(found: Sequence[Row], rows: Sequence[Row]) -> Iterator[str]:
    """Yield what was done to the rows of a file, captions counted from 1 as they are now."""
    ended = [str(i) for i, (start, end, *_) in enumerate(rows, 1) if end <= start]
    if ended:
        given = "it was given one" if len(ended) == 1 else "they were given ends"
        yield f"{_listed('caption', ended)}: no end after the beginning, {given}"
    empty = [f"{start:.3f}" for start, _, text, _ in found if not text]
    if empty:
        yield f"left out, since without text: {_listed('what begins at', empty, '')} s"
    begins = [row[0] for row in found if row[2]]
    if begins != sorted(begins):
        yield "captions were not in the order of their times: now they are"


def _listed(noun: str, names: Sequence[str], plural: str = "s") -> str:
    """Return the first of these, such as "captions 2, 5 and 7"."""
    more = [f"{len(names) - _NAMED} more"] if len(names) > _NAMED else []
    *first, last = [*names[:_NAMED], *more]
    told = f"{', '.join(first)} and {last}" if first else last
    return f"{noun}{plural if first else ''} {told}"


def _decode(data: bytes) -> str:
    """Return the text, line ends as one character, whatever the encoding."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = data.decode("utf-16", errors="replace")
    else:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            # Five bytes mean nothing in Windows' Western encoding; in Latin-1 all mean something.
            latin = any(byte in data for byte in b"\x81\x8d\x8f\x90\x9d")
            text = data.decode("latin-1" if latin else "cp1252")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _bodies(text: str) -> Iterator[tuple[float, float, str]]:
    """Yield the times of each cue and all that stands before the next line of times."""
    marks = list(_ARROW.finditer(text))
    for mark, after in zip_longest(marks, marks[1:]):
        body = text[mark.end() : after.start()] if after else f"{text[mark.end() :]}\n"
        # The number of the next cue stands right above its times.
        yield _seconds(mark, 1), _seconds(mark, 6), _NUMBER.sub("", body) if after else body


def _seconds(mark: re.Match[str], first: int) -> float:
    if mark[first].startswith("-"):
        return 0.0
    hours, minutes, seconds, fraction = (mark[first + i] for i in range(1, 5))
    whole = int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds)
    return whole + int(fraction.ljust(3, "0")) / 1000


def _read_srt(text: str) -> Iterator[Row]:
    for start, end, body in _bodies(text):
        yield start, end, _JOINED.sub("", _TAG.sub("", body)).strip(), ""


def _read_vtt(text: str) -> Iterator[Row]:
    for start, end, body in _bodies(text):
        # A cue ends at an empty line; what follows is a note or the next one's identifier.
        shown = "" if body.startswith("\n\n") else body[1:].split("\n\n", 1)[0]
        voice = _VOICE.match(shown)
        speaker = who(html.unescape(voice[1])) if voice else ""
        yield start, end, html.unescape(_VTT_TAG.sub("", shown)).strip(), speaker


def _read_ass(text: str, path: Path) -> Iterator[Row]:
    import pysubs2

    try:
        events = pysubs2.SSAFile.from_string(text, format_="ass").events
    except (ValueError, TypeError, LookupError, pysubs2.Pysubs2Error) as error:
        raise TextError(f"is not an ASS file: {error}", subject=str(path)) from error
    rows: list[Row] = []
    name = ""
    for event in events:
        ours = _ASS_STATE.fullmatch(event.name)
        if event.is_drawing or _ASS_TITLE.fullmatch(event.name) or (event.is_comment and not ours):
            continue
        start, end = max(0, event.start) / 1000, max(0, event.end) / 1000
        # A highlight has an event for each state of a cue, all under the cue's name; or for each
        # word, after a comment that holds all of them.
        if ours and event.name == name:
            rows[-1] = (rows[-1][0], max(rows[-1][1], end), *rows[-1][2:])
        else:
            shown = _TURN.sub("", _ASS_MARK.sub(_ass_letter, event.text))
            said_by = (
                (ours[1] or "").replace("%2C", ",").replace("%25", "%") if ours else event.name
            )
            rows.append((start, end, shown.strip(), who(said_by)))
        name = event.name
    yield from rows


def _ass_letter(mark: re.Match[str]) -> str:
    letters = {"N": "\n", "n": "\n", "h": " ", JOINER: "\\"}
    return letters.get(mark[1], mark[1]) if mark[1] else ""


def _tokens(line: str) -> list[tuple[str, bool]]:
    """Return the words of a line as `tokenize` does, and whether a space follows."""
    if max(line) < "\u2e80":
        words = _SPACES.split(line)  # a no-break space stays
        if all(map(_LETTER.search, words)):
            return [(word, True) for word in words]
    # Punctuation alone has no word to belong to.
    return [(token.text, token.space) for token in tokenize(line)] or [(line, True)]


def _cue(start: float, end: float, text: str, speaker: str, ceiling: float) -> Cue:
    """Return the cue of a file, its time shared among its words by their letters."""
    if end <= start:
        end = start + SHORTEST if ceiling <= start else min(start + SHORTEST, ceiling)
    rows: list[list[tuple[str, bool]]] = []
    for line in filter(None, map(str.strip, text.split("\n"))):
        tokens = _tokens(line)
        # A line's end parts words as a space does, but for scripts without spaces.
        last = tokens[-1][0]
        rows.append([*tokens[:-1], (last, not wide(last[-1]))])
    total = sum(count(word) for row in rows for word, _ in row)
    times = [start + (end - start) * done / total for done in range(total)] + [end]
    done = 0
    lines: list[tuple[Word, ...]] = []
    for row in rows:
        timed: list[Word] = []
        for word, space in row:
            first, done = done, done + count(word)
            timed.append(Word(text=word, start=times[first], end=times[done], space=space))
        lines.append(tuple(timed))
    return Cue(start=start, end=end, lines=tuple(lines), speaker=speaker)
