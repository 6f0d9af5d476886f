"""Where a model host is, as its environment variable tells it, and what it has to agree on."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from workbench.engines import hardware
from workbench.engines.registry import HOST
from workbench.errors import ParameterError
from workbench.paths import user_path

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["HOSTED", "Address", "named", "settings"]

HOSTED = "WORKBENCH_HOSTED"
"""The environment variable that names engines to be hosted besides Whisper, as ``kokoro,shout``."""

_FOLDERS = ("WORKBENCH_MODELS", "HF_HOME", "HF_HUB_CACHE")
# How many threads compute is the host's affair: kernels are told less, as there are several.
_VALUES = (hardware.VARIABLE, "CUDA_VISIBLE_DEVICES")


@dataclass(frozen=True, kw_only=True)
class Address:
    """How to reach a host.

    Parameters
    ----------
    socket
        The path of its socket.
    token
        What tells that somebody was given the address.
    owner
        The process that started it, and starts it again.

    Examples
    --------
    >>> one = Address(socket="/tmp/host", token="secret", owner=1)
    >>> Address.parse(one.text()) == one
    True
    >>> one
    Address(/tmp/host)
    """

    socket: str
    token: str
    owner: int

    def __repr__(self) -> str:  # a token belongs into no log
        return f"Address({self.socket})"

    def text(self) -> str:
        """Return the value of the variable."""
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def parse(cls, text: str) -> Address:
        """Return the address that the variable holds.

        Raises
        ------
        ParameterError
            When it is none.
        """
        try:
            told = json.loads(text)
            return cls(
                socket=str(told["socket"]), token=str(told["token"]), owner=int(told["owner"])
            )
        except (ValueError, TypeError, KeyError, RecursionError):
            raise ParameterError(
                "is not the address of a model host",
                subject=HOST,
                cure="unset it: each process then loads its own models",
            ) from None


def settings(environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the settings that decide what is loaded and where to.

    A process whose settings are not the host's would be answered by another model than its own.

    Examples
    --------
    >>> settings({"WORKBENCH_DEVICE": "cpu", "HOME": "/root", "HF_HOME": ""})
    {'WORKBENCH_DEVICE': 'cpu'}
    """
    found = os.environ if environment is None else environment
    told = {name: found[name].strip() for name in _VALUES if found.get(name, "").strip()}
    folders = {name: found[name] for name in _FOLDERS if found.get(name, "").strip()}
    return told | {name: str(user_path(value).absolute()) for name, value in folders.items()}


def named() -> set[str]:
    """Return the engines that `HOSTED` names."""
    return {word.strip() for word in os.environ.get(HOSTED, "").split(",")} - {""}
