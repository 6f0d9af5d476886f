"""The engine as it is: loaded once, from files, on the device that works, and nothing is lost."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import time
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from tests.kokoro_model import home, need_kokoro
from workbench.engines import hardware
from workbench.engines.kokoro import KokoroEngine, KokoroOptions
from workbench.engines.kokoro import model as kokoro_model
from workbench.engines.kokoro.model import Piece
from workbench.engines.kokoro.voices import find
from workbench.errors import (
    DeviceError,
    EngineMissing,
    ModelError,
    ParameterError,
    WeightsCorrupt,
    WeightsMissing,
)

__all__ = ["home"]

pytestmark = pytest.mark.model

LONG = (
    "Esta es la primera frase de todas las que hay aquí. "
    + "Y esta otra la sigue sin prisa por el mismo camino largo de siempre. " * 5
)


@pytest.fixture
def engine(home):
    return KokoroEngine()


def network(home, device="cpu"):
    """Return the network that speaks."""
    return kokoro_model.models.get((home / "kokoro", device))


class Spoken:
    """In the place of a network: every symbol lasts two frames, and nothing is computed."""

    def __init__(self, key=None):
        self.device = key[1] if key else "cpu"
        self.said = []

    def say(self, symbols, style, *, speed, seed):
        self.said.append((symbols, np.asarray(style), speed, seed))
        durations = (3, *[2 + i % 3 for i in range(len(symbols))], 4)
        return Piece(samples=np.full(sum(durations) * 600, 0.5, np.float32), durations=durations)


@pytest.fixture
def stub(engine, monkeypatch):
    """An engine that reads as ever and speaks at once."""
    network = Spoken()
    monkeypatch.setattr(kokoro_model.models, "get", lambda _: network)
    return network


# -- loading ----------------------------------------------------------------------------------


def test_construction_loads_neither_torch_nor_kokoro(home):
    code = (
        "import sys; from workbench.engines import engine; e = engine('kokoro');"
        "e.voices(); e.find_voice('es'); e.options.describe(); e.version;"
        "print([m for m in ('torch', 'kokoro', 'misaki', 'spacy', 'loguru') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert done.stderr == ""


def test_eight_threads_load_one_model_and_the_next_call_none(engine):
    """The server before this one loaded per service, and two threads loaded two."""
    kokoro_model.unload()
    before = kokoro_model.models.loads, kokoro_model.readers.loads
    with ThreadPoolExecutor(8) as pool:
        takes = list(pool.map(lambda _: engine.synthesize("Hola.", voice="ef_dora"), range(8)))
    assert all(take == takes[0] for take in takes)
    assert KokoroEngine().synthesize("Hola.", voice="em_alex").voice.name == "em_alex"
    assert kokoro_model.models.loads == before[0] + 1
    assert kokoro_model.readers.loads == before[1] + 1


def test_nothing_goes_over_the_network(engine, monkeypatch):
    """misaki fetches spaCy's model by pip at construction, the package its voices from the hub."""

    def refuse(*_, **__):
        raise AssertionError("connected")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.delenv("HF_HUB_OFFLINE")
    kokoro_model.unload()
    assert engine.synthesize("Hello.", voice="af_heart").words
    assert engine.synthesize("Hola.", voice="ef_dora").words


def test_nothing_is_printed(engine, capfd):
    """The package warns on stdout of a default, and misaki's espeak of every foreign word."""
    kokoro_model.unload()
    engine.synthesize("Hola, show.", voice="ef_dora")
    assert capfd.readouterr() == ("", "")


def test_the_programs_own_log_stays_its_own():
    """The package removes the handlers of whoever imports it, and puts its own in their place."""
    need_kokoro()
    code = (
        "import loguru; from workbench.engines.kokoro import model as kokoro_model; heard = [];"
        "loguru.logger.remove(); loguru.logger.add(lambda line: heard.append(line));\n"
        "with kokoro_model._quietly(): import kokoro\n"
        "loguru.logger.info('mine'); print(len(heard)); loguru.logger.remove();"
        "loguru.logger.info('nobody hears'); print(len(heard))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1", "1"]
    assert done.stderr == ""


