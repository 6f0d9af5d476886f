"""An OpenAI-compatible server as a recogniser: what is sent, and what becomes of what it tells."""

from __future__ import annotations

import math
import threading
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.openai_server import OpenAIServer
from workbench.audio import Audio
from workbench.engines import registry
from workbench.engines import transcriber as transcriber_named
from workbench.engines.base import Transcriber
from workbench.engines.espeak.engine import EspeakEngine
from workbench.engines.remote import RemoteTranscriber, RemoteTranscriberOptions
from workbench.engines.remote import transcriber as remote_transcriber
from workbench.engines.remote.heard import heard
from workbench.engines.remote.languages import tag
from workbench.errors import Cancelled, ModelAccess, ModelError, ParameterError
from workbench.recognition import Recognition
from workbench.speech.roundtrip import verified

TEXT = "Hello, world. How are you?"
# As OpenAI answers: words without punctuation, segments with it, the language by its name.
FULL = {
    "task": "transcribe", "language": "english", "duration": 2.0, "text": TEXT,
    "segments": [
        {"id": 0, "start": 0.0, "end": 1.0, "text": " Hello, world.", "avg_logprob": -0.2,
         "no_speech_prob": 0.01, "compression_ratio": 1.1, "temperature": 0.0},
        {"id": 1, "start": 1.0, "end": 2.0, "text": " How are you?", "avg_logprob": -0.3},
    ],
    "words": [
        {"word": "Hello", "start": 0.1, "end": 0.4}, {"word": "world", "start": 0.5, "end": 0.9},
        {"word": "How", "start": 1.1, "end": 1.3}, {"word": "are", "start": 1.3, "end": 1.5},
        {"word": "you", "start": 1.5, "end": 1.9},
    ],
}  # fmt: skip
TIMES = [("Hello,", 0.1, 0.4), ("world.", 0.5, 0.9), ("How", 1.1, 1.3), ("are", 1.3, 1.5),
         ("you?", 1.5, 1.9)]  # fmt: skip


@pytest.fixture
def server():
    with OpenAIServer(hears=FULL) as server:
        yield server


@pytest.fixture
def ears(server):
    ears = RemoteTranscriber(server.url)
    yield ears
    ears.unload()


@pytest.fixture
def sound() -> Audio:
    take = EspeakEngine().synthesize(TEXT, voice="en-us")
    return Audio.join([take.audio, Audio.silence(2, take.audio.rate)]).cut(0, 2)


def times(found: Recognition) -> list[tuple[str, float, float]]:
    return [(w.text, round(w.start, 3), round(w.end, 3)) for w in found.words]


# -- what is asked ----------------------------------------------------------------------------


def test_it_is_a_recogniser_and_the_registered_one(server, monkeypatch):
    monkeypatch.setenv("WORKBENCH_REMOTE_URL", server.url)
    monkeypatch.setattr(registry._ears, "loaded", {})
    assert isinstance(transcriber_named("remote"), RemoteTranscriber)
    assert isinstance(transcriber_named("remote"), Transcriber)


def test_the_sound_goes_as_flac_of_16_khz_and_one_channel(server, ears, sound):
    got = []
    server.hears = lambda audio, _: got.append(audio) or FULL
    ears.transcribe(sound.with_channels(2))
    name, data = server.requests[0].file
    assert (name, data[:4]) == ("speech.flac", b"fLaC")
    assert (got[0].rate, got[0].channels, got[0].duration) == (16_000, 1, 2.0)
    assert np.abs(got[0].samples - sound.resample(16_000).samples).max() < 1e-3
    assert server.requests[0].form == {
        "model": ["whisper-1"], "temperature": ["0"], "response_format": ["verbose_json"],
        "timestamp_granularities[]": ["word", "segment"], "file": [data.decode("utf-8", "replace")],
    }  # fmt: skip


def test_what_is_asked_for_is_sent(server, ears, sound):
    options = RemoteTranscriberOptions(model="base", temperature=0.5, prompt="Niño, «así»")
    ears.transcribe(sound, language="es-MX", options=options)
    form = server.requests[0].form
    assert (form["model"], form["temperature"], form["language"]) == (["base"], ["0.5"], ["es"])
    assert form["prompt"] == ["Niño, «así»"]


@pytest.mark.parametrize("language", ["english!", "e", "x" * 30, "../x"])
def test_what_is_no_language_is_refused_before_anything_is_sent(language, server, ears, sound):
    with pytest.raises(ParameterError, match="language"):
        ears.transcribe(sound, language=language)
    assert server.requests == []


def test_another_engines_options_are_refused(ears, sound):
    with pytest.raises(ParameterError, match="options"):
        ears.transcribe(sound, options=EspeakEngine.options())


# -- what is heard ----------------------------------------------------------------------------


