"""What a sweep tries is decided, and refused, before a word is spoken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pytest

import workbench as wb
from tests.conftest import ToneEngine
from workbench.engines import registry
from workbench.engines.base import Capabilities
from workbench.errors import EngineNotFound, ParameterError, TextError, VoiceNotFound
from workbench.options import Option, Options, option
from workbench.speech.grid import Grid
from workbench.speech.spans import MOST, span
from workbench.speech.sweep import sweep

if TYPE_CHECKING:
    from pathlib import Path

    from workbench.speech.variants import Sweep

RATE = Option(name="rate", kind=int, default=175, help="", minimum=80, maximum=450, step=5)
WARMTH = Option(name="warmth", kind=float, default=0.5, help="", minimum=0.25, maximum=2, step=0.05)
FREE = Option(name="free", kind=float, default=0.5, help="")


@dataclass(frozen=True, kw_only=True)
class HumOptions(Options):
    """Of the engine below: it shares `pace` with the other, over another range."""

    pace: int = option(100, minimum=100, maximum=400, step=100, unit="frames", help="Frames")
    breath: float = option(0.5, minimum=0, maximum=1, step=0.25, help="Air")


class HumEngine(ToneEngine):
    """A second engine, without chance and with other options."""

    name: ClassVar[str] = "hum"
    capabilities: ClassVar[Capabilities] = Capabilities(rate=8000)
    options: ClassVar[type[Options]] = HumOptions


@pytest.fixture(autouse=True)
def fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty cache of takes: these tests count what is spoken."""
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path / "takes"))


@pytest.fixture
def hum(monkeypatch: pytest.MonkeyPatch) -> HumEngine:
    engine = HumEngine()
    monkeypatch.setitem(registry._voices.loaded, "hum", engine)
    return engine


def settings(found: Sweep) -> list[dict]:
    return [dict(variant.settings) for variant in found]


# -- spans --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "of", "values"),
    [
        (span(100, 200, 5), RATE, (100, 125, 150, 175, 200)),
        (span(100, 120), RATE, (100, 105, 110, 115, 120)),
        (span(100, 118), RATE, (100, 105, 110, 115)),  # never beyond its end
        (span(101, 112), RATE, (101, 106, 111)),
        (span(100, 110, 9), RATE, (100, 105, 110)),  # there are no more steps than that
        (span(100, 200, 1), RATE, (150,)),
        (span(440, count=2), RATE, (440, 450)),
        (span(high=85), RATE, (80, 85)),
        (span(150, 150), RATE, (150,)),
        (span(0.3, 0.6, 4), WARMTH, (0.3, 0.4, 0.5, 0.6)),  # and not 0.30000000000000004
        (span(0.25, 0.4), WARMTH, (0.25, 0.3, 0.35, 0.4)),
        (span(0, 1, 3), FREE, (0.0, 0.5, 1.0)),
    ],
)
def test_a_span_takes_the_steps_of_the_option(asked, of: Option, values: tuple):
    assert asked.values(of) == values
    assert all(type(value) is of.kind for value in asked.values(of))


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: span(200, 100), "span: goes from 200 down to 100"),
        (lambda: span(float("nan"), 1), "span low: must be a number"),
        (lambda: span(0, float("inf")), "span high: must be a number"),
        (lambda: span(0, "1"), "span high: must be a number, not '1'"),
        (lambda: span(0, 1, 0), "span count: must be a whole number from 1"),
        (lambda: span(0, 1, 2.5), "span count"),
        (lambda: span(low=True, high=2), "span low"),
        (lambda: span(10, 200).values(RATE), "rate: must be a whole number from 80 to 450, not 10"),
        (lambda: span(100, 451).values(RATE), "rate: must be .* not 451"),
        (lambda: span().values(FREE), "free: has no range of its own; say span"),
    ],
)
def test_a_span_that_is_none_is_refused(make, told: str):
    with pytest.raises(ParameterError, match=told):
        make()


def test_a_span_of_a_word_is_refused(tone):
    with pytest.raises(ParameterError, match="mood: is no number, which a span needs"):
        Grid("tone:high", options={"mood": span(1, 2)})


# -- the combinations -----------------------------------------------------------------------------


def test_every_combination_comes_once_in_order(tone):
    found = sweep(
        "ab", voices=["tone:high", "tone:low"], seeds=[1, 2], pace=[50, 60], mood="loud",
        measure=False,
    )  # fmt: skip
    assert settings(found) == [
        {"voice": voice, "pace": pace, "mood": "loud", "seed": seed}
        for voice in ("tone:high", "tone:low")
        for pace in (50, 60)
        for seed in (1, 2)
    ]
    assert [variant.label for variant in found][:2] == [
        "tone:high, pace 50, seed 1", "tone:high, pace 50, seed 2",
    ]  # fmt: skip
    assert tone.seeds == [1, 2] * 4
    assert [v.take.options["pace"] for v in found] == [50, 50, 60, 60] * 2


