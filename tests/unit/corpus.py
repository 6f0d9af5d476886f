"""Four hundred sentences to speak: 200 English and 200 Spanish, made from parts by a fixed seed.

The parts are what trips a speech engine or its word times: numbers, money, dates and hours,
clitics, hyphens and dashes, quotation marks, abbreviations, brackets, capitals, addresses,
symbols, pictographs, and lines of one word.
"""

from __future__ import annotations

import os
import random
from pathlib import Path

__all__ = ["english", "spanish"]

_ENGLISH = {
    "who": """
        the captain | nobody | Dr. Smith | my sister-in-law | Mr. O'Neill | NASA | the crew | J.
        R. Hartley | Ms. Ng | the dog's owner | AT&T | a well-known author | I | they | the U.S.
        team | Åsa | the café owner | @ana | St. John's College
    """,
    "does": """
        isn't ready for the test | will be at the end of the line | was to be there by now | can't
        have been in the room | doesn't know that it is so | has got rid of the old one | is out
        of it | would've gone to the sea | said it was up to us | re-entered the house | had to be
        told | knows o'clock from clock | is over the hill and into the woods
    """,
    "when": """
        at 10:30 am | on 12/03/2024 | in 1999 | in the 1980s | on the 2nd of May | by Friday | at
        half past six | in 2007–2009 | on 4 July 1776 | every 3–4 days | at noon
    """,
    "much": """
        $25.50 | 25,50 | €1,299.00 | £3m | 50% | 100 % | 3.14 | 1,000,000 | -5 °C | 7 kg | 1/2 |
        2½ cups | no. 7 | #1 | +34 600 123 456 | 16×9 | 10^6 | x = y + 2 | 24/7 | 0
    """,
    "where": """
        https://example.com/a?b=1&c=2 | www.example.org | ana@example.com | C:\\Temp\\new.txt | page
        12 | the B-side | Room 101 | New York | the state-of-the-art lab | version 2.0.1
    """,
    "aside": """
        (so they say) | [sic] | — if you ask me — | "quite so" | ‘maybe’ | «voilà» | etc. | i.e.
        never | e.g. today | vs. the rest | ... | … | 🎉 | 🤷‍♀️ | <b>bold</b> | and/or | *starred*
        | _under_ | ~ roughly | → onwards | ™ | [[not phonemes]] | {braces}
    """,
}

_ENGLISH_SHAPES = """
    {Who} {does}.
    {Who} {does}, {when}, {aside}
    {When} {who} paid {much} for {where}.
    Is it {much}? No: it's {much}!
    “{Who} {does},” she said — “{when}.”
    See {where} {aside}
    {Who} ({who}) {does}; {who} {does}.
    {MUCH} OF THE {WHO} {when}
    {aside} {Who} {does}?!
    {Who}'s {much} — {aside} — {does} {when}…
    1) {who}; 2) {who}; 3) {where}.
    {Where}
    What of the {much}, the {much} and the {much}?
    {Who} {does} - {aside} - {when}
"""

_ENGLISH_LINES = """
    Yes.
    No!
    Why?
    Hello
    OK
    A
    I
    42
    $
    %
    Don't.
    Rock-n-roll
    WARNING
    To be, or not to be: that is the question of the day.
    ...and then?
    Mr.
    The the of of to to be be I am I am.
    Wait... what?
    'Tis the season
    A.B.C.
"""

