"""The kernelspec by which Jupyter knows the forked kernel, on disk or in memory."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["GROUP", "KERNEL", "PRELOAD", "PROVISIONER", "kernelspec", "preloaded", "spec_manager"]

KERNEL = "workbench"
"""The name of the kernelspec."""
PROVISIONER = "workbench-fork"
"""The name of the provisioner, as an entry point."""
PRELOAD = "WORKBENCH_KERNEL_PRELOAD"
"""The variable that says what ``kernel="workbench"`` of a job preloads, with commas."""
_CLASS = "workbench.production.kernels.provisioner:ForkProvisioner"
GROUP = "jupyter_client.kernel_provisioners"
"""Where Jupyter looks for provisioners."""


def kernelspec(preload: Sequence[str] = (), *, label: str = "Python (workbench)") -> dict[str, Any]:
    """Return what ``kernel.json`` holds.

    Its command starts a stock kernel, for where nothing can be forked.

    Parameters
    ----------
    preload
        What its server loads, see `workbench.production.kernels.preload`.
    label
        The name for people.

    Examples
    --------
    >>> kernelspec(["torch"])["metadata"]["kernel_provisioner"]["config"]
    {'preload': ['torch']}
    """
    return {
        "argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": label,
        "language": "python",
        "metadata": {
            "kernel_provisioner": {
                "provisioner_name": PROVISIONER,
                "config": {"preload": list(preload)},
            },
        },
    }


def preloaded(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Return what an environment wants to be preloaded.

    Examples
    --------
    >>> preloaded({"WORKBENCH_KERNEL_PRELOAD": "torch, kokoro:af_heart"})
    ('torch', 'kokoro:af_heart')
    """
    return tuple(name.strip() for name in environment.get(PRELOAD, "").split(",") if name.strip())


def spec_manager(preload: Sequence[str] = ()) -> Any:
    """Return a manager of kernelspecs that knows the forked kernel and no other."""
    from importlib.metadata import EntryPoint

    from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
    from jupyter_client.provisioning.factory import KernelProvisionerFactory

    class InMemory(KernelSpecManager):
        def get_kernel_spec(self, kernel_name: str) -> Any:
            if kernel_name == KERNEL:
                return KernelSpec(resource_dir="", **kernelspec(preload))
            return super().get_kernel_spec(kernel_name)

    # A package that was installed before it had this entry point still has none.
    factory = KernelProvisionerFactory.instance()
    if PROVISIONER not in factory.provisioners:
        factory.provisioners[PROVISIONER] = EntryPoint(PROVISIONER, _CLASS, GROUP)
    return InMemory(kernel_dirs=[])
