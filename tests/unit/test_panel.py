"""What every widget has from its base: errors in view, media on request, one task, a twin."""

from __future__ import annotations

import threading
import time
from typing import Any, ClassVar

import pytest
import traitlets as t

from workbench.audio import Audio
from workbench.errors import Cancelled, JobError, ModelError, ParameterError
from workbench.widgets.clip import Clip
from workbench.widgets.outputs import flush
from workbench.widgets.panel import Panel
from workbench.widgets.work import Work


class Counter(Panel):
    """A widget that counts: in its state, by messages, and slowly."""

    count = t.Int(0).tag(sync=True)
    secret = t.Int(0).tag(sync=True)
    _from_page: ClassVar[frozenset[str]] = frozenset({"count"})
    _esm = "export default {}"

    def __init__(self) -> None:
        super().__init__()
        self.clips = [Clip.of(Audio.silence(0.2, 16_000))]
        self.sent: list[tuple[Any, int]] = []

    def send(self, content: Any, buffers: Any = None) -> None:
        self.sent.append((content, len(buffers or ())))

    def _handle(self, kind: str, content: dict[str, Any]) -> None:
        if kind == "add":
            self.count += content["by"]
            self._renew()
        else:
            super()._handle(kind, content)

    def _clip(self, uid: str) -> Clip:
        for clip in self.clips:
            if clip.uid == uid:
                return clip
        return super()._clip(uid)

    def twin(self) -> str:
        return f"<p>{self.count}</p>"


def say(panel: Panel, **message: Any) -> None:
    panel._on_message(panel, message, [])


def test_the_page_sets_what_is_for_it_and_nothing_else() -> None:
    panel = Counter()
    panel.set_state({"count": 3})
    assert (panel.count, panel.error) == (3, "")
    panel.set_state({"secret": 3})
    assert panel.secret == 0
    assert panel.error == "secret: is not for the page to set"
    panel.set_state({"count": "many"})
    assert panel.count == 3
    assert "count" in panel.error


def test_what_a_callback_raises_is_shown() -> None:
    """The old display showed nothing: an error in a callback only reached the server's log."""
    panel = Counter()

    def observer(_: object) -> None:
        raise ZeroDivisionError("a <b>user's</b> own observer")

    panel.observe(observer, "count")
    say(panel, kind="add", by=1)
    assert panel.error == "ZeroDivisionError: a <b>user's</b> own observer"
    panel.unobserve(observer, "count")
    say(panel, kind="add", by=1)
    assert panel.error == ""


@pytest.mark.parametrize(
    "message",
    [
        {"kind": "nonsense"},
        {"kind": "add"},
        {"kind": "media?", "uid": "no", "ask": "1"},
        {"kind": "media?"},
        {"kind": ["add"]},
        {},
        None,
        "add",
    ],
)
def test_a_message_that_cannot_be_obeyed_is_an_error_in_view(message: Any) -> None:
    panel = Counter()
    panel._on_message(panel, message, [])
    assert panel.error != ""


def test_messages_wait_for_a_page_the_last_of_each_kind() -> None:
    panel = Counter()
    for message in ({"kind": "seek", "time": 1}, {"kind": "play"}, {"kind": "seek", "time": 2}):
        panel._command(message)
    assert panel.sent == []
    say(panel, kind="hello")
    assert [content for content, _ in panel.sent] == [
        {"kind": "play"},
        {"kind": "seek", "time": 2},
    ]
    panel._command({"kind": "pause"})
    assert panel.sent[-1][0] == {"kind": "pause"}


def test_media_are_sent_on_request_in_pieces() -> None:
    panel = Counter()
    (clip,) = panel.clips
    say(panel, kind="media?", uid=clip.uid, ask="7")
    for _ in range(600):
        if panel.sent:
            break
        time.sleep(0.05)
    ((content, buffers),) = panel.sent
    assert content == {"kind": "media", "ask": "7", "mime": "audio/mpeg", "part": 0, "parts": 1}
    assert buffers == 1


def test_an_error_of_a_task_stays_while_the_page_fetches_sounds() -> None:
    panel = Counter()

    def fail(*_: object) -> None:
        raise ModelError("has no weights", subject="kokoro")

    panel._work("speaking", fail)
    assert panel.wait(10)
    assert (panel.error, panel.busy, panel.doing) == ("kokoro: has no weights", False, "")
    say(panel, kind="hello")
    say(panel, kind="media?", uid=panel.clips[0].uid, ask="1")
    assert panel.error == "kokoro: has no weights"
    panel._work("speaking", lambda *_: 3, lambda result: panel.set_trait("count", result))
    assert panel.wait(10)
    assert (panel.error, panel.count) == ("", 3)


def test_one_task_at_a_time() -> None:
    panel = Counter()
    go = threading.Event()
    panel._work("speaking", lambda *_: go.wait(30))
    assert (panel.busy, panel.doing) == (True, "speaking")
    with pytest.raises(JobError, match="is still speaking"):
        panel._do("listening", lambda *_: None)
    go.set()
    assert panel.wait(10)
    assert panel._do("listening", lambda *_: 5) == 5


def test_a_task_is_stopped_by_a_message_and_its_result_dropped() -> None:
    panel = Counter()
    stopped = threading.Event()

    def task(_: object, cancel: threading.Event) -> int:
        cancel.wait(30)
        stopped.set()
        return 1

    panel._work("speaking", task, lambda result: panel.set_trait("count", result))
    say(panel, kind="stop")
    assert panel.wait(10)
    assert stopped.is_set()
    assert (panel.count, panel.error) == (0, "")


