"""spaCy's English model: unpacked where Python finds it, so that misaki fetches nothing.

misaki looks whether ``en_core_web_sm`` is an installed package and otherwise downloads it at the
first English sentence (``misaki/en.py``). The wheel that `pull` brings is unpacked beside it, into
a folder that is put at the end of ``sys.path``.
"""

from __future__ import annotations

import importlib
import sys
import threading
from importlib.metadata import PackageNotFoundError, distribution
from typing import TYPE_CHECKING

from workbench.engines.weights.catalog import find_model
from workbench.engines.weights.local import locate
from workbench.engines.weights.wheel import unpacked

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["PACKAGE", "activate_spacy", "spacy_folder", "spacy_installed"]

PACKAGE = "en_core_web_sm"
"""The package that misaki asks for."""

_MODEL = "spacy-english"
_lock = threading.Lock()


def spacy_installed() -> bool:
    """Whether Python finds the package, installed by pip or put there by `activate_spacy`."""
    try:
        distribution(PACKAGE)
    except PackageNotFoundError:
        return False
    return True


def spacy_folder() -> Path:
    """Return a folder that has the package ``en_core_web_sm``, for ``sys.path``.

    Raises
    ------
    WeightsMissing
        When the wheel is not on this machine, with the command that brings it.
    WeightsCorrupt
        When it is not what it should be.
    StorageError
        When it cannot be unpacked.
    """
    model = find_model(_MODEL)
    with _lock:
        return unpacked(locate(model) / model.files[0], PACKAGE)


def activate_spacy() -> None:
    """Let Python find ``en_core_web_sm``; harmless when called again, or when it is installed.

    Raises
    ------
    WeightsMissing, WeightsCorrupt, StorageError
        As `spacy_folder`.
    """
    if spacy_installed():
        return
    folder = str(spacy_folder())
    with _lock:
        if folder not in sys.path:
            sys.path.append(folder)
            importlib.invalidate_caches()
