"""Measures as values and as tables: for people, pages, JSON and pandas."""

from __future__ import annotations

import dataclasses
import json
import math
import re
import subprocess
import sys
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

from workbench.errors import ParameterError
from workbench.speech.measure_fields import NOTHING
from workbench.speech.measures import Measures, MeasureTable

CALM = Measures(
    duration=2.0, loudness=-18.04, pitch=101.4, pauses=1, clipped=0, rtf=0.0123, cer=0.125
)
GLAD = Measures(duration=1.5, pitch=122.0, pauses=0, clipped=12)
TABLE = MeasureTable.of({"calm": CALM, "glad": GLAD})
HOSTILE = "<img src=x onerror=alert(1)>\"'&\n\x1b[31m"


class Elements(HTMLParser):
    """The elements and the text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.text: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.names.append(tag)
        assert {name for name, _ in attrs} <= {"style", "title"}

    def handle_data(self, data):
        self.text.append(data)


def test_every_measure_is_described():
    names = [field.name for field in dataclasses.fields(Measures)]
    assert [field.name for field in Measures.FIELDS] == names
    for field in Measures.FIELDS:
        assert field.label == field.label.lower()
        assert field.help.endswith(".")
        assert field.source or field.name in {"duration", "rtf"}
        assert json.loads(json.dumps(field.to_dict()))["label"] == field.label
    assert len({field.label for field in Measures.FIELDS}) == len(names)


def test_the_docstring_tells_of_every_measure():
    told = Measures.__doc__
    for field in Measures.FIELDS:
        assert re.search(rf"^ {{4}}(?:\w+, )*{field.name}(?:, \w+)*$", told, re.MULTILINE)


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("duration", 61.239, "61.24"),
        ("loudness", -18.04, "-18.0"),
        ("loudness", -0.04, "0.0"),
        ("cer", 0.125, "12.5"),
        ("rtf", 0.01234, "0.012"),
        ("pauses", 3, "3"),
        ("pitch", 101.4, "101"),
        ("pitch", None, NOTHING),
    ],
)
def test_a_value_is_shown_in_its_unit(name, value, text):
    fields = {field.name: field for field in Measures.FIELDS}
    assert fields[name].format(value) == text


def test_measures_are_kept_as_plain_values():
    data = json.loads(json.dumps(CALM.to_dict()))
    assert Measures.from_dict(data) == CALM
    assert Measures.from_dict({"duration": 1}) == Measures(duration=1.0)
    assert hash(CALM) == hash(Measures.from_dict(data))
    numpy_made = Measures(duration=np.float32(2), clipped=np.int64(3))
    assert json.dumps(numpy_made.to_dict())
    assert type(numpy_made.duration) is float
    assert type(numpy_made.clipped) is int


@pytest.mark.parametrize(
    ("data", "match"),
    [
        ({"duration": 1, "pich": 100}, "pich: is not a measure; did you mean 'pitch'"),
        ({}, "duration: must be a finite number"),
        ({"duration": None}, "duration: must be"),
        ({"duration": 1, "pitch": math.nan}, "pitch: must be a finite number, not nan"),
        ({"duration": 1, "loudness": -math.inf}, "loudness: must be a finite"),
        ({"duration": 1, "pauses": 1.5}, "pauses: must be a whole number"),
        ({"duration": 1, "pitch": "high"}, "pitch: must be a finite number, not 'high'"),
        ({"duration": True}, "duration: must be"),
    ],
)
def test_what_is_no_measure_is_refused(data, match):
    with pytest.raises(ParameterError, match=match):
        Measures.from_dict(data)


def test_measures_say_the_main_things_in_a_line():
    assert str(CALM) == "2.00 s · -18.0 LUFS · 1 pause · 101 Hz · 12.5 %"
    assert str(Measures(duration=0)) == "0.00 s"


# -- tables -------------------------------------------------------------------------------------


def test_a_table_is_a_sequence_of_rows():
    assert len(TABLE) == 2
    assert [row.label for row in TABLE] == ["calm", "glad"]
    assert TABLE[-1].measures == GLAD == TABLE["glad"]
    assert list(TABLE[:1]) == [TABLE[0]]
    assert isinstance(TABLE[:1], MeasureTable)
    assert MeasureTable.from_dict(json.loads(json.dumps(TABLE.to_dict()))) == TABLE
    assert repr(TABLE) == "MeasureTable(2 rows)"
    with pytest.raises(ParameterError, match="gladd: is no row of the table; did you mean 'glad'"):
        TABLE["gladd"]


def test_a_label_that_comes_again_is_numbered():
    table = MeasureTable.of([("a", CALM), ("a", GLAD), ("a (2)", CALM), ("a", CALM)])
    assert [row.label for row in table] == ["a", "a (2)", "a (2) (2)", "a (3)"]


def test_the_text_is_aligned_and_leaves_out_what_nobody_has():
    lines = str(TABLE).splitlines()
    assert "true peak" not in lines[0]
    for head in ("duration s", "loudness LUFS", "pitch Hz", "letters unlike %"):
        end = lines[0].index(head) + len(head)
        assert all(len(line) < end or line[end - 1 : end + 1].strip() for line in lines)
    assert lines[2].split() == ["glad", "1.50", NOTHING, "0", "122", "12", NOTHING, NOTHING]
    assert str(MeasureTable(rows=())) == ""


def test_a_hostile_label_adds_no_element_and_no_line():
    table = MeasureTable.of({HOSTILE: CALM, "calm": GLAD})
    page = Elements(table._repr_html_())
    plain = Elements(TABLE._repr_html_())
    assert page.names == plain.names
    assert "<img src=x onerror=alert(1)>" in "".join(page.text)
    assert len(str(table).splitlines()) == 3
    assert "\x1b" not in str(table)
    assert "\x1b" not in table._repr_html_()


def test_pages_have_a_row_for_each():
    assert Elements(TABLE._repr_html_()).names.count("tr") == 3
    page = Elements(CALM._repr_html_())
    assert page.names.count("tr") == 7
    assert {"-18.0", "LUFS", "12.5", "%"} <= set(page.text)


def test_the_wide_frame_has_a_row_for_each_sound():
    frame = TABLE.dataframe()
    assert list(frame.index) == ["calm", "glad"]
    assert frame.index.name == "label"
    assert list(frame.columns) == [field.name for field in Measures.FIELDS]
    assert frame.loc["calm", "pitch"] == 101.4
    assert frame["clipped"].sum() == 12
    assert frame["pitch"].mean() == pytest.approx(111.7)
    assert frame["cer"].isna().tolist() == [False, True]
    assert frame["pauses"].dtype == "Int64"
    assert frame["true_peak"].dtype == "float64"
    assert len(MeasureTable(rows=()).dataframe()) == 0


def test_the_long_frame_has_a_row_for_each_value():
    frame = TABLE.dataframe("long")
    assert list(frame.columns) == ["label", "measure", "value", "unit"]
    assert len(frame) == 7 + 4
    row = frame[(frame.label == "calm") & (frame.measure == "cer")].iloc[0]
    assert (row.value, row.unit) == (0.125, "")
    assert set(frame[frame.measure == "pitch"].unit) == {"Hz"}
    wide = frame.pivot_table(index="label", columns="measure", values="value")
    pd.testing.assert_series_equal(
        wide["pitch"], TABLE.dataframe()["pitch"], check_names=False, check_index_type=False
    )
    assert list(MeasureTable(rows=()).dataframe("long").columns) == list(frame.columns)


def test_another_form_is_refused():
    with pytest.raises(ParameterError, match=r"form: must be wide or long, not 'lnog'.*'long'"):
        TABLE.dataframe("lnog")


def test_without_pandas_it_says_what_to_do(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ParameterError, match=r"needs pandas.*pip install pandas"):
        TABLE.dataframe()


def test_nothing_heavy_is_loaded_to_measure():
    code = (
        "import sys; from workbench.speech.measure import measure; from workbench.audio import "
        "Audio; measure(Audio.silence(1, 8000)); print(sorted({'pandas', 'scipy', 'matplotlib', "
        "'PIL', 'av', 'torch', 'faster_whisper'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
