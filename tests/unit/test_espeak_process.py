"""The library behind espeak, and the process that holds it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from workbench.engines.espeak import install as espeak_install
from workbench.engines.espeak import process as espeak_process
from workbench.engines.espeak import worker as espeak_worker
from workbench.engines.espeak.engine import EspeakEngine, EspeakOptions
from workbench.engines.espeak.library import RATE, loaded
from workbench.errors import EngineMissing, ModelError, TextError

TEXT = "Una mañana más, la luna no iba a bajar."
LONG = "la casa de la abuela, " * 400


@pytest.fixture
def engine():
    return EspeakEngine()


@pytest.fixture
def fresh(engine):
    """An engine whose worker is started by the test, and ended after it."""
    engine.unload()
    yield engine
    engine.unload()


def say(text: str, **options: object):
    return EspeakEngine().synthesize(text, voice="es", options=EspeakOptions(**options)).audio


# -- the library ------------------------------------------------------------------------------


def test_too_much_sound_is_refused(monkeypatch):
    """20,000 foreign letters, spelled out, are ten hours: 6 GB as samples."""
    monkeypatch.setattr(espeak_worker, "_LONGEST", 1)
    answers: list[bytes] = []
    with pytest.raises(TextError, match="more than 1 s"):
        espeak_worker._speak(
            *espeak_process.locate(),
            answers.append,
            text=TEXT,
            spans=[(0, len(TEXT), False)],
            voice="roa/es",
            settings=EspeakOptions().to_dict(),
        )
    assert 0 < len(b"".join(answers)) <= 2 * RATE


def test_what_a_callback_raises_is_raised_outside():
    """ctypes prints an exception in a callback and goes on as if nothing were."""
    calls = []

    def sound(piece: bytes) -> None:
        calls.append(piece)
        raise LookupError("enough")

    with loaded(*espeak_process.locate()) as library:
        library.choose("roa/es")
        with pytest.raises(LookupError, match="enough"):
            library.synthesize(LONG, sound)
    assert len(calls) == 1


def test_a_voice_or_parameter_it_refuses():
    with loaded(*espeak_process.locate()) as library:
        assert not library.choose("no-such-voice")
        with pytest.raises(ModelError, match="parameter 999"):
            library.set(999, 1)


@pytest.mark.faults
def test_data_in_a_deep_folder_are_found(tmp_path):
    """The library keeps 160 bytes of the path, and without DONT_EXIT it ended the process."""
    path, data = espeak_process.locate()
    deep = tmp_path / ("d" * 100) / ("e" * 100)
    deep.mkdir(parents=True)
    (deep / "espeak-ng-data").symlink_to(data)
    # In a process of its own: whoever loaded the library before has set where its data lie.
    code = (
        "from workbench.engines.espeak.library import loaded\n"
        f"with loaded({path!r}, {str(deep / 'espeak-ng-data')!r}) as library:\n"
        "    print(library.choose('roa/es'), library.phonemes('hola'))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "True [3]\n"


def test_data_that_are_not_there_are_missing(tmp_path):
    path, _ = espeak_process.locate()
    code = (
        "from workbench.engines.espeak.library import loaded\n"
        "from workbench.errors import EngineMissing\n"
        "try:\n"
        f"    with loaded({path!r}, {str(tmp_path)!r}):\n"
        "        pass\n"
        "except EngineMissing as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "data" in done.stdout


def test_a_library_that_is_none_is_missing(tmp_path):
    (tmp_path / "lib.so").write_bytes(b"\x7fELF nothing")
    with (
        pytest.raises(EngineMissing, match="cannot be loaded"),
        loaded(str(tmp_path / "lib.so"), None),
    ):
        pass


@pytest.mark.faults
def test_without_the_wheel_the_systems_library_speaks(fresh, monkeypatch):
    path, data = espeak_process.locate()
    expected = say(TEXT)
    fresh.unload()
    monkeypatch.setitem(sys.modules, "espeakng_loader", None)
    monkeypatch.setattr(
        "ctypes.util.find_library", lambda name: path if name == "espeak-ng" else None
    )
    monkeypatch.setenv("ESPEAK_DATA_PATH", data)
    assert espeak_process.locate() == (path, None)
    assert say(TEXT) == expected
    assert espeak_install.data_folder() == Path(data)


def test_without_any_library_the_error_says_what_to_install(fresh, monkeypatch):
    monkeypatch.setitem(sys.modules, "espeakng_loader", None)
    monkeypatch.setattr("ctypes.util.find_library", lambda _: None)
    with pytest.raises(EngineMissing, match="pip install espeakng-loader"):
        fresh.synthesize("Hola.", voice="es")


def test_the_version_is_that_of_library_and_data(fresh, monkeypatch, tmp_path):
    """Another dictionary is other speech, and must not be taken from the cache."""
    before = fresh.version
    assert before.startswith("1.")
    data = Path(espeak_process.locate()[1])
    for file in data.rglob("*"):
        if file.is_file():
            mirrored = tmp_path / file.relative_to(data)
            mirrored.parent.mkdir(parents=True, exist_ok=True)
            mirrored.symlink_to(file)
    monkeypatch.setattr("espeakng_loader.get_data_path", lambda: str(tmp_path))
    fresh.unload()
    assert fresh.version == before
    (tmp_path / "es_dict").unlink()
    (tmp_path / "es_dict").write_bytes((data / "es_dict").read_bytes() + b"\x00")
    fresh.unload()
    assert fresh.version != before
    assert fresh.version.split("+")[0] == before.split("+")[0]


# -- the worker -------------------------------------------------------------------------------


def worker_pid() -> int:
    assert espeak_process._worker is not None
    return espeak_process._worker._process.pid


def test_importing_starts_nothing():
    code = (
        "import sys, workbench, workbench.engines.espeak.engine\n"
        "from workbench.engines.espeak import process\n"
        "workbench.engines.espeak.engine.EspeakEngine()\n"
        "assert process._worker is None\n"
        "assert 'espeakng_loader' not in sys.modules\n"
        "assert 'importlib.metadata' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.faults
def test_a_crash_in_the_library_is_an_error_that_names_the_text(engine):
    """In this process it would have ended the kernel."""
    stream = engine.stream(LONG, voice="es")
    next(stream)
    os.kill(worker_pid(), signal.SIGSEGV)
    with pytest.raises(ModelError, match=r"^la casa de la .*was ended by SIGSEGV"):
        list(stream)
    assert say("Hola.").duration > 0.3


@pytest.mark.faults
def test_a_worker_that_was_ended_while_idle_is_replaced(engine):
    expected = say("Hola.")
    pid = worker_pid()
    os.kill(pid, signal.SIGKILL)
    espeak_process._worker._process.wait()
    assert say("Hola.") == expected
    assert worker_pid() != pid


@pytest.mark.faults
def test_a_worker_that_hangs_is_ended(engine, monkeypatch):
    say("Hola.")
    monkeypatch.setattr(espeak_process, "_SILENCE", 0.2)
    os.kill(worker_pid(), signal.SIGSTOP)
    with pytest.raises(ModelError, match=r"no sign of life"):
        say("Hola.")
    monkeypatch.undo()
    assert say("Hola.").duration > 0.3


@pytest.mark.faults
def test_a_fault_in_the_worker_is_told_with_its_reason():
    with pytest.raises(ModelError, match="KeyError: 'nonsense'"):
        espeak_process.ask({"task": "nonsense"})


@pytest.fixture
def ctrl_c():
    """Press Ctrl-C, which a process started in the background ignores."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield lambda: signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
    signal.signal(signal.SIGINT, before)


