"""Any OpenAI-compatible server as an engine: OpenAI's, Kokoro-FastAPI, speaches, LocalAI.

Set ``WORKBENCH_REMOTE_URL`` to the server's address and, where it wants one,
``WORKBENCH_REMOTE_KEY`` to a key; its voices are then ``remote:NAME``.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import threading
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from workbench.audio import Audio
from workbench.engines.base import Capabilities, VoiceInfo
from workbench.engines.remote import voices as remote_voices
from workbench.engines.remote.address import Address
from workbench.engines.remote.server import Server
from workbench.engines.remote.sound import RATE, pieces
from workbench.engines.remote.transcriber import RemoteTranscriber, RemoteTranscriberOptions
from workbench.errors import ModelError, ParameterError, TextError, VoiceNotFound, WorkbenchError
from workbench.options import Options, option
from workbench.script import tokenize
from workbench.take import Take
from workbench.voice import Voice

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "RemoteEngine",
    "RemoteOptions",
    "RemoteTranscriber",
    "RemoteTranscriberOptions",
]

log = logging.getLogger(__name__)

VOICES = "WORKBENCH_REMOTE_VOICES"
_LISTS = ("/audio/voices", "/voices")  # Kokoro-FastAPI and speaches; others
_LIST_BYTES = 5_000_000
_LIST_SECONDS = 15.0
_LONGEST = 50_000  # letters of a line
_LETTERS = 4_096  # of a request: OpenAI's limit for "input"
_PROTOCOL = "1"  # raised when the same request would sound different


@dataclass(frozen=True, kw_only=True)
class RemoteOptions(Options):
    """How a server is asked to speak.

    Parameters
    ----------
    model
        The server's name of the model, such as ``tts-1``, ``gpt-4o-mini-tts`` or ``kokoro``.
    speed
        0.25 to 4 times the usual pace.
    instructions
        How to speak, in words; only some models listen.
    format
        What is sent over the network: ``wav`` and ``pcm`` (16 bit, 24,000 Hz) can be heard while
        they arrive, ``flac`` and ``mp3`` are smaller.
    timeout
        Seconds, 1 to 3,600, in which a line has to be there; of a stream, the next piece.

    Examples
    --------
    >>> RemoteOptions(speed=1.25).model
    'tts-1'
    """

    model: str = option("tts-1", help="The server's name of the model")
    speed: float = option(1.0, minimum=0.25, maximum=4.0, step=0.05, unit="times", help="Pace")
    instructions: str = option("", help="How to speak, in words, for models that listen")
    format: str = option(
        "wav", choices=("wav", "pcm", "flac", "mp3"), help="What is sent over the network"
    )
    timeout: float = option(
        120.0, minimum=1.0, maximum=3600.0, step=1.0, unit="s", help="Longest wait for the server"
    )

    @property
    def tempo(self) -> float:
        """The speed that is asked for."""
        return self.speed


class RemoteEngine:
    """A server that answers ``POST /v1/audio/speech``. Making one connects to nothing.

    Parameters
    ----------
    url, key
        Its address and key; None for ``WORKBENCH_REMOTE_URL`` and ``WORKBENCH_REMOTE_KEY``. The key
        stands in no error, log or repr.
    voices
        Its voices and their languages, as in ``alloy,nova:en``; None for
        ``WORKBENCH_REMOTE_VOICES``, and where that is not set the server is asked.

    Raises
    ------
    EngineMissing
        When no address is known.
    ModelError, ParameterError
        When an address, a key or a list of voices cannot be one: from the environment, or as an
        argument.

    Examples
    --------
    >>> engine = RemoteEngine("http://localhost:8880", voices="alloy,nova:en-gb")
    >>> [(voice.name, voice.language) for voice in engine.voices()]
    [('alloy', 'en'), ('nova', 'en-gb')]
    """

    name: ClassVar[str] = "remote"
    capabilities: ClassVar[Capabilities] = Capabilities(
        rate=RATE, word_times="none", streaming=True, network=True
    )
    options: ClassVar[type[Options]] = RemoteOptions

    def __init__(
        self, url: str | None = None, key: str | None = None, *, voices: str | None = None
    ) -> None:
        self._address = Address(url, key)
        self._server = Server(self._address)
        told = os.environ.get(VOICES, "") if voices is None else voices
        self._named: tuple[VoiceInfo, ...] = ()
        if told.strip() or voices is not None:
            try:
                self._named = remote_voices.from_text(told)
            except ParameterError as error:
                if voices is not None:
                    raise
                raise ModelError(error.problem, subject=VOICES, cure=error.cure) from error
        self._listed: tuple[VoiceInfo, ...] = ()
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"RemoteEngine({self._address.base!r})"

    @property
    def version(self) -> str:
        """The version of the protocol as it is spoken here, and a digest of the address."""
        return f"{_PROTOCOL}-{self._address.digest}"

    def voices(self) -> tuple[VoiceInfo, ...]:
        """Return every voice, sorted by language and name.

        The server is asked once. One that has no list of voices gets those that OpenAI documents.
        A voice whose language nobody tells has ``und``, undetermined.

        Raises
        ------
        ModelAccess, ModelError
            When the server cannot be reached, or refuses the key.
        """
        if self._named:
            return self._named
        with self._lock:
            if not self._listed:
                self._listed = self._ask_for_voices() or remote_voices.DOCUMENTED
            return self._listed

    def _ask_for_voices(self) -> tuple[VoiceInfo, ...]:
        for path in _LISTS:
            try:
                with self._server.ask(
                    "GET", path, timeout=_LIST_SECONDS, retries=0, explain=_no_list
                ) as answer:
                    body = answer.read(_LIST_BYTES, seconds=_LIST_SECONDS)
            except _NoList:
                continue
            found = remote_voices.from_server(_json(body))
            if found:
                return found
        log.info("%s lists no voices: OpenAI's are taken", self._address.host)
        return ()

    def find_voice(self, name: str) -> VoiceInfo:
        """Return the voice of that name, in any case.

        Raises
        ------
        VoiceNotFound
            With the nearest names.
        ModelAccess, ModelError
            As `voices`.
        """
        return remote_voices.find(name, self.voices(), self._address.host)

    def synthesize(
        self,
        text: str,
        *,
        voice: str,
        options: Options | None = None,
        seed: int | None = None,  # noqa: ARG002 - the protocol has none
    ) -> Take:
        """Return `text` as spoken by the server; its words have no times.

        A text beyond 4,096 letters is sent in parts, cut between sentences.

        Raises
        ------
        VoiceNotFound
            When there is no such voice.
        TextError
            When the text has nothing to speak, or is longer than 50,000 letters.
        ParameterError
            When `options` are another engine's.
        ModelAccess
            When the server wants another key, or fewer requests.
        ModelError
            When it cannot be reached, is too slow, fails, or sends no sound.
        """
        job = self._prepare(text, voice, options)
        return Take(
            text=text,
            audio=Audio.join(list(self._sound(job, stream=False))),
            words=(),
            voice=Voice(engine=self.name, name=job.voice.name),
            language=job.voice.language,
            engine_version=self.version,
            options=job.options.to_dict(),
            device=self._address.host,
        )

    def stream(
        self,
        text: str,
        *,
        voice: str,
        options: Options | None = None,
        seed: int | None = None,  # noqa: ARG002
    ) -> Iterator[Audio]:
        """Yield the sound in pieces of about 0.1 s as they arrive.

        Raises
        ------
        VoiceNotFound, ParameterError, TextError
            Before the first piece is asked for.
        ModelAccess, ModelError
            With a piece, as `synthesize`.
        """
        return self._sound(self._prepare(text, voice, options), stream=True)

    def unload(self) -> None:
        """Close the connections and forget the server's list of voices."""
        with self._lock:
            self._listed = ()
        self._server.close()

    def _prepare(self, text: str, voice: str, options: Options | None) -> _Job:
        if not isinstance(text, str):
            raise ParameterError(f"must be text, not {text!r}", subject="text")
        if not isinstance(options, RemoteOptions | None):
            kind = type(options).__name__
            raise ParameterError(f"must be RemoteOptions, not {kind}", subject="options")
        found = self.find_voice(voice)
        if len(text) > _LONGEST:
            raise TextError(
                f"is {len(text):,} letters long, more than {_LONGEST:,}",
                subject=text[:40],
                cure="break it into several lines",
            )
        if not tokenize(text):
            raise TextError(
                "has nothing that can be said", subject=text, cure="write a word or a number"
            )
        return _Job(_parts(text, found.language), found, options or RemoteOptions())

    def _sound(self, job: _Job, *, stream: bool) -> Iterator[Audio]:
        seconds = None if stream else job.options.timeout
        for part in job.parts:
            with self._speech(job, part, stream=stream) as answer:
                yield from pieces(answer, wanted=job.options.format, seconds=seconds)

    @contextlib.contextmanager
    def _speech(self, job: _Job, part: str, *, stream: bool) -> Iterator[Any]:
        def explain(status: int, said: str) -> WorkbenchError | None:
            if status in {400, 404, 422} and re.search(r"\bvoices?\b", said, re.IGNORECASE):
                return VoiceNotFound(
                    f"is not a voice for {self._address.host} ({status}: {said})",
                    subject=job.voice.name,
                    cure=f"name its voices in {VOICES}=alloy,nova:en",
                )
            if stream and status in {400, 422} and re.search(r"\bstream\b", said):
                return _NoStream("is not streamed")
            return None

        chosen = job.options
        body: dict[str, Any] = {
            "input": part, "voice": job.voice.name, "response_format": chosen.format
        }  # fmt: skip
        # Servers differ in what they know: what is not asked for is not sent.
        if chosen.model:
            body["model"] = chosen.model
        if chosen.speed != 1:
            body["speed"] = chosen.speed
        if chosen.instructions:
            body["instructions"] = chosen.instructions
        request = self._server.ask
        with contextlib.ExitStack() as stack:
            try:
                flag = {"stream": True} if stream else {}
                answer = stack.enter_context(
                    request(
                        "POST",
                        "/audio/speech",
                        timeout=chosen.timeout,
                        explain=explain,
                        json={**body, **flag},
                    )
                )
            except _NoStream:  # the pieces come as they come
                answer = stack.enter_context(
                    request("POST", "/audio/speech", timeout=chosen.timeout, json=body)
                )
            yield answer


