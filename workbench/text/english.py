"""English numbers, dates and abbreviations."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from workbench.text.edits import Found
from workbench.text.numbers import Grammar, Noun, Numeral, spell

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["CURRENCIES", "MONTHS", "SCALES", "UNITS", "English", "abbreviations", "romans", "years"]

MONTHS = tuple(
    "January February March April May June July August September October November December".split()  # noqa: SIM905
)

_NAMES = {
    **dict(
        zip("0123456789", "zero one two three four five six seven eight nine".split(), strict=True)
    ),  # noqa: E501, SIM905
    **{".": "dot", "/": "slash", "-": "dash", "_": "underscore", "@": "at", ":": "colon"},
    **{"?": "question mark", "=": "equals", "&": "and", "#": "hash", "~": "tilde", "%": "percent"},
    **{"+": "plus", "www": "w w w"},
}

_DOLLAR = (Noun("dollar", "dollars"), Noun("cent", "cents"))
_EURO = (Noun("euro", "euros"), Noun("cent", "cents"))
_POUND = (Noun("pound", "pounds"), Noun("penny", "pence"))
_YEN = (Noun("yen", "yen"), None)
_PESO = (Noun("Mexican peso", "Mexican pesos"), Noun("centavo", "centavos"))
CURRENCIES: dict[str, tuple[Noun, Noun | None]] = {
    **{"$": _DOLLAR, "€": _EURO, "£": _POUND, "¥": _YEN, "EUR": _EURO, "GBP": _POUND, "JPY": _YEN},
    **dict.fromkeys(["US$", "USD"], (Noun("US dollar", "US dollars"), _DOLLAR[1])),
    **dict.fromkeys(["MX$", "MXN"], _PESO),
    **dict.fromkeys(
        ["C$", "CA$", "CAD"], (Noun("Canadian dollar", "Canadian dollars"), _DOLLAR[1])
    ),  # noqa: E501
    **dict.fromkeys(
        ["A$", "AU$", "AUD"], (Noun("Australian dollar", "Australian dollars"), _DOLLAR[1])
    ),  # noqa: E501
    **dict.fromkeys(["R$", "BRL"], (Noun("real", "reais"), Noun("centavo", "centavos"))),
    **dict.fromkeys(["₹", "INR"], (Noun("rupee", "rupees"), Noun("paisa", "paise"))),
    "CHF": (Noun("Swiss franc", "Swiss francs"), Noun("centime", "centimes")),
    "ARS": (Noun("Argentine peso", "Argentine pesos"), Noun("centavo", "centavos")),
    "COP": (Noun("Colombian peso", "Colombian pesos"), Noun("centavo", "centavos")),
    "CLP": (Noun("Chilean peso", "Chilean pesos"), None),
    "PEN": (Noun("sol", "soles"), Noun("céntimo", "céntimos")),
}
SCALES = {
    **dict.fromkeys(["k", "K"], Noun("thousand", "thousand")),
    **dict.fromkeys(["M", "m", "MM", "mn"], Noun("million", "million")),
    **dict.fromkeys(["B", "bn"], Noun("billion", "billion")),
    **dict.fromkeys(["T", "tn"], Noun("trillion", "trillion")),
    **{word: Noun(word, word) for word in ("thousand", "million", "billion", "trillion")},
}


def _unit(one: str, many: str = "") -> Noun:
    return Noun(one, many or f"{one}s")


UNITS: dict[str, Noun] = {
    **{"km/h": _unit("kilometer per hour", "kilometers per hour")},
    **dict.fromkeys(["kph", "kmh"], _unit("kilometer per hour", "kilometers per hour")),
    **{"m/s": _unit("meter per second", "meters per second")},
    **{"mph": _unit("mile per hour", "miles per hour"), "rpm": Noun("r p m", "r p m")},
    **{"km": _unit("kilometer"), "m": _unit("meter"), "cm": _unit("centimeter")},
    **{"mm": _unit("millimeter"), "µm": _unit("micrometer"), "nm": _unit("nanometer")},
    **{"kg": _unit("kilogram"), "g": _unit("gram"), "mg": _unit("milligram")},
    **{
        "L": _unit("liter"),
        "l": _unit("liter"),
        "ml": _unit("milliliter"),
        "mL": _unit("milliliter"),
    },  # noqa: E501
    **{"ft": Noun("foot", "feet"), "yd": _unit("yard"), "mi": _unit("mile"), "ac": _unit("acre")},
    **{"lb": _unit("pound"), "lbs": _unit("pound"), "oz": _unit("ounce"), "ha": _unit("hectare")},
    **{"°C": _unit("degree Celsius", "degrees Celsius"), "°": _unit("degree")},
    **{"°F": _unit("degree Fahrenheit", "degrees Fahrenheit")},
    **dict.fromkeys(["m²", "m2"], _unit("square meter")),
    **dict.fromkeys(["km²", "km2"], _unit("square kilometer")),
    **dict.fromkeys(["cm²", "cm2"], _unit("square centimeter")),
    **dict.fromkeys(["m³", "m3"], _unit("cubic meter")),
    **dict.fromkeys(["ft²", "ft2"], Noun("square foot", "square feet")),
    **dict.fromkeys(["KB", "kB"], _unit("kilobyte")),
    **{"MB": _unit("megabyte"), "GB": _unit("gigabyte"), "TB": _unit("terabyte")},
    **{"Mbps": _unit("megabit per second", "megabits per second")},
    **{"Gbps": _unit("gigabit per second", "gigabits per second")},
    **{"Hz": Noun("hertz", "hertz"), "kHz": Noun("kilohertz", "kilohertz")},
    **{"MHz": Noun("megahertz", "megahertz"), "GHz": Noun("gigahertz", "gigahertz")},
    **{"W": _unit("watt"), "kW": _unit("kilowatt"), "MW": _unit("megawatt"), "V": _unit("volt")},
    **{"kWh": _unit("kilowatt hour"), "dB": _unit("decibel"), "kcal": _unit("kilocalorie")},
    **{"s": _unit("second"), "ms": _unit("millisecond"), "min": _unit("minute")},
    **dict.fromkeys(["sec", "secs"], _unit("second")),
    **dict.fromkeys(["h", "hr", "hrs"], _unit("hour")),
    **{"mins": _unit("minute"), "px": _unit("pixel")},
    "fps": _unit("frame per second", "frames per second"),
}


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
    names: ClassVar[dict[str, str]] = _NAMES
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

# Before a name.
_TITLES = {
    **{"Dr": "Doctor", "Mr": "Mister", "Mrs": "Missus", "Ms": "Miz", "Prof": "Professor"},
    **{"St": "Saint", "Rev": "Reverend", "Hon": "Honorable", "Capt": "Captain", "Col": "Colonel"},
    **{"Gen": "General", "Lt": "Lieutenant", "Sgt": "Sergeant", "Gov": "Governor"},
    **{"Sen": "Senator", "Rep": "Representative", "Pres": "President"},
}
# Before a number.
_NUMBERED = {
    **{"No": "number", "no": "number", "Nos": "numbers", "Vol": "volume", "vol": "volume"},
    **{"p": "page", "pp": "pages", "Fig": "figure", "fig": "figure", "Ch": "chapter"},
    **{"ch": "chapter", "Sec": "section", "sec": "section", "Art": "article", "art": "article"},
    **{"Ver": "version", "ver": "version", "Eq": "equation", "eq": "equation"},
}
_PLAIN = {
    **{"e.g.": "for example", "i.e.": "that is", "etc.": "et cetera", "vs.": "versus"},
    **{"approx.": "approximately", "Jr.": "Junior", "Sr.": "Senior", "Inc.": "Incorporated"},
    **{"Ltd.": "Limited", "Corp.": "Corporation", "Co.": "Company", "dept.": "department"},
    **{"Dept.": "Department", "est.": "established", "cf.": "compare", "w/": "with"},
    **{"w/o": "without", "Ave.": "Avenue", "Blvd.": "Boulevard", "Rd.": "Road", "vs": "versus"},
}
# These may be the last word of a sentence.
_LAST = frozenset("etc. Jr. Sr. Inc. Ltd. Corp. Co. dept. Dept. Ave. Blvd. Rd.".split())  # noqa: SIM905
_ABBREVIATION = re.compile(
    r"(?<![\w.@/-])(?:"
    rf"(?P<title>{'|'.join(_TITLES)})\.(?=[ \u00a0]+[A-Z])"
    rf"|(?P<numbered>{'|'.join(_NUMBERED)})\.?(?=[ \u00a0]*[0-9])"
    rf"|(?P<plain>{'|'.join(re.escape(word) for word in sorted(_PLAIN, key=len, reverse=True))})(?![\w@/])"  # noqa: E501
    r")"
)
_STREET = re.compile(r"(?<=[a-z] )(?P<street>St|Dr)\.(?=\s*(?:[,;]|$|\n|[a-z]))")
# Never without the dot, because they are words or marks of their own: "no 5", "p 5", "art 3".
_DOTTED = frozenset({"No", "no", "p", "art", "Art", "sec", "fig", "Fig", "ch"})


def abbreviations(text: str, grammar: Grammar) -> Iterator[Found]:  # noqa: ARG001
    """Yield titles before names, marks before numbers, and the commonest short forms."""
    for match in _ABBREVIATION.finditer(text):
        start, end = match.span()
        if match["title"]:
            if match["title"] == "St" and re.search(r"[A-Z][a-z]+ $", text[:start][-20:]):
                continue  # Main St. Bridge: it may be a street
            yield Found(start, end, ((start, end, _TITLES[match["title"]]),))
        elif match["numbered"]:
            if match["numbered"] in _DOTTED and text[end - 1] != ".":
                continue
            yield Found(start, end, ((start, end, _NUMBERED[match["numbered"]]),))
        else:
            spoken = _PLAIN[match["plain"]]
            spoken = closed(text, end, spoken) if match["plain"] in _LAST else spoken
            yield Found(start, end, ((start, end, spoken),))
    for match in _STREET.finditer(text):
        word = {"St": "Street", "Dr": "Drive"}[match["street"]]
        yield Found(*match.span(), ((*match.span(), closed(text, match.end(), word)),))


def closed(text: str, end: int, spoken: str) -> str:
    """Return `spoken` with the full stop that an abbreviation at the end of a sentence shares."""
    if text[end - 1] != ".":
        return spoken
    rest = text[end : end + 80].lstrip("\"'”’»)")  # noqa: RUF001
    after = rest.lstrip()
    return f"{spoken}." if not after or (rest[0].isspace() and after[0].isupper()) else spoken


# --- Roman numerals -------------------------------------------------------------------------

_ROMAN = r"(?=[IVXL])X{0,3}(?:IX|IV|V?I{0,3})|XL(?:IX|IV|V?I{0,3})|L"
_THINGS = "World War|Super Bowl|Chapter|Part|Volume|Book|Act|Phase|Type|Section|Article|Title|Class"
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
        if not written or (written == "I" and not _AFTER_ONE.match(text, match.end())):
            continue
        value = roman(written)
        spoken = grammar.cardinal(value) if match["thing"] else f"the {grammar.ordinal(value)}"
        span = match.span("roman")
        yield Found(*span, ((*span, spoken),))


# --- years ----------------------------------------------------------------------------------

_YEAR = r"(?:1[0-9]|20)[0-9]{2}"
_BEFORE = (
    "in|since|from|until|till|by|of|year|circa|before|after|during|late|early|mid|summer|spring|"
    "autumn|fall|winter|class|between|©|and|to|through|" + "|".join(m.lower() for m in MONTHS)
)
_YEARS = re.compile(
    rf"(?:(?<![\w.,$€£-])(?i:{_BEFORE})[ \u00a0]|\()(?P<year>{_YEAR})"
    rf"(?:[ ]?[-–][ ]?(?P<until>{_YEAR}|[0-9]{{2}}))?(?![\w%$€£])(?![.,:/-][0-9])"  # noqa: RUF001
)
_ERA = re.compile(rf"(?<![\w.,$€£-])(?P<year>{_YEAR}|[1-9][0-9]{{2,3}})(?=[ ](?:AD|BC|CE|BCE)\b)")
_SPAN = re.compile(
    rf"(?<![\w.,$€£/-])(?P<year>{_YEAR})[ ]?[-–][ ]?(?P<until>{_YEAR}|[0-9]{{2}})(?![\w%$€£])(?![.,:/-][0-9])"  # noqa: RUF001
)
_DECADE = re.compile(r"(?<![\w.,$€£-])(?P<head>1[1-9]|20|['’])?(?P<tens>[0-9]0)['’]?s\b")  # noqa: RUF001
_TENS = {
    **{"20": "twenties", "30": "thirties", "40": "forties", "50": "fifties", "60": "sixties"},
    **{"70": "seventies", "80": "eighties", "90": "nineties"},
}
_AND = ("and ", "to ", "thr")
# What is counted is not a year: in 1500 cases.
_COUNTED = re.compile(
    r"[ \u00a0](?!(?:is|was|has|as|this|its|his|does|us|various|series)\b)(?:[a-z]+s|people|men|women|children|percent|million|feet)\b"
)  # noqa: E501


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
                _COUNTED.match(text, match.end())
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
