"""What a file's compressed pictures say without being decoded."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from workbench.errors import FfmpegError
from workbench.media.limits import CLIP_FORMATS, file_url

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Packets", "packets"]

_NEAR = 0.01  # of a frame
# Opening decodes a few frames to learn what is known already: 65 ms of CPU at 1080x1920, 6 without.
_UNDECODED = [{"skip_frame": "all"}] * 8


@dataclass(frozen=True, kw_only=True)
class Packets:
    """The compressed pictures of a file that was made here.

    Parameters
    ----------
    times
        When each is shown, in seconds, sorted.
    width, height
        Pixels.
    extradata
        The parameter sets of the codec: files whose sets differ cannot be joined by copying.
    durations
        How long each lasts in the order of decoding, in seconds.
    early
        Seconds before the first is shown at which decoding begins: what pictures that refer to
        later ones need. A file of fewer pictures than that has less.
    """

    times: tuple[Fraction, ...]
    width: int
    height: int
    extradata: bytes
    durations: tuple[Fraction, ...] = ()
    early: Fraction = Fraction()

    @property
    def frames(self) -> int:
        """How many there are."""
        return len(self.times)

    def steady(self, fps: int) -> bool:
        """Whether picture n is shown at ``n / fps`` seconds, for as long: none twice, none lost."""
        return all(
            abs(time * fps - index) < _NEAR for index, time in enumerate(self.times)
        ) and all(abs(lasts * fps - 1) < _NEAR for lasts in self.durations)


def packets(path: Path) -> Packets:
    """Return what the compressed pictures of a file say.

    Raises
    ------
    FfmpegError
        When it cannot be opened, or has no picture.
    """
    import av

    options = {"format_whitelist": CLIP_FORMATS, "protocol_whitelist": "file"}
    try:
        container: Any = av.open(file_url(path), options=options, stream_options=_UNDECODED)  # type: ignore[arg-type] # a dict a stream, as its own documentation has it
        with container:
            stream = container.streams.video[0]
            found = [
                packet
                for packet in container.demux(stream)
                if packet.pts is not None and packet.size
            ]
            context = stream.codec_context
            times = sorted(packet.pts * packet.time_base for packet in found)
            starts = [packet.dts * packet.time_base for packet in found if packet.dts is not None]
            return Packets(
                times=tuple(times),
                durations=tuple(packet.duration * packet.time_base for packet in found),
                early=max(times[0] - starts[0], Fraction()) if starts else Fraction(),
                width=context.width,
                height=context.height,
                extradata=bytes(context.extradata or b""),
            )
    except (av.FFmpegError, IndexError) as error:
        raise FfmpegError("wrote a file that cannot be opened", subject="ffmpeg") from error
