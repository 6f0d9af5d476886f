"""Whisper behind the contract of a recogniser: the real library with a real, tiny model."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from whisper_model import TinyWhisper, bare, say, sentences, wrong_words

from workbench.audio import Audio
from workbench.engines import hardware, whisper
from workbench.engines.whisper import WhisperOptions, WhisperTranscriber, listen
from workbench.engines.whisper import language as whisper_language
from workbench.engines.whisper import model as whisper_model
from workbench.engines.whisper.listen import RATE, joined, speech
from workbench.errors import (
    Cancelled,
    DeviceError,
    ModelError,
    ParameterError,
    WeightsCorrupt,
    WeightsMissing,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from workbench.recognition import Recognition

pytestmark = pytest.mark.model


@pytest.fixture(scope="module")
def ears() -> WhisperTranscriber:
    return WhisperTranscriber()


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks for a network fails the test."""

    def refuse(*arguments: object, **_: object) -> None:
        pytest.fail(f"asked for a network: {arguments}")

    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def words(heard: Recognition) -> list[str]:
    return [bare(word.text) for word in heard.words]


# -- what it hears ------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "es"])
def test_sentences_of_known_words_are_heard_at_their_times(tiny_whisper, ears, language):
    """The bounds are those that the model was published with."""
    wrong = total = right_language = 0
    late: list[float] = []
    said = sentences(tiny_whisper, language, 25)
    for one in said:
        heard = ears.transcribe(one.audio, options=WhisperOptions(model=tiny_whisper.name))
        wrong += wrong_words(list(one.words), words(heard))
        total += len(one.words)
        right_language += heard.language == language
        if words(heard) == list(one.words):
            late += [abs(w.start - start) for w, start in zip(heard.words, one.starts, strict=True)]
    assert wrong / total <= 0.08
    assert right_language >= 0.9 * len(said)
    assert len(late) > total / 2
    assert np.mean(late) <= 0.1


def test_a_result_says_what_made_it(tiny_whisper, ears):
    said = say("red green blue seven")
    heard = ears.transcribe(
        said.audio, language="en", options=WhisperOptions(model=tiny_whisper.name, beam_size=3)
    )
    assert heard.text.lower() == "red green blue seven"
    assert (heard.engine, heard.model, heard.device) == ("whisper", tiny_whisper.folder.name, "cpu")
    assert heard.options == WhisperOptions(model=tiny_whisper.name, beam_size=3).to_dict()
    assert (heard.language, heard.language_probability) == ("en", 1.0)
    assert heard.duration == said.audio.duration
    assert heard.warnings == heard.flags == ()
    assert all(0 < word.probability <= 1 for word in heard.words)
    json.dumps(heard.to_dict(), allow_nan=False)


def test_rate_and_channels_do_not_matter(tiny_whisper, ears):
    """Whisper takes 16,000 Hz mono; handed anything else the library hears gibberish."""
    said = say("red green blue seven").audio
    options = WhisperOptions(model=tiny_whisper.name)
    texts = {
        ears.transcribe(one, language="en", options=options).text
        for one in (said, said.resample(48_000), said.resample(16_000).with_channels(2))
    }
    assert len(texts) == 1


def test_batched_and_one_after_the_other_hear_the_same(tiny_whisper, ears):
    pieces = sentences(tiny_whisper, "en", 4, seed=3)
    gap = Audio.silence(3, pieces[0].audio.rate)
    whole = Audio.join([part for one in pieces for part in (one.audio, gap)])
    texts = []
    for batch in (0, 1, 4):
        options = WhisperOptions(
            model=tiny_whisper.name, batch_size=batch, chunk_length=5, min_silence=1_000
        )
        heard = ears.transcribe(whole, language="en", options=options)
        texts.append(words(heard))
        starts = [word.start for word in heard.words]
        assert starts == sorted(starts)
    assert texts[1] == texts[2]
    said = [word for one in pieces for word in one.words]
    assert all(wrong_words(said, text) <= 0.25 * len(said) for text in texts)


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_language_is_detected(tiny_whisper, ears, language):
    options = WhisperOptions(model=tiny_whisper.name)
    for one in sentences(tiny_whisper, language, 5, seed=9):
        long = Audio.join([Audio.silence(2, one.audio.rate), one.audio])
        heard = ears.transcribe(long, options=options)
        assert heard.language == language
        assert 0 < heard.language_probability <= 1


