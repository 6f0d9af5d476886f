"""What is read: captions, chapters, tags."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, replace
from os import PathLike
from typing import TYPE_CHECKING, Any, Literal, Self

from workbench.captions.languages import three_letters
from workbench.errors import ParameterError, suggest
from workbench.media import graph
from workbench.media.chapters import Chapter, check_chapters, clean, ffmetadata, from_narration
from workbench.media.limits import number
from workbench.media.video.sounds import Sounds
from workbench.paths import user_path
from workbench.storage.receipt import digest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from workbench.captions.ass import Prepared
    from workbench.captions.cues import Cues
    from workbench.captions.styles import Style
    from workbench.media.timeline import Shot, Timeline

__all__ = ["Words"]

_TAGS = ("title", "artist", "album", "genre", "date", "comment", "description", "copyright")


@dataclass(frozen=True)
class Words(Sounds):
    """The part of a `workbench.media.video.Video` that is read."""

    _: KW_ONLY
    cues: Cues | None = None
    caption_file: tuple[Path, str] | None = None  # with its digest
    style: Style | None = None
    speakers: tuple[tuple[str, str], ...] | Literal["auto"] | None = None
    burned: bool = True
    soft: bool = False
    chapter_marks: tuple[Chapter, ...] | Literal["lines", "scenes"] = ()
    tag_values: tuple[tuple[str, str], ...] = ()

    def captions(
        self,
        style: str | Style | None = "karaoke",
        *,
        cues: Cues | str | PathLike[str] | None = None,
        burn: bool = True,
        soft: bool = False,
        speakers: Mapping[str, str] | Literal["auto"] | None = None,
        **changes: Any,
    ) -> Self:
        """Show captions: drawn into the picture, as a track a viewer may switch on, or both.

        Parameters
        ----------
        style
            The name of a style (`workbench.captions.styles.STYLES`), or a `Style`; None or
            ``"off"`` for no captions at all.
        cues
            What to show, or the caption file that says it; by default the narration's words. Their
            times are counted from where the narration begins.
        burn
            Whether to draw them into the picture. Where not, the style says only how long their
            lines are.
        soft
            Whether to put them into the file as a track of its own (``mov_text``).
        speakers
            Colours by speaker, or ``"auto"`` for one each from a palette.
        **changes
            Fields of the style to change, such as ``font="DejaVu Serif"`` or ``size=6``.

        Raises
        ------
        ParameterError
            When there is no such style or field.
        MediaNotFound, TextError
            When the caption file cannot be read.
        """
        from workbench.captions.cues import Cues
        from workbench.captions.styles import rgba
        from workbench.captions.styles import style as find_style

        if style is None or style == "off":
            if changes or cues is not None or soft:
                name = next(iter(changes), "cues" if cues is not None else "soft")
                raise ParameterError("is for captions, and they are off", subject=name)
            return replace(
                self,
                style=None,
                cues=None,
                caption_file=None,
                burned=True,
                soft=False,
                speakers=None,
            )
        if not burn and not soft:
            raise ParameterError(
                "are neither drawn nor a track", subject="captions", cure="use style='off'"
            )
        if not burn and (changes or speakers is not None):
            name = next(iter(changes), "speakers")
            raise ParameterError("is for captions that are drawn", subject=name)
        chosen = find_style(style)
        shown, file = cues, None
        if isinstance(shown, str | PathLike):
            path = user_path(shown).absolute()
            shown = Cues.read(path)
            file = (path, digest(path))
        elif shown is not None and not isinstance(shown, Cues):
            raise ParameterError(
                f"must be Cues or a file's name, not {type(shown).__name__}", subject="cues"
            )
        colours: tuple[tuple[str, str], ...] | Literal["auto"] | None
        if speakers is None or speakers == "auto":
            colours = speakers
        elif isinstance(speakers, str):
            cure = suggest(speakers, ("auto",)) or "use 'auto', or colours by name"
            raise ParameterError(f"cannot be {speakers!r}", subject="speakers", cure=cure)
        else:
            colours = tuple((str(name), colour) for name, colour in speakers.items())
            for _, colour in colours:
                rgba(colour, name="speakers")
        return replace(
            self,
            style=chosen.but(**changes) if changes else chosen,
            burned=burn,
            cues=shown,
            caption_file=file,
            soft=soft,
            speakers=colours,
        )

    def chapters(
        self, marks: Sequence[Chapter | tuple[float, str]] | Literal["lines", "scenes"]
    ) -> Self:
        """Mark chapters that players list.

        Parameters
        ----------
        marks
            Chapters, or pairs of the second at which one begins and its title; ``"lines"`` for one
            a line of the narration, ``"scenes"`` for one a scene.

        Raises
        ------
        ParameterError
            When the times are not in order.
        """
        if isinstance(marks, str):
            if marks not in {"lines", "scenes"}:
                cure = suggest(marks, ("lines", "scenes")) or "use 'lines', 'scenes' or pairs"
                raise ParameterError(f"cannot be {marks!r}", subject="chapters", cure=cure)
            return replace(self, chapter_marks=marks)
        found = []
        for mark in marks:
            if isinstance(mark, Chapter):
                found.append(mark)
                continue
            start, title = mark
            found.append(Chapter(start=number("start", start, 0, 1e6, unit="s"), title=str(title)))
        return replace(self, chapter_marks=tuple(found))

    def tags(self, **values: str) -> Self:
        """Write tags into the file: title, artist, album, genre, date, comment and others.

        Raises
        ------
        ParameterError
            When there is no such tag, or a value is no text of at most 1000 letters.
        """
        for name in values:
            if name not in _TAGS:
                cure = suggest(name, _TAGS) or f"there are {', '.join(_TAGS)}"
                raise ParameterError("is no tag", subject=name, cure=cure)
        cleaned = {name: clean(name, text) for name, text in values.items()}
        merged = {**dict(self.tag_values), **cleaned}
        return replace(self, tag_values=tuple(merged.items()))

    # -- what rendering asks ------------------------------------------------------------------

    def caption_cues(self, timeline: Timeline) -> Cues | None:
        """Return the captions on the video's clock, None when there are none."""
        if self.style is None:
            return None
        if self.cues is not None:
            return self.cues.shift(timeline.lead)
        narration = timeline.narration
        if narration is None or not narration.words:
            raise ParameterError(
                "have no words to show",
                subject="captions",
                cure="add a narration, or give cues=Cues.read('captions.srt')",
            )
        from workbench.captions.cues import caption

        canvas = self.canvas
        return caption(narration, style=self.style, width=canvas.width, height=canvas.height)

    def drawn(self, cues: Cues | None, width: int, height: int) -> Prepared | None:
        """Return captions and titles ready to be drawn on a frame, None for nothing."""
        burned = cues if self.burned else None
        if burned is None and not self.titles:
            return None
        from workbench.captions.ass import prepare

        speakers = self.speakers
        return prepare(
            burned,
            self.style or "plain",
            width,
            height,
            titles=self.titles,
            speakers=speakers if speakers is None or speakers == "auto" else dict(speakers),
        )

    def subtitle_language(self, cues: Cues | None) -> str:
        """Return the language of the caption track in three letters, empty without one."""
        if not self.soft or cues is None:
            return ""
        return three_letters(cues.language)

    def chapters_of(self, timeline: Timeline) -> tuple[Chapter, ...]:
        """Return the chapters on the video's clock."""
        if self.chapter_marks == "scenes":
            return tuple(
                Chapter(start=shot.first / timeline.fps, title=_title(shot, number))
                for number, shot in enumerate(timeline.shots, start=1)
            )
        if self.chapter_marks == "lines":
            if timeline.narration is None:
                raise ParameterError("need a narration for its lines", subject="chapters")
            return from_narration(timeline.narration, by="line")
        return check_chapters(self.chapter_marks, timeline.duration)

    def stage_texts(self, timeline: Timeline, cues: Cues | None, folder: Path) -> None:
        """Put the caption track, chapters and tags where the join finds them."""
        if self.soft and cues is not None:
            (folder / graph.SUBTITLES).write_text(cues.to_srt(), encoding="utf-8")
        chapters, tags = self.chapters_of(timeline), dict(self.tag_values)
        if chapters or tags:
            text = ffmetadata(chapters, timeline.duration, tags)
            (folder / graph.METADATA).write_bytes(text.encode())  # it may hold a NUL


def _title(shot: Shot, number: int) -> str:
    """Return what a scene's chapter is called: as its file, where it has one with a name."""
    path = shot.scene.path
    name = path.stem.strip() if path.is_absolute() else ""
    return name or f"Scene {number}"
