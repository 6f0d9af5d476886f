"""The speaking of a sweep: serial or parallel, stopped and gone on with, failures kept."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import workbench as wb
from tests.conftest import ToneEngine
from workbench.engines.base import Capabilities
from workbench.errors import Cancelled, ModelError, TextError
from workbench.speech import sweeping
from workbench.speech.measure import measure
from workbench.speech.sweep import sweep
from workbench.speech.sweep_task import Task
from workbench.speech.sweep_worker import SweepProcess
from workbench.text.lexicon import Lexicon

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workbench.speech.variants import Sweep

HELLO = "Hello, world: 25 words."


@pytest.fixture
def fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of takes."""
    folder = tmp_path / "takes"
    monkeypatch.setenv("WORKBENCH_CACHE", str(folder))
    return folder


@pytest.fixture
def processes(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[SweepProcess]]:
    """The processes that were started; none of them may be left."""
    started: list[SweepProcess] = []

    class Counted(SweepProcess):
        def __init__(self, setting) -> None:
            super().__init__(setting)
            started.append(self)

    monkeypatch.setattr(sweeping, "SweepProcess", Counted)
    yield started
    assert not any(process.alive for process in started)


def content(found: Sweep) -> list[tuple]:
    return [(v.label, dict(v.settings), v.take.describe(), v.take.audio.digest()) for v in found]


# -- serial and parallel --------------------------------------------------------------------------


def test_many_processes_say_the_same_as_one(processes):
    grid = {"voices": ["espeak:en-us", "espeak:es"], "rate": [150, 200], "pitch": [30, 50, 70]}
    alone = sweep(HELLO, jobs=1, cache=False, measure=False, **grid)
    assert processes == []
    together = sweep(HELLO, jobs=3, cache=False, measure=False, **grid)
    assert len(processes) == 2  # this process speaks, too
    assert content(together) == content(alone)
    assert len({digest for *_, digest in content(alone)}) == 12


@pytest.mark.parametrize("normalize", [False, {"numbers": False}])
def test_processes_are_told_of_all_that_matters(normalize):
    """A lexicon and the rules of the text: nothing stays behind."""
    words = Lexicon(words={"en": {"world": "wurld", "hello": "yellow"}})
    task = Task(text=HELLO, normalize=normalize, lexicon=words, measure=False)
    process = SweepProcess(task.to_dict())
    try:
        choice = {"voice": "espeak:en-us", "options": {"rate": 200}, "seed": None}
        there, measures = process.speak(choice)
        again, _ = process.speak({**choice, "options": {"rate": 300}})
    finally:
        process.close()
    here, _ = task.speak("espeak:en-us", {"rate": 200}, None)
    assert there == here
    assert there.about == here.about
    assert measures is None
    assert ("wurld" in there.spoken) == (normalize is not False)
    assert "25" in (there.spoken or there.text)
    assert again.duration < there.duration


def test_a_sweep_in_a_script_without_a_guard_runs_the_script_once(tmp_path: Path):
    """`multiprocessing` would run it again in each process."""
    script = tmp_path / "try.py"
    script.write_text(
        "from workbench.speech.sweep import sweep\n"
        "found = sweep('Hello.', rate=[120, 240], jobs=2, cache=False, measure=False)\n"
        "print('ran', len(found))\n"
    )
    told = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, check=True, timeout=60
    )
    assert (told.stdout, told.stderr) == ("ran 2\n", "")


