"""The tuner: choose a voice and move its options, compare takes, keep one as a preset."""

from __future__ import annotations

import threading
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.engines.registry import engine
from workbench.errors import ParameterError, StorageError, VoiceNotFound
from workbench.speech.sentences import sample_sentence
from workbench.speech.voices import find_voice
from workbench.voice import PRESETS, Preset
from workbench.widgets.blend import blend_name
from workbench.widgets.panel import front, style
from workbench.widgets.settings import Settings, is_preset
from workbench.widgets.tuner_page import obey
from workbench.widgets.tuner_panel import TunerPanel
from workbench.widgets.tuning import TunedTake, Tuning, labels

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from workbench.speech.compare import Comparison
    from workbench.speech.measures import MeasureTable
    from workbench.take import Take
    from workbench.voice import Voice

__all__ = ["Tuner", "tune"]

_AUDITIONS = 50  # samples of voices that are kept


class Tuner(TunerPanel):
    """A panel to tune a voice by ear and by number; `tune` makes one.

    All that a click does, a method does as well: `change`, `open_preset`, `blend`,
    `reset`, `generate`, `star`, `note`, `delete`, `use`, `undo`, `redo`, `keep`, `compare`,
    `audition`.

    Parameters
    ----------
    settings
        What to begin with.
    name
        Of the preset that it will be kept as, where there is one.

    Attributes
    ----------
    tuning
        The settings, the takes and what was said about them, as a value.
    code
        The line of Python that speaks like the settings: once they are kept, by their preset, and
        below it the same spelt out.
    """

    _esm = front(
        "tuner_parts.js", "tuner_voice.js", "tuner_options.js", "tuner_takes.js", "tuner.js"
    )
    _css = style("tuner.css", root="wb-tuner")

    def __init__(self, settings: Settings, *, name: str = "") -> None:
        self._auditions: OrderedDict[str, Take] = OrderedDict()
        self._speaking = threading.Lock()  # one audition at a time
        self._wanted = ""  # the voice that was asked for last
        super().__init__(settings, name=name)

    @classmethod
    def load(cls, preset: str | os.PathLike[str] | Preset, *, text: str = "") -> Tuner:
        """Return a tuner of a preset: its name in ``presets/``, the path of its file, or itself.

        Raises
        ------
        StorageError
            When there is no such file.
        VoiceNotFound, EngineNotFound, EngineMissing, ParameterError
            When it names a voice or an option that is not there.
        """
        if not isinstance(preset, Preset):
            named = isinstance(preset, str) and preset in Preset.names()
            preset = Preset.load(PRESETS / f"{preset}.toml" if named else preset)
        return tune(text, voice=preset)

    # -- looking ----------------------------------------------------------------------------------

    @property
    def settings(self) -> Settings:
        """What the next take will be spoken with."""
        return self.tuning.settings

    @property
    def takes(self) -> tuple[TunedTake, ...]:
        """The takes that are not deleted, the one in front first."""
        return self.tuning.visible

    def table(self) -> MeasureTable:
        """Return what the takes measure, the one in front first."""
        from workbench.speech.measures import MeasureTable

        self.wait()
        told = labels(self.takes)
        rows = [(told[one.id], self._measures(one)) for one in self.takes]
        return MeasureTable.of(rows)

    def compare(self, a: object, b: object, **how: Any) -> Comparison:
        """Return a blind comparison of two takes.

        Parameters
        ----------
        a, b
            Takes, or their numbers.
        **how
            As for `workbench.speech.compare.Comparison.of`: ``kind``, ``rounds``, ``seed`` …

        Raises
        ------
        ParameterError
            When there is no such take, or they are the same.
        """
        from workbench.speech.compare import Comparison

        first, second = self.tuning.find(a), self.tuning.find(b)
        if first is second:
            raise ParameterError("needs two takes", subject="compare", cure="give another one")
        told = labels((first, second))
        return Comparison.of({told[one.id]: one.take for one in (first, second)}, **how)

    # -- settings ---------------------------------------------------------------------------------

    def change(self, **changes: Any) -> None:
        """Change the settings: ``text``, ``voice``, ``seed`` and options of the engine.

        Raises
        ------
        VoiceNotFound, EngineNotFound, EngineMissing, ParameterError
            When there is no such voice or option, or a value is not acceptable; nothing is changed.
        """
        visit = "text" if set(changes) == {"text"} else ""
        self._step(lambda tuning: tuning.change(visit=visit, **changes))

    def change_engine(self, name: str) -> None:
        """Speak with another engine: its voice for the language, else its first voice.

        Raises
        ------
        EngineNotFound, EngineMissing
            When it is not there.
        """
        owner = engine(name)
        try:
            voice = owner.find_voice(self.settings.language).name
        except VoiceNotFound:
            voice = owner.voices()[0].name
        self.change(voice=f"{name}:{voice}")

    def open_preset(self, name: str) -> None:
        """Go on from a preset in ``presets/``: its voice and its options.

        Raises
        ------
        StorageError
            When there is no such preset.
        VoiceNotFound, EngineNotFound, EngineMissing, ParameterError
            When it names a voice or an option that is not there.
        """
        if name not in Preset.names():
            raise StorageError("there is no such preset", subject=name)
        self.change(voice=Preset.load(PRESETS / f"{name}.toml"))
        self._know(name)

    def blend(self, parts: Mapping[str, float]) -> None:
        """Speak with a blend of voices of the engine, such as ``{"af_heart": 3, "bf_emma": 1}``.

        Raises
        ------
        ParameterError
            When a share is no number above 0.
        VoiceNotFound
            When the engine has no such voice, or cannot blend.
        """
        self.change(voice=f"{self.settings.voice.engine}:{blend_name(parts)}")

    def reset(self, name: str = "") -> None:
        """Set an option, or all of them, back to the default."""
        self._step(lambda tuning: tuning.reset(name))

    def use(self, take: object) -> None:
        """Go back to the settings of a take."""
        self._step(lambda tuning: tuning.use(take))

    def undo(self) -> None:
        """Take back what was last changed or said about a take."""
        self._step(Tuning.undo)

    def redo(self) -> None:
        """Do again what was taken back."""
        self._step(Tuning.redo)

    # -- takes ------------------------------------------------------------------------------------

    def generate(self, **changes: Any) -> Take:
        """Speak with the settings, changed if asked for, and return the take.

        It stands in front of the others. The same settings come from the cache of takes, and are
        not listed twice.

        Raises
        ------
        WorkbenchError
            When a setting is wrong, there is nothing to speak, or the engine cannot work.
        """
        if changes:
            self.change(**changes)
        settings = self.settings
        spoken = self._do(
            "speaking", lambda report, cancel: settings.speak(progress=report, cancel=cancel)
        )
        one = self._add(settings, spoken)
        self._measures(one)
        self._renew()
        return one.take

    def start(self) -> None:
        """Do as `generate` in a thread, as a click does: what goes wrong is in `error`.

        Raises
        ------
        JobError
            When something is at work already.
        """
        settings = self.settings
        self._work(
            "speaking",
            lambda report, cancel: settings.speak(progress=report, cancel=cancel),
            lambda spoken: self._arrived(settings, spoken),
        )

    def star(self, take: object, on: bool = True) -> None:  # noqa: FBT001, FBT002 - as in star(1)
        """Mark a take as one of the good ones, or no longer."""
        self._step(lambda tuning: tuning.say(take, star=on))

    def note(self, take: object, text: str) -> None:
        """Write something about a take."""
        self._step(lambda tuning: tuning.say(take, note=text))

    def delete(self, take: object) -> None:
        """Take a take off the list; `undo` or `restore` brings it back."""
        self._step(lambda tuning: tuning.say(take, deleted=True))

    def restore(self, take: object) -> None:
        """Bring a deleted take back."""
        self._step(lambda tuning: tuning.say(take, deleted=False))

    def audition(self, voice: str) -> Take:
        """Return a sentence in the voice's own language, spoken by it with the usual options.

        Parameters
        ----------
        voice
            ``engine:name``, or one of the engine's own names.

        Raises
        ------
        WorkbenchError
            When there is no such voice, or its engine cannot work.
        """
        own = ":" not in voice
        asked, _ = find_voice(f"{self.settings.voice.engine}:{voice}" if own else voice)
        known = self._auditions.get(str(asked))
        if known is None:
            settings = Settings.of("", asked)
            take = settings.changed(text=sample_sentence(settings.language)).speak().take
            known = self._auditions[str(asked)] = take
            while len(self._auditions) > _AUDITIONS:
                self._auditions.popitem(last=False)
        return known

    def hear(self, voice: str) -> None:
        """Have the page play a sample of a voice; of several that wait only the last is spoken."""
        self._wanted = voice

        def speak() -> None:
            with self._speaking:
                if self._wanted != voice:
                    return
                try:
                    sound = self.audition(voice).audio.encode(".wav")
                except Exception as error:  # noqa: BLE001 - no cell is there to show it
                    self._failed(error)
                    return
                said = {"kind": "audition", "voice": voice, "mime": "audio/wav"}
                self.send(said, buffers=[sound])

        threading.Thread(target=speak, name="workbench audition", daemon=True).start()

    # -- keeping ----------------------------------------------------------------------------------

    def keep(
        self,
        name: str,
        take: object = None,
        *,
        note: str = "",
        replace: bool = False,
        folder: str | os.PathLike[str] = PRESETS,
    ) -> Preset:
        """Write ``presets/NAME.toml`` and return the preset: ``voice="NAME"`` speaks with it.

        Parameters
        ----------
        name
            How it will be called.
        take
            Which take's settings; None for the settings as they are now.
        note
            A line for people.
        replace
            Whether a preset of that name may be written over.
        folder
            Where it goes, by default ``presets`` in the working directory.

        Raises
        ------
        ParameterError
            When the name cannot be a preset's, or there is no such take.
        StorageError
            When there is a preset of that name already, or it cannot be written.
        """
        settings = self.settings if take is None else self.tuning.find(take).settings
        preset = settings.preset(name, note=note)
        path = Path(folder) / f"{preset.name}.toml"
        if path.exists() and not replace:
            raise StorageError(
                "there is a preset of that name", subject=str(path), cure="give replace=True"
            )
        path = preset.save(folder)
        with self._lock:
            self._kept = (settings, preset.name, Path(folder))
            self._kept_take = None if take is None else self.tuning.find(take).id
            self.name = preset.name
            self.presets = Preset.names()
            if take is not None:
                self.tuning = self.tuning.use(take)
            self._show()
            self.kept = {"name": preset.name, "path": str(path), "code": self.code}
        self._renew()
        return preset

    # -- from the page ----------------------------------------------------------------------------

    def _handle(self, kind: str, content: dict[str, Any]) -> None:
        obey(self, kind, content)


