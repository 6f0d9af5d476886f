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
        Whether the number is one, whose noun is no plural: then any word that is not known for
        something else, unless the one names what stands before it (capítulo 1).

    Examples
    --------
    >>> [gender(text, 0) for text in (" páginas", " días", " de", " problemas", " más", " km")]
    ['f', 'm', '', 'm', '', '']
    >>> [gender(text, 1, one=True) for text in ("1 cebolla", "1 mapa", "1 limón", "1 de")]
    ['f', 'm', 'm', '']
    """
    match = _WORD.match(text, place)
    word = match[1].lower() if match else ""
    if match and word in _SCALES:  # veintiún mil mujeres, doscientas mil mujeres
        return "m" if text[place - 1 : place] == "1" else gender(text, match.end())
    if one:
        if word in _ONE or word in _ONE_MASCULINE:
            return "f" if word in _ONE else "m"
        return _single(word) if match and match[1].islower() and not _label(text, place) else ""
    return _several(word) if word.endswith("s") and word not in _NO_NOUN else ""


def _several(word: str) -> str:
    """Return the gender of a noun in the plural."""
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

_SCALES = frozenset({"mil"})
# What is said with "un" though it is feminine: the a is stressed (un aula, un arma).
_STRESSED = frozenset(
    words("""
    agua águila ala alma ama ancla área arma arca asa aula ave habla hacha hada hambre asta
""")
)
_SINGLE_FEMININE = frozenset(
    words("""
    carne leche miel sal nuez luz cruz voz raíz paz piel cárcel red pared flor labor tarde clase
    clave nube llave nave torre fuente muerte serie base fase frase sede ley mano moto madre
    especie superficie fiebre tribu actriz matriz razón sazón mamá unión opinión reunión región
    religión rebelión conexión gestión cuestión crisis tesis hipótesis dosis tos hélice nariz
""")
)
_SINGLE_MASCULINE = frozenset(
    words("""
    pijama drama panorama clima fantasma enigma estigma dogma prisma trauma sofá papá gorila
    mes país gas virus autobús paraguas cumpleaños lunes martes miércoles jueves viernes pez juez
    interés compás análisis oasis inglés francés
""")
)
_NO_SINGLE = frozenset(
    words("""
    de del al en con sin por para desde hasta hacia sobre entre contra según tras ante bajo durante
    mediante el la lo los las un una uno que quien cual cuyo cuando como donde si no ni pero sino
    aunque porque pues ya muy más menos solo sólo sola también tampoco tan tanto bien mal aquí allí
    ahora luego antes siempre nunca casi otra otro cada cualquiera algo nada todo toda este esta
    ese esa aquel aquella me te se le nos os mi tu su yo él ella mío mía coma igual
    es era fue fuera sea será son está estaba están estuvo hay había hubo ha han he tiene tienen
    tenía tuvo va van iba puede pueden debe deben dice dijo hace hizo da dan dio gana ganó pierde
    sale llega viene sigue sirve queda vale cuesta significa equivale corresponde indica representa
    incluye empieza comienza termina acaba aparece contiene explica describe consta falta cree sabe
    quiere necesita vive murió nació logra consigue recibe funciona afecta basta permite ofrece
    resulta parece existe cumple supera abre cierra arranca vuelve tarda dura
""")
)
_VERBAL = re.compile(r"(?:[óá]|(?:aba|aron|ieron|aban|mente|ando|iendo))$")
_LABELS = frozenset(
    words("""
    el la los las al del capítulo cap tomo volumen vol página pág número núm no artículo art fase
    grupo tema nivel tipo anexo apartado sección unidad figura fig tabla cuadro opción ejercicio
    pregunta lección módulo bloque acto título libro canal sala puerta andén vía línea zona planta
    piso episodio temporada jornada etapa versión clase grado ley regla punto código calle carretera
    autopista paso equipo jugador paciente caso ejemplo test prueba modelo nota serie fórmula covid
    enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre
""")
)
_BEFORE = re.compile(
    r"(?P<opens>^|[.!?:\n][\s\"'«“¿¡(]*)?\b(?P<word>[^\W\d_]+)\.?[º]?[ \u00a0]+[-\u2212]?[0-9]+$"
)


def _label(text: str, place: int) -> bool:
    """Whether the number names what stands before it: capítulo 1, el 1, la Fórmula 1."""
    match = _BEFORE.search(text[max(0, place - 40) : place])
    if not match:
        return False
    named = match["word"][0].isupper() and match["opens"] is None
    return named or match["word"].lower() in _LABELS


def _single(word: str) -> str:
    """Return the gender of a noun in the singular, by the ending its plural has."""
    if word in _STRESSED or word in _SINGLE_MASCULINE:
        return "m"
    if word in _SINGLE_FEMININE:
        return "f"
    if word in _NO_SINGLE or word.endswith("s") or _VERBAL.search(word):
        return ""
    plain = _plain(word)
    if plain[-1] in "aeiou":
        plural = f"{word}s"
    else:
        plural = f"{plain[:-1]}ces" if plain[-1] == "z" else f"{plain}es"
    if plural in _FEMININE_ALSO:
        return "f"
    if _MASCULINE.match(plural):
        return "m"
    return "f" if _FEMININE.search(plural) or _FEMININE.search(_plain(plural)) else "m"


def _plain(word: str) -> str:
    return word.translate(str.maketrans("áéíóú", "aeiou"))
