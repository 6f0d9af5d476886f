"""How the captions of the old wire look: each field judged by the pixels that it changes."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from libass import Setter, extent
from operating import BARE, GREY, SIZE, Shop, letters, unlike
from PIL import Image

from workbench.captions.cues import Cues, caption
from workbench.errors import ParameterError
from workbench.timing import Transcript, Word

pytestmark = pytest.mark.media


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return Shop(tmp_path_factory.mktemp("shop"))


@pytest.fixture(scope="module")
def grey(shop: Shop) -> str:
    path = shop.folder / "grey.png"
    Image.new("RGB", SIZE, (GREY,) * 3).save(path)
    return shop.put(path)


class Maker:
    """Makes captioned videos of a word or several, and remembers them."""

    def __init__(self, shop: Shop, background: str) -> None:
        self.shop, self.background = shop, background
        self.made: dict[str, tuple[np.ndarray, dict[str, Any]]] = {}

    def __call__(
        self, text: str = "Hill", *, at: float = 0.15, height: int = SIZE[1], **looks: Any
    ) -> np.ndarray:
        """Return a frame of a video whose fields of captions are these."""
        fields = {f"caption_config_{name}": value for name, value in looks.items()}
        name = repr((text, at, height, sorted(fields.items())))
        if name not in self.made:
            file_id = self.shop.do(
                "captioned_video",
                background_id=self.background,
                text=text,
                kokoro_voice="espeak:en-us",
                image_effect="still",
                width=SIZE[0],
                height=height,
                **fields,
            )
            self.made[name] = self.shop.frame(file_id, at), self.shop.told
        frame, self.shop.told = self.made[name]
        return frame


@pytest.fixture(scope="module")
def made(shop: Shop, grey: str) -> Maker:
    return Maker(shop, grey)


def rows(frame: np.ndarray) -> int:
    """Return how many lines are written."""
    inked = np.flatnonzero((frame.min(axis=2) > 150).any(axis=1))
    return 1 + int((np.diff(inked) > 6).sum())


HOSTILE = [
    "#ggg", "#12", "red;", "&H00FF00&", "{\\p1}", "#fff,Arial,99", "#fff\nDialogue: 0,0", "",
    "url(/etc/passwd)", "'", "rgb(1,2,3)", "0xffffff", "\0",
]  # fmt: skip


@pytest.mark.parametrize("field", ["font_color", "shadow_color", "stroke_color"])
@pytest.mark.parametrize("said", HOSTILE)
def test_a_hostile_colour_is_refused(shop: Shop, grey: str, field: str, said: str):
    """They were pasted into the subtitle file and into the filter's arguments."""
    with pytest.raises(ParameterError, match=f"caption_config_{field}"):
        shop.do(
            "captioned_video", background_id=grey, text="Hi.", kokoro_voice="espeak:en-us",
            **{f"caption_config_{field}": said},
        )  # fmt: skip


@pytest.mark.parametrize(
    "said",
    ["/etc/passwd", "../x.ttf", "a.ttf", "A.OTF", "c:\\font", "", " ", "a\nb", "\0", "x" * 101],
)
def test_a_font_is_a_name_and_no_file(shop: Shop, grey: str, said: str):
    with pytest.raises(ParameterError, match="caption_config_font_name"):
        shop.do(
            "captioned_video", background_id=grey, text="Hi.", kokoro_voice="espeak:en-us",
            caption_config_font_name=said,
        )  # fmt: skip


# -- how captions look --------------------------------------------------------------------------


@pytest.mark.parametrize("size", [8, 24, 60])
def test_letters_are_as_large_as_asked(made: Maker, size: int):
    """Of 120 pixels its local mode made 18, and yellow, whatever was asked for."""
    left, top, right, bottom = letters(made(font_size=size, **BARE))
    wanted = Setter(size, SIZE).box("Hill")
    assert right - left == pytest.approx(wanted[2] - wanted[0], abs=2)
    assert bottom - top == pytest.approx(wanted[3] - wanted[1], abs=2)
    assert (left + right) / 2 == pytest.approx(SIZE[0] / 2, abs=2)
    assert made.shop.told["warnings"] == []


def test_letters_that_do_not_fit_are_smaller_and_it_is_said(made: Maker):
    text = "Extraordinarily"
    left, _, right, _ = letters(made(text, font_size=200, **BARE))
    assert 0.8 * SIZE[0] < right - left < SIZE[0]
    assert any("too large for the frame" in note for note in made.shop.told["warnings"])


@pytest.mark.parametrize(
    ("position", "edge", "share"), [("top", 1, 0.2), ("center", None, 0.5), ("bottom", 1, 0.75)]
)
def test_captions_stand_where_asked(made: Maker, position: str, edge: int | None, share: float):
    """The upper edge of a line stood at 20 and 75 % of the height, and so it does here."""
    box = letters(made(font_size=30, subtitle_position=position, **BARE))
    line = Setter(30, SIZE).box("Hill", 0, 30 * 1901 / 2384)  # of a line that begins at 0
    place = (box[1] + box[3]) / 2 if edge is None else box[1] - line[1]
    assert place / SIZE[1] == pytest.approx(share, abs=0.025)