@pytest.mark.parametrize(
    "values", [[50, 60], (50, 60), range(50, 61, 10), np.array([50, 60]), iter([50, 60.0])]
)
def test_values_may_come_in_any_list(tone, values):
    found = sweep("ab", voices="tone:high", pace=values, measure=False)
    assert [v.settings["pace"] for v in found] == [50, 60]


def test_a_voice_a_seed_and_an_option_may_be_one(tone):
    (only,) = sweep("ab", voices="tone:low", seeds=7, pace=80, measure=False)
    assert dict(only.settings) == {"voice": "tone:low", "pace": 80, "seed": 7}
    assert only.label == "tone:low"


def test_what_comes_to_the_same_is_spoken_once(tone, hum):
    found = sweep(
        "ab", voices=["tone:high", "hum:low", "TONE:high".lower()], seeds=[3, 3, 4],
        pace=[100, 100.0], measure=False,
    )  # fmt: skip
    assert settings(found) == [
        {"voice": "tone:high", "pace": 100, "seed": 3},
        {"voice": "tone:high", "pace": 100, "seed": 4},
        {"voice": "hum:low", "pace": 100},  # an engine without chance speaks once for all seeds
    ]
    assert (tone.seeds, hum.seeds) == ([3, 4], [None])


def test_a_preset_brings_its_options_and_the_grid_has_the_last_word(tone, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    voice = wb.Voice.parse("tone:low")
    wb.Preset(name="calm", voice=voice, options={"pace": 60, "mood": "loud"}).save()
    found = sweep("ab", voices=["calm", "tone:low"], pace=[50, 100], measure=False)
    assert settings(found) == [
        {"voice": "tone:low", "pace": 50, "mood": "loud"},
        {"voice": "tone:low", "pace": 100, "mood": "loud"},
        {"voice": "tone:low", "pace": 50, "mood": "calm"},
        {"voice": "tone:low", "pace": 100, "mood": "calm"},
    ]
    assert len({variant.label for variant in found}) == 4


def test_each_engine_s_own_steps_count(tone, hum):
    found = sweep("ab", voices=["tone:high", "hum:high"], pace=span(100, 200, 3), measure=False)
    paces = [(v.voice.engine, v.settings["pace"]) for v in found]
    assert paces == [("tone", 100), ("tone", 150), ("tone", 200), ("hum", 100), ("hum", 200)]


# -- a sample -----------------------------------------------------------------------------------


def test_a_sample_is_random_without_repetition_and_comes_again(tone):
    grid = {"voices": "tone:high", "seeds": range(100), "pace": span(), "measure": False}
    first = settings(sweep("ab", sample=30, **grid))
    again = settings(sweep("ab", sample=30, **grid))
    other = settings(sweep("ab", sample=30, sample_seed=1, **grid))
    assert len(first) == 30
    assert len({(row["pace"], row["seed"]) for row in first}) == 30
    assert first == again
    assert first != other
    assert len({row["pace"] for row in first}) > 15  # spread over the range, not its first rows
    places = [(row["pace"], row["seed"]) for row in first]
    assert places == sorted(places)  # in the grid's order


def test_a_sample_larger_than_the_grid_is_the_grid(tone):
    found = sweep("ab", voices="tone:high", sample=50, pace=[50, 60], measure=False)
    assert [v.settings["pace"] for v in found] == [50, 60]


def test_a_sample_counts_what_differs(tone, hum):
    """Two voices that are one, by a preset: of eight combinations four differ."""
    same = wb.Preset(name="same", voice=wb.Voice.parse("hum:low"), options={"breath": 0.5})
    found = sweep(
        "ab", voices=["hum:low", same], sample=4, pace=[100, 200, 300, 400], measure=False
    )
    assert sorted(v.settings["pace"] for v in found) == [100, 200, 300, 400]


def test_a_grid_beyond_counting_can_be_sampled(monkeypatch, tone):
    fields = {f"o{n}": option(0, minimum=0, maximum=10**6, help="A number") for n in range(20)}
    space = {"__annotations__": dict.fromkeys(fields, int), **fields}
    kind = dataclass(frozen=True, kw_only=True)(type("Many", (Options,), space))
    plain = ToneEngine.synthesize
    monkeypatch.setattr(ToneEngine, "options", kind)
    monkeypatch.setattr(
        ToneEngine, "synthesize", lambda self, text, **_: plain(self, text, voice="high")
    )
    names = dict.fromkeys(fields, span(0, 10**6, 1000))
    with pytest.raises(ParameterError, match="variants, more than 1,000; sample=50"):
        sweep("ab", voices="tone:high", **names)
    found = sweep("ab", voices="tone:high", sample=5, measure=False, **names)
    assert len({str(row) for row in settings(found)}) == 5


# -- what is refused --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"pase": [50]}, r"pase: is no option of tone; did you mean 'pace'\?"),
        ({"zzzz": [50]}, "zzzz: is no option of tone; the options are pace, mood"),
        ({"voice": ["tone:low"]}, "voice: is no option of tone; the keyword is voices="),
        ({"seed": [1]}, "seed: is no option of tone; the keyword is seeds="),
        ({"jbos": 1}, "jbos: is no option of tone; did you mean 'jobs'"),
        ({"pace": [50, 60, 10]}, "pace: must be a whole number from 50 to 200 frames, not 10"),
        ({"pace": 10}, "pace: must be .* not 10"),
        ({"pace": ["50"]}, "pace: must be .* not '50'"),
        ({"pace": []}, "pace: has no values"),
        ({"pace": {50, 60}}, "pace: must be a whole number"),  # a set has no order
        ({"pace": {"a": 1}}, "pace: must be a whole number"),
        ({"pace": range(MOST + 1)}, "pace: has 1,001 values, more than 1,000"),
        ({"mood": ["calm", "louder"]}, r"mood: must be one of calm, loud, .*did you mean 'loud'\?"),
        ({"seeds": [1, -1]}, "seeds: must be a whole number from 0 to 4,294,967,295, not -1"),
        ({"seeds": [True]}, "seeds: must be a whole number"),
        ({"seeds": "1"}, "seeds: must be a whole number"),
        ({"seeds": span(0, 5)}, "seeds: must be whole numbers"),
        ({"seeds": []}, "seeds: has no values"),
        ({"voices": []}, "voices: has no values"),
        ({"voices": 3}, "voices: must be a list, not 3"),
        ({"voices": [3]}, "voice: must be a name, not int"),
        ({"sample": 0}, "sample: must be a whole number from 1 to 1,000, not 0"),
        ({"sample": 1001}, "sample: must be"),
        ({"sample": True}, "sample: must be"),
        ({"sample": 3, "sample_seed": -1}, "sample_seed: must be a whole number"),
        ({"jobs": 0}, "jobs: must be a whole number from 1 to 64, not 0"),
        ({"normalize": "yes"}, "normalize: must be true, false or rules"),
        ({"lexicon": 3}, "lexicon: must be a Lexicon or the path of one"),
        ({"listener": 3, "measure": True}, "must be 'stt'"),
        ({"seeds": range(40), "pace": range(50, 90)}, "sweep: has 1,600 variants, more than 1,000"),
    ],
)
def test_a_mistake_is_found_before_anything_is_spoken(tone, arguments: dict, told: str):
    with pytest.raises(ParameterError, match=told):
        sweep("ab", **{"voices": "tone:high", **arguments})
    assert tone.calls == []


