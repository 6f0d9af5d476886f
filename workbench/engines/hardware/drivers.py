"""How far the way to a graphics card of NVIDIA goes here, without a library that computes."""

from __future__ import annotations

import ctypes
from pathlib import Path

__all__ = ["nvidia_driver", "nvidia_library"]

_ROOT = Path("/")


def nvidia_driver(*, root: Path = _ROOT) -> bool:
    """Whether the system has loaded the driver: a container sees that of its host.

    Examples
    --------
    >>> nvidia_driver() in {True, False}
    True
    """
    places = ("proc/driver/nvidia/version", "dev/nvidiactl", "dev/dxg")  # the last under WSL
    return any((root / place).exists() for place in places)


def nvidia_library(name: str = "libcuda.so.1") -> bool:
    """Whether the library is here through which programs reach the driver.

    Examples
    --------
    >>> nvidia_library("libnothing.so.1")
    False
    """
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True
