"""English as it is written and as it is spoken, read row by row."""

from __future__ import annotations

import pytest

from workbench.text.normalize import normalize

# fmt: off
ROWS = [
    # numbers
    ("25 apples", "twenty-five apples"),
    ("1,234.56", "one thousand two hundred thirty-four point five six"),
    ("1,000,000 and 10 000", "one million and ten thousand"),
    ("0.05, 3.10 and .5", "zero point zero five, three point one zero and point five"),
    ("It is -5 outside", "It is minus five outside"),
    ("agent 007", "agent zero zero seven"),
    ("12345678901234567890", " ".join(["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "zero"] * 2)),  # noqa: E501
    ("version 2.0.1 and v3.2", "version two point zero point one and version three point two"),
    ("COVID-19 and a B-52", "COVID-nineteen and a B-fifty-two"),
    ("MP3, H2O, 4K, R2-D2, B12 and A4", "MP3, H2O, 4K, R2-D2, B12 and A4"),
    ("items 1,2", "items 1,2"),  # two numbers, or one? left alone
    ("1500 people in 1500 cases", "one thousand five hundred people in one thousand five hundred cases"),  # noqa: E501
    ("Room 101.", "Room one oh one."),
    # ordinals and Roman numerals
    ("the 1st, 22nd and 113th", "the first, twenty-second and one hundred thirteenth"),
    ("the 1,000th visitor", "the one thousandth visitor"),
    ("Chapter IV of World War II", "Chapter four of World War two"),
    ("Henry VIII and Louis XIV", "Henry the eighth and Louis the fourteenth"),
    ("Charles I know, not Charles I.", "Charles I know, not Charles the first."),
    ("Part I will follow. I said so.", "Part I will follow. I said so."),
    ("XXL, MIX and CIVIL stay", "XXL, MIX and CIVIL stay"),
    # dates
    ("on 2026-11-23", "on November twenty-third, twenty twenty-six"),
    ("11/23/2026", "November twenty-third, twenty twenty-six"),
    ("3/4/2026", "March fourth, twenty twenty-six"),
    ("23/11/2026", "November twenty-third, twenty twenty-six"),  # no month 23: the other order
    ("45/67/2026", "45/67/2026"),
    ("2026-02-30", "2026-02-30"),
    ("Nov 23, 2026 was", "November twenty-third, twenty twenty-six was"),
    ("Sept. 11, 2001", "September eleventh, two thousand one"),
    ("on 5 May 2020", "on the fifth of May twenty twenty"),
    ("the 4th of July, 1776", "the fourth of July, seventeen seventy-six"),
    ("It may 5 times, or May 5", "It may five times, or May fifth"),
    ("in November 2026", "in November twenty twenty-six"),
    # years
    ("in 1999 and since 2005", "in nineteen ninety-nine and since two thousand five"),
    ("c. 1850 (1984)", "c. eighteen fifty (nineteen eighty-four)"),
    ("(1984)", "(nineteen eighty-four)"),
    ("1999-2004 and 1914-18", "nineteen ninety-nine to two thousand four and nineteen fourteen to eighteen"),  # noqa: E501
    ("the 1980s, the '90s, the 2010s", "the nineteen eighties, the nineties, the twenty tens"),
    ("1066 AD, 44 BC", "ten sixty-six AD, forty-four BC"),
    # times
    ("at 10:30", "at ten thirty"),
    ("at 10:00, 22:05 and 14:00", "at ten o'clock, twenty-two oh five and fourteen hundred"),
    ("10:30 p.m. sharp", "ten thirty p.m. sharp"),
    ("9am or 10 PM.", "nine a.m. or ten p.m."),
    ("12:30:15", "twelve thirty and fifteen seconds"),
    ("3:15-4:30 and 7:00 – 8:05 pm", "three fifteen to four thirty and seven o'clock to eight oh five p.m."),  # noqa: E501
    ("10.0.0.1:8080 or 1:2-3:4", "10.0.0.1:8080 or 1:2-3:4"),
    ("a ratio of 16:9", "a ratio of 16:9"),
    # money
    ("$25.50", "twenty-five dollars and fifty cents"),
    ("$1 and $1.01", "one dollar and one dollar and one cent"),
    ("$0.50 or $1,299.00", "fifty cents or one thousand two hundred ninety-nine dollars"),
    ("€3, £5, ¥500", "three euros, five pounds, five hundred yen"),
    ("$2.5M, £3m, $10k, $4bn", "two point five million dollars, three million pounds, ten thousand dollars, four billion dollars"),  # noqa: E501
    ("$2.5 million more", "two point five million dollars more"),
    ("-$5 or $5-10", "minus five dollars or five to ten dollars"),
    ("US$5, 20 USD, 20 MXN", "five US dollars, twenty US dollars, twenty Mexican pesos"),
    ("25,50 €", "twenty-five euros and fifty cents"),
    # per cent, units, ranges, fractions
    ("50%, 0.5 % and 10-20%", "fifty percent, zero point five percent and ten to twenty percent"),
    ("100 km/h, 70 mph", "one hundred kilometers per hour, seventy miles per hour"),
    ("1 kg, 1.5 kg, 5kg", "one kilogram, one point five kilograms, five kilograms"),
    ("-5 °C or 30°", "minus five degrees Celsius or thirty degrees"),
    ("16 GB, 5 m², 2 cm", "sixteen gigabytes, five square meters, two centimeters"),
    ("3 ft 2 lbs", "three feet two pounds"),
    ("5'10\" tall", "five foot ten tall"),
    ("10-20 km", "ten to twenty kilometers"),
    ("10-20 people, 3–4 days", "ten to twenty people, three to four days"),
    ("won 5-4", "won five four"),
    ("5 - 3", "five - three"),
    ("1/2 cup, 3/4, 2/3", "one half cup, three quarters, two thirds"),
    ("2½ cups and 1 1/2", "two and a half cups and one and a half"),
    ("24/7", "twenty-four seven"),
    ("17/3", "17/3"),
    # telephones
    ("555-123-4567", "five five five, one two three, four five six seven"),
    ("(555) 123-4567", "five five five, one two three, four five six seven"),
    ("+34 600 123 456", "plus three four, six zero zero, one two three, four five six"),
    # abbreviations
    ("Dr. Smith and Mr. Jones", "Doctor Smith and Mister Jones"),
    ("St. John's on Main St.", "Saint John's on Main Street."),
    ("No. 5 on p. 12, pp. 3-5", "number five on page twelve, pages three to five"),
    ("I said No. Then I left.", "I said No. Then I left."),
    ("e.g. this, i.e. that, etc. Then", "for example this, that is that, et cetera. Then"),
    ("tea, etc. and more", "tea, et cetera and more"),
    ("cats vs. Dogs", "cats versus Dogs"),
    ("the U.S. team and NASA", "the U.S. team and NASA"),
    # addresses and signs
    ("https://example.com/a", "example dot com slash a"),
    ("www.example.org.", "w w w dot example dot org."),
    ("see example.com/a.b, now", "see example dot com slash a dot b, now"),
    ("It ended.Then more", "It ended.Then more"),
    ("ana.b@example.com!", "ana dot b at example dot com!"),
    ("#BigNews by @ana_b", "hashtag Big News by at ana b"),
    ("You & me, AT&T, R&D", "You and me, AT&T, R&D"),
    ("2+2=4", "two plus two equals four"),
    ("x = y + 2", "x equals y plus two"),
    ("#1, 16×9, 1920x1080", "number one, sixteen by nine, one thousand nine hundred twenty by one thousand eighty"),  # noqa: E501
    ("10^6", "ten to the power of six"),
    ("3 < 5 and ~5", "three less than five and about five"),
    ("Acme™ rocks", "Acme rocks"),
    # the dot of a unit or a street is no full stop where the sentence goes on
    ("5 ft. 3 in. tall", "five feet three inches tall"),
    ("1 hr. 30 mins. later", "one hour thirty minutes later"),
    ("1600 Pennsylvania Ave. NW", "one thousand six hundred Pennsylvania Avenue NW"),
    ("at K St. NW and 5th St. SE", "at K Street NW and fifth Street SE"),
    ("3 tsp. vanilla, 2 tbsp oil", "three teaspoons vanilla, two tablespoons oil"),
    ("3 gal of milk at 30 mpg", "three gallons of milk at thirty miles per gallon"),
    ("It fell 5 ft. The end.", "It fell five feet. The end."),
    ("It is 5 ft.", "It is five feet."),
    ("He is 5 ft. 11 in. She sat.", "He is five feet eleven inches. She sat."),
    ("They let 3 in. The rest left.", "They let three in. The rest left."),
    ("It is 5 km. 20 people came.", "It is five kilometers. twenty people came."),
    # years without a word of time
    ("est. 1990, by 2100", "established nineteen ninety, by twenty-one hundred"),
    ("the 1905 revolution of pre-1914 days", "the nineteen oh five revolution of pre-nineteen fourteen days"),  # noqa: E501
    ("the mid-1990s and early-1900s", "the mid-nineteen nineties and early-nineteen hundreds"),
    ("the 1250 new seats, the 1500 people, the 1200 mile trip", "the one thousand two hundred fifty new seats, the one thousand five hundred people, the one thousand two hundred mile trip"),  # noqa: E501
    # numbers that name
    ("Dial 911 or call 999.", "Dial nine one one or call nine nine nine."),
    ("call 112 people", "call one hundred twelve people"),
    ("Flight 747 departs, Boeing 707", "Flight seven forty-seven departs, Boeing seven oh seven"),
    ("highway 101, zip code 90210", "highway one oh one, zip code nine zero two one zero"),
    ("In the room 250 guests sat", "In the room two hundred fifty guests sat"),
    ("600-123-456 or 600.123.456", "six zero zero, one two three, four five six or six zero zero, one two three, four five six"),  # noqa: E501
    ("123-45-6789", "one two three, four five, six seven eight nine"),
    # short scales, cents, times
    ("10k followers, 5M views, a 10k run", "ten thousand followers, five million views, a 10k run"),
    ("99¢", "ninety-nine cents"),
    ("2x faster, 1.5x more, 2x = 4", "two times faster, one point five times more, 2x equals four"),
    ("3 × 4 = 12, a 4 × 6 photo", "three times four equals twelve, a four by six photo"),
    ("Mt. Everest and Ft. Worth", "Mount Everest and Fort Worth"),
    ("$20/mo or $5/day", "twenty dollars per month or five dollars per day"),
    ("World War I in 1918, Super Bowl LVIII, Episode IV", "World War one in nineteen eighteen, Super Bowl fifty-eight, Episode four"),  # noqa: E501
    ("rated 8/10, 9/10 points, 3/10 of it", "rated eight out of ten, nine out of ten points, three tenths of it"),  # noqa: E501
]
# fmt: on


@pytest.mark.parametrize(("text", "spoken"), ROWS)
def test_english(text, spoken):
    assert normalize(text, "en-us").spoken == spoken


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("3/4/2026", "the third of April, twenty twenty-six"),
        ("11/23/2026", "the twenty-third of November, twenty twenty-six"),
        ("2026-11-23", "the twenty-third of November, twenty twenty-six"),
        ("121 in 2005", "one hundred and twenty-one in two thousand and five"),
        ("£2.50", "two pounds and fifty pence"),
    ],
)
def test_british(text, spoken):
    assert normalize(text, "en-gb").spoken == spoken


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("Llame al 600.123.456", "Llame al seis cero cero, uno dos tres, cuatro cinco seis"),
        ("600-123-456", "seis cero cero, uno dos tres, cuatro cinco seis"),
    ],
)
def test_spanish_telephones_in_three_groups(text, spoken):
    """They were read as six hundred millions, and as a range."""
    assert normalize(text, "es").spoken == spoken


@pytest.mark.parametrize(
    "text", ["un total de 600.123.456", "600.123.456 de euros", "600.123.456 casas"]
)
def test_spanish_millions_are_no_telephone(text):
    assert "seiscient" in normalize(text, "es").spoken


def test_plain_text_is_not_touched():
    text = "The quick brown fox — isn't it? — jumped “over” the lazy dog… (really!) I'm A-OK."
    ready = normalize(text, "en")
    assert ready.identity
    assert ready.spoken == text