def test_the_language_that_is_asked_for_is_taken_without_its_region(tiny_whisper, ears):
    said = say("hola mundo rojo", "es").audio
    options = WhisperOptions(model=tiny_whisper.name)
    for tag in ("es", "es-MX", "ES_es"):
        heard = ears.transcribe(said, language=tag, options=options)
        assert (heard.language, heard.language_probability) == ("es", 1.0)
    for tag, hint in (("spanish", "'es'"), ("xx", "en, es"), ("fr", "en, es"), ("", "en, es")):
        with pytest.raises(ParameterError, match="language") as caught:
            ears.transcribe(said, language=tag, options=options)
        assert hint in caught.value.cure
    with pytest.raises(ParameterError, match="language"):
        ears.transcribe(said, language=7, options=options)


def test_tags_of_whisper_and_of_the_world():
    known = ["en", "jw", "no", "he", "zh", "yue", "tl"]
    for asked, code in {
        "jv": "jw", "jv-ID": "jw", "nb-NO": "no", "iw": "he", "cmn-Hans": "zh", "zh-TW": "zh",
        "yue-HK": "yue", "fil": "tl", "EN": "en",
    }.items():  # fmt: skip
        assert whisper_language.code(asked, known, model="m") == code
    assert whisper_language.tag("jw") == "jv"


# -- times across what is left out: a stub in the library's own path ----------------------------


