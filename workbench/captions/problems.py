"""What a viewer would stumble over in a set of cues."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.captions.segment import SHORTEST, shown, usual_speed
from workbench.text.letters import count

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from workbench.captions.cues import Cue

__all__ = ["problems"]

_HASTE = 1.2  # a cue this much faster than the usual speed is worth a word
_SOON = 0.01  # seconds; shorter overlaps are rounding


def problems(
    cues: Sequence[Cue], *, letters: int, lines: int, reading_speed: float | None
) -> Iterator[str]:
    """Yield a sentence for each problem; see `Cues.problems`."""
    if reading_speed is None:
        reading_speed = _HASTE * usual_speed(word for cue in cues for word in cue.words)
    for number, cue in enumerate(cues, start=1):
        where = f"cue {number} ({cue.start:.1f} s)"
        if cue.reading_speed > reading_speed:
            pace = f"{cue.reading_speed:.0f} letters a second"
            yield f"{where}: {pace}, and a viewer reads {reading_speed:.0f}"
        elif cue.duration < SHORTEST / 2:
            yield f"{where}: stays only {cue.duration:.2f} s"
        longest = max(map(count, map(shown, cue.lines)))
        if longest > letters:
            yield f"{where}: a line of {longest} letters, and {letters} fit"
        if len(cue.lines) > lines:
            yield f"{where}: {len(cue.lines)} lines, and {lines} fit"
        over = cue.end - cues[number].start if number < len(cues) else 0.0
        if over > _SOON:
            yield f"{where}: overlaps the next by {over:.2f} s"
