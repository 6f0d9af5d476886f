"""Filter graphs and argument lists, from typed values only.

Nothing a caller writes reaches a filter: sizes and rates are numbers, captions and fonts are
staged under fixed names in the run's own folder, and paths go in as ``file:`` inputs and outputs.
ffmpeg-python joins the pieces and escapes them; it never runs anything here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

import ffmpeg

from workbench.media.limits import CLIP_FORMATS, Limits, file_url

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

Fit = Literal["cover", "contain", "blur"]
FITS: tuple[str, ...] = get_args(Fit)

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
_BLUR_SCALE = 8  # the blurred backdrop is made this much smaller: the same look, 1/64 of the work


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


def _source(path: Path, **options: Any) -> Any:
    return ffmpeg.input(
        file_url(path),
        protocol_whitelist="file",
        format_whitelist=CLIP_FORMATS,
        **options,
    )


def _inside(picture: Any, width: int, height: int, grow: str) -> Any:
    """Scale a picture of any pixel aspect so that it covers the size or lies within it."""
    square = picture.filter("scale", w="trunc(iw*sar/2+0.5)*2", h="ih").filter("setsar", "1")
    return square.filter(
        "scale", w=width, h=height, force_original_aspect_ratio=grow, flags="bicubic"
    )


def _fit(picture: Any, canvas: Canvas, fit: Fit) -> Any:
    width, height = canvas.width, canvas.height
    if fit == "cover":
        return _inside(picture, width, height, "increase").filter("crop", width, height)
    if fit == "contain":
        within = _inside(picture, width, height, "decrease")
        return within.filter("pad", w=width, h=height, x="(ow-iw)/2", y="(oh-ih)/2", color="black")
    both = picture.filter_multi_output("split")
    small = (max(2, width // _BLUR_SCALE // 2 * 2), max(2, height // _BLUR_SCALE // 2 * 2))
    back = _inside(both[0], *small, "increase").filter("crop", *small)
    back = back.filter("gblur", sigma=max(2, small[0] // 24)).filter("scale", w=width, h=height)
    front = _inside(both[1], width, height, "decrease")
    return back.overlay(front, x="(W-w)/2", y="(H-h)/2")


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
    source = _source(path, max_pixels=limits.pixels, **entered)
    picture = source["V:0"].filter("fps", canvas.fps, start_time=f"{lead:.6f}")
    if skip:
        picture = picture.filter("trim", start_frame=skip)
    picture = _fit(picture.filter("setpts", "PTS-STARTPTS"), canvas, fit)
    picture = picture.filter("scale", out_color_matrix="bt709", out_range="tv")
    picture = picture.filter("format", "yuv420p").filter("setsar", "1")
    out = ffmpeg.output(picture, "pipe:1", format="rawvideo", **{"frames:v": count})
    return ["-xerror", *out.get_args()]


def clip_sound(
    path: Path, rate: int, seconds: float, *, start: float, channels: int = 2
) -> list[str]:
    """Return the arguments that put the sound of a clip, float stereo, on standard output.

    Silence follows where the sound is shorter than `seconds`. One channel is heard from both sides
    as loud as it is: ffmpeg's own way from mono to stereo takes 3 dB off.
    """
    sound = _source(path, ss=start)["a:0"]
    if channels == 1:
        sound = sound.filter("pan", args="stereo|c0=c0|c1=c0")
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
    return [*before, *out.get_args()]


def _laid(picture: Any, canvas: Canvas, index: int, overlay: Overlay, seen: dict[str, Any]) -> Any:
    """Lay a picture or a clip over the frames that show it."""
    left, top, width, height = seen["box"]
    if overlay.kind == "image":
        layer = ffmpeg.input(overlay_name(index), format="png_pipe")["v:0"]
    else:
        into = seen["into"] / canvas.fps
        again = {"stream_loop": -1} if overlay.loop else {}
        natural = overlay.natural or 0.0
        if overlay.loop and natural and into > natural:
            into %= natural
        layer = _source(overlay.path, ss=f"{max(0.0, into):.6f}", **again)["V:0"]
        layer = layer.filter("fps", canvas.fps, start_time=0)
        layer = layer.filter("scale", w=width, h=height, flags="bicubic").filter("setsar", "1")
        if into < 0:
            layer = layer.filter("setpts", f"PTS+{-seen['into']:d}")
    layer = layer.filter("format", "rgba")
    if seen["key"] is not None:
        red, green, blue = seen["key"]
        layer = layer.filter(
            "colorkey",
            color=f"0x{red:02x}{green:02x}{blue:02x}",
            similarity=overlay.similarity,
            blend=overlay.blend,
        )
    if overlay.opacity < 1:
        layer = layer.filter("colorchannelmixer", aa=overlay.opacity)
    layer = layer.filter("scale", out_color_matrix="bt709", out_range="tv")
    layer = layer.filter("format", "yuva420p")
    return picture.overlay(
        layer,
        x=left,
        y=top,
        eof_action="repeat",
        enable=f"between(n,{seen['from']:d},{seen['to'] - 1:d})",
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
    """
    inputs = ["-f", "concat", "-safe", "1", "-protocol_whitelist", "file", "-i", LIST]
    maps, options = ["-map", "0:v:0"], ["-c:v", "copy"]
    if tag:
        options += ["-tag:v", tag]
    if sound:
        inputs += ["-f", "wav", "-i", SOUND]
        maps += ["-map", "1:a:0"]
        options += ["-c:a", "aac", "-b:a", bitrate, "-ar", "48000"]
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
