"""Spanish as it is written and as it is spoken, read row by row."""

from __future__ import annotations

import pytest

from workbench.text.normalize import normalize
from workbench.text.spanish import Spanish

# fmt: off
ROWS = [
    # numbers and their gender; num2words says "veintiuno mil" and knows no feminine
    ("25 manzanas", "veinticinco manzanas"),
    ("1 casa y 1 día", "una casa y un día"),
    ("21 páginas, 31 días", "veintiuna páginas, treinta y un días"),
    ("200 personas, 500 niñas, 300 problemas", "doscientas personas, quinientas niñas, trescientos problemas"),  # noqa: E501
    ("21.000 mujeres y 31.000 días", "veintiún mil mujeres y treinta y un mil días"),
    ("200.000 personas", "doscientas mil personas"),
    ("el 21 de mayo, 21 y 22", "el veintiuno de mayo, veintiuno y veintidós"),
    ("hay 21 más", "hay veintiuno más"),
    ("1.234,56 y 1.000.000", "mil doscientos treinta y cuatro coma cincuenta y seis y un millón"),
    ("1,234.56", "mil doscientos treinta y cuatro punto cincuenta y seis"),
    ("3,14 y 3.14", "tres coma catorce y tres punto catorce"),
    ("0,05", "cero coma cero cinco"),
    ("1.234 y 10 000", "mil doscientos treinta y cuatro y diez mil"),
    ("1 234 567", "un millón doscientos treinta y cuatro mil quinientos sesenta y siete"),
    ("a -5 bajo cero", "a menos cinco bajo cero"),
    ("agente 007", "agente cero cero siete"),
    ("COVID-19, MP3 y B12", "COVID-diecinueve, MP3 y B12"),
    ("versión 2.0.1", "versión dos punto cero punto uno"),
    ("1 hija y 1 hijo", "una hija y un hijo"),
    ("1001 noches", "mil una noches"),
    ("3 veces", "tres veces"),
    ("101 dálmatas", "ciento un dálmatas"),
    # one before a noun that no list has; it stays itself before a verb, and behind a name
    ("Añade 1 cebolla, 1 limón y 1 diente", "Añade una cebolla, un limón y un diente"),
    ("1 mapa, 1 aula, 1 decisión, 1 luz", "un mapa, un aula, una decisión, una luz"),
    ("1 sistema, 1 vista, 1 mes", "un sistema, una vista, un mes"),
    ("1 de cada 3, solo 1.", "uno de cada tres, solo uno."),
    ("el 1 gana y el capítulo 1 trata de", "el uno gana y el capítulo uno trata de"),
    ("paso 1 corta, solo 1 funciona", "paso uno corta, solo uno funciona"),
    ("en Fórmula 1 corre", "en Fórmula uno corre"),
    ("31 mil personas, 21 mil", "treinta y un mil personas, veintiún mil"),
    ("200 mil personas y 21 millones", "doscientas mil personas y veintiún millones"),
    # ordinals and Roman numerals
    ("el 1.º y la 2.ª", "el primero y la segunda"),
    ("1.er premio, 3er piso", "primer premio, tercer piso"),
    ("3ª planta, 5ta avenida, 2do lugar", "tercera planta, quinta avenida, segundo lugar"),
    ("el 11.º y el 12.º", "el undécimo y el duodécimo"),  # num2words: décimoprimero
    ("siglo XXI, siglo V", "siglo veintiuno, siglo quinto"),
    ("siglos XIX y XX", "siglos diecinueve y veinte"),
    ("Felipe II, Luis XIV, Isabel II", "Felipe segundo, Luis catorce, Isabel segunda"),
    ("Alfonso X y Alfonso XIII", "Alfonso décimo y Alfonso trece"),
    ("capítulo IV", "capítulo cuatro"),
    ("la II Guerra Mundial y el III Congreso", "la segunda Guerra Mundial y el tercer Congreso"),
    ("DVD, CIVIL y MIX", "DVD, CIVIL y MIX"),
    ("la XX edición y la XV legislatura", "la vigésima edición y la decimoquinta legislatura"),
    ("el III aniversario", "el tercer aniversario"),
    ("cap. IV, vol. II", "capítulo cuatro, volumen dos"),
    ("ss. XIX y XX", "siglos diecinueve y veinte"),
    # dates
    ("23/11/2026", "veintitrés de noviembre de dos mil veintiséis"),
    ("3/4/2026", "tres de abril de dos mil veintiséis"),
    ("11/23/2026", "veintitrés de noviembre de dos mil veintiséis"),
    ("2026-11-23", "veintitrés de noviembre de dos mil veintiséis"),
    ("31/2/2026", "31/2/2026"),
    ("el 23 de noviembre de 2026", "el veintitrés de noviembre de dos mil veintiséis"),
    ("23 nov 2026", "veintitrés de noviembre de dos mil veintiséis"),
    ("23-nov-2026", "veintitrés de noviembre de dos mil veintiséis"),
    ("el 1 de mayo", "el uno de mayo"),
    ("1 de enero del 2000", "uno de enero del dos mil"),
    ("en 1999", "en mil novecientos noventa y nueve"),
    ("los años 80", "los años ochenta"),
    # times
    ("a las 10:30", "a las diez y treinta"),
    ("a la 1:00 y a las 21:00", "a la una y a las veintiuna"),
    ("a las 7:05", "a las siete y cinco"),
    ("de 9:00-14:30", "de nueve a catorce y treinta"),
    ("22:05 h", "veintidós horas y cinco minutos"),
    ("10:30 p.m. en punto", "diez y treinta p. m. en punto"),
    ("a las 9am.", "a las nueve a. m."),
    ("12:30:15", "doce horas, treinta minutos y quince segundos"),
    ("A la 1 de la tarde", "A la una de la tarde"),
    ("vuelvo a la 1.", "vuelvo a la una."),
    ("a las 9.30 y desde las 10.05", "a las nueve y treinta y desde las diez y cinco"),
    ("de 9.30 a 14.00 h", "de nueve y treinta a catorce horas"),
    ("a las 9.30am", "a las 9.30am"),  # not understood, and left whole
    ("20.30h", "veinte horas y treinta minutos"),
    ("a las 20.30 h", "a las veinte horas y treinta minutos"),
    ("llegó a las 1.500 personas", "llegó a las mil quinientas personas"),
    ("sube a las 2.50 toneladas", "sube a las dos punto cincuenta toneladas"),
    ("9am-5pm", "nueve a. m. a cinco p. m."),
    # money
    ("1.200 €/mes", "mil doscientos euros al mes"),
    ("25,50 €", "veinticinco euros con cincuenta céntimos"),
    ("1 €, 1,01 € y 21 €", "un euro, un euro con un céntimo y veintiún euros"),
    ("0,50 €", "cincuenta céntimos"),
    ("£200", "doscientas libras"),
    ("3 M€ y 1.000.000 €", "tres millones de euros y un millón de euros"),
    ("5 mil € o 2,5 millones €", "cinco mil euros o dos coma cinco millones de euros"),
    ("$25.50", "veinticinco dólares con cincuenta centavos"),
    ("US$5 y 20 MXN", "cinco dólares estadounidenses y veinte pesos mexicanos"),
    ("-5 € o 5-10 €", "menos cinco euros o cinco a diez euros"),
    # per cent, units, ranges, fractions
    ("el 50 %, 21 % y 0,5%", "el cincuenta por ciento, veintiuno por ciento y cero coma cinco por ciento"),  # noqa: E501
    ("100 km/h", "cien kilómetros por hora"),
    ("1 kg, 1,5 kg, 21 km", "un kilogramo, uno coma cinco kilogramos, veintiún kilómetros"),
    ("1 h, 21 h, 200 lb", "una hora, veintiuna horas, doscientas libras"),
    ("-5 °C, 16 GB, 5 m²", "menos cinco grados Celsius, dieciséis gigabytes, cinco metros cuadrados"),  # noqa: E501
    ("10-20 personas", "diez a veinte personas"),
    ("200-300 páginas", "doscientas a trescientas páginas"),
    ("un 3-2", "un tres dos"),
    ("1/2 taza, 2½ tazas", "media taza, dos y media tazas"),
    ("3/4 y 1/3", "tres cuartos y un tercio"),
    # telephones
    ("600 123 456", "seis cero cero, uno dos tres, cuatro cinco seis"),
    ("91 123 45 67", "nueve uno, uno dos tres, cuatro cinco, seis siete"),
    # abbreviations
    ("el Sr. López y la Sra. Díaz", "el señor López y la señora Díaz"),
    ("la Dra. Ruiz, D. Juan, Ud. sabe", "la doctora Ruiz, don Juan, usted sabe"),
    ("EE. UU. ganó", "Estados Unidos ganó"),
    ("pág. 12, núm. 5, n.º 3, art. 27", "página doce, número cinco, número tres, artículo veintisiete"),  # noqa: E501
    ("p. ej. esto, etc. Luego", "por ejemplo esto, etcétera. Luego"),
    ("C/ Mayor", "calle Mayor"),
    ("la Avda. de la Paz, Pza. Mayor", "la avenida de la Paz, plaza Mayor"),
    ("en la Ctra. de Toledo", "en la carretera de Toledo"),
    ("P. ej. 2 cdas. de sal", "Por ejemplo dos cucharadas de sal"),
    ("en el 44 a. C.", "en el cuarenta y cuatro antes de Cristo."),
    # addresses and signs
    ("www.ejemplo.es/a-b", "uve doble uve doble uve doble punto ejemplo punto es barra a guion b"),
    ("ana@example.com", "ana arroba example punto com"),
    ("#GranNoticia de @ana", "hashtag Gran Noticia de arroba ana"),
    ("tú & yo, 2+2=4", "tú y yo, dos más dos igual a cuatro"),
    ("16×9, 10^6, #1", "dieciséis por nueve, diez elevado a seis, número uno"),
]
# fmt: on


