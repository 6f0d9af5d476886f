"""What a worker on this machine does at Ctrl-C: nothing.

A terminal sends it to all that run in it. The one who started the workers stops their jobs, and
ends them when the notebooks have cleaned up.
"""

from __future__ import annotations

import signal
from typing import Any

__all__ = ["dask_setup"]


def dask_setup(worker: Any) -> None:  # noqa: ARG001 - Dask calls it so
    """Hear no interrupt."""
    # Were it ignored, so it would be in the kernels, which are stopped by it.
    signal.signal(signal.SIGINT, _nothing)


def _nothing(number: int, frame: Any) -> None:
    """Do nothing."""
