"""Chatterbox over its stand-in: each trap of the package, and what is made of it."""

from __future__ import annotations

import sys
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from workbench.audio import Audio
from workbench.engines import hardware
from workbench.engines.chatterbox import ChatterboxEngine, ChatterboxOptions
from workbench.engines.chatterbox import model as chatterbox_model
from workbench.engines.chatterbox import package as chatterbox_package
from workbench.engines.chatterbox import text as chatterbox_text
from workbench.engines.chatterbox.join import joined
from workbench.engines.chatterbox.package import CANGJIE, CONDS
from workbench.engines.isolated import environments as isolated_environments
from workbench.engines.reference import ReferenceVoice
from workbench.errors import (
    ConsentMissing,
    DeviceError,
    EngineMissing,
    ModelError,
    ParameterError,
    TextError,
    VoiceNotFound,
    WeightsMissing,
)

torch = pytest.importorskip("torch", reason="Chatterbox runs on torch")
import chatterbox_standin as standin  # noqa: E402 - it imports torch

pytestmark = pytest.mark.model
RATE = 24_000
SENTENCE = "The quick brown fox jumps over the lazy dog near the river bank today. "
LONG = SENTENCE * 12


@pytest.fixture
def engine(tmp_path, monkeypatch):
    monkeypatch.setenv("WORKBENCH_VOICES", str(tmp_path / "voices"))
    monkeypatch.setenv("WORKBENCH_DEVICE", "cpu")
    return standin.engine(monkeypatch)


def record(name: str = "ana", *, seconds: float = 6, height: float = 300, **more) -> ReferenceVoice:
    time = np.arange(int(seconds * 16_000)) / 16_000
    sound = Audio(samples=0.3 * np.sin(height * time) * np.sin(9 * time), rate=16_000)
    given = {"who": "Ana", "purpose": "tests", "consent": True, **more}
    return ReferenceVoice.record(name, sound, **given)


def say(engine, text="Hello there, this is a test.", voice="default", seed=1, **options):
    built = ChatterboxOptions(**options)
    return engine.synthesize(text, voice=voice, options=built, seed=seed)


# -- the traps of the package ----------------------------------------------------------------


def test_a_cloned_voice_does_not_stay_for_the_next_call(engine):
    """The package overwrites its own voice: whoever speaks next sounds like the last guest."""
    record()
    before = say(engine)
    cloned = say(engine, voice="ana")
    assert cloned.audio != before.audio
    assert say(engine) == before


def test_exaggeration_does_not_stay_for_the_next_call(engine):
    before = say(engine)
    assert say(engine, exaggeration=2).audio != before.audio
    assert say(engine) == before
    (model,) = standin.log.models
    assert float(model.conds.t3.emotion_adv) == 0.5


def test_cfg_weight_may_be_nothing(engine):
    """The English model fails at 0 with sizes of tensors that must match."""
    model = standin.ChatterboxTTS.from_local("", "cpu")
    with pytest.raises(RuntimeError, match="Sizes of tensors"):
        model.generate("Hello.", cfg_weight=0)
    assert say(engine, cfg_weight=0).duration > 0
    assert 0 < standin.log.arguments[-1]["cfg_weight"] < 1e-3


@pytest.mark.parametrize("text", ["", "  ", "\n", "...", "\u200b", "🎉", "[]", "\ue000\U000e0fff"])
def test_nothing_is_not_spoken_as_a_sentence_of_the_package(engine, text):
    """The package says "You need to add some text for me to talk." aloud."""
    model = standin.ChatterboxTTS.from_local("", "cpu")
    model.generate("")
    assert standin.log.texts == [standin.NOBODYS_SENTENCE]
    with pytest.raises(TextError, match="nothing to speak"):
        say(engine, text)
    assert standin.log.texts == [standin.NOBODYS_SENTENCE]


def test_hooks_do_not_pile_up(engine):
    """The multilingual model leaves three more at every call: slower and slower."""
    for _ in range(3):
        say(engine, voice="es")
    (model,) = standin.log.models
    assert [len(layer.self_attn._forward_hooks) for layer in model.t3.tfmr.layers] == [0] * 14