@dataclass(frozen=True)
class _Job:
    """What is to be spoken, checked."""

    parts: tuple[str, ...]
    voice: VoiceInfo
    options: RemoteOptions


class _NoList(ModelError):
    """The server has no list of voices at this place."""


class _NoStream(ModelError):
    """The server does not know of streaming."""


def _no_list(status: int, said: str) -> WorkbenchError | None:
    del said
    return None if status in {401, 403, 429} else _NoList("has no list of voices")


def _json(body: bytes) -> Any:
    import json

    try:
        return json.loads(body)
    except (ValueError, RecursionError):  # "[" a hundred thousand times
        return None


def _parts(text: str, language: str) -> tuple[str, ...]:
    """Return the text as it is sent, in parts within the server's limit."""
    # JSON would make one letter of two halves that stand side by side, and some servers end a
    # text at its first zero.
    plain = "".join(
        "\ufffd" if unicodedata.category(c) == "Cs" else " " if _is_control(c) else c for c in text
    )
    if len(plain) <= _LETTERS:
        return (plain,)
    from workbench.text.chunking import chunks

    parts = (part.strip() for part in chunks(plain, limit=_LETTERS, language=language))
    return tuple(part for part in parts if tokenize(part))


def _is_control(char: str) -> bool:
    return unicodedata.category(char) == "Cc" and char not in "\n\t"
