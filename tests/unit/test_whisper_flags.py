"""What a recogniser invents is flagged, what people say is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from workbench.engines.whisper.flags import compression, flagged, flags, warning
from workbench.recognition import Segment

if TYPE_CHECKING:
    from pathlib import Path

LOOP = "and the world and the world and the world and the world and the world and the world"

# Text, start, end as the recogniser has them, no speech, log probability; the recording has 20 s.
INVENTED = {
    "a word in a row": ("Thank you. no no no no no", 1, 4, 0.0, -0.3, "repeated"),
    "a phrase in a row": (LOOP, 1, 9, 0.0, -0.2, "repeated"),
    "a phrase with marks": ("Sí. Sí! Sí, sí. ¡Sí!", 1, 5, 0.0, -0.1, "repeated"),
    "letters in a row": ("哈哈哈哈哈哈", 1, 5, 0.0, -0.2, "repeated"),
    "a Japanese loop": ("ご視聴ありがとう" * 5, 1, 9, 0.0, -0.2, "repeated"),
    "one long loop": ("Subtitles by the community. " * 12, 0, 20, 0.0, -0.1, "compressed"),
    "letters that repeat": ("a" * 200, 0, 9, 0.0, -0.5, "compressed"),
    "faster than speech": (
        "One may say this much in ten seconds if one hurries a little", 3, 4, 0.0, -0.4, "fast"
    ),
    "all at one time": ("Thanks for watching!", 5, 5, 0.0, -0.4, "fast"),
    "past the end": ("See you next time.", 18, 30, 0.0, -0.3, "beyond"),
    "wholly past the end": ("Bye.", 24, 26, 0.0, -0.3, "beyond"),
    "said by nobody": ("Untertitel im Auftrag des ZDF", 2, 5, 0.9, -1.4, "silent"),
}  # fmt: skip

# Real sentences of real recordings, with the time that they take there.
REAL = {
    "And so my fellow Americans ask not what your country can do for you, "
    "ask what you can do for your country.": (0, 10.5),
    "ask what you can do for your country.": (8.2, 10.5),
    "This is the optical and science segment of the Webb space telescope in one of the largest "
    "cleanrooms in the world at NASA's Goddard Space Flight Center in Greenbelt, MD.": (0, 10),
    "He began a confused complaint against the wizard, who had vanished behind the curtain on the "
    "left.": (0, 5),
    "The horizon seems extremely distant.": (0, 2.5),
    "Printing, in the only sense with which we are at present concerned, differs from most if not "
    "from all the arts and crafts represented in the Exhibition": (0, 9.6),
    "in being comparatively modern.": (0, 1.9),
    "one two three": (0.5, 2.0),
    "Mi muy querido Manuel:": (7, 8.6),
    "y, por sí o por no, te la dedico estratégicamente,": (40, 44),
    "hube de referirte la historia de El Capitán Veneno, tal y como vivía inédita en el archivo de "
    "mi imaginación;": (16, 23),
    "No, no, no, no. Very, very well, and never, never again!": (0, 4),
}  # fmt: skip


@pytest.mark.parametrize("name", INVENTED)
def test_what_is_invented_is_flagged(name):
    text, start, end, no_speech, log_probability, flag = INVENTED[name]
    segment = Segment(
        start=min(start, 20.0),
        end=min(end, 20.0),
        text=text,
        no_speech=no_speech,
        log_probability=log_probability,
    )
    found = flags(segment, end=float(end), duration=20.0)
    assert flag in found
    assert len(INVENTED) == 12


@pytest.mark.parametrize("text", REAL)
def test_what_is_said_is_not_flagged(text):
    start, end = REAL[text]
    for probability, no_speech in ((-0.2, 0.01), (-0.9, 0.7), (-1.2, 0.3)):
        segment = Segment(
            start=start, end=end, text=text, log_probability=probability, no_speech=no_speech
        )
        assert flags(segment, end=end + 0.3, duration=end) == ()
    assert len(REAL) == 12


def test_a_whole_real_text_is_not_flagged(media: Path):
    """Thirty-two lines in 70 s, each with its share of the time."""
    lines = (media / "speech" / "es_capitan_veneno.lines.txt").read_text(encoding="utf-8")
    rows = lines.splitlines()
    pace = 70.0 / sum(map(len, rows))
    time, segments = 0.0, []
    for row in rows:
        end = time + pace * len(row)
        segment = Segment(start=time, end=end, text=row, compression=compression(row))
        assert flags(segment, end=end, duration=70.0) == ()
        segments.append(segment)
        time = end
    assert len(segments) == 32
    assert flagged(segments) == tuple(segments)
    assert warning(segments) == ()


def test_the_same_segment_again_and_again_is_a_loop():
    """Each by itself looks well: the loop shows only in the row of them."""
    said = ["Hello.", *["Thank you."] * 5, "Bye.", *["Yes!"] * 4]
    segments = [
        Segment(start=i, end=i + 1, text=text, flags=("silent",) if i == 2 else ())
        for i, text in enumerate(said)
    ]
    found = [segment.flags for segment in flagged(segments)]
    assert found == [(), *[("repeated",), ("repeated", "silent")], *[("repeated",)] * 3, *[()] * 5]
    told = warning(flagged(segments))
    assert told == ("5 segments are doubtful (repeated, silent), the first at 1.0 s: 'Thank you.'",)


def test_a_compression_that_the_recogniser_tells_counts_too():
    """It is that of a whole window: of a loop that is spread over many segments."""
    segment = Segment(start=0, end=2, text="Thank you.", compression=3.0)
    assert flags(segment, end=2, duration=9) == ("compressed",)


def test_a_warning_is_one_short_line():
    text = "\n\x1b[2J" + "x" * 500
    (told,) = warning([Segment(start=0, end=1, text=text, flags=("fast",))])
    assert len(told) < 150
    assert told.isprintable()


def test_texts_without_words_are_nothing_special():
    for text in ("", "   ", "...", "♪♪♪", "🎉"):
        assert flags(Segment(start=1, end=1, text=text), end=1, duration=9) == ()
    many = [Segment(start=i, end=i, text="...") for i in range(9)]
    assert flagged(many) == tuple(many)
