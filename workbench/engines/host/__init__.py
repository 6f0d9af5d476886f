"""A process that owns the models, for many that are too short-lived to load their own.

CTranslate2 and CUDA must not exist in a process before it forks, and a model takes longer to load
than a short notebook runs. So one process holds them: `ModelHost.start` begins it, and whoever has
its `ModelHost.variables` in the environment is given a stand-in by `workbench.engines.registry`,
which keeps the same contract. Without the variable nothing is different.
"""

from __future__ import annotations

from workbench.engines.host.owner import HostStatus, ModelHost

__all__ = ["HostStatus", "ModelHost"]
