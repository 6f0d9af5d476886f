"""A real Chromium, the front end alone in a blank page, and notebooks in real front ends."""

from __future__ import annotations

import base64
import json
import os
import queue
import shutil
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import imageio_ffmpeg
import pytest
from browser.jupyter import jupyter, show  # noqa: F401 - fixtures for all

import workbench as wb

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, Page, Playwright

    from workbench.widgets.panel import Panel

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--mute-audio",
    "--autoplay-policy=no-user-gesture-required",
)

# The part of an anywidget model that widgets use, with the messages and saves it was given.
# Buffers, also those deep in the state, come as {"$bytes": base64}.
HOST = """
async ({name, esm, css, state}) => {
  const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const open = (value) => {
    if (Array.isArray(value)) return value.map(open);
    if (value === null || typeof value !== "object") return value;
    if ("$bytes" in value) return new DataView(bytes(value.$bytes).buffer);
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, open(v)]));
  };
  window.modules ||= {};
  if (!window.modules[esm]) {
    document.head.append(Object.assign(document.createElement("style"), {textContent: css}));
    const url = URL.createObjectURL(new Blob([esm], {type: "text/javascript"}));
    window.modules[esm] = await import(url);
  }
  const data = open(state);
  const heard = {};
  const dirty = new Set();
  const fire = (event, ...given) => [...(heard[event] || [])].forEach((f) => f(...given));
  const model = {
    sent: [], saved: [], data, answers: null,
    get: (key) => data[key],
    set: (key, value) => {
      if (data[key] === value) return;
      data[key] = value;
      dirty.add(key);
      fire(`change:${key}`);
    },
    save_changes: () => {
      model.saved.push(structuredClone(Object.fromEntries([...dirty].map((k) => [k, data[k]]))));
      if (window.talk && dirty.size) {
        window.talk(name, "state", Object.fromEntries([...dirty].map((k) => [k, data[k]])));
      }
      dirty.clear();
    },
    on: (event, handler) => (heard[event] ||= new Set()).add(handler),
    off: (event, handler) => heard[event]?.delete(handler),
    send: (message) => {
      model.sent.push(message);
      model.answers?.(message);
      window.talk?.(name, "message", message);
    },
    listeners: () => Object.values(heard).reduce((sum, set) => sum + set.size, 0),
    // What the kernel does: a change of state, a message.
    change: (values) => {
      const changed = open(values);
      Object.assign(data, changed);
      for (const key of Object.keys(changed)) fire(`change:${key}`);
    },
    tell: (message, parts = []) => {
      const views = parts.map((part) => new DataView(bytes(part).buffer));
      fire("msg:custom", message, views);
    },
  };
  const el = document.body.appendChild(document.createElement("div"));
  (window.players ||= {})[name] = {model, el};
  window.players[name].start = async () => {
    window.players[name].leave = await window.modules[esm].default.render({model, el});
  };
}
"""

ANSWER = """
const {parts, mime} = argument;
model.answers = ({kind, ask}) => kind === "media?" && parts.forEach((data, part) =>
  model.tell({kind: "media", ask, mime, part, parts: parts.length}, [data]));
"""


def _chromium(playwright: Playwright) -> str | None:
    """Return the browser to use; Playwright's own comes last, since it may not be downloaded."""
    named = os.environ.get("CHROMIUM")
    found = [shutil.which(n) for n in ("chromium", "chromium-browser", "google-chrome", "chrome")]
    own = playwright.chromium.executable_path
    for path in (named, "/usr/bin/chromium", *found, own):
        if path and Path(path).is_file():
            return path
    return None


@pytest.fixture(scope="module")  # its loop runs in this thread while it lives: no other can
def browser() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = _chromium(playwright)
        if path is None:
            message = "no Chromium or Chrome: install one, or name it in the variable CHROMIUM"
            if os.environ.get("CI"):
                pytest.fail(message)
            pytest.skip(message)
        chromium = playwright.chromium.launch(executable_path=path, args=[*FLAGS])
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page of its own, which must not have raised an error by the end of the test."""
    scheme = getattr(request, "param", "light")
    context = browser.new_context(
        viewport={"width": 1100, "height": 800}, device_scale_factor=2, color_scheme=scheme
    )
    context.set_default_timeout(60_000)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert errors == []


@pytest.fixture(scope="module")
def artefacts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where screenshots are kept: $WORKBENCH_ARTEFACTS, or a temporary folder."""
    named = os.environ.get("WORKBENCH_ARTEFACTS")
    folder = Path(named) if named else tmp_path_factory.mktemp("artefacts")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def packed(value: Any) -> Any:
    """Return a widget's state as JSON can hold it, its buffers as {"$bytes": base64}."""
    if isinstance(value, bytes | bytearray | memoryview):
        return {"$bytes": base64.b64encode(value).decode()}
    if isinstance(value, dict):
        return {key: packed(part) for key, part in value.items()}
    return [packed(part) for part in value] if isinstance(value, list | tuple) else value


