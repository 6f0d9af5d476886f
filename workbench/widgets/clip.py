"""What there is to play: sound or video with its words and cues, whatever value it came from."""

from __future__ import annotations

import os
import secrets
import threading
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np

from workbench.audio import Audio
from workbench.errors import MediaError, MediaNotFound, MediaTooLarge, ParameterError
from workbench.media.outline import Outline, kept_outline, outline, rough_outline
from workbench.take import Narration, Take
from workbench.widgets.made import found_for, of_file
from workbench.widgets.values import of_audio, of_narration, of_rendered, of_take

if TYPE_CHECKING:
    from collections.abc import Iterable

    from workbench.media.outline import Peaks
    from workbench.media.rendered import RenderedVideo
    from workbench.timing import Word

__all__ = ["MAX_BYTES", "Caption", "Clip", "notebook_folder"]

MAX_BYTES = 50_000_000
"""The most that is sent through a kernel: a file beyond it is played by its address alone."""

_HASHED = 200_000_000  # bytes that are looked through while a cell waits, 0.2 s

_MIMES = {
    ".mp3": "audio/mpeg",
    ".wav": "audio/wav",
    ".flac": "audio/flac",
    ".ogg": "audio/ogg",
    ".m4a": "audio/mp4",
    ".m4b": "audio/mp4",
    ".mp4": "video/mp4",
    ".m4v": "video/mp4",
    ".mov": "video/quicktime",
    ".webm": "video/webm",
}


class Caption(Protocol):
    """Text shown from `start` to `end` seconds, such as a `workbench.captions.cues.Cue`."""

    @property
    def start(self) -> float: ...  # noqa: D102
    @property
    def end(self) -> float: ...  # noqa: D102
    @property
    def text(self) -> str: ...  # noqa: D102


