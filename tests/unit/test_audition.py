"""The audition from Python: what the page may know and say, and what is shown at the end."""

from __future__ import annotations

import io
import json
import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import soundfile

from workbench.audio import Audio
from workbench.errors import ParameterError, StorageError, one_line
from workbench.speech.compare import Comparison
from workbench.speech.resumed import OPTIONS, resumed
from workbench.speech.tally import count
from workbench.speech.trials import Answer, schedule
from workbench.widgets.audition import Audition, audition
from workbench.widgets.tallied import results_html, tally_html

if TYPE_CHECKING:
    from pathlib import Path

    from workbench.speech.compared import Sound

OLD = "<img src=x onerror=alert(1)>&amp;'\"\u202e"
NEW = "</td></table><script>alert(2)</script>"


def tone(pitch: float, seconds: float = 0.5) -> Audio:
    wave = 0.5 * np.sin(2 * np.pi * pitch * np.arange(round(8_000 * seconds)) / 8_000)
    return Audio(samples=wave.astype(np.float32), rate=8_000)


TAKES: dict[str, Sound] = {OLD: tone(400), NEW: tone(600, 0.8)}


def prefer(panel: Audition, label: str) -> None:
    while (trial := panel.comparison.current) is not None:
        panel.answer("A" if trial.a == label else "B")


class Page:
    """What a page sends to the widget, and what it is sent."""

    def __init__(self, panel: Audition, monkeypatch: pytest.MonkeyPatch) -> None:
        self.panel = panel
        self.sent: list[tuple[dict[str, Any], bytes]] = []

        def send(content: dict[str, Any], buffers: Any = None) -> None:
            self.sent.append((content, b"".join(bytes(part) for part in buffers or ())))

        monkeypatch.setattr(panel, "send", send)

    def say(self, content: Any) -> None:
        self.panel._on_message(self.panel, content, [])


@pytest.fixture
def panel() -> Audition:
    return audition(TAKES, rounds=4, seed=1)


def test_before_the_end_the_page_knows_letters_and_random_marks_only(panel: Audition) -> None:
    """Neither labels nor hashes nor anything else that goes with a take, in any trial."""
    seen: list[str] = []
    telling = [
        OLD,
        NEW,
        *panel.comparison.digests.values(),
        *(d[:8] for d in panel.comparison.digests.values()),
    ]
    telling += [json.dumps(label)[1:-1] for label in TAKES]
    while not panel.finished:
        state = {k: v for k, v in panel.get_state().items() if k not in {"_esm", "_css"}}
        text = json.dumps(state, default=str)
        assert not [word for word in telling if word in text]
        assert state["stage"]["results"] is None
        assert [sound["name"] for sound in state["stage"]["sounds"]] == ["A", "B"]
        seen += [sound["uid"] for sound in state["stage"]["sounds"]]
        assert len({sound["duration"] for sound in state["stage"]["sounds"]}) == 1
        for told in (panel.twin(), str(panel.still()), repr(panel.error)):
            assert not [word for word in telling if word in told]
        panel.answer("A")
    assert len(set(seen)) == len(seen) == 8


def test_the_files_have_one_size_one_kind_and_never_the_same_bytes() -> None:
    panel = audition(TAKES, kind="abx", rounds=4)
    files = []
    while not panel.finished:
        clips = [panel._clip(sound["uid"]) for sound in panel.stage["sounds"]]
        assert {clip.mime for clip in clips} == {"audio/wav"}
        assert not any(clip.words or clip.notes or clip.path for clip in clips)
        files += [clip.media for clip in clips]
        panel.answer("A")
    assert len({len(data) for data in files}) == 1
    assert len(set(files)) == len(files) == 12


def test_what_is_heard_is_what_the_session_says() -> None:
    """X is the take it should be, and A and B stand where the recorded order puts them."""
    panel = audition(TAKES, kind="abx", rounds=8, seed=4)
    while (trial := panel.comparison.current) is not None:
        for name, label in (("A", trial.a), ("B", trial.b), ("X", trial.x)):
            uid = next(s["uid"] for s in panel.stage["sounds"] if s["name"] == name)
            samples, rate = soundfile.read(io.BytesIO(panel._clip(uid).media))
            spectrum = np.abs(np.fft.rfft(samples))
            pitch = np.fft.rfftfreq(len(samples), 1 / rate)[spectrum.argmax()]
            assert pitch == pytest.approx(400 if label == OLD else 600, abs=3)
        panel.answer("B")


def test_only_the_sounds_of_the_current_trial_are_given_out(panel: Audition) -> None:
    before = panel.stage["sounds"][0]["uid"]
    panel.answer("A")
    with pytest.raises(ParameterError, match="no clip"):
        panel._clip(before)