class Wire:
    """The line between a page and its widget: what one says reaches the other, as in a kernel.

    What comes from threads waits until the test next waits: Playwright belongs to one thread.
    """

    def __init__(self, page: Page) -> None:
        self.page = page
        self._widgets: dict[str, Panel] = {}
        self._to_page: queue.SimpleQueue[tuple[str, str, Any]] = queue.SimpleQueue()
        self._from_page: queue.SimpleQueue[tuple[str, str, Any]] = queue.SimpleQueue()
        page.expose_function("talk", lambda *said: self._from_page.put(said))

    def add(self, name: str, widget: Panel) -> None:
        """Connect a widget that the page knows by `name`."""
        self._widgets[name] = widget

        def send(content: Any, buffers: Any = None) -> None:
            data = [base64.b64encode(part).decode() for part in buffers or ()]
            self._to_page.put((name, "tell", [packed(content), data]))

        def send_state(key: Any = None) -> None:
            self._to_page.put((name, "change", packed(widget.get_state(key))))

        widget.send = send
        widget.send_state = send_state
        # ipywidgets tells of changes only while a kernel is there.
        keys = [key for key in widget.keys if not key.startswith("_")]
        widget.observe(lambda change: send_state(change.name), keys)

    def pump(self) -> None:
        """Carry what was said since the last time."""
        self.page.evaluate("() => 0")  # lets calls of the page arrive
        while not self._from_page.empty():
            name, kind, content = self._from_page.get()
            widget = self._widgets[name]
            if kind == "state":
                widget.set_state(content)
            else:
                widget._on_message(widget, content, [])
        while not self._to_page.empty():
            name, kind, content = self._to_page.get()
            body = "model.change(content)" if kind == "change" else "model.tell(...content)"
            code = f"([name, content]) => {{ const {{model}} = window.players[name]; {body}; }}"
            self.page.evaluate(code, [name, content])


class Mounted:
    """A widget's front end in a blank page, and the model it talks to."""

    def __init__(self, page: Page, name: str, wire: Wire | None = None) -> None:
        self.page = page
        self.name = name
        self.wire = wire

    def run(self, body: str, argument: Any = None) -> Any:
        """Return what JavaScript says with `model`, `el`, `media` and `view` at hand."""
        names = "const view = window.players[name], {model, el} = view;"
        media = "const media = el.querySelector('audio, video');"
        code = f"async ([name, argument]) => {{ {names} {media} {body} }}"
        return self.page.evaluate(code, [self.name, argument])

    def wait(self, expression: str) -> None:
        """Wait until the expression holds; what the page and Python say is carried meanwhile."""
        names = f"const {{model, el}} = window.players[{json.dumps(self.name)}];"
        media = "const media = el.querySelector('audio, video');"
        code = f"() => {{ {names} {media} return {expression}; }}"
        if self.wire is None:
            self.page.wait_for_function(code)
            return
        end = time.monotonic() + 60
        while not self.page.evaluate(code):
            assert time.monotonic() < end, f"never: {expression}"
            self.wire.pump()
            self.page.wait_for_timeout(10)


@pytest.fixture
def mount(page: Page) -> Callable[..., Mounted]:
    """Return a function that shows a widget's front end.

    With a fake kernel that sends the media of a player; with ``talk=True`` the widget itself
    answers, its state and its messages.
    """
    page.goto("about:blank")
    wires: list[Wire] = []

    def put(
        widget: Panel, name: str = "a", *, answer: bool = True, talk: bool = False, **state: Any
    ) -> Mounted:
        full = {**widget.get_state(), **state}
        plain = {k: packed(v) for k, v in full.items() if k in widget.keys and k != "layout"}
        esm, css = plain.pop("_esm"), plain.pop("_css")
        if talk and not wires:
            wires.append(Wire(page))
        page.evaluate(HOST, {"name": name, "esm": esm, "css": css, "state": plain})
        mounted = Mounted(page, name, wires[0] if talk else None)
        clip = getattr(widget, "clip", None)
        if talk:
            wires[0].add(name, widget)
        elif answer and clip is not None:
            half = len(clip.media) // 2
            parts = [base64.b64encode(p).decode() for p in (clip.media[:half], clip.media[half:])]
            mounted.run(ANSWER, {"parts": parts, "mime": clip.mime})
        mounted.run("await view.start()")
        if answer and clip is not None:
            mounted.wait("el.querySelector('.wb-player[data-ready]')")
        return mounted

    return put


@pytest.fixture(scope="module")
def narration() -> wb.Narration:
    text = "Welcome to the workbench, where words light up.\nChoose one, and hear it again."
    return wb.speak(text, voice="espeak:en-us", cache=False)


@pytest.fixture(scope="module")
def clip_mp4(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three seconds of a moving test picture with a tone, as browsers play them."""
    path = tmp_path_factory.mktemp("video") / "clip.mp4"
    picture = ["-f", "lavfi", "-i", "testsrc=size=320x180:rate=25:duration=3"]
    sound = ["-f", "lavfi", "-i", "sine=frequency=440:duration=3"]
    codecs = ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:a", "aac", "-movflags", "+faststart"]
    ffmpeg = imageio_ffmpeg.get_ffmpeg_exe()
    command = [ffmpeg, "-nostdin", "-v", "error", *picture, *sound, *codecs, str(path)]
    subprocess.run(command, check=True)
    return path
