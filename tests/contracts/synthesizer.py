"""What every speech engine promises: inherit `SynthesizerContract`, give it the engine, run pytest.

::

    from tests.contracts.synthesizer import SynthesizerContract

    class TestShout(SynthesizerContract):
        voice = "loud"

        @pytest.fixture
        def engine(self):
            return ShoutEngine()
"""

from __future__ import annotations

import dataclasses
import re
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pytest

from workbench.audio import Audio
from workbench.engines import Synthesizer
from workbench.errors import ParameterError, TextError, VoiceNotFound
from workbench.options import Options, option
from workbench.script import tokenize
from workbench.take import Take
from workbench.voice import Voice

if TYPE_CHECKING:
    from workbench.timing import Word

__all__ = ["SynthesizerContract", "check_words"]


def check_words(words: tuple[Word, ...], text: str, duration: float) -> None:
    """Fail unless `words` are those of `text`, in order, apart, and within the sound."""
    tokens = tokenize(text)
    assert [(w.text, w.space) for w in words] == [(t.text, t.space) for t in tokens]
    assert all(0 <= word.start < word.end <= duration for word in words)
    assert all(before.start < after.start for before, after in pairwise(words))
    assert all(before.end <= after.start for before, after in pairwise(words))


@dataclasses.dataclass(frozen=True, kw_only=True)
class AnotherEnginesOptions(Options):
    """The options of nobody."""

    gain: int = option(1, help="Gain")


