"""What a sound measures, as a value; and the measures of many, as a table."""

from __future__ import annotations

import math
import numbers
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, ClassVar, overload

from workbench.errors import ParameterError, one_line, shown, suggest
from workbench.speech.measure_fields import FIELDS, MeasureField

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd  # type: ignore[import-not-found,import-untyped,unused-ignore]

__all__ = ["MeasureRow", "MeasureTable", "Measures"]

_LABEL = 60  # letters of a label on a terminal


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What a sound measures; None where there is nothing to measure.

    `Measures.FIELDS` has the label, unit, help and source of each, for whoever shows them.

    Parameters
    ----------
    duration
        Seconds.
    loudness
        Integrated, LUFS: ITU-R BS.1770-5 and EBU R 128, see `workbench.speech.loudness.loudness`.
        None below 0.4 s and for silence.
    true_peak
        dBTP: ITU-R BS.1770-5, annex 2. None for digital silence.
    rate
        The script's words a minute, from the start of the first to the end of the last, pauses
        included; of an engine that tells no times of words, from the first sound to the last. A
        word is what `workbench.script.tokenize` takes for one: ``25`` is one, and in
        Chinese and Japanese each sign is. Goldman-Eisler (*Psycholinguistics*, 1968) and de Jong
        and Wempe (Behavior Research Methods 41, 2009) tell this *speech rate* from the
        articulation rate.
    articulation_rate
        The same without the pauses.
    pauses, pause_time, longest_pause
        How many there are between the first sound and the last, and seconds of all and of the
        longest: silences of 0.25 s and more, see `workbench.speech.pauses.PAUSE`.
    pitch, pitch_low, pitch_high
        Fundamental frequency in Hz, 50 to 600: the median, and what a twentieth of the voiced
        sound lies under and above; by YIN, see `workbench.speech.pitch.pitch`.
    pitch_range
        From the low to the high one in semitones, as pitch is heard: by its ratio.
    clipped
        Samples at full scale, three and more in a row, see `workbench.speech.loudness.clipped`.
    noise_floor
        dBFS that a twentieth of the sound stays under, see `workbench.speech.pauses.Levels`. None
        where the pauses are digital silence.
    rtf
        Real-time factor: seconds the synthesis took for each second of sound; below 1 is faster
        than it plays. None where the time is not known.
    cer
        Character error rate: the part of the letters that a recogniser heard differently, see
        `workbench.speech.roundtrip.unlike`; it may exceed 1. None where nobody listened.

    Raises
    ------
    ParameterError
        When a value is no finite number.

    Examples
    --------
    >>> found = Measures(duration=2.5, loudness=-18.04, pitch=117.2, pauses=0)
    >>> print(found)
    2.50 s · -18.0 LUFS · 0 pauses · 117 Hz
    >>> Measures.from_dict(found.to_dict()) == found
    True
    """

    FIELDS: ClassVar[tuple[MeasureField, ...]] = FIELDS

    duration: float
    loudness: float | None = None
    true_peak: float | None = None
    rate: float | None = None
    articulation_rate: float | None = None
    pauses: int | None = None
    pause_time: float | None = None
    longest_pause: float | None = None
    pitch: float | None = None
    pitch_low: float | None = None
    pitch_high: float | None = None
    pitch_range: float | None = None
    clipped: int | None = None
    noise_floor: float | None = None
    rtf: float | None = None
    cer: float | None = None

    def __post_init__(self) -> None:
        for field in FIELDS:
            value = getattr(self, field.name)
            if value is None and field.name != "duration":
                continue
            number = isinstance(value, numbers.Real) and not isinstance(value, bool)
            if not number or not math.isfinite(value) or (field.whole and value != int(value)):
                kind = "a whole number" if field.whole else "a finite number"
                raise ParameterError(f"must be {kind}, not {shown(value)}", subject=field.name)
            plain = int(value) if field.whole else float(value)
            object.__setattr__(self, field.name, plain)

    def __str__(self) -> str:
        told = (field for field in FIELDS if field.brief)
        cells = ((field, getattr(self, field.name)) for field in told)
        return " · ".join(field.say(value) for field, value in cells if value is not None)

    def _repr_html_(self) -> str:
        from workbench.speech.measures_html import one

        return one(self)

    def to_dict(self) -> dict[str, float | int | None]:
        """Return every measure by name, for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Measures:
        """Return the measures that `to_dict` described.

        Raises
        ------
        ParameterError
            When a name is none of a measure (the nearest is offered), or a value no number.
        """
        names = [field.name for field in fields(cls)]
        for name in data:
            if name not in names:
                raise ParameterError("is not a measure", subject=name, cure=suggest(name, names))
        return cls(**{"duration": None, **data})


@dataclass(frozen=True, kw_only=True)
class MeasureRow:
    """A sound's name and what it measures.

    Parameters
    ----------
    label
        The name, one line.
    measures
        What it measures.
    """

    label: str
    measures: Measures


