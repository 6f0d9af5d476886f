"""Which engines a model host serves, for whom, how often it loads and what it gives up."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from hosting import hosting
from whisper_model import say

from workbench.audio import Audio
from workbench.engines import engine, transcriber
from workbench.engines.espeak.engine import EspeakEngine
from workbench.engines.host import ModelHost
from workbench.engines.host import desk as host_desk
from workbench.engines.host import memory as host_memory
from workbench.engines.host.address import Address, settings
from workbench.engines.host.lanes import Lane
from workbench.engines.host.stand_in import HostedSynthesizer, HostedTranscriber, stand_in
from workbench.engines.host.wire import Ended, receive, send
from workbench.engines.loaded import Loaded, drop_oldest, standing
from workbench.engines.registry import GROUP, HOST
from workbench.engines.whisper import WhisperOptions, WhisperTranscriber
from workbench.errors import ModelError, ParameterError, VoiceNotFound, WeightsMissing


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    with hosting(tmp_path_factory.mktemp("plug-in")) as host:
        yield host


@pytest.fixture(scope="module")
def speech() -> Audio:
    return say("red green blue seven").audio


# -- who is served ---------------------------------------------------------------------------


def test_a_host_serves_what_is_dear_and_leaves_espeak_where_it_is(host, monkeypatch):
    monkeypatch.setenv("WORKBENCH_HOSTED", "tiny, espeak")
    assert type(engine("espeak")) is EspeakEngine
    assert type(engine("tiny")) is HostedSynthesizer
    assert type(transcriber("whisper")) is HostedTranscriber
    assert transcriber("whisper") is transcriber("whisper")


def test_without_the_variable_nothing_is_different(host, monkeypatch):
    hosted = transcriber("whisper")
    monkeypatch.delenv(HOST)
    assert type(transcriber("whisper")) is WhisperTranscriber
    assert type(hosted) is HostedTranscriber


def test_an_engine_that_nobody_names_is_not_hosted(host, monkeypatch):
    monkeypatch.delenv("WORKBENCH_HOSTED")
    assert stand_in(os.environ[HOST], GROUP, "tiny", pytest.fail) is None


@pytest.mark.parametrize(
    ("device", "listed", "found"),
    [("cpu", True, False), ("auto", False, False), ("auto", True, True), ("cuda", False, True)],
)
def test_kokoro_is_hosted_where_its_model_would_be_on_a_gpu(monkeypatch, device, listed, found):
    monkeypatch.setenv("WORKBENCH_DEVICE", device)
    monkeypatch.setattr(host_desk, "_GPUS", ("/dev/null",) if listed else ("/nowhere",))
    monkeypatch.setattr(host_desk.hardware, "choose", lambda: "cuda:0")
    assert host_desk.computes() is (found or sys.platform != "linux")


def test_kokoro_stays_in_the_kernel_where_the_host_has_no_gpu(host, monkeypatch):
    monkeypatch.setenv("WORKBENCH_DEVICE", "cpu")
    with ModelHost.start() as other:
        there = other.variables()[HOST]
        assert stand_in(there, GROUP, "kokoro", pytest.fail) is None


def test_a_variable_that_is_no_address_is_named(monkeypatch):
    for wrong in ("yes", "{}", '{"socket": 1}', "[" * 100_000, "null"):
        monkeypatch.setenv(HOST, wrong)
        with pytest.raises(ParameterError, match=f"{HOST}: is not the address"):
            transcriber("whisper")


# -- what is asked and answered --------------------------------------------------------------


def test_sound_is_the_same_to_the_sample(host):
    import isolated_tiny as tiny

    there = engine("tiny").synthesize("one two", voice="hum", options=tiny.TinyOptions(height=300))
    here = tiny.TinyEngine().synthesize(
        "one two", voice="hum", options=tiny.TinyOptions(height=300)
    )
    assert there == here


def test_an_error_there_is_the_same_error_here(host, tmp_path, speech):
    with pytest.raises(VoiceNotFound) as caught:
        engine("tiny").find_voice("nobody")
    assert (caught.value.subject, caught.value.cure) == ("nobody", "there is hum")
    with pytest.raises(ModelError, match="tiny: ZeroDivisionError: one by nothing"):
        engine("tiny").synthesize("odd", voice="hum")
    with pytest.raises(WeightsMissing, match="there is no such folder"):
        transcriber().transcribe(speech, options=WhisperOptions(model=str(tmp_path / "no")))
    with pytest.raises(ParameterError) as wrong:
        transcriber().transcribe(speech, options=WhisperOptions(model="smal"))
    assert (wrong.value.subject, "'small'" in wrong.value.cure) == ("model", True)


@pytest.mark.model
def test_a_model_beside_the_notebook_is_found_whatever_folder_the_host_is_in(
    host, tmp_path, tiny_whisper, speech, monkeypatch
):
    (tmp_path / "mine").symlink_to(tiny_whisper.folder)
    monkeypatch.chdir(tmp_path)
    for name in ("mine", "./mine"):
        heard = transcriber().transcribe(speech, language="en", options=WhisperOptions(model=name))
        assert heard.options["model"] == name
        assert len(heard.words) == 4


def test_the_voices_to_clone_are_those_of_the_notebook(host, tmp_path, monkeypatch):
    """The isolated engines of the host, and those in it, look where the notebook would."""
    monkeypatch.chdir(tmp_path)
    assert engine("tiny")._question("voices")["voices"] == str(tmp_path / "voices")


@pytest.mark.model
def test_a_process_with_other_settings_loads_its_own(host, tiny_whisper, speech, monkeypatch):
    monkeypatch.setenv("WORKBENCH_MODELS", "/elsewhere")
    ears, calls = transcriber(), host.status().calls
    heard = ears.transcribe(speech, language="en", options=WhisperOptions(model=tiny_whisper.name))
    assert len(heard.words) == 4
    assert ears._own._models.loads == 1
    ears.unload()
    assert host.status().calls == calls


def test_threads_are_no_setting_that_divides_and_folders_are_told_absolutely(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert settings({"WORKBENCH_THREADS": "1", "WORKBENCH_VOICES": "v"}) == {}
    assert settings({"HF_HOME": "hub"}) == {"HF_HOME": str(tmp_path / "hub")}


# -- loading once, giving up -----------------------------------------------------------------

CLIENT = """
import sys
from workbench.audio import Audio
from workbench.engines import transcriber
from workbench.engines.whisper import WhisperOptions
sound = Audio.read(sys.argv[1])
heard = transcriber().transcribe(sound, language="en", options=WhisperOptions(model=sys.argv[2]))
print(heard.text, "ctranslate2" in sys.modules, "faster_whisper" in sys.modules, sep="|")
"""


@pytest.mark.model
def test_eight_processes_load_one_model_once(tmp_path, tiny_whisper, speech):
    sound = speech.write(tmp_path / "said.wav")
    with ModelHost.start() as host:
        command = [sys.executable, "-c", CLIENT, str(sound), tiny_whisper.name]
        environment = {**os.environ, **host.variables()}
        clients = [
            subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
            for _ in range(8)
        ]
        said = {client.communicate(timeout=120)[0].strip() for client in clients}
        status = host.status()
    (heard,) = said
    text, *loaded = heard.split("|")
    assert text.lower().replace(".", "").split()[0] == "red"
    assert loaded == ["False", "False"]
    assert (status.loads, status.calls, status.failures) == (1, 8, 0)
    assert len(status.models) == 1
    assert status.rss > 10_000_000


@pytest.fixture
def two_models(tiny_whisper, tmp_path) -> tuple[str, str]:
    return tiny_whisper.name, str(shutil.copytree(tiny_whisper.folder, tmp_path / "other"))


@pytest.mark.model
@pytest.mark.parametrize(("memory", "known"), [(None, (2, 2, 0)), (1, (3, 1, 2))])
def test_the_model_unused_longest_goes_where_memory_is_short(
    two_models, speech, monkeypatch, memory, known
):
    """Two models by turns: both stay, or with no room at all, only the one used last."""
    one, other = two_models
    with ModelHost.start(memory=memory) as host:
        monkeypatch.setenv(HOST, host.variables()[HOST])
        for name in (one, other, one, one):
            heard = transcriber().transcribe(
                speech, language="en", options=WhisperOptions(model=name)
            )
            assert len(heard.words) == 4
            # What is given up is given up after the answer was sent.
            until_settled(host, 1 if memory else 2)
        status = host.status()
    assert (status.loads, len(status.models), status.given_up) == known
    assert one in status.models[-1]


def until_settled(host: ModelHost, most: int) -> None:
    for _ in range(600):
        if len(host.status().models) <= most:
            return
        time.sleep(0.05)
    raise AssertionError("it gave nothing up within 30 s")


def test_what_was_used_last_is_given_up_last():
    while drop_oldest():
        pass
    first, second = Loaded(str.upper, limit=2), Loaded(str.lower)
    first.get("a"), second.get("B"), first.get("c"), first.get("a")
    assert standing() == ("B", "c", "a")
    assert [drop_oldest() for _ in range(4)] == ["B", "c", "a", ""]
    assert (first.get("a"), first.loads) == ("A", 3)


def test_one_model_stays_whatever_it_takes():
    while drop_oldest():
        pass
    kept = Loaded(str.upper)
    kept.get("big")
    assert host_memory.settle(0) == 0
    assert standing() == ("big",)


@pytest.mark.parametrize("setting", [{"memory": 0}, {"models": 0}, {"memory": -1}])
def test_a_host_of_nothing_is_refused(setting):
    with pytest.raises(ParameterError, match=next(iter(setting))):
        ModelHost.start(**setting)


# -- its parts -------------------------------------------------------------------------------


def test_messages_and_sounds_arrive_as_they_were_sent():
    here, there = socket.socketpair()
    sounds = [
        Audio(samples=np.random.default_rng(1).uniform(-1, 1, (7, 2)), rate=8000),
        Audio.silence(0, 16_000),
        Audio.silence(0.001, 48_000),
    ]
    message = {"half": "\ud83d", "number": 0.1, "none": None}
    with here, there:
        send(there, message, sounds)
        send(there, {"next": True})
        got, heard = receive(here)
        assert {name: got[name] for name in message} == message
        assert heard == sounds
        assert receive(here) == ({"next": True}, [])
        there.close()
        with pytest.raises(Ended):
            receive(here)


@pytest.mark.parametrize("about", [[[8000, 3, 1]], [[8000, -1, -2]], [[1, 2, 1]], 7, [["a"]], [1]])
def test_sounds_that_do_not_add_up_are_no_message(about):
    body = json.dumps({"sounds": about}).encode()
    here, there = socket.socketpair()
    with here, there:
        there.sendall(b"WBMH" + len(body).to_bytes(4, "big") + (8).to_bytes(8, "big") + body)
        there.sendall(bytes(8))
        with pytest.raises(Ended):
            receive(here)


def test_a_stranger_cannot_make_the_host_keep_room_for_sound():
    here, there = socket.socketpair()
    with here, there:
        send(there, {"token": "?"}, [Audio.silence(1, 8000)])
        with pytest.raises(Ended, match="no message"):
            receive(here, sounds=False)


def test_clients_take_turns_in_a_lane():
    go, order, done = threading.Event(), [], threading.Event()
    lane = Lane("test")
    lane.put("a", go.wait)
    for name in ("a1", "a2", "a3", "b1", "b2", "c1"):
        lane.put(name[0], lambda name=name: order.append(name))
    lane.put("a", done.set)
    go.set()
    assert done.wait(60)
    assert order[:3] in (["a1", "b1", "c1"], ["b1", "c1", "a1"])
    assert [name for name in order if name[0] == "a"] == ["a1", "a2", "a3"]


def test_an_address_tells_its_token_to_nobody_who_prints_it():
    address = Address(socket="/tmp/x", token="a secret", owner=3)  # noqa: S106 - none
    assert "secret" not in f"{address} {address!r}"
    assert Address.parse(address.text()) == address
    assert Path(address.socket).name == "x"
