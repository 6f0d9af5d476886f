"""The worker process: it holds the library, reads requests and answers in frames.

A request is a line of JSON on standard input; an answer is any number of frames with sound and then
one with the result or an error. A frame is a letter, the length of what follows (four bytes, big
end first), and that. The parent's side is `espeak.process`.
"""

from __future__ import annotations

import json
import os
import struct
import sys
from typing import TYPE_CHECKING, Any

from workbench.engines.espeak.library import RATE, loaded
from workbench.engines.espeak.text import nothing, spoken
from workbench.errors import ModelError, TextError, WorkbenchError
from workbench.script import Token

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["ERROR", "HEAD", "RESULT", "SOUND", "main"]

SOUND, RESULT, ERROR = b"s", b"r", b"e"
HEAD = struct.Struct(">cI")

# A foreign letter may be spelled out for two seconds, so the sound has a limit of its own.
_LONGEST = 7_200  # seconds; 320 MB
# From 450 words a minute the library squeezes its sound afterwards, and its events stay behind.
_FASTEST = 449
# espeak_PARAMETER in speak_lib.h
_PARAMETERS = {"rate": 1, "volume": 2, "pitch": 3, "intonation": 4, "word_gap": 7}


def main(path: str, data: str | None) -> None:
    """Answer requests until standard input ends."""
    outlet = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # the library prints what it finds odd

    def send(kind: bytes, payload: bytes) -> None:
        outlet.write(HEAD.pack(kind, len(payload)) + payload)
        outlet.flush()

    for line in sys.stdin.buffer:
        request = json.loads(line)
        try:
            answer = _TASKS[request.pop("task")](path, data, lambda p: send(SOUND, p), **request)
        except WorkbenchError as error:
            send(ERROR, json.dumps(error.to_dict()).encode())
        else:
            send(RESULT, json.dumps(answer).encode())


def _info(path: str, data: str | None, _sound: Callable[[bytes], None]) -> dict[str, Any]:
    with loaded(path, data) as library:
        number, folder = library.info()
        return {"number": number, "data": str(folder), "voices": library.voices()}


def _speak(
    path: str,
    data: str | None,
    sound: Callable[[bytes], None],
    *,
    text: str,
    spans: list[tuple[int, int, bool]],
    voice: str,
    settings: dict[str, Any],
) -> dict[str, Any]:
    room = _LONGEST * RATE * 2
    variant = settings["variant"]

    def limited(piece: bytes) -> None:
        nonlocal room
        room -= len(piece)
        if room < 0:
            raise TextError(
                f"takes more than {_LONGEST:,} s to say",
                subject=text[:40],
                cure="break it into several lines",
            )
        sound(piece)

    with loaded(path, data) as library:
        if not library.choose(f"{voice}+{variant}" if variant else voice):
            raise ModelError("refused its voice", subject=f"espeak {voice}")
        for option, parameter in _PARAMETERS.items():
            limit = _FASTEST if option == "rate" else settings[option]
            library.set(parameter, min(settings[option], limit))
        tokens = [Token(text=text[a:b], start=a, end=b, space=space) for a, b, space in spans]
        ready = spoken(text, tokens, library.phonemes)
        if not any(ready.phonemes):
            raise nothing(text)
        last = len(ready.places) - 1
        events = [
            event._replace(position=ready.places[min(event.position, last)])
            for event in library.synthesize(ready.text, limited)
        ]
    return {"phonemes": ready.phonemes, "events": events}


_TASKS: dict[str, Callable[..., dict[str, Any]]] = {"info": _info, "speak": _speak}
