"""What a speech engine and a recogniser are, so that another package can bring one.

An engine is a class with the attributes and methods of `Synthesizer`, made without arguments and
registered under the entry-point group ``workbench.engines``::

    [project.entry-points."workbench.engines"]
    shout = "my_package:ShoutEngine"

The suite in ``tests/contracts/synthesizer.py`` says in tests what is expected of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Protocol, runtime_checkable

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator

    from workbench.audio import Audio
    from workbench.options import Options
    from workbench.progress import Report
    from workbench.recognition import Recognition
    from workbench.take import Take

__all__ = ["Capabilities", "Synthesizer", "Transcriber", "VoiceInfo"]


@dataclass(frozen=True, kw_only=True)
class Capabilities:
    """What an engine can do.

    Parameters
    ----------
    rate
        Frames per second of its sound.
    word_times
        Where the times of its words come from: ``exact`` (the engine's own events), ``predicted``
        (its duration model) or ``none`` (they have to be aligned).
    streaming
        Whether `Synthesizer.stream` yields sound before all of it is made.
    seeded
        Whether its speech depends on a seed.
    network
        Whether it needs a network to speak.
    phonemes
        Whether it takes ``[word](/ipa/)`` in a text: the word, spoken by those IPA symbols.
    """

    rate: int
    word_times: str = "exact"
    streaming: bool = False
    seeded: bool = False
    network: bool = False
    phonemes: bool = False


@dataclass(frozen=True, kw_only=True)
class VoiceInfo:
    """A voice that an engine offers.

    Parameters
    ----------
    name
        What to ask the engine for.
    language
        A BCP 47 tag in lower case, such as ``es`` or ``en-us``.
    label
        The name for people.
    gender
        ``female``, ``male`` or empty.
    """

    name: str
    language: str
    label: str
    gender: str = ""


@runtime_checkable
class Synthesizer(Protocol):
    """An engine that turns a line of text into a take.

    Every method may be called from several threads at once.
    """

    name: ClassVar[str]
    """The registered name."""
    capabilities: ClassVar[Capabilities]
    """What it can do."""
    options: ClassVar[type[Options]]
    """Its options, see `workbench.options`."""

    @property
    def version(self) -> str:
        """The version of the library and its data; a part of every cache key."""
        ...

    def voices(self) -> tuple[VoiceInfo, ...]:
        """Return every voice, sorted by language and name."""
        ...

    def find_voice(self, name: str) -> VoiceInfo:
        """Return the voice of that name.

        Raises
        ------
        VoiceNotFound
            With the nearest names.
        """
        ...

    def synthesize(
        self, text: str, *, voice: str, options: Options | None = None, seed: int | None = None
    ) -> Take:
        """Return `text` as spoken.

        Raises
        ------
        VoiceNotFound
            When there is no such voice.
        TextError
            When the text has nothing to speak.
        """
        ...

    def stream(
        self, text: str, *, voice: str, options: Options | None = None, seed: int | None = None
    ) -> Iterator[Audio]:
        """Yield the sound in pieces as it is made; joined, they are what `synthesize` returns."""
        ...

    def unload(self) -> None:
        """Give back the memory; the next call loads again."""
        ...


@runtime_checkable
class Transcriber(Protocol):
    """An engine that writes down what is said.

    It is registered under the entry-point group ``workbench.transcribers``. Every method may be
    called from several threads at once.
    """

    name: ClassVar[str]
    """The registered name."""
    options: ClassVar[type[Options]]
    """Its options, see `workbench.options`."""

    @property
    def version(self) -> str:
        """The version of the library; the model is named by the result."""
        ...

    def identity(self, options: Options | None = None) -> str:
        """Return what an answer depends on besides the options: library, model, its weights.

        A part of cache keys; it never fails, and never asks the network.
        """
        ...

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

        Parameters
        ----------
        audio
            Any rate, any number of channels.
        language
            A BCP 47 tag; None to detect it.

        Raises
        ------
        ParameterError
            When the language or an option is not one of its own.
        WeightsMissing, WeightsCorrupt, DeviceError
            When its model cannot be used.
        Cancelled
            When `cancel` was set.
        """
        ...

    def unload(self) -> None:
        """Give back the memory; the next call loads again."""
        ...
