"""Spanish numbers, dates and abbreviations."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from workbench.text.edits import Found
from workbench.text.english import closed, roman
from workbench.text.numbers import Grammar, Noun, Numeral, spell

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "CURRENCIES",
    "MONTHS",
    "PESOS",
    "SCALES",
    "UNITS",
    "Spanish",
    "abbreviations",
    "gender",
    "romans",
]

MONTHS = tuple(
    "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre".split()  # noqa: E501, SIM905
)

_NAMES = {
    **dict(
        zip(
            "0123456789",
            "cero uno dos tres cuatro cinco seis siete ocho nueve".split(),
            strict=True,
        )
    ),  # noqa: E501, SIM905
    **{".": "punto", "/": "barra", "-": "guion", "_": "guion bajo", "@": "arroba"},
    **{":": "dos puntos", "?": "interrogación", "=": "igual", "&": "y", "#": "almohadilla"},
    **{"~": "virgulilla", "%": "por ciento", "+": "más", "www": "uve doble uve doble uve doble"},
}

_DOLLAR = (Noun("dólar", "dólares"), Noun("centavo", "centavos"))
_EURO = (Noun("euro", "euros"), Noun("céntimo", "céntimos"))
_POUND = (Noun("libra", "libras", feminine=True), Noun("penique", "peniques"))
_YEN = (Noun("yen", "yenes"), None)
_PESO = (Noun("peso", "pesos"), Noun("centavo", "centavos"))


PESOS = _PESO
"""What a bare ``$`` means where pesos are paid."""


def _of(country: str, money: tuple[Noun, Noun | None]) -> tuple[Noun, Noun | None]:
    noun, cent = money
    plural = country + ("es" if country[-1] not in "aeo" else "s")
    return Noun(f"{noun.one} {country}", f"{noun.many} {plural}"), cent


CURRENCIES: dict[str, tuple[Noun, Noun | None]] = {
    **{"$": _DOLLAR, "€": _EURO, "£": _POUND, "¥": _YEN, "EUR": _EURO, "GBP": _POUND, "JPY": _YEN},
    **dict.fromkeys(
        ["US$", "USD"], (Noun("dólar estadounidense", "dólares estadounidenses"), _DOLLAR[1])
    ),  # noqa: E501
    **dict.fromkeys(["MX$", "MXN"], _of("mexicano", _PESO)),
    **dict.fromkeys(
        ["C$", "CA$", "CAD"], (Noun("dólar canadiense", "dólares canadienses"), _DOLLAR[1])
    ),  # noqa: E501
    **dict.fromkeys(
        ["A$", "AU$", "AUD"], (Noun("dólar australiano", "dólares australianos"), _DOLLAR[1])
    ),  # noqa: E501
    **dict.fromkeys(["R$", "BRL"], (Noun("real", "reales"), Noun("centavo", "centavos"))),
    **dict.fromkeys(["₹", "INR"], (Noun("rupia", "rupias", feminine=True), None)),
    "CHF": (Noun("franco suizo", "francos suizos"), Noun("céntimo", "céntimos")),
    **{"ARS": _of("argentino", _PESO), "COP": _of("colombiano", _PESO)},
    **{"CLP": _of("chileno", _PESO), "PEN": (Noun("sol", "soles"), Noun("céntimo", "céntimos"))},
}
SCALES = {
    **dict.fromkeys(["k", "K", "mil"], Noun("mil", "mil")),
    **dict.fromkeys(["M", "MM", "millón", "millones"], Noun("millón", "millones")),
    **dict.fromkeys(["billón", "billones"], Noun("billón", "billones")),
    "mil millones": Noun("mil millones", "mil millones"),
}
# A thousand and its like are counted without the "de" that a million needs before a noun.
_SCALED = re.compile(r"(?:ll[oó]n(?:es)?)$")


def _unit(one: str, many: str = "", *, feminine: bool = False) -> Noun:
    return Noun(one, many or f"{one}s", feminine)


UNITS: dict[str, Noun] = {
    **dict.fromkeys(["km/h", "kmh", "kph"], _unit("kilómetro por hora", "kilómetros por hora")),
    **{"m/s": _unit("metro por segundo", "metros por segundo")},
    **{"mph": _unit("milla por hora", "millas por hora", feminine=True)},
    **{"rpm": _unit("revolución por minuto", "revoluciones por minuto", feminine=True)},
    **{"km": _unit("kilómetro"), "m": _unit("metro"), "cm": _unit("centímetro")},
    **{"mm": _unit("milímetro"), "µm": _unit("micrómetro"), "nm": _unit("nanómetro")},
    **{"kg": _unit("kilogramo"), "g": _unit("gramo"), "mg": _unit("miligramo")},
    **{"t": _unit("tonelada", feminine=True), "L": _unit("litro"), "l": _unit("litro")},
    **dict.fromkeys(["ml", "mL"], _unit("mililitro")),
    **{"ft": Noun("pie", "pies"), "mi": _unit("milla", feminine=True)},
    **dict.fromkeys(["lb", "lbs"], _unit("libra", feminine=True)),
    **{"oz": _unit("onza", feminine=True), "ha": _unit("hectárea", feminine=True)},
    **{"°C": _unit("grado Celsius", "grados Celsius"), "°": _unit("grado")},
    **{"ºC": _unit("grado Celsius", "grados Celsius")},
    **{"°F": _unit("grado Fahrenheit", "grados Fahrenheit")},
    **dict.fromkeys(["m²", "m2"], _unit("metro cuadrado", "metros cuadrados")),
    **dict.fromkeys(["km²", "km2"], _unit("kilómetro cuadrado", "kilómetros cuadrados")),
    **dict.fromkeys(["cm²", "cm2"], _unit("centímetro cuadrado", "centímetros cuadrados")),
    **dict.fromkeys(["m³", "m3"], _unit("metro cúbico", "metros cúbicos")),
    **dict.fromkeys(["KB", "kB"], _unit("kilobyte")),
    **{"MB": _unit("megabyte"), "GB": _unit("gigabyte"), "TB": _unit("terabyte")},
    **{"Mbps": _unit("megabit por segundo", "megabits por segundo")},
    **{"Gbps": _unit("gigabit por segundo", "gigabits por segundo")},
    **{"Hz": _unit("hercio"), "kHz": _unit("kilohercio"), "MHz": _unit("megahercio")},
    **{"GHz": _unit("gigahercio"), "W": _unit("vatio"), "kW": _unit("kilovatio")},
    **{
        "MW": _unit("megavatio"),
        "V": _unit("voltio"),
        "kWh": _unit("kilovatio hora", "kilovatios hora"),
    },  # noqa: E501
    **{"dB": Noun("decibelio", "decibelios"), "kcal": _unit("kilocaloría", feminine=True)},
    **{"s": _unit("segundo"), "seg": _unit("segundo"), "ms": _unit("milisegundo")},
    **{"min": _unit("minuto"), "px": Noun("píxel", "píxeles")},
    **dict.fromkeys(["h", "hrs"], _unit("hora", feminine=True)),
    "fps": _unit("fotograma por segundo", "fotogramas por segundo"),
}

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
    names: ClassVar[dict[str, str]] = _NAMES
    month_first = False

    def __init__(self, language: str) -> None:
        super().__init__(language)
        self.decimal = "." if self.region in _POINTED else ","
        self.european = self.region in {"", "es"}
        self.dollars = self.european or self.region in _DOLLARS

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


# --- gender of the word after a number --------------------------------------------------------

_FEMININE = re.compile(
    r"(?:[^\W\d_]as|[a-zñ]ciones|siones|dades|tades|tudes|umbres|[^aeiou]eces|"
    r"mujeres|noches|tardes|calles|partes|clases|manos|fotos|imágenes|órdenes|flores|leyes|torres|"
    r"llaves|redes|voces|luces|paredes|series|sedes|bases|fases|frases|claves|nubes|motos|radios|"
    r"crisis|tesis|hipótesis)$"
)
_MASCULINE = re.compile(
    r"(?:(?:d|tranv)ías|[a-z]*(?:lemas|gramas|temas|emas|omas)|mapas|planetas|poetas|cometas|"
    r"atletas|turistas|artistas|periodistas|futbolistas|ciclistas|taxistas|pianistas|dentistas|"
    r"colegas|dálmatas|piratas|demócratas|acróbatas|policías|guardias|camaradas|peces|meses|jueces|veces_)$"
)
_FEMININE_ALSO = frozenset(
    "firmas cremas escamas yemas gemas palomas bromas lomas gomas llamas camas ramas damas tramas "
    "tomas formas plataformas armas almas alarmas".split()  # noqa: SIM905
)
_NO_NOUN = frozenset(
    "más mas es menos tras los las sus nos pues entonces después antes mientras apenas quizás "
    "unos unas ellos ellas nosotros otras otros estas estos esas esos aquellas aquellos todas "
    "todos además atrás jamás detrás dos tres seis veras gracias is as ambas ambos cuantas "
    "cuantos tus mis les os lunes martes miércoles jueves viernes contras".split()  # noqa: SIM905
)
_ONE = frozenset(
    "hora página persona vez casa semana noche mañana vida taza cucharada libra milla tonelada "
    "mujer niña chica pregunta respuesta palabra frase línea lista parte cosa idea foto imagen "
    "mano puerta ventana silla mesa calle ciudad empresa película canción lámina gota pizca "
    "caja bolsa botella lata unidad plaza planta habitación cama noticia escena toma".split()  # noqa: SIM905
)
_WORD = re.compile(r"[ \u00a0]+([^\W\d_]{2,})")


def gender(text: str, place: int, *, one: bool = False) -> str:
    """Return ``f`` or ``m`` for the noun that follows a number, empty where there is none.

    By the endings and the commonest exceptions of the Nueva gramática (RAE 2009, §2); what is not
    a plural is not taken for a noun.

    Parameters
    ----------
    text, place
        The text, and where the number ends.
    one
        Whether the number is one, whose noun has no plural: then only nouns of a list.

    Examples
    --------
    >>> [gender(text, 0) for text in (" páginas", " días", " de", " problemas", " más", " km")]
    ['f', 'm', '', 'm', '', '']
    """
    match = _WORD.match(text, place)
    word = match[1].lower() if match else ""
    if one:
        return "f" if word in _ONE else ("m" if word in _ONE_MASCULINE else "")
    if not word.endswith("s") or word in _NO_NOUN:
        return ""
    if word in _FEMININE_ALSO:
        return "f"
    if _MASCULINE.match(word) and word != "veces":
        return "m"
    return "f" if _FEMININE.search(_plain(word)) or _FEMININE.search(word) else "m"


_ONE_MASCULINE = frozenset(
    "día mes año minuto segundo momento euro peso dólar metro kilómetro litro gramo kilo grado "
    "punto hombre niño chico libro vaso plato paso lado ejemplo problema tema vídeo video coche "
    "carro gato perro café millón".split()  # noqa: SIM905
)


def _plain(word: str) -> str:
    return word.translate(str.maketrans("áéíóú", "aeiou"))


# --- abbreviations --------------------------------------------------------------------------

_TITLES = {
    **{"Sr": "señor", "Sra": "señora", "Srta": "señorita", "Sres": "señores", "Dr": "doctor"},
    **{"Dra": "doctora", "D": "don", "Dña": "doña", "D.ª": "doña", "Prof": "profesor"},
    **{"Profa": "profesora", "Lic": "licenciado", "Ing": "ingeniero", "Arq": "arquitecto"},
    **{"Gral": "general", "Sto": "santo", "Sta": "santa", "Av": "avenida", "Avda": "avenida"},
    **{"Mr": "míster", "Mrs": "mísis", "St": "san"},
}
_NUMBERED = {
    **{"pág": "página", "págs": "páginas", "p": "página", "pp": "páginas", "núm": "número"},
    **{"n.º": "número", "nº": "número", "Nº": "número", "N.º": "número", "No": "número"},
    **{"art": "artículo", "arts": "artículos", "cap": "capítulo", "caps": "capítulos"},
    **{"fig": "figura", "figs": "figuras", "vol": "volumen", "tel": "teléfono", "tfno": "teléfono"},
    **{"Tel": "teléfono", "Pág": "página", "Núm": "número", "Art": "artículo", "Cap": "capítulo"},
    **{"Fig": "figura", "Vol": "volumen"},
}
_PLAIN = {
    **{"Ud.": "usted", "Uds.": "ustedes", "Vd.": "usted", "Vds.": "ustedes", "etc.": "etcétera"},
    **{"p. ej.": "por ejemplo", "p.ej.": "por ejemplo", "aprox.": "aproximadamente"},
    **{"EE. UU.": "Estados Unidos", "EE.UU.": "Estados Unidos", "EEUU": "Estados Unidos"},
    **{"RR. HH.": "recursos humanos", "JJ. OO.": "Juegos Olímpicos", "vs.": "versus"},
    **{"a. C.": "antes de Cristo", "d. C.": "después de Cristo", "a.C.": "antes de Cristo"},
    **{"d.C.": "después de Cristo", "dpto.": "departamento", "Dpto.": "departamento"},
    **{"máx.": "máximo", "mín.": "mínimo", "Cía.": "compañía", "izq.": "izquierda"},
    **{"dcha.": "derecha", "tel.": "teléfono", "admón.": "administración", "C/": "calle"},
    **{"c/": "calle", "pág.": "página", "núm.": "número"},
}
# These are never the last word of a sentence.
_LEADING = frozenset({"p. ej.", "p.ej.", "aprox.", "vs.", "tel.", "C/", "c/", "pág.", "núm."})
_ABBREVIATION = re.compile(
    r"(?<![\w.@/-])(?:"
    rf"(?P<title>{'|'.join(re.escape(w) for w in sorted(_TITLES, key=len, reverse=True))})\.?(?=[ \u00a0]+[A-ZÁÉÍÓÚÑ])"  # noqa: E501
    rf"|(?P<numbered>{'|'.join(re.escape(w) for w in sorted(_NUMBERED, key=len, reverse=True))})\.?(?=[ \u00a0]*[0-9])"  # noqa: E501
    rf"|(?P<plain>{'|'.join(re.escape(w).replace(chr(92) + ' ', '[ ' + chr(160) + ']') for w in sorted(_PLAIN, key=len, reverse=True))})(?![\w@])"  # noqa: E501
    r")"
)
_BARE = frozenset({"D.ª", "n.º", "nº", "Nº", "N.º"})


def abbreviations(text: str, grammar: Grammar) -> Iterator[Found]:  # noqa: ARG001
    """Yield titles before names, marks before numbers, and the commonest short forms."""
    for match in _ABBREVIATION.finditer(text):
        start, end = match.span()
        word = match["title"] or match["numbered"]
        if word:
            if text[end - 1] != "." and word not in _BARE:
                continue
            spoken = (_TITLES if match["title"] else _NUMBERED)[word]
        else:
            plain = re.sub(r"\s", " ", match["plain"])
            spoken = _PLAIN[plain] if plain in _LEADING else closed(text, end, _PLAIN[plain])
        if text[start].isupper() and not match["plain"]:
            spoken = spoken[0].upper() + spoken[1:] if _opens(text, start) else spoken
        yield Found(start, end, ((start, end, spoken),))


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
_THINGS = "capítulo|tomo|volumen|acto|título|libro|parte|fase|anexo|tema|apartado|unidad"
_ROMANS = re.compile(
    rf"\b(?:(?P<century>[Ss]iglos?|[Ss]\.)|(?P<thing>(?i:{_THINGS}))|(?P<queen>{_QUEENS})"
    rf"|(?P<king>{_KINGS}))[ \u00a0](?P<roman>{_ROMAN})(?![\w-])"
    rf"(?:(?<=[IVXL])[ \u00a0](?:y|o|al?)[ \u00a0](?P<until>{_ROMAN})(?![\w-]))?"
)
_EVENTS = re.compile(
    rf"\b(?P<roman>{_ROMAN})[ \u00a0](?=(?P<she>Guerra|República|Edición|Jornadas?|Feria|"
    r"Conferencia|Cumbre)|(?:Congreso|Festival|Plan|Premio|Encuentro|Concilio|Certamen)\b)"
)
_LAST_ORDINAL = 10


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
            parts.insert(0, (*match.span("century"), "siglo"))
        yield Found(parts[0][0], parts[-1][1], tuple(parts))
    for match in _EVENTS.finditer(text):
        if not match["roman"]:
            continue
        value, span = roman(match["roman"]), match.span("roman")
        spoken = grammar.ordinal(value, feminine=bool(match["she"]))
        if not match["she"]:
            spoken = re.sub(r"(primer|tercer)o$", r"\1", spoken)
        yield Found(*span, ((*span, spoken),))
