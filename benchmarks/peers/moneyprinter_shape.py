"""A replica of the steps of MoneyPrinterTurbo (app/services/video.py at 0374d208), not its program.

A moviepy zoom clip from each picture (encode 1), each clip cut and written again (encode 2),
ffmpeg's concat with a new encode (3), then subtitles as TextClips, voice and music (4). Every
encode is at the default preset, medium, as theirs are. Captions are plain lines: it lights no word.
"""

from __future__ import annotations

import argparse
import json
import subprocess
from pathlib import Path

import moviepy
from moviepy import afx


def write(clip: moviepy.VideoClip, path: Path, **options: object) -> None:
    clip.write_videofile(str(path), fps=30, codec="libx264", threads=2, logger=None, **options)
    clip.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    job = json.loads((folder / "job.json").read_text())
    size = tuple(job["size"])
    names = []
    for index, scene in enumerate(job["scenes"]):
        seconds = scene["end"] - scene["start"]
        picture = moviepy.ImageClip(str(folder / scene["picture"])).with_duration(seconds)
        zoomed = picture.with_position("center").resized(
            lambda t, seconds=seconds: 1 + job["zoom"] * t / seconds
        )
        write(moviepy.CompositeVideoClip([zoomed], size=size), folder / f"mpt{index}.mp4")
        clip = moviepy.VideoFileClip(str(folder / f"mpt{index}.mp4"))
        cut = clip.subclipped(0, min(seconds, clip.duration))  # moviepy rounds down to a frame
        write(cut, folder / f"mpt{index}cut.mp4")
        names.append(f"file 'mpt{index}cut.mp4'\n")
    (folder / "mpt.txt").write_text("".join(names))
    subprocess.run(
        [job["ffmpeg"], "-nostdin", "-v", "error", "-y", "-f", "concat", "-safe", "0",
         "-i", "mpt.txt", "-c:v", "libx264", "-threads", "2", "-pix_fmt", "yuv420p", "-an",
         "mpt.mp4"],
        check=True, cwd=folder,
    )  # fmt: skip
    layers = [moviepy.VideoFileClip(str(folder / "mpt.mp4")).without_audio()]
    for cue in job["cues"]:
        text = moviepy.TextClip(
            font=job["font"],
            text="\n".join(" ".join(word["text"] for word in line) for line in cue),
            text_align="center",
            font_size=60,
            color="white",
            stroke_color="black",
            stroke_width=2,
        )
        text = text.with_start(cue[0][0]["start"]).with_end(cue[-1][-1]["end"])
        layers.append(text.with_position(("center", round(size[1] * 0.78))))
    voice = moviepy.AudioFileClip(str(folder / "voice.wav"))
    bed = moviepy.AudioFileClip(str(folder / "music.wav")).with_effects(
        [afx.MultiplyVolume(0.2), afx.AudioFadeOut(3), afx.AudioLoop(duration=voice.duration)]
    )
    video = moviepy.CompositeVideoClip(layers, size=size).with_duration(job["seconds"])
    video = video.with_audio(moviepy.CompositeAudioClip([voice, bed]))
    write(video, folder / "moneyprinter.mp4", audio_codec="aac")


if __name__ == "__main__":
    main()
