"""Whether the pictures of several files can be joined as they are, without a new encode.

A join by copying needs one set of parameters for all: where a clip differs in any of them, players
show garbage, a wrong size or a wrong speed, and ffmpeg ends with 0 all the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING

from workbench.errors import MediaError
from workbench.media.containers import opened, shown_stream
from workbench.media.limits import DEFAULT_LIMITS, Limits
from workbench.media.probe import length

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from workbench.media.probe import MediaInfo

__all__ = ["Pictures", "difference", "lasts", "pictures"]

_CONTAINED = ("h264", "hevc", "av1", "mpeg4")  # what an MP4 file holds and players expect in one
_RUN_UP = Fraction(1, 10)  # seconds
_BLOCK = 2_048  # frames of sound: HE-AAC's blocks are the longest


@dataclass(frozen=True, kw_only=True)
class Pictures:
    """The parameters of a video stream that a join by copying needs to be equal.

    Parameters
    ----------
    codec, profile, extradata
        What decodes it, and the parameter sets.
    size, pixel_aspect, pixel_format, colour
        What the pixels are.
    rotation
        The display matrix, as degrees of the first frame.
    clock
        The time base of the stream.
    step
        Ticks from a frame to the next; 0 when they are not even.
    frames
        How many there are: it need not be equal.
    keys
        When those that can be begun at are seen, in seconds from the start of the file.
    fault
        Why it cannot be joined whatever the other is; empty when it can.
    """

    codec: str
    profile: str
    extradata: bytes
    size: tuple[int, int]
    pixel_aspect: Fraction
    pixel_format: str
    colour: tuple[int, ...]
    rotation: int
    clock: Fraction
    step: int
    frames: int
    keys: tuple[Fraction, ...] = ()
    fault: str = ""

    @property
    def fps(self) -> Fraction | None:
        """Frames per second, None when they are not evenly spaced."""
        return 1 / (self.clock * self.step) if self.step else None

    @property
    def begin(self) -> Fraction:
        """When the first is seen, in seconds, where that is what a container costs and no pause.

        A sound encoder's run-up lies before zero, and moves the zero of some files.
        """
        first = self.keys[0] if self.keys and self.fps else Fraction(0)
        return first if 0 < first < _RUN_UP else Fraction(0)

    @property
    def seconds(self) -> Fraction | None:
        """How long they last, None when they are not evenly spaced."""
        return self.clock * self.step * self.frames if self.step else None


def pictures(path: Path, limits: Limits = DEFAULT_LIMITS) -> Pictures:
    """Return what the pictures of a clip are, from its packets; only one frame is decoded.

    Raises
    ------
    MediaError
        When it cannot be read.
    """
    import av

    try:
        with opened(path, limits) as container:
            stream = shown_stream(container, limits)
            packets = [
                (packet.pts, packet.is_keyframe, packet.is_discard)
                for packet in container.demux(stream)
                if packet.size
            ]
            container.seek(0, stream=stream)
            frame = next(container.decode(stream))
            context = stream.codec_context
            clock, zero = Fraction(stream.time_base), Fraction(container.start_time or 0, 1_000_000)
            step, fault = _even(packets, stream.start_time or 0)
            if not fault and context.codec.canonical_name not in _CONTAINED:
                fault = f"MP4 does not hold {context.codec.canonical_name}"
            return Pictures(
                codec=context.codec.canonical_name,
                profile=str(context.profile),
                extradata=bytes(context.extradata or b""),
                size=(context.width, context.height),
                pixel_aspect=Fraction(stream.sample_aspect_ratio or 1),
                pixel_format=str(context.pix_fmt),
                colour=tuple(
                    int(getattr(context, name))
                    for name in ("color_range", "color_primaries", "color_trc", "colorspace")
                ),
                rotation=int(frame.rotation),
                clock=clock,
                step=step,
                frames=len(packets),
                keys=tuple(
                    pts * clock - zero for pts, key, _ in packets if key and pts is not None
                ),
                fault=fault,
            )
    except (av.FFmpegError, StopIteration) as error:
        raise MediaError("its picture cannot be read", subject=str(path)) from error


def _even(packets: list[tuple[int | None, bool, bool]], start: int) -> tuple[int, str]:
    """Return the ticks between frames, or why there is no one number of them."""
    times = [pts for pts, _, _ in packets if pts is not None]
    if len(times) < len(packets) or not times:
        return 0, "a frame does not say when it is seen"
    if any(hidden for _, _, hidden in packets):
        return 0, "a part of it is hidden by an edit list"
    if not packets[0][1] or times[0] != min(times) or min(times) != start:
        return 0, "it does not begin with a key frame"
    times.sort()
    steps = {b - a for a, b in pairwise(times)}
    if len(steps) != 1 or 0 in steps:
        return 0, "its frames are not evenly spaced"
    return steps.pop(), ""


# In the order in which they are told: the ones that people know first.
_TOLD = {
    "codec": "codecs",
    "size": "sizes",
    "pixel_aspect": "pixel aspects",
    "rotation": "rotations",
    "fps": "frame rates",
    "pixel_format": "pixel formats",
    "colour": "colour spaces",
    "clock": "time bases",
    "profile": "profiles of the codec",
    "extradata": "parameter sets of the codec",
}


def difference(clips: Sequence[Pictures]) -> str:
    """Return why clips cannot be joined as they are; an empty string when they can."""
    for clip in clips:
        if clip.fault:
            return clip.fault
    for name, told in _TOLD.items():
        if len({getattr(clip, name) for clip in clips}) > 1:
            return f"their {told} differ"
    return ""


def lasts(path: Path, info: MediaInfo, look: Pictures, limits: Limits) -> tuple[Fraction, bool]:
    """Return how many seconds a clip is worth seeing, and whether its sound goes on longer.

    The block on which a sound encoder ends is no reason to hold the last picture.
    """
    seconds = Fraction(length(path, limits=limits))
    if look.seconds is None or look.fps is None:
        return seconds, False
    block = Fraction(_BLOCK, info.audio.rate) if info.audio is not None else Fraction(0)
    if seconds - look.seconds <= block + 1 / look.fps:
        return look.seconds, False
    return seconds, True
