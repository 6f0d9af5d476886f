"""What a take is spoken with: checked, compared, written as code, and spoken."""

from __future__ import annotations

import ast
import pickle
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

import workbench as wb
from workbench.errors import EngineNotFound, ParameterError, TextError, VoiceNotFound
from workbench.voice import Preset, Voice
from workbench.widgets.settings import Settings, quoted

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import ToneEngine

HOSTILE = [
    'It\'s "so" {x} %s \\n \\',
    "</script><img src=x onerror=alert(1)>",
    "a\nb\r\n\tc",
    "'''\"\"\"",
    "\u202eevil\u2066 \x00\x07",
    "café ☕ 漢字 😀",
]


def spoken_by(code: str) -> Any:
    """What a line of code returns."""
    return eval(code, {"wb": wb})  # noqa: S307 - what it says is tried


def test_only_what_differs_from_the_defaults_is_kept(tone: ToneEngine) -> None:
    settings = Settings.of("Hi.", "tone:high", {"pace": 100, "mood": "loud"}, seed=3)
    assert dict(settings.options) == {"mood": "loud"}
    assert settings.effective == {"pace": 100, "mood": "loud"}
    assert settings == Settings.of("Hi.", Voice.parse("tone:high"), {"mood": "loud"}, seed=3)
    assert Settings.from_dict(settings.to_dict()) == settings
    assert pickle.loads(pickle.dumps(settings)) == settings  # noqa: S301 - our own
    assert len({settings, settings.changed()}) == 1


def test_a_seed_counts_where_there_is_chance(tone: ToneEngine) -> None:
    assert Settings.of("Hi.", "tone:high", seed=3).seed == 3
    assert Settings.of("Hi.", "espeak:es", seed=3).seed is None
    for seed in (-1, 2**32, 1.5, True, "3"):
        with pytest.raises(ParameterError, match=r"^seed: must be a whole number"):
            Settings.of("Hi.", "tone:high", seed=seed)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("voice", "options", "error", "told"),
    [
        ("espeak:en-uss", {}, VoiceNotFound, "did you mean 'en-us'"),
        ("esspeak:en", {}, EngineNotFound, "did you mean 'espeak'"),
        ("espeak:es", {"ratte": 3}, ParameterError, "did you mean 'rate'"),
        ("espeak:es", {"rate": 9999}, ParameterError, "80 to 450"),
        ("espeak:es", {"variant": "wisper"}, ParameterError, "did you mean 'whisper"),
    ],
)
def test_what_is_wrong_is_refused(
    voice: str, options: dict[str, Any], error: type, told: str
) -> None:
    with pytest.raises(error, match=told):
        Settings.of("Hi.", voice, options)


def test_a_change_is_checked_as_a_whole(tone: ToneEngine) -> None:
    settings = Settings.of("Hi.", "tone:high", {"pace": 60}, seed=1)
    assert settings.changed(mood="loud", seed=None) == Settings.of(
        "Hi.", "tone:high", {"pace": 60, "mood": "loud"}
    )
    assert settings.changed(voice="tone:low").options["pace"] == 60
    with pytest.raises(ParameterError, match="did you mean 'voice'"):
        settings.changed(voise="tone:low")
    with pytest.raises(ParameterError, match="must be text"):
        settings.changed(text=3)


def test_another_engine_begins_with_its_own_defaults(tone: ToneEngine) -> None:
    settings = Settings.of("Hi.", "tone:high", {"pace": 60}, seed=1).changed(voice="espeak:es")
    assert (dict(settings.options), settings.seed, settings.language) == ({}, None, "es")


def test_a_preset_brings_its_options(tone: ToneEngine) -> None:
    preset = Preset(name="n", voice=Voice.parse("tone:low"), options={"pace": 70})
    settings = Settings.of("Hi.", "tone:low", {"mood": "loud"}).changed(voice=preset)
    assert dict(settings.options) == {"pace": 70}
    assert Settings.of("Hi.", preset, {"pace": 80}).options["pace"] == 80


