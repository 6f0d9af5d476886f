"""The languages of a Whisper model, and what people call them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.errors import ParameterError, suggest

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["code", "tag"]

# Whisper's own codes that are not BCP 47's, and tags it knows by another code.
_CODES = {
    "jv": "jw",
    "iw": "he",
    "in": "id",
    "ji": "yi",
    "fil": "tl",
    "nb": "no",
    "cmn": "zh",
    "arb": "ar",
    "pes": "fa",
    "swh": "sw",
}
_TAGS = {"jw": "jv"}
# What people write instead of a tag, for the suggestion.
_NAMES = {
    "english": "en",
    "inglés": "en",
    "ingles": "en",
    "spanish": "es",
    "español": "es",
    "espanol": "es",
    "castilian": "es",
    "french": "fr",
    "german": "de",
    "italian": "it",
    "portuguese": "pt",
    "dutch": "nl",
    "russian": "ru",
    "polish": "pl",
    "turkish": "tr",
    "arabic": "ar",
    "hindi": "hi",
    "chinese": "zh",
    "mandarin": "zh",
    "cantonese": "yue",
    "japanese": "ja",
    "korean": "ko",
    "jp": "ja",
    "kr": "ko",
    "cn": "zh",
    "ua": "uk",
    "gr": "el",
    "cz": "cs",
    "dk": "da",
    "se": "sv",
    "us": "en",
    "gb": "en",
}


def code(language: str, known: Sequence[str], *, model: str) -> str:
    """Return the model's code of a language.

    Parameters
    ----------
    language
        A BCP 47 tag in any case; its region is left out: ``es-MX`` is ``es``.
    known
        The codes of the model.
    model
        Its name, for the error.

    Raises
    ------
    ParameterError
        When the model does not know it, with the nearest that it knows.

    Examples
    --------
    >>> code("es-MX", ["en", "es"], model="small")
    'es'
    >>> code("spanish", ["en", "es"], model="small")
    Traceback (most recent call last):
    workbench.errors.ParameterError: language: 'spanish' is not one of small; did you mean 'es'?
    """
    if not isinstance(language, str):
        raise ParameterError(f"must be a tag such as es, not {language!r}", subject="language")
    asked = language.strip().lower().replace("_", "-")
    main = asked.partition("-")[0]
    found = _CODES.get(main, main)
    if found in known:
        return found
    meant = _NAMES.get(asked, "")
    hint = f"did you mean {meant!r}?" if meant in known else suggest(asked, known)
    listed = ", ".join(sorted(map(tag, known)))
    raise ParameterError(
        f"{language!r} is not one of {model}", subject="language", cure=hint or f"it knows {listed}"
    )


def tag(language: str) -> str:
    """Return the BCP 47 tag of a code of Whisper's.

    Examples
    --------
    >>> tag("jw"), tag("es")
    ('jv', 'es')
    """
    return _TAGS.get(language, language)
