"""Speaking as an operation: what is refused before it is taken on, and what is heard afterwards."""

from __future__ import annotations

import threading
import tracemalloc
import wave
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from operating import NOBODY, Shop

from workbench.audio import Audio
from workbench.engines import kokoro, registry
from workbench.engines.registry import engine
from workbench.engines.voices_folder import voices_folder, voices_in
from workbench.errors import (
    Cancelled,
    EngineMissing,
    EngineNotFound,
    ParameterError,
    TextError,
    VoiceNotFound,
    WeightsMissing,
)
from workbench.service.operations import Context, checked, operation, perform, prepare
from workbench.service.operations.speech import Speak, script_of, spoken, voice_of
from workbench.service.operations.voices import Manner, manner
from workbench.service.operations.waves import write_wav

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import ToneEngine

HELLO = "Hello there. This is a test."
LONG = (
    "This is a text of about ten seconds, which somebody wants to have read aloud by a machine, "
    "so that it can be heard in a video, and nobody has to wait for it."
)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine without weights."""
    for name in ("HF_HOME", "HF_HUB_CACHE", "WORKBENCH_MODELS"):
        monkeypatch.setenv(name, str(tmp_path / "none"))


def sound_of(shop: Shop, file_id: str) -> Audio:
    with shop.store.reading(file_id) as path:
        with wave.open(str(path)) as file:
            assert (file.getsampwidth(), file.getcomptype()) == (2, "NONE")
        return Audio.read(path)


def how(**values: Any) -> Manner:
    return manner(checked(operation("speak"), {"text": HELLO, **values}))


# -- what is heard ---------------------------------------------------------------------------


def test_a_text_is_spoken_as_the_engine_speaks_it(shop: Shop):
    made = shop.do("speak", text=HELLO, engine="espeak", voice="en-gb", cache=False)
    sound = sound_of(shop, made)
    take = engine("espeak").synthesize(HELLO, voice="en-gb")
    assert (sound.rate, sound.frames, sound.channels) == (take.audio.rate, take.audio.frames, 1)
    np.testing.assert_allclose(sound.samples, take.audio.samples, atol=1 / 16_000)
    told = shop.told
    assert told["duration"] == round(take.duration, 6)
    assert told["voice"] == "espeak:en"  # what espeak calls it
    assert told["warnings"] == []
    assert [one["text"] for one in told["words"]] == HELLO.split()
    for one, word in zip(told["words"], take.words, strict=True):
        assert one["start"] == pytest.approx(word.start, abs=1e-4)
        assert one["end"] == pytest.approx(word.end, abs=1e-4)
    assert shop.reports[-1] == 1.0
    assert shop.reports == sorted(shop.reports)
    assert shop.left() == []


def test_lines_and_their_pauses_are_written_as_a_narration_has_them(shop: Shop, tone: ToneEngine):
    """Take by take, and yet to the sample what `speak` would return."""
    text = "aa bb\n[pause 0.25s]cc\n[voice:tone:low]dd [pause 40ms] ee"
    made = sound_of(shop, shop.do("speak", text=text, engine="tone", cache=False))
    asked = Speak(text=text, engine="tone", cache=False)
    whole, words, _, voice = spoken(asked, Context(store=shop.store))
    assert made.frames == whole.frames
    np.testing.assert_allclose(made.samples, whole.samples, atol=1 / 16_000)
    assert [(w.text, round(w.start, 4)) for w in words] == [
        (one["text"], one["start"]) for one in shop.told["words"]
    ]
    assert voice == "tone:high"
    assert (made.samples[-100:] < 0).all()  # the low voice


def test_a_text_that_looks_like_a_file_is_spoken(shop: Shop):
    """For `speak` it would be a mistake; whoever sends it over a wire means it."""
    shop.do("speak", text="notes.txt", engine="espeak")
    assert [one["text"] for one in shop.told["words"]] == ["notes.txt"]


def test_what_was_spoken_comes_from_the_cache_unless_it_must_not(shop: Shop, tone: ToneEngine):
    for cache, calls in ((True, 1), (True, 1), (False, 2), (False, 3), (True, 3)):
        shop.do("speak", text="once only", engine="tone", cache=cache)
        assert len(tone.calls) == calls


def test_the_seed_reaches_the_engine(shop: Shop, tone: ToneEngine):
    shop.do("speak", text="a seed", engine="tone", seed=7, cache=False)
    assert tone.seeds == [7]


def test_work_can_be_stopped_between_two_lines(shop: Shop, tone: ToneEngine):
    lines = [f"line {number} here" for number in range(20)]
    for raising in (True, False):
        tone.calls.clear()
        assert shop.stopped(
            "speak", at=0.3, raising=raising, text="\n".join(lines), engine="tone", cache=False
        )
        assert 6 <= len(tone.calls) <= 8
    assert shop.store.list() == []
    assert shop.left() == []


def test_work_that_is_not_wanted_any_more_is_not_begun(shop: Shop, tone: ToneEngine):
    cancel = threading.Event()
    cancel.set()
    output = shop.store.new_id("audio", ".wav")
    context = Context(store=shop.store, output=output, cancel=cancel)
    with pytest.raises(Cancelled):
        perform("speak", {"text": HELLO, "engine": "tone", "cache": False}, context)
    assert tone.calls == []


def test_what_is_beyond_full_scale_is_clipped_and_does_not_turn_round(tmp_path: Path):
    loud = Audio(samples=np.array([0.5, 1.5, -1.5, 1.0, -1.0]), rate=8000)
    write_wav(tmp_path / "a.wav", loud)
    found = Audio.read(tmp_path / "a.wav").samples[:, 0]
    np.testing.assert_allclose(found, [0.5, 1, -1, 1, -1], atol=1e-4)


def test_a_long_text_is_written_without_being_held_twice(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
):
    """As one array, in stereo, clipped and converted, it was held six times over."""
    from conftest import ToneEngine, ToneOptions

    slow = ToneEngine()
    monkeypatch.setitem(registry._voices.loaded, "tone", slow)
    monkeypatch.setattr("workbench.service.operations.speech._CHANNELS", {"tone": 2})
    text = "\n".join("word " * 80 for _ in range(50))
    pace = ToneOptions().to_dict()["pace"]
    taken = 50 * 80 * 4 * pace * 4  # bytes of the takes
    tracemalloc.start()
    try:
        shop.do("speak", text=text, engine="tone", cache=False)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 2 * taken + 8e6


# -- how fast --------------------------------------------------------------------------------


@pytest.mark.parametrize("speed", [0.25, 0.5, 1.5, 2.0, 4.0])
def test_speed_means_the_same_for_every_engine(shop: Shop, tone: ToneEngine, speed: float):
    """Espeak has a rate of 80 to 450, another engine nothing: its sound is made faster."""
    for voice in ("espeak", "tone"):
        shop.do("speak", text=LONG, engine=voice, cache=False)
        usual, before = shop.told["duration"], shop.told["words"]
        shop.reports.clear()
        made = sound_of(shop, shop.do("speak", text=LONG, engine=voice, speed=speed, cache=False))
        assert shop.reports == sorted(shop.reports)
        told = shop.told
        assert told["duration"] == pytest.approx(usual / speed, rel=0.12)
        assert made.duration == pytest.approx(told["duration"], abs=0.001)
        assert [one["text"] for one in told["words"]] == [one["text"] for one in before]
        assert told["words"][-1]["end"] <= told["duration"] + 0.01
        assert told["words"][-1]["end"] > 0.8 * told["duration"]


def test_speed_is_the_engines_own_as_far_as_it_goes():
    assert how(engine="espeak", speed=1.2).options == {"rate": 210}
    assert how(engine="espeak", speed=1.2).faster == 1.0
    fast = how(engine="espeak", speed=4)
    assert fast.options == {"rate": 450}
    assert fast.faster == pytest.approx(700 / 450)
    for nothing in (None, 0, 1):  # the old server took 0 for 1
        assert how(engine="espeak", speed=nothing).options == {}


def test_kokoros_speed_is_its_own(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(kokoro, "find_spec", lambda name: object())
    monkeypatch.setitem(registry._voices.loaded, "kokoro", kokoro.KokoroEngine())
    assert how(speed=1.5).options == {"speed": 1.5}
    slow = how(speed=0.25)
    assert (slow.options, slow.faster) == ({"speed": 0.5}, 0.5)
    with pytest.raises(ParameterError, match="is said twice: by the option speed of kokoro"):
        how(speed=1.5, options={"speed": 1.2})
    assert how(speed=1.0, options={"speed": 1.2}).options == {"speed": 1.2}


@pytest.mark.parametrize("speed", [-1, 0.2, 4.1, 1e9])
def test_a_speed_out_of_range_is_refused(speed: float):
    with pytest.raises(ParameterError, match=r"must be 0\.25 to 4\.0"):
        how(engine="espeak", speed=speed)


# -- what is refused before the work is taken on ---------------------------------------------


@pytest.mark.parametrize("text", ["", "   ", "\n\t\n", "... !? —", "[pause 1s]", "\u200b"])
def test_a_text_without_a_word_is_refused(shop: Shop, text: str):
    """The old server answered 200 and an id, and the work failed where nobody saw it."""
    with pytest.raises(TextError):
        prepare("speak", {"text": text, "engine": "espeak"}, shop.store)


def test_a_text_beyond_the_limit_is_refused(shop: Shop):
    prepare("speak", {"text": "a " * 50_000, "engine": "espeak"}, shop.store)
    with pytest.raises(TextError, match="100,001 letters, more than 100,000") as caught:
        prepare("speak", {"text": "a" * 100_001, "engine": "espeak"}, shop.store)
    assert caught.value.subject == "text"


def test_a_wrong_tag_is_refused_with_its_line(shop: Shop):
    with pytest.raises(TextError, match="is not a pause"):
        prepare("speak", {"text": "Hi.\n[pause soon]", "engine": "espeak"}, shop.store)


@pytest.mark.parametrize("voice", ["nobody", "af_hart", "", "a" * 5000, "../af_heart.pt", "\0"])
def test_a_voice_that_kokoro_has_not_is_told_with_all_that_it_has(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, voice: str
):
    """Whether it is installed or not: the list comes with this package."""
    monkeypatch.setattr(kokoro, "find_spec", lambda name: None)
    monkeypatch.delitem(registry._voices.loaded, "kokoro", raising=False)
    if not voice:  # is none asked for
        with pytest.raises(EngineMissing):
            prepare("speak", {"text": HELLO, "voice": voice}, shop.store)
        return
    with pytest.raises(VoiceNotFound) as caught:
        prepare("speak", {"text": HELLO, "voice": voice}, shop.store)
    assert "af_heart, " in caught.value.cure
    assert "jf_alpha" in caught.value.cure
    assert len(str(caught.value)) < 7000


def test_a_near_miss_is_told_first(shop: Shop):
    with pytest.raises(VoiceNotFound) as caught:
        prepare("speak", {"text": HELLO, "voice": "af_hart"}, shop.store)
    assert caught.value.cure.startswith("did you mean 'af_heart'")


def test_an_engine_that_is_not_installed_names_its_extra(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setenv("WORKBENCH_ENGINES", str(tmp_path / "none"))
    monkeypatch.setattr(kokoro, "find_spec", lambda name: None)
    monkeypatch.setattr("workbench.engines.chatterbox.package.installed", lambda: False)
    for name in ("kokoro", "chatterbox"):
        monkeypatch.delitem(registry._voices.loaded, name, raising=False)
        with pytest.raises(EngineMissing) as caught:
            prepare("speak", {"text": HELLO, "engine": name}, shop.store)
        assert f"media-workbench[{name}]" in caught.value.cure
    with pytest.raises(EngineNotFound, match="did you mean 'espeak'"):
        prepare("speak", {"text": HELLO, "engine": "espaek"}, shop.store)


@pytest.mark.usefixtures("bare")
def test_weights_that_are_not_here_are_told_at_once(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    """The old server fetched 0.3 GB in the middle of a request."""
    monkeypatch.setattr(kokoro, "find_spec", lambda name: object())
    monkeypatch.setattr(kokoro.kokoro_model, "check", lambda found: None)
    monkeypatch.setitem(registry._voices.loaded, "kokoro", kokoro.KokoroEngine())
    for values in ({}, {"voice": "ef_dora"}, {"language": "es"}):
        with pytest.raises(WeightsMissing) as caught:
            prepare("speak", {"text": HELLO, **values}, shop.store)
        assert "workbench models pull kokoro" in caught.value.cure
    with pytest.raises(WeightsMissing):  # also of a voice that the text names
        prepare("speak", {"text": "Hi. [voice:kokoro:am_adam] Ho.", "engine": "espeak"}, shop.store)
    with pytest.raises(VoiceNotFound):
        prepare("speak", {"text": "Hi. [voice:espeak:xx] Ho.", "engine": "espeak"}, shop.store)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"options": {"rat": 200}}, "did you mean 'rate'"),
        ({"options": {"rate": 9999}}, "rate"),
        ({"options": {"rate": "fast"}}, "rate"),
        ({"options": {"exaggeration": 0.5}}, "exaggeration"),
        ({"options": {"cache": True}}, "cache"),
        ({"options": {"cancel": 1, "verify": "stt"}}, "cancel"),
        ({"speeed": 2}, "did you mean 'speed'"),
        ({"speed": "1,5"}, "speed"),
        ({"seed": -1}, "seed"),
        ({"seed": 2**32}, "seed"),
        ({"chunk_chars": 0}, "chunk_chars"),
        ({"chunk_silence_ms": 5001}, "chunk_silence_ms"),
        ({"consent": {"who": "Ada"}}, "consent"),
        ({"sample_id": f"audio_{NOBODY}.wav"}, "clones no voices"),
        ({"language": "tlh-x-none"}, "has no voice for"),
    ],
)
def test_a_wrong_parameter_is_told_before_anything_is_spoken(
    shop: Shop, values: dict[str, Any], told: str
):
    with pytest.raises(ParameterError) as caught:
        prepare("speak", {"text": HELLO, "engine": "espeak", **values}, shop.store)
    assert told in str(caught.value)


# -- which voice -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "voice"),
    [
        ({"engine": "espeak"}, "espeak:en-us"),
        ({"engine": "espeak", "voice": ""}, "espeak:en-us"),
        ({"engine": "espeak", "language": "es"}, "espeak:es"),
        ({"engine": "espeak", "language": "es-XX"}, "espeak:es"),
        ({"engine": "espeak", "language": "de", "voice": "fr"}, "espeak:fr"),
        ({"engine": "tone"}, "tone:high"),
        ({"engine": "tone", "language": "en-GB"}, "tone:high"),
    ],
)
@pytest.mark.usefixtures("tone")
def test_a_voice_is_chosen_by_its_name_its_language_its_engine(values: dict[str, Any], voice: str):
    assert how(**values).voice == voice


def test_a_language_that_a_voice_does_not_speak_is_told(shop: Shop):
    shop.do("speak", text="Hola.", engine="espeak", voice="es", language="fr")
    assert shop.told["warnings"] == ["es speaks es, not fr"]


def test_looking_for_a_voice_loads_no_model():
    asked = Speak(text=HELLO, engine="espeak")
    assert voice_of(asked) == Manner(voice="espeak:en-us", language="en-us")


# -- in pieces -------------------------------------------------------------------------------


def lines_of(text: str, **values: Any) -> list[str]:
    asked = Speak(text=text, **values)
    return [line.text for line in script_of(asked, Manner(voice="x:y", language="en")).lines]


@pytest.mark.parametrize(("chunk", "most"), [(None, 280), (1024, 280), (100, 100), (1, 20)])
def test_no_chunk_is_longer_than_chatterbox_comes_to_the_end_of(chunk: int | None, most: int):
    """Of 1,024 letters, the old default, the model spoke the first 40 s and stopped in a word."""
    text = "The quick brown fox jumps over the lazy dog, and then it rests for a while. " * 40
    lines = lines_of(text, engine="chatterbox", chunk_chars=chunk)
    assert max(map(len, lines)) <= most
    assert " ".join(lines).split() == text.split()


def test_a_tag_is_not_cut_in_two():
    """Lines were cut before their tags were read: a piece began with ``0.5s]``."""
    text = "One two three four five six seven [pause 0.5s] eight nine ten eleven. " * 4
    assert "pause" not in " ".join(lines_of(text, engine="chatterbox", chunk_chars=20))


def test_one_line_of_a_hundred_thousand_letters_is_spoken_to_its_end():
    text = "Words without any end are read out here and now "
    lines = lines_of(text * 2000, engine="espeak")
    assert " ".join(lines).split() == (text * 2000).split()


def test_between_pieces_of_a_line_is_the_silence_that_is_asked_for(shop: Shop, tone: ToneEngine):
    text = "aaaa bbbb cccc dddd eeee ffff gggg hhhh"
    shop.do("speak", text=text, engine="tone", chunk_chars=20, cache=False)
    together = shop.told["duration"]
    assert len(tone.calls) == 2
    shop.do("speak", text=text, engine="tone", chunk_chars=20, chunk_silence_ms=700, cache=False)
    assert shop.told["duration"] == pytest.approx(together + 0.7)


# -- where voices are looked for -------------------------------------------------------------


def test_another_folder_of_voices_is_this_threads_alone(tmp_path: Path):
    usual = voices_folder()
    entered, looked = threading.Event(), threading.Event()

    def within() -> Path:
        with voices_in(tmp_path):
            entered.set()
            looked.wait(10)
            return voices_folder()

    with ThreadPoolExecutor() as pool:
        inside = pool.submit(within)
        entered.wait(10)
        assert voices_folder() == usual
        looked.set()
        assert inside.result() == tmp_path
