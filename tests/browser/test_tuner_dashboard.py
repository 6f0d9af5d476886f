"""The dashboard of the tuner in Voilà: a title, the panel, and takes that are heard."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.browser

DASHBOARD = Path(__file__).parents[2] / "notebooks" / "dashboards" / "tuner.ipynb"


def test_a_visitor_tunes_a_voice(show: Any) -> None:
    shown = show(DASHBOARD, "voila")
    page = shown.page
    page.locator(".wb-tuner").wait_for()
    assert page.get_by_role("heading", name="Tune a voice").count() == 1
    assert page.locator(".wb-twin:visible").count() == 0
    page.get_by_label("Rate", exact=True).fill("220")
    page.get_by_label("Text", exact=True).fill("A visitor says this.")
    page.get_by_label("Text", exact=True).press("Control+Enter")
    audio = page.locator(".wb-take audio")
    audio.wait_for(state="attached")
    page.wait_for_function("() => document.querySelector('.wb-take audio').currentTime > 0")
    assert 0.5 < audio.evaluate("(node) => node.duration") < 3
    page.wait_for_function("() => document.querySelector('.wb-measures').childElementCount > 3")
    assert "rate 220" in page.locator(".wb-chips").inner_text()
    assert "rate=220" in page.locator(".wb-code").first.inner_text()
    shown.screenshot("tuner-voila")