def test_lines_below_the_last_place_do_not_leave_the_frame(made: Maker):
    """Five lines that began at 75 % of the height ran out of the picture."""
    many = {"font_size": 30, "line_count": 5, "line_max_length": 8, **BARE}
    box = letters(made("one two three four five six seven", subtitle_position="bottom", **many))
    assert box[3] == pytest.approx(0.75 * SIZE[1] + 30, abs=10)
    assert box[1] > 40


@pytest.mark.parametrize(
    ("said", "rgb"), [("#f00", (255, 0, 0)), ("#20c040", (32, 192, 64)), ("Gold", (255, 215, 0))]
)
def test_letters_have_their_colour(made: Maker, said: str, rgb: tuple[int, int, int]):
    frame = made(font_size=100, font_color=said, **{**BARE, "font_bold": True})
    middle = frame[unlike(frame)]
    near = np.abs(middle - rgb).max(axis=1) < 30
    assert near.mean() > 0.6


def test_bold_is_wider_and_italic_leans(made: Maker):
    plain = letters(made(font_size=40, **BARE))
    bold = letters(made(font_size=40, **{**BARE, "font_bold": True}))
    assert bold[2] - bold[0] > 1.08 * (plain[2] - plain[0])
    slanted = made(font_size=40, font_italic=True, **BARE)
    upright = made(font_size=40, **BARE)
    assert lean(slanted) > lean(upright) + 2


def lean(frame: np.ndarray) -> float:
    """Return how far right of its foot the top of the first letter stands."""
    left, top, _, bottom = letters(frame)
    ink = frame.min(axis=2) > 150
    high, low = (np.flatnonzero(ink[row])[0] for row in (top + 3, bottom - 4))
    return float(high - low) + 0 * left


def test_a_font_is_the_one_named_and_another_one_is_said(made: Maker):
    sans = made(font_size=40, **BARE)
    serif = made(font_size=40, **{**BARE, "font_name": "DejaVu Serif"})
    box, wanted = letters(serif), Setter(40, SIZE, "DejaVu Serif").box("Hill")
    assert box[2] - box[0] == pytest.approx(wanted[2] - wanted[0], abs=2)
    assert not np.array_equal(sans, serif)
    other = made(font_size=40, **{**BARE, "font_name": "Nonesuch Grotesk"})
    assert any("Nonesuch Grotesk" in note for note in made.shop.told["warnings"])
    assert np.abs(other - sans).mean() < 0.5


@pytest.mark.parametrize("size", [2, 10])
def test_a_stroke_is_as_wide_and_as_coloured_as_asked(made: Maker, size: int):
    bare = made(font_size=60, **BARE)
    frame = made(font_size=60, **{**BARE, "stroke_size": size, "stroke_color": "#ff0000"})
    inner, outer = extent(unlike(bare)), extent(unlike(frame))
    grown = [abs(a - b) for a, b in zip(inner, outer, strict=True)]
    assert grown == pytest.approx([size] * 4, abs=2.1)  # colours are twice as coarse as light
    red = (frame[..., 0] > 150) & (frame[..., 1] < 90)
    assert red.sum() > 100 * size
    assert np.abs(letters(bare)[0] - letters(frame)[0]) <= 1  # the letters stay where they were


def test_a_stroke_is_black_by_default(made: Maker):
    frame = made(font_size=60, **{**BARE, "stroke_size": 5})
    assert (frame.max(axis=2) < 20).sum() > 500


SHADED = {**BARE, "shadow_color": "#00ff00"}


def green(frame: np.ndarray) -> np.ndarray:
    return frame[..., 1] - frame[..., 0]


def test_a_shadow_has_its_colour_and_strength(made: Maker):
    """What the wire calls its transparency is how much of it is seen."""
    seen = [
        green(made(font_size=60, shadow_blur=0, **{**SHADED, "shadow_transparency": share}))
        for share in (0, 0.5, 1)
    ]
    strong = [np.percentile(one[one > 20], 75) if (one > 20).any() else 0 for one in seen]
    assert strong[0] == 0
    assert strong[1] == pytest.approx(strong[2] / 2, rel=0.3)
    box = extent(seen[2] > 60)
    own = letters(made(font_size=60, shadow_blur=0, **{**SHADED, "shadow_transparency": 1}))
    assert (box[2] - own[2], box[3] - own[3]) == pytest.approx((2, 2), abs=1.5)  # right and below


def test_a_shadow_is_as_soft_as_asked_and_the_stroke_is_not(made: Maker):
    look = {**SHADED, "shadow_transparency": 1, "stroke_size": 4, "font_size": 60}
    frames = [made(shadow_blur=blur, **look) for blur in (0, 5, 20)]
    reach = [int((green(frame) > 4).sum()) for frame in frames]
    assert reach[0] < reach[1] < reach[2]
    black = [int((frame.max(axis=2) < 25).sum()) for frame in frames]
    assert min(black) > 0.9 * max(black), "the stroke has gone soft with the shadow"