def test_loading_waits_for_who_filters_warnings(home):
    """It had a lock of its own: beside Chatterbox, one left its filters in the process for good."""
    loaded = []

    def load() -> None:
        with kokoro_model._quietly():
            loaded.append(1)

    before = list(warnings.filters)
    with ThreadPoolExecutor(1) as pool:
        with hardware.quiet:
            with kokoro_model._quietly():  # whoever has it already goes on
                pass
            working = pool.submit(load)
            with pytest.raises(TimeoutError):
                working.result(timeout=0.3)
            assert not loaded
        working.result(timeout=60)
    assert loaded
    assert warnings.filters == before


def test_without_weights_it_fails_at_once_and_says_what_to_do(home, tmp_path, monkeypatch):
    monkeypatch.setenv("WORKBENCH_MODELS", str(tmp_path))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hub"))
    started = time.process_time()
    with pytest.raises(WeightsMissing) as caught:
        KokoroEngine().synthesize("Hola.", voice="ef_dora")
    assert time.process_time() - started < 1
    assert "kokoro" in str(caught.value)
    assert str(tmp_path) in str(caught.value)
    assert "workbench models pull kokoro" in caught.value.cure


@pytest.mark.parametrize(
    ("voice", "command"),
    [
        ("ef_dora", "--voice ef_dora"),
        ("af_heart", "--voice af_heart"),
        ("af_heart+af_bella", "--voice af_heart --voice af_bella"),
    ],
)
def test_without_anything_its_own_weights_are_named_first(
    home, tmp_path, monkeypatch, voice, command
):
    """English was told to fetch spacy-english, and only then of the model, and its 54 voices."""
    monkeypatch.setattr(sys, "path", [p for p in sys.path if p != str(home / "python")])
    monkeypatch.delitem(sys.modules, "en_core_web_sm", raising=False)
    monkeypatch.setenv("WORKBENCH_MODELS", str(tmp_path))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hub"))
    with pytest.raises(WeightsMissing) as caught:
        KokoroEngine().synthesize("Hello.", voice=voice)
    assert caught.value.subject == "kokoro"
    assert caught.value.cure == f"workbench models pull kokoro {command}"


def test_english_without_its_model_of_spacy_fails_at_once(home, tmp_path, monkeypatch):
    """misaki runs pip, which without a network ends in a ConnectionError of requests."""
    monkeypatch.setattr(sys, "path", [p for p in sys.path if p != str(home / "python")])
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hub"))
    monkeypatch.delitem(sys.modules, "en_core_web_sm", raising=False)
    with pytest.raises(WeightsMissing) as caught:
        KokoroEngine().synthesize("Hello.", voice="af_heart")
    assert "spacy-english" in str(caught.value)
    assert "workbench models pull spacy-english" in caught.value.cure
    assert KokoroEngine().synthesize("Hola.", voice="ef_dora").words


@pytest.mark.parametrize(("voice", "extra"), [("jf_alpha", "ja"), ("zf_xiaoni", "zh")])
def test_a_language_without_its_package_names_the_extra(home, monkeypatch, voice, extra):
    missing = {"pyopenjtalk", "pypinyin"}
    monkeypatch.setattr(kokoro_model, "find_spec", lambda n: None if n in missing else object())
    with pytest.raises(EngineMissing, match=r"Japanese|Chinese") as caught:
        KokoroEngine().synthesize("你好。", voice=voice)
    assert caught.value.cure == f"pip install 'misaki[{extra}]'"


def test_without_the_package_the_extra_is_named(monkeypatch):
    monkeypatch.setattr("workbench.engines.kokoro.find_spec", lambda _: None)
    with pytest.raises(EngineMissing, match=r"pip install 'media-workbench\[kokoro\]'"):
        KokoroEngine()


