"""Controls of options, blends, which engines can speak, and a sentence in each language."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from workbench.engines import registry, weights
from workbench.engines.kokoro import voices as kokoro_voices
from workbench.errors import EngineMissing, ParameterError
from workbench.options import Options, option
from workbench.speech import available
from workbench.speech.available import engine_states
from workbench.speech.sentences import sample_sentence
from workbench.speech.voices import voices
from workbench.text.normalize import normalize
from workbench.widgets.blend import blend_name, parts_of, with_share
from workbench.widgets.controls import controls

if TYPE_CHECKING:
    from conftest import ToneEngine


@dataclass(frozen=True, kw_only=True)
class Every(Options):
    """An option of each kind."""

    pace: float = option(1.0, minimum=0.5, maximum=2.5, unit="x", help="Pace")
    steps: int = option(3, minimum=1, maximum=9, help="Steps")
    limit: int = option(10, minimum=0, help="No upper bound")
    breath: bool = option(False, help="Breathe")  # noqa: FBT003
    mood: str = option("calm", choices=("calm", "glad"), help="Mood")
    extra_words: str = option("", help="Free text")


def test_each_option_gets_the_control_that_fits() -> None:
    found = {control.name: control for control in controls(Every)}
    kinds = [control.kind for control in found.values()]
    assert kinds == ["slider", "slider", "number", "switch", "select", "text"]
    pace, steps = found["pace"], found["steps"]
    assert (pace.minimum, pace.maximum, pace.step, pace.unit, pace.whole) == (
        0.5,
        2.5,
        0.02,
        "x",
        False,
    )
    assert (steps.step, steps.whole, steps.help) == (1, True, "Steps")
    assert found["mood"].choices == ("calm", "glad")
    assert found["extra_words"].label == "Extra words"
    assert found["mood"].to_dict()["choices"] == ["calm", "glad"]


def test_units_are_those_of_a_person() -> None:
    found = {control.name: control for control in controls(registry.engine("espeak").options)}
    gap, pitch, rate = found["word_gap"], found["pitch"], found["rate"]
    assert (gap.unit, gap.scale, gap.maximum) == ("ms", 10, 200)
    assert gap.about == "Pause added between words, 0 to 2000 ms. In code word_gap=1 is 10 ms."
    assert (pitch.unit, pitch.scale, pitch.about) == ("", 1, "Height of the voice, 0 to 99")
    assert rate.unit == "words/min"
    assert rate.to_dict()["about"].endswith("a take may differ, short texts most.")
    assert found["volume"].about.endswith("0 to 200 %")


def test_blends_are_written_and_read() -> None:
    parts = {"af_heart": 0.6, "bf_emma": 0.4}
    assert blend_name(parts) == "af_heart*0.6+bf_emma*0.4"
    assert parts_of(kokoro_voices.find(blend_name(parts)).info.name) == parts
    third = with_share(parts, "am_adam", 0.5)
    assert third == {"af_heart": 0.3, "bf_emma": 0.2, "am_adam": 0.5}
    assert with_share(third, "am_adam", 0) == parts
    assert with_share({"af_heart": 0.5, "bf_emma": 0.5}, "bf_emma", 1)["af_heart"] == 0.01
    assert with_share({"af_heart": 1.0}, "af_heart", 0.3) == {"af_heart": 1.0}


@pytest.mark.parametrize(
    "parts", [{}, {"a": 0}, {"a": -1}, {"a": "1"}, {"a": True}, {"a": float("nan")}]
)
def test_a_blend_needs_voices_with_shares(parts: dict[str, Any]) -> None:
    with pytest.raises(ParameterError):
        blend_name(parts)


@pytest.mark.parametrize(
    ("voice", "share"),
    [("b", 0), ("a", 0), ("a", -0.1), ("a", 1.1), ("a", "x"), ("a", None), ("a", float("nan"))],
)
def test_a_share_is_a_part_of_the_whole(voice: str, share: Any) -> None:
    with pytest.raises(ParameterError):
        with_share({"a": 1.0}, voice, share)


def test_engines_that_cannot_speak_say_what_they_lack(
    monkeypatch: pytest.MonkeyPatch, tone: ToneEngine
) -> None:
    def find(name: str) -> object:
        if name == "far":
            raise EngineMissing("is not installed", subject=name, cure="pip install far")
        return tone

    monkeypatch.setattr(available, "engines", lambda: ("far", "kokoro", "tone"))
    monkeypatch.setattr(available, "engine", find)
    needs = {"kokoro": "kokoro"}
    monkeypatch.setattr(available, "weights_to_pull", lambda name, _: needs.get(name, ""))
    tone_state, far, kokoro = engine_states()
    assert (tone_state.name, tone_state.ready, tone_state.seeded) == ("tone", True, True)
    assert (far.ready, far.problem, far.cure) == (False, "is not installed", "pip install far")
    assert (kokoro.ready, kokoro.cure) == (False, "workbench models pull kokoro")
    assert far.to_dict()["name"] == "far"


def test_weights_that_are_not_here_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    class Absent:
        state = "absent"

    class Ready:
        state = "ready"

    kokoro = registry.engine("kokoro")
    monkeypatch.setattr(weights, "state", lambda _: Absent)
    assert available.weights_to_pull("kokoro", kokoro) == "kokoro"
    monkeypatch.setattr(weights, "state", lambda _: Ready)
    assert available.weights_to_pull("kokoro", kokoro) == ""
    assert available.weights_to_pull("espeak", registry.engine("espeak")) == ""


def test_every_voice_has_something_to_say() -> None:
    """A sentence that its own engine can speak: a voice without one would be silent."""
    espeak = registry.engine("espeak")
    for voice in voices(engine_name="espeak"):
        said = normalize(sample_sentence(voice.language), voice.language).spoken
        take = espeak.synthesize(said, voice=voice.name.removeprefix("espeak:"))
        assert take.duration > 0.2, voice.name


def test_languages_are_found_by_their_tags() -> None:
    assert sample_sentence("ES-419") == sample_sentence("es")
    assert sample_sentence("pt-br") != sample_sentence("pt")
