"""How much work a video is worth: a draft, a preview, or the file that is published."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from workbench.errors import ParameterError, suggest
from workbench.media.limits import number

__all__ = ["PRESETS", "RenderPreset", "find_preset"]

_SMALLEST, _LARGEST = 16, 8192  # pixels of a side


@dataclass(frozen=True, kw_only=True)
class RenderPreset:
    """Size, speed and bitrates of a rendering; the speech is the same in all of them.

    The old system spoke its drafts 1.5 times as fast, and never used the bitrates it declared.

    Parameters
    ----------
    name
        ``draft``, ``preview`` or ``production``.
    scale
        Of the full width and height, at most.
    side
        Pixels of the shorter side, at most; 0 for no limit.
    speed
        x264's own preset.
    crf
        x264's constant rate factor, 0 to 51; chosen at equal VMAF, see ``docs/encoders.md``.
    audio
        Bitrate of the sound in kbit/s.
    """

    name: str
    scale: float
    side: int
    speed: str
    crf: int
    audio: int

    def scaled(self, width: int, height: int) -> tuple[int, int]:
        """Return the size at which a video of this size is encoded.

        The aspect is kept to the pixel that even sides allow; nothing is enlarged.

        Raises
        ------
        ParameterError
            When a side is not 16 to 8,192 pixels.

        Examples
        --------
        >>> PRESETS["draft"].scaled(1080, 1920), PRESETS["preview"].scaled(1920, 1080)
        ((540, 960), (1280, 720))
        >>> PRESETS["preview"].scaled(320, 240)
        (320, 240)
        """
        for name, value in (("width", width), ("height", height)):
            number(name, value, _SMALLEST, _LARGEST, unit="px")
        limit = self.side / min(width, height) if self.side else 1.0
        factor = min(1.0, self.scale, limit)
        if factor == 1.0:
            return width, height
        short = max(_SMALLEST, round(min(width, height) * factor / 2) * 2)
        # From the short side as it came out, so that rounding it does not bend the picture.
        long = round(max(width, height) * short / min(width, height) / 2) * 2
        return (short, long) if width <= height else (long, short)

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values."""
        return dict(vars(self))


PRESETS: dict[str, RenderPreset] = {
    preset.name: preset
    for preset in (
        RenderPreset(name="draft", scale=0.5, side=540, speed="ultrafast", crf=25, audio=96),
        RenderPreset(name="preview", scale=1.0, side=720, speed="superfast", crf=23, audio=128),
        RenderPreset(name="production", scale=1.0, side=0, speed="veryfast", crf=20, audio=160),
    )
}
"""The three by name, the quickest first."""


def find_preset(name: str | RenderPreset) -> RenderPreset:
    """Return the preset of that name.

    Raises
    ------
    ParameterError
        When there is none.

    Examples
    --------
    >>> find_preset("draft").speed
    'ultrafast'
    """
    if isinstance(name, RenderPreset):
        return name
    found = PRESETS.get(str(name))
    if found is None:
        raise ParameterError(
            f"{name!r} is not one of {', '.join(PRESETS)}",
            subject="preset",
            cure=suggest(str(name), PRESETS),
        )
    return found
