"""`play`: one thing, or several side by side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from workbench.errors import ParameterError

if TYPE_CHECKING:
    from workbench.widgets.player import Player
    from workbench.widgets.stack import Stack

__all__ = ["play"]


def play(*values: object, **options: Any) -> Player | Stack:
    """Return a player of a value, or of several one under the other with one position.

    Parameters
    ----------
    *values
        Takes, narrations, sounds, videos or paths of media files; or one mapping from labels to
        them.
    **options
        Of one, see `workbench.widgets.player.Player.of`: ``cues`` and ``speed``. Of several, see
        `workbench.widgets.stack.Stack`: ``labels``, ``measures``, ``align`` and ``speed``.

    Raises
    ------
    ParameterError
        When there is nothing to play, or an option is not known.
    MediaNotFound, MediaError
        When a path leads to no media file.

    Examples
    --------
    >>> import workbench as wb
    >>> slow, fast = wb.speak("One, two.", rate=120), wb.speak("One, two.", rate=240)
    >>> play(slow, speed=0.5).speed
    0.5
    >>> play({"slow": slow, "fast": fast}).labels
    ('slow', 'fast')
    """
    if not values:
        raise ParameterError("needs something to play", subject="play")
    if len(values) == 1 and not isinstance(values[0], Mapping):
        from workbench.widgets.player import Player

        return Player.of(values[0], **options)
    from workbench.widgets.stack import Stack

    first = values[0]
    return Stack(first if isinstance(first, Mapping) and len(values) == 1 else values, **options)
