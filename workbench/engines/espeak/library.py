"""libespeak-ng through ctypes: its functions, structures and events.

Only the worker process loads it (see `espeak.process`): what the library does to memory that is not
its own, it does there.
"""

from __future__ import annotations

import _ctypes
import contextlib
import ctypes
import os
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from workbench.errors import EngineMissing, ModelError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["PHONEME", "RATE", "WORD", "Event", "Library", "RawVoice", "loaded"]

RATE = 22_050
"""Frames per second of everything espeak says."""

WORD, PHONEME = 1, 7
"""The kinds of event that matter here (``espeak_EVENT_TYPE`` in speak_lib.h)."""

_SYNCHRONOUS, _PHONEME_EVENTS, _DONT_EXIT = 2, 0x0001, 0x8000
_UTF8, _END_PAUSE = 0x0001, 0x1000
_PIECE = 100  # milliseconds of sound in one callback
# The library keeps the name of its data folder in 160 bytes, and a longer one it does not use.
_LONGEST_PATH = 140
_SEPARATOR = "\x1f"
# What has no sound of its own: pauses, and changes of language. The separator may lack after one.
_UNHEARD = re.compile(r"(?:_[:!|]*|\([a-z0-9-]+\))*")


class Event(NamedTuple):
    """Something that happens at a sample.

    Parameters
    ----------
    kind
        ``WORD`` or ``PHONEME``.
    position
        Where the word starts in the text, in letters, from 0.
    sample
        Frames from the start of the sound.
    name
        The phoneme in espeak's spelling; those that start with ``_`` are pauses.
    """

    kind: int
    position: int
    sample: int
    name: str = ""


class RawVoice(NamedTuple):
    """A voice as the library lists it; `languages` are pairs of priority (low is best) and tag."""

    label: str
    identifier: str
    languages: tuple[tuple[int, str], ...]


class _Id(ctypes.Union):
    _fields_ = [("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8)]


class _Event(ctypes.Structure):
    _fields_ = [
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _Id),
    ]


class _Voice(ctypes.Structure):
    _fields_ = [
        ("name", ctypes.c_char_p),
        ("languages", ctypes.c_void_p),
        ("identifier", ctypes.c_char_p),
        ("gender", ctypes.c_ubyte),
        ("age", ctypes.c_ubyte),
        ("variant", ctypes.c_ubyte),
        ("xx1", ctypes.c_ubyte),
        ("score", ctypes.c_int),
        ("spare", ctypes.c_void_p),
    ]


_Callback = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
)


