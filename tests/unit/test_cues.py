"""The values: a cue, cues, and what makes them of speech."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from dataclasses import replace

import pytest

from workbench.audio import Audio
from workbench.captions.cues import Cue, Cues, caption
from workbench.captions.styles import STYLES, Style
from workbench.errors import ParameterError, StorageError
from workbench.script import Line
from workbench.take import Narration, Part, Take
from workbench.timing import Transcript, Word
from workbench.voice import Voice


def words(text, start=0.0, step=0.4):
    return tuple(
        Word(text=part, start=start + i * step, end=start + (i + 1) * step - 0.05)
        for i, part in enumerate(text.split())
    )


def take(text, seconds=3.0, language="en"):
    return Take(
        text=text,
        audio=Audio.silence(seconds, 8000),
        words=words(text),
        voice=Voice.parse("espeak:en-us"),
        language=language,
    )


def narration(*lines, language="en"):
    parts = tuple(
        Part(line=Line(text=text, number=i), take=take(text, language=language), start=3.0 * i)
        for i, text in enumerate(lines)
    )
    return Narration(parts=parts, duration=3.0 * len(lines) + 1)


@pytest.fixture
def cues():
    return Cues(
        cues=(
            Cue(start=0, end=1.5, lines=(words("One two"), words("three.", 0.8))),
            Cue(start=1.5, end=3, lines=(words("Four?", 1.6),)),
        ),
        language="en",
    )


def test_a_cue_must_last_and_say_something():
    with pytest.raises(ParameterError, match="longer than nothing"):
        Cue(start=1, end=1, lines=(words("a"),))
    with pytest.raises(ParameterError, match="start <= end"):
        Cue(start=2, end=1, lines=(words("a"),))
    for lines in ((), ((),)):
        with pytest.raises(ParameterError, match="at least one word"):
            Cue(start=1, end=2, lines=lines)


def test_cues_are_in_order(cues):
    with pytest.raises(ParameterError, match="time order"):
        Cues(cues=cues.cues[::-1])


def test_cues_are_a_sequence(cues):
    assert len(cues) == 2
    assert cues[0].text == "One two\nthree."
    assert [cue.text for cue in cues[1:]] == ["Four?"]
    assert cues[1:].language == "en"
    assert cues.text == "One two\nthree.\nFour?"
    assert [word.text for word in cues.words] == ["One", "two", "three.", "Four?"]
    assert cues.duration == 3.0
    assert repr(cues) == "Cues(2 cues, 4 words, 3.0 s, en)"
    assert Cues(cues=()).duration == 0
    assert repr(Cues(cues=())) == "Cues(0 cues, 0 words, 0.0 s)"


def test_cues_are_values(cues):
    assert Cues.from_dict(json.loads(json.dumps(cues.to_dict()))) == cues
    assert pickle.loads(pickle.dumps(cues)) == cues  # noqa: S301 - our own bytes
    assert hash(cues) == hash(Cues.from_dict(cues.to_dict()))
    with pytest.raises(AttributeError):
        cues.language = "es"


def test_shifting_takes_the_words_along(cues):
    moved = cues.shift(10)
    assert moved[0].start == 10
    assert moved.words[-1].start == pytest.approx(11.6)
    assert moved.shift(-10).text == cues.text
    with pytest.raises(ParameterError):
        cues.shift(-1)


def test_problems_are_sentences():
    cues = Cues(
        cues=(
            Cue(start=0, end=0.5, lines=(words("incomprehensibilities"),)),
            Cue(start=0.4, end=0.7, lines=(words("no"),)),
            Cue(start=2, end=9, lines=(words("a " * 30), words("b"), words("c"))),
        )
    )
    assert cues.problems() == [
        "caption 1 (0.0 s): 42.0 letters/s, limit 20",
        "caption 1 (0.0 s): overlaps the next by 0.10 s",
        "caption 2 (0.4 s): stays only 0.30 s",
        "caption 3 (2.0 s): a line of 59 letters, and 42 fit",
        "caption 3 (2.0 s): 3 lines, and 2 fit",
    ]
    assert cues.problems(letters=99, lines=3, reading_speed=99) == [
        "caption 1 (0.0 s): overlaps the next by 0.10 s",
        "caption 2 (0.4 s): stays only 0.30 s",
    ]
    assert Cues(cues=()).problems() == []


def test_a_take_and_a_transcript_are_captioned_alike():
    spoken = take("Welcome back to the channel.")
    first = caption(spoken)
    assert first.text == "Welcome back to the channel."
    assert first.language == "en"
    assert caption(spoken.transcript).text == first.text
    assert caption(first).text == first.text  # cues can be cut anew
    # The sound goes on after the last word, and the cue stays to be read.
    assert caption(take("Hi.")).duration > caption(take("Hi.").transcript).duration


def test_a_cue_never_spans_two_lines_of_the_script():
    """Each stands by itself even without a full stop, with no pause between."""
    lines = ("one two three", "four five six", "seven")
    takes = [take(text, 1.2) for text in lines]  # the next begins 0.05 s after the last word
    parts = tuple(
        Part(line=Line(text=text, number=i), take=spoken, start=1.2 * i)
        for i, (text, spoken) in enumerate(zip(lines, takes, strict=True))
    )
    cues = caption(Narration(parts=parts, duration=3.6), letters=60)
    assert [cue.text for cue in cues] == list(lines)
    assert [cue.start for cue in cues] == [0, 1.2, 2.4]
    joined = caption(Transcript(words=tuple(words("one two three four five"))), letters=60)
    assert [cue.text for cue in joined] == ["one two three four five"]


def test_the_frame_decides_how_long_a_line_is():
    said = narration("The quick brown fox jumps over the lazy dog and runs to the river bank.")
    wide = caption(said, width=1920, height=1080)
    tall = caption(said, width=1080, height=1920)
    longest = [max(len(line) for cue in c for line in cue.text.split("\n")) for c in (wide, tall)]
    assert longest[0] > 30
    assert longest[1] <= 20
    style = Style(letters=10, lines=1)
    for cue in caption(said, style=style):
        assert len(cue.lines) == 1
        assert len(cue.text) <= 10
    assert caption(said, style=style, letters=42, lines=2) == wide


def test_chinese_lines_are_shorter():
    text = "今天天气很好我们一起去公园散步吧然后去吃饭再回家看电视休息明天继续工作学习"
    said = tuple(
        Word(text=letter, start=i / 5, end=(i + 1) / 5, space=False)
        for i, letter in enumerate(text)
    )
    cues = caption(Transcript(words=said, language="zh"))
    assert "".join(cues.text.split("\n")) == text
    assert max(len(line) for line in cues.text.split("\n")) <= 16


@pytest.mark.parametrize("source", ["Hello there.", None, 3, b"x", object(), ["a", "b"]])
def test_text_without_times_is_refused(source):
    """Segment text was iterated letter by letter, and the times were guessed at 50 ms each."""
    with pytest.raises(ParameterError, match=r"words with times.*pass a Narration"):
        caption(source)


@pytest.mark.parametrize(
    "change",
    [
        *({"letters": 0}, {"letters": -1}, {"letters": 3.5}, {"letters": True}, {"letters": 10**6}),
        *({"lines": 0}, {"lines": 11}, {"reading_speed": 0}, {"reading_speed": float("nan")}),
        *({"style": "plane"}, {"style": None}, {"width": 0}),
    ],
)
def test_limits_out_of_range_are_refused(change):
    with pytest.raises(ParameterError, match=next(iter(change))):
        caption(take("Hi there."), **change)


def test_silence_has_no_captions():
    class Silence:
        words = ()
        language = "en"

    cues = caption(Silence())
    assert len(cues) == 0
    assert cues.to_srt() == ""
    assert "Dialogue" not in cues.to_ass()


def test_files_are_written_whole_and_read_back(tmp_path, cues):
    for suffix in (".srt", ".vtt", ".ass", ".ttml", ".dfxp", ".SRT"):
        path = cues.write(tmp_path / f"talk{suffix}")
        assert path.exists()
        again = Cues.read(path, language="en")
        assert again.text == cues.text
        assert [(c.start, c.end) for c in again] == [(c.start, c.end) for c in cues]
        assert again.language == "en"
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "talk.SRT", "talk.ass", "talk.dfxp", "talk.srt", "talk.ttml", "talk.vtt",
    ]  # fmt: skip


def test_a_failed_write_leaves_the_old_file(tmp_path, cues, monkeypatch):
    """Files were written in place: ten kills of ten left a torn one."""
    path = cues.write(tmp_path / "talk.srt")
    before = path.read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", lambda _: None)
    monkeypatch.setattr("pathlib.Path.replace", full)
    with pytest.raises(StorageError, match=r"talk\.srt.*no space left"):
        cues[:1].write(path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["talk.srt"]


def test_unknown_formats_are_refused(tmp_path, cues):
    for name in ("talk.txt", "talk", "talk.srtt"):
        with pytest.raises(ParameterError, match="caption format"):
            cues.write(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_the_cues_alone_load_no_heavy_library():
    code = (
        "import sys, workbench.captions.cues as c\n"
        "from workbench.timing import Transcript, Word\n"
        "cues = c.caption(Transcript(words=(Word(text='a', start=0, end=1),)))\n"
        "cues.to_srt(), cues.to_vtt()\n"
        "heavy = {'PIL', 'matplotlib', 'fontTools', 'pysubs2', 'cv2', 'torch'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_style_makes_captions():
    for style in STYLES.values():
        said = narration("One short line.", "And another one, a little longer than the first.")
        assert caption(said, style=style, width=1080, height=1920).text


# --- speakers -----------------------------------------------------------------------------------


def test_a_cue_knows_who_says_it():
    """The script's own name for a voice where it has one, else the voice's."""
    takes = [take(text, 1.5) for text in ("One two three four.", "Five.", "Six.")]
    lines = [
        Line(text="a", number=1),
        Line(text="b", number=2, voice="narrator"),
        Line(text="c", number=3),
    ]
    parts = tuple(
        Part(line=line, take=spoken, start=1.5 * i)
        for i, (line, spoken) in enumerate(zip(lines, takes, strict=True))
    )
    cues = caption(Narration(parts=parts, duration=4.5), letters=10, lines=1)
    assert [cue.speaker for cue in cues[-2:]] == ["narrator", "espeak:en-us"]
    assert len(cues) > 3
    assert {cue.speaker for cue in cues[:-2]} == {"espeak:en-us"}
    again = caption(cues, letters=40)
    assert [(cue.text, cue.speaker) for cue in again] == [
        ("One two three four.", "espeak:en-us"), ("Five.", "narrator"), ("Six.", "espeak:en-us"),
    ]  # fmt: skip
    assert {cue.speaker for cue in caption(takes[0])} == {"espeak:en-us"}
    assert {cue.speaker for cue in caption(takes[0].transcript)} == {""}


def test_speakers_are_kept_and_checked(cues):
    named = Cues(cues=(replace(cues[0], speaker="Ana"), cues[1]))
    assert Cues.from_dict(json.loads(json.dumps(named.to_dict()))) == named
    assert "speaker" not in named.to_dict()["cues"][1]
    assert named != cues
    assert named.shift(3)[0].speaker == "Ana"
    with pytest.raises(ParameterError, match="speaker"):
        replace(cues[0], speaker=None)


def test_the_colours_of_speakers_go_into_ass(cues):
    named = Cues(cues=(replace(cues[0], speaker="Ana"), cues[1]))
    assert "\\1c&H0000FF&" in named.to_ass(speakers={"Ana": "#ff0000"})
    assert "\\1c" not in named.to_ass()


def test_a_word_is_corrected_where_it_stands():
    """Times stay: of a video only what shows the word is encoded again."""
    cues = Cues(
        cues=tuple(
            Cue(start=i, end=i + 1, lines=((Word(text="Helo,", start=i, end=i + 0.5),),))
            for i in range(3)
        )
    )
    all_of_them, one = cues.replace("Helo", "Hello"), cues.replace("Helo", "Hello", cue=1)
    assert [cue.text for cue in all_of_them] == ["Hello,"] * 3
    assert [cue.text for cue in one] == ["Helo,", "Hello,", "Helo,"]
    assert [w.start for w in one.words] == [w.start for w in cues.words]
    assert cues.replace("Helo", "Hello", cue=-1)[2].text == "Hello,"
    for old, new, cue in [("none", "x", None), ("", "x", None), ("Helo", "x", 9), ("Helo,", "", 0)]:
        with pytest.raises(ParameterError, match="cues"):
            cues.replace(old, new, cue=cue)
