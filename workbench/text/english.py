"""English numbers, dates and abbreviations."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from workbench.text.edits import Found
from workbench.text.english_cues import COUNTED, cues
from workbench.text.english_words import ABBREVIATIONS, MONTHS, NAMES, NUMBERED, SIGNS, TITLES
from workbench.text.numbers import Grammar, Numeral, spell

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workbench.text.tables import Noun

__all__ = ["English", "abbreviations", "closed", "roman", "romans", "years"]


class English(Grammar):
    """English; without a region the United States' dates, as that is what most text has.

    Examples
    --------
    >>> English("en-us").cardinal(121), English("en-gb").cardinal(121)
    ('one hundred twenty-one', 'one hundred and twenty-one')
    >>> English("en").year(1905), English("en").number(Numeral("3", "05"))
    ('nineteen oh five', 'three point zero five')
    """

    primary: ClassVar[str] = "en"
    names: ClassVar[dict[str, str]] = NAMES
    signs: ClassVar[dict[str, str]] = SIGNS
    decimal = "."

    def __init__(self, language: str) -> None:
        super().__init__(language)
        self.american = self.region in {"", "us", "ca", "ph"} or self.region.startswith("us-")
        self.month_first = self.region in {"", "us", "ph"} or self.region.startswith("us-")

    def _plain(self, words: str) -> str:
        words = words.replace(",", "")
        return words.replace(" and ", " ") if self.american else words

    def cardinal(self, value: int, *, feminine: bool = False, before: bool = False) -> str:  # noqa: ARG002
        """Return a whole number in words, with ``and`` except in American English."""
        return self._plain(spell(value, "en"))

    def ordinal(self, value: int, *, feminine: bool = False) -> str:  # noqa: ARG002
        """Return ``third`` for 3."""
        return self._plain(spell(value, "en", "ordinal"))

    def year(self, value: int) -> str:
        """Return ``nineteen ninety-nine`` for 1999."""
        return self._plain(spell(value, "en", "year")).replace("oh-", "oh ")

    def number(self, number: Numeral, *, feminine: bool = False, before: bool = False) -> str:  # noqa: ARG002
        """Return a number in words; behind the point digit by digit."""
        whole = self.digits(number.whole) if number.coded else self.cardinal(number.value)
        return f"{whole} point {self.digits(number.fraction)}" if number.fraction else whole

    def counted(self, number: Numeral, noun: Noun) -> tuple[str, str]:
        """Return the number and the noun in its number."""
        return self.number(number), noun.one if number.single else noun.many


# --- abbreviations --------------------------------------------------------------------------

# These may be the last word of a sentence.
_LAST = frozenset("etc. Jr. Sr. Inc. Ltd. Corp. Co. dept. Dept. Ave. Blvd. Rd.".split())  # noqa: SIM905
_ABBREVIATION = re.compile(
    r"(?<![\w.@/-])(?:"
    rf"(?P<title>{'|'.join(TITLES)})\.(?=[ \u00a0]+[A-Z])"
    rf"|(?P<numbered>{'|'.join(NUMBERED)})\.?(?=[ \u00a0]*[0-9])"
    rf"|(?P<plain>{'|'.join(re.escape(word) for word in sorted(ABBREVIATIONS, key=len, reverse=True))})(?![\w@/])"  # noqa: E501
    r")"
)
_STREET = re.compile(
    r"(?<=[a-z] )(?P<street>St|Dr)\.(?=\s*(?:[,;]|$|\n|[a-z]|[NS][EW]\b))"
    r"|(?<=[ ][A-Z][ ])(?P<lettered>St)\.(?=[ ][NS][EW]\b)"  # K St. NW
)
_QUARTER = re.compile(r"[NS][EW]\b")  # of a town, behind the name of a street
# Never without the dot, because they are words or marks of their own: "no 5", "p 5", "art 3".
_DOTTED = frozenset({"No", "no", "p", "art", "Art", "sec", "fig", "Fig", "ch"})


def abbreviations(text: str, grammar: Grammar) -> Iterator[Found]:  # noqa: ARG001
    """Yield titles before names, marks before numbers, and the commonest short forms."""
    for match in _ABBREVIATION.finditer(text):
        start, end = match.span()
        if match["title"]:
            if match["title"] == "St" and re.search(r"[A-Z][a-z]+ $", text[:start][-20:]):
                continue  # Main St. Bridge: it may be a street
            if _QUARTER.match(text[end:].lstrip()[:3]) and match["title"] in {"St", "Dr"}:
                continue
            if match["title"] == "Ft" and re.search(r"[0-9]\s$", text[:start][-2:]):
                continue  # 5 Ft. Tall
            yield Found(start, end, ((start, end, TITLES[match["title"]]),))
        elif match["numbered"]:
            if match["numbered"] in _DOTTED and text[end - 1] != ".":
                continue
            yield Found(start, end, ((start, end, NUMBERED[match["numbered"]]),))
        else:
            spoken = ABBREVIATIONS[match["plain"]]
            spoken = closed(text, end, spoken) if match["plain"] in _LAST else spoken
            yield Found(start, end, ((start, end, spoken),))
    for match in _STREET.finditer(text):
        word = {"St": "Street", "Dr": "Drive"}[match["street"] or match["lettered"]]
        yield Found(*match.span(), ((*match.span(), closed(text, match.end(), word)),))


def closed(text: str, end: int, spoken: str) -> str:
    """Return `spoken` with the full stop that an abbreviation at the end of a sentence shares."""
    if text[end - 1] != ".":
        return spoken
    rest = text[end : end + 80].lstrip("\"'”’»)")  # noqa: RUF001
    after = rest.lstrip()
    if _QUARTER.match(after):
        return spoken
    return f"{spoken}." if not after or (rest[0].isspace() and after[0].isupper()) else spoken


# --- Roman numerals -------------------------------------------------------------------------

_ROMAN = r"(?=[IVXL])(?:XL|L?X{0,3})(?:IX|IV|V?I{0,3})"
_THINGS = (
    "World War|Super Bowl|Chapter|Part|Episode|Volume|Book|Act|Phase|Type|Section|Article|Title|"
    "Class"
)
_RULERS = (
    "Henry|Edward|George|Charles|James|William|Richard|Louis|Elizabeth|Mary|Catherine|Philip|"
    "Ferdinand|Francis|Frederick|Alexander|Nicholas|Napoleon|Leopold|Ivan|Peter|Pius|Gregory|"
    "Benedict|Leo|Innocent|Clement|Urban|Julius|Paul|Ramses|Rameses|Alfonso|Isabella|Margaret"
)
_ROMANS = re.compile(
    rf"\b(?:(?P<thing>{_THINGS})|(?P<ruler>{_RULERS}))[ \u00a0](?P<roman>{_ROMAN})\b(?![.'’]?[\w-])"  # noqa: RUF001
)
# "Charles I" may be the beginning of "Charles I know".
_AFTER_ONE = re.compile(r"\s*(?:$|[,.;:!?)\]\"”]|of\b|and\b|was\b)")
_LETTERS = {"I": 1, "V": 5, "X": 10, "L": 50}


def roman(text: str) -> int:
    """Return the value of a Roman numeral.

    Examples
    --------
    >>> roman("XIV"), roman("XL")
    (14, 40)
    """
    values = [_LETTERS[char] for char in text]
    pairs = zip(values, [*values[1:], 0], strict=True)
    return sum(-value if value < after else value for value, after in pairs)


def romans(text: str, grammar: Grammar) -> Iterator[Found]:
    """Yield the numerals of rulers and of numbered things, never a lone I."""
    for match in _ROMANS.finditer(text):
        written = match["roman"]
        doubtful = written == "I" and match["thing"] != "World War"
        if not written or (doubtful and not _AFTER_ONE.match(text, match.end())):
            continue
        value = roman(written)
        spoken = grammar.cardinal(value) if match["thing"] else f"the {grammar.ordinal(value)}"
        span = match.span("roman")
        yield Found(*span, ((*span, spoken),))


# --- years ----------------------------------------------------------------------------------

_YEAR = r"(?:1[0-9]|20)[0-9]{2}"
_BEFORE = (
    r"c\.|ca\.|est\.|in|since|from|until|till|by|of|year|circa|before|after|during|late|early|mid|summer|spring|"
    "autumn|fall|winter|class|between|©|and|to|through|" + "|".join(m.lower() for m in MONTHS)
)
_YEARS = re.compile(
    rf"(?:(?<![\w.,$€£-])(?i:{_BEFORE})[ \u00a0]|(?<![\w-])(?i:mid|pre|post)-|\()"
    rf"(?P<year>{_YEAR}|21[0-9]{{2}})(?:[ ]?[-–][ ]?(?P<until>{_YEAR}|[0-9]{{2}}))?"  # noqa: RUF001
    r"(?![\w%$€£])(?![.,:/-][0-9])"
)
_ERA = re.compile(rf"(?<![\w.,$€£-])(?P<year>{_YEAR}|[1-9][0-9]{{2,3}})(?=[ ](?:AD|BC|CE|BCE)\b)")
_SPAN = re.compile(
    rf"(?<![\w.,$€£/-])(?P<year>{_YEAR})[ ]?[-–][ ]?(?P<until>{_YEAR}|[0-9]{{2}})"  # noqa: RUF001
    r"(?![\w%$€£])(?![.,:/-][0-9])"
)
_THE = re.compile(
    r"(?<![\w.,$€£-])[Tt]he[ \u00a0](?P<year>1[1-9][0-9]{2}|20[0-2][0-9])(?=[ ][A-Za-z])"
)
_DECADE = re.compile(
    r"(?:(?<![\w.,$€£-])|(?<=\b[Mm]id-)|(?<=\b[Pp]re-)|(?<=\b[Pp]ost-)|(?<=\blate-)|(?<=\bearly-))"
    r"(?P<head>1[1-9]|20|['’])?(?P<tens>[0-9]0)['’]?s\b"  # noqa: RUF001
)
_TENS = {
    "20": "twenties",
    "30": "thirties",
    "40": "forties",
    "50": "fifties",
    "60": "sixties",
    "70": "seventies",
    "80": "eighties",
    "90": "nineties",
}
_FUTURE = ("by", "until", "till", "in", "year")
_AND = ("and ", "to ", "thr")
# The 1200 mile trip, the 1250 new seats: behind "the", only what is surely not counted is a year.
_MEASURED = re.compile(
    r"[ \u00a0](?:[A-Za-z-]+[ \u00a0])?(?:(?!(?:is|was|has)\b)[a-z]+s|people|men|women|children|"
    r"percent|million|feet|(?:kilo|centi)?met(?:er|re)|mile|foot|yard|pound|dollar|euro|page|word|"
    r"person|man|seat|calorie|watt|ton|hour|minute|point|mark|strong|block|freestyle|or|and|"
    r"staff|troop|square|acre|year)\b"
)


def years(text: str, grammar: Grammar) -> Iterator[Found]:
    """Yield years that a word such as ``in`` or a dash between two of them shows to be years."""
    for pattern in (_ERA, _SPAN, _YEARS):
        for match in pattern.finditer(text):
            groups = match.groupdict()
            head = match[0].lower()
            until = groups.get("until")
            if until and int(until) <= int(match["year"][-len(until) :]):
                continue
            if pattern is _YEARS and (
                (text[match.start("year") - 1] != "-" and COUNTED.match(text, match.end()))
                or (match["year"] >= "2100" and not head.startswith(_FUTURE))
                or (head.startswith(_AND) and not _follows_year(text, match.start()))
            ):
                continue
            parts = [(*match.span("year"), grammar.year(int(match["year"])))]
            if until:
                short = len(until) == 2  # noqa: PLR2004 - 1914-18
                said = _short_year(until, grammar) if short else grammar.year(int(until))
                start, _, first = parts.pop()
                parts.append((start, match.end("until"), f"{first} to {said}"))
            yield Found(match.start("year"), parts[-1][1], tuple(parts))
    yield from _definite(text, grammar)
    yield from cues(text, grammar)


def _definite(text: str, grammar: Grammar) -> Iterator[Found]:
    """Yield ``the 1905 revolution`` and ``the mid-1990s``."""
    for match in _THE.finditer(text):
        if match["year"][2:] != "00" and not _MEASURED.match(text, match.end()):
            span = match.span("year")
            yield Found(*span, ((*span, grammar.year(int(match["year"]))),))
    for match in _DECADE.finditer(text):
        head, tens = match["head"] or "", match["tens"]
        if not head.isdigit():
            if tens in _TENS and (head or int(tens) >= 20):  # noqa: PLR2004 - the 10s are a score
                yield Found(*match.span(), ((*match.span(), _TENS[tens]),))
            continue
        century = grammar.cardinal(int(head))
        if tens == "00":
            said = "two thousands" if head == "20" else f"{century} hundreds"
        else:
            said = f"{century} {_TENS.get(tens, 'tens')}"
        yield Found(*match.span(), ((*match.span(), said),))


def _short_year(digits: str, grammar: Grammar) -> str:
    if digits[0] == "0":
        return f"oh {grammar.digits(digits[1])}"
    return grammar.cardinal(int(digits))


def _follows_year(text: str, place: int) -> bool:
    """Whether a year stands before an ``and`` or ``to``."""
    return bool(re.search(rf"\b{_YEAR}[ ]$", text[max(0, place - 6) : place]))
