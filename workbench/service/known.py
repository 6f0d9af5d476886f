"""Files that were in a store before there was a ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workbench.ledger import Ledger
    from workbench.storage.store import Store

__all__ = ["LEDGER", "know"]

LEDGER = "jobs.sqlite"
"""The file of the ledger in the folder of the store."""


def know(store: Store, ledger: Ledger) -> None:
    """Note every file of a store in a ledger that is new, so that its status is known.

    A status is what the ledger says, and never a look at the files.
    """
    for file in store.list():
        ledger.record(file.id)
