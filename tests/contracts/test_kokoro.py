"""Kokoro keeps the promises of an engine: the real package and size, with weights of chance."""

from __future__ import annotations

import pytest

from tests.contracts.synthesizer import SynthesizerContract, check_words
from tests.kokoro_model import home
from workbench.engines import engine as engine_named
from workbench.engines.kokoro import KokoroEngine

__all__ = ["home"]

pytestmark = pytest.mark.model


class TestKokoro(SynthesizerContract):
    voice = "ef_dora"
    texts = (
        "Hola.",
        "Uno dos, tres — ¡cuatro!",
        "No es el fin de la línea, ¿verdad? Son 25,50 a las 10:30.",
    )
    silent = (*SynthesizerContract.silent, "🎉", "¿? ¡!", "🎉 🇪🇸")
    # The letters of the long word are fewer: each is a second of processor time.
    hostile = (*SynthesizerContract.hostile[:-1], "x" * 70)

    @pytest.fixture
    def engine(self, home):
        return KokoroEngine()

    def test_it_is_the_registered_one(self, engine):
        assert type(engine_named("kokoro")) is KokoroEngine


@pytest.mark.parametrize(
    ("voice", "text"),
    [
        ("af_heart", "Dr. Smith isn't [Kokoro](/ˈkoʊkəɹoʊ/), 3 times — 漢字 🎉!"),
        ("bf_emma", "Colour, at £3.50."),
        ("ff_siwis", "Il y a l'homme, n'est-ce pas ? Les amis 🎉."),
        ("af_heart+ef_dora*0.25", "Hello to the world."),
    ],
)
def test_other_languages_and_blends_speak_word_by_word(home, voice, text):
    """The package has times for American and British English only, and none for a blend's name."""
    take = KokoroEngine().synthesize(text, voice=voice, seed=1)
    check_words(take.words, text, take.duration)
    assert take.language == KokoroEngine().find_voice(voice).language
