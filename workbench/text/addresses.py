"""Addresses of pages and people, and names with a sign before them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from workbench.text.edits import Found

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workbench.text.numbers import Grammar

__all__ = ["emails", "mentions", "phones", "urls"]

_HOST = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,62})(?:\.[a-zA-Z0-9][a-zA-Z0-9-]{0,62}){0,8}"
# Endings that are no words of a language we write out, so that a missing space after a full stop
# makes no address.
_TOP = (
    "com|org|net|edu|gov|int|io|dev|app|ai|tv|info|biz|blog|cat|eu|uk|fr|pt|mx|ar|cl|pe|co|com\\.mx|"
    "com\\.ar|com\\.co|com\\.es|co\\.uk|org\\.uk|gob\\.mx|gob\\.es|edu\\.mx|de|es|gal|eus|ca|jp|cn|br|com\\.br"
)
_PATH = r"(?::[0-9]{1,5})?(?:[/?#][^\s<>\"“”«»]*)?"
_URL = re.compile(
    rf"(?<![\w@./-])(?:(?:https?|ftp)://{_HOST}{_PATH}|www\.{_HOST}{_PATH}"
    rf"|(?:[a-z0-9](?:[a-z0-9-]{{0,62}})\.){{1,6}}(?:{_TOP})(?![\w@-])(?!\.\w){_PATH})"
)
_TRAILING = ".,;:!?…'’)]}*_"  # noqa: RUF001
_EMAIL = re.compile(
    rf"(?<![\w@./+-])[a-zA-Z0-9][\w.+-]{{0,63}}@{_HOST}\.[a-zA-Z]{{2,24}}(?![\w@-])"
)
_MENTION = re.compile(r"(?<![\w@/.&#])(?P<sign>[@#])(?P<name>[^\W\d_][\w]{0,62})(?![\w@#])")
_PIECE = re.compile(r"[A-Za-zÀ-ɏ]+|[0-9]+|[^\sA-Za-zÀ-ɏ0-9]")
_HUMP = re.compile(r"(?<=[a-zà-ÿ])(?=[A-ZÀ-Þ])|(?<=[^\W\d_])(?=[0-9])|_+")
_SHORT = 4  # digits of a number that is still read as one


def spelled(text: str, grammar: Grammar) -> str:
    """Return an address as it is read out.

    Examples
    --------
    >>> from workbench.text.english import English
    >>> spelled("example.com/a-b?x=10", English("en"))
    'example dot com slash a dash b question mark x equals ten'
    """
    said = []
    for piece in _PIECE.findall(text):
        if piece.lower() == "www":
            said.append(grammar.names["www"])
        elif piece.isdigit():
            short = len(piece) <= _SHORT and (piece[0] != "0" or piece == "0")
            said.append(grammar.cardinal(int(piece)) if short else grammar.digits(piece))
        else:
            said.append(grammar.names.get(piece, piece if piece.isalpha() else ""))
    return " ".join(word for word in said if word)


def urls(text: str, grammar: Grammar) -> Iterator[Found]:
    """Yield addresses of pages, with ``https://`` or ``www.`` or a well-known ending."""
    for match in _URL.finditer(text):
        whole = match[0]
        kept = whole.rstrip(_TRAILING)
        if ")" in whole[len(kept) :] and "(" in kept:  # a_(film) belongs together
            kept = whole[: whole.rindex(")") + 1]
        end = match.start() + len(kept)
        plain = re.sub(r"^[a-z]+://", "", kept).rstrip("/")
        spoken = spelled(plain, grammar)
        if spoken:
            yield Found(match.start(), end, ((match.start(), end, spoken),))


def emails(text: str, grammar: Grammar) -> Iterator[Found]:
    """Yield addresses of people."""
    for match in _EMAIL.finditer(text):
        yield Found(*match.span(), ((*match.span(), spelled(match[0], grammar)),))


def mentions(text: str, grammar: Grammar) -> Iterator[Found]:
    """Yield ``@name`` and ``#Topic``; a name of several words is taken apart at its capitals."""
    for match in _MENTION.finditer(text):
        name = " ".join(part for part in _HUMP.split(match["name"]) if part)
        sign = grammar.names["@"] if match["sign"] == "@" else "hashtag"
        yield Found(*match.span(), ((*match.span(), f"{sign} {name}"),))


_PHONE = re.compile(
    r"(?<![\w.,+/$€£:-])(?:"
    r"\+[0-9]{1,3}(?:[ .\u00a0-]?\(?[0-9]{1,4}\)?){2,6}"  # with the country
    r"|\([0-9]{2,4}\)[ \u00a0-]?[0-9]{3,4}[ \u00a0-]?[0-9]{4}"
    r"|1-[0-9]{3}-[0-9]{3}-[0-9]{4}|[0-9]{3}[-.][0-9]{3}[-.][0-9]{4}|[0-9]{3}-[0-9]{4}"
    r"|[0-9]{3}-[0-9]{2}-[0-9]{4}|[679][0-9]{2}-[0-9]{3}-[0-9]{3}"
    r"|(?P<dotted>[679][0-9]{2}\.[0-9]{3}\.[0-9]{3})"
    r"|[6789][0-9]{2}(?:[ \u00a0][0-9]{3}){2}|[6789][0-9]{2}(?:[ \u00a0][0-9]{2}){3}"
    r"|9[0-9][ \u00a0][0-9]{3}(?:[ \u00a0][0-9]{2}){2}"
    r"|[0-9]{4}(?:[ \u00a0][0-9]{4}){3}"  # a card
    r")(?![\w%€$£])(?![.,:/-][0-9])"
)
_GROUP = re.compile(r"[0-9]+")
_FEWEST = 7
# 600.123.456 may be millions: of 600.123.456, and 600.123.456 kilómetros.
_AMOUNT_BEFORE = re.compile(r"\b(?:de|unos|unas|casi|son|hay|total)[ \u00a0]$")
_AMOUNT_AFTER = re.compile(r"[ \u00a0](?:de[ \u00a0])?[^\W\d_]+s\b")


def phones(text: str, grammar: Grammar) -> Iterator[Found]:
    """Yield numbers of telephones and cards, digit by digit, with a pause after each group."""
    for match in _PHONE.finditer(text):
        if sum(char.isdigit() for char in match[0]) < _FEWEST:
            continue
        if match["dotted"] and (
            _AMOUNT_BEFORE.search(text[max(0, match.start() - 8) : match.start()])
            or _AMOUNT_AFTER.match(text, match.end())
        ):
            continue
        groups = list(_GROUP.finditer(text, *match.span()))
        parts: list[tuple[int, int, str]] = []
        begin = match.start()
        for group, after in zip(groups, [*groups[1:], None], strict=True):
            plus = f"{grammar.names['+']} " if "+" in text[begin : group.start()] else ""
            gap = " " if parts and begin == parts[-1][1] else ""
            said = f"{gap}{plus}{grammar.digits(group[0])}"
            if after is None:
                parts.append((begin, match.end(), said))
                break
            # A bracket or dash behind the group goes with it, white space stays between.
            between = text[group.end() : after.start()]
            tight = len(between) - len(between.lstrip(").-"))
            parts.append((begin, group.end() + tight, f"{said},"))
            begin = group.end() + len(between) - len(between[tight:].lstrip(" \u00a0"))
        yield Found(*match.span(), tuple(parts))
