"""Filter graphs and argument lists, from typed values only.

Nothing a caller writes reaches a filter: sizes and rates are numbers, captions and fonts are
staged under fixed names in the run's own folder, and paths go in as ``file:`` inputs and outputs.
ffmpeg-python joins the pieces and escapes them; it never runs anything here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import ffmpeg

from workbench.media.limits import Limits, file_url
from workbench.media.nodes import FITS, Fit, bt709, fit_picture, source, stereo

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from workbench.media.overlays import Overlay

__all__ = [
    "CAPTIONS",
    "FITS",
    "FONTS",
    "LIST",
    "METADATA",
    "SOUND",
    "SUBTITLES",
    "TRANSITIONS",
    "Canvas",
    "Fit",
    "captions_name",
    "clip_frames",
    "clip_sound",
    "join",
    "overlay_name",
    "segment",
    "segment_name",
]

CAPTIONS, FONTS, SOUND = "captions.ass", "fonts", "sound.wav"
LIST, SUBTITLES, METADATA = "segments.txt", "subtitles.srt", "metadata.txt"
"""The names under which a run finds what was staged for it."""

TRANSITIONS = (
    "fade", "fadeblack", "fadewhite", "fadegrays", "fadefast", "fadeslow", "dissolve", "pixelize",
    "wipeleft", "wiperight", "wipeup", "wipedown", "wipetl", "wipetr", "wipebl", "wipebr",
    "slideleft", "slideright", "slideup", "slidedown",
    "smoothleft", "smoothright", "smoothup", "smoothdown",
    "coverleft", "coverright", "coverup", "coverdown",
    "revealleft", "revealright", "revealup", "revealdown",
    "circlecrop", "circleopen", "circleclose", "rectcrop", "radial", "distance",
    "vertopen", "vertclose", "horzopen", "horzclose", "diagtl", "diagtr", "diagbl", "diagbr",
    "hlslice", "hrslice", "vuslice", "vdslice", "hlwind", "hrwind", "vuwind", "vdwind",
    "hblur", "squeezeh", "squeezev", "zoomin",
)  # fmt: skip
"""The transitions of ffmpeg's ``xfade`` filter, all but the one that takes an expression."""

_BT709 = {
    "range": "tv", "color_primaries": "bt709", "color_trc": "bt709", "colorspace": "bt709",
}  # fmt: skip
_QUEUE = 8  # packets read ahead, as ffmpeg has it


@dataclass(frozen=True, kw_only=True)
class Canvas:
    """The picture that is being made.

    Parameters
    ----------
    width, height
        Pixels, even (H.264 in 4:2:0 needs that).
    fps
        Frames per second.
    """

    width: int
    height: int
    fps: int = 30

    @property
    def frame_bytes(self) -> int:
        """Bytes of one planar 4:2:0 frame."""
        return self.width * self.height * 3 // 2


def clip_frames(
    path: Path,
    canvas: Canvas,
    fit: Fit,
    count: int,
    *,
    start: float = 0.0,
    lead: float = 0.0,
    skip: int = 0,
    limits: Limits,
) -> list[str]:
    """Return the arguments that put `count` raw 4:2:0 frames of a clip on standard output.

    The clip is turned as its display matrix says, fitted and brought to the canvas's rate. It is
    entered at `start`, and its frames are counted from `lead` seconds later; of these the first
    `skip` are left out. Damage is an error (``-xerror``), not a shorter clip.
    """
    # Even a seek to 0 skips a lone key frame in some formats. ``-stream_loop`` is no way to begin
    # it again: after a seek, ffmpeg comes back too early and too late.
    entered = {"ss": f"{start:.6f}"} if start > 0 else {}
    clip = source(path, max_pixels=limits.pixels, **entered)
    picture = clip["V:0"].filter("fps", canvas.fps, start_time=f"{lead:.6f}")
    if skip:
        picture = picture.filter("trim", start_frame=skip)
    picture = picture.filter("setpts", "PTS-STARTPTS")
    picture = bt709(fit_picture(picture, canvas.width, canvas.height, fit)).filter("setsar", "1")
    out = ffmpeg.output(picture, "pipe:1", format="rawvideo", **{"frames:v": count})
    return ["-xerror", *out.get_args()]


