"""The best that moviepy 2 can do: one pass, one encode.

Zoomed pictures, one finished picture for each state of a caption (drawn with Pillow, because a
TextClip has one colour; that is less work than laying a lit word over a line), voice and quiet
music. It cannot duck the music, which is left out for it.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import moviepy
import numpy as np
from moviepy import afx
from PIL import Image, ImageDraw, ImageFont


def states(cues: list, size: tuple[int, int], font: str) -> list:
    """Return a clip for each word of each caption, in which that word is lit."""
    face = ImageFont.truetype(font, round(size[1] * 0.035))
    high = round(size[1] * 0.045)
    clips = []
    for cue in cues:
        texts = [" ".join(word["text"] for word in line) for line in cue]
        wide = round(max(map(face.getlength, texts))) + 40
        words = [word for line in cue for word in line]
        for word, following in zip(words, [*words[1:], None], strict=True):
            picture = Image.new("RGBA", (wide, high * len(cue) + 20))
            pen = ImageDraw.Draw(picture)
            for row, (line, text) in enumerate(zip(cue, texts, strict=True)):
                left = (wide - face.getlength(text)) / 2
                for each in line:
                    colour = (255, 209, 71) if each is word else (255, 255, 255)
                    place = (left, 8 + row * high)
                    pen.text(place, each["text"], colour, face, stroke_width=4, stroke_fill="black")
                    left += face.getlength(each["text"] + " ")
            end = following["start"] if following else word["end"]
            clip = moviepy.ImageClip(np.asarray(picture)).with_start(word["start"])
            clip = clip.with_end(max(end, word["start"] + 0.03))
            clips.append(clip.with_position(("center", round(size[1] * 0.84))))
    return clips


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    job = json.loads((folder / "job.json").read_text())
    size = tuple(job["size"])
    layers = []
    for scene in job["scenes"]:
        seconds = scene["end"] - scene["start"]
        clip = moviepy.ImageClip(str(folder / scene["picture"])).with_duration(seconds)
        clip = clip.resized(lambda t, seconds=seconds: 1 + job["zoom"] * t / seconds)
        layers.append(clip.with_start(scene["start"]).with_position("center"))
    layers += states(job["cues"], size, job["font"])
    voice = moviepy.AudioFileClip(str(folder / "voice.wav"))
    bed = moviepy.AudioFileClip(str(folder / "music.wav")).with_effects(
        [afx.MultiplyVolume(0.3), afx.AudioLoop(duration=voice.duration)]
    )
    video = moviepy.CompositeVideoClip(layers, size=size).with_duration(job["seconds"])
    video = video.with_audio(moviepy.CompositeAudioClip([voice, bed]))
    options = {k: v for k, v in job["x264"].items() if k not in {"c:v", "preset", "pix_fmt"}}
    video.write_videofile(
        str(folder / "moviepy.mp4"),
        fps=30,
        codec="libx264",
        preset=job["x264"]["preset"],
        audio_codec="aac",
        ffmpeg_params=[x for name, value in options.items() for x in (f"-{name}", str(value))],
        logger=None,
    )


if __name__ == "__main__":
    main()
