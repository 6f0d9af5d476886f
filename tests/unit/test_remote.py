"""An OpenAI-compatible server as an engine: what goes over the wire, and what goes wrong there."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import pickle
import subprocess
import sys
import threading
import traceback

import numpy as np
import pytest

from tests.openai_server import OpenAIServer
from workbench.audio import Audio
from workbench.engines import remote
from workbench.engines.espeak.engine import EspeakEngine
from workbench.engines.remote import RemoteEngine, RemoteOptions, RemoteTranscriber
from workbench.engines.remote import server as remote_server
from workbench.engines.remote import sound as remote_sound
from workbench.engines.remote import voices as remote_voices
from workbench.engines.remote.address import Address
from workbench.errors import (
    EngineMissing,
    ModelAccess,
    ModelError,
    ParameterError,
    TextError,
    VoiceNotFound,
    WorkbenchError,
)

KEY = "Sword_fish-1234567890"  # nothing tells that it is one
TEXT = "One two three, said the voice."


@pytest.fixture(autouse=True)
def _clean(monkeypatch):
    for name in ("URL", "KEY", "VOICES"):
        monkeypatch.delenv(f"WORKBENCH_REMOTE_{name}", raising=False)


@pytest.fixture
def server():
    with OpenAIServer() as server:
        yield server


@pytest.fixture
def engine(server):
    engine = RemoteEngine(server.url)
    yield engine
    engine.unload()


@pytest.fixture
def waits(monkeypatch):
    """The waits between two tries, none of which is waited."""
    seconds = []
    monkeypatch.setattr(remote_server, "_pause", lambda s, _: seconds.append(s))
    return seconds


def say(engine, text=TEXT, **options):
    return engine.synthesize(text, voice="en-us", options=RemoteOptions(**options))


def espeak(text=TEXT) -> Audio:
    return EspeakEngine().synthesize(text, voice="en-us").audio.resample(24_000)


# -- the address and the key ------------------------------------------------------------------


def test_without_an_address_it_tells_how_to_give_one():
    for kind in (RemoteEngine, RemoteTranscriber):
        with pytest.raises(EngineMissing) as caught:
            kind()
        assert "WORKBENCH_REMOTE_URL=http://" in caught.value.cure


@pytest.mark.parametrize(
    ("url", "base", "host"),
    [
        ("http://localhost:8880", "http://localhost:8880/v1", "localhost:8880"),
        ("http://localhost:8880/", "http://localhost:8880/v1", "localhost:8880"),
        (" https://Example.org/v1/ ", "https://example.org/v1", "example.org"),
        ("https://example.org/openai/v1", "https://example.org/openai/v1", "example.org"),
        ("https://example.org/api", "https://example.org/api/v1", "example.org"),
        ("http://[::1]:80/v1", "http://[::1]:80/v1", "[::1]:80"),
    ],
)
def test_an_address_may_be_written_in_several_ways(url, base, host, monkeypatch):
    assert (Address(url).base, Address(url).host) == (base, host)
    monkeypatch.setenv("WORKBENCH_REMOTE_URL", url)
    assert Address().digest == Address(base).digest


@pytest.mark.parametrize(
    "url",
    ["", "localhost:8880", "ftp://x/v1", "file:///etc/passwd", "http://", "http://x:port",
     "http://x/v1?key=abc", "http://x/#v1", "http://user:hunter2@x/v1", "http://hunter2@x",
     "http://a b/v1", "http://x\\@y/", "http://[::1/v1", "http://x\n.org"],
)  # fmt: skip
def test_what_is_no_address_is_refused_without_its_secrets(url, monkeypatch):
    with pytest.raises(ParameterError) as caught:
        RemoteEngine(url)
    assert "hunter2" not in str(caught.value)
    if url:
        monkeypatch.setenv("WORKBENCH_REMOTE_URL", url)
        with pytest.raises(ModelError, match="WORKBENCH_REMOTE_URL") as told:
            RemoteEngine()
        assert "hunter2" not in str(told.value)


@pytest.mark.parametrize("key", ["two words", "line\nbreak", "ключ", "nul\0"])
def test_what_is_no_key_is_refused_before_it_is_sent(key, monkeypatch):
    """In a header it would raise an error of httpx that shows it."""
    with pytest.raises(ParameterError) as caught:
        Address("http://x", key)
    assert key not in str(caught.value)
    if "\0" not in key:
        monkeypatch.setenv("WORKBENCH_REMOTE_KEY", key)
        with pytest.raises(ModelError, match="WORKBENCH_REMOTE_KEY"):
            Address("http://x")


@pytest.mark.parametrize(
    ("url", "here"),
    [("http://localhost:1", True), ("http://127.8.0.1", True), ("http://[::1]:5", True),
     ("http://a.localhost", True), ("http://localhost.org", False), ("http://10.0.0.1", False)],
)  # fmt: skip
def test_this_machine_is_known_from_others(url, here):
    assert Address(url).is_here is here


def test_the_key_is_sent_and_stands_nowhere_else(server, caplog, waits):
    """In no error, log, repr, receipt or traceback, whatever the server repeats of it."""
    server.key = KEY
    caplog.set_level(logging.DEBUG)
    engine = RemoteEngine(server.url, KEY)
    told = [repr(engine), str(vars(engine)), engine.version]
    told.append(json.dumps(say(engine).describe()))
    assert server.requests[-1].headers["authorization"] == f"Bearer {KEY}"
    echo = f"bad key {KEY}, Bearer {KEY}, sk-abc***7890"
    for fault in (f"400 {echo}", f"401 {echo}", f"500 {echo}", "hang up", "302", "503", "garbage"):
        server.next(*[fault] * 4)
        with pytest.raises(ModelError) as caught:
            say(engine)
        told += [str(caught.value), *traceback.format_exception(caught.value)]
        server._faults.clear()
    wrong = RemoteEngine(server.url, KEY + "x", voices="en-us")
    with pytest.raises(ModelAccess, match="refuses the key") as caught:
        say(wrong)
    told += [str(caught.value), repr(caught.value.to_dict())]
    engine.unload()
    wrong.unload()
    for secret in (KEY, "abc***", "swordfish"):
        assert not [text for text in told if secret in text]
    assert KEY not in caplog.text  # other secrets are in it: httpcore logs what servers send
    with pytest.raises(TypeError):
        pickle.dumps(engine._address)


def test_a_key_over_an_open_line_is_warned_of(caplog):
    server = remote_server.Server(Address("http://192.0.2.1:9", KEY))
    server._open()
    server.close()
    assert "unencrypted" in caplog.text
    assert KEY not in caplog.text
    caplog.clear()
    for url, key in (
        ("https://192.0.2.1", KEY),
        ("http://192.0.2.1", ""),
        ("http://localhost", KEY),
    ):
        server = remote_server.Server(Address(url, key))
        server._open()
        server.close()
    assert caplog.text == ""


def test_a_server_that_wants_a_key_says_so(server):
    server.key = KEY
    with pytest.raises(ModelAccess, match="wants a key") as caught:
        RemoteEngine(server.url).voices()
    assert "WORKBENCH_REMOTE_KEY" in caught.value.cure


# -- no connection before it is needed --------------------------------------------------------


def test_making_one_connects_to_nothing_and_loads_no_client(server):
    code = (
        "import sys; from workbench.engines.remote import RemoteEngine, RemoteTranscriber;"
        f"e = RemoteEngine({server.url!r}, voices='alloy'); e.version, e.voices();"
        f"e.options.describe(); RemoteTranscriber({server.url!r}).version;"
        "e.find_voice('ALLOY'); e.unload();"
        "print([m for m in ('httpx', 'soxr', 'soundfile') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert server.connections == 0


def test_the_version_tells_servers_apart_and_nothing_else():
    one, same, other = (
        RemoteEngine(url).version
        for url in ("http://localhost:1", "http://localhost:1/v1/", "http://localhost:2")
    )
    assert one == same != other
    assert RemoteEngine("http://localhost:1", KEY).version == one


# -- voices -----------------------------------------------------------------------------------

NAMED = [("af_heart", "en-us", "female"), ("ef_dora", "es", "female")]


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (["af_heart", "ef_dora"], NAMED),
        ({"voices": ["ef_dora", "af_heart", "af_heart"]}, NAMED),
        ({"voices": [{"id": "af_heart", "name": "Heart"}, {"name": "ef_dora"}]}, NAMED),
        ({"object": "list", "data": [{"voice_id": "af_heart"}, {"id": "ef_dora"}]}, NAMED),
        ({"voices": {"af_heart": {"gender": "f"}, "ef_dora": None}}, NAMED),
        ([{"id": "Ana", "language": "Spanish"}], [("Ana", "es", "")]),
        ([{"id": "A", "languages": ["pt_BR"], "gender": "Female"}], [("A", "pt-br", "female")]),
        (["en_US-amy-medium"], [("en_US-amy-medium", "en-us", "")]),
        (["nova", "zog"], [("nova", "en", ""), ("zog", "und", "")]),
        ({"voices": ["a/b", "clone:x", "", None, 3, "ok", {"id": 5}]}, [("ok", "und", "")]),
    ],
)  # fmt: skip
def test_lists_of_voices_are_understood_in_the_shapes_that_servers_have(
    told, expected, server, engine
):
    server.voices = told
    assert [(v.name, v.language, v.gender) for v in engine.voices()] == expected


@pytest.mark.parametrize("told", [None, {}, [], {"voices": 5}, "no", {"detail": "Not Found"}])
def test_a_server_without_a_list_has_the_documented_voices(told, server, engine):
    server.voices = told
    assert engine.voices() == remote_voices.DOCUMENTED
    assert [request.path for request in server.requests] == ["/v1/audio/voices", "/v1/voices"]


def test_the_list_is_asked_for_once_and_again_after_unloading(server, engine):
    assert engine.voices() is engine.voices()
    assert engine.find_voice("EN-US").name == "en-us"
    assert len(server.requests) == 1
    engine.unload()
    engine.voices()
    assert len(server.requests) == 2


def test_voices_that_are_named_are_not_asked_for(server, monkeypatch):
    monkeypatch.setenv("WORKBENCH_REMOTE_URL", server.url)
    monkeypatch.setenv("WORKBENCH_REMOTE_VOICES", "en-us:en-US, nova")
    engine = RemoteEngine()
    assert [(v.name, v.language) for v in engine.voices()] == [("nova", "en"), ("en-us", "en-us")]
    assert say(engine).language == "en-us"
    engine.unload()
    assert [request.path for request in server.requests] == ["/v1/audio/speech"]


@pytest.mark.parametrize("text", ["a/b", "nova:?", "nova:en:gb", ",", "x" * 200])
def test_a_list_of_voices_that_is_none_is_refused(text, monkeypatch):
    with pytest.raises(ParameterError):
        RemoteEngine("http://localhost", voices=text)
    monkeypatch.setenv("WORKBENCH_REMOTE_VOICES", text)
    with pytest.raises(ModelError, match="WORKBENCH_REMOTE_VOICES"):
        RemoteEngine("http://localhost")


def test_a_voice_that_the_server_refuses_after_all_is_not_found(server):
    engine = RemoteEngine(server.url, voices="alloy,en-us")
    with pytest.raises(VoiceNotFound, match="alloy") as caught:
        engine.synthesize("Hi.", voice="alloy")
    assert "WORKBENCH_REMOTE_VOICES" in caught.value.cure
    engine.unload()


def test_a_list_of_voices_without_an_end_is_none():
    """It was a RecursionError."""
    deep = b"[" * 100_000
    assert remote._json(deep) is None
    assert remote_voices.from_server([{"id": "nova", "gender": {"f": 1}}])[0].gender == ""


def test_labels_have_no_control_characters():
    """A server could move a terminal's cursor, and turn a line around."""
    told = [{"id": "nova", "name": "No\x1b[2Jva\n\u202e"}, {"id": "a\x1bb"}, {"id": "al\nloy"}]
    (voice,) = remote_voices.from_server(told)
    assert (voice.name, voice.label) == ("nova", r"No\x1b[2Jva\n\u202e")