def test_an_option_that_one_engine_lacks_names_both(tone, hum):
    with pytest.raises(ParameterError) as caught:
        sweep("ab", voices=["tone:high", "hum:high"], breath=[0, 1])
    assert str(caught.value) == (
        "breath: is no option of tone, only of hum; sweep their voices apart"
    )
    assert (tone.calls, hum.calls) == ([], [])


def test_a_value_that_one_engine_refuses_is_refused(tone, hum):
    with pytest.raises(ParameterError, match="pace: must be a whole number from 100 to 400"):
        sweep("ab", voices=["tone:high", "hum:high"], pace=[60])
    assert tone.calls == []


@pytest.mark.parametrize(
    ("voice", "kind"), [("tone:hihg", VoiceNotFound), ("toon:high", EngineNotFound)]
)
def test_a_voice_that_is_not_there_stops_all(tone, voice: str, kind: type[Exception]):
    with pytest.raises(kind):
        sweep("ab", voices=["tone:high", voice])
    assert tone.calls == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "has no words to speak"),
        ("a\nb", "sweep: has 2 lines and 0 pauses; a sweep speaks one line"),
        ("a [pause 1s]", "sweep: has 1 lines and 1 pauses"),
        ("[voice:tone:low] a", r"names the voice tone:low; say voices="),
        ("talk.txt", "looks like a file's name"),
    ],
)
def test_a_text_that_is_not_one_line_is_refused(tone, text: str, told: str):
    with pytest.raises(TextError, match=told):
        sweep(text, voices="tone:high", pace=[50])
    assert tone.calls == []