def clip_sound(
    path: Path, rate: int, seconds: float, *, start: float, channels: int = 2
) -> list[str]:
    """Return the arguments that put the sound of a clip, float stereo, on standard output.

    Silence follows where the sound is shorter than `seconds`.
    """
    sound = stereo(source(path, ss=start)["a:0"], channels)
    sound = sound.filter("aresample", rate, **{"async": 1, "first_pts": 0})
    sound = sound.filter("apad", whole_dur=f"{seconds:.6f}")
    out = ffmpeg.output(sound, "pipe:1", format="f32le", ac=2, ar=rate, t=f"{seconds:.6f}")
    return ["-xerror", *out.get_args()]


def segment_name(index: int) -> str:
    """Return the name of a segment's file."""
    return f"{index:05}.mp4"


def captions_name(index: int) -> str:
    """Return the name under which a segment's captions are staged."""
    return f"captions{index:05}.ass"


def overlay_name(index: int) -> str:
    """Return the name under which a run finds an overlay's picture."""
    return f"overlay{index}.png"


def segment(
    path: Path,
    canvas: Canvas,
    count: int,
    *,
    transition: str = "",
    overlays: Sequence[tuple[int, Overlay, dict[str, Any]]] = (),
    captions: str = "",
    encoder: Mapping[str, Any],
    upload: str = "",
    before: Sequence[str] = (),
) -> list[str]:
    """Return the arguments that encode raw frames from standard input into a segment.

    Parameters
    ----------
    path
        Where the segment goes, an .mp4 file without sound.
    canvas
        Size and rate of the frames.
    count
        How many there are.
    transition
        One of `TRANSITIONS`: each frame then is two, one above the other, and becomes one.
    overlays
        What is laid over it, each with its number and what `Overlay.seen` says of this segment; a
        picture is staged as `overlay_name`, at its size.
    captions
        The `captions_name` under which captions are staged, beside `FONTS`; empty for none. They
        are on the clock of `workbench.captions.ass.CLOCK`.
    encoder
        Output options of the video encoder.
    upload
        The pixel format in which frames are sent to the graphics card; empty to keep them.
    before
        Global options of the encoder.
    """
    layers = 2 if transition else 1
    picture = ffmpeg.input(
        "pipe:0",
        format="rawvideo",
        pix_fmt="yuv420p",
        video_size=(canvas.width, layers * canvas.height),
        framerate=canvas.fps,
    )["v:0"]
    if transition:
        if transition not in TRANSITIONS:
            raise ValueError(transition)  # the builder has refused it before
        both = picture.filter_multi_output("split")
        halves = [
            both[i].filter("crop", canvas.width, canvas.height, 0, i * canvas.height)
            for i in range(layers)
        ]
        picture = ffmpeg.filter(
            halves, "xfade", transition=transition, duration=f"{count / canvas.fps:.6f}", offset=0
        )
    picture = picture.filter("setparams", **_BT709)
    for index, overlay, seen in overlays:
        picture = _laid(picture, canvas, index, overlay, seen)
    if captions:
        from workbench.captions.ass import CLOCK

        ahead = CLOCK * canvas.fps
        picture = picture.filter("setpts", f"PTS+{ahead:d}").filter("ass", captions, fontsdir=FONTS)
        picture = picture.filter("setpts", f"PTS-{ahead:d}")
    if upload:
        picture = picture.filter("format", upload).filter("hwupload")
    options = {"frames:v": count, "map_metadata": -1, "fflags": "+bitexact", **encoder}
    out = ffmpeg.output(picture, file_url(path), format="mp4", **options)
    strict = ["-xerror"] if any(overlay.kind == "video" for _, overlay, _ in overlays) else []
    return [*strict, *before, *out.get_args()]