def test_words_are_spelled_as_the_text_is_and_keep_their_times(ears, sound):
    found = ears.transcribe(sound)
    assert times(found) == TIMES
    assert found.text == TEXT
    assert [(s.start, s.end, s.log_probability) for s in found.segments] == [
        (0.0, 1.0, -0.2), (1.0, 2.0, -0.3),
    ]  # fmt: skip
    assert found.segments[0].no_speech == 0.01
    assert (found.language, found.engine, found.model) == ("en", "remote", "whisper-1")
    assert found.duration == 2.0
    assert found.device.startswith("127.0.0.1:")
    assert found.warnings == ()
    assert Recognition.from_dict(found.to_dict()) == found


def test_words_in_segments_with_probabilities_are_understood(ears, server, sound):
    """As faster-whisper's servers answer."""
    words = [{"word": f" {t}", "start": a, "end": b, "probability": 0.5} for t, a, b in TIMES]
    rows = [
        {**FULL["segments"][0], "words": words[:2]},
        {**FULL["segments"][1], "words": words[2:]},
    ]
    server.hears = {
        **FULL,
        "words": None,
        "segments": rows,
        "language": "en",
    }
    found = ears.transcribe(sound)
    assert times(found) == TIMES
    assert {word.probability for word in found.words} == {0.5}


def test_segments_without_words_share_their_time_by_letters_with_a_warning(ears, server, sound):
    server.hears = {**FULL, "words": []}
    found = ears.transcribe(sound)
    assert [word.text for word in found.words] == [text for text, _, _ in TIMES]
    assert times(found)[:2] == [("Hello,", 0.0, 0.5), ("world.", 0.5, 1.0)]
    assert found.warnings == ("the server tells no times of words: they are guessed by letters",)


def test_a_model_that_writes_text_alone_is_asked_for_that(ears, server, sound):
    """OpenAI's gpt-4o-transcribe refuses the detailed form."""

    def hears(audio, request):
        if request.form["response_format"] == ["verbose_json"]:
            return 400, "response_format 'verbose_json' is not compatible with this model"
        return {"text": TEXT}

    server.hears = hears
    found = ears.transcribe(sound, language="en")
    assert found.text == TEXT
    assert "timestamp_granularities[]" not in server.requests[1].form
    assert found.words[-1].end == 2.0
    assert found.warnings


def test_words_without_segments_are_one(ears, server, sound):
    server.hears = {"text": TEXT, "words": FULL["words"]}
    found = ears.transcribe(sound)
    assert times(found) == TIMES
    assert [(s.start, s.end) for s in found.segments] == [(0.1, 1.9)]


def test_words_that_are_not_the_texts_stay_the_servers(ears, server, sound):
    other = [{"word": "twenty", "start": 0.1, "end": 0.5}, {"word": "five", "start": 0.5, "end": 1}]
    server.hears = {"text": "25", "words": other}
    assert [word.text for word in ears.transcribe(sound).words] == ["twenty", "five"]


def test_scripts_without_spaces_have_a_word_for_each_ideograph(ears, server, sound):
    server.hears = {
        "text": "你好。世界", "words": [{"word": "你好", "start": 0.0, "end": 1.0},
                                      {"word": "世界", "start": 1.0, "end": 2.0}]
    }  # fmt: skip
    found = ears.transcribe(sound, language="cmn")
    assert times(found) == [("你", 0, 0.5), ("好。", 0.5, 1), ("世", 1, 1.5), ("界", 1.5, 2)]
    assert not any(word.space for word in found.words[:-1])
    assert server.requests[0].form["language"] == ["zh"]


def test_silence_is_nothing_heard(ears, server, sound):
    server.hears = {"text": " ", "segments": [], "words": []}
    found = ears.transcribe(sound)
    assert (found.segments, found.text, found.language) == ((), "", "und")


def test_no_sound_is_not_sent(ears, server):
    found = ears.transcribe(Audio.silence(0, 16_000))
    assert (found.segments, found.duration, server.requests) == ((), 0.0, [])
    assert found.warnings == ("there is no sound",)


@given(
    st.lists(
        st.tuples(
            st.text(alphabet="ab ,.é你", min_size=1, max_size=8),
            st.floats(-5, 50),
            st.floats(-5, 50),
        ),
        max_size=8,
    ),
    st.lists(
        st.tuples(st.text(alphabet="ab ,.é你", max_size=20), st.floats(-5, 50), st.floats(-5, 50)),
        max_size=4,
    ),
)
def test_whatever_times_a_server_tells_words_are_in_order_and_in_the_sound(words, segments):
    """End before start, beyond the sound, out of order: all of it was seen."""
    found = heard(
        {
            "text": "a b",
            "words": [{"word": t, "start": a, "end": b} for t, a, b in words],
            "segments": [{"text": t, "start": a, "end": b} for t, a, b in segments],
        },
        10.0,
    )
    Recognition(segments=found.segments, language="en", duration=10.0)
    for segment in found.segments:
        assert all(0 <= word.start <= word.end <= 10 for word in segment.words)
        assert all(one.start <= two.start for one, two in pairwise(segment.words))
    everything = [word for segment in found.segments for word in segment.words]
    assert all(one.start <= two.start + 1e-9 for one, two in pairwise(everything)) or segments


