"""How much memory a kernel may use."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from workbench.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["MEMORY", "memory_limit"]

MEMORY = "WORKBENCH_KERNEL_MEMORY"
"""The variable that says how much memory a forked kernel may have of its own."""

_POWERS = {"": 0, "K": 1, "M": 2, "G": 3, "T": 4}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT]?)(i?)B?", re.ASCII | re.IGNORECASE)


def memory_limit(environment: Mapping[str, str]) -> int:
    """Return the limit in bytes that an environment names, 0 for none.

    Raises
    ------
    ParameterError
        When it is no amount of memory.

    Examples
    --------
    >>> memory_limit({"WORKBENCH_KERNEL_MEMORY": "1.5G"}), memory_limit({})
    (1500000000, 0)
    """
    text = environment.get(MEMORY, "").strip()
    if not text:
        return 0
    match = _SIZE.fullmatch(text)
    if match is None:
        raise ParameterError(f"{text!r} is no amount of memory", subject=MEMORY, cure="e.g. 2G")
    unit = 1024.0 if match[3] else 1000.0
    return round(float(match[1]) * unit ** _POWERS[match[2].upper()])