def test_it_is_scriptable(panel: Audition) -> None:
    assert (panel.remaining, panel.finished) == (4, False)
    with pytest.raises(ParameterError, match="4 trials to go"):
        panel.tally()
    panel.answer("A")
    panel.undo()
    assert panel.remaining == 4
    prefer(panel, NEW)
    assert panel.tally().best == NEW
    assert panel.tally().pairs[0].p == 2 / 16
    assert panel.stage["results"]["tables"][0]["rows"][0][:2] == ["1", NEW]
    with pytest.raises(ParameterError, match="finished"):
        panel.answer("A")
    with pytest.raises(ParameterError, match="result was shown"):
        panel.undo()


def test_finishing_early_shows_the_result_and_cannot_be_undone(panel: Audition) -> None:
    panel.answer("A")
    panel.finish()
    assert panel.stage["trial"] == ""
    assert any("3 trials have no answer" in note for note in panel.stage["results"]["notes"])
    with pytest.raises(ParameterError, match="result was shown"):
        panel.undo()


def test_the_static_twin_is_the_result_and_adds_no_element(panel: Audition) -> None:
    assert "0 of 4 trials answered" in panel.twin()
    assert "<table" not in panel.twin()
    prefer(panel, OLD)
    twin = panel.twin()
    assert twin.count("<table>") == 3
    assert "&lt;script&gt;" in twin
    for word in ("<script", "<img", "\u202e"):
        assert word not in twin
    assert twin.startswith(f'<div class="wb-twin wb-{panel.uid}">')
    assert tally_html(panel.tally()).count("<table>") == 2


def test_hostile_labels_add_no_element_to_any_table() -> None:
    """1,000 results, their labels made of what breaks markup."""
    markup = "< > & \" ' ` </table> <script> <!-- ]]> <svg/onload= &lt; <style> javascript: x é"
    pieces = (*markup.split(), "\0", "\n", "\u202e", "\u2028", "\ud800")
    chance = np.random.default_rng(5)
    kinds = {"p", "b", "details", "summary", "table", "tr", "th", "td", "ul", "li"}
    for _ in range(1_000):
        labels = [f"{i}{''.join(chance.choice(pieces, 8))}" for i in range(3)]
        trials = schedule(labels, kind="ab", rounds=1, seed=1)
        answered = [(trial, Answer(trial=trial.uid, choice="A")) for trial in trials]
        html = tally_html(count([answered], kind="ab", labels=labels))
        assert set(re.findall(r"<([a-z!?]+)", html)) == kinds
        assert html.count("<td") == 3 * 7 + 3 * 7
        assert html.isprintable()


def test_an_abx_result_says_how_often_x_was_recognised() -> None:
    panel = audition(TAKES, kind="abx", rounds=6)
    while (trial := panel.comparison.current) is not None:
        panel.answer(trial.right)
    html = results_html(panel.stage["results"])
    assert "6 of 6" in html
    assert "0.016" in html
    assert "Ranks" not in html
    assert "6 of 6 right" in panel.still()[0]["text/plain"]


# -- the page ---------------------------------------------------------------------------------