@dataclass(frozen=True, kw_only=True, repr=False)
class MeasureTable(Sequence[MeasureRow]):
    """The measures of several sounds, a row each.

    In a notebook it shows itself as a table; `dataframe` is for those who have pandas.

    Parameters
    ----------
    rows
        In order.

    Examples
    --------
    >>> table = MeasureTable.of({"calm": Measures(duration=2, pitch=101.4), "glad": Measures(
    ...     duration=1.5, pitch=122)})
    >>> print(table)
          duration s  pitch Hz
    calm        2.00       101
    glad        1.50       122
    >>> len(table), table["glad"].pitch, table[0].label
    (2, 122.0, 'calm')
    """

    rows: tuple[MeasureRow, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "rows", tuple(self.rows))

    @classmethod
    def of(cls, measures: Mapping[str, Measures] | Iterable[tuple[str, Measures]]) -> MeasureTable:
        """Return the table of measures by label; a label that comes again is numbered."""
        pairs = measures.items() if isinstance(measures, Mapping) else measures
        rows: list[MeasureRow] = []
        taken: set[str] = set()
        for label, found in pairs:
            name, number = str(label), 2
            while name in taken:
                name, number = f"{label} ({number})", number + 1
            taken.add(name)
            rows.append(MeasureRow(label=name, measures=found))
        return cls(rows=tuple(rows))

    def __len__(self) -> int:
        return len(self.rows)

    @overload
    def __getitem__(self, index: int) -> MeasureRow: ...
    @overload
    def __getitem__(self, index: slice) -> MeasureTable: ...
    @overload
    def __getitem__(self, index: str) -> Measures: ...
    def __getitem__(self, index: int | slice | str) -> MeasureRow | MeasureTable | Measures:
        if isinstance(index, slice):
            return MeasureTable(rows=self.rows[index])
        if not isinstance(index, str):
            return self.rows[index]
        found = {row.label: row.measures for row in self.rows}
        if index not in found:
            raise ParameterError(
                "is no row of the table", subject=index, cure=suggest(index, list(found))
            )
        return found[index]

    @property
    def fields(self) -> tuple[MeasureField, ...]:
        """The measures that some row has, in order."""
        return tuple(
            field
            for field in FIELDS
            if any(getattr(row.measures, field.name) is not None for row in self.rows)
        )

    def __repr__(self) -> str:
        return f"MeasureTable({len(self)} rows)"

    def __str__(self) -> str:
        shown_fields = self.fields
        heads = ["", *(field.head for field in shown_fields)]
        body = [
            [
                one_line(row.label, limit=_LABEL),
                *(f.format(getattr(row.measures, f.name)) for f in shown_fields),
            ]
            for row in self.rows
        ]
        widths = [max(len(cells[i]) for cells in (heads, *body)) for i in range(len(heads))]
        return "\n".join(
            "  ".join(
                [cells[0].ljust(widths[0])]
                + [cell.rjust(width) for cell, width in zip(cells[1:], widths[1:], strict=True)]
            ).rstrip()
            for cells in (heads, *body)
        )

    def _repr_html_(self) -> str:
        from workbench.speech.measures_html import table

        return table(self)

    def dataframe(self, form: str = "wide") -> pd.DataFrame:
        """Return the table as a pandas DataFrame.

        Parameters
        ----------
        form
            ``wide``: a row for each sound and a column for each measure, missing where it is None;
            the index is ``label``. ``long``: a row for each value that is there, with the columns
            ``label``, ``measure``, ``value`` and ``unit``.

        Raises
        ------
        ParameterError
            When there is no such form, or pandas is not installed.
        """
        forms = ("wide", "long")
        if form not in forms:
            raise ParameterError(
                f"must be wide or long, not {shown(form)}",
                subject="form",
                cure=suggest(str(form), forms),
            )
        try:
            import pandas as pd
        except ImportError as error:
            raise ParameterError(
                "needs pandas, which is not installed",
                subject="dataframe",
                cure="pip install pandas, or use to_dict()",
            ) from error
        if form == "long":
            names = ("label", "measure", "value", "unit")
            return pd.DataFrame.from_records(list(self._long()), columns=list(names))
        columns = {f.name: [getattr(r.measures, f.name) for r in self.rows] for f in FIELDS}
        index = pd.Index([row.label for row in self.rows], name="label")
        frame = pd.DataFrame(columns, index=index)
        kinds = {f.name: "Int64" if f.whole else "float64" for f in FIELDS}
        return frame.astype(kinds)

    def _long(self) -> Iterable[tuple[str, str, float, str]]:
        for row in self.rows:
            for field in FIELDS:
                value = getattr(row.measures, field.name)
                if value is not None:
                    yield row.label, field.name, float(value), field.plain_unit

    def to_dict(self) -> dict[str, Any]:
        """Return the table as plain values, for JSON."""
        return {"rows": [{"label": r.label, "measures": r.measures.to_dict()} for r in self.rows]}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> MeasureTable:
        """Return the table that `to_dict` described."""
        return cls(
            rows=tuple(
                MeasureRow(label=row["label"], measures=Measures.from_dict(row["measures"]))
                for row in data["rows"]
            )
        )
