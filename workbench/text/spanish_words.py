"""Words of Spanish: months, money, units, short forms."""

from __future__ import annotations

from workbench.text.tables import currencies, nouns, pairs, words

__all__ = [
    "ABBREVIATIONS",
    "CURRENCIES",
    "MONTHS",
    "NAMES",
    "NUMBERED",
    "SCALES",
    "SIGNS",
    "TITLES",
    "UNITS",
]

MONTHS = words("""
    enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre
""")

NAMES = pairs("""
    0 = cero
    1 = uno
    2 = dos
    3 = tres
    4 = cuatro
    5 = cinco
    6 = seis
    7 = siete
    8 = ocho
    9 = nueve
    . = punto
    / = barra
    - = guion
    _ = guion bajo
    @ = arroba
    : = dos puntos
    ? = interrogación
    = = igual
    & = y
    # = almohadilla
    ~ = virgulilla
    % = por ciento
    + = más
    www = uve doble uve doble uve doble
""")
"""How digits and signs are called when an address is read out."""

CURRENCIES = currencies("""
    $ | dólar | dólares | centavo | centavos
    € EUR | euro | euros | céntimo | céntimos
    £ GBP | libra | libras | penique | peniques | feminine
    ¥ JPY | yen | yenes
    US$ USD | dólar estadounidense | dólares estadounidenses | centavo | centavos
    MX$ MXN | peso mexicano | pesos mexicanos | centavo | centavos
    C$ CA$ CAD | dólar canadiense | dólares canadienses | centavo | centavos
    A$ AU$ AUD | dólar australiano | dólares australianos | centavo | centavos
    R$ BRL | real | reales | centavo | centavos
    ₹ INR | rupia | rupias | feminine
    CHF | franco suizo | francos suizos | céntimo | céntimos
    ARS | peso argentino | pesos argentinos | centavo | centavos
    COP | peso colombiano | pesos colombianos | centavo | centavos
    CLP | peso chileno | pesos chilenos | centavo | centavos
    PEN | sol | soles | céntimo | céntimos
""")
"""Signs and codes, and the money and its hundredth that they mean."""

SCALES = nouns("""
    k K mil | mil | mil
    M MM millón millones | millón | millones
    billón billones | billón | billones
    mil_millones | mil millones | mil millones
""")

UNITS = nouns("""
    km/h kmh kph | kilómetro por hora | kilómetros por hora
    m/s | metro por segundo | metros por segundo
    mph | milla por hora | millas por hora | feminine
    rpm | revolución por minuto | revoluciones por minuto | feminine
    km | kilómetro
    m | metro
    cm | centímetro
    mm | milímetro
    µm | micrómetro
    nm | nanómetro
    kg | kilogramo
    g | gramo
    mg | miligramo
    t | tonelada | toneladas | feminine
    L l | litro
    ml mL | mililitro
    ft | pie
    mi | milla | millas | feminine
    lb lbs | libra | libras | feminine
    oz | onza | onzas | feminine
    ha | hectárea | hectáreas | feminine
    °C ºC | grado Celsius | grados Celsius
    ° | grado
    °F | grado Fahrenheit | grados Fahrenheit
    m² m2 | metro cuadrado | metros cuadrados
    km² km2 | kilómetro cuadrado | kilómetros cuadrados
    cm² cm2 | centímetro cuadrado | centímetros cuadrados
    m³ m3 | metro cúbico | metros cúbicos
    KB kB | kilobyte
    MB | megabyte
    GB | gigabyte
    TB | terabyte
    Mbps | megabit por segundo | megabits por segundo
    Gbps | gigabit por segundo | gigabits por segundo
    Hz | hercio
    kHz | kilohercio
    MHz | megahercio
    GHz | gigahercio
    W | vatio
    kW | kilovatio
    MW | megavatio
    V | voltio
    kWh | kilovatio hora | kilovatios hora
    dB | decibelio
    kcal | kilocaloría | kilocalorías | feminine
    s seg | segundo
    ms | milisegundo
    min | minuto
    px | píxel | píxeles
    h hrs | hora | horas | feminine
    fps | fotograma por segundo | fotogramas por segundo
""")

TITLES = pairs("""
    Sr = señor
    Sra = señora
    Srta = señorita
    Sres = señores
    Dr = doctor
    Dra = doctora
    D = don
    Dña | D.ª = doña
    Prof = profesor
    Profa = profesora
    Lic = licenciado
    Ing = ingeniero
    Arq = arquitecto
    Gral = general
    Sto = santo
    Sta = santa
    Av | Avda = avenida
    Mr = míster
    Mrs = mísis
    St = san
""")
"""Short only before a name."""

NUMBERED = pairs("""
    pág | p | Pág = página
    págs | pp = páginas
    núm | n.º | nº | Nº | N.º | No | Núm = número
    art | Art = artículo
    arts = artículos
    cap | Cap = capítulo
    caps = capítulos
    fig | Fig = figura
    figs = figuras
    vol | Vol = volumen
    tel | tfno | Tel = teléfono
""")
"""Short only before a number."""

ABBREVIATIONS = pairs("""
    Ud. | Vd. = usted
    Uds. | Vds. = ustedes
    etc. = etcétera
    p. ej. | p.ej. = por ejemplo
    aprox. = aproximadamente
    EE. UU. | EE.UU. | EEUU = Estados Unidos
    RR. HH. = recursos humanos
    JJ. OO. = Juegos Olímpicos
    vs. = versus
    a. C. | a.C. = antes de Cristo
    d. C. | d.C. = después de Cristo
    dpto. | Dpto. = departamento
    máx. = máximo
    mín. = mínimo
    Cía. = compañía
    izq. = izquierda
    dcha. = derecha
    tel. = teléfono
    admón. = administración
    C/ | c/ = calle
    Avda. | avda. | Av. | av. = avenida
    Pza. | Plza. = plaza
    Ctra. | ctra. = carretera
    P. ej. | P.ej. = por ejemplo
    cda. = cucharada
    cdas. = cucharadas
    cdta. = cucharadita
    cdtas. = cucharaditas
    pág. = página
    núm. = número
""")
"""Short anywhere."""

SIGNS = pairs("""
    & = y
    + = más
    = = igual a
    @ = arroba
    \u00d7 = por
    ÷ = entre
    ± = más menos
    < = menor que
    > = mayor que
    ≤ | <= = menor o igual que
    ≥ | >= = mayor o igual que
    ≠ = distinto de
    ≈ = aproximadamente
    ~ = unos
    % = por ciento
    © = copyright
    § = sección
    # | № = número
    \u2212 = menos
    . = punto
    ^ = elevado a
    x = por
    v = versión
    ' = pies
""")
"""How signs between words and numbers are said."""
