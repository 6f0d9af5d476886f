"""What stands for an engine in a process that has a model host: the same contract, no model."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.audio import Audio
from workbench.engines.base import VoiceInfo
from workbench.engines.host.address import Address, named, settings
from workbench.engines.host.line import Line
from workbench.engines.registry import TRANSCRIBERS
from workbench.engines.voices_folder import voices_folder
from workbench.errors import Cancelled, ParameterError
from workbench.paths import user_path
from workbench.recognition import Recognition
from workbench.take import Take

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator

    from workbench.engines.base import Capabilities
    from workbench.options import Options
    from workbench.progress import Report

__all__ = ["HostedSynthesizer", "HostedTranscriber", "stand_in"]

log = logging.getLogger(__name__)

_ALWAYS = {"whisper"}
_ON_A_GPU = {"chatterbox", "kokoro"}
_NEVER = {"espeak", "remote"}  # cheaper than the way to the host; no model at all


def stand_in(host: str, group: str, name: str, own: Callable[[str], Any]) -> Any:
    """Return what stands for an engine here; None when it is to run in this process.

    Parameters
    ----------
    host
        The value of the variable.
    group, name
        The engine's entry point.
    own
        Makes this process's engine of that name.
    """
    if name in _NEVER:
        return None
    address = Address.parse(host)
    if name not in _ALWAYS | named():
        if name not in _ON_A_GPU:
            return None
        with Line(address, name) as line:
            if not line.ask({"method": "computes"})[0]:
                return None
    kind = HostedTranscriber if group == TRANSCRIBERS else HostedSynthesizer
    return kind(address, group, own(name))


class _StandIn:
    """What both kinds do alike.

    Parameters
    ----------
    address
        Where the host is.
    group
        Of the engine's entry point.
    own
        The engine of this process. It says what it is; it loads its model only when the settings
        here are not the host's.
    """

    def __init__(self, address: Address, group: str, own: Any) -> None:
        self._own = own
        self._address = address
        self._group = group
        self.name: str = own.name
        self.options: type[Options] = own.options

    def __getattr__(self, name: str) -> Any:  # what only this engine has, such as `ready`
        if name == "_own":
            raise AttributeError(name)
        return getattr(self._own, name)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name})"

    def unload(self) -> None:
        """Give back the memory of this process; the host keeps its models for the others."""
        self._own.unload()

    def _line(self) -> Line | None:
        """Return a connection; None when this process has to do the work itself."""
        line = Line(self._address, self.name)
        if line.settings == settings():
            return line
        line.close()
        log.info("%s is loaded here: the settings are not those of the model host", self.name)
        return None

    def _question(self, method: str, **arguments: Any) -> dict[str, Any]:
        return {
            "group": self._group,
            "engine": self.name,
            "method": method,
            "arguments": arguments,
            "voices": str(voices_folder().absolute()),
        }

    def _checked(self, options: Options | None) -> None:
        if not isinstance(options, self.options | None):
            kind = type(options).__name__
            raise ParameterError(f"must be {self.options.__name__}, not {kind}", subject="options")


class HostedSynthesizer(_StandIn):
    """A speech engine of the host, a `workbench.engines.base.Synthesizer`."""

    @property
    def capabilities(self) -> Capabilities:
        """What it can do."""
        found: Capabilities = self._own.capabilities
        return found

    @property
    def version(self) -> str:
        """Its version, as the host has it."""
        return str(self._asked("describe", lambda own: {"version": own.version})["version"])

    def voices(self) -> tuple[VoiceInfo, ...]:
        """Return every voice, sorted by language and name."""
        found = self._asked("voices", lambda own: [vars(one) for one in own.voices()])
        return tuple(VoiceInfo(**one) for one in found)

    def find_voice(self, name: str) -> VoiceInfo:
        """Return the voice of that name.

        Raises
        ------
        VoiceNotFound
            With the nearest names.
        """
        found = self._asked("find_voice", lambda own: vars(own.find_voice(name)), name=name)
        return VoiceInfo(**found)

    def synthesize(
        self, text: str, *, voice: str, options: Options | None = None, seed: int | None = None
    ) -> Take:
        """Return `text` as spoken.

        Raises
        ------
        WorkbenchError
            Whatever the engine raised there.
        ModelError
            When the host ended before it had answered.
        """
        request = self._request(text, voice, options, seed)
        line = self._line()
        if line is None:
            made: Take = self._own.synthesize(text, voice=voice, options=options, seed=seed)
            return made
        with line:
            take, sounds = line.ask(self._question("synthesize", **request))
        return Take.from_dict(take, audio=sounds[0])

    def stream(
        self, text: str, *, voice: str, options: Options | None = None, seed: int | None = None
    ) -> Iterator[Audio]:
        """Yield the sound in pieces as it is made; each is asked for by itself.

        Raises
        ------
        WorkbenchError, ModelError
            As `synthesize`, before the first piece is asked for where the engine does so.
        """
        request = self._request(text, voice, options, seed)
        line = self._line()
        if line is None:
            own: Iterator[Audio] = self._own.stream(text, voice=voice, options=options, seed=seed)
            return own
        try:
            number, _ = line.ask(self._question("open", **request))
        except BaseException:
            line.close()
            raise
        return self._pieces(line, self._question("next", stream=number))

    def _pieces(self, line: Line, question: dict[str, Any]) -> Iterator[Audio]:
        with line:
            while True:
                piece, sounds = line.ask(question)
                if piece is None:
                    return
                yield sounds[0]

    def _asked(self, method: str, own: Callable[[Any], Any], **arguments: Any) -> Any:
        line = self._line()
        if line is None:
            return own(self._own)
        with line:
            return line.ask(self._question(method, **arguments))[0]

    def _request(
        self, text: str, voice: str, options: Options | None, seed: int | None
    ) -> dict[str, Any]:
        if not isinstance(text, str):
            raise ParameterError(f"must be text, not {text!r}", subject="text")
        self._checked(options)
        values = options.to_dict() if options is not None else None
        return {"text": text, "voice": voice, "options": values, "seed": seed}


class HostedTranscriber(_StandIn):
    """A recogniser of the host, a `workbench.engines.base.Transcriber`."""

    @property
    def version(self) -> str:
        """The version of the library."""
        return str(self._own.version)

    def identity(self, options: Options | None = None) -> str:
        """Return what an answer depends on besides the options; asked of nobody but the files."""
        return str(self._own.identity(options))

    def transcribe(
        self,
        audio: Audio,
        *,
        language: str | None = None,
        options: Options | None = None,
        progress: Report | None = None,
        cancel: threading.Event | None = None,
    ) -> Recognition:
        """Return what is said in `audio`, with the time of every word.

        Raises
        ------
        WorkbenchError
            Whatever the recogniser raised there.
        ModelError
            When the host ended before it had answered.
        Cancelled
            When `cancel` was set; the host stops at the next segment.
        """
        if not isinstance(audio, Audio):
            raise ParameterError(f"must be Audio, not {type(audio).__name__}", subject="audio")
        self._checked(options)
        if cancel is not None and cancel.is_set():
            raise Cancelled("stopped before it began", subject="transcription")
        line = self._line()
        if line is None:
            made: Recognition = self._own.transcribe(
                audio, language=language, options=options, progress=progress, cancel=cancel
            )
            return made
        asked = options or self.options()
        question = self._question("transcribe", language=language, options=_placed(asked).to_dict())
        with line:
            heard, _ = line.ask(question, [audio], progress=progress, cancel=cancel)
        return replace(Recognition.from_dict(heard), options=asked.to_dict())


def _placed(options: Options) -> Options:
    """Return options with the model's folder as the host sees it, whose working folder differs."""
    model = getattr(options, "model", None)
    if not isinstance(model, str) or not model.strip():
        return options
    path = user_path(model.strip())
    if path.is_absolute() or not ("/" in model or "\\" in model or path.is_dir()):
        return options
    from workbench.engines.whisper.model import names

    known = model.strip() in names()  # a folder of that name does not hide the catalogue's
    return options if known else replace(options, model=str(Path(path).absolute()))  # type: ignore[call-arg]
