"""Any OpenAI-compatible server as a recogniser: ``POST /v1/audio/transcriptions``."""

from __future__ import annotations

import json
import logging
import re
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import numpy as np

from workbench.engines.remote.address import Address
from workbench.engines.remote.heard import Heard, heard
from workbench.engines.remote.languages import tag
from workbench.engines.remote.server import Server
from workbench.errors import Cancelled, ModelError, ParameterError, WorkbenchError
from workbench.options import Options, option
from workbench.recognition import Recognition, Segment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from workbench.audio import Audio
    from workbench.progress import Report

__all__ = ["RemoteTranscriber", "RemoteTranscriberOptions"]

log = logging.getLogger(__name__)

T = TypeVar("T")

_RATE = 16_000  # Hz; what Whisper hears
# Seconds of a part: as FLAC of 16 bit, which never exceeds the samples by much, 19.2 MB of the 25
# that OpenAI takes. The last tenth of a part is searched for the quietest place to cut.
_PART = 600.0
_SEARCH = 0.1
_QUIET = 0.3  # seconds of silence that are looked for
_ANSWER_BYTES = 50_000_000
# What an answer that is no transcription fails with: as an integer of 400 digits, which no float
# holds, or lists within lists without end.
_NONE_OF_IT = (
    *(TypeError, ValueError, KeyError, AttributeError),
    *(OverflowError, RecursionError),
)
_PROTOCOL = "1"
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{1,8})*")


@dataclass(frozen=True, kw_only=True)
class RemoteTranscriberOptions(Options):
    """How a server is asked to write down what is said.

    Parameters
    ----------
    model
        The server's name of the model, such as ``whisper-1``.
    temperature
        0 (the likeliest words) to 1.
    prompt
        Text that comes before: names and spellings to expect.
    timeout
        Seconds, 1 to 3,600, in which ten minutes of sound have to be heard.

    Examples
    --------
    >>> RemoteTranscriberOptions().model
    'whisper-1'
    """

    model: str = option("whisper-1", help="The server's name of the model")
    temperature: float = option(
        0.0, minimum=0.0, maximum=1.0, step=0.1, unit="points", help="How freely it guesses"
    )
    prompt: str = option("", help="Text that comes before: names and spellings to expect")
    timeout: float = option(
        600.0, minimum=1.0, maximum=3600.0, step=1.0, unit="s", help="Longest wait for the server"
    )


