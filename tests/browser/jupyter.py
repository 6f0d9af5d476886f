"""Real front ends: one Jupyter server that is JupyterLab, Notebook 7 and Voilà, and what they show.

Starting a server takes longer than most tests, so one serves a whole run; every notebook has a
kernel of its own, and a page of its own.
"""

from __future__ import annotations

import ast
import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

ADDRESSES = {
    "lab": "lab/tree/{}?reset",
    "notebook": "notebooks/{}",
    "voila": "voila/render/{}?theme={}",
}
FRONTS = tuple(ADDRESSES)
# For what takes seconds in each: JupyterLab always, the others in the long run.
LAB_FIRST = ("lab", *(pytest.param(one, marks=pytest.mark.slow) for one in FRONTS[1:]))

# What the front ends raise by themselves: Notebook 7.6 does over an empty notebook.
# The last is JupyterLab's splash, which two changes of theme in short order remove twice; no code
# of ours calls removeChild.
THEIRS = (
    "reading 'schema'",
    "'filebrowser:open-path' not registered",
    "removeChild' on 'Node'",
)

# A notebook is shown, and its kernel answers.
READY = """() => {
  const panel = window.jupyterapp?.shell?.currentWidget;
  const session = panel?.sessionContext;
  return panel?.context?.isReady && session?.isReady
    && session.session?.kernel?.connectionStatus === "connected";
}"""
KERNEL_OF = {
    "jupyterapp": "window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.id",
    "voila": "JSON.parse(document.getElementById('jupyter-config-data').textContent).kernelId",
}
# The kernel is asked over a socket of the test's own: so it is the same in every front end.
ASK = """
async ({url, code, expression}) => {
  const socket = new WebSocket(url);
  await new Promise((done, failed) => { socket.onopen = done; socket.onerror = failed; });
  const msg_id = crypto.randomUUID();
  const header = {msg_id, session: msg_id, username: "", msg_type: "execute_request",
                  version: "5.3", date: new Date().toISOString()};
  const content = {code, silent: true, store_history: false, allow_stdin: false,
                   stop_on_error: false, user_expressions: expression ? {expression} : {}};
  const reply = new Promise((done, failed) => {
    socket.onclose = () => failed(new Error("the kernel left"));
    socket.onmessage = async ({data}) => {
      if (typeof data !== "string") return;
      const message = JSON.parse(data);
      if (message.parent_header?.msg_id === msg_id && message.msg_type === "execute_reply")
        done(message.content);
    };
  });
  socket.send(JSON.stringify(
    {channel: "shell", header, parent_header: {}, metadata: {}, content, buffers: []}));
  try { return await reply; } finally { socket.onclose = null; socket.close(); }
}"""


@dataclass(frozen=True)
class Server:
    """A Jupyter server with settings of its own: its address, and the folder it serves."""

    address: str
    folder: Path
    log: Path

    def ask(self, path: str, method: str = "GET") -> Any:
        """Return what the server's own interface answers."""
        request = urllib.request.Request(f"{self.address}/api/{path}", method=method)  # noqa: S310
        with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310
            body = response.read()
        return json.loads(body) if body else None

    def take(self, path: Path) -> str:
        """Copy a notebook into the folder, and return its name there."""
        shutil.copy(path, self.folder / path.name)
        return path.name

    def stop_kernels(self) -> None:
        """End every kernel."""
        for kernel in self.ask("kernels"):
            with contextlib.suppress(urllib.error.HTTPError):  # it ended by itself
                self.ask(f"kernels/{kernel['id']}", "DELETE")


@dataclass
class Shown:
    """A notebook in a front end, as a person sees it."""

    page: Page
    errors: list[str]
    server: Server
    name: str
    front: str
    artefacts: Path

    def run_all(self) -> None:
        """Run every cell; Voilà has, when it shows a page."""
        if self.front != "voila":
            execute = "() => window.jupyterapp.commands.execute('notebook:run-all-cells')"
            assert self.page.evaluate(execute), self.tracebacks()

    @property
    def kernel_id(self) -> str:
        found: str = self.page.evaluate(
            KERNEL_OF["voila" if self.front == "voila" else "jupyterapp"]
        )
        return found

    def kernel(self, expression: str, *, first: str = "") -> Any:
        """Return what an expression is in the kernel, after the statements of `first`."""
        url = f"{self.server.address}/api/kernels/{self.kernel_id}/channels"
        argument = {
            "url": url.replace("http", "ws", 1),
            "code": first,
            "expression": f"__import__('json').dumps({expression})",
        }
        reply = self.page.evaluate(ASK, argument)
        assert reply["status"] == "ok", reply
        value = reply["user_expressions"]["expression"]
        assert value["status"] == "ok", value
        return json.loads(ast.literal_eval(value["data"]["text/plain"]))

    def theme(self, name: str) -> None:
        """Change to ``Light`` or ``Dark``; Voilà is told when it is opened."""
        if self.front == "voila":
            self.page.goto(self._address(name.lower()))
        else:
            change = "(theme) => window.jupyterapp.commands.execute('apputils:change-theme', "
            self.page.evaluate(f"{change} {{theme}})", f"JupyterLab {name}")
        expected = {"Light": "true", "Dark": "false"}[name]
        self.page.wait_for_function(f"document.body.dataset.jpThemeLight === '{expected}'")

    def screenshot(self, name: str) -> Path:
        """Keep what is seen now, as ``<front end>-<name>.png``."""
        path = self.artefacts / f"{self.front}-{name}.png"
        self.page.screenshot(path=path)
        return path

    def reload(self) -> None:
        """Load the page anew; the kernel stays."""
        self.page.reload()
        if self.front != "voila":
            self.page.wait_for_function(READY, timeout=120_000)

    def save(self) -> None:
        """Save the notebook."""
        self.page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")

    def restart(self) -> None:
        """Restart the kernel."""
        self._of_session("session.kernel.restart()")
        self.page.wait_for_function(READY, timeout=120_000)

    def close_kernel(self) -> None:
        """End the kernel."""
        if self.front == "voila":
            self.server.ask(f"kernels/{self.kernel_id}", "DELETE")
        else:
            self._of_session("shutdown()")

    def tracebacks(self) -> list[str]:
        """Return the outputs that tell of an error."""
        texts = self.page.locator(".jp-OutputArea-output").all_inner_texts()
        return [t for t in texts if "Traceback" in t or "Error displaying" in t]

    def _of_session(self, call: str) -> None:
        code = f"() => window.jupyterapp.shell.currentWidget.sessionContext.{call}"
        self.page.evaluate(code)

    def _address(self, theme: str) -> str:
        path = ADDRESSES[self.front].format(quote(self.name), theme)
        return f"{self.server.address}/{path}"

    def open(self, theme: str = "light") -> None:
        """Show the notebook; Voilà runs it."""
        self.page.goto(self._address(theme), timeout=120_000)
        if self.front != "voila":
            self.page.wait_for_function(READY, timeout=120_000)


