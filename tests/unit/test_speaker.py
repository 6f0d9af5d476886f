"""A line as it is spoken for real: written out, checked by ear, timed, kept."""

from __future__ import annotations

import os
import shutil
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import workbench as wb
from tests.contracts.synthesizer import check_words
from tests.whisper_model import TinyWhisper, tiny_whisper
from workbench.audio import Audio
from workbench.engines import registry
from workbench.engines.base import Capabilities
from workbench.engines.espeak.engine import EspeakEngine
from workbench.errors import ModelError, ParameterError, TextError, WeightsMissing
from workbench.script import tokenize
from workbench.speech.ears import VARIABLE, ears
from workbench.speech.speaker import Speaker
from workbench.text.lexicon import Lexicon

if TYPE_CHECKING:
    from workbench.take import Take

__all__ = ["tiny_whisper"]


class Untimed(EspeakEngine):
    """espeak as an engine that does not say when it spoke which word, and may mumble at first.

    `losses` seeds, counted from 0, lose the second half of the line.
    """

    name = "untimed"
    capabilities = Capabilities(rate=22_050, word_times="none", seeded=True)

    def __init__(self, losses: int = 0) -> None:
        super().__init__()
        self.losses = losses
        self.seeds: list[int | None] = []

    def synthesize(self, text: str, *, seed: int | None = None, **rest: Any) -> Take:
        self.seeds.append(seed)
        take = super().synthesize(text, **rest)
        audio = take.audio
        if (seed or 0) < self.losses:
            lost = audio.cut(0, audio.duration * 0.55)
            audio = Audio.join([lost, Audio.silence(0.2, audio.rate)])
        voice = wb.Voice(engine=self.name, name=take.voice.name)
        return replace(take, audio=audio, words=(), voice=voice, seed=seed)


@pytest.fixture
def untimed(monkeypatch: pytest.MonkeyPatch):
    def make(losses: int = 0) -> Untimed:
        engine = Untimed(losses)
        monkeypatch.setitem(registry._voices.loaded, "untimed", engine)
        return engine

    return make


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch, tiny_whisper: TinyWhisper) -> TinyWhisper:
    monkeypatch.setenv(VARIABLE, tiny_whisper.name)
    return tiny_whisper


# -- written out --------------------------------------------------------------------------------


def test_the_words_are_the_script_s_and_the_sound_is_that_of_the_words_written_out():
    take = wb.speak("Pay $25.50 by 3 p.m.", "espeak:en-us").parts[0].take
    assert take.spoken == "Pay twenty-five dollars and fifty cents by three p.m."
    check_words(take.words, "Pay $25.50 by 3 p.m.", take.duration)
    plain = wb.speak(take.spoken, "espeak:en-us").parts[0].take
    assert take.audio == plain.audio
    assert take.words[1].end == plain.words[5].end


def test_a_rule_may_be_off_and_all_of_them():
    def spoken(**ways: Any) -> str:
        return wb.speak("On 2026-11-23 pay $3.", "espeak:en-us", **ways).parts[0].take.spoken

    assert "November" in spoken()
    assert "dollars" in spoken()
    assert "2026-11-23" in spoken(normalize={"dates": False, "ranges": False, "numbers": False})
    assert spoken(normalize=False) == ""
    with pytest.raises(ParameterError, match=r"dats.*did you mean 'dates'"):
        spoken(normalize={"dats": False})