def test_it_works_in_silence(engine, capfd):
    """Bars on standard error and prints on standard output, at every call."""
    for voice in ("default", "es", "turbo"):
        say(engine, voice=voice)
    assert capfd.readouterr() == ("", "")


def test_a_missing_watermark_is_an_error_with_its_cure(engine, monkeypatch):
    """The package says that 'NoneType' object is not callable."""
    monkeypatch.setattr(sys.modules["perth"], "PerthImplicitWatermarker", None)
    with pytest.raises(ModelError, match=r"pkg_resources.*setuptools<81"):
        say(engine)


def test_the_watermark_is_always_there(engine):
    take = say(engine, LONG)
    assert standin.log.watermarks == len(standin.log.texts) > 1
    assert standin.PerthImplicitWatermarker().get_watermark(take.audio.samples) == 1
    assert not any("water" in spec.name for spec in ChatterboxOptions.describe())


def test_the_multilingual_model_asks_no_hub_and_no_other_site(engine, monkeypatch):
    """Its tokenizer asks two sites whenever it is made, in 24 s each where there is no network."""
    pkuseg = type(sys)("spacy_pkuseg")
    monkeypatch.setitem(sys.modules, "spacy_pkuseg", pkuseg)  # it would be asked for a class
    say(engine, voice="es")
    assert standin.log.downloads == []
    assert sys.modules["spacy_pkuseg"] is pkuseg
    hub = sys.modules["chatterbox.models.tokenizers.tokenizer"].hf_hub_download
    assert hub is standin.no_hub


def test_a_bracket_names_no_control_token(engine):
    """``[STOP]`` in a text ends the speech there."""
    take = say(engine, "Press the key [STOP] to end it.")
    assert standin.log.texts == ["Press the key STOP to end it."]
    assert take.warnings == ("left out '[ ]'",)
    say(engine, "That is funny [laugh] indeed.", voice="turbo")
    assert standin.log.texts[-1] == "That is funny [laugh] indeed."


# -- long and short texts ----------------------------------------------------------------------


def test_chunks_are_within_letters_and_seconds(engine):
    """The old system gave it 1,024 letters at a time; quality breaks near 300."""
    say(engine, LONG)
    assert len(standin.log.texts) > 2
    assert all(20 <= len(text) <= 280 for text in standin.log.texts)
    assert " ".join(standin.log.texts) == LONG.strip()


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("1984 " * 100, "en"),
        ("今天天气很好我们去公园散步吧。" * 20, "zh"),
        ("こんにちは世界、元気ですか。" * 20, "ja"),
        ("안녕하세요 세계 오늘은 날씨가 좋아요. " * 20, "ko"),
        ("x" * 1000, "en"),
        ("Hi! " + "word " * 60, "en"),
        ("$5 & 10% @ 3.5°C = 7€ " * 20, "en"),
    ],
)
def test_dense_writing_makes_shorter_chunks(text, language):
    ready = chatterbox_text.ready(text, language)
    assert len(ready.chunks) > 1
    assert all(chatterbox_text.seconds(chunk) <= 20 for chunk in ready.chunks)
    assert all(len(chunk) <= 280 for chunk in ready.chunks)
    assert "".join(ready.chunks).replace(" ", "") == text.replace(" ", "")


def test_a_short_sentence_is_not_left_alone():
    """Given "No." alone, the model babbles."""
    ready = chatterbox_text.ready("x" * 270 + ". No.", "en")
    assert all(len(chunk) >= 20 for chunk in ready.chunks)
    assert chatterbox_text.ready("No.", "en").chunks == ("No.",)


def test_speech_cut_at_the_limit_is_broken_into_parts(engine):
    """At 40 s the model stops in the middle of a word, and the package returns what there is."""
    standin.log.endless = lambda text: len(text) > 150
    take = say(engine, SENTENCE * 3)
    assert [len(text) > 150 for text in standin.log.texts] == [True, False, False, False]
    assert " ".join(standin.log.texts[1:]) == (SENTENCE * 3).strip()
    assert take.duration < 30
    assert take.warnings == ("chunk 1 of 1 ran into the model's 40 s and was broken into parts",)