@pytest.mark.parametrize("rate", ["9" * 5000, "\u00b2", "0", "-1", ""])
def test_a_rate_that_is_no_number_is_the_usual_one(rate):
    """Both of the first were a ValueError."""
    assert remote_sound._number(f" rate={rate}", "rate", 24_000) == 24_000
    assert remote_sound._number(" rate=22050 ", "rate", 24_000) == 22_050


def test_voices_that_differ_in_case_are_both_one():
    found = remote_voices.from_server(["Nova", "nova", "NOVA"])
    assert [voice.name for voice in found] == ["Nova"]


# -- what is asked ----------------------------------------------------------------------------


def test_what_is_not_asked_for_is_not_sent(server, engine):
    """Servers refuse words they do not know; OpenAI's own does."""
    say(engine)
    assert server.speech() == [
        {"model": "tts-1", "input": TEXT, "voice": "en-us", "response_format": "wav"}
    ]


def test_what_is_asked_for_is_sent(server, engine):
    say(engine, model="kokoro", speed=1.5, instructions="Whisper.", format="flac")
    assert server.speech() == [
        {"model": "kokoro", "input": TEXT, "voice": "en-us", "response_format": "flac",
         "speed": 1.5, "instructions": "Whisper."}
    ]  # fmt: skip


def test_the_tempo_is_the_speed():
    assert RemoteOptions(speed=2).tempo == 2