def test_a_respelling_is_spoken_and_the_word_stays(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lexicon.toml").write_text('[words.en]\nnginx = "engine x"\n')
    take = wb.speak("We use nginx.", "espeak:en-us").parts[0].take
    assert take.spoken == "We use engine x."
    assert [word.text for word in take.words] == ["We", "use", "nginx."]
    other = Lexicon.load(tmp_path / "lexicon.toml")
    assert wb.speak("We use nginx.", "espeak:es", lexicon=other).parts[0].take.spoken == ""
    (tmp_path / "lexicon.toml").rename(tmp_path / "other.toml")
    take = wb.speak("We use nginx.", "espeak:en-us", lexicon="other.toml").parts[0].take
    assert take.spoken == "We use engine x."


@pytest.mark.parametrize(
    ("ways", "told"),
    [
        ({"lexicon": {"a": "b"}}, "lexicon: must be a Lexicon or the path of one, not dict"),
        ({"normalize": "no"}, "normalize: must be true, false or rules, not 'no'"),
        ({"normalize": ["dates"]}, "normalize: must be true"),
    ],
)
def test_what_is_no_lexicon_and_no_rules_is_refused(tone, ways: dict[str, Any], told: str):
    with pytest.raises(ParameterError, match=told):
        wb.speak("a", "tone:high", **ways)
    assert tone.calls == []


@pytest.mark.parametrize("voice", ["espeak:en-us", "untimed:en-us"])
def test_a_word_marked_with_its_sounds_is_shown_bare(untimed, voice: str):
    """And the same word may have other sounds elsewhere in the line."""
    untimed()
    line = "I [read](/ɹˈɛd/) $3 in [New York](/nˈu jˈɔɹk/), you [read](/ɹˈid/)."
    take = wb.speak(line, voice).parts[0].take
    check_words(take.words, "I read $3 in New York, you read.", take.duration)
    assert take.text == "I read $3 in New York, you read."
    assert take.spoken == "I read three dollars in New York, you read."


def test_what_was_changed_and_left_out_is_told():
    take = wb.speak("It's $5 🎉!", "espeak:en-us").parts[0].take
    changes = [(c["original"], c["spoken"], c["rule"]) for c in take.about["changes"]]
    assert ("$5", "five dollars", "money") in changes
    assert take.warnings == ("not spoken: 🎉",)
    check_words(take.words, "It's $5 🎉!", take.duration)


AWKWARD = (
    "", "   ", "\u200b", "...", "—", "🎉", "👩‍👩‍👧 🇪🇸", "1️⃣", "x" * 1000, "¿?", "!!!", "🎉 party",
    "https://example.com/a?b=c&d=e", "ana@example.com", "#BigNews @ana", "<b>hola</b>",
    "&amp; &lt;",
    "<speak>Hi<break/></speak>", "# Title", "**bold** _it_", "`code`", "C:\\temp\\x.txt", "3.5.2",
    "1/2 3/4", "1,234,567.89", "-5 °C", "$0", "00:00", "99:99", "31/31/2026", "MMXXVI", "e=mc²",
    "½ ⅓", "H₂O", "①②③", "ＡＢＣ", "\u202eabc\u202c", "a\ud800b", "漢字 ไทย", "'", "%",
    "%s {0} $(id)",
)  # fmt: skip


@pytest.mark.parametrize("language", ["en-us", "es"])
@pytest.mark.parametrize("text", AWKWARD)
def test_awkward_text_is_spoken_with_a_report_or_refused(text: str, language: str):
    """Emoji were read aloud, tags as "be hola barra be", and U+200B ended in a crash."""
    speaker = Speaker(f"espeak:{language}")
    spoken = speaker.prepare(text)
    if not tokenize(spoken.spoken):
        with pytest.raises(TextError) as caught:
            speaker.say(text)
        assert caught.value.subject
        return
    take = speaker.say(text)
    check_words(take.words, text, take.duration)
    assert (take.spoken or text) == spoken.spoken
    if not spoken.identity:
        assert take.about["changes"]


# -- checked ------------------------------------------------------------------------------------


@pytest.mark.model
def test_a_line_that_lost_words_is_spoken_again_and_the_whole_one_is_kept(untimed, heard):
    """Chatterbox's and Kokoro's lost words went into the video unnoticed."""
    engine = untimed(losses=2)
    text = "hello world open the window red green blue"
    take = wb.speak(text, "untimed:en-us", verify="stt", cache=False).parts[0].take
    assert engine.seeds == [None, 1, 2]
    assert take.seed == 2
    assert take.flags == ()
    assert take.about["verify"]["attempts"] == 3
    assert take.about["verify"]["cer"] < 0.15


@pytest.mark.model
def test_a_line_that_is_never_right_is_flagged(untimed, heard):
    engine = untimed(losses=9)
    text = "seven eight nine yellow morning river music garden"
    narration = wb.speak(text, "untimed:en-us", verify="stt", cache=False, seed=4)
    take = narration.parts[0].take
    assert engine.seeds == [4, 5, 6]
    assert "unlike" in take.flags
    assert any("doubtful" in warning for warning in narration.warnings)


@pytest.mark.model
def test_a_sound_line_is_heard_once_and_not_spoken_again(untimed, heard, monkeypatch):
    engine = untimed()
    asked = []
    real = ears().engine.transcribe

    def transcribe(audio: Audio, **ways: Any) -> Any:
        asked.append(audio.duration)
        return real(audio, **ways)

    monkeypatch.setattr(ears().engine, "transcribe", transcribe)
    text = "hola mundo casa ventana azul"
    take = wb.speak(text, "untimed:es", verify="stt", cache=False).parts[0].take
    assert engine.seeds == [None]
    assert asked == [0.5, take.duration]  # the half second loads the model


def test_without_a_listener_the_fuse_warns(untimed):
    engine = untimed(losses=9)
    narration = wb.speak("It is a long line, and a half of it is lost.", "untimed:en-us")
    assert engine.seeds == [None]
    assert "short" in narration.parts[0].take.flags
    assert any("too short" in warning for warning in narration.warnings)


def test_who_shall_listen_is_known_before_anything_is_spoken(untimed, tmp_path, monkeypatch):
    monkeypatch.setenv("WORKBENCH_MODELS", str(tmp_path))
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    monkeypatch.delenv(VARIABLE, raising=False)
    engine = untimed()
    for verify, kind, told in (
        ("stt", WeightsMissing, "workbench models pull whisper-small"),
        ("stt:bsae", ParameterError, "did you mean 'base'"),
        ("sst", ModelError, "sst: is not a recogniser"),
        (True, ParameterError, "verify: must be 'stt'"),
    ):
        with pytest.raises(kind, match=told):
            wb.speak("Hello.", "untimed:en-us", verify=verify)
    assert engine.seeds == []


# -- timed --------------------------------------------------------------------------------------


@pytest.mark.model
@pytest.mark.parametrize(
    ("voice", "text"),
    [
        ("en-us", "Hello world: 20 red windows, seven rivers!"),
        ("es", "¡Hola, mundo! Abrir 20 ventana azul, cerrar casa."),
    ],
)
def test_words_without_times_get_them_from_a_recogniser(untimed, heard, voice: str, text: str):
    untimed()
    take = wb.speak(text, f"untimed:{voice}", cache=False).parts[0].take
    true = wb.speak(text, f"espeak:{voice}").parts[0].take
    check_words(take.words, text, take.duration)
    errors = [abs(a.start - b.start) for a, b in zip(take.words, true.words, strict=True)]
    assert np.mean(errors) < 0.15
    assert "word_times" not in take.about


def test_words_are_estimated_where_nobody_listens_and_it_is_told(untimed, tmp_path, monkeypatch):
    monkeypatch.setenv("WORKBENCH_MODELS", str(tmp_path))
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    monkeypatch.delenv(VARIABLE, raising=False)
    untimed()
    text = "It costs $25.50, doesn't it? Yes."
    narration = wb.speak(text, "untimed:en-us")
    take = narration.parts[0].take
    check_words(take.words, text, take.duration)
    assert take.about["word_times"] == "estimated"
    assert any("estimated" in warning for warning in narration.warnings)


@pytest.mark.model
def test_a_guess_of_old_is_mended_when_somebody_can_listen(
    untimed, tiny_whisper, tmp_path, monkeypatch
):
    """The sound is not made again for it: it is the costly part."""
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path / "takes"))
    engine = untimed()
    text = "hello world, open window, close house"
    for name in ("WORKBENCH_MODELS", "HF_HOME", "HF_HUB_CACHE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv(VARIABLE, "base")
    guessed = wb.speak(text, "untimed:en-us").parts[0].take
    assert guessed.about["word_times"] == "estimated"
    folder = tmp_path / "none" / "whisper-base"
    monkeypatch.setattr(ears().engine, "transcribe", _through(tiny_whisper))
    mended = wb.speak(text, "untimed:en-us").parts[0].take
    assert not folder.exists()
    assert len(engine.seeds) == 1
    assert mended.audio == guessed.audio
    assert "word_times" not in mended.about
    assert not any("estimated" in warning for warning in mended.warnings)


def _through(tiny: TinyWhisper) -> Any:
    """Return a `transcribe` that hears with the tiny model, whatever was asked for."""
    engine = ears().engine
    real = engine.transcribe

    def transcribe(audio: Audio, *, options: Any = None, **ways: Any) -> Any:
        return real(audio, options=engine.options.build({"model": tiny.name}), **ways)

    return transcribe


def test_stopping_is_heeded_between_two_attempts(untimed, heard):
    engine = untimed(losses=9)
    cancel = threading.Event()
    speaker = Speaker("untimed:en-us", verify="stt")
    say = engine.synthesize

    def once(text: str, **ways: Any) -> Take:
        cancel.set()
        return say(text, **ways)

    engine.synthesize = once
    with pytest.raises(wb.Cancelled):
        speaker.say("seven eight nine ten", cancel=cancel)
    assert engine.seeds == [None]


def test_every_word_of_a_text_full_of_numbers_stays(tone):
    text = "On 3/4/2026 at 10:30, Dr. Smith paid $1,234.56 (50 %) for 3 kg & 2½ m²."
    take = wb.speak(text, "tone:high").parts[0].take
    assert [word.text for word in take.words] == [token.text for token in tokenize(text)]


@pytest.mark.model
@pytest.mark.parametrize("language", ["und", "eo", ""])
def test_a_voice_whose_language_the_recogniser_does_not_know_still_speaks(
    untimed, heard, monkeypatch, language: str
):
    """A remote voice of unknown language ended in "'und' is not one of …"."""
    engine = untimed()
    find = engine.find_voice
    monkeypatch.setattr(engine, "find_voice", lambda name: replace(find(name), language=language))
    take = wb.speak("hello world", "untimed:en-us", cache=False).parts[0].take
    check_words(take.words, "hello world", take.duration)


def test_a_take_is_that_of_a_language_and_of_a_recogniser_s_weights(
    untimed, tiny_whisper, tmp_path, monkeypatch
):
    """A voice that was given another language kept the takes of the first."""
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path / "takes"))
    engine = untimed()
    find = engine.find_voice
    for language in ("en-us", "es", "en-us"):
        monkeypatch.setattr(
            engine, "find_voice", lambda name, told=language: replace(find(name), language=told)
        )
        wb.speak("hola", "untimed:en-us")
    assert len(engine.seeds) == 2
    folder = tmp_path / "model"
    shutil.copytree(tiny_whisper.folder, folder)
    before = ears(f"stt:{folder}").key
    assert ears(f"stt:{folder}").key == before
    os.utime(folder / "model.bin", (1, 1))
    assert ears(f"stt:{folder}").key != before
