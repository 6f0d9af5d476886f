"""What the page of a tuner is told: plain values, small, and no sound."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.engines.registry import engine
from workbench.widgets.blend import can_blend, parts_of
from workbench.widgets.controls import controls
from workbench.widgets.panel import clip_state

if TYPE_CHECKING:
    from workbench.speech.measures import Measures
    from workbench.widgets.clip import Clip
    from workbench.widgets.settings import Settings
    from workbench.widgets.tuning import TunedTake

__all__ = ["engine_state", "listed", "measured", "settings_state"]

_COLUMNS = 600  # of a take's outline: a hundred takes are 120 kB
_TEXT = 200  # letters of a take's text that are shown


def engine_state(name: str) -> dict[str, Any]:
    """Return the controls and the voices of an engine, as traits."""
    found = engine(name)
    return {
        "blends": can_blend(found),
        "controls": [control.to_dict() for control in controls(found.options)],
        "voices": [
            {"name": v.name, "language": v.language, "label": v.label, "gender": v.gender}
            for v in found.voices()
        ],
    }


def settings_state(settings: Settings, *, blends: bool) -> dict[str, Any]:
    """Return the settings: every option's value, and the blend where the engine can."""
    found = engine(settings.voice.engine)
    blend = parts_of(settings.voice.name) if blends else {}
    return {
        "text": settings.text,
        "engine": settings.voice.engine,
        "voice": settings.voice.name,
        "language": settings.language,
        "blend": blend,
        "options": settings.effective,
        "seed": settings.seed,
        "seeded": found.capabilities.seeded,
    }


def listed(one: TunedTake, clip: Clip) -> dict[str, Any]:
    """Return a take without its sound: an outline of 600 columns, and what made it."""
    text = one.settings.text
    return {
        "id": one.id,
        "voice": str(one.settings.voice),
        "options": [[name, value] for name, value in one.settings.options.items()],
        "seed": one.settings.seed,
        "text": text if len(text) <= _TEXT else f"{text[: _TEXT - 1]}…",
        "language": one.take.language,
        "clip": {
            **clip_state(clip),
            "words": [],
            "breaks": [],
            "peaks": one.take.audio.peaks(_COLUMNS).tobytes(),
        },
    }


def measured(measures: Measures) -> dict[str, str]:
    """Return the measures that are there, as they are shown."""
    return {
        field.name: field.format(value)
        for field in measures.FIELDS
        if (value := getattr(measures, field.name)) is not None
    }