class Stub:
    """In the place of CTranslate2: hears `word` at each burst of sound, to the frame.

    What it returns goes through the library's own code, from the window to the time of a word.
    """

    def __init__(self, model: Any, word: str) -> None:
        self._real = model.model
        self._token = model.hf_tokenizer.token_to_id
        (self._word,) = model.hf_tokenizer.encode(f" {word}", add_special_tokens=False).ids
        self.is_multilingual = False
        self.windows: list[list[int]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def encode(self, features: Any, *, to_cpu: bool = False) -> list[list[int]]:
        power = np.asarray(features).max(axis=1)
        found = []
        for row in power:
            loud = np.flatnonzero(row > row.max() - 0.6)
            breaks = np.flatnonzero(np.diff(loud) > 30) + 1
            found.append([int(part[0]) for part in np.split(loud, breaks)])
        self.windows += found
        return found

    def generate(self, windows: list[list[int]], prompts: Any, **_: Any) -> list[Any]:
        zero = self._token("<|notimestamps|>") + 1
        results = []
        for bursts in windows:
            ends = [*bursts[1:], bursts[-1] + 30]
            tokens = [
                token
                for start, end in zip(bursts, ends, strict=True)
                for token in (zero + start // 2, self._word, zero + end // 2)
            ]
            results.append(
                SimpleNamespace(sequences_ids=[tokens], scores=[-0.1], no_speech_prob=0.0)
            )
        return results

    def align(self, windows: list[list[int]], sot: Any, texts: Any, frames: Any, **_: Any) -> Any:
        return [
            SimpleNamespace(
                text_token_probs=[0.9] * (len(text) + 1),
                alignments=list(enumerate([*(b // 2 for b in bursts), bursts[-1] // 2 + 15])),
            )
            for bursts, text in zip(windows, texts, strict=True)
        ]


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch, tiny_whisper: TinyWhisper) -> list[Stub]:
    """Put `Stub` into every model that is loaded; return them."""
    real, made = whisper_model.load, []

    def load(loading: whisper_model.Loading) -> Any:
        model = real(loading)
        model.model = Stub(model, tiny_whisper.words["en"][3])
        made.append(model.model)
        return model

    monkeypatch.setattr(whisper_model, "load", load)
    return made


@pytest.mark.parametrize("batch", [0, 4])
@pytest.mark.parametrize("gaps", [(10.0,), (10.0, 3.0, 25.0), (0.0, 40.0, 12.0)])
def test_words_after_a_gap_keep_their_times(tiny_whisper, stub, batch, gaps):
    """The detector leaves silences out; what is heard has to be put back where it was said."""
    burst = say("stop", pause=0.0).audio.resample(RATE)
    parts, places, time = [], [], 0.5
    parts.append(Audio.silence(0.5, RATE))
    for gap in (*gaps, 0.5):
        places.append(time)
        parts += [burst, Audio.silence(gap + 0.5, RATE)]
        time += burst.duration + gap + 0.5
    heard = WhisperTranscriber().transcribe(
        Audio.join(parts),
        language="en",
        options=WhisperOptions(model=tiny_whisper.name, batch_size=batch),
    )
    starts = np.array([word.start for word in heard.words])
    assert len(starts) == len(places)
    late = starts - np.array(places)  # the same for each: where in the burst it is loud
    assert np.abs(late - late[0]).max() <= 0.0201
    assert 0 <= late[0] < 0.3
    assert all(segment.start <= segment.words[0].start for segment in heard.segments)
    if max(gaps) >= 25:  # and the silence was not listened to
        assert sum(len(window) for window in stub[0].windows) == len(places)


def test_long_speech_is_pictured_in_blocks(tiny_whisper, stub, monkeypatch):
    """An hour at once takes 3 GB; the times are the same in pieces."""
    burst = say("stop", pause=0.0).audio.resample(RATE)
    one = [burst, Audio.silence(4.0, RATE)]
    sound = Audio.join(one * 8)
    results = []
    for block in (600 * RATE, 4 * RATE, 2 * RATE):
        monkeypatch.setattr("workbench.engines.whisper.listen._BLOCK", block)
        for batch in (0, 2):
            options = WhisperOptions(model=tiny_whisper.name, batch_size=batch)
            heard = WhisperTranscriber().transcribe(sound, language="en", options=options)
            results.append([word.start for word in heard.words])
    assert all(len(result) == 8 for result in results)
    assert np.abs(np.array(results) - np.array(results[0])).max() <= 0.0201


@pytest.mark.parametrize("vad", [True, False])
def test_speech_without_a_pause_is_pictured_in_blocks_too(tiny_whisper, stub, monkeypatch, vad):
    """A stretch of an hour was one block, and without the detector all the sound was."""
    burst = say("stop", pause=0.0).audio.resample(RATE)
    sound = Audio.join([burst, Audio.silence(0.5, RATE)] * 24)
    whole = [{"start": 0, "end": sound.frames}]
    monkeypatch.setattr("workbench.engines.whisper.speech", lambda *_: whole)
    results, longest = [], []
    real = listen.joined

    def spy(samples: Any, chunks: Any) -> Any:
        longest.append(sum(chunk["end"] - chunk["start"] for chunk in chunks))
        return real(samples, chunks)

    monkeypatch.setattr(listen, "joined", spy)
    for block in (600 * RATE, 12 * RATE):
        monkeypatch.setattr(listen, "_BLOCK", block)
        longest.clear()
        options = WhisperOptions(model=tiny_whisper.name, vad=vad)
        heard = WhisperTranscriber().transcribe(sound, language="en", options=options)
        results.append([word.start for word in heard.words])
        assert sum(longest) == sound.frames
        assert max(longest) <= block
    assert [len(result) for result in results] == [24, 24]
    assert np.abs(np.subtract(*results)).max() <= 0.0201


@pytest.mark.parametrize(("start", "most"), [(0, 5 * RATE), (700, 20 * RATE), (0, RATE), (0, 1000)])
def test_a_stretch_is_cut_where_it_is_quiet_and_nothing_is_lost(start, most):
    rng = np.random.default_rng(1)
    samples = (0.1 * rng.standard_normal(46 * RATE)).astype(np.float32)
    quiet = start + round(0.95 * most)
    samples[quiet - 3000 : quiet + 3000] = 0
    chunks = [{"start": start, "end": 44 * RATE}, {"start": 45 * RATE, "end": 45 * RATE + 900}]
    found = list(listen._cut(samples, chunks, most))
    assert all(0 < one["end"] - one["start"] <= most for one in found)
    assert (found[0]["start"], found[-1]) == (start, chunks[-1])
    assert found[-2]["end"] == 44 * RATE
    assert all(one["end"] == two["start"] for one, two in pairwise(found[:-1]))
    if most > 4 * RATE:  # else the part that is searched is shorter than what is looked for
        assert abs(found[0]["end"] - quiet) < 700


def test_the_language_is_looked_for_in_two_minutes_at_most():
    """All of a long stretch was copied for it."""
    asked = []
    model = SimpleNamespace(
        detect_language=lambda *, audio, **_: (asked.append(len(audio)), ("en", 1.0, []))[1]
    )
    samples = np.zeros(400 * RATE, np.float32)
    assert listen.detect(model, samples, [{"start": 0, "end": len(samples)}]) == ("en", 1.0)
    assert asked == [120 * RATE]


# -- every option acts --------------------------------------------------------------------------


class Spy:
    """Before CTranslate2's model: notes what is asked of it."""

    def __init__(self, model: Any) -> None:
        self._real = model
        self.asked: list[dict[str, Any]] = []
        self.frames: list[int] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def encode(self, features: Any, **options: Any) -> Any:
        self.frames.append(features.shape[0])
        return self._real.encode(features, **options)

    def generate(self, encoded: Any, prompts: Any, **options: Any) -> Any:
        self.asked.append({"prompts": prompts, **options})
        return self._real.generate(encoded, prompts, **options)


@pytest.fixture
def spied(monkeypatch, tiny_whisper) -> Callable[..., tuple[Recognition, Spy, Any]]:
    """Transcribe with options; return what came, what was asked, and the library's model."""

    def listen(audio: Audio | None = None, language: str | None = "en", **options: Any) -> Any:
        real, made = whisper_model.load, []

        def load(loading: whisper_model.Loading) -> Any:
            model = real(loading)
            model.model = Spy(model.model)
            made.append(model)
            return model

        with monkeypatch.context() as patch:
            patch.setattr(whisper_model, "load", load)
            heard = WhisperTranscriber().transcribe(
                audio or say("red green blue seven").audio,
                language=language,
                options=WhisperOptions(**{"model": tiny_whisper.name, **options}),
            )
        return heard, made[0].model, made[0]

    return listen


def minute(tiny: TinyWhisper, seconds: float = 14.0) -> Audio:
    """Return speech without a pause that parts it."""
    parts = [one.audio for one in sentences(tiny, "en", 20, seed=5)]
    return Audio.join(parts).cut(0, seconds)


def tokens(model: Any, text: str) -> list[int]:
    return model.hf_tokenizer.encode(f" {text}", add_special_tokens=False).ids


def contains(prompt: list[int], part: list[int]) -> bool:
    spans = (prompt[i : i + len(part)] for i in range(len(prompt)))
    return part in spans


def test_compute_type_acts(spied):
    for kind in ("int8", "float32"):
        heard, spy, _ = spied(compute_type=kind)
        assert kind in spy.compute_type.split("_")
        assert heard.text
    with pytest.raises(ParameterError, match=r"compute_type: float16 is not what cpu.*it can in"):
        spied(compute_type="float16", device="cpu")


def test_threads_are_those_of_the_machine(spied, monkeypatch):
    monkeypatch.setenv("WORKBENCH_THREADS", "1")
    seen = []
    monkeypatch.setattr(hardware, "threads", lambda: seen.append(1) or 1)
    spied()
    assert seen


def test_a_setting_of_the_machine_that_is_wrong_is_no_damage(spied, monkeypatch):
    """The weights were called damaged, and to be fetched again, for WORKBENCH_THREADS=abc."""
    monkeypatch.setenv("WORKBENCH_THREADS", "abc")
    with pytest.raises(ParameterError, match="WORKBENCH_THREADS"):
        spied()


def test_beam_size_temperature_and_fallback_act(spied):
    _, spy, _ = spied(beam_size=3)
    assert [one["beam_size"] for one in spy.asked] == [3]
    _, spy, _ = spied(temperature=0.4, fallback=False)
    assert [one["sampling_temperature"] for one in spy.asked] == [0.4]
    noise = Audio(samples=np.random.default_rng(0).normal(0, 0.3, RATE), rate=RATE)
    doubtful = {"audio": noise, "vad": False}
    for fallback, count in ((True, 6), (False, 1)):
        _, spy, _ = spied(**doubtful, fallback=fallback, temperature=0.0)
        assert len(spy.asked) <= count
    assert WhisperOptions().for_library()["temperature"] == [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]


def test_a_doubtful_reading_is_tried_again_hotter(tiny_whisper, stub, monkeypatch):
    asked: list[float] = []
    unlikely = SimpleNamespace(sequences_ids=[[1]], scores=[-5.0], no_speech_prob=0.0)

    def generate(self: Stub, windows: Any, prompts: Any, **options: Any) -> Any:
        asked.append(options.get("sampling_temperature", 0.0))
        return [unlikely for _ in windows]

    monkeypatch.setattr(Stub, "generate", generate)
    heard_once = SimpleNamespace(text_token_probs=[0.9, 0.9], alignments=[(0, 0), (1, 10)])
    monkeypatch.setattr(Stub, "align", lambda *_, **__: [heard_once])
    for fallback, count in ((True, 6), (False, 1)):
        asked.clear()
        WhisperTranscriber().transcribe(
            say("stop").audio,
            language="en",
            options=WhisperOptions(model=tiny_whisper.name, fallback=fallback),
        )
        assert len(set(asked)) == count


def test_prompt_and_hotwords_act_in_both_modes(spied, tiny_whisper):
    prompt, hot = tiny_whisper.words["en"][4:6]
    for batch in (0, 2):
        _, spy, model = spied(batch_size=batch)
        assert not contains(spy.asked[0]["prompts"][0], tokens(model, prompt))
        _, spy, model = spied(initial_prompt=prompt, batch_size=batch)
        assert contains(spy.asked[0]["prompts"][0], tokens(model, prompt))
        _, spy, model = spied(minute(tiny_whisper), hotwords=hot, chunk_length=5, batch_size=batch)
        prompts = [p for one in spy.asked for p in one["prompts"]]
        assert len(prompts) > 1
        assert all(contains(p, tokens(model, hot)) for p in prompts)


def test_condition_on_previous_acts(spied, tiny_whisper):
    sound = minute(tiny_whisper)
    lengths = {}
    for condition in (False, True):
        _, spy, _ = spied(
            sound, condition_on_previous=condition, chunk_length=5, fallback=False, vad=False
        )
        lengths[condition] = [len(one["prompts"][0]) for one in spy.asked]
        assert len(lengths[condition]) > 2
    assert len(set(lengths[False])) == 1
    assert max(lengths[True][1:]) > lengths[False][0]


def test_chunk_length_acts_and_is_no_ones_but_the_calls(spied, tiny_whisper):
    """The library keeps a call's chunk length in the model, for every call after it."""
    sound = minute(tiny_whisper)
    _, spy, model = spied(sound, chunk_length=5, fallback=False)
    windows = len(spy.asked)
    assert windows >= 3
    assert model.feature_extractor.nb_max_frames == 3_000
    _, spy, _ = spied(sound, chunk_length=30, fallback=False)
    assert len(spy.asked) < windows
    for length, fewest in ((5, 3), (30, 1)):
        _, spy, _ = spied(sound, chunk_length=length, batch_size=16)
        assert (max(spy.frames) >= 3) == (fewest == 3)


def test_batch_size_acts(spied, tiny_whisper):
    for batch in (1, 2, 8):
        _, spy, _ = spied(minute(tiny_whisper), batch_size=batch, chunk_length=5)
        assert max(spy.frames) == min(batch, sum(spy.frames))
        assert all(len(one["prompts"]) <= batch for one in spy.asked)


def test_word_times_acts(spied):
    heard, _, _ = spied(word_times=False)
    assert heard.words == ()
    assert heard.text
    assert heard.segments[0].end > 0


def test_vad_and_its_settings_act():
    sound = Audio.join(
        [say("stop").audio, Audio.silence(3, 22_050), say("play").audio, Audio.silence(1, 22_050)]
    )
    samples = sound.resample(RATE).samples[:, 0]

    def found(**options: Any) -> list[dict[str, int]]:
        return speech(samples, WhisperOptions(**options))

    def length(**options: Any) -> int:
        return sum(one["end"] - one["start"] for one in found(**options))

    assert found(vad=False) == [{"start": 0, "end": len(samples)}]
    assert len(found(min_silence=2_000)) == 2
    assert len(found(min_silence=6_000)) == 1
    assert length(speech_pad=0) < length(speech_pad=400) < len(samples)
    assert length(vad_threshold=0.95, speech_pad=0) < length(vad_threshold=0.05, speech_pad=0)


def test_the_task_acts_where_the_model_can(spied, tiny_whisper):
    said = say("hola mundo rojo", "es").audio
    heard, spy, model = spied(said, "es", task="translate")
    (prompt,) = spy.asked[0]["prompts"]
    assert model.hf_tokenizer.token_to_id("<|translate|>") in prompt
    assert heard.language == "en"
    assert "translated from es" in heard.warnings
    heard, spy, model = spied(said, "es")
    assert model.hf_tokenizer.token_to_id("<|transcribe|>") in spy.asked[0]["prompts"][0]
    assert heard.language == "es"


def test_a_model_of_one_language_translates_nothing(tiny_whisper, stub):
    with pytest.raises(ParameterError, match="task: cannot be translate"):
        WhisperTranscriber().transcribe(
            say("stop").audio, options=WhisperOptions(model=tiny_whisper.name, task="translate")
        )
    with pytest.raises(ParameterError, match="'es' is not one of"):  # the library says "en" for it
        WhisperTranscriber().transcribe(
            say("stop").audio, language="es", options=WhisperOptions(model=tiny_whisper.name)
        )


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"batch_size": 4, "vad": False}, "batch_size: .*needs vad=True"),
        ({"batch_size": 4, "condition_on_previous": True}, "condition_on_previous: cannot be with"),
        ({"chunk_length": 31}, "chunk_length: must be"),
        ({"task": "translation"}, "did you mean 'translate'"),
        ({"model": 3}, "model: must be text"),
    ],
)
def test_options_that_cannot_act_are_refused(options, told):
    with pytest.raises(ParameterError, match=told):
        WhisperOptions(**options)


# -- doubt ---------------------------------------------------------------------------------------


def test_an_uncertain_language_is_told(tiny_whisper, ears, monkeypatch):
    for probability, notes in ((0.59, 1), (0.61, 0)):
        monkeypatch.setattr(whisper, "detect", lambda *_, p=probability: ("en", p))
        heard = ears.transcribe(
            say("red green").audio, options=WhisperOptions(model=tiny_whisper.name)
        )
        assert heard.language_probability == probability
        uncertain = [w for w in heard.warnings if "uncertain" in w]
        assert len(uncertain) == notes
    assert "59%" not in str(heard.warnings)


def test_invented_segments_are_flagged_and_told(tiny_whisper, ears, monkeypatch):
    loop = SimpleNamespace(
        start=0.0, end=30.0, text=" Thank you. " * 40, words=None, avg_logprob=-0.1,
        no_speech_prob=0.0, compression_ratio=9.0,
    )  # fmt: skip
    monkeypatch.setattr(whisper, "hear", lambda *_, **__: iter([loop]))
    heard = ears.transcribe(
        say("stop").audio, language="en", options=WhisperOptions(model=tiny_whisper.name)
    )
    assert heard.flags == ("beyond", "compressed", "fast", "repeated")
    assert heard.warnings[-1].startswith("1 segment is doubtful (beyond, compressed, fast, rep")


@pytest.mark.parametrize("frames", [0, 1, 100, 1_600])
@pytest.mark.parametrize("vad", [True, False])
@pytest.mark.parametrize("word_times", [True, False])
def test_hardly_any_sound_is_no_error(tiny_whisper, ears, frames, vad, word_times):
    """The library fails below 0.1 s with an IndexError."""
    noise = np.random.default_rng(0).normal(0, 0.1, frames)
    options = WhisperOptions(model=tiny_whisper.name, vad=vad, word_times=word_times)
    heard = ears.transcribe(Audio(samples=noise, rate=RATE), options=options)
    assert heard.duration == frames / RATE
    assert all(word.end <= heard.duration for word in heard.words)


def test_what_is_listened_to_lasts_a_second():
    short = np.ones(100, np.float32)
    whole = joined(short, [{"start": 10, "end": 60}])
    assert (len(whole), whole.sum()) == (RATE, 50)
    assert len(joined(np.ones(3 * RATE, np.float32), [{"start": 0, "end": 2 * RATE}])) == 2 * RATE


# -- progress, cancel, threads --------------------------------------------------------------------


def test_progress_rises_to_one(tiny_whisper, ears):
    for options in ({}, {"batch_size": 2}):
        told: list[float] = []
        ears.transcribe(
            minute(tiny_whisper),
            language="en",
            options=WhisperOptions(model=tiny_whisper.name, chunk_length=5, **options),
            progress=told.append,
        )
        assert len(told) > 2
        assert told == sorted(set(told))
        assert told[-1] == 1.0
        assert 0 < told[0] < 1


def test_it_stops_at_the_next_segment(tiny_whisper, ears):
    cancel, told = threading.Event(), []

    def report(done: float) -> None:
        told.append(done)
        cancel.set()

    with pytest.raises(Cancelled, match=r"transcription: stopped at \d+\.\d of 14\.0 s"):
        ears.transcribe(
            minute(tiny_whisper),
            language="en",
            options=WhisperOptions(model=tiny_whisper.name, chunk_length=5),
            progress=report,
            cancel=cancel,
        )
    assert len(told) == 1
    with pytest.raises(Cancelled, match="before it began"):
        ears.transcribe(minute(tiny_whisper), cancel=cancel)


def test_eight_threads_load_one_model(tiny_whisper):
    """And a second call loads none; the old system loaded for each call."""
    ears = WhisperTranscriber()
    said = [say(text).audio for text in ("red green", "blue seven", "one two", "stop")] * 2
    options = WhisperOptions(model=tiny_whisper.name)
    serial = [ears.transcribe(one, language="en", options=options) for one in said]
    ears.unload()
    before = ears._models.loads
    with ThreadPoolExecutor(8) as pool:
        found = list(
            pool.map(lambda one: ears.transcribe(one, language="en", options=options), said)
        )
    assert ears._models.loads == before + 1
    assert [one.words for one in found] == [one.words for one in serial]
    ears.transcribe(said[0], language="en", options=options)
    assert ears._models.loads == before + 1


# -- weights ------------------------------------------------------------------------------------


def test_making_one_loads_nothing_heavy():
    code = (
        "import sys; from workbench.engines.whisper import WhisperTranscriber\n"
        "WhisperTranscriber().options.describe(); WhisperTranscriber().version\n"
        "print(sorted({'faster_whisper', 'ctranslate2', 'av', 'onnxruntime', 'torch', 'httpx',"
        " 'huggingface_hub', 'soxr'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_without_weights_it_says_what_to_do_at_once(tmp_path, monkeypatch, offline):
    """The library asks the hub: 23 s on a dead network."""
    monkeypatch.setenv("WORKBENCH_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hub"))
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)
    for model, name in (("small", "whisper-small"), ("turbo", "whisper-large-v3-turbo")):
        with pytest.raises(WeightsMissing) as caught:
            WhisperTranscriber().transcribe(
                Audio.silence(1, RATE), options=WhisperOptions(model=model)
            )
        assert name in str(caught.value)
        assert str(tmp_path / "models" / name) in str(caught.value)
        assert f"workbench models pull {name}" in caught.value.cure
        with pytest.raises(WeightsMissing):
            WhisperTranscriber().ready(WhisperOptions(model=model))


