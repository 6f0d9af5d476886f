"""The ledger: which jobs there are and how each is doing, the one place where that is decided."""

from __future__ import annotations

from workbench.service.jobs.job import ENDED, STATES, Job
from workbench.service.jobs.ledger import Ledger
from workbench.service.jobs.owner import owner_name

__all__ = ["ENDED", "STATES", "Job", "Ledger", "owner_name"]
