"""What is known of each measure: one description for every table, tooltip and column."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["FIELDS", "NOTHING", "MeasureField"]

NOTHING = "–"  # noqa: RUF001 - a dash for a value that is not there
"""What stands where there is nothing to measure."""

_PER_CENT = "%"


@dataclass(frozen=True, kw_only=True)
class MeasureField:
    """What is known of one measure.

    Parameters
    ----------
    name
        The attribute of `workbench.speech.measures.Measures`.
    label
        For a person, in lower case.
    unit
        Such as ``Hz``; empty for a plain number.
    help
        One or two sentences.
    source
        The standard or paper that defines it; empty where it needs none.
    digits
        Behind the point.
    whole
        Whether it counts things.
    brief
        Whether it belongs into one line about a sound.
    """

    name: str
    label: str
    unit: str
    help: str
    source: str = ""
    digits: int = 1
    whole: bool = False
    brief: bool = False

    @property
    def head(self) -> str:
        """Label and unit, as over a column."""
        return f"{self.label} {self.unit}".rstrip()

    @property
    def plain_unit(self) -> str:
        """The unit of the attribute itself: one that is shown in per cent is a part of 1."""
        return "" if self.unit == _PER_CENT else self.unit

    def format(self, value: float | None) -> str:
        """Return the value as shown, without its unit.

        Examples
        --------
        >>> loud = next(field for field in FIELDS if field.name == "loudness")
        >>> loud.format(-18.04), loud.format(None) == NOTHING
        ('-18.0', True)
        """
        if value is None:
            return NOTHING
        scaled = 100 * value if self.unit == _PER_CENT else value
        told = f"{scaled:.{self.digits}f}"
        return told.removeprefix("-") if not told.strip("-0.") else told

    def say(self, value: float | None) -> str:
        """Return the value with its unit, or its label where it has none.

        Examples
        --------
        >>> pauses = next(field for field in FIELDS if field.name == "pauses")
        >>> pauses.say(1), pauses.say(2)
        ('1 pause', '2 pauses')
        """
        name = self.unit or self.label
        return (
            f"{self.format(value)} {name.removesuffix('s') if self.whole and value == 1 else name}"
        )

    def to_dict(self) -> dict[str, Any]:
        """Return what a page needs to show it."""
        return {
            "name": self.name,
            "label": self.label,
            "unit": self.unit,
            "help": self.help,
            "source": self.source,
            "digits": self.digits,
        }


_LOUD = "ITU-R BS.1770-5, EBU R 128"
_RATES = "Goldman-Eisler 1968; de Jong and Wempe 2009"
_PAUSES = "Goldman-Eisler 1968; de Jong and Bosker 2013"
_PITCH = "de Cheveigné and Kawahara 2002 (YIN); Boersma 1993"

FIELDS: tuple[MeasureField, ...] = (
    MeasureField(
        name="duration", label="duration", unit="s", digits=2, brief=True, help="How long it lasts."
    ),
    MeasureField(
        name="loudness",
        label="loudness",
        unit="LUFS",
        brief=True,
        help="Integrated loudness. Streaming and podcasts ask for -14 to -16, audiobooks for -20.",
        source=_LOUD,
    ),
    MeasureField(
        name="true_peak",
        label="true peak",
        unit="dBTP",
        help="The highest level between the samples. Above -1 it may distort once it is coded.",
        source=_LOUD,
    ),
    MeasureField(
        name="rate",
        label="rate",
        unit="words/min",
        digits=0,
        brief=True,
        help="Words a minute from the first word to the last, pauses included.",
        source=_RATES,
    ),
    MeasureField(
        name="articulation_rate",
        label="articulation",
        unit="words/min",
        digits=0,
        help="Words a minute without the pauses.",
        source=_RATES,
    ),
    MeasureField(
        name="pauses",
        label="pauses",
        unit="",
        digits=0,
        whole=True,
        brief=True,
        help="Silences of 0.25 s and more between the first sound and the last.",
        source=_PAUSES,
    ),
    MeasureField(
        name="pause_time",
        label="in pauses",
        unit="s",
        digits=2,
        help="How long all the pauses last.",
        source=_PAUSES,
    ),
    MeasureField(
        name="longest_pause",
        label="longest pause",
        unit="s",
        digits=2,
        help="How long the longest pause lasts.",
        source=_PAUSES,
    ),
    MeasureField(
        name="pitch",
        label="pitch",
        unit="Hz",
        digits=0,
        brief=True,
        help="The median height of the voice.",
        source=_PITCH,
    ),
    MeasureField(
        name="pitch_low",
        label="low pitch",
        unit="Hz",
        digits=0,
        help="A twentieth of the voiced sound is lower.",
        source=_PITCH,
    ),
    MeasureField(
        name="pitch_high",
        label="high pitch",
        unit="Hz",
        digits=0,
        help="A twentieth of the voiced sound is higher.",
        source=_PITCH,
    ),
    MeasureField(
        name="pitch_range",
        label="pitch range",
        unit="semitones",
        help="From the low pitch to the high one; twelve are an octave. Small is monotonous.",
        source=_PITCH,
    ),
    MeasureField(
        name="clipped",
        label="clipped",
        unit="samples",
        digits=0,
        whole=True,
        help="Samples at full scale, three and more in a row: the peaks are cut off.",
        source="Audacity, Find Clipping",
    ),
    MeasureField(
        name="noise_floor",
        label="noise floor",
        unit="dBFS",
        help="The level between the words. Audiobooks ask for -60 or less.",
        source="NIST stnr; ACX Check (McCown 2015)",
    ),
    MeasureField(
        name="rtf",
        label="real-time factor",
        unit="",
        digits=3,
        help="Seconds of work for each second of sound; below 1 is faster than it plays.",
    ),
    MeasureField(
        name="cer",
        label="letters unlike",
        unit=_PER_CENT,
        brief=True,
        help="The part of the letters that a recogniser heard differently.",
        source="Levenshtein distance over the length of the text (character error rate)",
    ),
)
"""The measures in the order in which they are shown."""
