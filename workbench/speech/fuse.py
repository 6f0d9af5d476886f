"""The fuse: whether a sound is speech, whole, and about as long as its text should take.

It costs milliseconds and stands behind every take. It is no proof: a reader who is a third faster
than another is no fault, so a third of a text can be missing unnoticed. What was really said is
for `workbench.speech.roundtrip` to find out.
"""

from __future__ import annotations

import re
import unicodedata
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from workbench.errors import ParameterError
from workbench.speech.fuse_sound import Sound

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike

    from workbench.take import Take

__all__ = ["FLAGS", "check", "check_samples", "expected"]

FLAGS: Mapping[str, str] = MappingProxyType(
    {
        "nan": "some samples are not finite numbers",
        "empty": "there is no sound",
        "rate": "the sound runs at another rate than it says",
        "silent": "nothing can be heard, or nothing for 4 s and more",
        "short": "the speech is too short for its text: something is missing",
        "long": "the speech is too long for its text: something was added",
        "repeated": "the speech is too long, and a part of it comes twice",
        "noise": "a part of it is noise or a tone, not speech",
        "clipped": "the peaks are cut off: it is distorted",
        "cut": "it begins or ends in the middle of a sound",
        "unlike": "a recogniser heard something else; see workbench.speech.roundtrip",
    }
)
"""What each flag means, in the order in which they are told."""

# Letters (with spaces and marks) a second while somebody speaks, pauses left out. English: eight
# clips of LJ Speech have 15.4 a second with their pauses, 17.5 without; readers of other recordings
# have 14.4 to 20. Spanish: a LibriVox reader has 14.3 with pauses and 20.6 without, espeak 0.95 of
# its English. The others are as fast, compared with English, as espeak reads the first article of
# the Universal Declaration of Human Rights in them (French a little less).
_LETTERS = {
    "en": 17.5, "es": 18.0, "fr": 20.5, "de": 17.0, "it": 16.5, "pt": 16.0, "nl": 15.5, "sv": 15.0,
    "da": 16.0, "nb": 15.5, "pl": 14.0, "cs": 14.0, "fi": 15.0, "tr": 14.0, "ru": 17.5, "el": 17.5,
    "hi": 15.5, "ar": 11.0, "he": 11.0, "fa": 11.0, "vi": 17.5, "id": 15.0,
}  # fmt: skip
_OTHER = 15.5
# Seconds for each letter of the scripts that write syllables or words; measured in the same way.
_SCRIPTS = (
    ("CJK UNIFIED", 0.25),
    ("HIRAGANA", 0.13),
    ("KATAKANA", 0.13),
    ("HANGUL", 0.19),
    ("ETHIOPIC", 0.13),
)
_DIGIT = 5  # letters: "7" is said "seven"
_BRIEFER = 3  # letters fewer, where it stands in "10:30" or in a year
_SYMBOL = 6  # letters: "%" is said "per cent"
_PICTURED = 12  # letters, where an engine names it
_LETTER = 3  # letters more, where a word is spelled: "FBI" is said "eff bee eye"
_PICTURE = re.compile("[\u2190-\u2bff\ufe0f\u200d\U0001f000-\U0001faff]")
_PRONOUNCED = re.compile(r"\[([^\[\]]*)\]\(/[^/]*/\)")  # [word](/ipa/), see `Capabilities.phonemes`
_MARKS = re.compile(r"[^\w\s$%&@#+<=>^`|~]+")
_READ_MARK = re.compile(r"(?<=[\w/:.])[./:_\\=?@-](?=[\w/:.])")  # as in an address
_SPELLED = re.compile(r"\W*(?:[A-Z]{2,6}|[b-df-hj-np-tv-xzB-DF-HJ-NP-TV-XZ]{2,}|\S*/\S*)\W*")

_SHORTEST, _LONGEST = 0.6, 1.6  # of the expected time; the clips that are sound have 0.85 to 1.3
# Seconds: a single word is said more slowly than one in a sentence; what 4 s and more need none of.
_ALLOWANCE, _OF_USUAL = 0.4, 0.1
_INSTANT = 0.1  # seconds: what a level taken every 10 ms may miss at both ends
_FASTER, _SLOWER = 0.75, 1.35  # of the expected time, where the pitch has moved as well
_HIGH, _LOW = 300.0, 75.0  # Hz; the medians of men and women lie between 85 and 255
_REPEATED = 1.2, 0.8  # of the expected time, and how alike the two parts are
_CLIPPED = 0.002  # of the samples
_EMPTY = 0.05  # seconds
_HUSH = -50.0  # dB below full scale
_GAP = 4.0  # seconds
# dB about the loud level. A whisper starts at once, at 1.4; a voice at -4, and ends at -40.
_CUT = 2.0, -6.0


def check(take: Take, *, pace: float = 1.0, rate: int | None = None) -> tuple[str, ...]:
    """Return what is wrong with the sound of a take, as flags.

    Parameters
    ----------
    take
        What was spoken. Where it says what the engine was given to say (`Take.spoken`), the time is
        reckoned from that.
    pace
        How fast the engine was told to speak: 2 for twice as fast as usual; see `Options.tempo`.
        Pauses are left out of the reckoning, so those that were asked for have no part in it.
    rate
        Frames per second that the engine's sound has; None for whatever it says.

    Returns
    -------
    tuple of str
        Of `FLAGS`, in their order; none for a sound take.

    Raises
    ------
    ParameterError
        When the pace is not above 0.

    Examples
    --------
    >>> from workbench.engines import engine
    >>> from workbench.audio import Audio
    >>> from dataclasses import replace
    >>> take = engine("espeak").synthesize("The end of the line, is it?", voice="en-us")
    >>> check(take)
    ()
    >>> check(replace(take, audio=take.audio.cut(0, 0.5)))
    ('short',)
    >>> check(replace(take, audio=Audio.silence(2, 22050)))
    ('silent',)
    """
    return check_samples(
        take.audio.samples,
        take.audio.rate,
        take.spoken or take.text,
        language=take.language,
        pace=pace,
        expected_rate=rate,
    )