def _laid(picture: Any, canvas: Canvas, index: int, overlay: Overlay, seen: dict[str, Any]) -> Any:
    """Lay a picture or a clip over the frames that show it."""
    if overlay.kind == "image":
        layer = ffmpeg.input(overlay_name(index), format="png_pipe")["v:0"]
        return _over(picture, layer, overlay, seen, (seen["from"], seen["to"]))
    first = seen["from"]
    for number, turn in enumerate(seen["turns"]):
        entered = {"ss": turn["enter"]} if turn["enter"] else {}
        # ffmpeg-python takes equal inputs for one: the size of the queue tells them apart.
        queue = _QUEUE + 100 * index + number
        layer = source(overlay.path, thread_queue_size=queue, **entered)["V:0"]
        layer = layer.filter("fps", canvas.fps, start_time=f"{turn['lead']:.6f}")
        # A picture that ends before its sound, or within the last frame of a turn, stands still.
        begin, end = turn["skip"], turn["skip"] + turn["count"]
        layer = layer.filter("tpad", stop=end, stop_mode="clone")
        layer = layer.filter("trim", start_frame=begin, end_frame=end)
        layer = layer.filter("setpts", "PTS-STARTPTS")
        _, _, width, height = seen["box"]
        layer = layer.filter("scale", w=width, h=height, flags="bicubic").filter("setsar", "1")
        if "after" in turn:
            layer = layer.filter("loop", loop=-1, size=end)
            layer = layer.filter("trim", start_frame=turn["after"]).filter("setpts", "PTS-STARTPTS")
        if first:
            layer = layer.filter("setpts", f"PTS+{first:d}")
        last = seen["to"] if "after" in turn else first + turn["count"]
        picture = _over(picture, layer, overlay, seen, (first, last))
        first = last
    return picture


def _over(
    picture: Any, layer: Any, overlay: Overlay, seen: dict[str, Any], frames: tuple[int, int]
) -> Any:
    """Lay a layer of the right size over the frames from one number to before another."""
    first, last = frames
    layer = layer.filter("format", "rgba")
    if seen["key"] is not None and overlay.kind == "video":  # of a picture it is clear already
        red, green, blue = seen["key"]
        layer = layer.filter(
            "colorkey",
            color=f"0x{red:02x}{green:02x}{blue:02x}",
            similarity=overlay.similarity,
            blend=overlay.blend,
        )
    if overlay.opacity < 1:
        layer = layer.filter("colorchannelmixer", aa=overlay.opacity)
    layer = bt709(layer, "yuva420p")
    left, top, _, _ = seen["box"]
    return picture.overlay(
        layer,
        x=left,
        y=top,
        eof_action="repeat",
        enable=f"between(n,{first:d},{last - 1:d})",
    )


def join(
    path: Path,
    *,
    seconds: float,
    sound: bool,
    bitrate: str = "160k",
    subtitles: str = "",
    metadata: bool = False,
    tag: str = "",
    early: int = 0,
    fps: int = 0,
) -> list[str]:
    """Return the arguments that join the segments named in `LIST`, without encoding them again.

    Parameters
    ----------
    path
        The finished .mp4 file.
    seconds
        How long it lasts.
    sound
        Whether `SOUND` is staged.
    bitrate
        Of the AAC sound.
    subtitles
        Where `SUBTITLES` is staged, the three letters of its language (ISO 639-2); else empty.
    metadata
        Whether `METADATA` is staged: chapters and tags.
    tag
        The four letters of the pictures' format in the file, where they are not the usual ones.
    early, fps
        Frames by which decoding begins before the first is shown, and their rate: for segments
        that differ in it. Copied as they are, the frame before a shorter start lasts for three.
    """
    inputs = ["-f", "concat", "-safe", "1", "-protocol_whitelist", "file", "-i", LIST]
    maps, options = ["-map", "0:v:0"], ["-c:v", "copy"]
    if tag:
        options += ["-tag:v", tag]
    if early:
        options += ["-bsf:v", f"setts=pts=PTS:dts=(N-{early:d})/({fps:d}*TB)"]
    if sound:
        inputs += ["-f", "wav", "-i", SOUND]
        maps += ["-map", "1:a:0"]
        # Of speech over music at 160 kbit/s the quick coder keeps 39 dB of signal to noise and the
        # usual one, which puts noise for noise, 27 dB, at 3.6 times the CPU.
        options += ["-c:a", "aac", "-aac_coder", "fast", "-b:a", bitrate, "-ar", "48000"]
    if subtitles:
        maps += ["-map", f"{inputs.count('-i')}:s:0"]
        inputs += ["-f", "srt", "-i", SUBTITLES]
        options += ["-c:s", "mov_text", "-metadata:s:s:0", f"language={subtitles}"]
    about = "-1"
    if metadata:
        about = str(inputs.count("-i"))
        inputs += ["-f", "ffmetadata", "-i", METADATA]
    return [
        *inputs,
        *maps,
        *options,
        *("-map_metadata", about, "-map_chapters", about),
        *("-t", f"{seconds:.6f}", "-movflags", "+faststart", "-fflags", "+bitexact"),
        *("-f", "mp4", file_url(path)),
    ]
