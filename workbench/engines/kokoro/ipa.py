"""IPA as people write it, in the symbols Kokoro learned.

Kokoro has one symbol where IPA writes two letters (ʧ for tʃ, in English A for eɪ), and puts the
mark of stress before the vowel instead of the syllable. The table is misaki's own for what espeak
says (``misaki.espeak``), and its list of English phonemes (``EN_PHONES.md``).
"""

# ruff: noqa: RUF001, RUF002 - IPA looks like Latin, and is meant

from __future__ import annotations

import re
import unicodedata

__all__ = ["MARKUP", "VOWELS", "in_symbols"]

MARKUP = re.compile(r"\[([^\[\]]{1,100})\]\(/([^()/\[\]\s][^()/\[\]]{0,99})/\)")
"""``[word](/ipa/)``: the word, spoken by those IPA symbols."""

VOWELS = "AIOQWYaeiouyæøœɐɑɒɔəɚɛɜɝɤɨɪɯʊʌᵊᵻ"
"""The symbols that can bear stress."""

_ALL = {
    "g": "ɡ", "'": "ˈ", "’": "ˈ", ":": "ː", "͡": "", "͜": "", ".": "", "‿": "", "-": "",
    "tʃ": "ʧ", "dʒ": "ʤ", "tɕ": "ʨ", "dʑ": "ʥ",
}  # fmt: skip
_TIED = {"t͡s": "ʦ", "d͡z": "ʣ"}  # without a tie they may be two sounds
_ENGLISH = {
    "eɪ": "A", "aɪ": "I", "oʊ": "O", "aʊ": "W", "ɔɪ": "Y", "r": "ɹ", "ɚ": "əɹ", "ɝ": "ɜɹ", "e": "ɛ",
}  # fmt: skip
_STRESS = re.compile(rf"([ˈˌ])([^ˈˌ\s{VOWELS}]+)(?=[{VOWELS}])")


def in_symbols(ipa: str, language: str) -> str:
    """Return IPA in Kokoro's symbols; what is in them already stays as it is.

    Parameters
    ----------
    ipa
        Letters and marks of the International Phonetic Alphabet.
    language
        Kokoro's letter for the language: ``a``, ``b``, ``e`` …

    Examples
    --------
    >>> in_symbols("təˈmeɪtoʊ", "a"), in_symbols("təmˈAtO", "a"), in_symbols("ˈt͡ʃika", "e")
    ('təmˈAtO', 'təmˈAtO', 'ʧˈika')
    """
    text = unicodedata.normalize("NFC", ipa)
    table = {**_TIED, **_ALL}
    if language in "ab":
        table |= {**_ENGLISH, "əʊ": "Q" if language == "b" else "O"}
    # The tie goes first from all but the pairs that need it to be one.
    for written in sorted(table, key=lambda w: (w not in _TIED, table[w] != "", -len(w))):
        text = text.replace(written, table[written])
    return _STRESS.sub(r"\2\1", text)
