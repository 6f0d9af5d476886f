"""The tuner without a page: every click is a method, and a script can do the whole work."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import workbench as wb
from workbench.audio import Audio
from workbench.errors import (
    EngineNotFound,
    ParameterError,
    StorageError,
    TextError,
    VoiceNotFound,
)
from workbench.speech.measure import measure
from workbench.take import Take
from workbench.voice import Preset, Voice
from workbench.widgets import tuner_twin
from workbench.widgets.settings import Spoken
from workbench.widgets.tuner import Tuner, tune
from workbench.widgets.twin import EMBED_LIMIT

if TYPE_CHECKING:
    from conftest import ToneEngine


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_whole_work_of_a_script(folder: Path) -> None:
    panel = tune("Welcome back to the channel.", voice="espeak:en-us")
    first = panel.generate()
    fast = panel.generate(rate=220)
    assert fast.duration < first.duration
    assert [one.take for one in panel.takes] == [fast, first]
    panel.star(fast)
    panel.note(fast, "lively")
    preset = panel.keep("narrator", note="for the channel")
    assert preset == Preset.load(folder / "presets" / "narrator.toml")
    assert preset.note == "for the channel"
    short, spelt = panel.code.splitlines()
    assert short == 'wb.speak("Welcome back to the channel.", voice="narrator")'
    for line in (short, spelt):
        said = eval(line, {"wb": wb})  # noqa: S307 - what it says is tried
        assert said.audio == fast.audio
    again = tune(voice="narrator")
    assert again.settings.options == panel.settings.options
    assert (again.name, Tuner.load("narrator").name) == ("narrator", "narrator")
    assert Tuner.load(folder / "presets" / "narrator.toml").settings == again.settings


def test_a_preset_is_said_by_its_name_from_the_start(folder: Path) -> None:
    voice = Voice.parse("espeak:en-us")
    Preset(name="narrator", voice=voice, options={"rate": 155, "pitch": 40}).save()
    panel = tune("Hello.", voice="narrator")
    assert panel.calls[0] == 'wb.speak("Hello.", voice="narrator")'
    assert panel.opened == "narrator (espeak:en-us, rate 155, pitch 40)"
    panel.change(rate=200)
    assert panel.code == 'wb.speak("Hello.", voice="espeak:en-us", rate=200, pitch=40)'
    assert (panel.calls, panel.opened) == ([panel.code], "")
    panel.open_preset("narrator")
    assert panel.code.startswith('wb.speak("Hello.", voice="narrator")\n')
    # Others of that name, and options on top, are not what is in the file.
    assert tune("Hello.", voice="narrator", rate=90).opened == ""
    assert tune("Hello.", voice=Preset(name="narrator", voice=voice)).opened == ""
    (folder / "presets" / "narrator.toml").write_text("voice = ")
    assert tune("Hello.", voice=Preset(name="narrator", voice=voice)).opened == ""


def test_a_text_too_long_to_speak_is_kept() -> None:
    panel = tune("a " * 30_000, voice="espeak:es")
    with pytest.raises(TextError, match="60,000 letters, and at most 50,000 are spoken at once"):
        panel.generate()
    with pytest.raises(ParameterError, match="1,000,000"):
        panel.change(text="a" * 1_000_001)
    assert len(panel.settings.text) == 60_000


def test_a_text_is_not_needed() -> None:
    assert tune(voice="espeak:es").settings.text.startswith("Hola de nuevo")
    assert tune("  ").settings.text.startswith("Welcome")


@pytest.mark.parametrize(
    ("how", "error", "told"),
    [
        ({"voice": "espeak:en-uss"}, VoiceNotFound, "did you mean 'en-us'"),
        ({"voice": "narator"}, VoiceNotFound, "did you mean 'narrator'"),
        ({"voice": "esppeak:en"}, EngineNotFound, "did you mean 'espeak'"),
        ({"raet": 3}, ParameterError, "did you mean 'rate'"),
        ({"rate": "fast"}, ParameterError, "80 to 450"),
    ],
)
def test_what_is_wrong_is_refused_with_the_nearest(
    folder: Path, how: dict[str, Any], error: type, told: str
) -> None:
    Preset(name="narrator", voice=Voice.parse("espeak:es")).save()
    with pytest.raises(error, match=told):
        tune("Hello.", **how)


def test_the_same_settings_are_spoken_and_listed_once(tone: ToneEngine) -> None:
    panel = tune("One two three.", voice="tone:high", seed=5)
    first = panel.generate()
    second = panel.generate(pace=60)
    again = panel.generate(pace=100)
    assert [one.id for one in panel.takes] == [1, 2]
    assert again == first
    assert (len(tone.calls), tone.seeds) == (2, [5, 5])
    assert second is panel.takes[1].take
    assert [row["id"] for row in panel.listed] == [1, 2]


def test_a_failed_take_changes_nothing_and_raises(tone: ToneEngine) -> None:
    panel = tune("One.", voice="tone:high")
    panel.generate()
    with pytest.raises(ParameterError, match="pace"):
        panel.generate(pace=9)
    with pytest.raises(TextError, match="no words"):
        panel.generate(text="  ")
    assert len(panel.takes) == 1
    assert not panel.busy
    panel.undo()
    assert panel.generate().text == "One."


def test_undo_and_redo_of_what_a_person_does(tone: ToneEngine) -> None:
    panel = tune("One.", voice="tone:high")
    panel.generate()
    panel.delete(1)
    assert not panel.takes
    assert panel.listed == []
    panel.undo()
    assert [one.id for one in panel.takes] == [1]
    panel.redo()
    assert panel.takes == ()
    panel.restore(1)
    assert panel.marks == {}
    panel.star(1)
    assert panel.marks == {"1": {"star": True, "note": ""}}
    panel.star(1, on=False)
    assert panel.marks == {}
    panel.change(pace=60)
    panel.use(1)
    assert panel.settings.effective["pace"] == 100
    panel.change(pace=60, mood="loud")
    panel.reset("pace")
    assert dict(panel.settings.options) == {"mood": "loud"}
    assert panel.steps == {"undo": True, "redo": False}


def test_another_engine_speaks_the_same_language_where_it_can(tone: ToneEngine) -> None:
    panel = tune("One.", voice="espeak:en-us")
    panel.change_engine("tone")
    assert str(panel.settings.voice) == "tone:high"
    assert [control["name"] for control in panel.controls] == ["pace", "mood"]
    assert [voice["name"] for voice in panel.voices] == ["high", "low"]
    assert panel.chosen["seeded"]
    panel.undo()
    assert panel.controls[0]["name"] == "rate"
    panel.change(voice="espeak:es")
    panel.change_engine("kokoro")
    assert str(panel.settings.voice) == "kokoro:ef_dora"
    with pytest.raises(EngineNotFound):
        panel.change_engine("nobody")


def test_voices_are_blended_where_the_engine_can() -> None:
    panel = tune("Hello.", voice="kokoro:af_heart")
    assert panel.chosen["blend"] == {"af_heart": 1.0}
    panel.blend({"af_heart": 3, "bf_emma": 1})
    assert panel.settings.voice.name == "af_heart*0.75+bf_emma*0.25"
    assert panel.chosen["blend"] == {"af_heart": 0.75, "bf_emma": 0.25}
    assert panel.code == 'wb.speak("Hello.", voice="kokoro:af_heart*0.75+bf_emma*0.25")'
    with pytest.raises(VoiceNotFound):
        panel.blend({"af_heart": 3, "bf_emna": 1})
    espeak = tune("Hello.", voice="espeak:es")
    assert espeak.chosen["blend"] == {}
    with pytest.raises(VoiceNotFound):
        espeak.blend({"es": 1, "fr": 1})


def test_a_preset_is_not_written_over_unasked(folder: Path) -> None:
    panel = tune("Hello.", voice="espeak:es")
    panel.keep("narrator")
    before = (folder / "presets" / "narrator.toml").read_bytes()
    panel.change(rate=120)
    with pytest.raises(StorageError, match=r"narrator\.toml: there is a preset of that name"):
        panel.keep("narrator")
    assert (folder / "presets" / "narrator.toml").read_bytes() == before
    assert panel.keep("narrator", replace=True).options == {"rate": 120}
    assert panel.presets == ["narrator"]


@pytest.mark.parametrize("name", ["", "../evil", "a/b", "a:b", ".hidden", "x" * 70, "a\nb"])
def test_a_preset_is_never_written_elsewhere(folder: Path, name: str) -> None:
    with pytest.raises(ParameterError):
        tune("Hello.", voice="espeak:es").keep(name)
    assert list(folder.iterdir()) == []


def test_a_take_is_kept_with_the_settings_that_made_it(folder: Path) -> None:
    panel = tune("Hello.", voice="espeak:es")
    panel.generate(rate=120)
    panel.generate(rate=200, pitch=20)
    preset = panel.keep("slow", 1, folder="voices")
    assert preset.options == {"rate": 120}
    assert panel.settings.options == {"rate": 120}
    assert panel.code.splitlines()[0] == (
        'wb.speak("Hello.", voice=wb.Preset.load("voices/slow.toml"))'
    )
    assert panel.kept == {"name": "slow", "path": str(Path("voices/slow.toml")), "code": panel.code}
    panel.change(pitch=60)
    assert panel.code == 'wb.speak("Hello.", voice="espeak:es", rate=120, pitch=60)'


def test_the_table_has_what_each_take_measures(folder: Path) -> None:
    panel = tune("Hello, world.", voice="espeak:en-us")
    slow = panel.generate(rate=120)
    panel.generate(rate=240)
    table = panel.table()
    assert [row.label for row in table] == ["2: rate 240", "1: rate 120"]
    assert table[1].measures.loudness == measure(slow).loudness
    assert (table[0].measures.rate or 0) > (table[1].measures.rate or 0)
    assert table[0].measures.rtf is not None
    assert panel.measured["1"]["duration"] == f"{slow.duration:.2f}"
    panel.delete(1)
    assert len(panel.table()) == 1


def test_two_takes_are_compared_blind() -> None:
    panel = tune("Hello, world.", voice="espeak:en-us")
    panel.generate(rate=120)
    panel.generate(rate=240)
    session = panel.compare(1, 2, rounds=4, seed=3)
    assert session.labels == ("1: rate 120", "2: rate 240")
    assert len(session.trials) == 4
    with pytest.raises(ParameterError, match="needs two takes"):
        panel.compare(1, 1)
    with pytest.raises(ParameterError, match="there is no take 7"):
        panel.compare(1, 7)


def test_a_voice_is_heard_in_its_own_language(tone: ToneEngine) -> None:
    panel = tune("One.", voice="tone:high", pace=60)
    take = panel.audition("low")
    assert (str(take.voice), take.text, take.options["pace"]) == (
        "tone:low",
        "Welcome back. Here is what we found today.",
        100,
    )
    assert panel.audition("tone:low") is take
    assert panel.audition("espeak:es").text.startswith("Hola")
    assert panel.takes == ()
    with pytest.raises(VoiceNotFound, match="did you mean 'low'"):
        panel.audition("loww")


def test_a_click_does_the_same_in_a_thread(tone: ToneEngine) -> None:
    panel = tune("One two.", voice="tone:high")
    panel.start()
    assert panel.wait(30)
    assert panel.error == ""
    (one,) = panel.takes
    assert one.measures is not None
    assert panel.measured["1"]
    panel.change(text=" ")
    panel.start()
    assert panel.wait(30)
    assert "has no words" in panel.error


def test_stop_frees_the_panel_while_an_engine_goes_on(
    tone: ToneEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go = threading.Event(), threading.Event()
    whole = tone.synthesize

    def slow(*args: Any, **how: Any) -> Any:
        begun.set()
        go.wait(60)
        return whole(*args, **how)

    monkeypatch.setattr(tone, "synthesize", slow)
    panel = tune("A line that is never heard.", voice="tone:high")
    free = threading.Event()
    panel.observe(lambda change: None if change.new else free.set(), "busy")
    panel.start()
    assert begun.wait(30)
    panel.stop()
    assert free.wait(30)
    thread = panel._task._thread
    go.set()
    assert thread is not None
    thread.join(30)
    assert (panel.takes, panel.error) == ((), "")


def test_the_state_is_small_and_holds_no_media(tone: ToneEngine) -> None:
    """The old display kept whole recordings in the notebook's state."""
    panel = tune("One two three.", voice="tone:high")
    for i in range(100):
        panel.generate(pace=50 + i)
    state = {k: v for k, v in panel.get_state().items() if k not in {"_esm", "_css"}}
    listed = state["listed"]
    assert len(listed) == 100
    assert all(len(row["clip"]["peaks"]) <= 1200 for row in listed)
    assert len(repr({k: v for k, v in state.items() if k != "listed"})) < 60_000
    rest = [{**row, "clip": {**row["clip"], "peaks": b""}} for row in listed]
    assert len(repr(rest)) < 60_000


