"""The tuner's state on a page: its traits, its takes' sound, and how it looks without a kernel."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import traitlets as t

from workbench.errors import WorkbenchError, one_line
from workbench.speech.available import engine_states
from workbench.voice import PRESETS, Preset
from workbench.widgets import pictures, tuner_twin
from workbench.widgets.clip import Clip
from workbench.widgets.panel import Panel
from workbench.widgets.tuner_state import engine_state, listed, measured, settings_state
from workbench.widgets.tuning import TunedTake, Tuning

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from workbench.speech.measures import Measures
    from workbench.widgets.outputs import Bundle
    from workbench.widgets.settings import Settings, Spoken

__all__ = ["TunerPanel"]

_AT_ONCE = 1_000_000  # bytes of sound that are sent with their take, as WAV: MP3 takes time to make


class TunerPanel(Panel):
    """What `workbench.widgets.tuner.Tuner` shows, and how it keeps up with its `Tuning`.

    Attributes
    ----------
    tuning
        The settings, the takes and what was said about them, as a value.
    code
        The line of Python that speaks like the settings.
    calls
        The same without remarks: by the preset, where they are one's, and spelt out.
    opened
        The preset that the settings are, and what is in it; empty where they are none.
    """

    chosen = t.Dict().tag(sync=True)
    blends = t.Bool(default_value=False).tag(sync=True)
    controls = t.List(t.Dict()).tag(sync=True)
    engines = t.List(t.Dict()).tag(sync=True)
    voices = t.List(t.Dict()).tag(sync=True)
    listed = t.List(t.Dict()).tag(sync=True)
    marks = t.Dict().tag(sync=True)
    measured = t.Dict().tag(sync=True)
    fields = t.List(t.Dict()).tag(sync=True)
    steps = t.Dict().tag(sync=True)
    presets = t.List(t.Unicode()).tag(sync=True)
    name = t.Unicode().tag(sync=True)
    kept = t.Dict().tag(sync=True)
    code = t.Unicode().tag(sync=True)
    calls = t.List(t.Unicode()).tag(sync=True)
    opened = t.Unicode().tag(sync=True)

    def __init__(self, settings: Settings, *, name: str = "") -> None:
        from workbench.speech.measures import Measures

        self.tuning = Tuning(settings=settings)
        self._lock = threading.RLock()  # of the tuning: clicks, tasks and cells change it
        self._clips: dict[int, Clip] = {}
        self._rows: dict[int, dict[str, Any]] = {}
        self._drawn: dict[int, str] = {}
        self._kept: tuple[Settings, str, Path] | None = None  # what, by which name, in which folder
        self._kept_take: int | None = None
        self._measuring: threading.Thread | None = None
        super().__init__(
            engines=[state.to_dict() for state in engine_states()],
            presets=Preset.names(),
            fields=[{**field.to_dict(), "brief": field.brief} for field in Measures.FIELDS],
            name=name,
            **engine_state(settings.voice.engine),
        )
        self._know(name)

    def _know(self, name: str) -> None:
        """Say the settings by the preset of that name, where they are those in its file."""
        with self._lock:
            if name in Preset.names() and _is_in_file(self.tuning.settings, name):
                self._kept = (self.tuning.settings, name, PRESETS)
            self.name = name
            self._show()

    # -- changing ---------------------------------------------------------------------------------

    def _step(self, step: Callable[[Tuning], Tuning]) -> None:
        """Go on to the next tuning, and show it."""
        with self._lock:
            before, self.tuning = self.tuning, step(self.tuning)
            if self.tuning is not before:
                self._show()
                self._renew()

    def _add(self, settings: Settings, spoken: Spoken) -> TunedTake:
        """Put a take in front and return it; its sound is on the page before it."""
        with self._lock:
            self.tuning = self.tuning.with_take(settings, spoken)
            one = self.tuning.takes[0]
            if one.id not in self._clips:
                clip = self._clips[one.id] = Clip.of(one.take)
                self._rows[one.id] = listed(one, clip)
                audio = one.take.audio
                if self._heard and audio.samples.size * 2 <= _AT_ONCE:
                    said = {"kind": "sound", "uid": clip.uid, "mime": "audio/wav"}
                    self.send(said, buffers=[audio.encode(".wav")])
            self._show()
        return one

    def _arrived(self, settings: Settings, spoken: Spoken) -> None:
        """Show a take that a click asked for; what nobody waits for is done after it."""
        one = self._add(settings, spoken)
        # Only this plays it: a click that failed must not play the take of an earlier one.
        self.send({"kind": "spoken", "take": one.id})
        self._measuring = threading.Thread(target=self._finish, args=(one,), daemon=True)
        self._measuring.start()

    def _finish(self, one: TunedTake) -> None:
        try:
            self._measures(one)
        except Exception as error:  # noqa: BLE001 - no cell is there to show it
            self._failed(error)
        self._renew()
        self.output.flush()

    def _measures(self, one: TunedTake) -> Measures:
        """Return what a take measures, looked at once."""
        from workbench.speech.measure import measure

        known = self.tuning.find(one.id).measures
        if known is not None:
            return known
        found = measure(one.take, seconds=one.seconds)
        with self._lock:
            self.tuning = self.tuning.with_measures(one.id, found)
            self._show()
        return found

    def _show(self) -> None:
        """Bring the traits up to the tuning; what is the same is not sent again."""
        tuning = self.tuning
        visible = tuning.visible
        with self.hold_sync():
            if self.chosen and tuning.settings.voice.engine != self.chosen["engine"]:
                for name, value in engine_state(tuning.settings.voice.engine).items():
                    self.set_trait(name, value)
            self.chosen = settings_state(tuning.settings, blends=self.blends)
            if [one.id for one in visible] != [row["id"] for row in self.listed]:
                self.listed = [self._rows[one.id] for one in visible]
            marks = {str(one.id): tuning.mark(one.id) for one in visible}
            self.marks = {
                number: {"star": mark.star, "note": mark.note}
                for number, mark in marks.items()
                if mark.star or mark.note
            }
            self.measured = {str(one.id): measured(one.measures) for one in visible if one.measures}
            self.steps = {"undo": bool(tuning.past), "redo": bool(tuning.future)}
            self._say()

    def _say(self) -> None:
        """Say the settings in Python: by their preset, where they are one's, and spelt out."""
        settings = self.tuning.settings
        spelt = settings.code()
        self.calls, self.code, self.opened = [spelt], spelt, ""
        if self._kept is None:
            return
        kept, name, folder = self._kept
        if (kept.voice, kept.options) == (settings.voice, settings.options):
            short = settings.code(preset=name, folder=folder)
            self.calls, self.code = [short, spelt], f"{short}\n{spelt}  # the same, spelt out"
            options = (f"{key} {value}" for key, value in settings.options.items())
            self.opened = f"{name} ({', '.join([str(settings.voice), *options])})"

    # -- the base's questions ---------------------------------------------------------------------

    def _clip(self, uid: str) -> Clip:
        for clip in list(self._clips.values()):
            if clip.uid == uid:
                return clip
        return super()._clip(uid)

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for what a click has started, at most `timeout` seconds; return whether it ended."""
        done = super().wait(timeout)
        measuring = self._measuring
        if measuring is None or measuring is threading.current_thread():
            return done
        measuring.join(timeout)
        return done and not measuring.is_alive()

    def still(self) -> Bundle:
        """Return the line of code, and the outline of the take that matters most."""
        told = {"text/plain": one_line(f"Tuner: {self.code}", limit=500)}
        first = tuner_twin.heard_first(self.tuning, self._kept_take)
        if not first:
            return told, {}
        data, metadata = pictures.bundle(self._clips[first[0].id])
        return {**data, **told}, metadata

    def twin(self) -> str:
        """Return the static HTML: the code, the takes, and the best of the sound."""
        with self._lock:
            tuning, kept, code, clips = self.tuning, self._kept_take, self.code, dict(self._clips)
        drawn = self._drawn
        return tuner_twin.html(tuning, self.uid, clips, code=code, kept=kept, drawn=drawn)


def _is_in_file(settings: Settings, name: str) -> bool:
    try:
        return settings.speaks_as(Preset.load(PRESETS / f"{name}.toml"))
    except WorkbenchError:  # another's file of that name, which nobody asked for
        return False