@pytest.mark.parametrize(
    ("model", "kind", "told"),
    [
        ("smal", ParameterError, "did you mean 'small'"),
        ("kokoro", ParameterError, "'kokoro' is not a Whisper model"),
        ("", ParameterError, "is not a Whisper model"),
        ("./nowhere", WeightsMissing, "there is no such folder"),
        ("/nowhere/at/all", WeightsMissing, "there is no such folder"),
    ],
)
def test_a_model_that_is_none_is_told(offline, model, kind, told):
    with pytest.raises(kind, match=told):
        WhisperTranscriber().transcribe(Audio.silence(1, RATE), options=WhisperOptions(model=model))


def halved(folder: Path) -> None:
    data = (folder / "model.bin").read_bytes()
    (folder / "model.bin").write_bytes(data[: len(data) // 2])


DAMAGES: dict[str, Callable[[Path], object]] = {
    "no model": lambda folder: (folder / "model.bin").unlink(),
    "empty model": lambda folder: (folder / "model.bin").write_bytes(b""),
    "half a model": halved,
    "noise": lambda folder: (folder / "model.bin").write_bytes(b"\x07" * 90_000),
    "no tokenizer": lambda folder: (folder / "tokenizer.json").unlink(),
    "half a tokenizer": lambda folder: (folder / "tokenizer.json").write_text('{"version":'),
    "no vocabulary": lambda folder: [path.unlink() for path in folder.glob("vocabulary.*")],
    "no configuration": lambda folder: (folder / "config.json").unlink(),
    "half a configuration": lambda folder: (folder / "config.json").write_text('{"a":'),
    "half a preprocessor": lambda folder: (folder / "preprocessor_config.json").write_text("{"),
    "another's preprocessor": lambda folder: (folder / "preprocessor_config.json").write_text(
        '{"feature_size": 128}'
    ),
    "another's tokenizer": lambda folder: (folder / "tokenizer.json").write_text(
        '{"version": "1.0", "model": {"type": "BPE", "vocab": {"a": 0}, "merges": []}}'
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_folder_is_named_and_nobody_is_asked(tiny_whisper, tmp_path, offline, damage):
    """Without a tokenizer the library fetches another model's; it forgives half a file."""
    folder = tmp_path / "model"
    shutil.copytree(tiny_whisper.folder, folder, copy_function=shutil.copyfile)
    folder.chmod(0o755)
    DAMAGES[damage](folder)
    ears = WhisperTranscriber()
    with pytest.raises(WeightsCorrupt) as caught:
        ears.transcribe(say("stop").audio, options=WhisperOptions(model=str(folder)))
    assert str(folder) in str(caught.value)
    assert caught.value.cure
    shutil.rmtree(folder)
    shutil.copytree(tiny_whisper.folder, folder)
    assert ears.transcribe(say("stop").audio, options=WhisperOptions(model=str(folder))).text


def test_a_folder_in_the_working_directory_is_found(tiny_whisper, tmp_path, monkeypatch):
    shutil.copytree(tiny_whisper.folder, tmp_path / "mine")
    monkeypatch.chdir(tmp_path)
    heard = WhisperTranscriber().transcribe(
        say("stop").audio, language="en", options=WhisperOptions(model="mine")
    )
    assert heard.model == "mine"


# -- devices ------------------------------------------------------------------------------------


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A CUDA device that is not there: what is loaded for it computes on the CPU."""
    real, loaded = whisper_model.load, []

    def load(loading: whisper_model.Loading) -> Any:
        loaded.append(f"{loading.device} {loading.compute_type}")
        return real(loading._replace(device="cpu", compute_type="default"))

    monkeypatch.setattr(whisper_model, "load", load)
    monkeypatch.setattr(hardware, "choose", lambda *_, **__: "cuda:0")
    monkeypatch.setattr(hardware, "release", lambda: None)
    return loaded


def failing(monkeypatch, error: Exception, when: Callable[[int], bool]) -> list[int]:
    """Let the library fail while `when` holds for the size of the batch; return the sizes."""
    real, batches = whisper.hear, []

    def hear(*arguments: Any, batch: int, **options: Any) -> Any:
        batches.append(batch)
        if when(batch):
            raise error
        return real(*arguments, batch=batch, **options)

    monkeypatch.setattr(whisper, "hear", hear)
    return batches


def test_a_full_gpu_takes_smaller_batches_then_the_cpu(tiny_whisper, gpu, monkeypatch):
    full = RuntimeError("CUDA failed with error out of memory")
    batches = failing(monkeypatch, full, lambda batch: batch > 2)
    options = WhisperOptions(model=tiny_whisper.name, batch_size=8, compute_type="float16")
    heard = WhisperTranscriber().transcribe(say("red green").audio, language="en", options=options)
    assert batches == [8, 8, 4, 2]
    assert heard.text
    assert heard.device == "cuda:0"
    assert gpu == ["cuda:0 float16"] * 4  # what was loaded was given up before each further try
    assert "made 2 at a time instead of 8" in heard.warnings[0]


def test_a_gpu_that_stays_full_leaves_it_to_the_cpu_if_it_may(tiny_whisper, gpu, monkeypatch):
    full = RuntimeError("CUDA failed with error out of memory")
    tries: list[int] = []
    failing(monkeypatch, full, lambda batch: len(tries) < 2 and not tries.append(batch))
    options = WhisperOptions(model=tiny_whisper.name, compute_type="float16")
    heard = WhisperTranscriber().transcribe(say("red green").audio, language="en", options=options)
    assert heard.device == "cpu"
    assert "made on the CPU instead" in heard.warnings[0]
    assert gpu[-1] == "cpu default"  # a CPU cannot compute in float16
    tries.clear()
    asked = WhisperOptions(model=tiny_whisper.name, device="cuda")
    with pytest.raises(DeviceError, match="is out of memory"):
        WhisperTranscriber().transcribe(say("red green").audio, language="en", options=asked)


def test_a_gpu_whose_libraries_are_missing_is_told(tiny_whisper, gpu, monkeypatch):
    missing = RuntimeError("Library libcublas.so.12 is not found or cannot be loaded")
    failing(monkeypatch, missing, lambda batch: batch == 0)

    class OnGpu:
        device = "cuda"

        def __init__(self, real: Any) -> None:
            self._real = real

        def __getattr__(self, name: str) -> Any:
            return getattr(self._real, name)

    real = whisper_model.load

    def load(loading: whisper_model.Loading) -> Any:
        model = real(loading)
        model.model = OnGpu(model.model)
        return model

    monkeypatch.setattr(whisper_model, "load", load)
    asked = WhisperOptions(model=tiny_whisper.name, device="cuda")
    with pytest.raises(DeviceError, match=r"cuda: fails .*libcublas.*nvidia-cublas"):
        WhisperTranscriber().transcribe(say("red green").audio, language="en", options=asked)


def test_a_device_that_is_not_there_is_told_and_mps_is_the_cpu(tiny_whisper, ears, monkeypatch):
    said = say("red green").audio
    with pytest.raises(ParameterError, match="device"):
        ears.transcribe(said, options=WhisperOptions(model=tiny_whisper.name, device="tpu"))
    heard = ears.transcribe(said, options=WhisperOptions(model=tiny_whisper.name, device="mps"))
    assert (heard.device, heard.warnings) == ("cpu", ("Whisper cannot use MPS: made on the CPU",))
    monkeypatch.setenv("WORKBENCH_DEVICE", "mps")
    heard = ears.transcribe(said, options=WhisperOptions(model=tiny_whisper.name))
    assert heard.device == "cpu"
    assert len(heard.warnings) == 1
    monkeypatch.setenv("WORKBENCH_DEVICE", "cpu")
    heard = ears.transcribe(said, options=WhisperOptions(model=tiny_whisper.name))
    assert (heard.device, heard.warnings) == ("cpu", ())


def test_what_the_library_says_in_the_middle_is_one_of_our_errors(tiny_whisper, ears, monkeypatch):
    failing(monkeypatch, ValueError("no such\nthing"), lambda batch: batch == 0)
    with pytest.raises(ModelError, match=r"fails \(ValueError: no such\\nthing\)"):
        ears.transcribe(say("stop").audio, options=WhisperOptions(model=tiny_whisper.name))
