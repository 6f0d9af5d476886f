"""What a notebook takes: names, types, ranges, defaults and help, from its ``parameters`` cell.

The cell is the schema. Each statement is an annotated assignment; the comment beside it, or above
it, is the help, and may begin with a range and its unit::

    voice: str = "espeak:es"  # engine:voice, or the name of a preset
    speed: float = 1.0  # 0.5..2 x, how fast it is said
    # pictures and clips, one a scene
    images: list[Path] = []

Values are checked against it before a kernel starts: papermill itself lets a misspelt name pass
with a warning, and writes the name of a parameter into the notebook as code.
"""

from workbench.production.parameters.cell import parameters
from workbench.production.parameters.given import check, from_strings, mistakes, named
from workbench.production.parameters.inject import inject
from workbench.production.parameters.parameter import Parameter
from workbench.production.parameters.paths import missing

__all__ = [
    "Parameter",
    "check",
    "from_strings",
    "inject",
    "missing",
    "mistakes",
    "named",
    "parameters",
]
