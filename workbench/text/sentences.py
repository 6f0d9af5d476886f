"""Where a sentence or a clause ends, word by word.

A caption can afford a missed end better than a false one, so a full stop after an abbreviation,
an initial or an ordinal is not taken for an end.
"""

from __future__ import annotations

__all__ = ["ends_clause", "ends_sentence", "leads_on"]

_QUOTES = "\"'”’»›」』"  # noqa: RUF001 - the typographic marks are meant, here and below
_OPENERS = "\"'“‘«‹([{¿¡"  # noqa: RUF001
_CLOSERS = _QUOTES + ")]}】）〉》"  # noqa: RUF001
_CLOSED = _CLOSERS + " \u00a0\u202f"  # French sets a space before the guillemet
_STOPS = frozenset(".．｡")  # noqa: RUF001
# Danda, Arabic, Urdu, Armenian, Ethiopic, Burmese and Khmer marks among them.
_ENDS = frozenset("!?！？。।॥؟۔։።။។‼⁇⁈⁉")  # noqa: RUF001
_CLAUSES = frozenset(",;:،؛、，；：—–)」』")  # noqa: RUF001
_FINAL = _STOPS | _ENDS | frozenset("…" + _CLOSERS)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Always followed by a name or a number.
_TITLES = _words("""
    mr mrs ms mx dr prof st rev hon capt col gen lt sgt pres gov sen rep vs
    sr sra srta sres dra dña ud uds vd lic ing arq ej mme mlle hr fr sig dott ca bzw
    exmo exma excmo excma gral sto sta
""") | _words("ул проф акад им")
# An end only if a capital letter follows.
_SHORT = _words("""
    etc usw inc ltd co corp jr bros dept est approx fig vol ed núm tel av avda pág págs cap cf al
    jan feb mar apr jun jul aug sep sept oct nov dec ene abr ago dic ecc c.-à-d
""") | _words("др руб тыс млн млрд")  # noqa: RUF001 - Cyrillic
# Shortened only before a number.
_NUMBERED = _words("no nos nr art vol pp p pág págs cap fig núm")

# Articles, prepositions, conjunctions and the like: English, Spanish, Portuguese, French, Italian,
# German.
_LEADING = _words("""
    a an the of to in on at by for from with into about over under between than as and or but nor if
    that which who whose when because my your his her its our their this these those is are was be
    not no every each very
    el la los las un una unos unas lo al del de en y e o u ni que con por para sin sobre entre hasta
    desde se su sus mi mis tu tus le les me te nos si como pero cuando porque muy más cada este esta
    os as um uma uns umas do da dos das no na nos nas em ou nem com sem mas seu sua
    l' le les des du au aux dans sur avec pour par sans et ou mais qui est son sa ses ce cet cette
    il gli i uno di del della dei delle nel nella con per tra fra ed che non è suo sua
    der die das den dem ein eine einen einem einer im am vom zum zur mit von für auf aus bei nach
    und oder aber dass weil wenn ich sehr nicht kein keine
""")


def ends_sentence(text: str, following: str = "") -> bool:
    """Whether the word `text` ends a sentence, given the word that follows it.

    Parameters
    ----------
    text, following
        Words with their punctuation; `following` is empty after the last word.

    Examples
    --------
    >>> ends_sentence("end.", "Then"), ends_sentence("¿Sí?»", "Claro"), ends_sentence("好。", "我")
    (True, True, True)
    >>> ends_sentence("Dr.", "Smith"), ends_sentence("U.S.", "Army"), ends_sentence("3.5", "m")
    (False, False, False)
    >>> ends_sentence("No.", "Then"), ends_sentence("No.", "5"), ends_sentence("Well…", "maybe")
    (True, False, False)
    """
    if text[-1:] not in _FINAL or not (bare := text.rstrip(_CLOSED)):
        return False
    last = bare[-1]
    if last in _ENDS:
        # "Why?" he asked: the sentence goes on.
        return not (following[:1].islower() and text[-1] in _QUOTES)
    if last == "…" or bare.endswith(".."):
        return not following[:1].islower()
    return last in _STOPS and not _shortened(bare[:-1], following)


def _shortened(word: str, following: str) -> bool:
    """Whether the full stop after `word` only shortens it."""
    word = word.lstrip(_OPENERS)
    lowered = word.lower()
    return bool(following) and (
        lowered in _TITLES
        or (lowered in _NUMBERED and following[0].isdigit())
        or (lowered in _SHORT and not following[0].isupper())
        or _initials(word, following)
    )


def _initials(word: str, following: str) -> bool:
    """Whether `word` is letters that stand for words: J. or U.S. or EE. or the p. of p. ej."""
    parts = word.split(".")
    if not all(len(part) <= 2 and part.isalpha() for part in parts):  # noqa: PLR2004 - EE. UU.
        return False
    if len(parts) > 1:  # U.S. before a name, but 5 p.m. before a capital is an end
        return not (following[0].isupper() and word.islower())
    if word.isupper():
        return len(word) == 1 or word[0] == word[1]
    # German d. h. wir, Spanish p. ej., Russian т. д.
    dotted = len(following.rstrip(".")) < len(following) <= 3  # noqa: PLR2004
    return len(word) == 1 and (following[0].islower() or dotted)


def ends_clause(text: str) -> bool:
    """Whether a reader pauses after the word `text`: a comma, a colon, a dash, a bracket.

    Examples
    --------
    >>> ends_clause("first,"), ends_clause("second")
    (True, False)
    """
    last = text[-1:]
    return last in _CLAUSES or (last in _CLOSERS and text.rstrip(_CLOSERS)[-1:] in _CLAUSES)


def leads_on(text: str) -> bool:
    """Whether the word `text` belongs to the one after it: an article, a preposition, a title.

    Examples
    --------
    >>> leads_on("the"), leads_on("Para"), leads_on("Dr."), leads_on("house")
    (True, True, True, False)
    """
    lowered = text.lower()
    return lowered in _LEADING or (lowered[-1:] == "." and lowered[:-1] in _TITLES)