class RemoteTranscriber:
    """A server that answers ``POST /v1/audio/transcriptions``. Making one connects to nothing.

    Parameters
    ----------
    url, key
        Its address and key; None for ``WORKBENCH_REMOTE_URL`` and ``WORKBENCH_REMOTE_KEY``. The key
        stands in no error, log or repr.

    Raises
    ------
    EngineMissing
        When no address is known.
    ModelError, ParameterError
        When an address or a key cannot be one: from the environment, or as an argument.

    Examples
    --------
    >>> RemoteTranscriber("http://localhost:8000").name
    'remote'
    """

    name: ClassVar[str] = "remote"
    options: ClassVar[type[Options]] = RemoteTranscriberOptions

    def __init__(self, url: str | None = None, key: str | None = None) -> None:
        self._address = Address(url, key)
        self._server = Server(self._address)

    def __repr__(self) -> str:
        return f"RemoteTranscriber({self._address.base!r})"

    @property
    def version(self) -> str:
        """The version of the protocol as it is spoken here, and a digest of the address."""
        return f"{_PROTOCOL}-{self._address.digest}"

    def identity(self, options: Options | None = None) -> str:  # noqa: ARG002 - no model is here
        """Return the server, as `version` does; its model is one of the options."""
        return self.version

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

        It is sent as FLAC, 16 kHz, one channel; beyond ten minutes in parts, cut where it is
        quiet.

        Parameters
        ----------
        audio
            Any rate, any number of channels.
        language
            A BCP 47 tag, of which the server gets the first part; None to detect it.
        progress
            Called with the part of the sound that was heard, 0 to 1.
        cancel
            Set it from another thread to stop.

        Raises
        ------
        ParameterError
            When the language cannot be one, or `options` are another engine's.
        ModelAccess
            When the server wants another key, or fewer requests.
        ModelError
            When it cannot be reached, is too slow, fails, or answers with no transcription.
        Cancelled
            When `cancel` was set.
        """
        if not isinstance(options, RemoteTranscriberOptions | None):
            kind = type(options).__name__
            raise ParameterError(f"must be RemoteTranscriberOptions, not {kind}", subject="options")
        asked = (language or "").lower()
        if asked and not _LANGUAGE.fullmatch(asked):
            raise ParameterError(
                f"{language!r} is not a language", subject="language", cure="write it as en or es"
            )
        chosen = options or RemoteTranscriberOptions()
        spoken = asked
        segments: list[Segment] = []
        warnings: list[str] = []
        sound = audio.mono().resample(_RATE)
        for start, end in _parts(sound):
            found = self._hear(sound.cut(start, end), spoken, chosen, cancel)
            # The first part with words in it decides about the language of the others.
            if found.segments and not spoken:
                spoken = tag(found.language)
            segments += found.shift(start)
            if found.estimated:
                warnings.append("the server tells no times of words: they are guessed by letters")
            if progress is not None:
                progress(end / sound.duration)
        if not sound.frames:
            warnings.append("there is no sound")
        return Recognition(
            segments=tuple(segments),
            language=asked or spoken or "und",
            language_probability=1.0 if asked else 0.0 if not spoken else 1.0,
            duration=audio.duration,
            engine=self.name,
            model=chosen.model,
            device=self._address.host,
            options=chosen.to_dict(),
            warnings=tuple(dict.fromkeys(warnings)),
        )

    def unload(self) -> None:
        """Close the connections."""
        self._server.close()

    def _hear(
        self,
        sound: Audio,
        language: str,
        options: RemoteTranscriberOptions,
        cancel: threading.Event | None,
    ) -> Heard:
        data = sound.encode(".flac")
        form: dict[str, Any] = {"model": options.model, "temperature": f"{options.temperature:g}"}
        if language:
            primary = language.partition("-")[0]
            form["language"] = "zh" if primary == "cmn" else primary
        if options.prompt:
            form["prompt"] = options.prompt
        detailed = {
            **form,
            "response_format": "verbose_json",
            "timestamp_granularities[]": ["word", "segment"],
        }

        def ask() -> Any:
            try:
                return self._answer(data, detailed, options.timeout, cancel, _plainer)
            except _Plainer:  # newer models of OpenAI's write text and nothing else
                plain = {**form, "response_format": "json"}
                return self._answer(data, plain, options.timeout, cancel, None)

        payload, refusal = _until_cancelled(ask, cancel)
        try:
            return heard(payload, sound.duration)
        except _NONE_OF_IT as error:
            raise refusal from error

    def _answer(
        self,
        data: bytes,
        form: dict[str, Any],
        timeout: float,
        cancel: threading.Event | None,
        explain: Callable[[int, str], WorkbenchError | None] | None,
    ) -> tuple[Any, ModelError]:
        with self._server.ask(
            "POST",
            "/audio/transcriptions",
            timeout=timeout,
            cancel=cancel,
            explain=explain,
            data=form,
            files={"file": ("speech.flac", data, "audio/flac")},
        ) as answer:
            body = answer.read(_ANSWER_BYTES, seconds=timeout)
        refusal = answer.refuse(body, "transcription")
        try:
            return json.loads(body), refusal
        except (ValueError, RecursionError) as error:
            raise refusal from error


class _Plainer(ModelError):
    """The model does not write the detailed form."""


def _plainer(status: int, said: str) -> WorkbenchError | None:
    form = re.search(r"response_format|verbose_json|timestamp_granularities", said)
    return _Plainer("has no detailed form") if status in {400, 422} and form else None


def _parts(sound: Audio) -> Iterator[tuple[float, float]]:
    """Yield the start and end in seconds of each part, cut where it is quietest."""
    start = 0.0
    while sound.duration - start > _PART:
        first = start + _PART * (1 - _SEARCH)
        samples = sound.cut(first, start + _PART).samples[:, 0]
        window = round(_QUIET * sound.rate)
        energy = np.concatenate([[0.0], np.cumsum(samples.astype(np.float64) ** 2)])
        quietest = int((energy[window:] - energy[:-window]).argmin())
        end = first + (quietest + window / 2) / sound.rate
        yield start, end
        start = end
    if sound.duration > start:
        yield start, sound.duration


def _until_cancelled(work: Callable[[], T], cancel: threading.Event | None) -> T:
    """Return what `work` returns, but stop waiting for it when `cancel` is set."""
    if cancel is None:
        return work()
    done: list[T] = []
    failed: list[BaseException] = []
    finished = threading.Event()

    def run() -> None:
        try:
            done.append(work())
        except BaseException as error:  # noqa: BLE001 - raised again where it is awaited
            failed.append(error)
        finally:
            finished.set()

    if not cancel.is_set():
        threading.Thread(target=run, name="remote transcription", daemon=True).start()
        while not finished.wait(0.05):
            if cancel.is_set():
                break
    if cancel.is_set():
        raise Cancelled("stopped while the server listened", subject="remote")
    if failed:
        raise failed[0]
    return done[0]
