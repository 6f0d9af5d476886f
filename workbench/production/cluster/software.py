"""What has to be the same on every machine: the Python and the workbench."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import workbench
from workbench.errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["agree", "agree_all", "here", "others"]

PACKAGE = "media-workbench"


def here() -> dict[str, str]:
    """Return the versions of this process.

    Examples
    --------
    >>> sorted(here())
    ['python', 'workbench']
    """
    return {
        "python": ".".join(map(str, sys.version_info[:2])),
        "workbench": workbench.__version__,
    }


def agree(wanted: Mapping[str, str], worker: str, found: Mapping[str, str] | None = None) -> None:
    """Refuse a worker that is another.

    Parameters
    ----------
    wanted
        The versions of the process that gives out the jobs.
    worker
        Where the worker is, for the message.
    found
        Its versions, by default those of this process.

    Raises
    ------
    ServiceError
        With both versions.

    Examples
    --------
    >>> agree({"workbench": "2.0"}, "tcp://a:1", {"workbench": "1.9"})
    Traceback (most recent call last):
    workbench.errors.ServiceError: worker tcp://a:1: has workbench 1.9, and here is workbench 2.0...
    """
    found = here() if found is None else found
    for name, version in wanted.items():
        if found.get(name) != version:
            has = f"has {name} {found[name]}" if found.get(name) else f"has no {name}"
            raise ServiceError(
                f"{has}, and here is {name} {version}",
                subject=f"worker {worker}",
                cure="give every machine the same image, or the same environment",
            )


def agree_all(client: Any) -> None:
    """Refuse a cluster one of whose workers is another.

    It asks Dask, not us: a worker without a workbench could not answer for itself.

    Raises
    ------
    ServiceError
        With the worker, and both versions.
    """
    for _, error in sorted(others(client).items()):
        raise error


def others(client: Any) -> dict[str, ServiceError]:
    """Return what is wrong with each worker that is another, by its address."""
    told = client.get_versions(packages=[PACKAGE])
    wanted = _versions(told["client"])
    found: dict[str, ServiceError] = {}
    for address, has in told["workers"].items():
        if has:  # else it went while it was asked
            try:
                agree(wanted, address, _versions(has))
            except ServiceError as error:
                found[address] = error
    return found


def _versions(told: Mapping[str, Any]) -> dict[str, str]:
    python = ".".join(str(told["host"]["python"]).split(".")[:2])
    return {"python": python, "workbench": str(told["packages"].get(PACKAGE) or "")}
