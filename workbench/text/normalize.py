"""The text as an engine should get it: what is written short is written out.

English and Spanish have rules for numbers and what goes with them; in other languages signs that
are not spoken are left out, and whole numbers are spelled where num2words knows the language. What
a rule does not understand stays as it is. Every change is reported, and the times of the spoken
words find their way back to the words of the original.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache, partial
from typing import TYPE_CHECKING, NamedTuple

from workbench.errors import ParameterError, TextError, suggest
from workbench.text import (
    addresses,
    cleaning,
    clock,
    dates,
    english,
    english_words,
    figures,
    money,
    quantities,
    signs,
    spanish,
    spanish_words,
)
from workbench.text.counting import Counting
from workbench.text.edits import Change, Draft, applied, composed
from workbench.text.lexicon import Lexicon
from workbench.text.spoken import Spoken
from workbench.text.tables import Noun

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator

    from workbench.text.edits import Found
    from workbench.text.numbers import Grammar

__all__ = ["RULES", "Change", "Rule", "Spoken", "normalize", "require_speech"]

_BOTH = ("en", "es")


class Rule(NamedTuple):
    """A rule that can be switched off by its name."""

    name: str
    help: str
    languages: tuple[str, ...] = ()
    """The languages it is for; empty for all."""


RULES: tuple[Rule, ...] = (
    Rule("invisible", "Marks without width, control characters and broken letters are left out"),
    Rule("phonemes", "[word](/ipa/) becomes the word, for an engine that takes no phonemes"),
    Rule("markup", "Tags of HTML and SSML, entities and signs of Markdown are left out"),
    Rule("emoji", "Pictographs are left out, keycaps keep their digit"),
    Rule("styled", "Letters in fancy dress (𝓗, Ⓗ, Ｈ) become plain ones"),  # noqa: RUF001
    Rule("lexicon", "Words of the lexicon are respelt"),
    Rule("urls", "example.com/a: example dot com slash a", _BOTH),
    Rule("emails", "ana@example.com: ana at example dot com", _BOTH),
    Rule("mentions", "@ana, #BigNews: at ana, hashtag Big News", _BOTH),
    Rule("dates", "2026-11-23, 23/11/2026, Nov 23: the twenty-third of November …", _BOTH),
    Rule("times", "10:30 pm, 22:05 h: ten thirty p.m. …", _BOTH),
    Rule("money", "$25.50, 3 M€: twenty-five dollars and fifty cents …", _BOTH),
    Rule("phones", "+34 600 123 456: digit by digit", _BOTH),
    Rule("percent", "25 %: twenty-five percent", _BOTH),
    Rule("units", "100 km/h, -5 °C: one hundred kilometers per hour …", _BOTH),
    Rule("fractions", "3/4, 2½: three quarters, two and a half", _BOTH),
    Rule("ordinals", "21st, 3.ª, 5to: twenty-first, tercera, quinto", _BOTH),
    Rule("romans", "Chapter IV, Felipe II, siglo XXI: four, segundo, veintiuno", _BOTH),
    Rule("years", "in 1999, the 1980s: nineteen ninety-nine, nineteen eighties", ("en",)),
    Rule("abbreviations", "Dr. Smith, p. 5, EE. UU.: Doctor, page, Estados Unidos", _BOTH),
    Rule("symbols", "& + = # ™ 16x9 between words and numbers: and, plus, equals, by", _BOTH),
    Rule("ranges", "10-20, a score of 3-2: ten to twenty, three two", _BOTH),
    Rule("numbers", "25, 1,234.5, -3: twenty-five …; elsewhere whole numbers from 2"),
)
"""Every rule, in the order in which they are tried: what one has taken, no later one changes."""

_NAMES = tuple(rule.name for rule in RULES)
_CLEANING: tuple[tuple[str, Callable[[str], Iterator[Found]]], ...] = (
    ("markup", cleaning.markup),
    ("invisible", cleaning.invisible),
    ("emoji", cleaning.emoji),
    ("styled", cleaning.styled),
)


def normalize(
    text: str,
    language: str,
    *,
    rules: Mapping[str, bool] | None = None,
    lexicon: Lexicon | str | os.PathLike[str] | None = None,
    phonemes: bool = False,
) -> Spoken:
    """Return how `text` is spoken.

    Parameters
    ----------
    text
        One line or many, of any content.
    language
        A BCP 47 tag. The region decides about ``1.234`` and ``2/3/2026``: plain ``en`` is read as
        in the United States, plain ``es`` as in Spain.
    rules
        Which of `RULES` to use, by name; those that are not named are on.
    lexicon
        Words to be said in a way of their own, or the path of their file; they come before all
        rules of the language.
    phonemes
        Whether the engine takes ``[word](/ipa/)``: then the lexicon's sounds are written so, and
        what is written so in the text stays.

    Raises
    ------
    ParameterError
        When a rule is unknown (the nearest is offered), or `text` is not text.

    Examples
    --------
    >>> normalize("El 21 % de 1.234 páginas.", "es").spoken
    'El veintiuno por ciento de mil doscientas treinta y cuatro páginas.'
    >>> normalize("Room 5", "en", rules={"numbers": False}).identity
    True
    """
    if not isinstance(text, str):
        raise ParameterError(f"must be text, not {type(text).__name__}", subject="text")
    if not isinstance(rules, Mapping | None):
        raise ParameterError(
            f"must name rules and whether they are on, not {rules!r}",
            subject="rules",
            cure='such as {"dates": False}',
        )
    off = _off(rules or {})
    clean = _clean(text, off, phonemes=phonemes)
    plain = applied(text, clean)
    draft = Draft(plain)
    for match in cleaning.IPA.finditer(plain):
        draft.protect(*match.span())
    notes: list[str] = []
    words = None if lexicon is None else Lexicon.of(lexicon)
    if words and "lexicon" not in off:
        for found, note in words.matches(plain, language, phonemes=phonemes):
            if draft.add(found, "lexicon") and note:
                notes.append(note)
    for name, finder in _finders(language.lower()):
        if name not in off:
            draft.extend(finder(plain), name)
    return Spoken(
        text=text,
        language=language,
        changes=composed(text, clean, draft.changes),
        notes=tuple(dict.fromkeys(notes)),
    )


def _clean(text: str, off: frozenset[str], *, phonemes: bool) -> tuple[Change, ...]:
    """Return the changes that are the same in every language."""
    draft = Draft(text)
    if phonemes:
        for match in cleaning.IPA.finditer(text):
            draft.protect(*match.span())
    elif "phonemes" not in off:
        draft.extend(cleaning.phonemes(text), "phonemes")
    for name, rule in _CLEANING:
        if name not in off:
            draft.extend(rule(text), name)
    return draft.changes


def require_speech(ready: Spoken | str) -> None:
    """Raise an error unless there is a letter or a digit to speak.

    Parameters
    ----------
    ready
        What `normalize` returned, or a text.

    Raises
    ------
    TextError
        Naming the text, and what was left out of it by which rule.

    Examples
    --------
    >>> require_speech(normalize("🎉", "en"))
    Traceback (most recent call last):
    workbench.errors.TextError: 🎉: has nothing to speak: '🎉' (letters 0 to 1) is left out ...
    """
    if isinstance(ready, str):
        ready = Spoken(text=ready)
    if any(char.isalnum() for char in ready.spoken):
        return
    dropped = [change for change in ready.changes if not change.spoken.strip()]
    told = "; ".join(
        f"{change.original[:20]!r} (letters {change.start} to {change.end}) is left out "
        f"by the rule {change.rule!r}"
        for change in dropped[:3]
    )
    raise TextError(
        "has nothing to speak" + (f": {told}" if told else ""),
        subject=ready.text[:80] or "the text",
        cure="write a word or a number",
    )


def _off(rules: Mapping[str, bool]) -> frozenset[str]:
    for name, value in rules.items():
        if name not in _NAMES:
            cure = suggest(str(name), _NAMES) or f"the rules are {', '.join(_NAMES)}"
            raise ParameterError("is not a rule", subject=str(name), cure=cure)
        if not isinstance(value, bool):
            raise ParameterError(f"must be true or false, not {value!r}", subject=name)
    return frozenset(name for name, value in rules.items() if not value)


Finder = tuple[str, "Callable[[str], Iterator[Found]]"]


@lru_cache(maxsize=64)
def _finders(language: str) -> tuple[Finder, ...]:
    """Return the rules of a language in their order, each a function of the text alone."""
    primary = language.partition("-")[0]
    if primary not in _BOTH:
        return (("numbers", partial(figures.cardinals, language=primary)),)
    grammar: Grammar = (english.English if primary == "en" else spanish.Spanish)(language)
    room = english if primary == "en" else spanish
    counting = _counting(grammar)
    found: list[Finder] = [
        ("urls", partial(addresses.urls, grammar=grammar)),
        ("emails", partial(addresses.emails, grammar=grammar)),
        ("mentions", partial(addresses.mentions, grammar=grammar)),
        ("dates", partial(dates.dates, grammar=grammar)),
        ("times", partial(clock.times, grammar=grammar)),
        ("money", partial(money.money, grammar=grammar, counting=counting)),
        ("phones", partial(addresses.phones, grammar=grammar)),
        ("percent", partial(quantities.percent, grammar=grammar, counting=counting)),
        ("units", partial(quantities.units, grammar=grammar, counting=counting)),
        ("fractions", partial(quantities.fractions, grammar=grammar, counting=counting)),
        ("ordinals", partial(figures.ordinals, grammar=grammar)),
        ("romans", partial(room.romans, grammar=grammar)),
        ("abbreviations", partial(room.abbreviations, grammar=grammar)),
        ("symbols", partial(signs.symbols, grammar=grammar)),
        ("ranges", partial(quantities.ranges, grammar=grammar, counting=counting)),
        ("numbers", partial(figures.numbers, grammar=grammar)),
    ]
    if primary == "en":
        found.insert(-4, ("years", partial(english.years, grammar=grammar)))
    return tuple(found)


_PESOS = (Noun("peso", "pesos"), Noun("centavo", "centavos"))


def _counting(grammar: Grammar) -> Counting:
    if isinstance(grammar, spanish.Spanish):
        currencies = dict(spanish_words.CURRENCIES)
        if not grammar.dollars:  # a bare $ is the country's own
            currencies["$"] = _PESOS
        words = ("menos", "a", "por ciento", "por mil", "con", "y")
        return Counting(currencies, spanish_words.SCALES, spanish_words.UNITS, *words)
    words = ("minus", "to", "percent", "per thousand", "and", "and")
    return Counting(english_words.CURRENCIES, english_words.SCALES, english_words.UNITS, *words)