def test_a_long_text_goes_in_parts_between_sentences(server, engine):
    sentence = "This is sentence number {}. "
    text = "".join(sentence.format(number) for number in range(300)).strip()
    assert len(text) > 8_192
    take = say(engine, text, speed=2.5)
    assert len(server.speech()) == 3
    parts = [body["input"] for body in server.speech()]
    assert max(map(len, parts)) <= 4_096
    assert " ".join(parts) == text
    assert all(part.endswith(".") for part in parts)
    assert take.duration > 60
    assert take.text == text


def test_too_long_a_text_is_refused_before_anything_is_sent(server, engine):
    with pytest.raises(TextError, match="50,001"):
        say(engine, "x" * 50_001)
    assert server.speech() == []


def test_letters_that_are_none_are_replaced(server, engine):
    say(engine, "one\0two \ud83d three")
    assert server.speech()[0]["input"] == "one two \ufffd three"


# -- the sound that comes ---------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["", "endless", "zero size", "list chunk", "octets", "untyped"])
def test_wav_is_understood_with_any_head(fault, server, engine):
    """A writer that streams does not know the size: 0xFFFFFFFF, or 0."""
    engine.voices()
    server.next(fault)
    assert say(engine).audio == espeak()


@pytest.mark.parametrize("fault", ["float", "float endless"])
def test_wav_of_floats_is_understood(fault, server, engine):
    engine.voices()
    server.next(fault)
    assert np.abs(say(engine).audio.samples - espeak().samples).max() < 1e-4


