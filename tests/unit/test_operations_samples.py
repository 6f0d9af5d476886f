"""A sound of the store as a voice: who agrees, who sees it, and what is left of it."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from operating import NOBODY, Shop

from workbench.audio import Audio
from workbench.engines import registry
from workbench.engines.isolated import process
from workbench.engines.reference import ReferenceVoice
from workbench.engines.voices_folder import VARIABLE, voices_in
from workbench.errors import (
    ConsentMissing,
    FileGone,
    MediaError,
    ModelError,
    ParameterError,
    VoiceNotFound,
    WeightsMissing,
)
from workbench.service.operations import prepare
from workbench.service.operations.samples import CONSENT

if TYPE_CHECKING:
    from pathlib import Path

torch = pytest.importorskip("torch", reason="Chatterbox runs on torch")
import chatterbox_standin as standin  # noqa: E402 - it imports torch

pytestmark = pytest.mark.model

RATE = 24_000
HELLO = "Hello there, this is a test."
AGREED = {"who": "Ana", "purpose": "tests"}


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """A store, and Chatterbox's stand-in for the engine."""
    monkeypatch.setenv(VARIABLE, str(tmp_path / "voices"))
    monkeypatch.setenv("WORKBENCH_DEVICE", "cpu")
    for name in ("HF_HOME", "HF_HUB_CACHE", "WORKBENCH_MODELS"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.delenv(CONSENT, raising=False)
    monkeypatch.setitem(registry._voices.loaded, "chatterbox", standin.engine(monkeypatch))
    return Shop(tmp_path)


def voice(*, seconds: float = 6, height: float = 300, rate: int = 16_000) -> Audio:
    time = np.arange(int(seconds * rate)) / rate
    return Audio(samples=0.3 * np.sin(height * time) * np.sin(9 * time), rate=rate)


def keep(shop: Shop, sound: Audio | None = None, name: str = "me.wav") -> str:
    return shop.put((sound or voice()).write(shop.folder / name))


def say(shop: Shop, **values: Any) -> Audio:
    values = {"text": HELLO, "engine": "chatterbox", "seed": 1, "cache": False, **values}
    with shop.store.reading(shop.do("speak", **values)) as path:
        return Audio.read(path)


# -- Chatterbox as the wire asks for it ------------------------------------------------------


def test_the_fields_of_the_wire_are_spoken_with(shop: Shop):
    """The silence between chunks was told to the engine and to `speak` under one name: no request
    of an old client was spoken, since each of them says how much it is.
    """
    sound = say(
        shop,
        options={"exaggeration": 0.7, "cfg_weight": 0.3, "temperature": 0.9},
        chunk_chars=1024,
        chunk_silence_ms=350,
        language="en",
    )
    assert (sound.rate, sound.channels) == (RATE, 2)
    given = standin.log.arguments[-1]
    assert (given["exaggeration"], given["cfg_weight"], given["temperature"]) == (0.7, 0.3, 0.9)
    assert standin.log.loads[-1][0] == "ChatterboxTTS"  # English is the English model's
    assert shop.told["voice"] == "chatterbox:default"


@pytest.mark.parametrize("silence", [0, 200, 3000])
def test_between_two_chunks_is_the_silence_that_was_asked_for(shop: Shop, silence: int):
    text = "The quick brown fox jumps over the lazy dog near the river bank today. " * 12
    sound = say(shop, text=text, chunk_chars=1024, chunk_silence_ms=silence)
    texts = standin.log.texts[:]
    assert len(texts) >= 4
    assert max(map(len, texts)) <= 300
    spoken = sum(max(1, len(one)) * standin.PER_LETTER * standin.TOKEN for one in texts)
    assert sound.frames == pytest.approx(
        spoken + (len(texts) - 1) * silence * RATE / 1000, abs=RATE * 0.02 * len(texts)
    )


def test_a_failed_chunk_fails_the_work(shop: Shop):
    """It was left out, and the sound had a hole."""
    text = "This is said. " * 20 + "But this breaks. " + "This is said. " * 20

    def fails(chunk: str) -> None:
        if "breaks" in chunk:
            raise RuntimeError("out of luck")

    standin.log.fails = fails
    with pytest.raises(ModelError, match="could not be spoken"):
        say(shop, text=text)
    assert shop.store.list() == []
    assert shop.left() == []


def test_a_language_chooses_the_model_and_one_that_is_unknown_is_told(shop: Shop):
    say(shop, text="Bonjour à tous.", language="fr")
    assert standin.log.arguments[-1]["language_id"] == "fr"
    assert shop.told["voice"] == "chatterbox:fr"
    with pytest.raises(ParameterError, match="has no voice for 'xx'") as caught:
        prepare("speak", {"text": HELLO, "engine": "chatterbox", "language": "xx"}, shop.store)
    assert caught.value.subject == "language"


def test_a_recorded_voice_speaks_the_language_that_is_asked_for(shop: Shop):
    ReferenceVoice.record("ana", voice(), who="Ana", purpose="tests", consent=True)
    say(shop, voice="ana", text="Bonjour.", language="fr")
    assert shop.told["voice"] == "chatterbox:ana+fr"
    say(shop, voice="ana")
    assert shop.told["voice"] == "chatterbox:ana"
    with pytest.raises(VoiceNotFound):
        prepare("speak", {"text": HELLO, "engine": "chatterbox", "voice": "anna"}, shop.store)


# -- a sample --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["me.wav", "me.flac", "me.mp3", "me.ogg"])
def test_a_sample_of_any_format_is_cloned(shop: Shop, name: str):
    """The old server wanted a name that ends in ``.wav``, in small letters."""
    made = say(shop, sample_id=keep(shop, name=name), consent=AGREED)
    own = say(shop)
    assert not np.array_equal(made.samples[:1000], own.samples[:1000])
    assert len(standin.log.prepared) == 1


def test_what_is_told_of_a_clone_says_who_agreed_and_no_path(shop: Shop):
    sample = keep(shop)
    say(shop, sample_id=sample, consent=AGREED)
    assert shop.told["voice"] == f"chatterbox:{sample}"
    assert shop.told["consent"] == AGREED
    assert str(shop.folder) not in repr(shop.told)


def test_nothing_is_left_of_a_sample(shop: Shop):
    """It was put among the voices of the machine, in whatever folder the server was started."""
    say(shop, sample_id=keep(shop), consent=AGREED)
    assert not (shop.folder / "voices").exists()
    assert ReferenceVoice.names() == []
    assert shop.left() == []


def test_nobody_else_sees_a_sample_while_it_is_spoken(shop: Shop):
    seen: list[list[str]] = []

    def look(chunk: str) -> None:
        with ThreadPoolExecutor() as pool:
            seen.append(pool.submit(ReferenceVoice.names).result())

    standin.log.fails = look
    say(shop, sample_id=keep(shop), consent=AGREED)
    assert seen == [[]]


def test_two_that_speak_with_one_sample_do_not_disturb_each_other(shop: Shop):
    """The first that was done deleted the recording under the other one."""
    sample = keep(shop)
    both = threading.Barrier(2, timeout=30)

    def one(text: str) -> int:
        both.wait()
        return say(shop, text=text, sample_id=sample, consent=AGREED).frames

    with ThreadPoolExecutor(2) as pool:
        made = list(pool.map(one, [HELLO, "\n".join([HELLO] * 8)]))
    assert made[0] < made[1]
    assert shop.left() == []


def test_a_clone_is_kept_in_the_cache_by_what_the_sample_sounds_like(shop: Shop):
    first, other = keep(shop), keep(shop, voice(height=500), "you.wav")
    again = keep(shop, name="copy.wav")
    say(shop, sample_id=first, consent=AGREED, cache=True)
    said = len(standin.log.texts)
    say(shop, sample_id=again, consent=AGREED, cache=True)
    assert len(standin.log.texts) == said
    say(shop, sample_id=other, consent=AGREED, cache=True)
    assert len(standin.log.texts) == said + 1


# -- consent ---------------------------------------------------------------------------------


@pytest.mark.parametrize("said", ["", "Ana", "Ana;", "; tests", " ; "])
def test_without_consent_nothing_is_cloned(shop: Shop, monkeypatch: pytest.MonkeyPatch, said: str):
    monkeypatch.setenv(CONSENT, said)
    sample = keep(shop)
    with pytest.raises(ConsentMissing) as caught:
        prepare("speak", {"text": HELLO, "engine": "chatterbox", "sample_id": sample}, shop.store)
    assert caught.value.subject == sample
    assert "consent" in caught.value.cure


def test_whoever_runs_the_server_may_give_it_for_all(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(CONSENT, "our customers; what they order")
    say(shop, sample_id=keep(shop))
    assert shop.told["consent"] == {"who": "our customers", "purpose": "what they order"}


@pytest.mark.parametrize(
    "consent",
    [{}, {"who": "Ana"}, {"who": " ", "purpose": "x"}, {"who": "a" * 201, "purpose": "x"}],
)
def test_a_consent_that_says_nothing_is_none(shop: Shop, consent: dict[str, str]):
    fields = {"engine": "chatterbox", "sample_id": keep(shop), "consent": consent}
    with pytest.raises(ParameterError):
        prepare("speak", {"text": HELLO, **fields}, shop.store)


# -- what is no sample -----------------------------------------------------------------------


def test_what_can_be_no_voice_is_refused_at_once(shop: Shop):
    from PIL import Image

    Image.new("RGB", (8, 8)).save(shop.folder / "a.png")
    fields = {"text": HELLO, "engine": "chatterbox", "consent": AGREED}
    good = keep(shop)
    for error, match, values in (
        (FileGone, "not in the store|is gone|no such", {"sample_id": f"audio_{NOBODY}.wav"}),
        (ParameterError, "is none", {"sample_id": "../voices/ana.flac"}),
        (MediaError, "is a picture", {"sample_id": shop.put(shop.folder / "a.png")}),
        (MediaError, r"lasts 1\.0 s", {"sample_id": keep(shop, voice(seconds=1))}),
        (MediaError, r"lasts 61\.0 s", {"sample_id": keep(shop, voice(seconds=61))}),
        (ParameterError, "names another one", {"sample_id": good, "voice": "fr"}),
        (ParameterError, "speaks no 'xx'", {"sample_id": good, "language": "xx"}),
        (ParameterError, "temperature", {"sample_id": good, "options": {"temperature": 99}}),
        (ParameterError, r"must be 0\.25 to 4", {"sample_id": good, "speed": 9}),
    ):
        with pytest.raises(error, match=match):
            prepare("speak", {**fields, **values}, shop.store)
    assert shop.left() == []


@pytest.mark.parametrize(
    ("sound", "told"),
    [
        (voice(rate=8_000), "has a rate of 8000 Hz"),
        (Audio.silence(5, 16_000), "is silent"),
        (Audio(samples=np.sign(voice().samples), rate=16_000), "is clipped"),
    ],
)
def test_what_no_voice_is_heard_in_is_told_by_its_id(shop: Shop, sound: Audio, told: str):
    sample = keep(shop, sound)
    with pytest.raises(MediaError, match=told) as caught:
        say(shop, sample_id=sample, consent=AGREED)
    assert caught.value.subject == sample
    assert "sample-" not in str(caught.value)
    assert shop.left() == []


def test_weights_that_are_not_here_are_told_before_it_is_recorded(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
):
    asked: list[str] = []

    def locate(name: str, files: object = ()) -> None:
        asked.append(name)
        raise WeightsMissing("is not on this machine", subject=name)

    monkeypatch.setattr("workbench.engines.weights.locate", locate)
    fields = {"text": HELLO, "engine": "chatterbox", "sample_id": keep(shop), "consent": AGREED}
    for language in (None, "en-GB", "fr"):
        with pytest.raises(WeightsMissing):
            prepare("speak", {**fields, "language": language}, shop.store)
    assert asked == ["chatterbox", "chatterbox", "chatterbox-multilingual"]


def test_an_engine_in_a_process_of_its_own_is_told_where_the_sample_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv(VARIABLE, "usual")
    with voices_in(tmp_path):
        assert process._settings()[VARIABLE] == str(tmp_path)
    assert process._settings()[VARIABLE] == os.environ[VARIABLE]
