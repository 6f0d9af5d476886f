"""An engine in another Python: what it says, what it raises, and what happens when it dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import isolated_tiny as tiny
import numpy as np
import pytest

from tests.contracts.synthesizer import SynthesizerContract
from workbench.engines.isolated import IsolatedEngine
from workbench.engines.isolated import process as isolated_process
from workbench.errors import ModelError, TextError, VoiceNotFound
from workbench.options import Options

TESTS = Path(tiny.__file__).parent
LONG = "one two three four " * 20


def tiny_engine(python: str | Path = sys.executable, **more) -> IsolatedEngine:
    setting = {"options": tiny.TinyOptions, "paths": [TESTS], **more}
    return IsolatedEngine("tiny", "isolated_tiny:TinyEngine", python, **setting)


@pytest.fixture(scope="module")
def shared():
    engine = tiny_engine()
    yield engine
    engine.unload()


@pytest.fixture
def own():
    engine = tiny_engine()
    yield engine
    engine.unload()


def until(condition, what: str) -> None:
    for _ in range(600):
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError(f"{what} within 30 s")


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    state = Path(f"/proc/{pid}/stat")
    return state.is_file() and state.read_text().rpartition(")")[2].split()[0] == "Z"


class TestTinyEngineInAnotherProcess(SynthesizerContract):
    voice = "hum"

    @pytest.fixture
    def engine(self, shared):
        return shared


def test_a_worker_killed_in_the_middle_of_a_line_is_an_error_and_the_next_is_a_new_one(own):
    """Half an answer is neither waited for nor taken for a whole one."""
    before = own.synthesize("where", voice="hum").warnings[2]
    with pytest.raises(ModelError, match="ended by SIGKILL; what it last said: the last words"):
        own.synthesize("die", voice="hum")
    after = own.synthesize("where", voice="hum").warnings[2]
    assert after != before


def test_a_worker_killed_while_nobody_asks_is_replaced_without_a_word(own):
    pid = int(own.synthesize("where", voice="hum").warnings[2])
    os.kill(pid, signal.SIGKILL)
    until(lambda: not own._worker.alive, "it was not gone")
    assert own.synthesize("Hello.", voice="hum").words


def test_what_is_printed_there_is_no_answer(own):
    """Chatterbox, perth and tqdm print while they work."""
    take = own.synthesize("print", voice="hum")
    assert take.text == "print"


def test_what_it_said_before_is_not_taken_for_last_words(own):
    own.synthesize("print", voice="hum")
    with pytest.raises(ModelError, match="what it last said: nothing"):
        own.synthesize("vanish", voice="hum")


def test_an_error_there_is_the_same_error_here(shared):
    with pytest.raises(TextError, match="nothing to speak"):
        shared.synthesize("", voice="hum")
    with pytest.raises(VoiceNotFound) as caught:
        shared.find_voice("nobody")
    assert (caught.value.subject, caught.value.cure) == ("nobody", "there is hum")
    with pytest.raises(ModelError, match=r"tiny: ZeroDivisionError: one by nothing"):
        shared.synthesize("odd", voice="hum")


def test_sound_is_the_same_to_the_sample_and_leaves_no_file(own):
    take = own.synthesize(LONG, voice="hum")
    here = tiny.TinyEngine().synthesize(LONG, voice="hum")
    assert np.array_equal(take.audio.samples, here.audio.samples)
    shelf = own._worker._shelf
    assert list(shelf.iterdir()) == []
    own.unload()
    assert not shelf.exists()


def test_it_goes_where_this_process_goes(own, tmp_path, monkeypatch):
    """A notebook changes its folder and its settings long after the worker has started."""
    monkeypatch.delenv("WORKBENCH_VOICES", raising=False)
    first = own.synthesize("where", voice="hum").warnings
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WORKBENCH_VOICES", "elsewhere")
    second = own.synthesize("where", voice="hum").warnings
    monkeypatch.delenv("WORKBENCH_VOICES")
    third = own.synthesize("where", voice="hum").warnings
    assert first[1:] == ("unset", first[2])
    assert second == (str(tmp_path), "elsewhere", first[2])
    assert third[1] == "unset"


def test_a_stream_ends_with_its_worker(own):
    stream = own.stream(LONG, voice="hum")
    next(stream)
    own.unload()
    with pytest.raises(ModelError, match="ended before all was spoken"):
        next(stream)
    own.synthesize("Hello.", voice="hum")
    assert list(stream) == []


def test_streams_left_half_read_are_forgotten_there(own):
    streams = [own.stream(LONG, voice="hum") for _ in range(3)]
    for stream in streams:
        next(stream)
    for stream in streams:
        stream.close()
    assert len(own._worker.left) == 3
    own.voices()
    assert own._worker.left == []
    kept = [own.stream(LONG, voice="hum") for _ in range(40)]
    with pytest.raises(ModelError, match="too many others"):
        next(kept[0])
    assert next(kept[-1]).duration > 0


def test_an_interrupt_ends_the_worker_and_not_the_engine(own, tmp_path):
    """Ctrl-C between a question and its answer leaves an answer that nobody asked for."""
    sign = tmp_path / "asleep"

    def interrupt() -> None:
        until(lambda: sign.is_file() and sign.read_text(), "it did not begin")
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    # A shell's background job ignores the signal, and its Python then does too.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        thread.start()
        with pytest.raises(KeyboardInterrupt):
            own.synthesize(f"sleep {sign}", voice="hum")
    finally:
        signal.signal(signal.SIGINT, before)
        thread.join()
    assert gone(int(sign.read_text()))
    assert own.synthesize("Hello.", voice="hum").words


CHILD = """
import os, sys
sys.path[:0] = [{root!r}, {tests!r}]
from pathlib import Path
from workbench.engines.isolated import IsolatedEngine
engine = IsolatedEngine("tiny", "isolated_tiny:TinyEngine", sys.executable, paths=[{tests!r}])
"""


def child(code: str, *arguments: object) -> subprocess.Popen:
    head = CHILD.format(root=str(TESTS.parent), tests=str(TESTS))
    return subprocess.Popen(
        [sys.executable, "-c", head + code, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_fork_has_a_worker_of_its_own():
    """A child that used its parent's pipes would read its parent's answers."""
    code = """