def test_a_preset_without_options_is_one_of_the_defaults(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It once kept what had been set before it was opened."""
    monkeypatch.chdir(tmp_path)
    preset = Preset(name="plain", voice=Voice.parse("espeak:es"))
    preset.save()
    for before in ("espeak:es", "espeak:en-gb"):
        settings = Settings.of("Hi.", before, {"rate": 300})
        for named in (preset, "plain"):
            assert dict(settings.changed(voice=named).options) == {}
        assert dict(settings.changed(voice="espeak:fr").options) == {"rate": 300}


@pytest.mark.parametrize("text", HOSTILE)
def test_the_code_says_the_same_text(text: str) -> None:
    assert ast.literal_eval(quoted(text)) == text
    code = Settings.of(text, "espeak:en-us", {"rate": 200, "variant": "f3"}).code()
    called: dict[str, Any] = {}

    class Recorder:
        @staticmethod
        def speak(said: str, **how: Any) -> None:
            called.update(text=said, **how)

    eval(code, {"wb": Recorder})  # noqa: S307 - what it says is tried
    assert called == {"text": text, "voice": "espeak:en-us", "rate": 200, "variant": "f3"}


def test_the_code_speaks_the_same_sound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also by the preset, in its usual folder and in another one."""
    monkeypatch.chdir(tmp_path)
    settings = Settings.of("Hello.\n[pause 0.2s] It works.", "espeak:en-us", {"rate": 220})
    take = settings.speak().take
    settings.preset("narrator").save()
    settings.preset("narrator").save("else/where")
    for code in (
        settings.code(),
        settings.code(preset="narrator"),
        settings.code(preset="narrator", folder="else/where"),
    ):
        assert spoken_by(code).audio == take.audio, code
    assert settings.code(preset="narrator") == (
        'wb.speak("Hello.\\n[pause 0.2s] It works.", voice="narrator")'
    )


def test_a_line_is_its_take_and_lines_are_joined(tone: ToneEngine) -> None:
    one = Settings.of("One two.", "tone:high", {"pace": 60}, seed=4).speak()
    assert (one.take.text, one.take.seed, one.take.options["pace"]) == ("One two.", 4, 60)
    lines = Settings.of("One.\n[voice:tone:low] Two.", "tone:high").speak().take
    assert [word.text for word in lines.words] == ["One.", "Two."]
    assert (lines.text, str(lines.voice), lines.about["lines"]) == ("One.\nTwo.", "tone:high", 2)
    assert lines.audio.samples.max() > 0 > lines.audio.samples.min()


def test_joined_lines_took_as_long_as_all_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It once was the time of the first line alone, by which the rest took none."""
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path))
    text = "One.\nTwo, and a good deal more of it.\nThree."
    monkeypatch.setattr("workbench.speech.speaker.time.perf_counter", count(0, 2).__next__)
    assert Settings.of(text, "espeak:en-us").speak().take.synthesis_time == 6
    assert Settings.of(text, "espeak:en-us").speak().take.synthesis_time is None  # from the cache


def test_the_time_of_work_is_known_unless_it_came_from_the_cache(tone: ToneEngine) -> None:
    settings = Settings.of("Something never said before.", "tone:high")
    first, again = settings.speak(), settings.speak()
    assert first.seconds is not None
    assert first.seconds > 0
    assert again.seconds is None
    assert again.take == first.take
    assert len(tone.calls) == 1


@pytest.mark.parametrize("text", ["", "  \n ", "notes.txt", "[pause 0.5s]", "[voice:nobody] Hi."])
def test_nothing_to_speak(text: str) -> None:
    with pytest.raises((TextError, VoiceNotFound)):
        Settings.of(text).speak()


def test_a_seed_is_named_in_the_note_of_a_preset(tone: ToneEngine) -> None:
    settings = Settings.of("Hi.", "tone:high", seed=7)
    assert settings.preset("a").note == "seed 7"
    assert settings.preset("a", note="calm").note == "calm"
    assert settings.code(preset="a").endswith('voice="a", seed=7)')