_SPANISH = {
    "who": """
        el capitán | nadie | la Dra. Núñez | mi tía | el Sr. Ibáñez | la ONU | D. Quijote | una
        autora muy conocida | yo | ellas | el equipo de EE. UU. | Begoña | @ana | el pingüino | la
        dueña del café | José Mª | M.ª Ángeles | AT&T | lo de siempre
    """,
    "does": """
        no está para bromas | va a hablar a la hora de comer | lo ha dicho y se lo ha creído | se
        fue de la ciudad | me lo dio a mí | estará al final del camino | ha de ir a Ávila | dijo
        que sí o que no | os la envía | no me la cuentes | se le olvidó a usted | ya la oyó
    """,
    "when": """
        a las 14:30 h | el 12/03/2024 | en 1999 | el 20 de septiembre de 1881 | en los años 80 | a
        las 3 y 1/2 | de 2007–2009 | cada 3 o 4 días | mañana | en el siglo XIX | el 1.º de mayo
    """,
    "much": """
        25,50 | 1.234,56 € | 25,50 € | $100 | 50 % | 50% | 3,14 | 1.000.000 | -5 °C | 7 kg | 1/2 |
        2½ tazas | n.º 7 | nº 7 | +34 600 123 456 | 16×9 | 0 | x = y + 2 | 21 km/h
    """,
    "where": """
        https://ejemplo.es/a?b=1&c=2 | www.ejemplo.org | ana@ejemplo.es | la pág. 12 | C/ Mayor, 3
        | el aula 101 | San Sebastián | la versión 2.0.1 | el físico-químico | Alcalá de Henares
    """,
    "aside": """
        (según dicen) | [sic] | —si me preguntas— | «así es» | “quizá” | 'tal vez' | etc. | p. ej.
        hoy | ... | … | 🎉 | 🤷‍♀️ | <b>negrita</b> | y/o | *estrella* | → adelante | ªº | —
        ¿verdad? — | [[fonemas no]] | ¡ay! | {llaves}
    """,
}

_SPANISH_SHAPES = """
    {Who} {does}.
    {Who} {does}, {when}, {aside}
    {When} {who} pagó {much} por {where}.
    ¿Son {much}? ¡No: son {much}!
    —{Who} {does} —dijo él—, {when}.
    Véase {where} {aside}
    {Who} ({who}) {does}; {who} {does}.
    {MUCH} DE {WHO} {when}
    ¿¡{Who} {does}!? {aside}
    {aside} {who} — {much} — {does} {when}…
    1) {who}; 2) {who}; 3) {where}.
    {Where}
    ¿Qué hay de {much}, de {much} y de {much}?
    ¡ {Who} {does} ! ¿ {When} ?
"""

_SPANISH_LINES = """
    Sí.
    ¡No!
    ¿Qué?
    Hola
    Vale
    A
    Y
    42
    €
    %
    ¿ Por qué ?
    ATENCIÓN
    Ser o no ser: ésa es la cuestión.
    ...y luego, nada.
    Sr.
    Rr. Ll. Ch.
    Ñandú
    Vergüenza, cigüeña, pingüino.
    El el de de la la a a ha ha.
    Espera... ¿qué?
"""


def english() -> list[str]:
    """Return 200 different English sentences."""
    return _sentences(_lines(_ENGLISH_LINES), _lines(_ENGLISH_SHAPES), _ENGLISH)


def spanish() -> list[str]:
    """Return 200 different Spanish sentences, with a reading of 1881 where there is test media."""
    beside = Path(__file__).parents[3] / "shared" / "media"
    media = Path(os.environ.get("WORKBENCH_TEST_MEDIA", beside))
    reading = media / "speech" / "es_capitan_veneno.lines.txt"
    lines = reading.read_text(encoding="utf-8") if reading.is_file() else ""
    return _sentences(_lines(_SPANISH_LINES + lines), _lines(_SPANISH_SHAPES), _SPANISH)


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _sentences(lines: list[str], shapes: list[str], parts: dict[str, str]) -> list[str]:
    chance = random.Random(1)  # noqa: S311 - not a secret
    made = dict.fromkeys(lines)
    while len(made) < 200:
        sentence = chance.choice(shapes)
        for name, text in parts.items():
            choices = " ".join(text.split()).split(" | ")
            for key, form in ((name, str), (name.title(), _first), (name.upper(), str.upper)):
                while f"{{{key}}}" in sentence:
                    sentence = sentence.replace(f"{{{key}}}", form(chance.choice(choices)), 1)
        made[sentence] = None
    return list(made)[:200]


def _first(text: str) -> str:
    return text[:1].upper() + text[1:]