@pytest.fixture(scope="session")
def jupyter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The server of a whole run."""
    with serving(tmp_path_factory.mktemp("jupyter")) as server:
        yield server


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[Server]:
    """Run a server that is JupyterLab, Notebook 7 and Voilà at once, in an empty folder."""
    root = folder / "root"
    root.mkdir()
    _settle(folder)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = [
        "--no-browser",
        "--allow-root",
        "--expose-app-in-browser",
        f"--port={port}",
        "--ServerApp.port_retries=0",
        "--IdentityProvider.token=",
        "--ServerApp.password=",
        "--ServerApp.disable_check_xsrf=True",
        f"--ServerApp.root_dir={root}",
        "--LabApp.extension_manager=readonly",
        "--JupyterNotebookApp.expose_app_in_browser=True",
        "--VoilaConfiguration.file_allowlist=.*",
    ]
    server = Server(f"http://127.0.0.1:{port}", root, folder / "server.log")
    command = [sys.executable, "-m", "jupyterlab", *options]
    with running(command, f"{server.address}/api/status", server.log, _environment(folder)):
        yield server
        server.stop_kernels()


@contextlib.contextmanager
def running(command: list[str], url: str, log: Path, env: dict[str, str]) -> Iterator[None]:
    """Run a server until the end of the block, from when it answers."""
    with log.open("w") as out:
        server = subprocess.Popen(command, env=env, stdout=out, stderr=out)
        try:
            while not _answers(url):
                with contextlib.suppress(subprocess.TimeoutExpired):
                    server.wait(0.1)
                    pytest.fail(f"{command[2]} did not start:\n{log.read_text()}")
            yield
        finally:
            server.terminate()
            server.wait(30)


def _answers(url: str) -> bool:
    with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=60):  # noqa: S310
        return True
    return False


def _environment(folder: Path) -> dict[str, str]:
    folders = {
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
        "JUPYTERLAB_SETTINGS_DIR": "settings",
        "WORKBENCH_CACHE": "cache",
    }
    return {**os.environ, **{name: str(folder / path) for name, path in folders.items()}}


def _settle(folder: Path) -> None:
    """Turn off what a test of ours does not need, above all the question about news."""
    wanted = {"notebook": True, "voila.server_extension": True}
    other = dict.fromkeys(("jupyter_lsp", "jupyter_server_terminals"), False)
    settings = {
        "config/jupyter_server_config.json": {
            "ServerApp": {"jpserver_extensions": {**wanted, **other}}
        },
        "settings/@jupyterlab/apputils-extension/notification.jupyterlab-settings": {
            "fetchNews": "false",
            "checkForUpdates": False,
        },
    }
    for name, content in settings.items():
        path = folder / name
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(content))


@contextlib.contextmanager
def a_page(browser: Browser, **options: Any) -> Iterator[tuple[Page, list[str]]]:
    """A page of its own, and the errors that it raises."""
    wanted = {"viewport": {"width": 1100, "height": 800}, **options}
    context = browser.new_context(**wanted)
    context.set_default_timeout(60_000)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: _note(errors, str(error)))
    try:
        yield page, errors
    finally:
        context.close()


def _note(errors: list[str], error: str) -> None:
    if not any(text in error for text in THEIRS):
        errors.append(error)


@pytest.fixture
def show(jupyter: Server, browser: Browser, artefacts: Path) -> Iterator[Callable[..., Shown]]:
    """Return a function that opens a notebook in a front end, and runs it if asked.

    At the end its page must have raised no error, and its kernel ends.
    """
    with contextlib.ExitStack() as stack:
        opened: list[Shown] = []

        def open_one(path: Path, front: str = "lab", *, run: bool = True) -> Shown:
            page, errors = stack.enter_context(a_page(browser))
            shown = Shown(page, errors, jupyter, jupyter.take(path), front, artefacts)
            opened.append(shown)
            shown.open()
            if run:
                shown.run_all()
            return shown

        yield open_one
        jupyter.stop_kernels()
    assert [error for one in opened for error in one.errors] == []
