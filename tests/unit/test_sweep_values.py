"""A sweep as a value: ordered, looked through, tabled, kept on disk and read again."""

from __future__ import annotations

import json
import pickle
import sys
import tomllib
from dataclasses import replace
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import workbench as wb
from workbench.audio import Audio
from workbench.errors import ModelError, ParameterError, StorageError
from workbench.speech import sweep_files
from workbench.speech.measures import Measures
from workbench.speech.spans import span
from workbench.speech.sweep import sweep
from workbench.speech.variant import Variant, labels
from workbench.speech.variants import Sweep

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def found(tone) -> Sweep:
    """Six takes of 0.0125 s times the pace; the fourth failed, the measures are invented."""
    made = sweep("ab", voices="tone:high", pace=[60, 120], seeds=[1, 2, 3], measure=False)
    pitches = [120.0, 110.0, None, None, 130.0, 100.0]
    variants = [
        replace(
            variant,
            measures=Measures(duration=variant.take.duration, pitch=pitch, cer=0.5 - number / 10),
        )
        for number, (variant, pitch) in enumerate(zip(made, pitches, strict=True))
    ]
    error = ModelError("ran away", subject="tone", cure="try another seed")
    variants[3] = replace(variants[3], take=None, measures=None, error=error)
    return replace(made, variants=tuple(variants))


# -- labels ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ([{"voice": "a:b"}], ["a:b"]),
        ([{"voice": "a:b", "x": 1}], ["a:b"]),
        ([{"voice": "a:b"}, {"voice": "a:c"}], ["a:b", "a:c"]),
        ([{"voice": "a:b", "x": 0.5, "seed": 1}, {"voice": "a:c", "x": 0.5}],
         ["a:b, seed 1", "a:c"]),
        ([{"voice": "a:b", "x": True}, {"voice": "a:b", "x": False}], ["x True", "x False"]),
        ([{"voice": "a:b", "x": ""}, {"voice": "a:b", "x": "1, y 2"}], ["x ''", "x '1, y 2'"]),
    ],
)  # fmt: skip
def test_a_label_says_what_is_not_the_same_everywhere(settings: list, told: list[str]):
    assert labels(settings) == told


@given(st.lists(st.tuples(st.text(), st.text()), unique=True, min_size=2, max_size=8))
def test_no_two_labels_are_alike(pairs: list[tuple[str, str]]):
    told = labels([{"voice": "a:b", "x": x, "y": y} for x, y in pairs])
    assert len(set(told)) == len(pairs)


# -- looking through ------------------------------------------------------------------------------


def test_it_is_a_sequence_with_names(found: Sweep):
    assert len(found) == 6
    assert found[0] is found.variants[0]
    assert found[-1].label == "pace 120, seed 3"
    assert found["pace 60, seed 2"] is found[1]
    assert [variant.label for variant in found] == [v.label for v in found.variants]
    assert found.varying == ("pace", "seed")
    assert repr(found) == "Sweep(6 variants of 'ab' by pace, seed, 1 failed)"
    assert [v.label for v in found.failed] == ["pace 120, seed 1"]


@pytest.mark.parametrize(
    ("which", "told"),
    [
        (6, "variant: must be 0 to 5 or a label, not 6"),
        ("pace 60, sed 2", r"is no variant's label; did you mean 'pace 60, seed 2'"),
        ("zzz", "is no variant's label; a number counts them from 0"),
        (None, "variant: must be 0 to 5 or a label, not None"),
        (1.5, "variant: must be"),
    ],
)
def test_a_variant_that_is_not_there(found: Sweep, which: Any, told: str):
    with pytest.raises(ParameterError, match=told):
        found[which]


def test_in_order_and_what_has_no_value_comes_last(found: Sweep):
    def seeds(by: Any, **how: bool) -> list[tuple[int, int]]:
        ordered = found.sorted(by, **how)
        return [(v.settings["pace"], v.settings["seed"]) for v in ordered]

    assert seeds("pitch") == [(120, 3), (60, 2), (60, 1), (120, 2), (60, 3), (120, 1)]
    assert seeds("pitch", descending=True) == [
        (120, 2), (60, 1), (60, 2), (120, 3), (60, 3), (120, 1),
    ]  # fmt: skip
    assert seeds("seed")[:2] == [(60, 1), (120, 1)]  # as it was where that is the same
    assert seeds(lambda v: -v.settings["seed"])[:2] == [(60, 3), (120, 3)]
    assert [v.label for v in found] == [v.label for v in found.sorted("seed").sorted("pace")]


