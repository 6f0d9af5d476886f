"""What is to be said: lines, pauses and changes of voice, from lightly marked-up text.

The markup is two tags, each anywhere in a line or on a line of its own::

    [voice:espeak:es] Hola a todos.
    Un momento. [pause 0.5s] Seguimos.
    [voice:narrator] And in English again.

A voice stays until the next ``[voice:…]``; ``[voice:default]`` goes back to the first. A tag ends
a stretch of speech, even inside a word. Other bracketed text is spoken as it stands.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workbench.errors import ParameterError, TextError, suggest
from workbench.paths import text_file, user_path

if TYPE_CHECKING:
    import os

__all__ = ["Line", "Pause", "Script", "Token", "tokenize"]

_TAG = re.compile(r"\[(pause|voice)\b\s*:?\s*([^\[\]]*)\]", re.IGNORECASE)
# A word in a bracket, and then what only a tag has: a colon or a number.
_NEARLY = re.compile(r"\[(\w{4,6})(?:\s*:|\s+\d)[^\[\]]*\]?")
_SECONDS = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s)?", re.IGNORECASE)
_LONGEST_PAUSE = 60.0
_LONGEST_LINE = 20_000
# Scripts written without spaces between words, one letter a unit (Unicode Standard Annex 14, ID).
_IDEOGRAPH = re.compile(
    "[\u2e80-\u2fdf\u3001-\u303f\uff01-\uff60\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff]"
)


@dataclass(frozen=True, kw_only=True)
class Token:
    """A word of a text, and where it stands there.

    Parameters
    ----------
    text
        The word with its punctuation.
    start, end
        Positions in the text, in letters; ``text[start:end]`` is the word.
    space
        Whether white space follows it.
    """

    text: str
    start: int
    end: int
    space: bool


def _spoken(text: str) -> bool:
    """Whether anything in `text` can be said: a letter, a digit, a symbol."""
    return any(unicodedata.category(c)[0] in "LNS" or c in "%&@#" for c in text)


def tokenize(text: str) -> tuple[Token, ...]:
    """Return the words of `text`: what stands between spaces, and each ideograph by itself.

    Punctuation belongs to a word: alone between spaces it joins the word before it, or the one
    after it at the start of the text. So every letter of the text is in exactly one word.

    Examples
    --------
    >>> [t.text for t in tokenize("¿ Qué — dijo él ?")]
    ['¿ Qué —', 'dijo', 'él ?']
    >>> [t.text for t in tokenize("你好。世界。")]
    ['你', '好。', '世', '界。']
    """
    spans: list[list[int]] = []
    for run in re.finditer(r"\S+", text):
        start = run.start()
        for i in range(run.start() + 1, run.end()):
            here, before = text[i], text[i - 1]
            wide = _IDEOGRAPH.match(here) or _IDEOGRAPH.match(before)
            # A mark stays with what it follows, an opening bracket with what it opens.
            bound = _is_mark(here) or unicodedata.category(before) in {"Ps", "Pi"}
            if wide and not bound and _spoken(text[start:i]):
                spans.append([start, i])
                start = i
        spans.append([start, run.end()])
    joined: list[list[int]] = []
    waiting: int | None = None  # the start of punctuation that stands before the first word
    for start, end in spans:
        if not _spoken(text[start:end]):
            if joined:
                joined[-1][1] = end
            elif waiting is None:
                waiting = start
            continue
        joined.append([start if waiting is None else waiting, end])
        waiting = None
    return tuple(
        Token(text=text[a:b], start=a, end=b, space=text[b : b + 1].isspace()) for a, b in joined
    )


def _is_mark(char: str) -> bool:
    category = unicodedata.category(char)
    marks = {"Pe", "Pf", "Po", "Pd", "Lm", "Cf"}
    return category[0] == "M" or category in marks or char in "ーっッ"


@dataclass(frozen=True, kw_only=True)
class Line:
    """One stretch of speech, spoken in one go.

    Parameters
    ----------
    text
        What is said, without markup, white space folded.
    number
        The line of the script it stands in, from 1.
    voice
        The voice or preset named by ``[voice:…]``; None for the script's default.
    """

    text: str
    number: int = 1
    voice: str | None = None

    @property
    def words(self) -> tuple[Token, ...]:
        """The words, see `tokenize`."""
        return tokenize(self.text)


@dataclass(frozen=True, kw_only=True)
class Pause:
    """Silence between two stretches of speech.

    Parameters
    ----------
    seconds
        0 to 60.
    number
        The line of the script it stands in, from 1.

    Raises
    ------
    ParameterError
        When it is shorter or longer than that.
    """

    seconds: float
    number: int = 1

    def __post_init__(self) -> None:
        if not 0 <= self.seconds <= _LONGEST_PAUSE:
            raise ParameterError(f"must be 0 to 60 seconds, not {self.seconds!r}", subject="pause")


@dataclass(frozen=True, kw_only=True)
class Script:
    r"""Lines and pauses in order.

    Parameters
    ----------
    items
        `Line` and `Pause` values.

    Examples
    --------
    >>> script = Script.parse("Hola. [pause 0.5s] Adiós.\n[voice:espeak:en-us] Bye.")
    >>> [line.text for line in script.lines]
    ['Hola.', 'Adiós.', 'Bye.']
    >>> script.lines[2].voice
    'espeak:en-us'
    """

    items: tuple[Line | Pause, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "items", tuple(self.items))

    @property
    def lines(self) -> tuple[Line, ...]:
        """The lines without the pauses."""
        return tuple(item for item in self.items if isinstance(item, Line))

    @property
    def text(self) -> str:
        """The spoken text, a line each."""
        return "\n".join(line.text for line in self.lines)

    @classmethod
    def parse(cls, text: str, *, markup: bool = True, name: str = "script") -> Script:
        """Return the script that `text` describes.

        Parameters
        ----------
        text
            A line of it is a line of speech.
        markup
            Whether tags are understood; a text from elsewhere is said as it stands.
        name
            What an error calls it.

        Raises
        ------
        TextError
            When nothing in it can be spoken, or a tag is not understood; the line is named.
        """
        if not isinstance(text, str):
            raise ParameterError(f"must be text, not {type(text).__name__}", subject=name)
        items: list[Line | Pause] = []
        voice: str | None = None
        for number, row in enumerate(text.removeprefix("\ufeff").splitlines(), start=1):
            place, where = 0, f"{name} line {number}"
            if markup:
                _check_tags(row, where)
            for tag in _TAG.finditer(row) if markup else ():
                items += _lines(row[place : tag.start()], number, voice, where)
                place = tag.end()
                if tag[1].lower() == "pause":
                    items.append(Pause(seconds=_seconds(tag[2], where), number=number))
                else:
                    voice = _voice(tag[2], where)
            items += _lines(row[place:], number, voice, where)
        if not any(isinstance(item, Line) for item in items):
            raise TextError(
                "has no words to speak", subject=name, cure="write at least one line of text"
            )
        return cls(items=tuple(items))

    @classmethod
    def load(cls, source: str | os.PathLike[str]) -> Script:
        """Return the script of a text file, or of the text itself.

        Parameters
        ----------
        source
            A path; as a str, a file as `workbench.paths.text_file` knows one. Any other str is the
            text.

        Raises
        ------
        TextError
            When there is no such file, it is a folder or a file of another kind, it is not UTF-8
            text, or `parse` refuses it.
        """
        if isinstance(source, str):
            path = text_file(source)
            if path is None:
                return cls.parse(source)
        else:
            path = user_path(source)
        try:
            content = path.read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            raise TextError(
                "is not UTF-8 text", subject=str(path), cure="save it as UTF-8"
            ) from error
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise TextError(
                f"cannot be read ({reason})", subject=str(path), cure="check the path"
            ) from error
        return cls.parse(content, name=str(path))

    def to_dict(self) -> dict[str, Any]:
        """Return the script as plain values, for JSON."""
        rows: list[dict[str, Any]] = []
        for item in self.items:
            if isinstance(item, Line):
                rows.append({"text": item.text, "number": item.number, "voice": item.voice})
            else:
                rows.append({"pause": item.seconds, "number": item.number})
        return {"items": rows}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Script:
        """Return the script that `to_dict` described."""
        return cls(
            items=tuple(
                Pause(seconds=row["pause"], number=row["number"]) if "pause" in row else Line(**row)
                for row in data["items"]
            )
        )


def _lines(text: str, number: int, voice: str | None, where: str) -> list[Line]:
    folded = " ".join("".join(c if _printable(c) else " " for c in text).split())
    if not _spoken(folded):
        return []
    if len(folded) > _LONGEST_LINE:
        raise TextError(
            f"is {len(folded):,} letters long, more than {_LONGEST_LINE:,}",
            subject=where,
            cure="break it into several lines",
        )
    return [Line(text=folded, number=number, voice=voice)]


def _printable(char: str) -> bool:
    """Whether a letter may reach an engine: no control characters, no lone surrogates.

    What this Python's Unicode does not know yet, such as a new emoji, is kept: captions show it.
    """
    code = ord(char)
    never = code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF  # noqa: PLR2004 - Unicode 23.7
    return unicodedata.category(char) not in {"Cc", "Cs", "Co"} and not never


def _check_tags(row: str, where: str) -> None:
    """Refuse what is nearly a tag: spoken, it would end up in the captions too."""
    for found in _NEARLY.finditer(row):
        if _TAG.match(row, found.start()):
            continue
        hint = suggest(found[1], ("pause", "voice"), most=1)
        if hint:
            raise TextError(
                f"{found[0]!r} is not a tag",
                subject=where,
                cure=f"{hint} Tags are [pause 0.5s] and [voice:NAME]",
            )


def _seconds(text: str, where: str) -> float:
    asked = text.strip()
    match = _SECONDS.fullmatch(asked)
    seconds = float(match[1]) / (1000 if (match[2] or "").lower() == "ms" else 1) if match else -1
    if not 0 <= seconds <= _LONGEST_PAUSE:
        raise TextError(
            f"[pause {asked}] is not a pause of 0 to 60 seconds"
            if asked
            else "[pause] does not say how long",
            subject=where,
            cure="write it as [pause 0.5s] or [pause 500ms]",
        )
    return seconds


def _voice(text: str, where: str) -> str | None:
    name = text.strip()
    if not name:
        raise TextError(
            "[voice:] names no voice",
            subject=where,
            cure="write it as [voice:espeak:es], [voice:PRESET] or [voice:default]",
        )
    return None if name.lower() == "default" else name