def test_speech_cut_shortly_before_the_limit_is_found_by_its_length(engine, monkeypatch):
    """Whatever stopped it there, nobody speaks 280 letters for 40 s."""
    made = standin.T3.inference

    def few(self, **arguments):
        return made(self, **{**arguments, "max_new_tokens": 992})

    monkeypatch.setattr(standin.T3, "inference", few)
    standin.log.endless = lambda text: len(text) > 150
    assert "broken into parts" in say(engine, SENTENCE * 3).warnings[0]


def test_speech_cut_at_the_limit_is_found_by_its_tokens(engine, monkeypatch):
    """Tokens that are no sound are dropped: what comes of 1,000 may be much shorter."""
    made = standin.T3.inference

    def few(self, **arguments):
        tokens = made(self, **arguments)
        return torch.where(tokens % 2 == 1, torch.tensor(6561), tokens)

    monkeypatch.setattr(standin.T3, "inference", few)
    standin.log.endless = lambda text: len(text) > 150
    assert "broken into parts" in say(engine, SENTENCE * 3).warnings[0]


def test_turbo_too_is_broken_into_parts(engine):
    standin.log.endless = lambda text: len(text) > 150
    assert "broken into parts" in say(engine, SENTENCE * 3, voice="turbo").warnings[0]


def test_speech_that_never_ends_is_an_error(engine):
    standin.log.endless = lambda text: "never" in text
    with pytest.raises(ModelError, match=r"chunk 1 of 1 does not come to an end: 40 s") as caught:
        say(engine, "This never ends, whatever one does about it, says the model to itself.")
    assert "never" in caught.value.subject


def test_a_failed_chunk_fails_the_call_and_is_named(engine):
    """The old system skipped it, and reported the speech with a hole as a success."""

    def fails(text: str) -> None:
        if "lighthouse" in text:
            raise RuntimeError("index out of range")

    standin.log.fails = fails
    text = SENTENCE * 4 + "Then the lighthouse went dark. " + SENTENCE * 4
    count = len(chatterbox_text.ready(text, "en").chunks)
    with pytest.raises(ModelError, match=rf"chunk \d of {count} .*index out of range") as caught:
        say(engine, text)
    assert "lighthouse" in caught.value.subject
    with pytest.raises(ModelError, match="lighthouse"):
        list(engine.stream(text, voice="default", seed=1))


def test_sound_that_is_no_number_is_an_error(engine, monkeypatch):
    made = standin.S3Gen.inference

    def broken(self, **arguments):
        wave, other = made(self, **arguments)
        wave[0, 5] = float("nan")
        return wave, other

    monkeypatch.setattr(standin.S3Gen, "inference", broken)
    with pytest.raises(ModelError, match="not a number"):
        say(engine)


def test_what_is_left_out_and_what_is_strange_is_told(engine):
    take = say(engine, "Привет, a 🎉 party\u200b.")
    assert take.warnings == (
        "left out '🎉', '\\u200b'",
        "the model has not learnt the letters of 'Приветт'"[:-2] + "'",
    )
    (only,) = say(engine, "Привет, всё хорошо.", voice="ru").warnings
    assert only == (
        "russian_text_stresser is not installed: the model may misread what is written in 'ru'"
    )
    assert say(engine, "Γειά σου, Κόσμε.", voice="el").warnings == ()


def test_chinese_needs_the_file_it_is_spelt_with(engine, monkeypatch):
    """Without it the package says so in its log, and speaks of unknown letters."""
    from workbench.engines import weights

    def locate(name: str, files: tuple[str, ...] = ()) -> Path:
        if "Cangjie5_TC.json" in files:
            raise WeightsMissing("lacks Cangjie5_TC.json", subject=name)
        return Path()

    monkeypatch.setattr(weights, "locate", locate)
    with pytest.raises(WeightsMissing, match="Cangjie5_TC"):
        say(engine, "你好，世界。", voice="zh")
    assert say(engine, "Hola.", voice="es").duration > 0


