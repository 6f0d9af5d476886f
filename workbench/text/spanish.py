"""Spanish numbers, dates and abbreviations."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from workbench.text.edits import Found
from workbench.text.english import closed, roman
from workbench.text.numbers import Grammar, Numeral, numeral, spell
from workbench.text.spanish_gender import gender
from workbench.text.spanish_words import ABBREVIATIONS, NAMES, NUMBERED, SIGNS, TITLES
from workbench.text.tables import words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workbench.text.tables import Noun

__all__ = ["Spanish", "abbreviations", "romans"]

# Latin America as a whole writes thousands with a point more often than thousandths.
_THOUSANDS = re.compile(r"[1-9][0-9]{0,2}(?:\.[0-9]{3})+")
# A thousand is counted without the "de" that a million needs before a noun.
_SCALED = re.compile(r"ll(?:ón|ones)$")
# Where the point is the decimal mark and the comma sets thousands apart (Ortografía de la lengua
# española, RAE 2010, on the decimal sign).
_POINTED = frozenset("mx 419 us gt hn ni pa pr do sv pe cu".split())  # noqa: SIM905
_DOLLARS = frozenset("us pr ec sv pa".split())  # noqa: SIM905

_UNITS = "primero segundo tercero cuarto quinto sexto séptimo octavo noveno".split()  # noqa: SIM905
_TENS = "décimo vigésimo trigésimo cuadragésimo quincuagésimo sexagésimo septuagésimo octogésimo nonagésimo".split()  # noqa: E501, SIM905
_HUNDREDS = "centésimo ducentésimo tricentésimo cuadringentésimo quingentésimo sexcentésimo septingentésimo octingentésimo noningentésimo".split()  # noqa: E501, SIM905


class Spanish(Grammar):
    """Spanish; without a region that of Spain, whose decimal mark is the comma.

    Examples
    --------
    >>> spanish = Spanish("es")
    >>> spanish.cardinal(21, before=True), spanish.cardinal(221, feminine=True, before=True)
    ('veintiún', 'doscientas veintiuna')
    >>> spanish.cardinal(21_031_000), spanish.ordinal(12), spanish.ordinal(23, feminine=True)
    ('veintiún millones treinta y un mil', 'duodécimo', 'vigésima tercera')
    >>> spanish.number(Numeral("3", "05", ",")), Spanish("es-mx").read("1,234").value
    ('tres coma cero cinco', 1234)
    """

    primary: ClassVar[str] = "es"
    names: ClassVar[dict[str, str]] = NAMES
    signs: ClassVar[dict[str, str]] = SIGNS
    month_first = False

    def __init__(self, language: str) -> None:
        super().__init__(language)
        self.decimal = "." if self.region in _POINTED else ","
        self.european = self.region in {"", "es"}
        self.dollars = self.european or self.region in _DOLLARS

    def read(self, text: str, *, lenient: bool = False) -> Numeral | None:
        """Return the number that `text` writes in this place."""
        pan = self.region == "419" and _THOUSANDS.fullmatch(text)
        return numeral(text, decimal="," if pan else self.decimal, lenient=lenient)

    def cardinal(self, value: int, *, feminine: bool = False, before: bool = False) -> str:
        """Return a whole number in words, right before ``mil`` and ``millones`` too.

        num2words says "veintiuno mil". Feminine endings stay behind the last million: doscientos
        millones trescientas mil páginas.
        """
        words = spell(value, "es")
        words = re.sub(r"veintiuno(?= mil| [a-z]*ll)", "veintiún", words)
        words = re.sub(r"\buno(?= mil| [a-z]*ll)", "un", words)
        split = max(words.rfind("llones"), words.rfind("llón"))
        head, tail = (words[: split + 6], words[split + 6 :]) if split >= 0 else ("", words)
        if feminine:
            tail = re.sub(r"(?<=[ncs])ientos\b", "ientas", tail)
            tail = re.sub(r"uno$", "una", tail)
        elif before:
            tail = re.sub(r"veintiuno$", "veintiún", tail)
            tail = re.sub(r"\buno$", "un", tail)
        return head + tail

    def ordinal(self, value: int, *, feminine: bool = False) -> str:
        """Return ``tercero`` for 3, up to 999; beyond that the cardinal, as people say it."""
        if not 0 < value < 1000:  # noqa: PLR2004
            return self.cardinal(value, feminine=feminine)
        hundreds, rest = divmod(value, 100)
        tens, ones = divmod(rest, 10)
        parts = [_HUNDREDS[hundreds - 1]] if hundreds else []
        if rest in {11, 12}:
            parts.append({11: "undécimo", 12: "duodécimo"}[rest])
        elif tens == 1 and ones:
            parts.append("decimo" + _UNITS[ones - 1])
        else:
            parts += [_TENS[tens - 1]] if tens else []
            parts += [_UNITS[ones - 1]] if ones else []
        if feminine:
            parts = [re.sub("o$", "a", part) for part in parts]
        return " ".join(parts)

    def year(self, value: int) -> str:
        """Return the name of a year: the number."""
        return self.cardinal(value)

    def number(self, number: Numeral, *, feminine: bool = False, before: bool = False) -> str:
        """Return a number in words; up to three digits behind the mark are read as a number."""
        if number.coded:
            whole = self.digits(number.whole)
        elif number.fraction:
            whole = self.cardinal(number.value)
        else:
            whole = self.cardinal(number.value, feminine=feminine, before=before)
        if not number.fraction:
            return whole
        digits = number.fraction
        if len(digits) <= 3 and digits.strip("0"):  # noqa: PLR2004
            zeros = len(digits) - len(digits.lstrip("0"))
            behind = " ".join(["cero"] * zeros + [self.cardinal(int(digits))])
        else:
            behind = self.digits(digits)
        return f"{whole} {'coma' if number.mark == ',' else 'punto'} {behind}"

    def gender(self, text: str, place: int, *, one: bool = False) -> str:
        """Return ``f`` or ``m`` for the noun behind a number, empty where none is known."""
        return gender(text, place, one=one)

    def counted(self, number: Numeral, noun: Noun) -> tuple[str, str]:
        """Return the number in the gender of the noun, and the noun after its ``de`` if any."""
        words = self.number(number, feminine=noun.feminine, before=True)
        form = noun.one if number.single else noun.many
        plain = not number.fraction and not number.coded
        return words, f"de {form}" if plain and _SCALED.search(words) else form


# --- abbreviations --------------------------------------------------------------------------

# These are never the last word of a sentence.
_STREETS = frozenset(words("Avda. avda. Av. av. Pza. Plza. Ctra. ctra."))
_LEADING = _STREETS | {
    "p. ej.",
    "p.ej.",
    "P. ej.",
    "P.ej.",
    "aprox.",
    "vs.",
    "tel.",
    "C/",
    "c/",
    "pág.",
    "núm.",
}
_ABBREVIATION = re.compile(
    r"(?<![\w.@/-])(?:"
    rf"(?P<title>{'|'.join(re.escape(w) for w in sorted(TITLES, key=len, reverse=True))})\.?(?=[ \u00a0]+[A-ZÁÉÍÓÚÑ])"  # noqa: E501
    rf"|(?P<numbered>{'|'.join(re.escape(w) for w in sorted(NUMBERED, key=len, reverse=True))})\.?(?=[ \u00a0]*[0-9])"  # noqa: E501
    rf"|(?P<plain>{'|'.join(re.escape(w).replace(chr(92) + ' ', '[ ' + chr(160) + ']') for w in sorted(ABBREVIATIONS, key=len, reverse=True))})(?![\w@])"  # noqa: E501
    r")"
)
_CAPITAL = _STREETS | {"P. ej.", "P.ej."}
# 1.200 €/mes: euros al mes.
_PER = re.compile(r"(?<=[€$])/(?P<time>mes|día|año|hora|semana|noche|persona)(?![\w/])")
_PER_WORDS = {"mes": "al", "día": "al", "año": "al", "hora": "por", "semana": "a la"}
_BARE = frozenset({"D.ª", "n.º", "nº", "Nº", "N.º"})


def abbreviations(text: str, grammar: Grammar) -> Iterator[Found]:  # noqa: ARG001
    """Yield titles before names, marks before numbers, and the commonest short forms."""
    for match in _ABBREVIATION.finditer(text):
        start, end = match.span()
        word = match["title"] or match["numbered"]
        if word:
            if text[end - 1] != "." and word not in _BARE:
                continue
            spoken = (TITLES if match["title"] else NUMBERED)[word]
        else:
            plain = re.sub(r"\s", " ", match["plain"])
            spoken = (
                ABBREVIATIONS[plain]
                if plain in _LEADING
                else closed(text, end, ABBREVIATIONS[plain])
            )
        if text[start].isupper() and (not match["plain"] or match["plain"] in _CAPITAL):
            spoken = spoken[0].upper() + spoken[1:] if _opens(text, start) else spoken
        yield Found(start, end, ((start, end, spoken),))
    for match in _PER.finditer(text):
        spoken = f" {_PER_WORDS.get(match['time'], 'por')} {match['time']}"
        yield Found(*match.span(), ((*match.span(), spoken),))


def _opens(text: str, place: int) -> bool:
    """Whether a sentence begins at `place`."""
    before = text[:place].rstrip(" \"'«“¿¡(")
    return not before or before[-1] in ".!?\n:"


# --- Roman numerals -------------------------------------------------------------------------

_ROMAN = r"(?=[IVXL])(?:X{0,3}(?:IX|IV|V?I{0,3})|XL(?:IX|IV|V?I{0,3})|L)"
_QUEENS = "Isabel|María|Juana|Catalina|Margarita|Cristina|Sofía"
_KINGS = (
    "Felipe|Carlos|Fernando|Alfonso|Juan Carlos|Juan Pablo|Luis|Enrique|Jaime|Pedro|Sancho|Ramiro|"
    "Pío|Benedicto|León|Inocencio|Gregorio|Clemente|Urbano|Napoleón|Eduardo|Jorge|Guillermo|"
    "Ricardo|Francisco|Federico|Alejandro|Nicolás|Jacobo|Iván|Ramsés|Pablo|Juan|Amadeo|José"
)
_THINGS = (
    "capítulo|tomo|volumen|acto|título|libro|parte|fase|anexo|tema|apartado|unidad|cap\\.|vol\\."
)
_ROMANS = re.compile(
    rf"\b(?:(?P<century>[Ss]iglos?|[Ss]s?\.)|(?P<thing>(?i:{_THINGS}))|(?P<queen>{_QUEENS})"
    rf"|(?P<king>{_KINGS}))[ \u00a0](?P<roman>{_ROMAN})(?![\w-])"
    rf"(?:(?<=[IVXL])[ \u00a0](?:y|o|al?)[ \u00a0](?P<until>{_ROMAN})(?![\w-]))?"
)
_EVENTS = re.compile(
    rf"\b(?P<roman>{_ROMAN})[ \u00a0](?=(?P<she>Guerra|República|Edición|Jornadas?|Feria|"
    r"Conferencia|Cumbre|edición|legislatura|jornadas?)|(?:[Aa]niversario|Congreso|Festival|Plan|Premio|Encuentro|Concilio|Certamen)\b)"
)
_LAST_ORDINAL = 10
_SHORT = {"cap.": "capítulo", "vol.": "volumen"}


def romans(text: str, grammar: Grammar) -> Iterator[Found]:
    """Yield the numerals of centuries, rulers and numbered things.

    Up to ten those of centuries and rulers are ordinals, beyond that cardinals (Diccionario
    panhispánico de dudas, RAE 2005, under "números").
    """
    for match in _ROMANS.finditer(text):
        if not match["roman"]:
            continue
        parts = []
        for group in ("roman", "until"):
            if not match[group] or (group == "until" and not match["century"]):
                continue
            value = roman(match[group])
            if match["thing"] or value > _LAST_ORDINAL:
                spoken = grammar.cardinal(value)
            else:
                spoken = grammar.ordinal(value, feminine=bool(match["queen"]))
            parts.append((*match.span(group), spoken))
        if match["century"] and match["century"].endswith("."):
            many = match["century"].lower() == "ss."
            parts.insert(0, (*match.span("century"), "siglos" if many else "siglo"))
        elif match["thing"] and match["thing"].lower() in _SHORT:
            parts.insert(0, (*match.span("thing"), _SHORT[match["thing"].lower()]))
        yield Found(parts[0][0], parts[-1][1], tuple(parts))
    yield from _events(text, grammar)


def _events(text: str, grammar: Grammar) -> Iterator[Found]:
    """Yield the numerals before what is counted by them: la II Guerra, la XV legislatura."""
    for match in _EVENTS.finditer(text):
        if not match["roman"]:
            continue
        value, span = roman(match["roman"]), match.span("roman")
        spoken = grammar.ordinal(value, feminine=bool(match["she"]))
        if not match["she"]:
            spoken = re.sub(r"(primer|tercer)o$", r"\1", spoken)
        yield Found(*span, ((*span, spoken),))
