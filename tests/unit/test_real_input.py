"""Real texts and real recordings, from end to end."""

from __future__ import annotations

import pytest

import workbench as wb
from workbench.media.backdrop import backdrop

pytestmark = pytest.mark.media

ENGLISH = """\
Dear reader: on the 3rd of May, 1881, at 7:45, it wasn't raining.
We'd walked 12.5 miles (give or take), and it cost us $3.50 each;
"You can't be serious!" said Mr. O'Neil, who was as tall as a door — or so he thought.
Of the 1,000 things he told us, I am sure that one or two were true.
The end.
"""


@pytest.mark.parametrize("language", ["es", "en"])
def test_a_text_becomes_a_video(media, tmp_path, language):
    """Every word of the script is said, captioned once, in order, inside the video."""
    path = media / "speech" / "es_capitan_veneno.lines.txt"
    script = wb.Script.load(path) if language == "es" else wb.Script.parse(ENGLISH)
    voice = {"es": "espeak:es", "en": "espeak:en-gb"}[language]
    narration = wb.speak(script, voice=voice)
    assert len(narration.parts) == {"es": 32, "en": 5}[language]
    words = [token.text for line in script.lines for token in line.words]
    assert [word.text for word in narration.words] == words
    video = wb.Video("180x320", fps=10).narrate(narration)
    for seed in range(4):
        video = video.scene(backdrop(seed, width=216, height=384), motion="zoom-in")
    done = video.captions("karaoke").render(tmp_path / f"{language}.mp4")
    assert abs(done.duration - narration.duration) <= 1 / 10
    assert [word.text for cue in done.cues for word in cue.words] == words
    assert all(cue.end <= done.duration + 0.1 for cue in done.cues)
    assert done.warnings == ()


def test_recordings_and_clips_of_all_kinds_in_one_video(media, tmp_path):
    video = (
        wb.Video("180x320", fps=10)
        .scene(media / "speech" / "en_jfk.flac", duration=1)
        .scene(media / "speech" / "en_nasa_webb_2v2a2s.mp4", fit="blur", duration=1)
        .scene(media / "odd" / "phone_rotated90.mov", duration=1)
        .scene(media / "odd" / "vfr_screenrec.mp4", fit="contain", duration=1)
        .scene(media / "odd" / "-video-with-dash-.mp4", duration=1)
    )
    done = video.render(tmp_path / "all.mp4")
    assert done.duration == pytest.approx(5.0, abs=0.1)
    assert wb.probe(done.path).audio is not None