def test_the_best(found: Sweep):
    assert found.best("pitch").settings["seed"] == 3
    assert found.best("pitch", most=True).settings == {"voice": "tone:high", "pace": 120, "seed": 2}
    assert found.best("pitch", near=118).settings["seed"] == 1
    assert found.best("duration", near=0.0).settings["pace"] == 60
    with pytest.raises(ParameterError, match="loudness: has no value in any variant"):
        found.best("loudness")


@pytest.mark.parametrize(
    ("by", "told"),
    [
        ("pich", r"pich: is no column of the sweep; did you mean 'pitch'"),
        ("zzz", "zzz: is no column of the sweep; the columns are voice, pace, seed, duration"),
    ],
)
def test_a_column_that_is_not_there(found: Sweep, by: str, told: str):
    for ask in (found.sorted, found.best, lambda by: found.filter(**{by: 1})):
        with pytest.raises(ParameterError, match=told):
            ask(by)


def test_values_without_an_order_are_refused(found: Sweep):
    with pytest.raises(ParameterError, match="cannot be put in order"):
        found.sorted(lambda v: 1 if v.seed == 1 else "a")


def test_only_those_that_are_wanted(found: Sweep):
    assert len(found.filter(pace=60)) == 3
    assert [v.seed for v in found.filter(pace=60, seed=[1, 3])] == [1, 3]
    assert [v.measures.pitch for v in found.filter(pitch=span(105, 125))] == [120, 110]
    assert [v.measures.pitch for v in found.filter(pitch=span(low=115))] == [120, 130]
    assert len(found.filter(lambda v: v.take is not None)) == 5
    assert len(found.filter(lambda v: v.seed > 1, pace=120)) == 2
    assert found.filter(pace=60)[1].label == "pace 60, seed 2"  # as it was called
    with pytest.raises(ParameterError, match="filter: leaves no variant"):
        found.filter(pace=61)


def test_a_measure_that_an_option_has_the_name_of():
    """espeak is asked for a rate, and the rate of what it spoke is another number."""
    found = sweep("One two three four five six.", rate=[120, 300], pitch=50)
    assert [found.value(v, "rate") for v in found] == [120, 300]
    heard = [found.value(v, "measured_rate") for v in found]
    assert heard == [v.measures.rate for v in found]
    assert 80 < heard[0] < 200 < heard[1] < 400
    assert found.value(found[0], "loudness") == found.value(found[0], "measured_loudness")
    assert {"measured_rate", "measured_pitch", "loudness"} <= set(found.columns)
    assert found.best("measured_rate").options["rate"] == 120


def test_the_duration_is_there_without_measures(tone):
    found = sweep("ab", voices="tone:high", pace=[50, 60], measure=False)
    assert [found.value(v, "duration") for v in found] == [0.0125, 0.015]


# -- a table --------------------------------------------------------------------------------------


def test_the_table_has_what_varies_and_what_was_measured(found: Sweep):
    rows = found.table()
    assert list(rows[0])[:4] == ["label", "pace", "seed", "duration"]
    assert list(rows[0])[-1] == "error"
    assert rows[0]["pitch"] == 120
    assert rows[0]["loudness"] is None
    assert rows[3]["error"] == "tone: ran away; try another seed"
    assert {row["error"] for row in rows[:3]} == {""}
    assert json.loads(json.dumps(rows)) == rows


def test_without_pandas_it_says_so(found: Sweep, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ParameterError, match="dataframe: needs pandas, which is not installed"):
        found.dataframe()


def test_with_pandas_it_is_a_frame(found: Sweep, monkeypatch: pytest.MonkeyPatch):
    class Pandas:
        @staticmethod
        def DataFrame(rows):  # noqa: N802 - its own name
            return ("frame", rows)

    monkeypatch.setitem(sys.modules, "pandas", Pandas)
    assert found.dataframe() == ("frame", found.table())


