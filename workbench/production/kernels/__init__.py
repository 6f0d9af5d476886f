"""Kernels that are forked from a process which has all imports, and models, already.

A stock kernel spends most of a short notebook's time on starting: Python, IPython and the imports
of its first cells. Here a small server has done that once. It forks a clean child for each kernel,
which gets the environment, the working folder and the open files of whoever asked, and its memory
is shared until it is written to. `workbench.production.kernels.provisioner` makes it available to
everything that starts kernels with jupyter_client: papermill, nbclient, nbmake, JupyterLab.
"""

from __future__ import annotations

from workbench.production.kernels.places import can_fork
from workbench.production.kernels.spec import KERNEL, PROVISIONER

__all__ = ["KERNEL", "PROVISIONER", "available"]


def available() -> bool:
    """Whether kernels can be forked here: on Linux; elsewhere a stock kernel takes their place.

    Examples
    --------
    >>> available() in (True, False)
    True
    """
    return can_fork()
