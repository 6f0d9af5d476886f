"""What can be asked of Chatterbox."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from workbench.errors import ParameterError
from workbench.options import Options, option

if TYPE_CHECKING:
    from workbench.engines.chatterbox.package import Kind

__all__ = ["ChatterboxOptions"]


@dataclass(frozen=True, kw_only=True)
class ChatterboxOptions(Options):
    """How Chatterbox speaks.

    Parameters
    ----------
    exaggeration
        How much is felt, 0.25 (flat) to 2 (unstable), 0.5 for neutral. Not for ``turbo``.
    cfg_weight
        How closely it keeps to the text and to the reference's pace, 0 to 1; lower is slower and
        freer. Not for ``turbo``.
    temperature
        How much is left to chance, 0.05 to 5.
    repetition_penalty
        1 (none) to 2 against getting stuck; 0 for the model's own: 1.2, multilingual 2.
    min_p
        Leaves out sounds less likely than this part of the likeliest, 0 to 1. Not for ``turbo``.
    top_p
        Chooses among the likeliest sounds that make up this probability, up to 1; 0 for the
        model's own: 1, turbo 0.95.
    top_k
        Chooses among this many, 1 to 6,561; ``turbo`` only.
    norm_loudness
        Whether a reference voice is first brought to -27 LUFS; ``turbo`` only.
    gap
        Milliseconds of silence between two chunks of a long line, 0 to 2,000.
    device
        ``auto``, ``cpu``, ``cuda``, ``cuda:1`` or ``mps``.
    cpu_fallback
        Whether the CPU goes on when the memory of another device is full.

    Examples
    --------
    >>> ChatterboxOptions(exaggeration=3)
    Traceback (most recent call last):
    workbench.errors.ParameterError: exaggeration: must be a number from 0.25 to 2 factor, not 3
    """

    exaggeration: float = option(
        0.5, minimum=0.25, maximum=2, step=0.05, unit="factor", help="How much is felt"
    )
    cfg_weight: float = option(
        0.5, minimum=0, maximum=1, step=0.05, unit="factor", help="How closely it keeps to the pace"
    )
    temperature: float = option(
        0.8, minimum=0.05, maximum=5, step=0.05, unit="factor", help="How much is left to chance"
    )
    repetition_penalty: float = option(
        0.0,
        minimum=0,
        maximum=2,
        step=0.1,
        unit="factor",
        help="Against getting stuck, 1 or more; 0 for the model's own",
    )
    min_p: float = option(
        0.05, minimum=0, maximum=1, step=0.01, unit="part", help="Leaves out unlikely sounds"
    )
    top_p: float = option(
        0.0,
        minimum=0,
        maximum=1,
        step=0.01,
        unit="probability",
        help="Chooses among the likeliest sounds; 0 for the model's own",
    )
    top_k: int = option(
        1000, minimum=1, maximum=6561, step=50, unit="sounds", help="Chooses among so many; turbo"
    )
    norm_loudness: bool = option(
        default=True, help="Whether a reference voice is brought to one loudness; turbo"
    )
    gap: int = option(
        100, minimum=0, maximum=2000, step=10, unit="ms", help="Silence between two chunks"
    )
    device: str = option("auto", help="auto, cpu, cuda, cuda:1 or mps")
    cpu_fallback: bool = option(
        default=True, help="Whether the CPU goes on when a GPU's memory is full"
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if 0 < self.repetition_penalty < 1:  # below 1 it is a reward
            raise ParameterError(
                f"must be 1 to 2, or 0 for the model's own, not {self.repetition_penalty}",
                subject="repetition_penalty",
            )

    def effective(self, kind: Kind) -> ChatterboxOptions:
        """Return the options with a model's own values in place of the zeros that stand for them.

        Examples
        --------
        >>> from workbench.engines.chatterbox.package import MODELS
        >>> ChatterboxOptions().effective(MODELS["turbo"]).top_p
        0.95
        """
        return replace(
            self,
            repetition_penalty=self.repetition_penalty or kind.repetition_penalty,
            top_p=self.top_p or kind.top_p,
        )