class Library:
    """The library as it stands loaded; see `loaded`."""

    def __init__(self, handle: ctypes.CDLL) -> None:
        self._handle = handle
        handle.espeak_Info.restype = ctypes.c_char_p
        handle.espeak_ListVoices.restype = ctypes.POINTER(ctypes.POINTER(_Voice))
        handle.espeak_TextToPhonemes.restype = ctypes.c_char_p
        handle.espeak_Synth.argtypes = [
            ctypes.c_char_p,
            ctypes.c_size_t,
            ctypes.c_uint,
            ctypes.c_int,
            ctypes.c_uint,
            ctypes.c_uint,
            ctypes.c_void_p,
            ctypes.c_void_p,
        ]

    def info(self) -> tuple[str, Path]:
        """Return the version and the data folder."""
        folder = ctypes.c_char_p()
        number = self._handle.espeak_Info(ctypes.byref(folder))
        return number.decode().split()[0], Path(os.fsdecode(folder.value or b""))

    def voices(self) -> list[RawVoice]:
        """Return every voice; variants are not among them."""
        rows = self._handle.espeak_ListVoices(None)
        found: list[RawVoice] = []
        while rows[len(found)]:
            row = rows[len(found)].contents
            languages = tuple(_languages(row.languages))
            found.append(RawVoice(row.name.decode().strip(), row.identifier.decode(), languages))
        return found

    def choose(self, identifier: str) -> bool:
        """Speak with that voice from now on; whether there is one of that name."""
        status: int = self._handle.espeak_SetVoiceByName(identifier.encode())
        return status == 0

    def set(self, parameter: int, value: int) -> None:
        """Set a parameter by its number (``espeak_PARAMETER`` in speak_lib.h)."""
        if self._handle.espeak_SetParameter(parameter, value, 0) != 0:
            raise ModelError(f"refused {value} for its parameter {parameter}", subject="espeak")

    def phonemes(self, text: str) -> list[int]:
        """Return how many phonemes each spoken word of `text` has, pauses left out."""
        data = ctypes.create_string_buffer(text.encode())
        place = ctypes.c_char_p(ctypes.addressof(data))
        counts: list[int] = []
        while place.value is not None:  # one clause at a time
            spelt = self._handle.espeak_TextToPhonemes(
                ctypes.byref(place), _UTF8, ord(_SEPARATOR) << 8
            )
            for word in (spelt or b"").decode(errors="replace").split(" "):
                names = (_UNHEARD.sub("", name, count=1) for name in word.split(_SEPARATOR))
                counts.append(sum(name != "" for name in names))
        return [count for count in counts if count]

    def synthesize(self, text: str, sound: Callable[[bytes], None]) -> list[Event]:
        """Speak `text` and return the events.

        Parameters
        ----------
        text
            Without NUL; it is never read as SSML, nor ``[[…]]`` as phonemes.
        sound
            Gets little-endian 16-bit mono PCM piece by piece. What it raises ends the speech and is
            raised here.
        """
        events: list[Event] = []
        raised: list[BaseException] = []

        def callback(wave: Any, count: int, rows: Any) -> int:
            try:
                events.extend(_events(rows))
                if count > 0 and wave:  # the last call of all has neither
                    sound(ctypes.string_at(wave, 2 * count))
            except BaseException as error:  # noqa: BLE001 - ctypes would print it and go on
                raised.append(error)
            return 1 if raised else 0

        kept = _Callback(callback)  # the library holds only its address
        self._handle.espeak_SetSynthCallback(kept)
        data = text.encode()
        flags = _UTF8 | _END_PAUSE
        status = self._handle.espeak_Synth(data, len(data) + 1, 0, 1, 0, flags, None, None)
        if raised:
            raise raised[0]
        if status != 0:
            raise ModelError(f"could not speak (status {status})", subject="espeak")
        return events


def _events(rows: Any) -> Iterator[Event]:
    index = 0
    while (row := rows[index]).type != 0:
        if row.type in {WORD, PHONEME}:
            name = row.id.string.decode(errors="replace") if row.type == PHONEME else ""
            yield Event(row.type, max(row.text_position - 1, 0), row.sample, name)
        index += 1


def _languages(address: int) -> Iterator[tuple[int, str]]:
    """Yield priority and tag: a byte and a C string each, a zero byte after the last."""
    while priority := ctypes.string_at(address, 1)[0]:
        tag = ctypes.string_at(address + 1)
        yield priority, tag.decode()
        address += 2 + len(tag)


@contextlib.contextmanager
def loaded(path: str, data: str | None) -> Iterator[Library]:
    """Load the library, and unload it at the end.

    It keeps all its state in static variables, so it is loaded afresh for each utterance: nothing
    short of that makes its samples repeatable (4 ms; in 1.52 a second utterance of the same text
    differs by up to 22 of 32,768).

    Parameters
    ----------
    path
        The library.
    data
        Its data folder; None where the library knows it.

    Raises
    ------
    EngineMissing
        When it cannot be loaded, or its data cannot be read.
    """
    with contextlib.ExitStack() as stack:
        if data is not None and len(os.fsencode(data)) > _LONGEST_PATH:
            short = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="wb-"))) / "data"
            short.symlink_to(data)
            data = str(short)
        try:
            handle = ctypes.CDLL(path)
        except OSError as error:
            raise _missing(f"its library cannot be loaded ({error})") from error
        stack.callback(_ctypes.dlclose, handle._handle)  # noqa: SLF001 - ctypes has no other way
        folder = None if data is None else os.fsencode(data)
        flags = _PHONEME_EVENTS | _DONT_EXIT
        if handle.espeak_Initialize(_SYNCHRONOUS, _PIECE, folder, flags) != RATE:
            raise _missing("its data cannot be read")
        stack.callback(handle.espeak_Terminate)
        yield Library(handle)


def _missing(problem: str) -> EngineMissing:
    cure = "pip install --force-reinstall espeakng-loader"
    return EngineMissing(problem, subject="espeak", cure=cure)
