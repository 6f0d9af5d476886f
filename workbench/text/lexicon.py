"""How words are to be said that an engine says wrongly: a small TOML file.

::

    [words.en]
    Kokoro = { ipa = "kOkəɹO", say = "koh koh roh" }
    nginx = "engine x"
    [words."*"]
    Xalapa = "jalapa"

A word has a respelling (``say``, or just text), its sounds (``ipa``, in the symbols of the engine
that takes them), or both. The table names a language; ``*`` is for all of them.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from workbench.disk import storage_error
from workbench.errors import ParameterError, StorageError, TextError, suggest
from workbench.paths import user_path
from workbench.text.edits import Found

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["FILE", "VARIABLE", "Entry", "Lexicon"]

FILE = "lexicon.toml"
"""The name of a project's lexicon, in the working directory."""
VARIABLE = "WORKBENCH_LEXICON"
"""The environment variable that names another file."""

_LANGUAGE = re.compile(r"\*|[a-z]{2,8}(?:-[a-z0-9]{1,8})*")
_LONGEST = 100  # letters of a word
_IPA = re.compile(r"[^()\[\]/\n]{1,400}")
_SIBILANTS = ("s", "z", "ʃ", "ʒ", "ʧ", "ʤ", "tʃ", "dʒ")
_VOICELESS = ("p", "t", "k", "f", "θ")


@dataclass(frozen=True, kw_only=True)
class Entry:
    """How a word is said.

    Parameters
    ----------
    say
        A respelling that any engine can read; empty for none.
    ipa
        Its sounds, for engines that take phonemes; empty for none.
    """

    say: str = ""
    ipa: str = ""


