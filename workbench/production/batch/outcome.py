"""What became of a job that is done."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Outcome"]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The files of a job, and what they cost.

    Parameters
    ----------
    files
        Absolute paths of all that was made, the executed notebook among them.
    output
        The main file, empty for none.
    executed
        The executed notebook.
    warnings
        What was done differently from what was asked.
    seconds
        How long it took.
    cpu
        Processor seconds of the kernel and what it started, None where that is not known.
    media
        Seconds of sound or video in the main file, None when it is neither.
    where
        Machine and process that did it.
    states
        Size, time of the last change in nanoseconds and sha256 by path, without the executed
        notebook, so that the next run knows whether anything changed.
    """

    files: tuple[str, ...] = ()
    output: str = ""
    executed: str = ""
    warnings: tuple[str, ...] = ()
    seconds: float = 0.0
    cpu: float | None = None
    media: float | None = None
    where: str = ""
    states: dict[str, list[Any]] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values, for JSON."""
        return asdict(self) | {"files": list(self.files), "warnings": list(self.warnings)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Outcome:
        """Return what `to_dict` described.

        Examples
        --------
        >>> Outcome.from_dict(Outcome(files=("/a.wav",)).to_dict()).files
        ('/a.wav',)
        """
        known = {name: data[name] for name in cls.__dataclass_fields__ if name in data}
        for name in ("files", "warnings"):
            known[name] = tuple(map(str, known.get(name) or ()))
        return cls(**known)