def test_only_its_own_voice_needs_the_file_of_its_own_voice(engine, monkeypatch):
    from workbench.engines import weights

    def locate(name: str, files: tuple[str, ...] = ()) -> Path:
        if "conds.pt" in files:
            raise WeightsMissing("lacks conds.pt", subject=name)
        return Path()

    record()
    monkeypatch.setattr(weights, "locate", locate)
    with pytest.raises(WeightsMissing, match="conds"):
        say(engine)
    assert standin.log.loads == []
    assert say(engine, voice="ana").duration > 0


@pytest.mark.parametrize(("voice", "extra"), [("default", CONDS), ("zh", CANGJIE)])
def test_the_folder_that_was_looked_at_is_the_one_that_is_loaded(engine, monkeypatch, voice, extra):
    """A plain folder without the file was loaded after the cache of the hub was found to have it:
    each was asked for by itself.
    """
    from workbench.engines import weights

    model = "chatterbox" if voice == "default" else "chatterbox-multilingual"
    needed = set(weights.find_model(model).files)
    places = {"plain": needed, "more": {CONDS, CANGJIE}, "cache": needed | {CONDS, CANGJIE}}

    def locate(name: str, files: tuple[str, ...] = ()) -> Path:
        wanted = set(files) or needed
        return Path(next(place for place, there in places.items() if wanted <= there))

    loaded = []
    load = chatterbox_model.load
    monkeypatch.setattr(weights, "locate", locate)
    monkeypatch.setattr(
        chatterbox_model,
        "load",
        lambda kind, at, device: loaded.append(at) or load(kind, at, device),
    )
    say(engine, "你好，世界。" if voice == "zh" else "Hello.", voice=voice)
    assert loaded == [Path("cache")], extra


# -- joins -------------------------------------------------------------------------------------


def test_the_silence_between_two_chunks_is_what_was_asked_for():
    tone = np.sin(np.arange(RATE) / 20).astype(np.float32)
    for gap in (0.03, 0.1, 1.5):
        sound = np.concatenate(list(joined([tone, tone, tone], gap=gap, rate=RATE)))
        silent = "".join("x" if sample == 0 else " " for sample in sound)
        runs = [len(run) for run in silent.split() if len(run) > 9]
        assert [abs(run / RATE - gap) < 0.001 for run in runs] == [True, True]
        assert len(sound) == 3 * RATE + 2 * round(gap * RATE)


def test_a_join_without_a_gap_keeps_the_loudness_and_does_not_click():
    chance = np.random.default_rng(1)
    parts = [chance.normal(0, 0.1, RATE).astype(np.float32) for _ in range(2)]
    sound = np.concatenate(list(joined(parts, gap=0, rate=RATE)))
    size = RATE // 100
    assert len(sound) == 2 * RATE - size
    middle = sound[RATE - size : RATE]
    assert 0.8 < np.sqrt((middle**2).mean()) / 0.1 < 1.2
    # A hard cut between two constants of other sign is a step of 2; the fade has none.
    steps = np.diff(np.concatenate(list(joined(parts_of(1, -1), gap=0, rate=RATE))))
    assert np.abs(steps).max() < 0.05


def parts_of(*heights: float) -> list[np.ndarray]:
    return [np.full(RATE, height, np.float32) for height in heights]


def test_the_beginning_and_the_end_stay_as_they_were():
    (sound,) = [np.concatenate(list(joined(parts_of(0.5), gap=0.1, rate=RATE)))]
    assert (sound == 0.5).all()


def test_the_gap_of_a_take_is_its_option(engine):
    short, long = say(engine, LONG, gap=0), say(engine, LONG, gap=1000)
    count = len(standin.log.texts) // 2
    assert round(long.duration - short.duration, 2) == round((count - 1) * 1.01, 2)


# -- chance, threads, devices ------------------------------------------------------------------


def test_a_seed_is_one_voice_reading_and_another_seed_another(engine):
    assert say(engine, LONG, seed=5) == say(engine, LONG, seed=5)
    assert say(engine, LONG, seed=5).audio != say(engine, LONG, seed=6).audio


