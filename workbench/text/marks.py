"""Words marked with their sounds, ``[word](/ipa/)``: what is shown is the word alone."""

from __future__ import annotations

from workbench.text.cleaning import IPA
from workbench.text.edits import Change
from workbench.text.spoken import Spoken

__all__ = ["unmarked"]


def unmarked(text: str, language: str = "") -> Spoken:
    """Return `text` without its marks, as the original of which the marked one is spoken.

    Parameters
    ----------
    text
        A line, with ``[word](/ipa/)`` or without.
    language
        A BCP 47 tag.

    Returns
    -------
    Spoken
        Its ``text`` has the bare words, its ``spoken`` is the line as it was given, and `restore`
        gives the bare words the times of the marked ones: the same word may have other sounds
        elsewhere in the line.

    Examples
    --------
    >>> unmarked("I [read](/ɹɛd/) it, you [read](/ɹid/) it.").text
    'I read it, you read it.'
    """
    plain, changes, last = "", [], 0
    for match in IPA.finditer(text):
        plain += text[last : match.start()]
        word = match["word"]
        changes.append(
            Change(
                start=len(plain),
                end=len(plain) + len(word),
                original=word,
                spoken=match[0],
                rule="phonemes",
            )
        )
        plain += word
        last = match.end()
    return Spoken(text=plain + text[last:], language=language, changes=tuple(changes))
