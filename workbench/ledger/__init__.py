"""The ledger: which jobs there are and how each is doing, the one place where that is decided."""

from __future__ import annotations

from workbench.ledger.batches import RUNNER, BatchLedger, Entry
from workbench.ledger.job import ENDED, STATES, Job
from workbench.ledger.ledger import Ledger
from workbench.ledger.owner import owner_name, part, working

__all__ = [
    "ENDED",
    "RUNNER",
    "STATES",
    "BatchLedger",
    "Entry",
    "Job",
    "Ledger",
    "owner_name",
    "part",
    "working",
]