def test_a_damaged_voice_is_named(home, tmp_path, monkeypatch):
    """The package raises what torch does: an UnpicklingError, an EOFError, a RuntimeError."""
    import torch

    folder = tmp_path / "kokoro"
    (folder / "voices").mkdir(parents=True)
    shutil.copy(home / "kokoro" / "config.json", folder)
    (folder / "kokoro-v1_0.pth").symlink_to(home / "kokoro" / "kokoro-v1_0.pth")
    monkeypatch.setenv("WORKBENCH_MODELS", str(tmp_path))
    torch.save(torch.zeros(3, 3), folder / "voices" / "ef_dora.pt")
    with pytest.raises(WeightsCorrupt, match=r"ef_dora\.pt"):
        KokoroEngine().synthesize("Hola.", voice="ef_dora")
    torch.save({"a": torch.zeros(3)}, folder / "voices" / "em_alex.pt")
    with pytest.raises(WeightsCorrupt, match=r"em_alex\.pt"):
        KokoroEngine().synthesize("Hola.", voice="em_alex")


# -- speaking ---------------------------------------------------------------------------------


def test_the_sound_is_as_long_as_the_durations_and_the_words_lie_in_them(engine, home, monkeypatch):
    """The words' times against the model's own durations, symbol by symbol."""
    model = network(home)
    kept = []
    say = model.say
    monkeypatch.setattr(
        model, "say", lambda *a, **k: kept.append((a[0], say(*a, **k))) or kept[-1][1]
    )
    take = engine.synthesize("Hola, niño. Adiós.", voice="ef_dora")
    ((symbols, piece),) = kept
    assert take.audio.frames == sum(piece.durations) * 600 == len(piece.samples)
    edges = np.cumsum(piece.durations) / 40
    starts = [symbols.index(part) for part in ("ˈola", "nˈi", "aðj")]
    assert [w.start for w in take.words] == pytest.approx([edges[i] for i in starts])
    assert take.words[0].end == pytest.approx(edges[symbols.index(",")])


def test_twice_the_speed_is_half_the_sound(engine, home):
    layer = network(home)._model.predictor.duration_proj.linear_layer
    weight, bias = layer.weight.data.clone(), layer.bias.data.clone()
    try:
        layer.weight.data.mul_(0)
        layer.bias.data.fill_(-2.45)  # four frames a symbol
        lengths = [
            engine.synthesize("Hola.", voice="ef_dora", options=KokoroOptions(speed=s)).audio.frames
            for s in (1, 2)
        ]
    finally:
        layer.weight.data.copy_(weight)
        layer.bias.data.copy_(bias)
    assert lengths[0] == 2 * lengths[1]


def test_a_seed_decides_and_leaves_no_trace(engine):
    import torch

    torch.manual_seed(5)
    expected = torch.rand(3).tolist()
    torch.manual_seed(5)
    takes = {seed: engine.synthesize("Hola.", voice="ef_dora", seed=seed) for seed in (1, 2)}
    assert torch.rand(3).tolist() == expected
    assert takes[1].audio != takes[2].audio
    none = engine.synthesize("Hola.", voice="ef_dora")
    assert none.seed == 0
    assert none == engine.synthesize("Hola.", voice="ef_dora", seed=0)
    for seed in (-1, 2**32, True, "1", 1.0):
        with pytest.raises(ParameterError, match="seed"):
            engine.synthesize("Hola.", voice="ef_dora", seed=seed)


def test_a_blend_is_the_weighted_sum_of_its_voices(engine, home, stub):
    import torch

    engine.synthesize("Hola.", voice="ef_dora*0.7+af_heart*0.3")
    symbols, style, _, _ = stub.said[0]
    packs = [
        torch.load(home / "kokoro" / "voices" / f"{name}.pt", weights_only=True)[len(symbols) - 1]
        for name in ("ef_dora", "af_heart")
    ]
    assert np.allclose(style, 0.7 * packs[0] + 0.3 * packs[1], atol=1e-7)
    assert style.shape == (1, 256)