@pytest.mark.parametrize(("text", "spoken"), ROWS)
def test_spanish(text, spoken):
    assert normalize(text, "es").spoken == spoken


@pytest.mark.parametrize("language", ["es-mx", "es-419"])
@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("$25.50", "veinticinco pesos con cincuenta centavos"),
        ("$1 y $21", "un peso y veintiún pesos"),
        (
            "1,234 y 1,234.56",
            "mil doscientos treinta y cuatro y mil doscientos treinta y cuatro punto cincuenta y seis",  # noqa: E501
        ),
        ("$2.5 millones", "dos punto cinco millones de pesos"),
        ("el 1 de mayo", "el primero de mayo"),
        ("3.14", "tres punto catorce"),
    ],
)
def test_american_spanish(text, spoken, language):
    assert normalize(text, language).spoken == spoken


@pytest.mark.parametrize(
    ("text", "language", "spoken"),
    [
        ("1.500 pesos y $1.500", "es-419", "mil quinientos pesos y mil quinientos pesos"),
        ("1.500 pesos", "es-mx", "uno punto quinientos pesos"),
        ("9am-5pm", "en", "nine a.m. to five p.m."),
        ("9:30am-5:45pm", "en", "nine thirty a.m. to five forty-five p.m."),
        ("open 6-7pm.", "en", "open six to seven p.m."),
    ],
)
def test_points_and_spans_of_the_place(text, language, spoken):
    assert normalize(text, language).spoken == spoken


@pytest.mark.parametrize(
    ("value", "plain", "feminine", "before"),
    [
        (1, "uno", "una", "un"),
        (101, "ciento uno", "ciento una", "ciento un"),
        (
            31_031,
            "treinta y un mil treinta y uno",
            "treinta y un mil treinta y una",
            "treinta y un mil treinta y un",
        ),
        (21_000_000, "veintiún millones", "veintiún millones", "veintiún millones"),
        (
            200_000_200,
            "doscientos millones doscientos",
            "doscientos millones doscientas",
            "doscientos millones doscientos",
        ),
        (1_001_000_000, "mil un millones", "mil un millones", "mil un millones"),
    ],
)
def test_cardinals_agree_with_their_noun(value, plain, feminine, before):
    spanish = Spanish("es")
    assert spanish.cardinal(value) == plain
    assert spanish.cardinal(value, feminine=True) == feminine
    assert spanish.cardinal(value, before=True) == before


def test_plain_text_is_not_touched():
    text = "¿Qué tal? —dijo él—. «Muy bien», respondió… ¡Y tú! Un niño de un año (o más)."
    assert normalize(text, "es").identity
