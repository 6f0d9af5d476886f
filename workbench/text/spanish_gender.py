"""The gender of a Spanish noun, from its ending."""

from __future__ import annotations

import re

from workbench.text.tables import words

__all__ = ["gender"]

_FEMININE = re.compile(
    r"(?:[^\W\d_]as|[a-zñ]ciones|siones|dades|tades|tudes|umbres|[^aeiou]eces|"
    r"mujeres|noches|tardes|calles|partes|clases|manos|fotos|imágenes|órdenes|flores|leyes|torres|"
    r"llaves|redes|voces|luces|paredes|series|sedes|bases|fases|frases|claves|nubes|motos|radios|"
    r"crisis|tesis|hipótesis)$"
)
_MASCULINE = re.compile(
    r"(?:(?:d|tranv)ías|[a-z]*(?:lemas|gramas|temas|emas|omas)|mapas|planetas|poetas|cometas|"
    r"atletas|turistas|artistas|periodistas|futbolistas|ciclistas|taxistas|pianistas|dentistas|"
    r"colegas|dálmatas|piratas|demócratas|acróbatas|policías|"
    r"guardias|camaradas|peces|meses|jueces)$"
)
_FEMININE_ALSO = frozenset(
    words("""
    firmas cremas escamas yemas gemas palomas bromas lomas gomas llamas camas ramas damas
    tramas tomas formas plataformas armas almas alarmas
""")
)
_NO_NOUN = frozenset(
    words("""
    más mas es menos tras los las sus nos pues entonces después antes mientras apenas quizás
    unos unas ellos ellas nosotros otras otros estas estos esas esos aquellas aquellos todas
    todos además atrás jamás detrás dos tres seis veras gracias is as ambas ambos cuantas
    cuantos tus mis les os lunes martes miércoles jueves viernes contras
""")
)
_ONE = frozenset(
    words("""
    hora página persona vez casa semana noche mañana vida taza cucharada libra milla tonelada
    mujer niña chica hija hermana amiga pregunta respuesta palabra frase línea lista parte cosa
    idea foto imagen mano puerta ventana silla mesa calle ciudad empresa película canción lámina
    gota pizca caja bolsa botella lata unidad plaza planta habitación cama noticia escena toma
""")
)
_WORD = re.compile(r"[ \u00a0]+([^\W\d_]{2,})")


def gender(text: str, place: int, *, one: bool = False) -> str:
    """Return ``f`` or ``m`` for the noun that follows a number, empty where there is none.

    By the endings and the commonest exceptions of the Nueva gramática (RAE 2009, §2); what is not
    a plural is not taken for a noun.

    Parameters
    ----------
    text, place
        The text, and where the number ends.
    one
        Whether the number is one, whose noun has no plural: then only nouns of a list.

    Examples
    --------
    >>> [gender(text, 0) for text in (" páginas", " días", " de", " problemas", " más", " km")]
    ['f', 'm', '', 'm', '', '']
    """
    match = _WORD.match(text, place)
    word = match[1].lower() if match else ""
    if one:
        return "f" if word in _ONE else ("m" if word in _ONE_MASCULINE else "")
    if not word.endswith("s") or word in _NO_NOUN:
        return ""
    if word in _FEMININE_ALSO:
        return "f"
    if _MASCULINE.match(word) and word != "veces":
        return "m"
    return "f" if _FEMININE.search(_plain(word)) or _FEMININE.search(word) else "m"


_ONE_MASCULINE = frozenset(
    words("""
    día mes año minuto segundo momento euro peso dólar metro kilómetro litro gramo kilo grado
    punto hombre niño chico hijo hermano amigo libro vaso plato paso lado ejemplo problema tema
    vídeo video coche carro gato perro café millón
""")
)


def _plain(word: str) -> str:
    return word.translate(str.maketrans("áéíóú", "aeiou"))
