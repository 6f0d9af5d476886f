"""Whether an encoder works on this machine: it is asked to encode, and its work is looked at.

A list of encoders says only what was compiled in. The old system took ``h264_nvenc`` from such a
list: "Cannot load libcuda.so.1" on a machine without the card, and no video.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import platform
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import ffmpeg
import numpy as np

from workbench.errors import Cancelled, FfmpegError, ParameterError
from workbench.media.binaries import binaries
from workbench.media.binaries import ffmpeg as find_ffmpeg
from workbench.media.encoders.presets import PRESETS
from workbench.media.encoders.table import find_encoder, settings
from workbench.media.ffmpeg import Failed, encode, read
from workbench.media.limits import CLIP_FORMATS, file_url, number
from workbench.media.verdict import judge
from workbench.storage.atomic import workspace, write_bytes
from workbench.storage.cache import VARIABLE, cache_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from workbench.media.encoders.table import Encoder

__all__ = ["forget", "memory_file", "works"]

log = logging.getLogger(__name__)

_FRAMES, _RATE = 5, 30
_LIMIT = 30.0  # seconds each of the two runs may take
_OFF = 12.0  # of 255: how far the mean of a decoded plane may lie from what was encoded
_DAY = 86_400.0  # drivers are installed: what did not work is asked again after this
_FORMAT = 1
_MOST = 200  # entries on disk
# What decides which device a driver shows.
_SURROUNDINGS = ("CUDA_VISIBLE_DEVICES", "LIBVA_DRIVER_NAME", "LIBVA_DRIVERS_PATH", "DISPLAY")


@dataclass(frozen=True, kw_only=True)
class _Kept:
    """An answer on disk: what is wrong, empty for nothing, and when that was found (epoch)."""

    problem: str
    when: float


_known: dict[str, str] = {}
_one = threading.Lock()


def works(
    encoder: str,
    width: int = 320,
    height: int = 240,
    *,
    cancel: threading.Event | None = None,
) -> str:
    """Return an empty string when `encoder` encodes at this size here, else why it does not.

    A few frames are encoded and decoded again: they have to come back in the right number and size,
    and look as they did. The answer is kept, in this process and on disk, for as long as ffmpeg
    stays the same; a refusal is kept for a day.

    Parameters
    ----------
    encoder
        A name of ffmpeg's or a short one.
    width, height
        Pixels, even, 16 to 8,192.
    cancel
        Set it from another thread to stop asking.

    Raises
    ------
    ParameterError
        When there is no such encoder, or no such size.
    FfmpegError
        When there is no ffmpeg to ask.
    Cancelled, StorageFull
        These say nothing of the encoder.

    Examples
    --------
    >>> works("libx264")
    ''
    """
    name = find_encoder(encoder)
    for side, value in (("width", width), ("height", height)):
        if number(side, value, 16, 8192, unit="px") % 2:
            raise ParameterError(f"must be even, not {value}", subject=side)
    mark = _mark(name, width, height)
    if mark in _known:
        return _known[mark]
    with _turn(cancel):  # one trial at a time: they would slow each other down to the limit
        if mark not in _known:
            kept = _load().get(mark)
            if kept is not None:
                _known[mark] = kept.problem
            else:
                _known[mark], lasting = _try(name, width, height, cancel)
                if lasting:
                    _keep({mark: _Kept(problem=_known[mark], when=time.time())})
        return _known[mark]


def forget(encoder: str) -> None:
    """Drop what is known of an encoder: it failed at work, so it has to be asked again."""
    name = find_encoder(encoder)
    with _turn():
        for mark in [m for m in _known if f'"{name}"' in m]:
            del _known[mark]
        _keep({}, without=f'"{name}"')


@contextlib.contextmanager
def _turn(cancel: threading.Event | None = None) -> Iterator[None]:
    """Wait until no other thread tries an encoder."""
    while not _one.acquire(timeout=0.1):
        if cancel is not None and cancel.is_set():
            raise Cancelled("stopped on request", subject="encoders")
    try:
        yield
    finally:
        _one.release()


def memory_file() -> Path:
    """Return the file in which the answers are kept; it need not exist yet."""
    folder = cache_folder()
    return (folder if os.environ.get(VARIABLE) else folder.parent) / "encoders.json"


def _mark(name: str, width: int, height: int) -> str:
    """Return what an answer depends on; a home folder may be shared by machines."""
    program = find_ffmpeg()
    version = next((b.version for b in binaries() if b.path == program), "")
    around = [os.environ.get(variable, "") for variable in _SURROUNDINGS]
    try:
        changed = program.stat().st_mtime_ns
    except OSError:
        changed = 0
    return json.dumps(
        [name, width, height, str(program), changed, version, platform.node(), *around]
    )


def _load() -> dict[str, _Kept]:
    """Return the answers on disk that still hold; what is damaged holds nothing."""
    try:
        data = json.loads(memory_file().read_bytes())
        if data["format"] != _FORMAT:
            return {}
        entries = {
            str(mark): _Kept(problem=str(entry["problem"]), when=float(entry["when"]))
            for mark, entry in data["entries"].items()
        }
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        log.warning("ignoring the damaged file %s (%s)", memory_file(), error)
        return {}
    now = time.time()
    return {
        mark: entry
        for mark, entry in entries.items()
        if not entry.problem or 0 <= now - entry.when < _DAY
    }


def _keep(more: dict[str, _Kept], *, without: str = "") -> None:
    """Write the answers; two processes at once may lose one, which is then asked again."""
    entries = {m: e for m, e in _load().items() if not without or without not in m} | more
    newest = sorted(entries.items(), key=lambda item: item[1].when)[-_MOST:]
    plain = {mark: vars(entry) for mark, entry in newest}
    text = json.dumps({"format": _FORMAT, "entries": plain}, indent=1)
    try:
        write_bytes(memory_file(), text.encode())
    except OSError as error:
        log.warning("what encoders work cannot be kept (%s): %s", memory_file(), error)


def _try(name: str, width: int, height: int, cancel: threading.Event | None) -> tuple[str, bool]:
    """Return why an encoder does not work, and whether that will be so tomorrow."""
    encoder = settings(name, PRESETS["production"])
    frames = _pictures(width, height)
    with workspace() as folder:
        try:
            _encode(encoder, frames, folder, (width, height), cancel)
            return _difference(_decode(folder, frames[0].size, cancel), frames), True
        except (Failed, _Refused) as error:
            return error.problem.split(" | ")[0], True
        except FfmpegError as error:  # killed, or too slow: the machine may be busy
            return error.problem.split(" | ")[0], False


class _Refused(FfmpegError):
    """What was written is not a video of that size."""


def _encode(
    encoder: Encoder,
    frames: list[NDArray[np.uint8]],
    folder: Path,
    size: tuple[int, int],
    cancel: threading.Event | None,
) -> None:
    source = ffmpeg.input(
        "pipe:0", format="rawvideo", pix_fmt="yuv420p", video_size=size, framerate=_RATE
    )
    tags = dict.fromkeys(("color_primaries", "color_trc", "colorspace"), "bt709")
    picture = source["v:0"].filter("setparams", range="tv", **tags)  # else they are converted
    if encoder.upload:
        picture = picture.filter("format", encoder.upload).filter("hwupload")
    target = folder / "trial.mp4"
    out = ffmpeg.output(picture, file_url(target), format="mp4", **encoder.options)
    encode(
        [*encoder.global_options, *out.get_args()],
        [frame.data for frame in frames],
        folder=folder,
        limit=_LIMIT,
        cancel=cancel,
    )
    try:
        judge(target, size=size, sound=False)
    except FfmpegError as error:
        raise _Refused(error.problem, subject=encoder.name) from error


def _decode(folder: Path, size: int, cancel: threading.Event | None) -> list[NDArray[np.uint8]]:
    source = ffmpeg.input(
        file_url(folder / "trial.mp4"), protocol_whitelist="file", format_whitelist=CLIP_FORMATS
    )
    out = ffmpeg.output(source["v:0"], "pipe:1", format="rawvideo", pix_fmt="yuv420p")
    pieces = read(["-xerror", *out.get_args()], size, folder=folder, limit=_LIMIT, cancel=cancel)
    with contextlib.closing(pieces):  # type: ignore[type-var]
        return [np.frombuffer(bytes(piece), np.uint8) for piece in pieces]


def _pictures(width: int, height: int) -> list[NDArray[np.uint8]]:
    """Return frames that move and have all colours: broken drivers give green or grey ones."""
    across = np.linspace(0, 1, width, dtype=np.float32)
    down = np.linspace(0, 1, height, dtype=np.float32)[:, np.newaxis]
    half_across, half_down = across[::2], down[::2]
    frames = []
    for index in range(_FRAMES):
        luma = 40 + 160 * ((across + down + index / _RATE) / 2 % 1)
        blue = np.broadcast_to(64 + 128 * half_across, (height // 2, width // 2))
        red = np.broadcast_to(64 + 128 * half_down, (height // 2, width // 2))
        planes = [plane.astype(np.uint8).ravel() for plane in (luma, blue, red)]
        frames.append(np.concatenate(planes))
    return frames


def _difference(got: list[NDArray[np.uint8]], sent: list[NDArray[np.uint8]]) -> str:
    if len(got) != len(sent):
        return f"gave {len(got)} frames of {len(sent)}"
    for seen, wanted in zip(got, sent, strict=True):
        if seen.shape != wanted.shape:
            return "gave frames of another size"
        if np.abs(seen.astype(np.int16) - wanted).mean() > _OFF:
            return "gave other pictures than it was given"
    return ""
