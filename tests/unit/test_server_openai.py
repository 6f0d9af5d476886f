"""Clients that speak OpenAI's audio, our own among them, work with the server."""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING, Any

import httpx
import numpy as np
import pytest
from serving import TOKEN, served
from whisper_model import TinyWhisper, bare, sentences

from workbench.audio import Audio
from workbench.engines.remote import RemoteEngine, RemoteOptions, RemoteTranscriber
from workbench.errors import ModelAccess, ModelError, TextError, VoiceNotFound
from workbench.media.kinds import kind_of
from workbench.media.probe import probe
from workbench.service.server import speakers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from serving import Served

pytestmark = pytest.mark.media

TEXT = "Hello from the server."


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, tiny_whisper: TinyWhisper) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("openai") / "store"
    told = {"WHISPER_MODEL": tiny_whisper.name, "WORKBENCH_REMOTE_URL": ""}
    with served(folder, "--workers", "1", environment=told) as running:
        yield running


@pytest.fixture(scope="module")
def client(server: Served) -> Iterator[httpx.Client]:
    """A client as OpenAI's own: the key behind Bearer, the base ending in /v1/."""
    with httpx.Client(
        base_url=f"{server.url}/v1/",
        headers={"Authorization": f"Bearer {TOKEN}"},
        timeout=60,
        trust_env=False,
    ) as made:
        yield made


@pytest.fixture
def engine(server: Served) -> Iterator[RemoteEngine]:
    made = RemoteEngine(f"{server.url}/v1", TOKEN)
    yield made
    made.unload()


def say(client: httpx.Client, **fields: Any) -> httpx.Response:
    return client.post("audio/speech", json={"model": "tts-1", "input": TEXT, **fields})


def hear(client: httpx.Client, said: bytes, **fields: Any) -> httpx.Response:
    return client.post(
        "audio/transcriptions", data={"model": "whisper-1", **fields}, files={"file": ("a", said)}
    )


def kept(server: Served) -> list[Any]:
    with server.client() as client:
        found: list[Any] = client.get("/api/v1/media/storage").json()["data"]
        return found


@pytest.fixture(scope="module")
def talk(tiny_whisper: TinyWhisper) -> tuple[bytes, list[str]]:
    """A recording, and its words."""
    said = sentences(tiny_whisper, "en", 2)
    return Audio.join([one.audio for one in said]).encode(".wav"), [
        w for s in said for w in s.words
    ]


# -- our own engine and recogniser ----------------------------------------------------------------


def test_our_engine_finds_the_voices_and_speaks(engine: RemoteEngine):
    voices = {voice.name: voice for voice in engine.voices()}
    assert voices["en"].language == "en-gb"
    assert voices["es"].language == "es"
    take = engine.synthesize(TEXT, voice="en")
    assert 0.8 < take.audio.duration < 3
    assert np.abs(take.audio.samples).max() > 0.1
    fast = engine.synthesize(TEXT, voice="en", options=RemoteOptions(speed=2.0))
    assert fast.audio.duration < 0.7 * take.audio.duration
    streamed = Audio.join(list(engine.stream(TEXT, voice="en")))
    assert streamed.duration == pytest.approx(take.audio.duration, abs=0.05)


@pytest.mark.parametrize("form", ["wav", "pcm", "flac", "mp3"])
def test_our_engine_reads_every_format_it_can_ask_for(engine: RemoteEngine, form: str):
    take = engine.synthesize(TEXT, voice="es", options=RemoteOptions(format=form))
    wav = engine.synthesize(TEXT, voice="es", options=RemoteOptions(format="wav"))
    assert take.audio.duration == pytest.approx(wav.audio.duration, abs=0.12)
    assert np.abs(take.audio.samples).max() > 0.1


def test_our_engine_understands_the_refusals(server: Served, engine: RemoteEngine):
    listed = engine.voices()
    with pytest.raises(VoiceNotFound):
        engine.synthesize(TEXT, voice="nobody")
    with pytest.raises(TextError):
        engine.synthesize("...", voice=listed[0].name)
    stranger = RemoteEngine(f"{server.url}/v1", "another-key")
    with pytest.raises(ModelAccess, match="refuses the key"):
        stranger.voices()
    stranger.unload()


def test_our_recogniser_hears_words_and_their_times(server: Served, talk: tuple[bytes, list[str]]):
    ears = RemoteTranscriber(f"{server.url}/v1", TOKEN)
    heard = ears.transcribe(_read(talk[0]), language="en")
    assert [bare(word.text) for word in heard.words] == talk[1]
    starts = [word.start for word in heard.words]
    assert starts == sorted(starts)
    assert heard.words[-1].end <= heard.duration
    assert not heard.warnings
    with pytest.raises(ModelError):
        ears.transcribe(_read(talk[0]), language="xx")
    ears.unload()


def _read(data: bytes) -> Audio:
    import soundfile

    samples, rate = soundfile.read(io.BytesIO(data), dtype="float32", always_2d=True)
    return Audio(samples=samples, rate=rate)