def test_without_a_seed_one_is_drawn_and_told(engine):
    first = engine.synthesize("Hello there.", voice="default")
    second = engine.synthesize("Hello there.", voice="default")
    assert first.seed != second.seed
    assert engine.synthesize("Hello there.", voice="default", seed=first.seed) == first


@pytest.mark.parametrize("seed", [-1, 1 << 32, 1.5, "1", True])
def test_a_seed_that_is_none_is_refused(engine, seed):
    with pytest.raises(ParameterError, match="seed"):
        engine.synthesize("Hello.", voice="default", seed=seed)


def test_the_chance_of_others_is_left_alone(engine):
    """torch has one generator: seeding it for a voice repeats everybody's numbers."""
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    say(engine)
    assert torch.equal(torch.rand(3), expected)


def test_eight_threads_load_one_model(engine):
    """The old system loaded Chatterbox for every call, and N calls at once loaded N."""
    gate = threading.Barrier(8)

    def speak(number: int):
        gate.wait()
        return say(engine, seed=number)

    with ThreadPoolExecutor(8) as pool:
        takes = list(pool.map(speak, range(8)))
    assert standin.log.loads == [("ChatterboxTTS", "cpu")]
    assert takes == [say(engine, seed=number) for number in range(8)]


@pytest.mark.parametrize("work", ["say", "load", "try"])
def test_warnings_are_filtered_by_one_at_a_time(engine, monkeypatch, work):
    """The filters belong to the process: of two who put them back, the later one keeps the other's.
    Kokoro's loading had a lock of its own, and so had Chatterbox's, and its speaking another.
    """
    say(engine)
    calls = {
        "say": lambda: say(engine),
        "load": lambda: chatterbox_package.load(
            chatterbox_package.MODELS["english"], Path(), "cpu"
        ),
        "try": chatterbox_package.Trial,
    }
    entered = threading.Event()

    class Watched(warnings.catch_warnings):
        def __enter__(self):
            entered.set()
            return super().__enter__()

    monkeypatch.setattr(warnings, "catch_warnings", Watched)
    with ThreadPoolExecutor(1) as pool:
        with hardware.quiet:
            working = pool.submit(calls[work])
            assert not entered.wait(0.3)
            assert not hardware.chance.locked()  # else who has it and loads waits for ever
            assert hardware.choose("cpu") == "cpu"
        working.result(timeout=60)
    assert entered.is_set()


def test_who_looks_for_a_device_does_not_wait_for_who_speaks():
    with hardware.quiet, ThreadPoolExecutor(1) as pool:
        assert pool.submit(hardware._listed_cuda, "torch").result(timeout=60) is not None
    assert hardware.quiet.acquire(blocking=False)
    hardware.quiet.release()


def test_two_models_stay_and_unload_lets_them_go(engine):
    for voice in ("default", "es", "default", "es"):
        say(engine, voice=voice)
    assert [name for name, _ in standin.log.loads] == [
        "ChatterboxTTS",
        "ChatterboxMultilingualTTS",
    ]
    engine.unload()
    say(engine)
    assert len(standin.log.loads) == 3


def full_gpu(times: int):
    def load(cls, ckpt_dir, device):
        standin.log.loads.append((cls.__name__, device))
        if device != "cpu" and len(standin.log.loads) <= times:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        model = cls(standin.T3(), standin.S3Gen(), None, None, device)
        model.conds = standin.conditionals(1.0)
        return model

    return classmethod(load)


@pytest.fixture
def gpu(monkeypatch):
    """A device of that name which computes on the CPU."""
    monkeypatch.setattr(hardware, "choose", lambda *_: "mps")


@pytest.mark.usefixtures("gpu")
@pytest.mark.parametrize(
    ("times", "device", "note"),
    [(1, "mps", "at the second try"), (9, "cpu", "made on the CPU instead")],
)
def test_a_full_gpu_is_tried_again_and_then_left(engine, monkeypatch, times, device, note):
    """The old system logged it, gave up, and told a wrong status."""
    monkeypatch.setattr(standin.ChatterboxTTS, "from_local", full_gpu(times))
    take = say(engine, LONG)
    assert take.device == device
    assert [note in warning for warning in take.warnings] == [True]