@pytest.mark.faults
def test_ctrl_c_ends_the_speech_and_leaves_a_working_engine(engine, monkeypatch, ctrl_c):
    real = espeak_process._Worker.converse

    def interrupted(self, request, sound, stop):
        def sound_then_interrupt(piece):
            sound(piece)
            monkeypatch.undo()
            ctrl_c()

        return real(self, request, sound_then_interrupt, stop)

    say("Hola.")
    monkeypatch.setattr(espeak_process._Worker, "converse", interrupted)
    with pytest.raises(KeyboardInterrupt):
        engine.synthesize(LONG, voice="es")
    assert say("Hola.").duration > 0.3


@pytest.mark.faults
def test_ctrl_c_in_the_terminal_does_not_reach_the_worker():
    say("Hola.")
    assert os.getpgid(worker_pid()) != os.getpgid(0)


def test_a_stream_closed_early_ends_its_speech(engine):
    stream = engine.stream(LONG, voice="es")
    first = next(stream)
    assert 0 < first.duration < 0.5
    stream.close()
    assert espeak_process._worker is None
    assert not espeak_process._lock.locked()
    assert say("Hola.").duration > 0.3


def test_a_stream_never_started_starts_nothing(fresh):
    fresh.find_voice("es")
    espeak_process.end()
    stream = fresh.stream(LONG, voice="es")
    del stream
    assert espeak_process._worker is None