# -- speech -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("form", "kind", "codec"),
    [
        ("mp3", "audio/mpeg", "mp3"),
        ("opus", "audio/ogg", "opus"),
        ("aac", "audio/aac", "aac"),
        ("flac", "audio/flac", "flac"),
        ("wav", "audio/wav", "pcm_s16le"),
    ],
)
def test_speech_is_what_its_type_says(
    client: httpx.Client, tmp_path: Path, form: str, kind: str, codec: str
):
    answer = say(client, voice="en-gb", response_format=form)
    assert (answer.status_code, answer.headers["content-type"]) == (200, kind)
    assert int(answer.headers["content-length"]) == len(answer.content)
    path = tmp_path / "said"
    path.write_bytes(answer.content)
    assert kind_of(path) == ("audio", f".{form}")
    found = probe(path)
    assert found.audio is not None
    assert found.audio.codec.startswith(codec)
    assert found.duration is None or 0.8 < found.duration < 3


def test_mp3_is_the_default_and_pcm_is_bare(client: httpx.Client):
    assert say(client, voice="en-gb").headers["content-type"] == "audio/mpeg"
    bare_ = say(client, voice="en-gb", response_format="pcm")
    wav = say(client, voice="en-gb", response_format="wav").content
    assert bare_.headers["content-type"] == "audio/pcm; rate=24000; channels=1"
    rate = struct.unpack("<I", wav[24:28])[0]
    seconds = (len(wav) - 44) / 2 / rate
    assert len(bare_.content) / 2 / 24_000 == pytest.approx(seconds, abs=0.05)
    samples = np.frombuffer(bare_.content, "<i2")
    assert 3_000 < np.abs(samples.astype(int)).max() <= 32_767


@pytest.mark.parametrize("voice", ["alloy", "Nova", "shimmer"])
def test_names_of_openai_are_taken_for_the_nearest_voice(client: httpx.Client, voice: str):
    """A client that knows nothing else speaks all the same, and is told with what."""
    answer = say(client, voice=voice, instructions="Whisper.")
    assert answer.status_code == 200
    notes = answer.headers["x-workbench-notes"]
    assert f"the voice {voice.lower()} is " in notes
    assert "instructions were left aside" in notes


def test_an_engine_can_be_named_in_either_place(client: httpx.Client):
    one = say(client, model="espeak", voice="en-gb", response_format="pcm").content
    other = say(client, voice="espeak:en-gb", response_format="pcm").content
    assert one == other
    assert len(one) > 20_000


def test_a_long_text_is_spoken_to_its_end(client: httpx.Client):
    """OpenAI refuses what is beyond 4,096 letters."""
    short = say(client, voice="en-gb", input="One two. " * 40, response_format="pcm")
    long = say(client, voice="en-gb", input="One two. " * 500, response_format="pcm")
    assert "x-workbench-notes" not in short.headers
    assert "longer than 4,096 letters" in long.headers["x-workbench-notes"]
    assert len(long.content) > 10 * len(short.content)


# -- what is heard --------------------------------------------------------------------------------


def test_a_recording_is_written_down_in_each_format(
    client: httpx.Client, talk: tuple[bytes, list[str]]
):
    sound, words = talk

    def told(form: str, **more: Any) -> httpx.Response:
        answer = hear(client, sound, response_format=form, language="en", **more)
        assert answer.status_code == 200
        return answer

    plain = told("json").json()
    assert set(plain) == {"text"}
    assert [bare(word) for word in plain["text"].split()] == words
    text = told("text")
    assert text.headers["content-type"].startswith("text/plain")
    assert text.text.strip() == plain["text"]
    full = told("verbose_json", **{"timestamp_granularities[]": ["word", "segment"]}).json()
    assert full["task"] == "transcribe"
    assert full["language"] == "en"
    assert full["text"] == plain["text"]
    assert [bare(one["word"]) for one in full["words"]] == words
    assert {"id", "start", "end", "text", "tokens", "no_speech_prob"} <= set(full["segments"][0])
    assert full["duration"] == pytest.approx(_read(sound).duration, abs=0.1)
    assert "words" not in told("verbose_json").json()
    assert "segments" not in told("verbose_json", **{"timestamp_granularities[]": "word"}).json()
    srt, vtt = told("srt").text, told("vtt").text
    assert srt.startswith("1\n00:00:0")
    assert vtt.startswith("WEBVTT")
    for form in (srt, vtt):
        spoken = [bare(w) for line in form.splitlines() if line[:1].isalpha() for w in line.split()]
        assert [word for word in spoken if word != "webvtt"] == words


def test_what_is_not_obeyed_is_said(client: httpx.Client, talk: tuple[bytes, list[str]]):
    answer = hear(client, talk[0], prompt="Names.", temperature="0.4", language="en")
    assert answer.headers["x-workbench-notes"] == "prompt and temperature left aside"


def test_silence_is_no_error(client: httpx.Client):
    silence = Audio.silence(1.0, 16_000).encode(".wav")
    assert hear(client, silence, language="en").json() == {"text": ""}
    assert hear(client, silence, language="en", response_format="vtt").text.strip() == "WEBVTT"
    assert hear(client, silence, language="en", response_format="srt").text.strip() == ""