def test_a_small_sweep_starts_no_process(processes, fresh):
    sweep(HELLO, rate=range(100, 200, 10), measure=False)
    assert processes == []


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What a variant takes by the clock: the first of the list, seconds."""
    now, pace = [0.0], [0.0]

    def monotonic() -> float:
        now[0] += pace[0]
        return now[0]

    monkeypatch.setattr(sweeping, "monotonic", monotonic)
    return pace


def test_help_comes_when_what_is_left_is_worth_it(processes, fresh, monkeypatch, clock):
    monkeypatch.setattr(sweeping, "threads", lambda: 2)
    clock[0] = 0.2  # 6 left after 4, of 0.2 s each: 1.2 s
    sweep(HELLO, rate=range(100, 200, 10), measure=False)
    assert processes == []
    clock[0] = 0.3
    sweep(HELLO, rate=range(200, 300, 10), measure=False)
    assert len(processes) == 1


def test_one_core_gets_no_help(processes, fresh, monkeypatch, clock):
    monkeypatch.setattr(sweeping, "threads", lambda: 1)
    clock[0] = 10.0
    sweep(HELLO, rate=range(100, 200, 10), measure=False)
    assert processes == []


def test_an_engine_with_a_model_speaks_one_line_after_another(tone, processes, monkeypatch):
    busy, most = [0], [0]
    plain = tone.synthesize

    def synthesize(*given, **named):
        busy[0] += 1
        most[0] = max(most[0], busy[0])
        try:
            return plain(*given, **named)
        finally:
            busy[0] -= 1

    monkeypatch.setattr(tone, "synthesize", synthesize)
    found = sweep("ab", voices="tone:high", seeds=range(20), jobs=4, cache=False, measure=False)
    assert [v.seed for v in found] == list(range(20))
    assert most == [1]
    assert processes == []


def test_an_engine_over_a_network_is_asked_several_lines_at_once(tone, processes, monkeypatch):
    monkeypatch.setattr(
        ToneEngine, "capabilities", Capabilities(rate=8000, seeded=True, network=True)
    )
    together = threading.Barrier(3, timeout=20)
    plain = tone.synthesize

    def synthesize(*given, **named):
        together.wait()  # breaks when fewer than three come
        return plain(*given, **named)

    monkeypatch.setattr(tone, "synthesize", synthesize)
    found = sweep("ab", voices="tone:high", seeds=range(6), jobs=3, cache=False, measure=False)
    assert [v.take.seed for v in found] == list(range(6))
    assert processes == []


def test_engines_of_each_kind_may_be_swept_together(tone, processes):
    found = sweep("ab", voices=["tone:high", "espeak:es", "tone:low"], jobs=2, measure=False)
    assert [str(v.take.voice) for v in found] == ["tone:high", "espeak:es", "tone:low"]


# -- again, and only what is missing --------------------------------------------------------------


def test_a_sweep_that_is_run_again_speaks_only_what_is_new(tone, fresh):
    first = sweep("ab", voices="tone:high", seeds=[1, 2], pace=[50, 60], measure=False)
    assert len(tone.calls) == 4
    tone.calls.clear()
    again = sweep("ab", voices="tone:high", seeds=[1, 2], pace=[50, 60, 70], measure=False)
    assert len(tone.calls) == 2
    kept = {v.label: v.take for v in first}
    assert {v.label: v.take for v in again if v.label in kept} == kept


def test_without_the_cache_all_is_spoken_each_time(tone, fresh):
    for _ in range(2):
        sweep("ab", voices="tone:high", pace=[50, 60], cache=False, measure=False)
    assert len(tone.calls) == 4
    assert not fresh.exists()


def test_a_sweep_that_is_stopped_goes_on_where_it_was(tone, fresh):
    cancel = threading.Event()
    grid = {"voices": "tone:high", "seeds": range(10), "measure": False}
    with pytest.raises(Cancelled, match=r"sweep: stopped after 3 of 10 variants; .* run it again"):
        sweep("ab", cancel=cancel, progress=lambda done: done > 0.25 and cancel.set(), **grid)
    assert tone.seeds == [0, 1, 2]
    sweep("ab", **grid)
    assert tone.seeds == list(range(10))


def test_stopping_ends_the_processes_at_once(processes, fresh):
    cancel, told = threading.Event(), []

    def report(done: float) -> None:
        told.append(done)
        if len(told) == 8:
            cancel.set()

    grid = {"rate": range(100, 200), "measure": False}
    with pytest.raises(Cancelled):
        sweep(HELLO, jobs=2, progress=report, cancel=cancel, **grid)
    assert len(told) < 12
    assert len(processes) == 1
    kept = len(list(fresh.glob("??/*.npz")))
    assert 8 <= kept <= 12
    found = sweep(HELLO, jobs=1, **grid)
    assert len(found) == 100


def test_a_stop_reaches_a_helper_in_the_middle_of_a_line(processes, monkeypatch):
    """The last variant is with a process that never answers."""
    cancel = threading.Event()
    asked = threading.Event()

    def speak(self, choice):
        asked.set()
        cancel.set()
        os.kill(self._process.pid, signal.SIGSTOP)
        return SweepProcess.speak(self, choice)

    monkeypatch.setattr(sweeping.SweepProcess, "speak", speak)
    plain = sweeping._Work.attempt
    monkeypatch.setattr(sweeping._Work, "attempt", lambda *given: asked.wait(30) and plain(*given))
    with pytest.raises(Cancelled):
        sweep(HELLO, rate=[100, 200], jobs=2, cache=False, cancel=cancel, measure=False)


def test_an_interrupt_leaves_no_process(processes, fresh):
    def report(done: float) -> None:
        if done > 0.1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sweep(HELLO, rate=range(100, 140), jobs=2, progress=report, measure=False)
    assert len(processes) == 1


def test_a_process_ends_with_the_one_that_started_it():
    code = (
        "import os, signal\n"
        "from workbench.speech.sweep_task import Task\n"
        "from workbench.speech.sweep_worker import SweepProcess\n"
        "process = SweepProcess(Task(text='Hello.', measure=False).to_dict())\n"
        "process.speak({'voice': 'espeak:es', 'options': {}, 'seed': None})\n"
        "print(process._process.pid, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    told = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert told.returncode == -signal.SIGKILL
    pid = int(told.stdout)
    waiting = threading.Event()
    for _ in range(600):
        state = Path(f"/proc/{pid}/stat")
        with contextlib.suppress(OSError):
            if state.read_text().rpartition(")")[2].split()[0] != "Z":
                waiting.wait(0.05)
                continue
        break
    else:
        pytest.fail("the process is still there")


# -- what fails -----------------------------------------------------------------------------------


@pytest.fixture
def faulty(tone, monkeypatch: pytest.MonkeyPatch) -> ToneEngine:
    """An engine that fails with seed 2, and breaks with seed 3."""
    plain = tone.synthesize

    def synthesize(text, *, voice, options=None, seed=None):
        if seed == 2:
            raise ModelError("ran away", subject="tone", cure="try another seed")
        if seed == 3:
            raise RuntimeError("cu<b>da")
        return plain(text, voice=voice, options=options, seed=seed)

    monkeypatch.setattr(tone, "synthesize", synthesize)
    return tone


def test_a_variant_that_fails_is_kept_and_stops_no_other(faulty):
    found = sweep("ab", voices="tone:high", seeds=[1, 2, 3, 4], cache=False, measure=False)
    assert [v.take is not None for v in found] == [True, False, False, True]
    assert str(found[1].error) == "tone: ran away; try another seed"
    assert str(found[2].error) == "tone:high: failed (RuntimeError: cu<b>da)"
    assert isinstance(found[2].error, ModelError)
    assert [v.label for v in found.failed] == ["seed 2", "seed 3"]
    assert list(found.takes) == ["seed 1", "seed 4"]
    assert repr(found) == "Sweep(4 variants of 'ab' by seed, 2 failed)"


def test_when_all_fail_the_first_error_is_raised(faulty):
    with pytest.raises(ModelError, match="ran away") as caught:
        sweep("ab", voices="tone:high", seeds=[2, 3], cache=False, measure=False)
    assert caught.value.__notes__ == ["all 2 variants of the sweep failed; this is the first's"]


def test_errors_of_a_process_are_of_their_own_kind():
    process = SweepProcess(Task(text="...", measure=False).to_dict())
    try:
        choice = {"voice": "espeak:es", "options": {}, "seed": None}
        with pytest.raises(TextError):
            process.speak(choice)
    finally:
        process.close()


def test_a_process_that_dies_takes_one_variant_with_it(processes, monkeypatch):
    """Another is started for the next; this process leaves the speaking to them."""
    plain = sweeping.SweepProcess.speak
    killed = []

    def speak(self, choice):
        if choice["options"]["rate"] == 120:
            killed.append(self)
            self._process.kill()
        return plain(self, choice)

    monkeypatch.setattr(sweeping.SweepProcess, "speak", speak)
    found_all = threading.Event()
    here = sweeping._Work.attempt

    def attempt(self, place, cancel):
        assert found_all.wait(60)
        return here(self, place, cancel)

    def report(done: float) -> None: ...

    monkeypatch.setattr(sweeping._Work, "attempt", attempt)
    put = sweeping._Helper._by_process

    def counted(self, place):
        outcome = put(self, place)
        if place == 4:
            found_all.set()
        return outcome

    monkeypatch.setattr(sweeping._Helper, "_by_process", counted)
    found = sweep(
        HELLO, rate=[100, 110, 120, 130, 140], jobs=2, cache=False, progress=report, measure=False
    )
    assert len(killed) == 1
    assert len(processes) == 2
    (failed,) = found.failed
    assert failed.options == {"rate": 120}
    assert "sweep: its process ended with status -9; what it last said: nothing" in str(
        failed.error
    )


def test_a_helper_that_breaks_breaks_the_sweep(monkeypatch):
    def refuse(setting):
        raise OSError("no more processes")

    monkeypatch.setattr(sweeping, "SweepProcess", refuse)
    with pytest.raises(OSError, match="no more processes"):
        sweep(HELLO, rate=range(100, 200), jobs=2, cache=False, measure=False)


# -- progress -------------------------------------------------------------------------------------


@pytest.mark.parametrize("jobs", [1, 2])
def test_progress_is_told_after_each_variant_in_the_caller_s_thread(jobs: int):
    told, where = [], set()

    def report(done: float) -> None:
        told.append(done)
        where.add(threading.current_thread())

    sweep(HELLO, rate=[150, 160, 170, 180], jobs=jobs, progress=report, measure=False)
    assert told == [0.25, 0.5, 0.75, 1.0]
    assert where == {threading.main_thread()}


def test_many_variants_show_a_bar_and_few_do_not(tone, monkeypatch):
    import importlib

    module = importlib.import_module("workbench.speech.sweep")
    shown = []

    @contextlib.contextmanager
    def bar(title: str):
        shown.append(title)
        yield shown.append

    monkeypatch.setattr(module, "bar", bar)
    sweep("ab", voices="tone:high", seeds=range(24), measure=False)
    assert shown == []
    sweep("ab", voices="tone:high", seeds=range(25), measure=False)
    assert shown[0] == "sweeping"
    assert shown[-1] == 1.0


def test_the_take_is_the_one_that_speak_makes(fresh):
    found = sweep("It is 25 °C.", voices="espeak:en-gb", rate=[150], measure=False)
    told = wb.speak("It is 25 °C.", "espeak:en-gb", rate=150, cache=False).parts[0].take
    assert replace(found[0].take, about={}) == replace(told, about={})


# -- what it measures -----------------------------------------------------------------------------


def test_takes_are_measured_alike_here_and_in_a_process(processes):
    grid = {"rate": [150, 200, 250, 300], "cache": False}
    alone = sweep(HELLO, jobs=1, **grid)
    together = sweep(HELLO, jobs=2, **grid)
    assert len(processes) == 1
    assert [v.measures for v in alone] == [measure(v.take) for v in alone]
    # How long it took is another time each time.
    timeless = [[replace(v.measures, rtf=None) for v in one] for one in (alone, together)]
    assert timeless[0] == timeless[1]
    assert alone[0].measures.pitch is not None


def test_without_measures_nothing_is_measured():
    assert sweep(HELLO, measure=False)[0].measures is None


def test_a_listener_tells_of_letters_that_are_unlike(tiny_whisper, processes):
    text = "Red green blue seven play stop white nine."
    found = sweep(text, rate=[150, 200], jobs=2, listener=f"stt:{tiny_whisper.name}")
    assert all(v.measures.cer < 0.2 for v in found)
    assert processes == []  # a recogniser computes on every core, too
