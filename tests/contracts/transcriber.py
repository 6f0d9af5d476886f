"""What every recogniser promises: inherit `TranscriberContract`, give it the engine, run pytest.

::

    from tests.contracts.transcriber import TranscriberContract

    class TestListen(TranscriberContract):
        @pytest.fixture
        def engine(self):
            return ListenTranscriber()

        @pytest.fixture
        def speech(self):
            return Audio.read("three_words.wav")

The sound is given by the fixture `speech`, what is said in it by `said`.
"""

from __future__ import annotations

import dataclasses
import json
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from workbench.audio import Audio
from workbench.engines import Transcriber
from workbench.errors import Cancelled, ParameterError
from workbench.options import Options, option
from workbench.recognition import Recognition

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["TranscriberContract", "check_times"]


def check_times(heard: Recognition) -> None:
    """Fail unless every time is in order and within the recording."""
    for before, after in pairwise(heard.words):
        assert before.end <= after.start
    for segment in heard.segments:
        assert 0 <= segment.start <= segment.end <= heard.duration
        for word in segment.words:
            assert segment.start <= word.start <= word.end <= segment.end
            assert word.text.strip() == word.text != ""
            assert type(word.start) is type(word.end) is float
            assert word.probability is None or 0 <= word.probability <= 1


@dataclasses.dataclass(frozen=True, kw_only=True)
class AnotherEnginesOptions(Options):
    """The options of nobody."""

    gain: int = option(1, help="Gain")


class TranscriberContract:
    """The promises, as tests. Set the class attributes below to fit the engine."""

    said: ClassVar[tuple[str, ...]] = ("one", "two", "three")
    """The words of the fixture `speech`, in small letters."""
    language: ClassVar[str] = "en"
    """Their language."""
    detects: ClassVar[bool] = True
    """Whether it finds out the language by itself."""
    hears_silence: ClassVar[bool] = True
    """Whether it can be trusted to write nothing where nobody speaks."""

    @pytest.fixture
    def engine(self) -> Transcriber:
        """Return the engine."""
        raise NotImplementedError("give the contract an engine")

    @pytest.fixture
    def values(self) -> Mapping[str, Any]:
        """Return the options to set, such as a small model."""
        return {}

    @pytest.fixture
    def speech(self) -> Audio:
        """Return the sound of `said`."""
        raise NotImplementedError("give the contract some speech")

    @pytest.fixture
    def listen(self, engine, values):
        """Return a function that transcribes with the options of the suite."""

        def transcribe(audio: Audio, **keywords: Any) -> Recognition:
            return engine.transcribe(audio, options=engine.options.build(values), **keywords)

        return transcribe

    # -- what it says of itself ---------------------------------------------------------------

    def test_it_has_all_that_a_recogniser_has(self, engine):
        assert isinstance(engine, Transcriber)
        assert re.fullmatch(r"[a-z][a-z0-9_-]{0,31}", engine.name)

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

    # -- a recognition ------------------------------------------------------------------------

    def test_it_hears_the_words_in_their_order(self, listen, speech):
        heard = listen(speech, language=self.language)
        words = re.findall(r"\w+", heard.text.lower())
        assert tuple(words) == self.said

    def test_every_word_has_its_time(self, listen, speech):
        heard = listen(speech, language=self.language)
        assert len(heard.words) == len(self.said)
        check_times(heard)

    def test_a_result_says_what_made_it(self, engine, values, speech):
        options = engine.options.build(values)
        heard = engine.transcribe(speech, language=self.language, options=options)
        assert heard.engine == engine.name
        assert heard.model
        assert heard.device
        assert heard.duration == pytest.approx(speech.duration)
        assert heard.language == self.language
        assert heard.language_probability == 1
        assert heard.options == options.to_dict()
        data = json.loads(json.dumps(heard.to_dict(), allow_nan=False))
        assert Recognition.from_dict(data) == heard

    def test_it_detects_the_language(self, listen, speech):
        if not self.detects:
            return
        heard = listen(speech)
        assert heard.language == self.language
        assert 0 < heard.language_probability <= 1

    def test_the_region_of_a_tag_does_not_matter(self, listen, speech):
        heard = listen(speech, language=f"{self.language}-ZZ")
        assert heard.language.partition("-")[0] == self.language

    def test_rate_and_channels_do_not_matter(self, listen, speech):
        other = speech.resample(48_000).with_channels(2)
        heard = listen(other, language=self.language)
        assert heard.text == listen(speech, language=self.language).text

    def test_silence_has_no_words(self, listen):
        if not self.hears_silence:
            return
        heard = listen(Audio.silence(3, 16_000), language=self.language)
        assert (heard.text, heard.words) == ("", ())
        assert heard.duration == 3

    def test_what_is_not_sound_or_not_its_options_is_refused(self, engine, values, speech):
        options = engine.options.build(values)
        for wrong in (None, "speech.wav", speech.samples, b"RIFF"):
            with pytest.raises(ParameterError, match="audio"):
                engine.transcribe(wrong, options=options)
        with pytest.raises(ParameterError, match="options"):
            engine.transcribe(speech, options=AnotherEnginesOptions())

    def test_a_language_that_is_none_is_refused(self, listen, speech):
        for wrong in ("no such language", "xx-yy-zz", "../../etc/passwd", "\x00"):
            with pytest.raises(ParameterError, match="language"):
                listen(speech, language=wrong)

    # -- progress, again, at once -------------------------------------------------------------

    def test_progress_rises_to_one(self, listen, speech):
        told: list[float] = []
        listen(speech, language=self.language, progress=told.append)
        assert told == sorted(told)
        assert told[-1] == 1
        assert told[0] >= 0

    def test_it_can_be_stopped_before_it_begins(self, listen, speech):
        cancel = threading.Event()
        cancel.set()
        with pytest.raises(Cancelled):
            listen(speech, language=self.language, cancel=cancel)

    def test_the_same_sound_gives_the_same_words(self, listen, speech):
        found = [listen(speech, language=self.language) for _ in range(3)]
        assert found[0].words == found[1].words == found[2].words

    def test_threads_get_what_one_after_another_gets(self, listen, speech):
        cuts = [speech.cut(0, speech.duration - 0.01 * n) for n in range(3)] * 2
        serial = [listen(cut, language=self.language).words for cut in cuts]
        with ThreadPoolExecutor(8) as pool:
            threaded = list(pool.map(lambda c: listen(c, language=self.language).words, cuts))
        assert threaded == serial

    def test_it_hears_again_after_it_was_unloaded(self, engine, listen, speech):
        before = listen(speech, language=self.language)
        engine.unload()
        engine.unload()
        assert listen(speech, language=self.language) == before
