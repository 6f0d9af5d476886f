"""The cue editor's front end in a blank page, with the Python widget behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from workbench.audio import Audio
from workbench.captions.cues import Cue, Cues
from workbench.timing import Word
from workbench.widgets.cue_editor import CueEditor

if TYPE_CHECKING:
    from pathlib import Path

    import workbench as wb

pytestmark = pytest.mark.browser


def captions(count: int = 12, text: str = "Caption number {} says this.") -> Cues:
    """Captions of two seconds, touching in pairs: 0-2, 2-4, a pause, 5-7, 7-9, …"""
    cues = []
    for i in range(count):
        start = (i // 2) * 5 + (i % 2) * 2
        told = text.format(i + 1).split()
        step = 2 / len(told)
        words = tuple(
            Word(text=w, start=start + j * step, end=start + (j + 0.8) * step)
            for j, w in enumerate(told)
        )
        cues.append(Cue(start=start, end=start + 2, lines=(words,)))
    return Cues(cues=tuple(cues), language="en")


def tone(seconds: float = 30.0) -> Audio:
    time = np.arange(int(seconds * 8000)) / 8000
    return Audio(samples=(np.sin(time * 900) * 0.5).astype(np.float32), rate=8000)


def times(editor: CueEditor) -> list[tuple[float, float]]:
    return [(round(cue.start, 3), round(cue.end, 3)) for cue in editor.cues]


@pytest.fixture
def editor() -> CueEditor:
    return CueEditor(captions(), tone())


@pytest.fixture
def shown(mount: Any, editor: CueEditor) -> Any:
    view = mount(editor, talk=True)
    view.wait("el.dataset.ready")
    view.wait("el.querySelectorAll('.wb-region').length > 3")
    return view


def test_look(shown, artefacts):
    shown.page.screenshot(path="/tmp/cue/a.png", full_page=True)
