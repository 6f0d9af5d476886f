"""espeak: that each option acts, which voice a name means, and the process that holds it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from workbench.engines import espeak_install, espeak_process, espeak_worker
from workbench.engines.espeak import EspeakEngine, EspeakOptions
from workbench.engines.espeak_library import RATE, loaded
from workbench.engines.espeak_voices import variants
from workbench.errors import EngineMissing, ModelError, ParameterError, TextError, VoiceNotFound

if TYPE_CHECKING:
    from workbench.audio import Audio

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


def say(text: str = TEXT, voice: str = "es", **options: object) -> Audio:
    return EspeakEngine().synthesize(text, voice=voice, options=EspeakOptions(**options)).audio


def rms(sound: Audio) -> float:
    return float(np.sqrt((sound.samples**2).mean()))


def pitches(sound: Audio) -> np.ndarray:
    """Return the fundamental frequency in Hz of each voiced 40 ms, by autocorrelation."""
    size = sound.rate // 25
    samples = sound.samples[: sound.frames // size * size, 0].reshape(-1, size)
    found = []
    for window in samples[np.sqrt((samples**2).mean(axis=1)) > 0.03]:
        spectrum = np.fft.rfft(window - window.mean(), 2 * size)
        same = np.fft.irfft(np.abs(spectrum) ** 2)[:size]
        low, high = sound.rate // 450, sound.rate // 55
        lag = low + int(np.argmax(same[low:high]))
        if same[lag] > 0.5 * same[0]:
            found.append(sound.rate / lag)
    return np.array(found)


# -- options ----------------------------------------------------------------------------------


def test_rate_is_words_a_minute():
    at = {rate: say(rate=rate).duration for rate in (80, 175, 350, 450)}
    assert at[80] > 1.7 * at[175]
    assert 0.4 < at[350] / at[175] < 0.65
    assert at[450] < 0.95 * at[350]


def test_pitch_moves_the_fundamental_frequency():
    low, middle, high = (np.median(pitches(say(pitch=pitch))) for pitch in (0, 50, 99))
    assert low < 0.75 * middle < middle < 0.75 * high


def test_intonation_moves_how_far_the_pitch_goes():
    flat, plain, lively = (pitches(say(intonation=value)).std() for value in (0, 50, 99))
    assert flat < 0.5 * plain < plain < lively


def test_volume_moves_the_level_in_proportion():
    plain = rms(say())
    assert rms(say(volume=0)) == 0
    assert rms(say(volume=50)) == pytest.approx(plain / 2, rel=0.05)
    assert rms(say(volume=150)) > 1.3 * plain


def test_word_gap_is_silence_between_the_words():
    """Seven gaps of 0.2 s, each really silent, and no word any longer for it."""
    plain = EspeakEngine().synthesize("uno dos tres cuatro", voice="es")
    gapped = EspeakEngine().synthesize(
        "uno dos tres cuatro", voice="es", options=EspeakOptions(word_gap=20)
    )
    assert gapped.duration > plain.duration + 3 * 0.15
    for before, after in zip(gapped.words, gapped.words[1:], strict=False):
        assert after.start - before.end > 0.15
        assert np.abs(gapped.audio.cut(before.end + 0.03, after.start).samples).max() < 0.02


def test_a_variant_is_another_timbre():
    man, woman = np.median(pitches(say())), np.median(pitches(say(variant="f3")))
    assert woman > 1.3 * man
    voiced = len(pitches(say())) / say().duration
    assert len(pitches(say(variant="whisper"))) / say().duration < 0.2 * voiced


def test_every_variant_is_heard_and_no_two_are_the_same():
    sounds = {name: say("Hola.", variant=name) for name in ("", *variants())}
    assert len(sounds) > 90
    assert len({sound.digest() for sound in sounds.values()}) == len(sounds)
    assert all(rms(sound) > 0.005 for sound in sounds.values())


def test_variants_that_harm_are_not_offered():
    """robosoft2 ends espeak 1.52 on "N.º 7 DE LA DUEÑA DEL CAFÉ cada 3 o 4 días"."""
    assert not {"robosoft2", "fast"} & set(variants())


def test_a_variant_may_stand_in_the_voice_and_the_option_goes_first(engine):
    named = engine.synthesize(TEXT, voice="es+f3")
    assert named.options["variant"] == "f3"
    assert named.audio == say(variant="f3")
    both = engine.synthesize(TEXT, voice="es+f3", options=EspeakOptions(variant="m1"))
    assert both.options["variant"] == "m1"
    assert both.audio == say(variant="m1")


def test_a_misspelt_variant_is_corrected():
    with pytest.raises(ParameterError, match="did you mean 'whisper'"):
        EspeakOptions(variant="wisper")


def test_the_options_can_be_looked_at_without_the_library(engine, monkeypatch):
    engine.unload()
    monkeypatch.setitem(sys.modules, "espeakng_loader", None)
    monkeypatch.setattr("ctypes.util.find_library", lambda _: None)
    assert {spec.name: spec.choices for spec in EspeakOptions.describe()}["variant"] == ()
    monkeypatch.undo()
    assert "f3" in EspeakOptions.describe()[-1].choices


# -- voices -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "name", "language"),
    [
        ("es", "es", "es"),
        ("EN-us", "en-us", "en-us"),
        ("en_US", "en-us", "en-us"),
        ("en-gb", "en", "en-gb"),  # the library itself knows none of the next five by name
        ("fr-fr", "fr", "fr-fr"),
        ("es-es", "es", "es"),
        ("es-mx", "es-419", "es-419"),
        ("zh", "cmn", "cmn"),
        ("es-AR", "es-419", "es-419"),
        ("zh-HK", "yue", "yue"),
        ("de-AT", "de", "de"),
        ("sr-Latn", "sr", "sr"),
        ("iw", "he", "he"),
        ("pt-br", "pt-br", "pt-br"),
        ("no", "nb", "nb"),
        ("gmw/en-US", "en-us", "en-us"),
        ("Spanish (Spain)", "es", "es"),
        ("spanish", "es", "es"),
        ("en-GB-scotland", "en-gb-scotland", "en-gb-scotland"),
        ("es+F3", "es+f3", "es"),
        ("English+mr serious", "en+Mr serious", "en-gb"),
    ],
)
def test_what_a_name_means(engine, asked, name, language):
    info = engine.find_voice(asked)
    assert (info.name, info.language) == (name, language)
    assert engine.synthesize("A.", voice=asked).voice.name == name


def test_of_several_voices_the_one_that_ranks_its_language_first_is_taken(engine, monkeypatch):
    rows = [["Second", "x/bb", [[9, "qq"]]], ["First", "x/cc", [[2, "qq"]]]]
    engine.unload()
    monkeypatch.setattr("workbench.engines.espeak_voices.info", lambda: {"voices": rows})
    monkeypatch.setattr("workbench.engines.espeak_voices._speaks", lambda _: True)
    assert engine.find_voice("qq").label == "First"
    monkeypatch.undo()
    engine.unload()


def test_a_variant_says_whose_voice_it_is(engine):
    assert engine.find_voice("es").gender == "male"
    assert engine.find_voice("es+f3").gender == "female"
    assert engine.find_voice("es+f3").label == "Spanish (Spain) + f3"


@pytest.mark.parametrize(
    ("asked", "hint"),
    [
        ("spannish", "did you mean 'spanish'"),
        ("es+f33", "did you mean 'f3'"),
        ("klingom", "did you mean 'klingon'"),
        ("qqqq", "workbench voices"),
        ("es-verywrong", "workbench voices"),
        ("es+", "workbench voices"),
        ("es+robosoft2", "workbench voices"),
    ],
)
def test_an_unknown_voice_says_what_is_near_and_where_the_list_is(engine, asked, hint):
    with pytest.raises(VoiceNotFound, match=hint.replace("+", r"\+")) as caught:
        engine.find_voice(asked)
    assert "workbench voices" in str(caught.value)


def test_a_voice_without_its_dictionary_is_not_offered(engine):
    """The library speaks these from memory it never wrote: now and then the process ended."""
    names = {voice.name for voice in engine.voices()}
    assert not {"fo", "kaa", "xex"} & names
    assert len(names) > 130


# -- text -------------------------------------------------------------------------------------


def test_markup_is_text(engine):
    """As SSML the break would be 5 s; with phoneme input on, [[h@]] would be one sound."""
    assert say('uno <break time="5s"/> dos').duration < 5
    spelled = engine.synthesize("[[h@l@U]]", voice="en-us").duration
    assert spelled > 2 * engine.synthesize("hello", voice="en-us").duration


def test_an_embedded_command_does_not_change_the_speed():
    """\\x01 50S halves the rate of what follows, in espeak."""
    tail = "una línea que no cambia de velocidad"
    assert say(f"\x0150S {tail}").duration < 1.1 * say(f"50 S {tail}").duration


def test_what_follows_a_nul_is_spoken():
    assert say("uno\x00 dos tres").digest() == say("uno dos tres").digest()


def test_composed_and_decomposed_letters_sound_the_same():
    """espeak reads e + accent as "e", so text from macOS was mispronounced."""
    assert say("corazo\u0301n de nin\u0303o") == say("corazón de niño")


def test_letters_in_fancy_dress_are_read():
    assert say("𝓱𝓸𝓵𝓪 ＡＢＣ", "es") == say("hola ABC", "es")


def test_a_soft_hyphen_does_not_part_a_word():
    assert say("extra\u00adordinario") == say("extraordinario")


def test_a_word_without_a_sound_is_reported(engine):
    take = engine.synthesize("Hola 🤠 | tú", voice="de")
    assert take.warnings == ("espeak has no sound for '🤠'", "espeak has no sound for '|'")
    assert engine.synthesize("Hola (tú) & yo", voice="es").warnings == ()


def test_too_much_text_is_refused_before_it_is_spoken(engine):
    with pytest.raises(TextError, match="50,001 letters"):
        engine.synthesize("a" * 50_001, voice="es")


@pytest.mark.faults
def test_a_line_of_twenty_thousand_letters_is_spoken(engine):
    take = engine.synthesize("la casa " * 2500, voice="es", options=EspeakOptions(rate=450))
    assert len(take.words) == 5000
    assert take.duration > 300


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


# -- the library ------------------------------------------------------------------------------


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
    with loaded(path, str(deep / "espeak-ng-data")) as library:
        assert library.choose("roa/es")
        assert library.phonemes("hola") == [3]


def test_data_that_are_not_there_are_missing(tmp_path):
    path, _ = espeak_process.locate()
    with pytest.raises(EngineMissing, match="data"), loaded(path, str(tmp_path)):
        pass


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
    expected = say()
    fresh.unload()
    monkeypatch.setitem(sys.modules, "espeakng_loader", None)
    monkeypatch.setattr(
        "ctypes.util.find_library", lambda name: path if name == "espeak-ng" else None
    )
    monkeypatch.setenv("ESPEAK_DATA_PATH", data)
    assert espeak_process.locate() == (path, None)
    assert say() == expected
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
        "import sys, workbench, workbench.engines.espeak\n"
        "from workbench.engines import espeak_process\n"
        "workbench.engines.espeak.EspeakEngine()\n"
        "assert espeak_process._worker is None\n"
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
        "from workbench.engines import espeak_process as process\n"
        "from workbench.engines.espeak import EspeakEngine\n"
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
        "from workbench.engines import espeak_process as process\n"
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
