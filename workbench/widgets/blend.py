"""Voices that are blends of others, written ``af_heart*0.6+bf_emma*0.4``: as parts and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.errors import ParameterError, VoiceNotFound, shown, suggest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workbench.engines.base import Synthesizer

__all__ = ["blend_name", "can_blend", "parts_of", "with_share"]

_LEAST, _MOST = 0.01, 0.99  # of a voice in a blend


def can_blend(engine: Synthesizer) -> bool:
    """Return whether an engine takes blends of its voices.

    Examples
    --------
    >>> from workbench.engines.registry import engine
    >>> can_blend(engine("espeak")), can_blend(engine("kokoro"))
    (False, True)
    """
    names = [voice.name for voice in engine.voices()[:2]]
    if len(names) < 2:  # noqa: PLR2004 - a pair
        return False
    try:
        found = engine.find_voice(blend_name(dict.fromkeys(names, 0.5)))
    except VoiceNotFound:
        return False
    return "*" in found.name


def parts_of(name: str) -> dict[str, float]:
    """Return the voices of a blend and their shares, which sum to 1.

    Examples
    --------
    >>> parts_of("af_heart*0.6+bf_emma*0.4"), parts_of("af_heart")
    ({'af_heart': 0.6, 'bf_emma': 0.4}, {'af_heart': 1.0})
    """
    parts: dict[str, float] = {}
    for part in name.split("+"):
        voice, _, weight = part.partition("*")
        parts[voice] = float(weight) if weight else 1.0
    return parts


def blend_name(parts: Mapping[str, float]) -> str:
    """Return the name of a blend.

    Raises
    ------
    ParameterError
        When there is no voice in it, or a share is no number above 0.

    Examples
    --------
    >>> blend_name({"af_heart": 3, "bf_emma": 1}), blend_name({"af_heart": 0.2})
    ('af_heart*3+bf_emma*1', 'af_heart')
    """
    if not parts:
        raise ParameterError("has no voices", subject="blend", cure="give at least one")
    for voice, share in parts.items():
        if not _is_number(share) or not 0 < share < 1e6:  # noqa: PLR2004 - more than any weight
            raise ParameterError(f"must be a number above 0, not {shown(share)}", subject=voice)
    if len(parts) == 1:
        return next(iter(parts))
    return "+".join(
        f"{voice}*{float(f'{share:.4f}') or 0.0001:g}" for voice, share in parts.items()
    )


def with_share(parts: Mapping[str, float], voice: str, share: float) -> dict[str, float]:
    """Return the parts with another share for one voice; the rest share what is left as before.

    Parameters
    ----------
    parts
        The voices and their shares.
    voice
        One of them, or another one, which is added.
    share
        0.01 to 0.99 of the whole; 0 takes it out.

    Raises
    ------
    ParameterError
        When the voice is not in it and its share is 0, or it is the only one.

    Examples
    --------
    >>> with_share({"af_heart": 0.5, "bf_emma": 0.5}, "bf_emma", 0.2)
    {'af_heart': 0.8, 'bf_emma': 0.2}
    >>> with_share({"af_heart": 1.0}, "am_adam", 0.5)
    {'af_heart': 0.5, 'am_adam': 0.5}
    """
    others = {name: weight for name, weight in parts.items() if name != voice}
    if share == 0:
        if voice not in parts:
            raise ParameterError("is not in the blend", subject=voice, cure=suggest(voice, parts))
        if not others:
            raise ParameterError("is the only voice", subject=voice)
    if not _is_number(share) or not 0 <= share <= 1:
        raise ParameterError(f"must be 0 to 1, not {shown(share)}", subject=voice)
    if not others:
        return {voice: 1.0}
    own = share and min(max(share, _LEAST), _MOST)
    total = sum(others.values())
    shares = {name: round((1 - own) * weight / total, 4) for name, weight in others.items()}
    if not own:
        return shares
    return {name: own if name == voice else shares[name] for name in {**parts, voice: own}}


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