@dataclass(frozen=True, kw_only=True, eq=False)
class Clip:
    r"""Media, the words spoken in it, and how to get at its bytes.

    Parameters
    ----------
    kind
        ``audio`` or ``video``.
    duration
        Seconds, 0 where only a player will tell.
    text
        A line for a person: what is said, or the file's name.
    about
        The rest of that line: the voice, the number of words, the picture's size.
    words
        In order, with their times in seconds.
    breaks
        Which of the words begin a line.
    cues
        Captions, in order.
    captioned
        Whether the picture shows them already: a video then begins with its own turned off.
    language
        A BCP 47 tag, empty when not known.
    notes
        What a listener should know.
    audio
        The sound, where it is at hand.
    path
        The file, where there is one.
    size
        Width and height in pixels, zeros where not known.
    fps
        Frames a second of a video, 0 where not known.
    silent
        Whether a video has no sound.
    rendered
        What can draw the video's poster, where it is not to be taken from the file.

    Examples
    --------
    >>> import workbench as wb
    >>> clip = Clip.of(wb.speak("Hello, world.\nIt works."))
    >>> clip.text, clip.about.partition(" s, ")[2], clip.breaks
    ('Hello, world. It works.', '2 lines, 4 words, espeak:en-us', (0, 2))
    """

    kind: Literal["audio", "video"]
    duration: float
    text: str
    about: str
    words: tuple[Word, ...] = ()
    breaks: tuple[int, ...] = ()
    cues: tuple[Caption, ...] = ()
    captioned: bool = False
    language: str = ""
    notes: tuple[str, ...] = ()
    audio: Audio | None = None
    path: Path | None = None
    size: tuple[int, int] = (0, 0)
    fps: float = 0.0
    silent: bool = False
    rendered: RenderedVideo | None = None

    @classmethod
    def of(
        cls,
        value: object,
        *,
        cues: Iterable[Caption] | None = None,
        words: Iterable[Word] | None = None,
    ) -> Clip:
        """Return what there is to play of `value`.

        Parameters
        ----------
        value
            A `Take`, `Narration` or `Audio`, a rendered video, what a tool made (merged or cut
            clips, a sound taken out, an audiobook, a mix), or the path of a media file.
        cues
            Captions to show with it, in place of the value's own.
        words
            What is said in it, such as a recogniser has heard, in place of the value's own.

        Raises
        ------
        ParameterError
            When `value` is nothing that plays.
        MediaNotFound, MediaError
            When a path leads to no media file.
        """
        given: dict[str, Any] = {} if words is None else {"words": tuple(words), "breaks": ()}
        shown = None if cues is None else tuple(cues)
        if isinstance(value, Clip):
            given |= {} if shown is None else {"cues": shown}
            return replace(value, **given) if given else value
        found: dict[str, Any] | None
        if isinstance(value, Take):
            found = of_take(value)
        elif isinstance(value, Narration):
            found = of_narration(value)
        elif isinstance(value, Audio):
            found = of_audio(value)
        elif isinstance(value, str | os.PathLike):
            found = of_file(Path(value))
        else:
            found = of_rendered(value, shown) or found_for(value)
        if found is not None:
            return cls(**{"cues": shown or (), **found, **given})
        raise ParameterError(
            f"{type(value).__name__} is nothing that plays",
            subject="player",
            cure="give a Take, a Narration, an Audio, a rendered video or the path of a file; "
            "captions go with their narration, as in Player.of(narration, cues=cues)",
        )

    @cached_property
    def uid(self) -> str:
        """What the page calls it: random, so that it tells nothing of what it is."""
        return secrets.token_hex(4)

    @property
    def mime(self) -> str:
        """The type of what `media` returns."""
        if self.path is None or self._to_encode:
            return "audio/mpeg"
        return _MIMES.get(self.path.suffix.lower(), f"{self.kind}/mp4")

    @property
    def _to_encode(self) -> bool:
        """Whether MP3 is made of the file's sound: where it is read already, or is too large."""
        if self.path is None or self.kind == "video" or self.path.suffix.lower() == ".mp3":
            return False
        if self.audio is not None:
            return True
        return self.path.is_file() and self.path.stat().st_size > MAX_BYTES

    # -- its outline --------------------------------------------------------------------------

    def peaks(self, columns: int) -> Peaks:
        """Return what is known of the outline without waiting, shape ``(columns, 2)``.

        The exact one where the sound is at hand or its file was read before, a rough one of a long
        recording, an empty one of a video and of what is no sound.
        """
        return self.audio.peaks(columns) if self.audio else self.known.peaks(columns)

    @property
    def exact(self) -> bool:
        """Whether `peaks` looks at every sample; else `outline` has more to tell."""
        return self.audio is not None or self.known.exact

    def outline(
        self, columns: int, *, start: float = 0.0, end: float | None = None
    ) -> tuple[Peaks, float]:
        """Return the exact outline of a part and the seconds of the whole; a long file is read.

        Raises
        ------
        MediaError
            When the file is gone, damaged or has no sound.
        """
        if self.audio is not None:
            last = self.audio.duration if end is None else end
            return self.audio.cut(start, last).peaks(columns), self.audio.duration
        if self.path is None:
            raise MediaNotFound("has no sound", subject=self.text)
        found = outline(self.path)
        return found.peaks(columns, start=start, end=end), found.duration

    @cached_property
    def known(self) -> Outline:
        """What is known of the outline of a file without waiting; see `peaks`."""
        nothing = Outline(values=np.zeros((0, 2), np.int8), duration=0.0)
        if self.path is None or self.silent:
            return nothing
        try:
            kept = kept_outline(self.path) if self.path.stat().st_size <= _HASHED else None
            if kept is not None:
                return kept
            if self.kind == "video":
                return replace(nothing, exact=False)
            return rough_outline(self.path, self.duration)
        except (OSError, MediaError):  # what plays may be none of what is decoded here
            return nothing

    # -- its bytes ----------------------------------------------------------------------------

    @property
    def media(self) -> bytes:
        """The bytes of a file that browsers play: MP3 for sound, a video's own.

        Raises
        ------
        MediaNotFound
            When the file is gone.
        MediaTooLarge
            When it is more than `MAX_BYTES`.
        """
        with self._encoding:  # of two views one encodes, and no other clip waits for it
            if "_bytes" not in self.__dict__:
                self.__dict__["_bytes"] = self._playable()
            data: bytes = self.__dict__["_bytes"]
            return data

    @cached_property
    def _encoding(self) -> threading.Lock:
        return threading.Lock()

    def _playable(self) -> bytes:
        sound = self.audio
        if sound is None and self.path is not None and self._to_encode:
            from workbench.media.recording import read_sound

            sound = read_sound(self.path)
        if self.mime == "audio/mpeg" and sound is not None:
            data = sound.encode(".mp3")
            self._check_size(len(data))
            return data
        if self.path is None or not self.path.is_file():
            raise MediaNotFound("the file is gone", subject=str(self.path), cure="render it again")
        self._check_size(self.path.stat().st_size)
        return self.path.read_bytes()

    def _check_size(self, size: int) -> None:
        if size > MAX_BYTES:
            raise MediaTooLarge(
                f"{size / 1e6:.0f} MB is too much to send through the kernel, which takes "
                f"{MAX_BYTES / 1e6:.0f} MB",
                subject=self.path.name if self.path else self.text,
                cure="save it in the notebook's folder, where the player finds it by its address",
            )

    @property
    def address(self) -> str:
        """The file's path as seen from the notebook, empty when it is not below its folder."""
        if self.path is None:
            return ""
        path, folder = self.path.resolve(), notebook_folder()
        return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else ""

    @property
    def version(self) -> str:
        """What changes when the file does."""
        try:
            state = self.path.stat() if self.path else None
        except OSError:
            return ""
        return f"{state.st_mtime_ns:x}-{state.st_size:x}" if state else ""


def notebook_folder() -> Path:
    """Return the folder of the running notebook, else the working directory.

    A notebook may change its directory; Jupyter tells every kernel where the notebook is.
    """
    notebook = Path(os.environ.get("JPY_SESSION_NAME", ""))
    if notebook.is_absolute() and notebook.parent.is_dir():
        return notebook.parent.resolve()
    return Path.cwd()
