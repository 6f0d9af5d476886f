"""What a command learns on its way and the receipts of its files are to tell."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

__all__ = ["FACTS", "note"]

FACTS: ContextVar[dict[str, list[Any]] | None] = ContextVar("facts", default=None)
"""Those of the running command; None where nobody keeps them."""


def note(**facts: Any) -> None:
    """Have the receipts of the running command say something more.

    Parameters
    ----------
    **facts
        Plain values by the receipt's field, where several of one name make a list.
    """
    known = FACTS.get()
    if known is not None:
        for name, value in facts.items():
            known.setdefault(name, []).append(value)