def tune(text: str = "", *, voice: str | Voice | Preset | None = None, **options: Any) -> Tuner:
    """Return a panel to tune a voice in.

    Parameters
    ----------
    text
        What is said; by default a sentence in the voice's language.
    voice
        ``engine:name``, the name of a preset, a `Voice` or `Preset`; None for the default voice.
    **options
        Options of the engine to begin with, and ``seed``.

    Raises
    ------
    VoiceNotFound, EngineNotFound, EngineMissing
        When there is no such voice; the nearest are offered.
    ParameterError
        When an option is unknown (the nearest is offered) or a value is not acceptable.

    Examples
    --------
    >>> panel = tune("Hello, world.", voice="espeak:es", rate=150)
    >>> panel.generate(pitch=40)
    Take('Hello, world.', espeak:es, 1.4 s, 2 words)
    >>> panel.code
    'wb.speak("Hello, world.", voice="espeak:es", rate=150, pitch=40)'
    """
    seed = options.pop("seed", None)
    settings = Settings.of(text, voice, options, seed=seed)
    if not text.strip():
        settings = settings.changed(text=sample_sentence(settings.language))
    name = ""
    if is_preset(voice):
        name = voice.name if isinstance(voice, Preset) else str(voice)
    return Tuner(settings, name=name)
