"""What the ledger remembers of a file, for the job that is made of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workbench.ledger import Ledger

__all__ = ["with_words"]


def with_words(kind: str, values: Mapping[str, Any], ledger: Ledger) -> dict[str, Any]:
    """Return the parameters of a job, with the times of words that are known.

    A captioned video of speech that this service spoke, with the text it spoke, has the times the
    voice itself gave: whoever has to listen, or to guess, knows them less well.

    Parameters
    ----------
    kind, values
        Of the job.
    ledger
        In which the job that spoke may be.
    """
    found = dict(values)
    audio_id, text = found.get("audio_id"), found.get("text")
    if kind != "captioned_video" or not audio_id or not text or found.get("audio_words"):
        return found
    job = ledger.find(audio_id)
    if job is None or job.kind != "speak" or job.state != "done":
        return found
    words = (job.result or {}).get("words")
    if words and str(job.parameters.get("text", "")).split() == str(text).split():
        found["audio_words"] = words
    return found