# -- lines --------------------------------------------------------------------------------------

SENTENCE = "One two three four five six seven eight nine ten."


def test_one_word_at_a_time_is_the_default(made: Maker):
    """Its two ways of cutting lines were swapped: the settings did nothing for English."""
    frame = made(SENTENCE, at=0.1, font_size=40, **BARE)
    left, _, right, _ = letters(frame)
    assert right - left == pytest.approx(Setter(40, SIZE).width("One"), abs=4)
    words = made.shop.told["words"]
    assert [word["text"] for word in words] == SENTENCE.split()
    three = next(word for word in words if word["text"] == "three")
    moment = (three["start"] + three["end"]) / 2
    left, _, right, _ = letters(made(SENTENCE, at=moment, font_size=40, **BARE))
    assert right - left == pytest.approx(Setter(40, SIZE).width("three"), abs=4)


@pytest.mark.parametrize(("count", "longest"), [(1, 14), (2, 9), (3, 9), (5, 6)])
def test_lines_are_as_many_and_as_long_as_asked(made: Maker, count: int, longest: int):
    most = Setter(20, SIZE).width("m" * longest)
    seen = []
    for moment in (0.2, 1.0, 1.6, 2.2):
        frame = made(
            SENTENCE, at=moment, font_size=20, line_count=count, line_max_length=longest, **BARE
        )
        box = letters(frame)
        assert box[2] - box[0] <= most
        seen.append(rows(frame))
    assert max(seen) == count or (count == 5 and max(seen) >= 3)


TEXTS = st.lists(st.text("abcdefgh.,!?—…", min_size=1, max_size=14), min_size=1, max_size=25)


@given(TEXTS, st.integers(1, 5), st.integers(1, 30))
def test_lines_keep_their_limits_and_every_word(texts: list[str], count: int, longest: int):
    """A first word that was too long left an empty line before it; short ones ended before they
    began."""
    words = tuple(
        Word(text=text, start=0.2 * i, end=0.2 * i + 0.15) for i, text in enumerate(texts)
    )
    cues: Cues = caption(
        Transcript(words=words, language="en"), letters=longest, lines=count, whole_words=True
    )
    assert [word.text for cue in cues for word in cue.words] == texts
    for cue in cues:
        assert 1 <= len(cue.lines) <= count
        assert cue.start < cue.end
        for line in cue.lines:
            length = len(" ".join(word.text for word in line))
            assert length <= longest or len(line) == 1
    for before, after in pairwise(cues):
        assert before.end <= after.start + 1e-9


def test_words_without_spaces_between_them_are_cut():
    """Of kana, hangul and Thai, 26 letters stood on a line of 10."""
    for text in ("สวัสดีชาวโลกสวัสดีชาวโลก", "コンピューターネットワークシステム"):
        words = (Word(text=text, start=0.0, end=4.0),)
        cues = caption(Transcript(words=words, language=""), letters=10, lines=1, whole_words=True)
        assert all(len(line[0].text) <= 12 for cue in cues for line in cue.lines)
        assert "".join(word.text for cue in cues for word in cue.words) == text


def test_hostile_text_is_written_as_it_stands(made: Maker):
    """`{b}` vanished, `\\N` broke the line, and a `Dialogue:` became a caption of its own."""
    frame = made("{b}x{b}", at=0.6, font_size=60, **BARE)
    left, _, right, _ = letters(frame)
    wanted = Setter(60, SIZE).box("{b}x{b}")
    assert right - left == pytest.approx(wanted[2] - wanted[0], abs=3)


def test_captions_may_be_off(shop: Shop, grey: str):
    made = shop.do(
        "captioned_video", background_id=grey, text="Hello.", kokoro_voice="espeak:en-us",
        width=320, height=240, caption_on=False, image_effect="still",
    )  # fmt: skip
    assert not unlike(shop.frame(made, 0.3)).any()
    assert [word["text"] for word in shop.told["words"]] == ["Hello."]


def test_a_style_may_be_named_and_changed(shop: Shop, grey: str):
    fields = {
        "background_id": grey, "text": "Hill gap hill gap.", "kokoro_voice": "espeak:en-us",
        "width": 320, "height": 240, "image_effect": "still", "caption_style": "karaoke",
    }  # fmt: skip
    frame = shop.frame(shop.do("captioned_video", **fields, caption_config_font_size=50), 0.1)
    gold = (frame[..., 0] > 170) & (frame[..., 2] < 90)
    assert gold.sum() > 100, "the word being said is not lit"
    assert letters(frame)[1] > 120, "the style stands below, and the default above is no change"
    assert shop.told["warnings"] == []  # nor is the default font
    changed = shop.do(
        "captioned_video", **fields, caption_config_font_size=50,
        caption_config_subtitle_position="center",
    )  # fmt: skip
    box = letters(shop.frame(changed, 0.1))
    assert (box[1] + box[3]) / 2 == pytest.approx(120, abs=30)