@pytest.mark.parametrize("rate", [8_000, 16_000, 24_000, 44_100, 48_000])
def test_any_rate_becomes_the_engines(rate, server, engine):
    server.rate = rate
    take = say(engine)
    assert take.audio.rate == engine.capabilities.rate == 24_000
    assert take.duration == pytest.approx(espeak().duration, abs=0.01)


def test_two_channels_become_one(server, engine):
    engine.voices()
    server.next("stereo")
    assert say(engine).audio == espeak()


@pytest.mark.parametrize("form", ["wav", "pcm", "flac", "mp3"])
def test_every_format_says_the_same(form, server, engine):
    sound = say(engine, format=form).audio
    assert sound.duration == pytest.approx(espeak().duration, abs=0.1)
    level = np.sqrt((sound.samples**2).mean())
    assert level == pytest.approx(np.sqrt((espeak().samples ** 2).mean()), rel=0.1)


def test_raw_samples_without_a_rate_have_that_of_openai(server, engine):
    engine.voices()
    server.rate = 24_000
    server.next("pcm without rate")
    assert say(engine, format="pcm").audio == say(engine, format="wav").audio


def test_another_format_than_was_asked_for_is_known_by_its_bytes(server, engine):
    engine.voices()
    server.next("mp3 for wav")
    assert say(engine).duration == pytest.approx(espeak().duration, abs=0.1)


@pytest.mark.parametrize("form", ["wav", "pcm"])
def test_a_stream_comes_in_pieces_before_the_server_is_done(form, server, engine):
    engine.voices()
    server.next("slow body")
    options = RemoteOptions(format=form)
    pieces = engine.stream(TEXT, voice="en-us", options=options)
    first = next(pieces)
    assert 0 < first.duration < 0.2
    server.released.set()
    assert Audio.join([first, *pieces]) == say(engine, format=form).audio
    assert server.speech()[0]["stream"] is True


def test_a_server_that_does_not_know_streaming_is_asked_without(server, engine):
    engine.voices()
    server.next("400 Unrecognized request argument supplied: stream")
    pieces = list(engine.stream(TEXT, voice="en-us"))
    assert Audio.join(pieces) == espeak()
    assert ["stream" in body for body in server.speech()] == [True, False]


