"""Whatever state, message, click, key or size comes: the front end of a widget raises nothing.

The steps are drawn from a seed, inside the page; a failure tells the seed and its last steps.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from browser.books import PIECES, Piece

pytestmark = pytest.mark.browser

STATES = 500

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


@pytest.mark.parametrize("piece", PIECES, ids=[piece.name for piece in PIECES])
def test_no_state_raises(mount: Any, piece: Piece, clip_mp4: Path) -> None:
    """500 states in walks of 50, each from a fresh view."""
    page = None
    for walk in range(10):
        seed = 1_000 * walk + len(piece.name)
        shown = mount(piece.make(clip_mp4), f"{piece.name}-{walk}", answer=False)
        page = shown.page
        if walk == 0:
            page.evaluate(LISTEN)
        messages = [*piece.messages, {"kind": "nothing"}]
        argument = {"seed": seed, "steps": STATES // 10, "messages": messages, "texts": TEXTS}
        raised = shown.run(WALK, argument)
        trail = json.dumps(page.evaluate("window.trail"), ensure_ascii=False)[-2000:]
        assert raised == [], f"seed {seed}; the last steps: {trail}"
        assert page.evaluate("window.hit") is None
        shown.run("view.leave(); el.remove()")