# -- the models -----------------------------------------------------------------------------------


def test_models_are_listed_as_openai_lists_them(client: httpx.Client):
    told = client.get("models").json()
    assert told["object"] == "list"
    names = [one["id"] for one in told["data"]]
    assert {"espeak", "kokoro", "whisper", "tts-1", "whisper-1"} <= set(names)
    assert "remote" not in names
    for one in told["data"]:
        assert one["object"] == "model"
        assert isinstance(one["created"], int)
        assert one["owned_by"]
    assert client.get("models/espeak").json()["id"] == "espeak"
    assert client.get("models/gpt-99").status_code == 404


# -- errors -------------------------------------------------------------------------------------

REFUSED = [
    ("voice", {"json": {"input": TEXT, "voice": "nobody"}}, 400, "voice_not_found", None),
    ("engine", {"json": {"input": TEXT, "voice": "nobody:here"}}, 400, "engine_not_found", None),
    ("blank", {"json": {"input": "   ", "voice": "en-gb"}}, 400, "text", None),
    ("no input", {"json": {"voice": "en-gb"}}, 400, "parameter", "input"),
    ("speed", {"json": {"input": TEXT, "speed": 9}}, 400, "parameter", "speed"),
    ("format", {"json": {"input": TEXT, "response_format": "ape"}}, 400, "parameter",
     "response_format"),
    ("events", {"json": {"input": TEXT, "stream_format": "sse"}}, 400, "parameter",
     "stream_format"),
    ("half a letter", {"content": b'{"input": "a", "voice": "\\ud800"}'}, 400,
     "voice_not_found", None),
    ("no JSON", {"content": b"{"}, 400, "parameter", None),
    ("depth", {"content": b"[" * 100_000}, 400, "parameter", None),
    ("a list", {"json": []}, 400, "parameter", None),
    ("too long", {"json": {"input": "a " * 60_000, "voice": "en-gb"}}, 400, "text", None),
]  # fmt: skip


@pytest.mark.parametrize("case", REFUSED, ids=[case[0] for case in REFUSED])
def test_speech_is_refused_as_openai_refuses(client: httpx.Client, case: tuple[Any, ...]):
    _, body, status, code, param = case
    headers = {"content-type": "application/json"}
    answer = client.post("audio/speech", headers=headers, **body)
    assert answer.status_code == status, answer.text
    error = answer.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert error["type"] == "invalid_request_error"
    assert error["code"] == code
    assert error["message"]
    if param is not None:
        assert error["param"] == param


def test_a_recording_is_refused_as_openai_refuses(
    client: httpx.Client, talk: tuple[bytes, list[str]]
):
    for answer, code in (
        (client.post("audio/transcriptions", data={"model": "whisper-1"}), "parameter"),
        (hear(client, b"no sound at all"), "media"),
        (hear(client, b""), "media"),
        (hear(client, talk[0], response_format="ape"), "parameter"),
        (hear(client, talk[0], **{"timestamp_granularities[]": "letter"}), "parameter"),
        (hear(client, talk[0], temperature="7"), "parameter"),
        (hear(client, talk[0], language="not a language"), "parameter"),
    ):
        assert answer.status_code == 400, answer.text
        assert answer.json()["error"]["code"] == code
    missing = client.get("audio/nothing")
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "service")


def test_nothing_is_kept_of_what_was_asked_here(
    server: Served, client: httpx.Client, talk: tuple[bytes, list[str]]
):
    """Every file was made for one answer; so were those that were refused."""
    assert say(client, voice="en-gb").status_code == 200
    assert say(client, voice="en-gb", response_format="wav").status_code == 200
    assert hear(client, talk[0], language="en").status_code == 200
    assert kept(server) == []


# -- who is meant ---------------------------------------------------------------------------------


def test_each_of_openais_voices_has_one_of_kokoros():
    from workbench.engines.kokoro.voices import voices
    from workbench.engines.remote.voices import DOCUMENTED

    known = {voice.name for voice in voices()}
    assert set(speakers._THEIRS.values()) <= known
    assert set(speakers._THEIRS) == {voice.name for voice in DOCUMENTED}


def test_a_voice_is_looked_for_in_every_engine_that_is_here(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(speakers, "_has_kokoro", lambda: True)
    assert speakers.order()[:2] == ["kokoro", "espeak"]
    assert speakers.speaker("tts-1", "alloy").voice == "af_alloy"
    assert speakers.speaker("tts-1", "af_heart").engine == "kokoro"
    # It is espeak's by its name, and a language that Kokoro has a voice for.
    assert speakers.speaker("tts-1", "es").engine == "espeak"
    assert speakers.speaker("kokoro", "es").voice == "ef_dora"
    assert speakers.speaker("tts-1", "en-gb").engine == "kokoro"
    assert speakers.speaker("espeak", "").engine == "espeak"
    monkeypatch.setattr(speakers, "_has_kokoro", lambda: False)
    assert speakers.order()[0] == "espeak"
    assert speakers.speaker("tts-1", "").engine == "espeak"
    with pytest.raises(VoiceNotFound):
        speakers.speaker("espeak", "af_heart")