@pytest.mark.usefixtures("gpu")
def test_the_cpu_does_not_go_on_where_it_must_not(engine, monkeypatch):
    monkeypatch.setattr(standin.ChatterboxTTS, "from_local", full_gpu(9))
    with pytest.raises(DeviceError, match="out of memory"):
        say(engine, cpu_fallback=False)


def test_an_old_torch_is_refused(engine, monkeypatch):
    """Weights can run code in torch before 2.6 (CVE-2025-32434)."""
    monkeypatch.setattr(torch, "__version__", "2.5.1")
    with pytest.raises(ModelError, match="CVE-2025-32434"):
        say(engine)


# -- options -----------------------------------------------------------------------------------


def test_zero_stands_for_the_models_own_value_and_the_take_tells_it(engine):
    take = say(engine)
    assert (take.options["repetition_penalty"], take.options["top_p"]) == (1.2, 1.0)
    assert say(engine, voice="es").options["repetition_penalty"] == 2.0
    turbo = say(engine, voice="turbo", top_k=7)
    assert turbo.options["top_p"] == 0.95
    assert standin.log.arguments[-1] == {"repetition_penalty": 1.2, "top_p": 0.95, "top_k": 7}
    with pytest.raises(ParameterError, match="repetition_penalty"):
        ChatterboxOptions(repetition_penalty=0.5)


def test_every_option_reaches_the_package(engine):
    say(engine, exaggeration=1, cfg_weight=0.3, temperature=0.5, min_p=0.1, top_p=0.9)
    assert standin.log.arguments[-1] == {
        "exaggeration": 1.0,
        "cfg_weight": 0.3,
        "temperature": 0.5,
        "repetition_penalty": 1.2,
        "min_p": 0.1,
        "top_p": 0.9,
    }


# -- voices ------------------------------------------------------------------------------------


def test_each_language_is_spoken_by_its_model(engine):
    record("ana", language="es-mx")
    record("bob", height=500)
    expected = {
        "default": ("english", "en", False),
        "en": ("multilingual", "en", False),
        "zh": ("multilingual", "zh", False),
        "turbo": ("turbo", "en", False),
        "ana": ("multilingual", "es-mx", True),
        "ANA+fr": ("multilingual", "fr", True),
        "bob": ("english", "en", True),
        "bob+en": ("multilingual", "en", True),
        "bob+turbo": ("turbo", "en", True),
    }
    for name, (model, language, cloned) in expected.items():
        take = say(engine, voice=name)
        found = chatterbox_package.MODELS[model]
        assert take.language == language, name
        assert str(take.voice) == f"chatterbox:{name.lower()}"
        assert take.options["repetition_penalty"] == found.repetition_penalty
        assert take.about == ({"consent": engine.consent(name)} if cloned else {})
    assert standin.log.arguments[3 - 1]["language_id"] == "zh"
    assert standin.log.arguments[4]["language_id"] == "es"
    assert [v.name for v in engine.voices() if v.language == "en"] == [
        "bob",
        "default",
        "en",
        "turbo",
    ]


@pytest.mark.parametrize("name", ["ana+xx", "ana+", "ana+es+fr", "default+es", "es+turbo", "bob"])
def test_a_combination_that_is_none_is_refused(engine, name):
    record()
    with pytest.raises(VoiceNotFound) as caught:
        engine.find_voice(name)
    assert caught.value.cure


def test_a_recorded_voice_is_prepared_once(engine):
    """Preparing one takes seconds; its feeling is laid over it anew at each call."""
    record()
    for exaggeration in (0.5, 1, 0.5):
        say(engine, voice="ana", exaggeration=exaggeration)
    assert standin.log.prepared == ["ana.flac"]
    assert say(engine, voice="ana", exaggeration=1).audio != say(engine, voice="ana").audio


