"""What is the same for every variant of a sweep, and what becomes of one."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.errors import Cancelled, ModelError, WorkbenchError
from workbench.speech.speaker import Speaker
from workbench.storage.cache import TakeCache
from workbench.text.lexicon import Lexicon

if TYPE_CHECKING:
    import threading
    from collections.abc import Mapping

    from workbench.options import Value
    from workbench.speech.ears import Ears
    from workbench.speech.measures import Measures
    from workbench.take import Take

__all__ = ["Outcome", "Task"]

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Task:
    """What is the same for every variant.

    Parameters
    ----------
    text
        The line that is spoken.
    cache
        Where takes are kept; None to speak every time.
    normalize, lexicon
        As for `workbench.speech.speaker.Speaker`; the lexicon is loaded.
    measure
        Whether the takes are measured.
    listener
        Who writes down what is heard, for the measures; None for nobody.
    """

    text: str
    cache: TakeCache | None = None
    normalize: bool | Mapping[str, bool] = True
    lexicon: Lexicon = field(default_factory=Lexicon)
    measure: bool = True
    listener: Ears | None = None

    def speaker(self, voice: Any, options: Mapping[str, Value], seed: int | None) -> Speaker:
        """Return the voice, ready to speak.

        Raises
        ------
        VoiceNotFound, EngineNotFound, EngineMissing, ParameterError
            When there is no such voice, or it has no such option.
        """
        return Speaker(
            voice,
            dict(options),
            seed=seed,
            cache=self.cache,
            normalize=self.normalize,
            lexicon=self.lexicon,
        )

    def speak(
        self,
        voice: Any,
        options: Mapping[str, Value],
        seed: int | None,
        *,
        cancel: threading.Event | None = None,
    ) -> tuple[Take, Measures | None]:
        """Return a take and what it measures."""
        take = self.speaker(voice, options, seed).say(self.text, cancel=cancel)
        if not self.measure:
            return take, None
        from workbench.speech.measure import measure

        return take, measure(take, listener=self.listener, cancel=cancel)

    def attempt(
        self,
        voice: Any,
        options: Mapping[str, Value],
        seed: int | None,
        *,
        cancel: threading.Event | None = None,
    ) -> Outcome:
        """Return what becomes of a variant, its failure included.

        Raises
        ------
        Cancelled
            When `cancel` was set.
        """
        try:
            take, measures = self.speak(voice, options, seed, cancel=cancel)
        except Cancelled:
            raise
        except WorkbenchError as error:
            return Outcome(error=error)
        except Exception as error:  # an engine may be somebody else's code
            log.exception("%s failed", voice)
            told = ModelError(f"failed ({type(error).__name__}: {error})", subject=str(voice))
            return Outcome(error=told)
        return Outcome(take=take, measures=measures)

    def to_dict(self) -> dict[str, Any]:
        """Return the task as plain values; a listener is not among them."""
        kept, given = self.cache, self.normalize
        return {
            "text": self.text,
            "cache": None if kept is None else {"folder": str(kept.folder), "limit": kept.limit},
            "normalize": given if isinstance(given, bool) else dict(given),
            "lexicon": self.lexicon.to_dict(),
            "measure": self.measure,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Task:
        """Return the task that `to_dict` described."""
        kept = data["cache"]
        return cls(
            text=data["text"],
            cache=TakeCache(Path(kept["folder"]), limit=kept["limit"]) if kept else None,
            normalize=data["normalize"],
            lexicon=Lexicon.from_dict(data["lexicon"]),
            measure=data["measure"],
        )


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of a variant: a take, or the error for which there is none."""

    take: Take | None = None
    measures: Measures | None = None
    error: WorkbenchError | None = None
