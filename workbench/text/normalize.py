"""The text as an engine should get it: what is written short is written out.

English and Spanish have rules for numbers and what goes with them; in other languages signs that
are not spoken are left out, and whole numbers are spelled where num2words knows the language. What
a rule does not understand stays as it is. Every change is reported, and the times of the spoken
words find their way back to the words of the original.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property, lru_cache, partial
from typing import TYPE_CHECKING, Any, NamedTuple

from workbench.errors import ParameterError, TextError, suggest
from workbench.script import tokenize
from workbench.text import addresses, cleaning, dates, english, figures, quantities, spanish
from workbench.text.edits import Change, Course, Draft, applied, composed
from workbench.text.numbers import Grammar
from workbench.text.shares import fill
from workbench.timing import Word

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from workbench.script import Token
    from workbench.text.edits import Found
    from workbench.text.lexicon import Lexicon

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
    Rule("symbols", "& + = × # ™ between words and numbers: and, plus, equals, by", _BOTH),
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


@dataclass(frozen=True, kw_only=True)
class Spoken:
    """A text and how it is spoken.

    Parameters
    ----------
    text
        The original.
    language
        The BCP 47 tag whose rules were used.
    changes
        What is spoken otherwise than written, in the order of the text, apart.
    notes
        What a person should know besides, such as a word of the lexicon that was left as it is.

    Examples
    --------
    >>> ready = normalize("It's $5 at 10:30.", "en-us")
    >>> ready.spoken
    "It's five dollars at ten thirty."
    >>> [(change.original, change.spoken, change.rule) for change in ready.changes]
    [('$5', 'five dollars', 'money'), ('10:30', 'ten thirty', 'times')]
    """

    text: str
    language: str = ""
    changes: tuple[Change, ...] = ()
    notes: tuple[str, ...] = field(default=())

    @cached_property
    def spoken(self) -> str:
        """The text for the engine."""
        return applied(self.text, self.changes)

    @property
    def identity(self) -> bool:
        """Whether nothing was changed."""
        return not self.changes

    @cached_property
    def owners(self) -> tuple[int, ...]:
        """For each token of `spoken`, which token of the original it comes from."""
        course = Course(self.text, self.changes)
        ends = [course(token.end) for token in tokenize(self.text)]
        found: list[int] = []
        index = 0
        for token in tokenize(self.spoken):
            middle = (token.start + token.end) / 2
            while index + 1 < len(ends) and ends[index] <= middle:
                index += 1
            found.append(index)
        return tuple(found)

    def restore(self, words: Sequence[Word]) -> tuple[Word, ...]:
        """Return the words of the original with the times of the words that were spoken.

        Parameters
        ----------
        words
            A word for every token of `spoken`, as an engine returns them: in order and apart.

        Returns
        -------
        tuple of Word
            One for every token of `text`, in order and apart. A token that became several words
            lasts as long as they do; several that became one word share its time by their letters;
            what is not spoken gets a moment of the pause behind it, or of its neighbour.

        Raises
        ------
        ParameterError
            When the words are not those of `spoken`.

        Examples
        --------
        >>> ready = normalize("Pay $25 🎉 now", "en")
        >>> said = [Word(text=w, start=i, end=i + 1) for i, w in enumerate(ready.spoken.split())]
        >>> [(w.text, w.start, w.end) for w in ready.restore(said)]
        [('Pay', 0.0, 1.0), ('$25', 1.0, 2.98), ('🎉', 2.98, 3.0), ('now', 3.0, 4.0)]
        """
        heard = tokenize(self.spoken)
        if [word.text for word in words] != [token.text for token in heard]:
            raise ParameterError(
                f"{len(words)} words are not the {len(heard)} words of the spoken text",
                subject="words",
            )
        tokens = tokenize(self.text)
        if not tokens or not words:
            return ()
        if self.identity:
            times = [(word.start, word.end) for word in words]
        else:
            known = _times(self, tokens, heard, words)
            weights = [float(len(token.text)) for token in tokens]
            times = fill(known, weights, end=words[-1].end)
        return tuple(
            Word(text=token.text, start=start, end=end, space=token.space)
            for token, (start, end) in zip(tokens, times, strict=True)
        )

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values, for JSON."""
        return {
            "text": self.text,
            "spoken": self.spoken,
            "language": self.language,
            "changes": [change.to_dict() for change in self.changes],
            "notes": list(self.notes),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Spoken:
        """Return what `to_dict` described."""
        return cls(
            text=data["text"],
            language=data["language"],
            changes=tuple(Change(**change) for change in data["changes"]),
            notes=tuple(data["notes"]),
        )


def normalize(
    text: str,
    language: str,
    *,
    rules: Mapping[str, bool] | None = None,
    lexicon: Lexicon | None = None,
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
        Words to be said in a way of their own; they come before all rules of the language.
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
    off = _off(rules or {})
    first = Draft(text)
    marked = [match.span() for match in cleaning.IPA.finditer(text)] if "](/" in text else []
    if phonemes:
        _protect(first, marked)
    elif "phonemes" not in off and marked:
        for found in cleaning.phonemes(text):
            first.add(found, "phonemes")
    for name, rule in _CLEANING:
        if name not in off:
            for found in rule(text):
                first.add(found, name)
    plain = applied(text, first.changes)

    second = Draft(plain)
    notes: list[str] = []
    if "](/" in plain:
        _protect(second, [match.span() for match in cleaning.IPA.finditer(plain)])
    if lexicon and "lexicon" not in off:
        for found, note in lexicon.matches(plain, language, phonemes=phonemes):
            if second.add(found, "lexicon") and note:
                notes.append(note)
    for name, finder in _finders(language.lower()):
        if name not in off:
            for found in finder(plain):
                second.add(found, name)
    changes = composed(text, first.changes, second.changes)
    return Spoken(text=text, language=language, changes=changes, notes=tuple(dict.fromkeys(notes)))


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


def _protect(draft: Draft, spans: Sequence[tuple[int, int]]) -> None:
    from workbench.text.edits import Found

    for start, end in spans:
        draft.add(Found(start, end, ()), "")


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
        ("times", partial(quantities.times, grammar=grammar, counting=counting)),
        ("money", partial(quantities.money, grammar=grammar, counting=counting)),
        ("phones", partial(addresses.phones, grammar=grammar)),
        ("percent", partial(quantities.percent, grammar=grammar, counting=counting)),
        ("units", partial(quantities.units, grammar=grammar, counting=counting)),
        ("fractions", partial(quantities.fractions, grammar=grammar, counting=counting)),
        ("ordinals", partial(figures.ordinals, grammar=grammar)),
        ("romans", partial(room.romans, grammar=grammar)),
        ("abbreviations", partial(room.abbreviations, grammar=grammar)),
        ("symbols", partial(figures.symbols, grammar=grammar)),
        ("ranges", partial(quantities.ranges, grammar=grammar, counting=counting)),
        ("numbers", partial(figures.numbers, grammar=grammar)),
    ]
    if primary == "en":
        found.insert(-4, ("years", partial(english.years, grammar=grammar)))
    return tuple(found)


def _counting(grammar: Grammar) -> quantities.Counting:
    if isinstance(grammar, spanish.Spanish):
        currencies = dict(spanish.CURRENCIES)
        if not grammar.dollars:  # a bare $ is the country's own
            currencies["$"] = spanish.PESOS
        words = ("menos", "a", "por ciento", "por mil", "con", "y")
        return quantities.Counting(currencies, spanish.SCALES, spanish.UNITS, *words)
    words = ("minus", "to", "percent", "per thousand", "and", "and")
    return quantities.Counting(english.CURRENCIES, english.SCALES, english.UNITS, *words)


def _said(char: str) -> bool:
    return char.isalnum() or (not char.isspace() and bool(tokenize(char)))


def _times(
    ready: Spoken, tokens: Sequence[Token], heard: Sequence[Token], words: Sequence[Word]
) -> list[tuple[float, float] | None]:
    """Return the time of each token that has something spoken, by its share of the letters."""
    course = Course(ready.text, ready.changes)
    letters = [0]  # spoken ones before each position of the spoken text
    for char in ready.spoken:
        letters.append(letters[-1] + _said(char))

    def place(position: float) -> float:
        whole = min(int(position), len(letters) - 2)
        return letters[whole] + (position - whole) * (letters[whole + 1] - letters[whole])

    starts = [letters[token.start] for token in heard]
    ends = [letters[token.end] for token in heard]
    known: list[tuple[float, float] | None] = []
    index = 0
    for token in tokens:
        a, b = place(course(token.start)), place(course(token.end))
        if b - a < _NOTHING:
            known.append(None)
            continue
        while index + 1 < len(ends) and ends[index] <= a + _NOTHING:
            index += 1
        last = index
        while last + 1 < len(ends) and starts[last + 1] < b - _NOTHING:
            last += 1
        start, end = words[index], words[last]
        first = max(a - starts[index], 0) / (ends[index] - starts[index])
        final = min(b - starts[last], ends[last] - starts[last]) / (ends[last] - starts[last])
        begin = start.start + first * start.duration
        finish = end.end if final >= 1 else end.start + final * end.duration
        known.append((begin, finish) if begin < finish else None)
    return known


_NOTHING = 1e-6  # letters
