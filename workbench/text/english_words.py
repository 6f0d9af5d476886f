"""Words of English: months, money, units, short forms."""

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
    January February March April May June July August September October November December
""")

NAMES = pairs("""
    0 = zero
    1 = one
    2 = two
    3 = three
    4 = four
    5 = five
    6 = six
    7 = seven
    8 = eight
    9 = nine
    . = dot
    / = slash
    - = dash
    _ = underscore
    @ = at
    : = colon
    ? = question mark
    = = equals
    & = and
    # = hash
    ~ = tilde
    % = percent
    + = plus
    www = w w w
""")
"""How digits and signs are called when an address is read out."""

CURRENCIES = currencies("""
    $ | dollar | dollars | cent | cents
    € EUR | euro | euros | cent | cents
    £ GBP | pound | pounds | penny | pence
    ¥ JPY | yen | yen
    ¢ | cent | cents
    US$ USD | US dollar | US dollars | cent | cents
    MX$ MXN | Mexican peso | Mexican pesos | centavo | centavos
    C$ CA$ CAD | Canadian dollar | Canadian dollars | cent | cents
    A$ AU$ AUD | Australian dollar | Australian dollars | cent | cents
    R$ BRL | real | reais | centavo | centavos
    ₹ INR | rupee | rupees | paisa | paise
    CHF | Swiss franc | Swiss francs | centime | centimes
    ARS | Argentine peso | Argentine pesos | centavo | centavos
    COP | Colombian peso | Colombian pesos | centavo | centavos
    CLP | Chilean peso | Chilean pesos
    PEN | sol | soles | céntimo | céntimos
""")
"""Signs and codes, and the money and its hundredth that they mean."""

SCALES = nouns("""
    k K thousand | thousand | thousand
    M m MM mn million | million | million
    B bn billion | billion | billion
    T tn trillion | trillion | trillion
""")

UNITS = nouns("""
    km/h kph kmh | kilometer per hour | kilometers per hour
    m/s | meter per second | meters per second
    mph | mile per hour | miles per hour
    rpm | r p m | r p m
    km | kilometer
    m | meter
    cm | centimeter
    mm | millimeter
    µm | micrometer
    nm | nanometer
    kg | kilogram
    g | gram
    mg | milligram
    L l | liter
    ml mL | milliliter
    ft | foot | feet
    yd yds | yard
    in. | inch | inches
    gal | gallon
    qt | quart
    tsp | teaspoon
    tbsp | tablespoon
    mpg | mile per gallon | miles per gallon
    mi | mile
    ac | acre
    lb lbs | pound
    oz | ounce
    ha | hectare
    °C | degree Celsius | degrees Celsius
    ° | degree
    °F | degree Fahrenheit | degrees Fahrenheit
    m² m2 | square meter
    km² km2 | square kilometer
    cm² cm2 | square centimeter
    m³ m3 | cubic meter
    ft² ft2 | square foot | square feet
    KB kB | kilobyte
    MB | megabyte
    GB | gigabyte
    TB | terabyte
    Mbps | megabit per second | megabits per second
    Gbps | gigabit per second | gigabits per second
    Hz | hertz | hertz
    kHz | kilohertz | kilohertz
    MHz | megahertz | megahertz
    GHz | gigahertz | gigahertz
    W | watt
    kW | kilowatt
    MW | megawatt
    V | volt
    kWh | kilowatt hour
    dB | decibel
    kcal | kilocalorie
    s sec secs | second
    ms | millisecond
    min mins | minute
    h hr hrs | hour
    yr yrs | year
    px | pixel
    fps | frame per second | frames per second
""")

TITLES = pairs("""
    Dr = Doctor
    Mr = Mister
    Mrs = Missus
    Ms = Miz
    Prof = Professor
    St = Saint
    Mt = Mount
    Ft = Fort
    Rev = Reverend
    Hon = Honorable
    Capt = Captain
    Col = Colonel
    Gen = General
    Lt = Lieutenant
    Sgt = Sergeant
    Gov = Governor
    Sen = Senator
    Rep = Representative
    Pres = President
""")
"""Short only before a name."""

NUMBERED = pairs("""
    No | no = number
    Nos = numbers
    Vol | vol = volume
    p = page
    pp = pages
    Fig | fig = figure
    Ch | ch = chapter
    Sec | sec = section
    Art | art = article
    Ver | ver = version
    Eq | eq = equation
""")
"""Short only before a number."""

ABBREVIATIONS = pairs("""
    e.g. = for example
    i.e. = that is
    etc. = et cetera
    vs. | vs = versus
    approx. = approximately
    Jr. = Junior
    Sr. = Senior
    Inc. = Incorporated
    Ltd. = Limited
    Corp. = Corporation
    Co. = Company
    dept. = department
    Dept. = Department
    est. = established
    cf. = compare
    w/ = with
    w/o = without
    Ave. = Avenue
    Blvd. = Boulevard
    Rd. = Road
""")
"""Short anywhere."""

SIGNS = pairs("""
    & = and
    + = plus
    = = equals
    @ = at
    \u00d7 = times
    ÷ = divided by
    ± = plus or minus
    < = less than
    > = greater than
    ≤ | <= = at most
    ≥ | >= = at least
    ≠ = is not
    ≈ | ~ = about
    % = percent
    © = copyright
    § = section
    # | № = number
    \u2212 = minus
    . = point
    ^ = to the power of
    x = by
    v = version
    ' = foot
""")
"""How signs between words and numbers are said."""
