"""Which engines can speak here, and what is to be done about those that cannot."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from workbench.engines import weights
from workbench.engines.registry import DEFAULT, engine, engines
from workbench.errors import ModelError

if TYPE_CHECKING:
    from workbench.engines.base import Synthesizer

__all__ = ["EngineState", "engine_states", "weights_to_pull"]

_COMMAND = re.compile(r"(?:pip|workbench) (?:'[^']*'|[^,:'])+")


@dataclass(frozen=True, kw_only=True)
class EngineState:
    """Whether an engine can speak on this machine.

    Parameters
    ----------
    name
        The registered name.
    ready
        Whether its package and its weights are here.
    problem, cure
        What is missing, and what brings it; empty where nothing is.
    seeded
        Whether its speech depends on a seed.

    Examples
    --------
    >>> told = "pip install 'kit[a]', or, to keep it apart: workbench engines install a"
    >>> lacking = EngineState(name="a", ready=False, problem="needs a package", cure=told)
    >>> lacking.command
    "pip install 'kit[a]'"
    >>> lacking.remark
    'or, to keep it apart: workbench engines install a'
    """

    name: str
    ready: bool
    problem: str = ""
    cure: str = ""
    seeded: bool = False

    @property
    def command(self) -> str:
        """The command that the cure begins with, to be copied; empty where it is in words."""
        found = _COMMAND.match(self.cure)
        return found[0].rstrip() if found else ""

    @property
    def remark(self) -> str:
        """The rest of the cure."""
        return self.cure[len(self.command) :].lstrip(",: ")

    def to_dict(self) -> dict[str, Any]:
        """Return the state as plain values, the parts of the cure as well."""
        return {**asdict(self), "command": self.command, "remark": self.remark}


def engine_states() -> tuple[EngineState, ...]:
    """Return the state of every registered engine: the default first, then those that are ready.

    Nothing is loaded or downloaded, and no network is asked.

    Examples
    --------
    >>> engine_states()[0]
    EngineState(name='espeak', ready=True, problem='', cure='', seeded=False)
    """
    states = [_state(name) for name in engines()]
    return tuple(sorted(states, key=lambda s: (s.name != DEFAULT, not s.ready, s.name)))


def _state(name: str) -> EngineState:
    try:
        found = engine(name)
    except ModelError as error:
        return EngineState(name=name, ready=False, problem=error.problem, cure=error.cure)
    seeded = found.capabilities.seeded
    wanted = weights_to_pull(name, found)
    if not wanted:
        return EngineState(name=name, ready=True, seeded=seeded)
    cure = f"workbench models pull {wanted}"
    return EngineState(
        name=name, ready=False, problem="needs its weights", cure=cure, seeded=seeded
    )


def weights_to_pull(name: str, found: Synthesizer) -> str:
    """Return the model to begin with, of an engine that has models and none of them here."""
    known = weights.models()
    beside = {needed for model in known for needed in model.needs}
    own = [model for model in known if model.engine == name and model.name not in beside]
    if not own or any(weights.state(model).state == "ready" for model in own):
        return ""
    default = getattr(found.options.build({}), "model", name)
    return str(weights.find_model(default).name)
