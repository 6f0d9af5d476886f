"""Languages as servers write them (``english``, ``en_US``) and as this package does (``en-us``)."""

from __future__ import annotations

import re

__all__ = ["tag"]

_TAG = re.compile(r"[a-z]{2,3}(-[a-z0-9]{1,8})*")
# The languages that OpenAI documents for its transcriptions, which tell them by name.
_NAMES = {
    "afrikaans": "af", "arabic": "ar", "armenian": "hy", "azerbaijani": "az", "basque": "eu",
    "belarusian": "be", "bosnian": "bs", "bulgarian": "bg", "cantonese": "yue", "catalan": "ca",
    "chinese": "zh", "croatian": "hr", "czech": "cs", "danish": "da", "dutch": "nl",
    "english": "en", "estonian": "et", "finnish": "fi", "french": "fr", "galician": "gl",
    "german": "de", "greek": "el", "hebrew": "he", "hindi": "hi", "hungarian": "hu",
    "icelandic": "is", "indonesian": "id", "italian": "it", "japanese": "ja", "kannada": "kn",
    "kazakh": "kk", "korean": "ko", "latin": "la", "latvian": "lv", "lithuanian": "lt",
    "macedonian": "mk", "malay": "ms", "maori": "mi", "marathi": "mr", "nepali": "ne",
    "norwegian": "no", "nynorsk": "nn", "persian": "fa", "polish": "pl", "portuguese": "pt",
    "romanian": "ro", "russian": "ru", "serbian": "sr", "slovak": "sk", "slovenian": "sl",
    "spanish": "es", "swahili": "sw", "swedish": "sv", "tagalog": "tl", "tamil": "ta",
    "thai": "th", "turkish": "tr", "ukrainian": "uk", "urdu": "ur", "vietnamese": "vi",
    "welsh": "cy",
}  # fmt: skip


def tag(name: object) -> str:
    """Return the BCP 47 tag in lower case that a server's word for a language means, or "".

    Examples
    --------
    >>> tag("English"), tag("pt_BR"), tag("en-us"), tag("?"), tag(None)
    ('en', 'pt-br', 'en-us', '', '')
    """
    if not isinstance(name, str):
        return ""
    plain = name.strip().lower().replace("_", "-")
    if plain in _NAMES:
        return _NAMES[plain]
    return plain if _TAG.fullmatch(plain) else ""