@pytest.mark.faults
def test_ctrl_c_is_heard_while_another_speech_has_the_worker(monkeypatch, ctrl_c):
    class Busy:
        asked = 0  # a thousand times is a second

        def acquire(self, timeout):
            self.asked += 1
            if self.asked == 3:
                ctrl_c()
            assert self.asked < 1000
            time.sleep(0.001)
            return False

    busy = Busy()
    monkeypatch.setattr(espeak_process, "_lock", busy)
    with pytest.raises(KeyboardInterrupt):
        espeak_process.ask({"task": "info"})
    assert busy.asked < 1000


def test_nothing_is_printed(engine, capfd):
    engine.synthesize("Hola 漢字 ⅇ кот ሰላም.", voice="es", options=EspeakOptions(variant="klatt"))
    engine.voices()
    assert capfd.readouterr() == ("", "")


def test_what_the_library_prints_is_not_taken_for_an_answer():
    """1.52 has printf calls for phonemes it does not know."""
    say("Hola.")
    outlet = Path(f"/proc/{worker_pid()}/fd/1")
    if not outlet.exists():
        pytest.skip("this system does not show a process's files")
    assert str(outlet.readlink()) == os.devnull


@pytest.mark.faults
def test_a_forked_child_speaks_with_a_worker_of_its_own():
    """A lock held by another thread, and pipes of the parent's worker, would be inherited."""
    code = (
        "import os, signal\n"
        "from workbench.engines.espeak import process\n"
        "from workbench.engines.espeak.engine import EspeakEngine\n"
        "say = lambda: EspeakEngine().synthesize('Hola.', voice='es').audio.digest()\n"
        "expected = say()\n"
        "pid = process._worker._process.pid\n"
        "process._lock.acquire()\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    signal.alarm(30)\n"
        "    same = say() == expected and process._worker._process.pid != pid\n"
        "    process.end()\n"
        "    os._exit(0 if same else 1)\n"
        "process._lock.release()\n"
        "assert os.waitpid(child, 0)[1] == 0\n"
        "assert say() == expected and process._worker._process.pid == pid\n"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, timeout=60)


@pytest.mark.faults
def test_the_worker_does_not_outlive_its_process():
    code = (
        "import os\n"
        "from workbench.engines.espeak import process\n"
        "process.ask({'task': 'info'})\n"
        "print(process._worker._process.pid, flush=True)\n"
        "os._exit(9)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    pid = int(done.stdout)
    for _ in range(500):
        if not alive(pid):
            break
        time.sleep(0.01)
    assert not alive(pid)


def alive(pid: int) -> bool:
    """Whether a process runs; one that ended and was not waited for yet does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    return not state.exists() or state.read_text().rpartition(")")[2].split()[0] != "Z"


@pytest.mark.faults
def test_neither_the_working_directory_nor_eager_import_reaches_the_worker(
    fresh, monkeypatch, tmp_path
):
    for name in ("json", "ctypes", "re", "numpy"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('from the working directory')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("EAGER_IMPORT", "1")
    assert say("Hola.").duration > 0.3
