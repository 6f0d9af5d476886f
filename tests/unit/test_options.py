from __future__ import annotations

from dataclasses import FrozenInstanceError, dataclass

import numpy as np
import pytest

from workbench.errors import ParameterError
from workbench.options import Options, option


@dataclass(frozen=True, kw_only=True)
class Some(Options):
    rate: int = option(175, minimum=80, maximum=450, step=5, unit="words/min", help="Pace")
    warmth: float = option(0.5, minimum=0, help="Warmth")
    free: float = option(0.0, help="Any number")
    style: str = option("calm", choices=("calm", "lively"), help="Style")
    whisper: bool = option(default=False, help="Whisper")
    name: str = option("", help="Any text")


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        ("rate", 80, 80),
        ("rate", 450, 450),
        ("rate", 200.0, 200),
        ("rate", np.int64(200), 200),
        ("rate", np.float32(200), 200),
        ("warmth", 1, 1.0),
        ("warmth", np.float64(0.25), 0.25),
        ("free", -1e300, -1e300),
        ("style", "lively", "lively"),
        ("whisper", True, True),
        ("name", "x\n", "x\n"),
    ],
)
def test_a_value_becomes_the_options_own_type(name: str, value: object, kept: object):
    result = getattr(Some.build({name: value}), name)
    assert (result, type(result)) == (kept, type(kept))


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("rate", 79, "rate: must be a whole number from 80 to 450 words/min, not 79"),
        ("rate", 451, "from 80 to 450"),
        ("rate", 200.5, "a whole number"),
        ("rate", "200", "not '200'"),
        ("rate", True, "not True"),
        ("rate", float("nan"), "not nan"),
        ("rate", 10**400, "from 80 to 450"),
        ("rate", None, "not None"),
        ("warmth", -0.1, r"warmth: must be a number from 0, not -0\.1"),
        ("free", float("inf"), "free: must be a number, not inf"),
        ("free", float("nan"), "not nan"),
        ("free", 10**400, "must be a number"),
        # Python refuses to write out more than 4,300 digits: a bare ValueError came out.
        pytest.param("rate", 10**5000, "from 80 to 450 words/min, not a int", id="digits"),
        pytest.param("free", -(10**5000), "must be a number, not a int", id="minus"),
        ("style", "x" * 5000, "not 'x{79}…$"),
        ("free", 1j, "must be a number"),
        ("style", "livly", r"one of calm, lively, not 'livly'; did you mean 'lively'\?"),
        ("style", 1, "one of calm, lively, not 1"),
        ("whisper", 1, "whisper: must be true or false, not 1"),
        ("whisper", "true", "must be true or false"),
        ("name", 3, "name: must be text, not 3"),
    ],
)
def test_what_an_option_cannot_be_is_said(name: str, value: object, told: str):
    with pytest.raises(ParameterError, match=told):
        Some.build({name: value})


def test_a_misspelt_name_is_never_ignored():
    with pytest.raises(ParameterError, match="ratee: is not an option; did you mean 'rate'"):
        Some.build({"rate": 100, "ratee": 100})
    with pytest.raises(ParameterError, match="the options are rate, warmth, free"):
        Some.build({"zzz": 1})


def test_values_are_checked_however_they_are_made():
    with pytest.raises(ParameterError):
        Some(rate=1)
    with pytest.raises(FrozenInstanceError):
        Some().rate = 100  # type: ignore[misc]


def test_one_description_serves_sliders_flags_and_documentation():
    specs = {spec.name: spec for spec in Some.describe()}
    assert list(specs) == ["rate", "warmth", "free", "style", "whisper", "name"]
    rate = specs["rate"]
    assert (rate.kind, rate.default, rate.minimum, rate.maximum, rate.step, rate.unit) == (
        int, 175, 80, 450, 5, "words/min",
    )  # fmt: skip
    assert specs["style"].choices == ("calm", "lively")
    assert Some().to_dict() == {spec.name: spec.default for spec in specs.values()}