class Elements(HTMLParser):
    """The elements and the text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.names: set[str] = set()
        self.text: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.names |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def test_the_html_table_shows_rows_and_errors(found: Sweep):
    page = Elements(found._repr_html_())
    assert page.tags.count("tr") == 7
    assert "pitch Hz" in page.text
    assert "loudness LUFS" not in page.text  # nobody measured it
    assert "tone: ran away; try another seed" in page.text
    assert page.names == {"title", "style"}


@given(st.text(min_size=1), st.text())
def test_no_text_becomes_an_element(text: str, word: str):
    variants = tuple(
        Variant(label=f"{text}{n}", settings={"voice": "a:b", "x": value}, error=ModelError(word))
        for n, value in enumerate((word, f"</td><script>{word}", "'\"><img onerror=alert(1)>"))
    )
    page = Elements(Sweep(text=f"<b>{text}", variants=variants)._repr_html_())
    assert set(page.tags) <= {"p", "table", "tr", "th", "td"}
    assert page.names <= {"title", "style"}


# -- code and presets -----------------------------------------------------------------------------


def test_the_code_speaks_the_same_take(tone):
    text = 'It\'s "5" \\ {x}'
    found = sweep(text, voices=["tone:high", "tone:low"], seeds=[1, 2], pace=[60], normalize=False)
    told = found.code(3)
    assert told == (f"wb.speak({text!r}, voice='tone:low', pace=60, seed=2, normalize=False)")
    again = eval(told, {"wb": wb})  # noqa: S307 - it is our own
    assert again.parts[0].take == found[3].take


def test_the_code_names_the_lexicon_file(tone, tmp_path: Path):
    path = tmp_path / "words.toml"
    path.write_text('[words.en]\nab = "abba"\n')
    found = sweep("ab", voices="tone:high", lexicon=path, measure=False)
    assert eval(found.code(0), {"wb": wb}).parts[0].take == found[0].take  # noqa: S307
    assert found[0].take.spoken == "abba"


def test_a_variant_becomes_a_preset(found: Sweep, tmp_path: Path):
    preset = found.preset("pace 60, seed 2", "narrator")
    assert preset == wb.Preset(
        name="narrator", voice=wb.Voice.parse("tone:high"), options={"pace": 60}, note="seed 2"
    )
    told = tomllib.loads(preset.save(tmp_path).read_text())
    assert told == {"voice": "tone:high", "note": "seed 2", "options": {"pace": 60}}
    assert found.preset(0, "narrator", note="mine").note == "mine"
    with pytest.raises(ParameterError, match="cannot be a preset's name"):
        found.preset(0, "../../etc/passwd")


# -- values ---------------------------------------------------------------------------------------


def test_it_is_a_value(found: Sweep):
    assert Sweep.from_dict(json.loads(json.dumps(found.to_dict()))) == found
    assert pickle.loads(pickle.dumps(found)) == found  # noqa: S301 - it is our own
    assert hash(Sweep.from_dict(found.to_dict())) == hash(found)
    assert str(Sweep.from_dict(found.to_dict())[3].error) == str(found[3].error)
    assert replace(found, text="other") != found
    with pytest.raises(TypeError):
        found[0].settings["pace"] = 1
    with pytest.raises(ParameterError, match="sweep: has no variants"):
        Sweep(text="ab", variants=())


# -- on disk --------------------------------------------------------------------------------------


def test_what_is_saved_is_what_is_loaded(found: Sweep, tmp_path: Path):
    path = found.save(tmp_path / "a" / "b")
    assert path == tmp_path / "a" / "b" / "sweep.json"
    files = sorted(file.name for file in path.parent.iterdir())
    assert len(files) == 6
    assert files[0].startswith("000-pace-60-seed-1-"), "as `found[0]`, and in the tables"
    loaded = Sweep.load(path.parent)
    assert Sweep.load(path) == loaded
    assert [v.label for v in loaded] == [v.label for v in found]
    assert [v.measures for v in loaded] == [v.measures for v in found]
    assert str(loaded[3].error) == str(found[3].error)
    for before, after in zip(found.takes.values(), loaded.takes.values(), strict=True):
        assert np.abs(before.audio.samples - after.audio.samples).max() <= 0.5 / 32768
        assert before.describe() == after.describe()


def test_espeak_s_takes_are_kept_to_the_bit(tmp_path: Path):
    found = sweep("Grüße, «José».", voices=["espeak:de", "espeak:es"], normalize=False)
    found.save(tmp_path)
    assert Sweep.load(tmp_path) == found
    assert Sweep.load(tmp_path).code(1) == found.code(1)


def test_a_save_replaces_what_was_there_and_nothing_else(found: Sweep, tmp_path: Path):
    other = tmp_path / "notes.wav"
    other.write_bytes(b"mine")
    found.save(tmp_path)
    found.filter(pace=60).save(tmp_path)
    names = {file.name for file in tmp_path.iterdir()}
    assert len(names) == 5
    assert other.read_bytes() == b"mine"
    assert len(Sweep.load(tmp_path)) == 3


def test_a_save_that_fails_leaves_the_old_sweep(found: Sweep, tmp_path: Path, monkeypatch):
    first = found.filter(pace=60)
    first.save(tmp_path)
    kept = Sweep.load(tmp_path)
    plain = sweep_files.write_bytes

    def full(path: Path, data: bytes) -> None:
        if path.name == "sweep.json":
            raise OSError(28, "No space left on device")
        plain(path, data)

    monkeypatch.setattr(sweep_files, "write_bytes", full)
    with pytest.raises(StorageError, match="no space left"):
        found.save(tmp_path)
    assert Sweep.load(tmp_path) == kept


def test_labels_are_no_paths(tmp_path: Path):
    take = sweep("Hello.", measure=False)[0].take
    label = "../../\x00<b>/" + "x" * 300
    variant = Variant(label=label, settings={"voice": "espeak:es"}, take=take)
    Sweep(text="Hello.", variants=(variant,)).save(tmp_path / "s")
    assert len(list((tmp_path / "s").iterdir())) == 2
    assert [file.name for file in tmp_path.iterdir()] == ["s"]
    assert Sweep.load(tmp_path / "s")[0].label == label


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda d: d.update(kind="x"), "is no sweep"),
        (lambda d: d.update(format=2), "is a sweep of format 2, and this version reads 1"),
        (lambda d: d.pop("variants"), r"is damaged \(KeyError"),
        (lambda d: d.update(variants=[]), r"is damaged \(ParameterError"),
        (lambda d: d.update(variants=3), "is damaged"),
        (lambda d: d["variants"][0].pop("label"), r"is damaged \(KeyError"),
        (lambda d: d["variants"][0].update(settings=3), r"is damaged \(TypeError"),
        (lambda d: d["variants"][0].update(measures={"x": 1}), "is damaged"),
        (lambda d: d["variants"][0]["take"].update(voice="x y"), "is damaged"),
        (lambda d: d["variants"][0]["sound"].update(file="../../x.wav"), "names the sound file"),
        (lambda d: d["variants"][0]["sound"].update(file="/etc/passwd"), "names the sound file"),
        (lambda d: d["variants"][0]["sound"].update(file="001-a-0123456789ab.wav"), "file is gone"),
        (lambda d: d["variants"][0]["sound"].update(sha256="0"), "is not the sound of the sweep"),
    ],
)
def test_a_damaged_sweep_is_refused(found: Sweep, tmp_path: Path, change: Any, told: str):
    path = found.save(tmp_path)
    data = json.loads(path.read_text())
    change(data)
    path.write_text(json.dumps(data))
    with pytest.raises(StorageError, match=told):
        Sweep.load(tmp_path)


@pytest.mark.parametrize(
    ("content", "told"), [(None, "there is no sweep"), (b"{", "is not JSON"), (b"\xff", "not JSON"),
                          (b"[]", "is no sweep"), (b"[" * 100_000, "is not JSON")]
)  # fmt: skip
def test_a_file_that_is_no_sweep_is_refused(tmp_path: Path, content: bytes | None, told: str):
    if content is not None:
        (tmp_path / "sweep.json").write_bytes(content)
    with pytest.raises(StorageError, match=told):
        Sweep.load(tmp_path)


def test_a_sound_that_was_changed_is_refused(found: Sweep, tmp_path: Path):
    found.save(tmp_path)
    sound = next(tmp_path.glob("000-*.wav"))
    sound.write_bytes(Audio.silence(1, 8000).encode(".wav"))
    with pytest.raises(StorageError, match="is not the sound of the sweep; save the sweep again"):
        Sweep.load(tmp_path)
