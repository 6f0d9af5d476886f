"""What is seen and heard when, before anything is rendered: as a table, and as a picture."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workbench.errors import one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from workbench.media.timeline import Timeline
    from workbench.media.video import Video

__all__ = ["Plan", "Row", "plan"]

_TEXT = 60  # letters of a row's detail
_LANES = ("scene", "transition", "overlay", "title", "voice", "captions", "music", "effect")
_COLOURS = {
    "scene": "#3b6ea8", "transition": "#8aa9cf", "overlay": "#7a5ea8", "title": "#b0568c",
    "voice": "#2f8f6b", "captions": "#b58a1e", "music": "#a8623b", "effect": "#a83b3b",
}  # fmt: skip
_LANE, _LABEL, _AXIS = 34, 96, 26  # pixels
_PAPER = "#f6f7f9"


@dataclass(frozen=True, kw_only=True)
class Row:
    """One thing that is seen or heard.

    Parameters
    ----------
    kind
        ``scene``, ``transition``, ``overlay``, ``title``, ``voice``, ``captions``, ``music`` or
        ``effect``.
    start, end
        Seconds.
    name
        What it is called in the table.
    detail
        What else is known of it.
    """

    kind: str
    start: float
    end: float
    name: str
    detail: str


@dataclass(frozen=True, kw_only=True, repr=False)
class Plan:
    """A video's timeline, for a person to read.

    Parameters
    ----------
    rows
        In the order of the table.
    summary
        Size, rate, length and loudness.
    duration
        Seconds.
    """

    rows: tuple[Row, ...]
    summary: str
    duration: float

    def __str__(self) -> str:
        wide = max(len(row.name) for row in self.rows)
        lines = [
            f"{row.name:<{wide}}  {f'{row.start:.2f}-{row.end:.2f} s':>14}  {row.detail}"
            for row in self.rows
        ]
        return "\n".join([*lines, self.summary])

    def __repr__(self) -> str:
        return f"Plan({len(self.rows)} rows, {self.summary})"

    def to_dict(self) -> dict[str, Any]:
        """Return the plan as plain values, for JSON."""
        return {
            "duration": self.duration,
            "summary": self.summary,
            "rows": [dict(vars(row)) for row in self.rows],
        }

    def picture(self, width: int = 960) -> bytes:
        """Return the timeline drawn, a lane for each kind, as the bytes of a PNG.

        Parameters
        ----------
        width
            Pixels, 320 to 4096.
        """
        from PIL import Image, ImageDraw, ImageFont

        from workbench.captions.fonts import find_font
        from workbench.media.limits import number

        width = int(number("width", width, 320, 4096, unit="px"))
        lanes = self._lanes()
        bottom = _LANE * len(lanes)
        image = Image.new("RGB", (width, bottom + _AXIS), _PAPER)
        draw = ImageDraw.Draw(image)
        font = ImageFont.truetype(str(find_font().path), 12)
        scale = (width - _LABEL - 12) / self.duration

        for second in _ticks(self.duration):
            across, label = _LABEL + second * scale, f"{second:g} s"
            draw.line((across, 0, across, bottom + 5), fill="#c4c8cf")
            beside = min(across + 3, width - 2 - draw.textlength(label, font))
            draw.text((beside, bottom + 6), label, fill="#555555", font=font)
        for index, rows in enumerate(lanes):
            top = index * _LANE
            kind = rows[0].kind
            if index == 0 or lanes[index - 1][0].kind != kind:
                draw.text((10, top + 10), kind, fill="#333333", font=font)
            for row, following in zip(rows, [*rows[1:], None], strict=True):
                left = _LABEL + row.start * scale
                right = max(left + 2, _LABEL + min(row.end, self.duration) * scale)
                box = (left, top + 4, right - 1, top + _LANE - 4)
                draw.rounded_rectangle(box, 4, fill=_COLOURS[kind], outline=_PAPER)
                until = right if following is None else min(right, _LABEL + following.start * scale)
                text = _shortened(row.detail, lambda t: draw.textlength(t, font), until - left - 10)
                draw.text((left + 5, top + 10), text, fill="white", font=font)
        buffer = io.BytesIO()
        image.save(buffer, "PNG", optimize=True)
        return buffer.getvalue()

    def _lanes(self) -> list[list[Row]]:
        """Return the rows of each lane; what would hide another one of its kind has its own."""
        lanes: list[list[Row]] = []
        for kind in _LANES:
            mine: list[list[Row]] = []
            for row in sorted((row for row in self.rows if row.kind == kind), key=_start):
                for lane in mine:
                    if kind == "scene" or lane[-1].end <= row.start + 1e-6:
                        lane.append(row)
                        break
                else:
                    mine.append([row])
            lanes += mine
        return lanes


def _start(row: Row) -> float:
    return row.start


def _shortened(text: str, wide: Callable[[str], float], room: float) -> str:
    """Return a text that fits, with an ellipsis where something is left out; or none."""
    if wide(text) <= room:
        return text
    while text and wide(f"{text}…") > room:
        text = text[:-1].rstrip(" ,")
    return f"{text}…" if text else ""


def _ticks(duration: float) -> Iterator[float]:
    """Yield round numbers of seconds, at most eleven."""
    step = next(
        s * 10**power for power in range(-2, 6) for s in (1, 2, 5) if s * 10**power >= duration / 10
    )
    for number in range(int(duration / step) + 1):
        yield round(number * step, 3)


def plan(video: Video) -> Plan:
    """Return the plan of a video; see `workbench.media.video.Video.plan`."""
    timeline = video.timeline()
    end = timeline.duration
    rows = (
        *_pictures(video, timeline),
        *_laid_over(video, timeline),
        *_words(video, timeline),
        *_sounds(video, timeline),
    )
    return Plan(rows=rows, summary=_summary(video, end), duration=end)


def _pictures(video: Video, timeline: Timeline) -> Iterator[Row]:
    fps = timeline.fps
    pictures = {name for name, _, _ in video.pictures}
    for number, shot in enumerate(timeline.shots, start=1):
        scene = shot.scene
        drawn = scene.sha256 in pictures
        about = ["picture" if drawn else one_line(scene.path.name, limit=_TEXT)]
        if scene.paint is not None:
            about = [str(scene.paint)]
        if scene.role != "main":
            about.append(scene.role)
        if scene.kind in {"image", "colour"}:
            about.append(scene.move.name)
        if shot.enter:
            begin = shot.first / fps
            yield Row(
                kind="transition",
                start=begin,
                end=begin + shot.enter / fps,
                name=f"  into {number}",
                detail=scene.transition,
            )
        yield Row(
            kind="scene",
            start=shot.first / fps,
            end=shot.last / fps,
            name=f"scene {number}",
            detail=", ".join([*about, scene.fit]),
        )


def _laid_over(video: Video, timeline: Timeline) -> Iterator[Row]:
    end = timeline.duration
    for overlay in video.overlays:
        _, last = overlay.frames(timeline.fps)
        until = end if last is None else min(end, last / timeline.fps)
        detail = one_line(overlay.path.name, limit=_TEXT)
        yield Row(kind="overlay", start=overlay.start, end=until, name="overlay", detail=detail)
    for title in video.titles:
        yield Row(
            kind="title",
            start=title.start,
            end=min(end, title.end or end),
            name=title.kind,
            detail=one_line(title.text, limit=_TEXT),
        )


def _words(video: Video, timeline: Timeline) -> Iterator[Row]:
    for start, narration in timeline.voices:
        for part in narration.parts:
            said = one_line(part.line.text or "a recording", limit=_TEXT)
            yield Row(
                kind="voice",
                start=start + part.start,
                end=start + part.end,
                name="voice",
                detail=f"{part.take.voice}: {said}",
            )
    cues = video.caption_cues(timeline)
    if cues:
        ways = [video.style.name] if video.style is not None and video.burned else []
        ways += ["as a track"] if video.soft else []
        many = f"{len(cues)} cue{'s' if len(cues) != 1 else ''}"
        yield Row(
            kind="captions",
            start=cues[0].start,
            end=cues[-1].end,
            name="captions",
            detail=", ".join([*ways, many]),
        )


def _sounds(video: Video, timeline: Timeline) -> Iterator[Row]:
    end = timeline.duration
    for sound in video.sounds:
        until = end if sound.loop else min(end, sound.start + sound.natural)
        about = [one_line(sound.name, limit=_TEXT), f"volume {sound.volume:g}"]
        if sound.duck:
            about.append(f"ducked by {sound.duck:g} dB")
        yield Row(
            kind=sound.kind,
            start=sound.start,
            end=until,
            name=sound.kind,
            detail=", ".join(about),
        )


def _summary(video: Video, seconds: float) -> str:
    from workbench.media.loudness import target_level

    canvas, timeline = video.canvas, video.timeline()
    told = [
        f"{canvas.width}x{canvas.height}",
        f"{canvas.fps} fps",
        f"{seconds:.2f} s",
        f"{timeline.frames} frames",
    ]
    target = video.target_loudness(timeline)
    if target is not None:
        told.append(f"{target_level(target):g} LUFS")
    elif not video.sounding(timeline):
        told.append("no sound")
    return ", ".join(told)
