"""What kernels and the model host say to each other: JSON, and the sound that belongs to it.

A message is a head (a mark and two lengths), JSON, and raw bytes. Sound goes through the socket
itself: for what a notebook says or hears it costs less than shared memory, whose pages have to be
made anew for every call, and nothing is left behind by who is killed (see docs/model_host.md).
"""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.audio import Audio
from workbench.engines.isolated.worker import from_line, to_line

if TYPE_CHECKING:
    import socket
    from collections.abc import Sequence

__all__ = ["PROTOCOL", "Ended", "receive", "send", "unpacked"]

PROTOCOL = 1
"""The version of the conversation."""

_HEAD = struct.Struct("!4sIQ")
_MARK = b"WBMH"  # whatever else comes at this socket is no message
_LONGEST = 64_000_000  # bytes of JSON: four hours of words are 10
_LARGEST = 8_000_000_000  # bytes of sound: four hours of stereo at 48 kHz are 5.5


class Ended(Exception):
    """The other side says no more, or nothing that can be read."""


def send(channel: socket.socket, message: dict[str, Any], sounds: Sequence[Audio] = ()) -> None:
    """Send a message and sounds; how each is to be read stands in the message.

    Raises
    ------
    OSError
        When the other end is gone.
    """
    about = [[sound.rate, sound.frames, sound.channels] for sound in sounds]
    body = to_line({**message, "sounds": about} if sounds else message)
    size = sum(sound.samples.nbytes for sound in sounds)
    channel.sendall(_HEAD.pack(_MARK, len(body), size) + body)
    for sound in sounds:
        if sound.frames:  # an empty array has no bytes to be looked at
            channel.sendall(sound.samples.data.cast("B"))


def receive(channel: socket.socket, *, sounds: bool = True) -> tuple[dict[str, Any], list[Audio]]:
    """Return the next message and its sounds.

    Parameters
    ----------
    channel
        It waits for as long as it takes.
    sounds
        Whether sound is accepted; not before it is known who sends it.

    Raises
    ------
    Ended
        When there is none.

    Examples
    --------
    >>> import socket
    >>> here, there = socket.socketpair()
    >>> send(there, {"say": "hello"}, [Audio.silence(1, 8000)])
    >>> receive(here)
    ({'say': 'hello', 'sounds': [[8000, 8000, 1]]}, [Audio(1.000 s, 8000 Hz, mono)])
    >>> here.close(), there.close()
    (None, None)
    """
    mark, length, size = _HEAD.unpack(_exactly(channel, _HEAD.size))
    if mark != _MARK or length > _LONGEST or size > (_LARGEST if sounds else 0):
        raise Ended("what came is no message")
    try:
        message = from_line(bytes(_exactly(channel, length)))
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Ended("what came is no JSON") from error
    if not isinstance(message, dict):
        raise Ended("what came is no message")
    return message, unpacked(message, _exactly(channel, size))


def unpacked(message: dict[str, Any], data: bytearray) -> list[Audio]:
    """Return the sounds of a message, which take over its bytes.

    Raises
    ------
    Ended
        When they do not add up.
    """
    try:
        shapes = [(int(rate), int(n), int(width)) for rate, n, width in message.get("sounds", [])]
        counts = [frames * channels for _, frames, channels in shapes]
        if min(counts, default=0) < 0 or 4 * sum(counts) != len(data):
            raise Ended("what came is not all of a sound")
        sounds, start = [], 0
        samples = np.frombuffer(data, np.float32)
        for (rate, frames, channels), count in zip(shapes, counts, strict=True):
            part = samples[start : start + count].reshape(frames, channels)
            sounds.append(Audio.owning(part, rate))
            start += count
    except (TypeError, ValueError) as error:  # of which a ParameterError is one
        raise Ended("what came is no sound") from error
    return sounds


def _exactly(channel: socket.socket, count: int) -> bytearray:
    data = bytearray(count)
    view, done = memoryview(data), 0
    while done < count:
        try:
            got = channel.recv_into(view[done:])
        except OSError as error:
            raise Ended(str(error)) from error
        if not got:
            raise Ended("the other side has ended")
        done += got
    view.release()
    return data