@pytest.mark.parametrize(
    "answer",
    [
        b"", b"[]", b"null", b"{}", b"not json", {"text": None}, {"text": "a", "segments": "x"},
        {"text": "a", "words": [{"word": "a"}]},
        {"text": "a", "words": [{"word": "a", "start": "x", "end": 1}]},
        {"text": "a", "words": [{"word": "a", "start": math.nan, "end": 1}]},
        {"error": {"message": "the model is not loaded"}},
        b"[" * 100_000,  # RecursionError
        {"text": "a", "words": [{"word": "a", "start": 0, "end": 10**400}]},  # OverflowError
        {"text": "a", "segments": [{"text": "a", "start": 0, "end": 1, "avg_logprob": 10**400}]},
    ],
)  # fmt: skip
def test_what_is_no_transcription_is_an_error(answer, ears, server, sound):
    server.hears = answer
    with pytest.raises(ModelError, match="no transcription") as caught:
        ears.transcribe(sound)
    if isinstance(answer, dict) and "error" in answer:
        assert "the model is not loaded" in str(caught.value)


@pytest.mark.parametrize(
    ("fault", "kind"),
    [("401", ModelAccess), ("429", ModelAccess), ("413", ModelError), ("500", ModelError),
     ("html", ModelError), ("hang up", ModelError), ("404", ModelError)],
)  # fmt: skip
def test_what_goes_wrong_is_told(fault, kind, ears, server, sound):
    server.next(fault)
    with pytest.raises(kind) as caught:
        ears.transcribe(sound)
    assert type(caught.value) is kind
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("name", "expected"),
    [("english", "en"), ("Spanish", "es"), ("pt", "pt"), ("zh_TW", "zh-tw"), ("?", ""), (7, "")],
)
def test_languages_by_any_name(name, expected):
    assert tag(name) == expected


# -- long sound -------------------------------------------------------------------------------


def test_a_long_sound_goes_in_parts_cut_where_it_is_quiet(ears, server, monkeypatch):
    """25 MB are the most that OpenAI takes."""
    monkeypatch.setattr(remote_transcriber, "_PART", 10.0)
    noise = 0.1 * np.random.default_rng(1).standard_normal(25 * 16_000)
    for quiet in (9.3, 18.5):
        noise[round((quiet - 0.2) * 16_000) : round((quiet + 0.2) * 16_000)] = 0
    got = []

    def hears(audio, request):
        got.append((audio.duration, request.form.get("language")))
        return {
            "text": "Hi",
            "language": "spanish",
            "words": [{"word": "Hi", "start": 1, "end": 2}],
        }

    server.hears = hears
    steps = []
    found = ears.transcribe(Audio(samples=noise, rate=16_000), progress=steps.append)
    assert [seconds for seconds, _ in got] == pytest.approx([9.3, 9.2, 6.5], abs=0.11)
    assert [language for _, language in got] == [None, ["es"], ["es"]]
    assert [word.start for word in found.words] == pytest.approx([1.0, 10.3, 19.5], abs=0.11)
    assert steps == pytest.approx([0.37, 0.74, 1.0], abs=0.01)
    assert (found.duration, found.language) == (25.0, "es")


def test_ten_minutes_of_noise_stay_below_the_limit():
    noise = np.random.default_rng(1).uniform(-1, 1, 60 * 16_000)
    size = len(Audio(samples=noise, rate=16_000).encode(".flac"))
    assert size * remote_transcriber._PART / 60 < 25_000_000


# -- stopping ---------------------------------------------------------------------------------


def test_it_stops_while_the_server_is_silent(ears, server, sound):
    server.next("slow")
    cancel = threading.Event()
    threading.Timer(0.2, cancel.set).start()
    with pytest.raises(Cancelled):
        ears.transcribe(sound, cancel=cancel)
    assert not server.released.is_set()


def test_it_does_not_begin_when_it_is_stopped(ears, server, sound):
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Cancelled):
        ears.transcribe(sound, cancel=cancel)
    assert server.requests == []


def test_it_stops_while_it_waits_to_ask_again(ears, server, sound):
    server.next("503 after 50")
    cancel = threading.Event()
    threading.Timer(0.2, cancel.set).start()
    with pytest.raises(Cancelled):
        ears.transcribe(sound, cancel=cancel)


def test_an_event_that_is_never_set_changes_nothing(ears, sound, server):
    assert times(ears.transcribe(sound, cancel=threading.Event())) == TIMES
    server.next("500")
    with pytest.raises(ModelError, match="500"):
        ears.transcribe(sound, cancel=threading.Event())


def test_it_listens_for_a_round_trip(ears, server):
    """The remote recogniser checks what an engine spoke."""
    server.hears = {"text": "hello world how are you"}
    take, verdict = verified(
        lambda _: EspeakEngine().synthesize(TEXT, voice="en-us"),
        text=TEXT,
        language="en-us",
        transcriber=ears,
    )
    assert (take.flags, verdict.cer) == ((), 0.0)
    server.hears = {"text": "hello"}
    _, verdict = verified(
        lambda _: EspeakEngine().synthesize(TEXT, voice="en-us"), text=TEXT, transcriber=ears
    )
    assert verdict.flags == ("unlike",)
    assert math.isclose(verdict.cer, 14 / 19)
