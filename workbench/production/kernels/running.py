"""The fork servers that run, asked from outside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.errors import ParameterError
from workbench.production.kernels.client import ask, servers
from workbench.production.kernels.places import can_fork

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["running", "stop"]


def running() -> list[dict[str, Any]]:
    """Return what each fork server of this user says of itself and of its kernels.

    Returns
    -------
    list of dict
        ``name``, ``python``, ``preload``, ``pid``, ``seconds`` it has been there, ``served`` (how
        many kernels), ``retiring`` (whether it serves no new ones), ``resident`` and
        ``proportional`` bytes, and ``kernels``: ``pid``, ``client``, ``began``, ``limit``,
        ``resident``, ``own`` and ``proportional`` bytes.
    """
    if not can_fork():
        return []
    found = (ask(path, {"do": "status"}) for path in servers())
    return [one for one in found if one is not None]


def stop(names: Sequence[str] = (), *, now: bool = False) -> list[dict[str, Any]]:
    """Let fork servers end when their last kernel has; return what they said of themselves.

    Parameters
    ----------
    names
        Which; by default all.
    now
        End their kernels too.

    Raises
    ------
    ParameterError
        When there is no server of a name.
    """
    found = {one["name"]: one for one in running()}
    for name in names:
        if name not in found:
            raise ParameterError(
                "is no fork server", subject=name, cure="see: workbench kernels status"
            )
    chosen = [one for name, one in found.items() if not names or name in names]
    for path in servers() if chosen else ():
        if path.stem in {one["name"] for one in chosen}:
            ask(path, {"do": "stop", "now": now})
    return chosen
