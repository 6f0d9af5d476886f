"""What a key costs in the cue editor, from the key to the painted page, with many captions.

A real Chromium types into a text field that does nothing, into an editor of ten captions and into
one of a thousand, in turn, a key every 40 ms. Each is timed from the event's own time stamp to the
frame after the one in which it was handled: that is when it has been painted. Beside it stands what
the page did for the key before it let the browser paint, which no idle time is part of. Python is
there: what is typed is told to the widget, which answers.

The last line is a JSON object: milliseconds, and ratios to the bare field.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import statistics
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
MEASURE = """
(selector) => {
  const field = document.querySelector(selector);
  window.painted = [];
  window.worked = [];
  let pressed = 0;
  let began = 0;
  document.addEventListener("keydown", (event) => {
    pressed = event.timeStamp;
    began = performance.now();
  }, {capture: true});
  document.addEventListener("input", () => {
    // Bubbles up here after every handler of the widget has run.
    worked.push(performance.now() - began);
    const from = pressed;
    requestAnimationFrame(() => {
      const {port1, port2} = new MessageChannel();
      port1.onmessage = () => painted.push(performance.now() - from);
      port2.postMessage(0);  // after the frame, not within it
    });
  });
  field.focus();
}
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keys", type=int, default=150)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
    spec = importlib.util.spec_from_file_location("mounting", ROOT / "tests/browser/conftest.py")
    mounting = importlib.util.module_from_spec(spec)
    sys.modules["mounting"] = mounting
    spec.loader.exec_module(mounting)
    from playwright.sync_api import sync_playwright

    cases = {"bare field": 0, "10 captions": 10, "1000 captions": 1000}
    painted = {case: [] for case in cases}
    worked = {case: [] for case in cases}
    with sync_playwright() as playwright:
        path = mounting._chromium(playwright)  # noqa: SLF001
        browser = playwright.chromium.launch(executable_path=path, args=[*mounting.FLAGS])
        for _ in range(options.rounds):
            for case, count in cases.items():
                page = browser.new_page(viewport={"width": 1100, "height": 800})
                typed(mounting, page, count, options.keys)
                painted[case] += page.evaluate("painted")
                worked[case] += page.evaluate("worked")
                page.close()
        browser.close()
    print(f"{options.rounds} rounds of {options.keys} keys, load {os.getloadavg()[0]:.1f}")
    figures = {}
    for case in cases:
        figures[case] = {
            "painted_median_ms": round(statistics.median(painted[case]), 1),
            "painted_p95_ms": round(statistics.quantiles(painted[case], n=20)[-1], 1),
            "painted_max_ms": round(max(painted[case]), 1),
            "work_median_ms": round(statistics.median(worked[case]), 2),
            "work_p95_ms": round(statistics.quantiles(worked[case], n=20)[-1], 2),
        }
        print(f"{case:>14}: {figures[case]}")
    bare, small, large = figures.values()
    print(
        json.dumps(
            {
                **large,
                "painted_ratio_to_bare": round(
                    large["painted_median_ms"] / bare["painted_median_ms"], 2
                ),
                "work_ratio_to_10": round(large["work_median_ms"] / small["work_median_ms"], 2),
            }
        )
    )


def typed(mounting, page, count, keys):
    """Type into a page with so many captions, or with a bare field for none."""
    page.goto("about:blank")
    wire = None
    if count:
        from workbench.captions.cues import Cues
        from workbench.captions.editing import insert
        from workbench.widgets.cue_editor import CueEditor

        cues = Cues(cues=())
        for i in range(count):
            cues = insert(
                cues, i * 3.0, end=i * 3 + 2.5, text=f"Caption {i} of them,\nin two lines."
            )
        editor = CueEditor(cues)
        wire = mounting.Wire(page)
        state = editor.get_state()
        plain = {k: mounting.packed(v) for k, v in state.items() if k in editor.keys}
        plain.pop("layout")
        esm, css = plain.pop("_esm"), plain.pop("_css")
        page.evaluate(mounting.HOST, {"name": "a", "esm": esm, "css": css, "state": plain})
        view = mounting.Mounted(page, "a", wire)
        wire.add("a", editor)
        view.run("await view.start()")
        view.wait("el.dataset.ready")
    else:
        page.evaluate("document.body.append(document.createElement('textarea'))")
    page.evaluate(MEASURE, "textarea")
    for i in range(keys):
        page.keyboard.press("abcdefgh "[i % 9])
        time.sleep(0.04)
        if wire and i % 40 == 39:  # a pause, in which the page tells what was typed
            page.wait_for_timeout(800)
            wire.pump()
    page.wait_for_function(f"painted.length >= {keys}")
    if wire:
        page.wait_for_timeout(800)
        wire.pump()
        assert editor.revision >= keys // 40


if __name__ == "__main__":
    main()