def test_a_voice_recorded_anew_is_another_voice_and_another_version(engine):
    """Takes are kept by version: the old voice must not come out of the cache."""
    record()
    before, version = say(engine, voice="ana"), engine.version
    record(height=900, seconds=8, replace=True)
    assert engine.version != version
    assert say(engine, voice="ana").audio != before.audio


@pytest.mark.parametrize(
    "change", [{"language": "es"}, {"who": "Eva"}, {"purpose": "a film"}, {"note": "hoarse"}]
)
def test_the_same_recording_with_another_record_is_another_version(engine, change):
    """The version knew the sound alone: a take in the old language came out of the cache."""
    record()
    version = engine.version
    record(replace=True)
    assert engine.version == version
    record(replace=True, **change)
    assert engine.version != version


def test_a_damaged_record_changes_no_other_voice(engine):
    first = record()
    version, voices = engine.version, engine.voices()
    (first.folder / "bob.toml").write_text("who = ")
    assert (engine.version, engine.voices()) == (version, voices)


def test_a_recording_that_was_exchanged_is_refused_also_when_it_is_known(engine):
    voice = record()
    say(engine, voice="ana")
    engine.unload()
    voice.path.write_bytes(voice.path.read_bytes() + b"x")
    for call in (engine.synthesize, engine.stream):
        with pytest.raises(ConsentMissing, match="not the recording that Ana agreed to"):
            call("Hello there.", voice="ana")
    assert len(standin.log.loads) == 1


def test_turbo_refuses_five_seconds_before_it_is_loaded(engine):
    """The package fails with an AssertionError once 3 GB are in memory."""
    record(seconds=4.5)
    with pytest.raises(VoiceNotFound, match="more than 5"):
        say(engine, voice="ana+turbo")
    assert standin.log.loads == []


def test_a_language_it_does_not_speak_asks_for_one_that_it_does(engine):
    record(language="ca")
    with pytest.raises(VoiceNotFound, match=r"'ca'.*ana"):
        engine.find_voice("ana")
    assert engine.find_voice("ana+es").language == "es"
    assert "ana" not in [voice.name for voice in engine.voices()]


# -- being there or not ------------------------------------------------------------------------


def test_weights_that_are_not_here_are_told_before_anything_is_loaded(engine, monkeypatch):
    def missing(name: str, files: tuple[str, ...] = ()) -> None:
        raise WeightsMissing("is not here", subject=name, cure=f"workbench models pull {name}")

    from workbench.engines import weights

    monkeypatch.setattr(weights, "locate", missing)
    for call in (engine.synthesize, engine.stream):
        with pytest.raises(WeightsMissing, match="chatterbox-multilingual"):
            call("Hola.", voice="es")
    assert standin.log.loads == []


def test_without_the_package_both_ways_to_it_are_named(monkeypatch, tmp_path):
    monkeypatch.setattr(chatterbox_package, "find_spec", lambda *_: None)
    monkeypatch.setenv(isolated_environments.VARIABLE, str(tmp_path))
    with pytest.raises(EngineMissing) as caught:
        ChatterboxEngine()
    assert "pip install 'media-workbench[chatterbox]'" in caught.value.cure
    assert "workbench engines install chatterbox" in caught.value.cure


def test_a_cpu_build_of_torch_does_without_torchaudios_library(monkeypatch):
    """torchaudio 2.11 is linked to CUDA: beside a CPU build its import fails with an OSError."""
    tries = []

    def importing(name, *rest):
        if name == "torchaudio":
            tries.append("torchaudio._extension" in sys.modules)
            if len(tries) == 1:
                monkeypatch.setitem(sys.modules, "torchaudio.half", type(sys)("half"))
                raise OSError("Could not load this library: _torchaudio.abi3.so")
            return None
        return real(name, *rest)

    real = __import__
    monkeypatch.setitem(sys.modules, "torchaudio._extension", None)
    monkeypatch.delitem(sys.modules, "torchaudio._extension")
    monkeypatch.setattr("builtins.__import__", importing)
    chatterbox_package._import_torchaudio()
    extension = sys.modules["torchaudio._extension"]
    assert tries == [False, True]
    assert "torchaudio.half" not in sys.modules
    assert extension.fail_if_no_align(len) is len
