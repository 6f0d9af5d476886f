"""The weights of models: whether they are on this machine, whole, and how to get them.

Everything here but `pull` works without a network. What an engine needs it asks `locate` for; the
answer to a model that is not there names the model, the folder and the command, at once.
"""

from __future__ import annotations

from workbench.engines.weights.catalog import Model, find_model, models
from workbench.engines.weights.fetch import pull
from workbench.engines.weights.local import (
    Removed,
    State,
    digest,
    folder,
    locate,
    remove,
    state,
    verify,
)
from workbench.engines.weights.places import VARIABLE, hub_cache, models_folder
from workbench.engines.weights.spacy import activate_spacy, spacy_folder

__all__ = [
    "VARIABLE",
    "Model",
    "Removed",
    "State",
    "activate_spacy",
    "digest",
    "find_model",
    "folder",
    "hub_cache",
    "locate",
    "models",
    "models_folder",
    "pull",
    "remove",
    "spacy_folder",
    "state",
    "verify",
]