# -- what goes wrong --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "kind", "told"),
    [
        ("400 unknown speed", ModelError, "400: unknown speed"),
        ("403 not for you", ModelAccess, "403: not for you"),
        ("404 no such model", ModelError, "model.*404: no such model"),
        ("404 no such voice", VoiceNotFound, "404: no such voice"),
        ("413 too much", ModelError, "413"),
        ("429 slow down", ModelAccess, "rate.*slow down"),
        ("500 out of memory", ModelError, "failed.*500: out of memory"),
        ("502", ModelError, "502"),
        ("302", ModelError, "elsewhere.invalid/v1"),
        ("html", ModelError, "text/html.*Bad & Gateway"),
        ("json", ModelError, "the model is not loaded"),
        ("text as sound", ModelError, "out of memory"),
        ("garbage", ModelError, "no sound"),
        ("empty", ModelError, "no sound.*0 bytes"),
        ("head alone", ModelError, "breaks off"),
        ("no samples", ModelError, "no sound"),
        ("cut body", ModelError, "breaks off"),
        ("too large a size", ModelError, "breaks off after"),
        ("hang up", ModelError, "breaks off"),
    ],
)
def test_what_goes_wrong_is_told_in_one_line_and_not_tried_again(fault, kind, told, server, engine):
    engine.voices()
    server.next(fault)
    with pytest.raises(kind, match=told) as caught:
        say(engine)
    assert type(caught.value) is kind
    assert caught.value.cure
    assert "\n" not in str(caught.value)
    assert len(server.speech()) == 1
    say(engine)  # and the next line is spoken


@pytest.mark.parametrize("form", ["flac", "mp3"])
def test_half_a_file_is_no_take(form, server, engine):
    engine.voices()
    server.next("cut file")
    try:
        take = say(engine, format=form)
    except ModelError:
        return
    assert form == "mp3"  # which does not say how long it is: the fuse tells
    assert take.duration < espeak().duration * 0.7


def test_a_stream_that_is_cut_ends_with_an_error(server, engine):
    engine.voices()
    server.next("cut stream")
    pieces = engine.stream(TEXT, voice="en-us")
    assert next(pieces).frames
    with pytest.raises(ModelError, match="breaks off"):
        list(pieces)


def test_html_and_json_are_no_raw_samples(server, engine):
    """Any bytes would do as samples; noise would be the take."""
    engine.voices()
    for fault in ("html", "json", "empty"):
        server.next(fault)
        with pytest.raises(ModelError, match="no sound"):
            say(engine, format="pcm")


@pytest.mark.parametrize("fault", ["slow", "drip"])
def test_a_server_that_takes_too_long_is_left(fault, server, engine):
    engine.voices()
    server.next(fault)
    with pytest.raises(ModelError, match="in time") as caught:
        say(engine, timeout=1)
    assert "timeout" in caught.value.cure


def test_too_many_bytes_are_refused(server, engine, monkeypatch):
    monkeypatch.setattr(remote_sound, "_LIMIT", 10_000)
    with pytest.raises(ModelError, match="more than 10,000 bytes"):
        say(engine)


@pytest.mark.parametrize("form", ["wav", "flac"])
def test_too_many_seconds_are_refused(form, server, engine, monkeypatch):
    """A few kilobytes of FLAC unfold to days of silence."""
    monkeypatch.setattr(remote_sound, "_LONGEST", 1)
    with pytest.raises(ModelError, match="more than 1 s"):
        say(engine, format=form)


# -- once more --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("faults", "waited"),
    [
        (["503"], [0.5]),
        (["503", "503", "503"], [0.5, 1.0, 2.0]),
        (["503 after 4"], [4.0]),
        (["429 after 7", "429 after 0"], [7.0, 0.0]),
    ],
)
def test_what_the_server_asks_to_repeat_is_repeated(faults, waited, server, engine, waits):
    engine.voices()
    server.next(*faults)
    assert say(engine).audio == espeak()
    assert waits == waited


