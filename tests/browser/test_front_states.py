"""Whatever state, message, click, key or size comes: the front end of a widget raises nothing.

The steps are drawn from a seed, inside the page; a failure tells the seed and its last steps.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from browser.books import PIECES, Piece

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

STEPS = 50
WALKS = (range(3), pytest.param(range(3, 13), marks=pytest.mark.slow))
NO_MEDIA = base64.b64encode(b"not media at all").decode()

WALK = (Path(__file__).parent / "walk.js").read_text(encoding="utf-8")
LISTEN = """() => {
  window.raised = [];
  addEventListener("error", (event) => event.message.startsWith("ResizeObserver loop")
    || window.raised.push(`${event.message} ${event.error?.stack || ""}`));
  addEventListener("unhandledrejection",
    (event) => window.raised.push(`rejected: ${event.reason} ${event.reason?.stack || ""}`));
}"""

TEXTS = [
    "plain words", "", " ", "</script><script>window.hit=1</script>", "<img src=x onerror=hit()>",
    "\"'`&<>", "$x^2$ \\(y\\) **bold** [a](javascript:b)", "سلام \u202e abc", "\u0000\ufffd",
    "a\nb\n\nc", "x" * 2000, "👩‍👩‍👧 é", "__proto__", "constructor",
]  # fmt: skip


RECORD = """
model.told = [];
const {tell} = model;
model.tell = (message, parts = []) => {
  model.told.push([message, parts]);
  tell(message, parts);
};
"""


@pytest.mark.parametrize("walks", WALKS, ids=["some", "many"])
@pytest.mark.parametrize("piece", PIECES, ids=[piece.name for piece in PIECES])
def test_no_state_raises(
    mount: Any, page: Page, piece: Piece, walks: range, clip_mp4: Path
) -> None:
    """Walks of 50 states, each from a fresh view that Python has answered."""
    page.evaluate(LISTEN)
    for walk in walks:
        seed = 1_000 * walk + len(piece.name)
        page.evaluate("() => { if (window.line) window.talk = window.line; }")
        shown = mount(piece.make(clip_mp4), f"{piece.name}-{walk}", talk=True)
        shown.run(RECORD)
        for _ in range(5):
            shown.wire.pump()
            page.wait_for_timeout(10)
        # From here on nobody answers, and nothing that the walk says reaches Python.
        told = shown.run("window.line = window.talk; window.talk = null; return model.told")
        messages = [*told, *([message, [NO_MEDIA]] for message in piece.messages)]
        argument = {
            "seed": seed,
            "steps": STEPS,
            "messages": messages,
            "texts": TEXTS,
            "fixed": piece.fixed,
        }
        raised = shown.run(WALK, argument)
        trail = json.dumps(page.evaluate("window.trail"), ensure_ascii=False)[-2000:]
        assert raised == [], f"seed {seed}; the last steps: {trail}"
        assert page.evaluate("window.hit") is None
        shown.run("view.leave(); el.remove()")