@dataclass(frozen=True, kw_only=True)
class Lexicon:
    """Words and how they are said, by language.

    Parameters
    ----------
    words
        For each language (a BCP 47 tag in lower case, or ``*``) its words and their entries. An
        entry may be given as text: a respelling.

    Raises
    ------
    TextError
        When a language, a word or an entry cannot be one.

    Examples
    --------
    >>> lexicon = Lexicon(words={"en": {"nginx": "engine x"}, "*": {"Xalapa": "jalapa"}})
    >>> lexicon.find("NGINX", "en-gb").say, lexicon.find("Xalapa", "es").say
    ('engine x', 'jalapa')
    >>> print(lexicon.find("nginx", "es"))
    None
    """

    words: Mapping[str, Mapping[str, Entry]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        kept: dict[str, Mapping[str, Entry]] = {}
        for language, entries in self.words.items():
            if not _LANGUAGE.fullmatch(str(language)):
                raise TextError(
                    f"{language!r} is not a language",
                    subject="lexicon",
                    cure='name tables as [words.en], [words.es-mx] or [words."*"]',
                )
            if not isinstance(entries, Mapping):
                raise TextError(
                    f"[words.{language}] is not a table of words",
                    subject="lexicon",
                    cure='write the word and how it is said: nginx = "engine x"',
                )
            checked = {word: _entry(word, entry, language) for word, entry in entries.items()}
            kept[language] = MappingProxyType(checked)
        object.__setattr__(self, "words", MappingProxyType(kept))

    def __hash__(self) -> int:
        return hash(self.digest)

    def __getstate__(self) -> dict[str, Any]:  # a read-only view cannot be pickled
        return {"words": {k: dict(v) for k, v in self.words.items()}}

    def __setstate__(self, state: dict[str, Any]) -> None:
        words = {k: MappingProxyType(v) for k, v in state["words"].items()}
        self.__dict__["words"] = MappingProxyType(words)

    def __bool__(self) -> bool:
        return any(self.words.values())

    def __len__(self) -> int:
        return sum(map(len, self.words.values()))

    @cached_property
    def digest(self) -> str:
        """Sixteen hex digits of the content, whatever its order; a part of cache keys."""
        data = json.dumps(self.to_dict(), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(data.encode("utf-8", "surrogatepass")).hexdigest()[:16]

    def find(self, word: str, language: str) -> Entry | None:
        """Return the entry of `word`: the language's own before its family's before ``*``.

        In each, the word as it is spelled comes before the same word in another case.
        """
        for words, folded in self._tables(language):
            if word in words:
                return words[word]
            if word.casefold() in folded:
                return words[folded[word.casefold()]]
        return None

    def _tables(self, language: str) -> Iterator[tuple[Mapping[str, Entry], Mapping[str, str]]]:
        tag = language.lower()
        while tag:
            if tag in self.words:
                yield self.words[tag], self._folded[tag]
            tag = tag.rpartition("-")[0]
        if "*" in self.words:
            yield self.words["*"], self._folded["*"]

    @cached_property
    def _folded(self) -> dict[str, dict[str, str]]:
        return {
            language: {word.casefold(): word for word in reversed(list(words))}
            for language, words in self.words.items()
        }

    @cached_property
    def _patterns(self) -> dict[str, re.Pattern[str] | None]:
        return {}

    def _pattern(self, language: str) -> re.Pattern[str] | None:
        if language not in self._patterns:
            names = {word for words, _ in self._tables(language) for word in words}
            # A word of a longer entry is not an entry there: the longest comes first.
            choice = "|".join(
                r"\s+".join(map(re.escape, word.split()))
                for word in sorted(names, key=lambda word: (-len(word), word))
            )
            pattern = rf"(?<![\w])(?P<word>{choice})(?P<own>['’]s)?(?![\w])"  # noqa: RUF001
            self._patterns[language] = re.compile(pattern, re.IGNORECASE) if names else None
        return self._patterns[language]

    def matches(
        self, text: str, language: str, *, phonemes: bool = False
    ) -> Iterator[tuple[Found, str]]:
        """Yield the words of `text` that are in the lexicon, and a note where one is left alone.

        Parameters
        ----------
        text
            Whole words are looked for, also of several words and with ``'s`` behind them.
        language
            A BCP 47 tag.
        phonemes
            Whether the engine takes ``[word](/ipa/)``. Otherwise a word with sounds alone is left
            as it is, and noted.
        """
        pattern = self._pattern(language)
        if pattern is None:
            return
        for match in pattern.finditer(text):
            written = " ".join(match["word"].split())
            entry = self.find(written, language)
            if entry is None:  # a case that folds to more letters than it has
                continue
            span = match.span()
            own = match["own"] or ""
            if phonemes and entry.ipa:
                yield Found(*span, ((*span, _marked(match[0], entry.ipa, own=bool(own))),)), ""
            elif entry.say:
                # A possessive stays with its word.
                yield Found(*span, ((*span, entry.say + own),)), ""
            else:
                note = f"{written!r} is left as it is: the lexicon has only its IPA"
                yield Found(*span, ()), note

    def merged(self, other: Lexicon) -> Lexicon:
        """Return the words of both; where both have one, the other's.

        Examples
        --------
        >>> one = Lexicon(words={"en": {"GIF": "jif", "nginx": "engine x"}})
        >>> two = one.merged(Lexicon(words={"en": {"GIF": "ghif"}}))
        >>> two.find("GIF", "en").say, len(two)
        ('ghif', 2)
        """
        words: dict[str, dict[str, Entry]] = {k: dict(v) for k, v in self.words.items()}
        for language, entries in other.words.items():
            words.setdefault(language, {}).update(entries)
        return Lexicon(words=words)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Lexicon:
        """Return the lexicon of a TOML file.

        Raises
        ------
        StorageError
            When the file is not there or cannot be read.
        TextError
            When it is not a lexicon: the file, the key and the cure are named.
        """
        file = user_path(path)
        try:
            data = tomllib.loads(file.read_text(encoding="utf-8-sig"))
        except FileNotFoundError as error:
            raise StorageError(
                "there is no such lexicon", subject=str(file), cure="check the path"
            ) from error
        except OSError as error:
            raise storage_error(error, file) from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise TextError(
                f"is not valid TOML ({error})",
                subject=str(file),
                cure="words with spaces or points stand in quotes",
            ) from error
        for key in data:
            if key != "words":
                raise TextError(
                    f"has the unknown key {key!r}",
                    subject=str(file),
                    cure=suggest(key, ["words"]) or "its tables are [words.en], [words.es] …",
                )
        words = data.get("words", {})
        if not isinstance(words, dict):
            raise TextError(
                "needs [words.LANGUAGE] as tables", subject=str(file), cure="such as [words.en]"
            )
        for key, table in words.items():
            if isinstance(table, str):
                raise TextError(
                    f"has the word {key!r} outside of a language",
                    subject=str(file),
                    cure='put it under [words.en], or [words."*"] for all languages',
                )
        try:
            return cls(words=words)
        except TextError as error:
            raise TextError(
                f"{error.subject}: {error.problem}", subject=str(file), cure=error.cure
            ) from error

    @classmethod
    def of(cls, given: Lexicon | str | os.PathLike[str]) -> Lexicon:
        """Return a lexicon as it is, or the one of a file; a `ParameterError` for anything else."""
        if isinstance(given, cls):
            return given
        if isinstance(given, str | os.PathLike):
            return cls.load(given)
        raise ParameterError(
            f"must be a Lexicon or the path of one, not {type(given).__name__}", subject="lexicon"
        )

    @classmethod
    def project(cls) -> Lexicon:
        """Return the project's lexicon: ``WORKBENCH_LEXICON``, else ``lexicon.toml`` here, or none.

        Raises
        ------
        StorageError, TextError
            When the file that is named is not there, or one of them is not a lexicon.
        """
        named = os.environ.get(VARIABLE, "")
        if named:
            return cls.load(named)
        return cls.load(FILE) if Path(FILE).is_file() else cls()

    def toml(self) -> str:
        """Return the lexicon as the text of its file."""
        import tomli_w

        return tomli_w.dumps(self.to_dict())

    def save(self, path: str | os.PathLike[str] = FILE) -> Path:
        """Write the file, whole or not at all, and return its path.

        Raises
        ------
        StorageError
            When it cannot be written.
        """
        from workbench.storage.atomic import write_bytes

        file = user_path(path)
        try:
            write_bytes(file, self.toml().encode())
        except OSError as error:
            raise storage_error(error, file) from error
        return file

    def to_dict(self) -> dict[str, Any]:
        """Return the lexicon as plain values, for JSON and TOML."""
        return {
            "words": {
                language: {
                    word: entry.say
                    if not entry.ipa
                    else {name: value for name, value in vars(entry).items() if value}
                    for word, entry in words.items()
                }
                for language, words in self.words.items()
            }
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Lexicon:
        """Return the lexicon that `to_dict` described."""
        return cls(words=data["words"])


def _entry(word: object, given: object, language: str) -> Entry:
    subject = f"words.{language}.{word}"
    if not isinstance(word, str) or not 0 < len(word.strip()) <= _LONGEST:
        raise TextError(f"is not a word of 1 to {_LONGEST} letters", subject=subject)
    if not any(char.isalnum() for char in word):
        raise TextError("has no letter in it", subject=subject, cure="write a word")
    entry = given if isinstance(given, Entry) else _read(given, subject)
    entry = Entry(say=entry.say.strip(), ipa=entry.ipa.strip().strip("/"))
    if not entry.say and not entry.ipa:
        raise TextError("does not say how", subject=subject, cure='add say = "…" or ipa = "…"')
    if entry.ipa and not _IPA.fullmatch(entry.ipa):
        raise TextError(
            "has brackets, slashes or a line break in its IPA",
            subject=subject,
            cure="write the symbols alone",
        )
    return entry


def _read(given: object, subject: str) -> Entry:
    """Return the entry that a value of TOML describes."""
    if isinstance(given, str):
        return Entry(say=given)
    if not isinstance(given, Mapping):
        raise TextError(
            f"needs text or a table, not {given!r}", subject=subject, cure='such as "engine x"'
        )
    for key, value in given.items():
        if key not in {"say", "ipa"}:
            raise TextError(
                f"has the unknown key {key!r}",
                subject=subject,
                cure=suggest(str(key), ["say", "ipa"]) or "its keys are say and ipa",
            )
        if not isinstance(value, str):
            raise TextError(f"needs {key} as text, not {value!r}", subject=subject)
    return Entry(**given)


def _marked(written: str, ipa: str, *, own: bool) -> str:
    """Return a word in the notation for sounds; each of several words by itself if it can be."""
    if own:  # as English says it: cats', dogs', horses'
        last = ipa.rstrip("ˈˌː")
        ipa += (
            "\u026az" if last.endswith(_SIBILANTS) else ("s" if last.endswith(_VOICELESS) else "z")
        )
    words, sounds = written.split(), ipa.split()
    if len(words) == len(sounds):
        return " ".join(f"[{a}](/{b}/)" for a, b in zip(words, sounds, strict=True))
    return f"[{written}](/{ipa}/)"