@pytest.mark.parametrize(
    ("faults", "kind", "waited"),
    [
        (["503"] * 4, ModelError, 3),
        (["429 after 1"] * 4, ModelAccess, 3),
        (["429 after 3600"], ModelAccess, 0),
        (["429 after tomorrow"], ModelAccess, 0),
        (["503 after 3600"], ModelError, 0),
    ],
)
def test_but_not_for_ever(faults, kind, waited, server, waits):
    engine = RemoteEngine(server.url, voices="en-us")
    server.next(*faults)
    with pytest.raises(kind):
        say(engine)
    engine.unload()
    assert len(waits) == waited
    assert len(server.speech()) == waited + 1


def test_a_server_that_is_not_there_is_named_with_a_cure(waits):
    with OpenAIServer() as gone:
        engine = RemoteEngine(gone.url, voices="alloy")
    with pytest.raises(ModelError, match="cannot be reached") as caught:
        engine.synthesize("Hi.", voice="alloy")
    assert caught.value.subject == gone.host
    assert "WORKBENCH_REMOTE_URL" in caught.value.cure
    assert waits == [0.5, 1.0, 2.0]
    engine.unload()
    waits.clear()
    listing = RemoteEngine(gone.url)
    with pytest.raises(ModelError, match="cannot be reached"):
        listing.voices()  # who lists all voices does not wait for this one
    assert waits == []
    listing.unload()


def test_a_server_that_comes_up_meanwhile_is_found(monkeypatch):
    with OpenAIServer() as server:
        port = int(server.host.partition(":")[2])
    with contextlib.ExitStack() as stack:

        def start(*_: object) -> None:
            stack.enter_context(OpenAIServer(port=port))

        monkeypatch.setattr(remote_server, "_pause", start)
        engine = RemoteEngine(f"http://127.0.0.1:{port}", voices="en-us")
        assert say(engine).audio == espeak()
        engine.unload()


def test_a_proxy_for_the_world_is_none_for_this_machine(server, engine, monkeypatch):
    """With HTTP_PROXY set, a client by default sends even loopback there."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://192.0.2.1:9")
    assert say(engine).audio == espeak()


def test_connections_are_kept_and_shared(server, engine):
    for _ in range(5):
        say(engine)
    assert server.connections == 1


# -- bytes ------------------------------------------------------------------------------------


class Canned:
    """An answer that is at hand."""

    def __init__(self, data: bytes, kind: str = "audio/wav", size: int = 7) -> None:
        self.kind, self.parameters = kind, ""
        self.address = Address("http://localhost")
        self._data, self._size = data, size

    def chunks(self, limit, *, seconds=None):
        file = io.BytesIO(self._data)
        yield from iter(lambda: file.read(self._size), b"")

    def refuse(self, body, wanted):
        return ModelError(f"no {wanted}", subject="localhost")


@pytest.mark.parametrize("form", [".wav", ".flac", ".mp3", ".ogg"])
def test_bytes_that_are_damaged_or_cut_anywhere_are_sound_or_an_error(form):
    data = espeak("One two.").encode(form)
    chance = np.random.default_rng(5)
    for number in range(60):
        broken = bytearray(data)
        if number % 2:
            broken = broken[: chance.integers(0, len(data))]
        for _ in range(number // 4):
            broken[chance.integers(0, min(200, len(broken) or 1)) if broken else 0 :][:1] = b"\xff"
            if broken:
                broken[chance.integers(0, min(200, len(broken)))] = chance.integers(0, 256)
        try:
            pieces = list(remote_sound.pieces(Canned(bytes(broken)), wanted="wav"))
        except WorkbenchError:
            continue
        assert all(piece.rate == 24_000 and piece.frames for piece in pieces)


@pytest.mark.parametrize("size", [1, 3, 44, 45, 4_097, 10**9])
def test_it_does_not_matter_how_the_bytes_arrive(size):
    data = espeak().encode(".wav")
    sound = Audio.join(list(remote_sound.pieces(Canned(data, size=size), wanted="wav")))
    assert sound == Audio(samples=espeak().samples.round(15), rate=24_000).cut(0, 99) or (
        np.abs(sound.samples - espeak().samples).max() < 1 / 32_000
    )


# -- listening threads ------------------------------------------------------------------------


def test_a_stream_that_is_closed_lets_go_of_the_server(server, engine):
    engine.voices()
    server.next("slow body")
    pieces = engine.stream(TEXT, voice="en-us")
    next(pieces)
    pieces.close()
    done = threading.Event()

    def again() -> None:
        say(engine)
        done.set()

    threading.Thread(target=again, daemon=True).start()
    assert done.wait(30)
