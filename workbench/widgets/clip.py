"""What there is to play: sound or video with its words and cues, whatever value it came from."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from workbench.audio import Audio
from workbench.errors import MediaError, MediaNotFound, MediaTooLarge, ParameterError
from workbench.take import Narration, Take

if TYPE_CHECKING:
    from collections.abc import Iterable

    from workbench.media.rendered import RenderedVideo
    from workbench.timing import Word

__all__ = ["MAX_BYTES", "Caption", "Clip", "notebook_folder"]

MAX_BYTES = 50_000_000
"""The most that is sent through a kernel: a file beyond it is played by its address alone."""

_MIMES = {
    ".mp3": "audio/mpeg",
    ".wav": "audio/wav",
    ".flac": "audio/flac",
    ".ogg": "audio/ogg",
    ".m4a": "audio/mp4",
    ".mp4": "video/mp4",
    ".m4v": "video/mp4",
    ".mov": "video/quicktime",
    ".webm": "video/webm",
}
_LONG_LINE = 60


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
    rendered
        What can draw the video's poster.

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
    rendered: RenderedVideo | None = None

    @classmethod
    def of(cls, value: object, *, cues: Iterable[Caption] | None = None) -> Clip:
        """Return what there is to play of `value`.

        Parameters
        ----------
        value
            A `Take`, `Narration` or `Audio`, a rendered video, or the path of a media file.
        cues
            Captions to show with it, in place of the value's own.

        Raises
        ------
        ParameterError
            When `value` is nothing that plays.
        MediaNotFound, MediaError
            When a path leads to no media file.
        """
        shown = None if cues is None else tuple(cues)
        if isinstance(value, Clip):
            return value if shown is None else replace(value, cues=shown)
        if isinstance(value, Take):
            return cls(**_of_take(value), cues=shown or ())
        if isinstance(value, Narration):
            return cls(**_of_narration(value), cues=shown or ())
        if isinstance(value, Audio):
            about = repr(value)[len("Audio(") : -1]
            found: dict[str, Any] = {"duration": value.duration, "about": about, "audio": value}
            return cls(kind="audio", text="Sound", cues=shown or (), **found)
        if isinstance(value, str | os.PathLike):
            return cls(**_of_file(Path(value)), cues=shown or ())
        from workbench.media.rendered import RenderedVideo

        if isinstance(value, RenderedVideo):
            return cls(**_of_rendered(value, shown))
        raise ParameterError(
            f"{type(value).__name__} is nothing that plays",
            subject="player",
            cure="give a Take, a Narration, an Audio, a rendered video or the path of a file; "
            "captions go with their narration, as in Player.of(narration, cues=cues)",
        )

    @property
    def mime(self) -> str:
        """The type of what `media` returns."""
        if self.path is None or (self.audio is not None and self.path.suffix.lower() != ".mp3"):
            return "audio/mpeg"
        return _MIMES.get(self.path.suffix.lower(), f"{self.kind}/mp4")

    @cached_property
    def media(self) -> bytes:
        """The bytes of a file that browsers play: MP3 for sound, a video's own.

        Raises
        ------
        MediaNotFound
            When the file is gone.
        MediaTooLarge
            When it is more than `MAX_BYTES`.
        """
        if self.mime == "audio/mpeg" and self.audio is not None:
            data = self.audio.encode(".mp3")
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


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONG_LINE else f"{line[: _LONG_LINE - 1]}…"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _of_take(take: Take) -> dict[str, Any]:
    return {
        "kind": "audio",
        "duration": take.duration,
        "text": _short(take.text),
        "about": f"{take.duration:.1f} s, {_counted(len(take.words), 'word')}, {take.voice}",
        "words": take.words,
        "breaks": (0,) if take.words else (),
        "language": take.language,
        "notes": take.warnings,
        "audio": take.audio,
    }


def _of_narration(narration: Narration) -> dict[str, Any]:
    breaks, count = [], 0
    for part in narration.parts:
        breaks.append(count)
        count += len(part.take.words)
    voices = ", ".join(dict.fromkeys(str(part.take.voice) for part in narration.parts))
    facts = [
        f"{narration.duration:.1f} s",
        _counted(len(narration.parts), "line"),
        _counted(count, "word"),
        voices,
    ]
    return {
        "kind": "audio",
        "duration": narration.duration,
        "text": _short(narration.text),
        "about": ", ".join(facts),
        "words": narration.words,
        "breaks": tuple(dict.fromkeys(b for b in breaks if b < count)),
        "language": narration.language,
        "notes": narration.warnings,
        "audio": narration.audio,
    }


def _of_rendered(video: RenderedVideo, cues: tuple[Caption, ...] | None) -> dict[str, Any]:
    shown = tuple(video.cues or ()) if cues is None else cues
    facts = [f"{video.duration:.1f} s", f"{video.width}x{video.height}"]
    if shown:
        facts.append(_counted(len(shown), "caption"))
    return {
        "kind": "video",
        "duration": video.duration,
        "text": video.path.name,
        "about": ", ".join(facts),
        "words": video.words,
        "cues": shown,
        "captioned": cues is None,
        "notes": video.warnings,
        "path": video.path,
        "size": (video.width, video.height),
        "rendered": video,
    }


def _of_file(path: Path) -> dict[str, Any]:
    from workbench.media.probe import probe

    info = probe(path)
    if info.kind not in {"audio", "video"}:
        raise MediaError(f"is a picture ({info.format}): it does not play", subject=str(path))
    audio = None
    if info.kind == "audio":
        try:
            audio = Audio.read(path)
        except MediaError:  # such as M4A: browsers play it, only its outline is not drawn
            audio = None
    duration = audio.duration if audio else info.duration or 0.0
    size = (info.video.width, info.video.height) if info.video else (0, 0)
    facts = [f"{duration:.1f} s", *([f"{size[0]}x{size[1]}"] if info.kind == "video" else [])]
    return {
        "kind": info.kind,
        "duration": duration,
        "text": path.name,
        "about": ", ".join([path.name, *facts]),
        "path": path,
        "size": size,
        "audio": audio,
    }