def test_a_task_that_does_not_notice_is_given_up() -> None:
    """Its widget is free again, and what it still returns changes nothing."""
    panel = Counter()
    go, free = threading.Event(), threading.Event()
    panel.observe(lambda change: None if change.new else free.set(), "busy")
    panel._work("speaking", lambda *_: go.wait(30), lambda _: panel.set_trait("count", 1))
    thread = panel._task._thread
    panel.stop()
    assert free.wait(10)
    assert thread is not None
    assert thread.is_alive()
    assert panel._do("other", lambda *_: 2) == 2
    go.set()
    thread.join(10)
    assert (panel.count, panel.busy, panel.error) == (0, False, "")


def test_stopping_in_the_same_thread_raises() -> None:
    panel = Counter()

    def task(_: object, cancel: threading.Event) -> None:
        panel.stop()
        assert cancel.is_set()

    with pytest.raises(Cancelled, match="stopped speaking"):
        panel._do("speaking", task)
    assert not panel.busy
    panel.stop()  # nothing is at work


def test_an_observer_that_fails_leaves_the_widget_free() -> None:
    """A task that never began once kept all others away."""
    panel = Counter()

    def fail(change: Any) -> None:
        raise ValueError(f"busy is {change.new}")

    panel.observe(fail, "busy")
    with pytest.raises(ValueError, match="busy is"):
        panel._do("speaking", lambda *_: 1)
    with pytest.raises(ValueError, match="busy is"):
        panel._work("speaking", lambda *_: 1)
    panel.unobserve(fail, "busy")
    assert (panel.busy, panel._do("speaking", lambda *_: 5)) == (False, 5)


def test_the_end_of_a_task_is_not_told_after_the_begin_of_the_next() -> None:
    """The page would take a widget for free that is at work, and offer no stop."""
    told: list[str] = []
    go = threading.Event()
    nexts: list[threading.Thread] = []

    def on_change(**state: Any) -> None:
        if state.get("busy") is False and not nexts:
            second = threading.Thread(target=lambda: work.do("second", lambda *_: go.wait(30)))
            nexts.append(second)
            second.start()
            second.join(0.3)  # by then it would have told that it begins
        told.append(f"{state['doing'] or 'nothing'}")

    work = Work(on_change)
    work.do("first", lambda *_: None)
    go.set()
    nexts[0].join(30)
    assert told == ["first", "nothing", "second", "nothing"]


def test_progress_is_told_in_steps() -> None:
    told: list[float] = []
    work = Work(lambda **state: told.append(state["progress"]) if "progress" in state else None)

    def task(report: Any, _: object) -> None:
        for i in range(10_000):
            report(i / 10_000)

    work.do("counting", task)
    assert told[0] == 0.0
    assert len(told) < 120
    assert told == sorted(told)


def test_the_twin_keeps_up() -> None:
    panel = Counter()
    shown: list[tuple[dict[str, Any], bool]] = []

    def publish(data: Any, metadata: Any, *, transient: Any, update: bool = False) -> None:
        assert metadata == {}
        shown.append((data, update))
        assert transient == ({} if len(shown) == 1 else {"display_id": f"wb-{panel.uid}"})

    panel._renew()
    flush()  # nowhere shown yet
    panel.output.show(publish)
    assert [update for _, update in shown] == [False, False]
    assert shown[1][0] == {"text/html": "<p>0</p>"}
    say(panel, kind="add", by=2)
    say(panel, kind="add", by=2)
    flush()
    flush()
    assert shown[2:] == [({"text/html": "<p>4</p>"}, True)]


def test_what_happens_while_the_twin_is_drawn_is_drawn_after_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It once stayed as it was at the last message but one, for whoever saved the notebook."""
    monkeypatch.setattr("workbench.widgets.outputs._SOON", 0.0)
    panel = Counter()
    drawn: list[str] = []
    drawing, go, last = threading.Event(), threading.Event(), threading.Event()
    draw = panel.twin

    def slow() -> str:
        html = draw()
        drawing.set()
        go.wait(30)
        return html

    def publish(data: Any, *_: Any, **__: Any) -> None:
        drawn.append(data.get("text/html", ""))
        if "<p>2</p>" in drawn:
            last.set()

    panel.output.show(publish)
    monkeypatch.setattr(panel, "twin", slow)
    say(panel, kind="add", by=1)
    assert drawing.wait(30)
    say(panel, kind="add", by=1)
    go.set()
    assert last.wait(30)
    assert drawn[-2:] == ["<p>1</p>", "<p>2</p>"]


def test_a_twin_that_cannot_be_drawn_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """The thread that drew it once ended with a message that nobody saw."""
    panel = Counter()
    panel.output.show(lambda *_, **__: None)

    def fail() -> str:
        raise ModelError("is gone", subject="sound")

    monkeypatch.setattr(panel, "twin", fail)
    panel._renew()
    flush()
    assert panel.error == "sound: is gone"


def test_an_unknown_argument_is_refused() -> None:
    with pytest.raises(ParameterError, match="no message of this widget"):
        Panel._handle(Counter(), "x", {})


def test_half_a_surrogate_pair_does_not_keep_an_output_from_being_sent() -> None:
    """Jupyter raised UnicodeEncodeError, and the whole output was lost."""

    class Torn(Counter):
        def twin(self) -> str:
            return "<p>\ud83d</p>"

    shown: list[Any] = []
    Torn().output.show(lambda data, *_, **__: shown.append(data))
    assert shown[1] == {"text/html": "<p>?</p>"}