where = lambda: engine.synthesize("where", voice="hum").warnings[2]
mine = where()
pid = os.fork()
if pid == 0:
    other = where()
    os._exit(0 if other not in {mine, str(os.getpid())} else 1)
status = os.waitpid(pid, 0)[1]
print(status, where() == mine)
"""
    out, errors = child(code).communicate(timeout=120)
    assert out.split() == ["0", "True"], errors


def test_a_worker_does_not_outlive_its_parent(tmp_path):
    sign = tmp_path / "asleep"
    parent = child("engine.synthesize(f'sleep {sys.argv[1]}', voice='hum')", sign)
    until(lambda: sign.is_file() and sign.read_text(), "it did not begin")
    parent.kill()
    parent.communicate()
    until(lambda: gone(int(sign.read_text())), "the worker was not gone")


def test_a_program_that_ends_leaves_no_warning_and_no_folder():
    out, errors = child(
        "print(engine.voices()[0].name, engine._worker._shelf); sys.warnoptions"
    ).communicate(timeout=120)
    name, shelf = out.split()
    assert (name, errors) == ("hum", "")
    assert not Path(shelf).exists()


# -- starting --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "problem"),
    [
        ("isolated_tiny:Broken", "is broken from the start"),
        ("isolated_tiny:Nothing", "has no attribute 'Nothing'"),
        ("no_such_module:Engine", "No module named 'no_such_module'"),
    ],
)
def test_an_engine_that_cannot_be_made_says_why(target, problem):
    engine = IsolatedEngine("tiny", target, sys.executable, paths=[TESTS])
    for _ in range(2):
        with pytest.raises((ModelError, TextError), match=problem):
            engine.voices()


def test_an_engine_that_takes_too_long_to_start_is_ended():
    engine = IsolatedEngine("tiny", "isolated_tiny:Late", sys.executable, paths=[TESTS], start=3)
    with pytest.raises(ModelError, match="did not start in time; it last said: still loading"):
        engine.voices()


def test_a_python_that_is_not_there_is_named_with_the_cure(tmp_path):
    with pytest.raises(ModelError, match=r"cannot be run.*workbench engines install tiny"):
        tiny_engine(tmp_path / "bin" / "python").voices()


def test_a_python_that_ends_at_once_says_what_it_last_said(tmp_path):
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho no such interpreter >&2\nexit 3\n")
    python.chmod(0o755)
    with pytest.raises(ModelError, match=r"ended with status 3; .* no such interpreter"):
        tiny_engine(python).voices()


def test_a_package_that_was_updated_meanwhile_asks_for_a_restart(monkeypatch, own):
    """The worker reads the files that lie there now; this process runs those of its start."""
    monkeypatch.setattr(isolated_process, "__version__", "0.0.1")
    with pytest.raises(ModelError, match=r"this process runs 0\.0\.1; restart"):
        own.voices()


def test_another_python_needs_numpy_and_sees_nothing_of_ours(tmp_path):
    """Its torch is another one: our site-packages must not get in front of it."""
    subprocess.run(
        [sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "venv")], check=True
    )
    python = tmp_path / "venv" / "bin" / "python"
    engine = tiny_engine(python)
    with pytest.raises(ModelError, match="numpy"):
        engine.voices()
    (site,) = (tmp_path / "venv").glob("lib/python3*/site-packages")
    (site / "numpy").symlink_to(Path(np.__file__).parent)
    if (libraries := Path(np.__file__).parents[1] / "numpy.libs").is_dir():
        (site / "numpy.libs").symlink_to(libraries)
    take = engine.synthesize("path", voice="hum")
    engine.unload()
    ours = {str(Path(np.__file__).parents[1]), str(TESTS.parent)}
    assert take.words
    assert str(site) in take.warnings
    assert not ours & set(take.warnings)


def test_it_has_the_options_it_was_given(shared):
    assert shared.options is tiny.TinyOptions
    assert IsolatedEngine("x", "y:z", "python").options is Options