def test_the_twin_has_code_takes_and_sound(folder: Path) -> None:
    panel = tune("Tom & <b>Jerry</b>.", voice="espeak:en-us")
    panel.generate()
    for rate in (120, 140, 160, 180, 200):
        panel.generate(rate=rate)
    panel.star(1)
    panel.note(2, "<i>good</i>")
    html = panel.twin()
    assert html.count("<audio") == 4  # the starred one and the newest three
    assert html.count("<img") == 4  # no kernel draws their outlines
    assert html.count("★") == 1
    assert "&lt;i&gt;good&lt;/i&gt;" in html
    assert "<b>" not in html
    assert "LUFS" in html
    assert "voice=&quot;espeak:en-us&quot;, rate=200" in html
    panel.keep("narrator", 2)
    assert panel.twin().count("<audio") == 5
    data, metadata = panel.still()
    assert data["text/plain"].startswith('Tuner: wb.speak("Tom & <b>')
    assert metadata["image/png"]["width"] == 720
    assert tune("Hello.").still()[1] == {}


def test_the_twin_keeps_within_its_budget(
    tone: ToneEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Noise, whose MP3 are the largest, and more of it than there is room for."""
    assert EMBED_LIMIT == 2_000_000
    monkeypatch.setattr(tuner_twin, "EMBED_LIMIT", 60_000)
    panel = tune("One.", voice="tone:high")
    rng = np.random.default_rng(1)
    for i in range(6):
        noise = Audio(samples=rng.uniform(-1, 1, 48_000).astype(np.float32), rate=24_000)
        take = Take(text="One.", audio=noise, words=(), voice=panel.settings.voice)
        panel._add(panel.settings.changed(pace=60 + i), Spoken(take=take, seconds=None))
        panel.star(i + 1)
    html = panel.twin()
    assert 1 <= html.count("<audio") < 6
    assert html.count("<tr>") == 7
    assert len(html) < 66_000
    monkeypatch.setattr(tuner_twin, "EMBED_LIMIT", 12_000)  # not enough for one of them
    assert panel.twin().count("<audio") == 0