def test_a_long_text_is_spoken_piece_by_piece_and_whole(engine, stub):
    take = engine.synthesize(LONG, voice="ef_dora", seed=3)
    said = [symbols for symbols, *_ in stub.said]
    assert len(said) > 2
    assert said[0].endswith("akˈi.")  # the first sentence by itself: it is soon heard
    assert max(map(len, said)) <= 480
    assert len(take.words) == len(LONG.split())
    assert {seed for *_, seed in stub.said} == {3}
    assert (
        take.audio.frames == sum(3 + 4 + sum(2 + i % 3 for i in range(len(s))) for s in said) * 600
    )
    samples = take.audio.samples[:, 0]
    assert abs(samples[0]) < 0.01  # no click where two pieces meet
    pieces = list(engine.stream(LONG, voice="ef_dora", seed=3))
    assert np.array_equal(np.concatenate([p.samples for p in pieces]), take.audio.samples)


def test_a_piece_that_fails_fails_the_line(engine, stub, monkeypatch):
    """The system before this one left it out, and reported speech with a hole as a success."""
    say = stub.say

    def fail(symbols, style, **given):
        if len(stub.said) == 1:
            raise ModelError("made no sound", subject="kokoro")
        return say(symbols, style, **given)

    monkeypatch.setattr(stub, "say", fail)
    with pytest.raises(ModelError, match="no sound"):
        engine.synthesize(LONG, voice="ef_dora")


def test_a_take_says_what_was_not_spoken_or_spelled_out(engine, stub):
    take = engine.synthesize("Hola 🎉 漢 [a](/ħo/).", voice="ef_dora")
    told = " | ".join(take.warnings)
    assert "no sound for '🎉'" in told
    assert "'漢' is in a script" in told
    assert "does not know: ħ" in told
    assert engine.synthesize("Hola, año ﬁn 1ª.", voice="ef_dora").warnings == ()


def test_durations_that_do_not_fit_are_no_reason_to_fail(engine, stub, monkeypatch):
    say = stub.say

    def odd(*given, **options):
        piece = say(*given, **options)
        return Piece(samples=piece.samples, durations=piece.durations[:-2])

    monkeypatch.setattr(stub, "say", odd)
    take = engine.synthesize("Hola, niño.", voice="ef_dora")
    assert [word.text for word in take.words] == ["Hola,", "niño."]
    assert "guessed" in take.warnings[0]


# -- devices ----------------------------------------------------------------------------------


def test_a_full_gpu_hands_over_to_the_cpu_and_the_take_says_so(engine, monkeypatch):
    tried = []

    class Full(Spoken):
        def say(self, *given, **options):
            tried.append(self.device)
            if self.device != "cpu":
                raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB")
            return super().say(*given, **options)

    monkeypatch.setattr(kokoro_model.models, "get", Full)
    monkeypatch.setattr("workbench.engines.hardware.choose", lambda _: "cuda:0")
    take = engine.synthesize(LONG, voice="ef_dora")
    assert take.device == "cpu"
    assert any("cuda:0 was out of memory" in warning for warning in take.warnings)
    assert tried[:3] == ["cuda:0", "cuda:0", "cpu"]
    assert tried.count("cuda:0") == 2  # not again for each piece
    with pytest.raises(DeviceError):
        engine.synthesize("Hola.", voice="ef_dora", options=KokoroOptions(cpu_fallback=False))


def test_a_device_that_is_not_there_is_an_error(engine):
    with pytest.raises(DeviceError, match="cuda:7"):
        engine.synthesize("Hola.", voice="ef_dora", options=KokoroOptions(device="cuda:7"))


def test_the_config_of_the_tests_is_the_real_one(home):
    config = json.loads((home / "kokoro" / "config.json").read_text())
    assert len(config["vocab"]) == 114
    parameters = sum(p.numel() for p in network(home)._model.parameters())
    assert round(parameters / 1e6) == 82
    assert find("ef_dora").language.code == "e"
