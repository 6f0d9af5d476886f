"""Jobs on many machines: by Dask, each the way it is done on this one."""

from __future__ import annotations

from workbench.production.cluster.pool import ClusterPool

__all__ = ["ClusterPool"]