def check_samples(
    samples: ArrayLike,
    rate: int,
    text: str,
    *,
    language: str = "",
    pace: float = 1.0,
    expected_rate: int | None = None,
) -> tuple[str, ...]:
    """Return what is wrong with samples that are no `Audio` yet, as flags.

    Parameters
    ----------
    samples
        Float samples of shape ``(frames,)`` or ``(frames, channels)``, full scale 1; they may hold
        what no `Audio` may: NaN and infinity.
    rate
        Frames per second.
    text
        What was to be said.
    language
        A BCP 47 tag.
    pace, expected_rate
        As the ``pace`` and ``rate`` of `check`.

    Returns
    -------
    tuple of str
        Of `FLAGS`, in their order.

    Examples
    --------
    >>> check_samples([0.0, float("nan")], 24_000, "Hello.")
    ('nan',)
    >>> check_samples([], 24_000, "Hello.")
    ('empty',)
    """
    if not pace > 0:
        raise ParameterError(f"must be above 0, not {pace!r}", subject="pace")
    given = np.asarray(samples, np.float32)
    if not np.isfinite(given).all():
        return ("nan",)
    sound = Sound(given.mean(axis=1) if given.ndim > 1 else given, rate)
    if sound.seconds < _EMPTY:
        return ("empty",)
    found = set()
    if expected_rate is not None and rate != expected_rate:
        found.add("rate")
    if sound.loud < _HUSH or not sound.spoken:
        return _ordered(found | {"silent"})
    if sound.longest_pause >= _GAP:
        found.add("silent")
    found |= _duration(sound, _reading(text, language), pace)
    if sound.noisy:
        found.add("noise")
    if sound.clipped > _CLIPPED:
        found.add("clipped")
    if sound.edges[0] > _CUT[0] or sound.edges[1] > _CUT[1]:
        found.add("cut")
    return _ordered(found)


def _duration(sound: Sound, span: _Reading, pace: float) -> set[str]:
    """Return the flags that come of the time the speech takes."""
    if not span.usual:  # nothing but pictures: an engine may name them or leave them out
        return set()
    found = set()
    least, usual, most = span.least / pace, span.usual / pace, span.most / pace
    slowly = sound.spoken / (most + max(0.0, _ALLOWANCE - _OF_USUAL * most))
    if sound.spoken + _INSTANT < _SHORTEST * least:
        found.add("short")
    if slowly > _LONGEST:
        found.add("long")
    if slowly > _REPEATED[0] and sound.repetition > _REPEATED[1]:
        found.add("repeated")
    hasty = sound.spoken < _FASTER * usual
    if (hasty and sound.pitch > _HIGH) or (slowly > _SLOWER and 0 < sound.pitch < _LOW):
        found.add("rate")
    return found


def _ordered(found: set[str]) -> tuple[str, ...]:
    return tuple(flag for flag in FLAGS if flag in found)


def expected(text: str, language: str = "") -> float:
    """Return how many seconds a reader speaks for `text`, pauses left out.

    Parameters
    ----------
    text
        What is said. A digit counts as five letters, a symbol as six, a picture as nothing.
    language
        A BCP 47 tag; its first part matters.

    Examples
    --------
    >>> round(expected("Four score and seven years ago", "en-us"), 2)
    1.77
    >>> expected("2026", "en") > expected("abcd", "en")
    True
    """
    return _reading(text, language).usual


class _Reading(NamedTuple):
    """How many seconds a text takes."""

    least: float
    usual: float
    most: float


def _reading(text: str, language: str) -> _Reading:
    """Return how many seconds a reader speaks: at least, usually, and at most.

    It takes longest where letters are spelled out, marks are read aloud and pictures are named.
    """
    letters = syllables = short = extra = 0.0
    for word in _PRONOUNCED.sub(r"\1", text).split():
        plain = _PICTURE.sub("", word)
        extra += _PICTURED * (len(word) - len(plain))
        if not any(_said(char) for char in plain):
            continue
        syllables += sum(map(_syllable, plain))
        letters += 1 + len(_MARKS.findall(plain))  # the space, and marks in runs
        letters += sum(_weight(char) for char in plain if not _syllable(char))
        short += _BRIEFER * sum(unicodedata.category(char)[0] == "N" for char in plain)
        marks = len(_READ_MARK.findall(plain))
        spelled = _SPELLED.fullmatch(plain) or (marks and not plain[:1].isdigit())
        extra += _SYMBOL * marks + (_LETTER * len(plain) if spelled else 0)
    a_second = _LETTERS.get(language.lower().partition("-")[0], _OTHER)
    usual = syllables + letters / a_second
    return _Reading(usual - short / a_second, usual, usual + extra / a_second)


def _said(char: str) -> bool:
    return unicodedata.category(char)[0] in "LNS" or char in "%&@#"


def _weight(char: str) -> int:
    """Return how many letters it takes to write a character as it is said; marks count in runs."""
    kind = unicodedata.category(char)[0]
    if kind == "L":
        return 1
    if kind == "N":
        return _DIGIT
    return _SYMBOL if _said(char) else 0


def _syllable(char: str) -> float:
    """Return the seconds of a letter that stands for a syllable or a word, 0 for any other."""
    if char < "\u1200" or unicodedata.category(char)[0] != "L":  # the alphabets lie before these
        return 0.0
    name = unicodedata.name(char, "")
    return next((seconds for script, seconds in _SCRIPTS if name.startswith(script)), 0.0)
