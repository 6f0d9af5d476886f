"""What is in a text and is not said, in any language: marks, markup, pictographs."""

from __future__ import annotations

import html
import re
import unicodedata
from typing import TYPE_CHECKING

from workbench.text.edits import Found
from workbench.text.letters import clusters

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Clean = Callable[[str], Iterator[Found]]

__all__ = ["IPA", "emoji", "invisible", "markup", "phonemes", "styled"]

IPA = re.compile(r"\[(?P<word>[^\[\]\n]{1,200})\]\(/(?P<ipa>[^()/\n]{1,400})/\)")
"""A word with its sounds, as Kokoro's G2P (misaki) takes them: ``[word](/ipa/)``."""

# Zero-width and directional marks (Unicode Standard Annex 9 and chapter 23). The two joiners are
# letters' business in Persian and the scripts of India, and are kept beside those.
_MARKS = re.compile(
    "[\u00ad\u034f\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff"
    "\ufff9-\ufffb\U000e0000-\U000e007f]+"
)
_JOINERS = re.compile("[\u200c\u200d]+")
_BROKEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]+")
_ODD = re.compile(
    "[^\x00-\u024f\u0370-\u1fff\u2c00-\ud7ff\uf900-\ufdcf\ufdf0-\ufdff\ufe20-\uffef]+"
)
_LATIN = "\u024f"


def _whole(match: re.Match[str], spoken: str) -> Found:
    start, end = match.span()
    return Found(start, end, ((start, end, spoken),))


def invisible(text: str) -> Iterator[Found]:
    """Yield marks without width or sound, control characters, halves of surrogate pairs."""
    for match in _MARKS.finditer(text):
        yield _whole(match, "")
    for match in _JOINERS.finditer(text):
        sides = text[match.start() - 1 : match.start()], text[match.end() : match.end() + 1]
        if all(side <= _LATIN for side in sides):
            yield _whole(match, "")
    for match in _BROKEN.finditer(text):
        yield _whole(match, " ")
    for match in _ODD.finditer(text):
        for index, char in enumerate(match[0], start=match.start()):
            if unicodedata.category(char) == "Co":
                yield Found(index, index + 1, ((index, index + 1, " "),))


# A picture among letters: other symbols, modifiers of symbols, what Unicode does not know yet.
_PICTURES = frozenset({"So", "Sk", "Cn"})
_SAID = "™℠©®°№℃℉℗"
_KEYCAP = "\u20e3"


def emoji(text: str) -> Iterator[Found]:
    """Yield pictographs; keycaps keep their digit."""
    if not _ODD.search(text):
        return
    place = 0
    for cluster in clusters(text):
        end = place + len(cluster)
        if _KEYCAP in cluster:
            yield Found(place, end, ((place, end, cluster[0]),))
        elif _pictured(cluster):
            yield Found(place, end, ((place, end, ""),))
        place = end


def _pictured(cluster: str) -> bool:
    head = cluster[0]
    if head <= _LATIN or head in _SAID or unicodedata.category(head) not in _PICTURES:
        # A selector or a modifier without a letter before it.
        return head > _LATIN and unicodedata.category(head) == "Mn" and "\ufe00" <= head <= "\ufe0f"
    return not unicodedata.decomposition(head).startswith(("<circle>", "<square>", "<compat>"))


# Letters in fancy dress that stand for plain ones (Unicode Standard Annex 44, table 14).
_DRESSED = re.compile(r"<(?:font|circle|wide|narrow|square)>")
_WIDE = re.compile("[\uff01-\uff5e]")
_IDEOGRAPHIC = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]")


def styled(text: str) -> Iterator[Found]:
    """Yield mathematical, circled and full-width letters; where ideographs are, only the first."""
    if not _ODD.search(text):
        return
    asian = bool(_IDEOGRAPHIC.search(text))
    start, plain = -1, ""
    for index, char in enumerate([*text, " "]):
        decomposed = unicodedata.decomposition(char) if char > _LATIN else ""
        if _DRESSED.match(decomposed) and not (
            asian and (_WIDE.match(char) or "<wide>" in decomposed)
        ):
            start = index if start < 0 else start
            letter = unicodedata.normalize("NFKC", char)
            plain += f" {letter} " if "<square>" in decomposed and len(letter) > 1 else letter
        elif start >= 0:
            yield Found(start, index, ((start, index, plain.strip() or " "),))
            start, plain = -1, ""


# Tags of HTML and SSML; anything else in angle brackets may be meant.
_TAG = re.compile(
    r"</?(?:a|abbr|audio|b|big|blockquote|body|br|center|cite|code|del|div|em|emphasis|font|h[1-6]|"
    r"head|hr|html|i|img|ins|kbd|li|mark|meta|ol|p|phoneme|pre|prosody|q|s|say-as|script|small|"
    r"span|speak|strong|style|sub|sup|table|tbody|td|th|title|tr|tt|u|ul|video|voice|break)"
    r"(?:\s+[a-zA-Z][\w:-]{0,40}(?:\s*=\s*(?:\"[^\"\n]{0,300}\"|'[^'\n]{0,300}'|[^\s\"'<>=]{1,100}))){0,20}"
    r"\s*/?>",
    re.IGNORECASE,
)
_ENTITY = re.compile(r"&(?:amp|lt|gt|quot|apos|nbsp|#39|#x27|#34|hellip|ndash|mdash);")
_BOLD = re.compile(
    r"(?<![\w*\\])(\*{1,3}|_{1,2}|~~|`{1,3})(?=[^\s*_`~])([^*`~\n]{0,300}?[^\s*`~])\1(?![\w*])"
)
_HEADING = re.compile(r"^[ ]{0,3}(?:#{1,6}|>)[ ]+", re.MULTILINE)


def markup(text: str) -> Iterator[Found]:
    """Yield tags of HTML and SSML, entities, and the signs of Markdown around words."""
    for match in _TAG.finditer(text):
        yield _whole(match, "")
    for match in _ENTITY.finditer(text):
        yield _whole(match, html.unescape(match[0]))
    for match in _BOLD.finditer(text):
        for a, b in (match.span(1), (match.end(2), match.end())):
            yield Found(a, b, ((a, b, ""),))
    for match in _HEADING.finditer(text):
        yield _whole(match, "")


def phonemes(text: str) -> Iterator[Found]:
    """Yield words with their sounds, for an engine that takes only words."""
    for match in IPA.finditer(text):
        yield _whole(match, match["word"])
