"""A short sentence in each language, for whoever wants to hear a voice and has no text yet."""

# ruff: noqa: RUF001 - other scripts have letters that look like Latin ones

from __future__ import annotations

__all__ = ["sample_sentence"]

_SENTENCES = {
    "ar": "مرحبًا بعودتكم. هذا ما وجدناه اليوم.",
    "bg": "Добре дошли отново. Ето какво открихме днес.",
    "ca": "Benvinguts de nou. Això és el que hem trobat avui.",
    "chr": "ᎣᏏᏲ",
    "cmn": "欢迎回来。这是我们今天的发现。",
    "cs": "Vítejte zpět. Toto jsme dnes našli.",
    "cv": "Салам",
    "da": "Velkommen tilbage. Her er, hvad vi fandt i dag.",
    "de": "Willkommen zurück. Das haben wir heute gefunden.",
    "el": "Καλώς ήρθατε ξανά. Να τι βρήκαμε σήμερα.",
    "en": "Welcome back. Here is what we found today.",
    "eo": "Bonvenon denove. Jen kion ni trovis hodiaŭ.",
    "es": "Hola de nuevo. Esto es lo que hemos encontrado hoy.",
    "fa": "خوش آمدید. این چیزی است که امروز پیدا کردیم.",
    "fi": "Tervetuloa takaisin. Tämän löysimme tänään.",
    "fr": "Content de vous revoir. Voici ce que nous avons trouvé aujourd'hui.",
    "he": "ברוכים השבים. הנה מה שמצאנו היום.",
    "hi": "आपका फिर से स्वागत है। आज हमें यह मिला।",
    "hu": "Üdvözöljük újra. Ezt találtuk ma.",
    "id": "Selamat datang kembali. Inilah yang kami temukan hari ini.",
    "it": "Bentornati. Ecco che cosa abbiamo trovato oggi.",
    "ja": "おかえりなさい。今日見つけたものです。",
    "ko": "다시 오신 것을 환영합니다. 오늘 찾은 것입니다.",
    "nb": "Velkommen tilbake. Her er det vi fant i dag.",
    "nl": "Welkom terug. Dit hebben we vandaag gevonden.",
    "pl": "Witamy ponownie. Oto co dziś znaleźliśmy.",
    "pt": "Bem-vindos de volta. Isto foi o que encontrámos hoje.",
    "pt-br": "Bem-vindos de volta. Isto foi o que encontramos hoje.",
    "ro": "Bine ați revenit. Iată ce am găsit astăzi.",
    "ru": "С возвращением. Вот что мы нашли сегодня.",
    "sjn": "Mae govannen",
    "sv": "Välkommen tillbaka. Det här hittade vi i dag.",
    "tr": "Tekrar hoş geldiniz. Bugün bunu bulduk.",
    "uk": "З поверненням. Ось що ми знайшли сьогодні.",
    "vi": "Chào mừng bạn trở lại. Đây là những gì chúng tôi tìm thấy hôm nay.",
    "zh": "欢迎回来。这是我们今天的发现。",
}
# Numbers are read in whatever language the voice speaks.
_COUNT = "1, 2, 3, 4, 5."


def sample_sentence(language: str) -> str:
    """Return a sentence in a language, or numbers to be read where none is known.

    Parameters
    ----------
    language
        A BCP 47 tag, such as ``es-419``.

    Examples
    --------
    >>> sample_sentence("en-gb"), sample_sentence("smj")
    ('Welcome back. Here is what we found today.', '1, 2, 3, 4, 5.')
    """
    tag = language.lower()
    return _SENTENCES.get(tag) or _SENTENCES.get(tag.partition("-")[0], _COUNT)
