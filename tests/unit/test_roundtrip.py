"""What is spoken is heard, and spoken again; no part of the old system listened to its speech."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pytest

from tests.unit.faulty_speech import FAULTS, faulty
from tests.unit.test_fuse import CLIPS, clip
from workbench.audio import Audio
from workbench.engines.base import Transcriber
from workbench.engines.espeak.engine import EspeakEngine
from workbench.errors import (
    Cancelled,
    ConsentMissing,
    DeviceError,
    ModelAccess,
    ModelError,
    ParameterError,
    TextError,
    VoiceNotFound,
    WeightsMissing,
)
from workbench.options import Options, option
from workbench.recognition import Recognition, Segment
from workbench.speech.fuse import FLAGS
from workbench.speech.roundtrip import LIMIT, Verdict, judge, unlike, verified

if TYPE_CHECKING:
    from workbench.take import Take

TEXT = "Red green blue seven play stop white nine."
ROOT = Path(__file__).parents[2]


def sound_take(text: str = TEXT, voice: str = "en-us") -> Take:
    return EspeakEngine().synthesize(text, voice=voice)


@dataclass(frozen=True, kw_only=True)
class EarOptions(Options):
    """Of the recogniser below."""

    care: int = option(1, minimum=0, maximum=9, step=1, unit="points", help="Care")


@dataclass
class Ears:
    """A recogniser that knows what each sound says."""

    name: ClassVar[str] = "ears"
    options: ClassVar[type[Options]] = EarOptions
    version: ClassVar[str] = "1"
    said: dict[str, str] = field(default_factory=dict)
    asked: list[dict[str, Any]] = field(default_factory=list)

    def transcribe(self, audio, *, language=None, options=None, progress=None, cancel=None):
        self.asked.append({"language": language, "options": options, "cancel": cancel})
        text = self.said[audio.digest()]
        segments = (Segment(start=0, end=audio.duration, text=text),) if text else ()
        return Recognition(segments=segments, language=language or "en", duration=audio.duration)

    def identity(self, options=None) -> str:
        return self.version

    def unload(self) -> None:
        """Nothing stays loaded."""


@dataclass
class Mouth:
    """An engine that has a fault, or an error, for each seed; no fault for the others."""

    ears: Ears
    faults: dict[int | None, str | Exception] = field(default_factory=dict)
    seeds: list[int | None] = field(default_factory=list)
    text: str = TEXT

    def __call__(self, seed: int | None) -> Take:
        self.seeds.append(seed)
        take = replace(sound_take(self.text), seed=seed)
        fault = self.faults.get(seed, "")
        if isinstance(fault, Exception):
            raise fault
        if not fault:
            # Another seed is another sound, if only by a hair.
            rough = take.audio.samples * (1 + len(self.seeds) * 1e-4)
            take = replace(take, audio=Audio(samples=rough, rate=take.audio.rate))
            self.ears.said[take.audio.digest()] = self.text
            return take
        spoken = faulty(take, fault)
        audio = Audio(
            samples=spoken.samples, rate=spoken.rate
        )  # as an engine would: NaN fails here
        self.ears.said[audio.digest()] = spoken.words
        return replace(take, audio=audio, words=())


@pytest.fixture
def ears() -> Ears:
    return Ears()


def test_the_stub_is_a_recogniser(ears):
    assert isinstance(ears, Transcriber)


# -- nine kinds of faulty synthesis -----------------------------------------------------------


@pytest.mark.parametrize("fault", FAULTS)
def test_nine_of_nine_faults_are_flagged(fault, ears):
    """The duration alone misses a third of the words: on eight recordings, all eight."""
    say = Mouth(ears, {7: fault})
    if fault == "nan":
        with pytest.raises(ModelError, match="not finite"):
            verified(say, text=TEXT, transcriber=ears, attempts=1, seed=7)
        return
    take, verdict = verified(say, text=TEXT, transcriber=ears, attempts=1, seed=7)
    assert verdict.flags
    assert take.flags == verdict.flags
    assert set(take.flags) <= set(FLAGS)
    assert "doubtful" in take.warnings[-1]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_mended_by_another_seed(fault, ears):
    say = Mouth(ears, {7: fault})
    take, verdict = verified(say, text=TEXT, transcriber=ears, seed=7)
    assert say.seeds == [7, 8]
    assert (verdict.passed, verdict.attempts, verdict.cer) == (True, 2, 0.0)
    assert (take.flags, take.warnings, take.seed) == ((), (), 8)


def test_a_third_of_the_words_is_missed_by_the_fuse_and_heard_by_the_recogniser(ears):
    say = Mouth(ears, {7: "dropped 30 %"})
    _, silent = verified(say, text=TEXT, attempts=1, seed=7)
    _, heard = verified(say, text=TEXT, attempts=1, seed=7, transcriber=ears)
    assert silent == Verdict(flags=())
    assert heard.flags == ("unlike",)
    assert heard.cer > LIMIT


# -- attempts ---------------------------------------------------------------------------------


def test_the_best_of_three_is_kept_and_flagged(ears):
    say = Mouth(ears, {1: "dropped 50 %", 2: "dropped 30 %", 3: "silence"})
    take, verdict = verified(say, text=TEXT, transcriber=ears, seed=1)
    assert say.seeds == [1, 2, 3]
    assert take.seed == 2
    assert verdict.attempts == 3
    assert take.flags == ("unlike",)
    assert take.warnings[0].startswith(f"doubtful: {verdict.cer:.0%} of the letters are unlike")
    assert repr(verdict.heard) in take.warnings[0]
    assert "(3 attempts)" in take.warnings[0]


def test_of_two_alike_the_one_with_fewer_flags_is_kept(ears):
    say = Mouth(ears, {0: "clipped", 1: "noise", 2: "clipped"})
    take, verdict = verified(say, text=TEXT, transcriber=ears, seed=0, attempts=3)
    assert (take.seed, verdict.flags, verdict.cer) == (0, ("clipped",), 0.0)


def test_without_a_seed_the_first_is_the_engines_own(ears):
    say = Mouth(ears, {None: "silence", 1: "silence"})
    verified(say, text=TEXT, transcriber=ears)
    assert say.seeds == [None, 1, 2]


def test_the_seeds_after_the_last_begin_again(ears):
    last = 2**32 - 1
    say = Mouth(ears, {last: "silence"})
    verified(say, text=TEXT, transcriber=ears, seed=last)
    assert say.seeds == [last, 0]


def test_an_engine_without_chance_is_not_asked_for_the_same_again(ears):
    take = replace(sound_take(), text=TEXT)
    ears.said[take.audio.digest()] = "something else"
    calls = []
    found, verdict = verified(
        lambda seed: calls.append(seed) or take, text=TEXT, transcriber=ears, attempts=3
    )
    assert (len(calls), len(ears.asked), verdict.attempts) == (2, 1, 1)
    assert found.flags == ("unlike",)


def test_a_take_that_passes_is_spoken_once_and_left_as_it_is(ears):
    say = Mouth(ears)
    take, verdict = verified(say, text=TEXT, transcriber=ears, seed=4)
    assert say.seeds == [4]
    assert verdict == Verdict(flags=(), cer=0.0, heard=TEXT, attempts=1)
    assert take == replace(sound_take(), seed=4, audio=take.audio)


def test_flags_of_an_earlier_check_do_not_stay(ears):
    old = replace(sound_take(), flags=("short",))
    take, _ = verified(lambda _: old, text=TEXT)
    assert take.flags == ()


# -- failures ---------------------------------------------------------------------------------


def test_a_failing_attempt_is_an_attempt(ears):
    say = Mouth(ears, {1: ModelError("out of luck"), 2: "dropped 30 %", 3: ModelError("again")})
    take, verdict = verified(say, text=TEXT, transcriber=ears, seed=1)
    assert (say.seeds, take.seed, verdict.attempts) == ([1, 2, 3], 2, 3)


def test_when_all_fail_the_last_error_is_told(ears):
    say = Mouth(ears, {seed: ModelError(f"number {seed}") for seed in range(3)})
    with pytest.raises(ModelError, match="number 2"):
        verified(say, text=TEXT, transcriber=ears, seed=0)


@pytest.mark.parametrize(
    "error",
    [
        DeviceError("x"), VoiceNotFound("x"), WeightsMissing("x"), ModelAccess("x"),
        ConsentMissing("x"), TextError("x"), ParameterError("x", subject="rate"),
        Cancelled("x"), KeyError("x"),
    ],
)  # fmt: skip
def test_what_another_seed_cannot_mend_is_not_tried_again(error, ears):
    say = Mouth(ears, {1: error})
    with pytest.raises(type(error)):
        verified(say, text=TEXT, transcriber=ears, seed=1)
    assert say.seeds == [1]


def test_a_recogniser_that_fails_is_no_fault_of_the_take(ears):
    def deaf(*_: object, **__: object) -> Recognition:
        raise WeightsMissing("x")

    ears.transcribe = deaf
    with pytest.raises(WeightsMissing):
        verified(Mouth(ears), text=TEXT, transcriber=ears)


def test_sound_that_is_not_finite_names_the_text_and_a_cure(ears):
    say = Mouth(ears, dict.fromkeys(range(5), "nan"))
    with pytest.raises(ModelError) as caught:
        verified(say, text=TEXT, transcriber=ears, seed=0)
    assert caught.value.subject == TEXT[:40]
    assert "seed" in caught.value.cure
    assert say.seeds == [0, 1, 2]


@pytest.mark.parametrize("attempts", [0, -1])
def test_no_attempt_is_refused(attempts):
    with pytest.raises(ParameterError, match="attempts"):
        verified(lambda _: sound_take(), text=TEXT, attempts=attempts)


# -- cancel -----------------------------------------------------------------------------------


def test_it_stops_before_the_next_attempt(ears):
    cancel = threading.Event()
    say = Mouth(ears, {1: "silence"})

    def then_stop(seed: int | None) -> Take:
        cancel.set()
        return say(seed)

    with pytest.raises(Cancelled):
        verified(then_stop, text=TEXT, transcriber=ears, seed=1, cancel=cancel)
    assert say.seeds == [1]


def test_the_recogniser_gets_what_it_needs(ears):
    cancel = threading.Event()
    options = EarOptions(care=3)
    verified(
        Mouth(ears), text=TEXT, language="en-GB", transcriber=ears, options=options, cancel=cancel
    )
    assert ears.asked == [{"language": "en-gb", "options": options, "cancel": cancel}]


@pytest.mark.parametrize("language", ["", "und", "mul"])
def test_a_language_that_nobody_knows_is_detected(language, ears):
    take = replace(sound_take(), language=language)
    ears.said[take.audio.digest()] = TEXT
    assert judge(take, transcriber=ears).passed
    assert ears.asked[0]["language"] is None


def test_nobody_listens_to_silence(ears):
    take = replace(sound_take(), audio=Audio.silence(3, 22_050))
    assert judge(take, transcriber=ears) == Verdict(flags=("silent",), cer=1.0)
    assert ears.asked == []


# -- letters ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "heard", "language"),
    [
        ("I have 25 apples.", "i have twenty-five apples", "en"),
        ("Twenty-five!", "25", "en-us"),
        ("Tengo 25 años.", "tengo veinticinco años", "es"),
        ("¿Está aquí?", "esta aqui", "es"),
        ("A while ago…", "awhile ago", "en"),
        ("It costs $5.", "It costs five dollars.", "en"),
        ("你好，世界。", "你好世界", "zh"),
        ("Straße", "STRASSE", "de"),
        ("", "", "en"),
    ],
)
def test_what_sounds_the_same_is_the_same(text, heard, language):
    assert unlike(text, heard, language) == 0


@pytest.mark.parametrize(
    ("text", "heard", "part"),
    [("abcd", "abce", 0.25), ("abcd", "", 1.0), ("ab", "abababab", 3.0), ("…", "thank you", 1.0)],
)
def test_what_does_not_is_counted_by_letters(text, heard, part):
    assert unlike(text, heard, "en") == part


def test_a_respelling_for_the_engine_is_heard_either_way(ears):
    take = replace(sound_take(), text="SQL is here.", spoken="sequel is here.")
    for heard in ("SQL is here", "sequel is here"):
        ears.said[take.audio.digest()] = heard
        assert judge(take, transcriber=ears).cer == 0


# -- a recogniser that listens ----------------------------------------------------------------


@pytest.fixture(scope="session")
def whisper():
    """A trained model of a megabyte, which knows a few dozen words."""
    from workbench.engines.whisper import WhisperOptions, WhisperTranscriber

    folder = ROOT / "tests/models/tiny_whisper"
    ears = WhisperTranscriber()
    yield ears, WhisperOptions(model=str(folder), device="cpu", vad=False)
    ears.unload()


LISTENED = ("Red green blue seven play stop.", "One two three four five six.", "Play red seven.")


@pytest.mark.model
@pytest.mark.parametrize("text", LISTENED)
def test_what_is_sound_passes_a_real_recogniser(text, whisper):
    ears, options = whisper
    verdict = judge(sound_take(text), transcriber=ears, options=options)
    assert verdict.flags == ()
    assert verdict.cer <= 0.1


@pytest.mark.model
@pytest.mark.parametrize("fault", [*FAULTS, "a third too fast", "a third too slow"])
def test_every_fault_is_flagged_by_the_fuse_and_a_real_recogniser(fault, whisper):
    ears, options = whisper
    good = sound_take(LISTENED[0])
    rates = {"a third too fast": 4 / 3, "a third too slow": 3 / 4}
    if fault in rates:
        rate = round(good.audio.rate * rates[fault])
        broken = replace(good, audio=Audio(samples=good.audio.samples, rate=rate), words=())
        assert judge(broken, transcriber=ears, options=options).flags
        return
    spoken = faulty(good, fault)

    def say(seed: int | None) -> Take:
        if seed:
            return replace(good, seed=seed)
        audio = Audio(samples=spoken.samples, rate=spoken.rate)
        return replace(good, audio=audio, words=(), seed=seed)

    take, verdict = verified(say, text=good.text, transcriber=ears, options=options, seed=0)
    assert (take.seed, verdict.attempts, take.flags) == (1, 2, ())


@pytest.mark.parametrize("name", CLIPS)
def test_recordings_pass_with_a_recogniser_that_hears_well(name, media, ears):
    sound, text, language = clip(media, name)
    take = replace(sound_take(), audio=sound.mono(), text=text, language=language, words=())
    ears.said[take.audio.digest()] = text.replace(",", "").lower()
    assert judge(take, transcriber=ears).passed


def test_samples_that_are_not_finite_never_become_sound():
    """What `verified` turns into a failed attempt; were the words others, it would not."""
    with pytest.raises(ParameterError) as caught:
        Audio(samples=np.array([np.nan]), rate=8_000)
    assert (caught.value.subject, "finite" in caught.value.problem) == ("audio", True)
