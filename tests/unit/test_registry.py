from __future__ import annotations

import threading
from types import SimpleNamespace

import pytest

import workbench as wb
from workbench.engines import registry
from workbench.engines.base import Synthesizer
from workbench.engines.registry import engine, engines
from workbench.errors import EngineMissing, EngineNotFound, ModelError


class Point:
    """An entry point of a package that a test makes up."""

    def __init__(self, name: str, load: object, extras: tuple[str, ...] = ()) -> None:
        self.name = name
        self.load = load
        about = SimpleNamespace(get_all=lambda _: list(extras) or None)
        self.dist = SimpleNamespace(name="shout-engine", metadata=about)


@pytest.fixture
def points(monkeypatch: pytest.MonkeyPatch) -> list[Point]:
    """The registered engines, those of a test put on top; none of them loaded."""
    real = registry._voices.points()
    added: list[Point] = []
    monkeypatch.setattr(
        registry._voices, "points", lambda: real | {point.name: point for point in added}
    )
    monkeypatch.setattr(registry._voices, "loaded", {})
    return added


def missing(name: str):
    def load() -> None:
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    return load


def test_the_embedded_engine_is_registered_as_any_other():
    point = registry._voices.points()["espeak"]
    assert (point.group, point.value) == (
        "workbench.engines", "workbench.engines.espeak.engine:EspeakEngine",
    )  # fmt: skip
    assert isinstance(engine("espeak"), Synthesizer)
    assert engine("espeak") is engine("espeak")


def test_an_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(EngineNotFound, match=r"espaek: is not an engine; did you mean 'espeak'\?"):
        engine("espaek")
    with pytest.raises(EngineNotFound, match=r"there are .*espeak"):
        engine("zzz")


def test_names_are_listed_without_loading_anything(points: list[Point]):
    points.append(Point("shout", missing("shout")))
    assert engines() == tuple(sorted({*engines(), "shout"}))
    assert registry._voices.loaded == {}


@pytest.mark.parametrize(
    ("extras", "cure"),
    [(("shout", "docs"), r"pip install 'shout-engine\[shout\]'$"), ((), "pip install loud_lib$")],
)
def test_what_is_not_installed_is_said_with_the_command(
    points: list[Point], extras: tuple[str, ...], cure: str
):
    points.append(Point("shout", missing("loud_lib"), extras))
    with pytest.raises(EngineMissing, match=f"needs a package that is not .*loud_lib.*{cure}"):
        engine("shout")


def test_an_engine_that_is_not_installed_hides_no_other(points: list[Point]):
    points.append(Point("aaa", missing("aaa")))
    assert "espeak:es" in [voice.name for voice in wb.voices("es")]
    with pytest.raises(EngineMissing):
        wb.voices(engine_name="aaa")


def test_an_engine_is_made_once_whoever_asks_first(points: list[Point], tone):
    made = []
    together = threading.Barrier(8)

    def make() -> object:
        made.append(1)
        threading.Event().wait(0.05)  # time for the others to come in, if nothing holds them
        engine("espeak")  # an engine may ask for another one
        return tone

    points.append(Point("shout", lambda: make))
    found = []

    def ask() -> None:
        together.wait()
        found.append(engine("shout"))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == [1]
    assert found == [tone] * 8


def test_a_plug_in_that_breaks_is_named_and_passed_over(monkeypatch: pytest.MonkeyPatch):
    """Its RuntimeError once ended `workbench voices` and the doctor with a traceback."""

    def load() -> None:
        raise RuntimeError("no luck")

    points = {**registry._voices.points(), "shout": Point("shout", load)}
    monkeypatch.setattr(registry._voices, "points", lambda: points)
    with pytest.raises(ModelError, match=r"cannot be loaded \(RuntimeError: no luck\)"):
        engine("shout")
    assert wb.voices("es"), "one broken engine hides the others"
    with pytest.raises(ModelError, match="shout-engine"):
        wb.voices(engine_name="shout")