def test_a_click_answers_undoes_and_finishes(
    panel: Audition, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = Page(panel, monkeypatch)
    page.say({"kind": "answer", "trial": panel.stage["trial"], "choice": "B", "seconds": 3.25})
    assert panel.comparison.answers[0].seconds == 3.25
    page.say({"kind": "undo"})
    assert panel.comparison.answers == ()
    page.say({"kind": "finish"})
    assert panel.finished
    assert panel.error == ""


def test_a_second_click_is_no_second_answer(
    panel: Audition, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = Page(panel, monkeypatch)
    click = {"kind": "answer", "trial": panel.stage["trial"], "choice": "A", "seconds": 1}
    page.say(click)
    page.say(click)
    assert len(panel.comparison.answers) == 1
    assert "not the trial" in panel.error


@pytest.mark.parametrize(
    "content",
    [
        {"kind": "answer"},
        {"kind": "answer", "choice": "A"},
        {"kind": "answer", "choice": "X", "trial": "now"},
        {"kind": "answer", "choice": "none", "trial": "now"},
        {"kind": "answer", "choice": ["A"], "trial": "now"},
        {"kind": "answer", "choice": "A", "trial": "now", "seconds": -1},
        {"kind": "answer", "choice": "A", "trial": "now", "seconds": "1"},
        {"kind": "answer", "choice": "A", "trial": "now", "seconds": {}},
        {"kind": "undo"},
        {"kind": "reveal"},
        {"kind": "media?", "uid": OLD, "ask": "1"},
        {"kind": None},
        {},
    ],
)
def test_what_a_page_may_not_say_is_shown_and_changes_nothing(
    panel: Audition, monkeypatch: pytest.MonkeyPatch, content: dict[str, Any]
) -> None:
    page = Page(panel, monkeypatch)
    if content.get("trial") == "now":
        content = {**content, "trial": panel.stage["trial"]}
    before = panel.comparison
    try:
        page.say(content)
    except KeyError:
        assert "kind" not in content  # no message at all: ipywidgets logs it
    else:
        assert panel.error
    assert panel.comparison == before


def test_the_page_may_set_nothing(panel: Audition) -> None:
    before = panel.stage
    panel.set_state({"stage": {"trial": "", "results": {}}, "kind": "abx"})
    assert "not for the page" in panel.error
    assert (panel.stage, panel.kind) == (before, "ab")


def test_the_sound_is_sent_on_request(panel: Audition, monkeypatch: pytest.MonkeyPatch) -> None:
    page = Page(panel, monkeypatch)
    uid = panel.stage["sounds"][1]["uid"]
    panel._send_media(panel._clip(uid), "7")
    content, data = page.sent[0]
    assert content == {"kind": "media", "ask": "7", "mime": "audio/wav", "part": 0, "parts": 1}
    assert data[:4] == b"RIFF"


def test_what_a_callback_raises_is_shown_and_the_answer_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[int] = []

    def on_answer(session: Comparison) -> None:
        seen.append(session.remaining)
        if len(seen) == 2:
            raise RuntimeError("no such thing")

    panel = audition(TAKES, rounds=4, on_answer=on_answer)
    page = Page(panel, monkeypatch)
    for _ in range(2):
        page.say({"kind": "answer", "trial": panel.stage["trial"], "choice": "A", "seconds": 1})
    assert seen == [3, 2]
    assert panel.error == "RuntimeError: no such thing"
    assert len(panel.comparison.answers) == 2


# -- the file ---------------------------------------------------------------------------------


def test_it_saves_after_each_answer_and_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    panel = audition(TAKES, path=path, rounds=4)
    assert not path.exists()
    panel.answer("A")
    panel.answer("B")
    panel.undo()
    again = audition(TAKES, path=path)
    assert again.comparison == panel.comparison
    prefer(again, NEW)
    resumed, known = audition(TAKES, path=path).stage["results"], again.stage["results"]
    assert [take["label"] for take in resumed.pop("takes")] == [one_line(OLD), NEW]
    assert resumed == {name: known[name] for name in resumed}


def test_a_file_of_another_session_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    audition(TAKES, path=path, rounds=4, seed=7).answer("A")
    for options in ({"kind": "abx"}, {"rounds": 6}, {"seed": 8}, {"match": False}, {"ties": True}):
        with pytest.raises(ParameterError, match="holds a session with"):
            audition(TAKES, path=path, **options)
    assert resumed(TAKES, path, kind="ab", rounds=4, seed=7, match=True, ties=False).remaining == 3
    with pytest.raises(ParameterError, match="another sound"):
        audition({OLD: TAKES[OLD], NEW: tone(700)}, path=path)


def test_a_file_that_cannot_be_written_is_shown_and_the_answer_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    panel = Audition(Comparison.of(TAKES, rounds=4), path=tmp_path / "file" / "a.json")
    page = Page(panel, monkeypatch)
    page.say({"kind": "answer", "trial": panel.stage["trial"], "choice": "A", "seconds": 1})
    assert "file" in panel.error
    assert panel.remaining == 3
    with pytest.raises(StorageError):
        panel.answer("A")
    assert panel.remaining == 2


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (lambda: audition(TAKES, ronds=2), "did you mean 'rounds'"),
        (lambda: audition(TAKES, zzz=2), "the options are kind, rounds"),
        (lambda: audition(TAKES, on_answer=3), "must be a function"),  # type: ignore[arg-type]
        (lambda: Audition(TAKES), "must be a Comparison"),  # type: ignore[arg-type]
        (lambda: Audition(Comparison.from_dict(Comparison.of(TAKES).to_dict())), "without its"),
    ],
)
def test_bad_input_fails_before_anything_is_shown(make: Any, problem: str) -> None:
    with pytest.raises(ParameterError, match=problem):
        make()


def test_too_long_a_sound_is_refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    import workbench.widgets.audition as module

    monkeypatch.setattr(module, "MAX_BYTES", 10_000)
    with pytest.raises(ParameterError, match="compare a shorter passage"):
        audition(TAKES)


def test_the_options_are_those_of_a_comparison() -> None:
    assert OPTIONS == ("kind", "rounds", "seed", "ties", "match", "listener")
