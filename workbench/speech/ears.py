"""Who listens when speech is checked or its words are timed: a recogniser and its options."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from workbench.audio import Audio
from workbench.engines.registry import DEFAULT_TRANSCRIBER, transcriber
from workbench.errors import ParameterError

if TYPE_CHECKING:
    import threading

    from workbench.engines.base import Transcriber
    from workbench.options import Options
    from workbench.progress import Report
    from workbench.recognition import Recognition

__all__ = ["VARIABLE", "Ears", "ears"]

VARIABLE = "WORKBENCH_STT"
"""The environment variable that names another model for ``stt``."""

_STT = "stt"


@dataclass(kw_only=True)
class Ears:
    """A recogniser with its options, which remembers the last sound it heard.

    A line that is checked and then timed is heard once.

    Parameters
    ----------
    engine
        The recogniser.
    options
        Its options.
    name
        What was asked for; with the recogniser's version, a part of every cache key.
    """

    engine: Transcriber
    options: Options
    name: str
    _heard: dict[tuple[str, str | None, str], Recognition] = field(default_factory=dict, repr=False)

    @property
    def key(self) -> str:
        """The recogniser, its model's weights and its options, as one string."""
        return f"{self.engine.name} {self.engine.identity(self.options)} {self.options.to_dict()}"

    def ready(self) -> None:
        """Load the model, so that what is wrong with it is known before anything is spoken.

        Raises
        ------
        WeightsMissing, WeightsCorrupt, DeviceError, ModelError
            When it cannot be used.
        """
        self.engine.transcribe(Audio.silence(0.5, 16_000), options=self.options)

    def transcribe(
        self,
        audio: Audio,
        *,
        language: str | None = None,
        options: Options | None = None,
        progress: Report | None = None,
        cancel: threading.Event | None = None,
    ) -> Recognition:
        """Return what is said in `audio`, see `workbench.engines.base.Transcriber`."""
        chosen = options or self.options
        known = audio.digest(), language, str(chosen.to_dict())
        heard = self._heard.get(known)
        if heard is None:
            heard = self.engine.transcribe(
                audio,
                language=language,
                options=chosen,
                progress=progress,
                cancel=cancel,
            )
            self._heard = {known: heard}
        return heard


def ears(name: str = _STT) -> Ears:
    """Return who is meant by ``stt``, ``stt:MODEL`` or the name of a recogniser.

    Parameters
    ----------
    name
        ``stt`` for the default recogniser with its default model (or that of the environment
        variable ``WORKBENCH_STT``), ``stt:base`` for another model of it, ``remote`` or the name
        of a plug-in for another recogniser, ``remote:whisper-1`` with its model.

    Raises
    ------
    ParameterError
        When it is no text.
    EngineNotFound, EngineMissing
        When there is no such recogniser.

    Examples
    --------
    >>> ears("stt:base").options.model
    'base'
    """
    if not isinstance(name, str):
        raise ParameterError(f"must be 'stt' or 'stt:MODEL', not {name!r}", subject="verify")
    who, _, model = name.partition(":")
    engine = transcriber(DEFAULT_TRANSCRIBER if who == _STT else who)
    if who == _STT:
        model = model or os.environ.get(VARIABLE, "")
    options = engine.options.build({"model": model} if model else {})
    return Ears(engine=engine, options=options, name=name)
