from __future__ import annotations

import io
import sys
import time
from types import SimpleNamespace

import pytest

from workbench import progress
from workbench.progress import bar


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_nothing_is_shown_where_nobody_looks(capfd):
    with bar("rendering") as report:
        report(0.5)
    assert capfd.readouterr() == ("", "")


def test_a_terminal_gets_a_bar_and_gets_its_line_back(monkeypatch, capfd):
    monkeypatch.setattr(sys, "stderr", Terminal())
    monkeypatch.setenv("TERM", "xterm")
    with bar("rendering [1]") as report:
        report(0.25)
        report(1.0)
    shown = sys.stderr.getvalue()
    assert "rendering" in shown
    assert shown.endswith("\x1b[2K")  # the last line is erased
    assert capfd.readouterr().out == ""


@pytest.fixture
def pages(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What a notebook's bar showed, one page after the other, on a clock of its own."""
    shown: list[str] = []

    def display(page: str, *, display_id: bool) -> SimpleNamespace:
        assert display_id
        shown.append(page)
        return SimpleNamespace(update=shown.append)

    fake = SimpleNamespace(display=display, HTML=str)
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(display=fake))
    monkeypatch.setitem(sys.modules, "IPython.display", fake)
    monkeypatch.setattr(progress, "_in_notebook", lambda: True)
    ticks = iter(range(1000))
    monkeypatch.setattr(time, "monotonic", lambda: next(ticks) / 10)
    return shown


def test_a_notebook_gets_a_bar_that_is_gone_afterwards(pages: list[str]):
    with bar("<b>a & b</b>") as report:
        for done in range(1, 11):
            report(done / 10)
    assert pages[0] == pages[-1] == ""
    assert len(pages) < 8, "a tenth of a second is too often"
    assert pages[1].startswith("&lt;b&gt;a &amp; b&lt;/b&gt; <progress")
    assert 'value="0.100"' in pages[1]
    assert "10%" in pages[1]


def test_the_bar_is_gone_after_a_failure_too(pages: list[str]):
    def fail() -> None:
        with bar("x") as report:
            report(0.5)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert pages[-1] == ""


@pytest.mark.parametrize(
    ("shell", "answer"), [(None, False), (object(), False), (SimpleNamespace(kernel=1), True)]
)
def test_a_notebook_is_an_ipython_with_a_kernel(monkeypatch, shell: object, *, answer: bool):
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    assert progress._in_notebook() is answer