class SynthesizerContract:
    """The promises, as tests. Set the class attributes below to fit the engine."""

    voice: ClassVar[str] = ""
    """A voice to speak with."""
    texts: ClassVar[tuple[str, ...]] = (
        "Hello.",
        "One two, three — four!",
        "It isn't the end of the line, is it? Pay $25.50 at 10:30.",
    )
    """Texts in the language of the voice; the last has a second of speech or more."""
    silent: ClassVar[tuple[str, ...]] = ("", "   ", "...", "—", "\u200b", "\n")
    """Texts in which there is nothing to say."""
    hostile: ClassVar[tuple[str, ...]] = (
        'Say <break time="5s"/> & "nothing" <speak>.',
        "one [[h@l@u]] two",
        "nul \x00 bell \x07 escape \x1b[31m start \x01 50S of text",
        "\u202eright to left\u202c and \u2066back\u2069",
        "zero\u200bwidth, soft\u00adhyphen, \ufeffmark",
        "lone \ud800 surrogate, private \ue000, unassigned \U000e0fff",
        "halves \ud83d\ude00 side by \ud83dside",
        "a 🎉 👩‍👩‍👧 🇪🇸 1️⃣ party",
        "cafe\u0301 n\u0303u\u0308",
        "漢字 и кириллица ελληνικά العربية ไทย",
        "%s %n {0} ${HOME} `id` ; rm -rf / | $(id)",
        "x" * 300,
    )
    """Texts that must be spoken without harm, each part a word."""

    @pytest.fixture
    def engine(self) -> Synthesizer:
        """Return the engine."""
        raise NotImplementedError("give the contract an engine")

    def say(self, engine: Synthesizer, text: str, **options: object) -> Take:
        """Return `text` as spoken by the voice of the suite, seeded."""
        built = engine.options.build(options)
        return engine.synthesize(text, voice=self.voice, options=built, seed=1)

    # -- what it says of itself ---------------------------------------------------------------

    def test_it_has_all_that_an_engine_has(self, engine):
        assert isinstance(engine, Synthesizer)

    def test_its_name_can_stand_before_a_colon(self, engine):
        assert Voice(engine=engine.name, name=self.voice).engine == engine.name

    def test_its_capabilities_are_of_the_known_kinds(self, engine):
        assert 8_000 <= engine.capabilities.rate <= 48_000
        assert engine.capabilities.word_times in {"exact", "predicted", "none"}

    def test_its_version_is_one_word_and_stays(self, engine):
        assert re.fullmatch(r"\S+", engine.version)
        assert engine.version == engine.version

    def test_every_option_tells_a_slider_what_it_needs(self, engine):
        for spec in engine.options.describe():
            assert spec.help
            assert spec.check(spec.default) == spec.default
            if spec.kind in {int, float}:
                assert spec.minimum < spec.maximum
                assert spec.step > 0
                assert spec.unit

    def test_an_option_beyond_its_range_is_refused(self, engine):
        for spec in engine.options.describe():
            if spec.kind in {int, float}:
                for value in (spec.minimum - 1, spec.maximum + 1, float("nan"), "much"):
                    with pytest.raises(ParameterError, match=spec.name):
                        engine.options.build({spec.name: value})

    # -- voices -------------------------------------------------------------------------------

    def test_its_voices_are_sorted_and_each_is_there_once(self, engine):
        voices = engine.voices()
        assert voices
        assert list(voices) == sorted(voices, key=lambda v: (v.language, v.name))
        assert len({voice.name for voice in voices}) == len(voices)

    def test_its_voices_have_lower_case_tags_labels_and_usable_names(self, engine):
        for voice in engine.voices():
            assert re.fullmatch(r"[a-z]{2,8}(-[a-z0-9]{1,8})*", voice.language)
            assert voice.label.strip()
            assert voice.gender in {"", "female", "male"}
            assert Voice.parse(f"{engine.name}:{voice.name}").name == voice.name

    def test_each_voice_is_found_by_its_name_in_any_case(self, engine):
        for voice in engine.voices():
            assert engine.find_voice(voice.name) == voice
            assert engine.find_voice(voice.name.upper()) == voice

    @pytest.mark.parametrize("name", ["no-such-voice", "", "../../etc/passwd", "x" * 500, "\x00"])
    def test_a_voice_it_lacks_is_named_with_a_cure(self, engine, name):
        with pytest.raises(VoiceNotFound) as caught:
            engine.find_voice(name)
        assert caught.value.cure
        with pytest.raises(VoiceNotFound):
            engine.synthesize("Hello.", voice=name)
        with pytest.raises(VoiceNotFound):  # before the first piece
            engine.stream("Hello.", voice=name)

    # -- a take -------------------------------------------------------------------------------

    def test_a_take_says_what_made_it(self, engine):
        take = self.say(engine, self.texts[0])
        info = engine.find_voice(self.voice)
        assert take.text == self.texts[0]
        assert str(take.voice) == f"{engine.name}:{info.name}"
        assert take.language == info.language
        assert take.engine_version == engine.version
        assert take.options.keys() == engine.options().to_dict().keys()
        assert take.seed == (1 if engine.capabilities.seeded else None)
        assert take.device
        assert Take.from_dict(take.to_dict()) == take

    def test_it_can_be_heard_and_does_not_clip_all_the_time(self, engine):
        for text in self.texts:
            sound = self.say(engine, text).audio
            assert sound.rate == engine.capabilities.rate
            assert sound.duration > 0.1
            assert np.sqrt((sound.samples**2).mean()) > 0.005
            assert (np.abs(sound.samples) > 0.99).mean() < 0.01

    def test_its_words_are_the_words_of_the_script(self, engine):
        for text in self.texts:
            take = self.say(engine, text)
            if engine.capabilities.word_times == "none":
                assert take.words == ()
            else:
                check_words(take.words, text, take.duration)

    def test_nothing_to_say_is_an_error_of_the_text(self, engine):
        for text in self.silent:
            with pytest.raises(TextError):
                engine.synthesize(text, voice=self.voice)
            with pytest.raises(TextError):
                list(engine.stream(text, voice=self.voice))

    def test_hostile_text_is_spoken_without_harm(self, engine):
        for text in self.hostile:
            take = self.say(engine, text)
            if engine.capabilities.word_times != "none":
                check_words(take.words, text, take.duration)

    def test_what_is_not_text_or_not_its_options_is_refused(self, engine):
        with pytest.raises(ParameterError, match="text"):
            engine.synthesize(None, voice=self.voice)
        with pytest.raises(ParameterError, match="options"):
            engine.synthesize("Hi.", voice=self.voice, options=AnotherEnginesOptions())

    # -- again, at once, in pieces ------------------------------------------------------------

    def test_the_same_request_gives_the_same_bytes(self, engine):
        first, *others = self.texts
        takes = []
        for _ in range(5):
            takes.append(self.say(engine, first))
            for other in others:
                self.say(engine, other)
        assert len({take.audio.digest() for take in takes}) == 1
        assert all(take == takes[0] for take in takes)

    def test_threads_get_what_one_after_another_gets(self, engine):
        texts = [f"{text} {number}" for number in range(4) for text in self.texts[:2]]
        serial = [self.say(engine, text) for text in texts]
        with ThreadPoolExecutor(8) as pool:
            threaded = list(pool.map(lambda text: self.say(engine, text), texts))
        assert threaded == serial

    def test_the_pieces_of_a_stream_are_the_whole(self, engine):
        text = self.texts[-1]
        pieces = list(engine.stream(text, voice=self.voice, seed=1))
        assert Audio.join(pieces) == self.say(engine, text).audio
        if engine.capabilities.streaming:
            assert len(pieces) > 1
            assert pieces[0].duration < 1

    def test_a_stream_left_half_read_blocks_nobody(self, engine):
        stream = engine.stream(self.texts[-1] * 10, voice=self.voice, seed=1)
        next(stream)
        with ThreadPoolExecutor(1) as pool:
            pool.submit(self.say, engine, self.texts[0]).result(timeout=60)
        stream.close()

    def test_it_speaks_again_after_it_was_unloaded(self, engine):
        before = self.say(engine, self.texts[0])
        engine.unload()
        engine.unload()
        assert self.say(engine, self.texts[0]) == before
