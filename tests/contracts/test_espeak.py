"""espeak keeps the promises of an engine, with every voice."""

from __future__ import annotations

import pytest

from tests.contracts.synthesizer import SynthesizerContract, check_words
from workbench.engines import engine as engine_named
from workbench.engines.espeak.engine import EspeakEngine, EspeakOptions

VOICES = [voice.name for voice in EspeakEngine().voices()]
# The language's own letters, where they are not Latin: "Hello, world", or a greeting and a name.
NATIVE = {
    "am": "ሰላም ለዓለም።", "ar": "مرحبا بالعالم، كيف حالك؟", "as": "নমস্কাৰ পৃথিৱী",
    "bg": "Здравей, свят!", "bn": "ওহে বিশ্ব।", "chr": "ᎣᏏᏲ ᎡᎶᎯ",
    "cmn": "你好，世界。今天天气很好！", "el": "Γειά σου, Κόσμε!", "fa": "سلام دنیا",
    "grc": "χαῖρε, ὦ κόσμε", "gu": "નમસ્તે દુનિયા", "he": "שלום עולם",
    "hi": "नमस्ते, दुनिया।", "hy": "Բարեւ, աշխարհ։", "ja": "こんにちは、世界。",
    "ka": "გამარჯობა მსოფლიო", "kn": "ನಮಸ್ಕಾರ ಪ್ರಪಂಚ", "ko": "안녕하세요, 세계!",
    "ml": "നമസ്കാരം ലോകം", "mr": "नमस्कार जग", "my": "မင်္ဂလာပါ ကမ္ဘာ",
    "ne": "नमस्ते संसार", "or": "ନମସ୍କାର ବିଶ୍ୱ", "pa": "ਸਤ ਸ੍ਰੀ ਅਕਾਲ ਦੁਨੀਆ",
    "ru": "Привет, мир!", "si": "ආයුබෝවන් ලෝකය", "ta": "வணக்கம் உலகம்", "te": "హలో ప్రపంచం",
    "th": "สวัสดีชาวโลก ครับ", "ti": "ሰላም ዓለም", "uk": "Привіт, світе!", "ur": "ہیلو دنیا",
    "yue": "你好，世界。",
}  # fmt: skip


class TestEspeak(SynthesizerContract):
    voice = "en-us"
    silent = (*SynthesizerContract.silent, "🎉", "|", "🎉 🇪🇸")

    @pytest.fixture
    def engine(self):
        return EspeakEngine()

    def test_it_is_the_registered_one(self):
        assert type(engine_named("espeak")) is EspeakEngine


@pytest.mark.parametrize("voice", VOICES)
def test_every_voice_speaks(voice):
    """Latin letters, a number and a symbol; and the letters of its own language."""
    texts = ["Ana 25 — (do re) 🎉 & la!", NATIVE.get(voice)]
    for text in filter(None, texts):
        take = EspeakEngine().synthesize(text, voice=voice, options=EspeakOptions(rate=440))
        check_words(take.words, text, take.duration)
        assert take.audio.samples.max() > 0.02
