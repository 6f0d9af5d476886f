"""Captions edited: pure operations on `Cues`, each of which returns new ones.

=================================  =============================================================
what they say                      `retype`, `find`, `substitute`, `rebreak`
how they are cut                   `split`, `merge`, `insert`, `delete`
when they are shown                `move` an edge, `shift`, `stretch`, `snap`
what a viewer stumbles over        `problems`, each with the `Edit` that sets it right; `fixed`
what was done                      `Edit`, a value; `History`, which undoes
their file                         `save`, which loses nothing that another wrote there
=================================  =============================================================

Words that a cue has keep their times through all of this: a highlight still lights up with the
voice after a caption was cut, joined or corrected.

>>> from workbench.captions.cues import Cues
>>> cues = insert(Cues(cues=()), 0, end=4, text="Welcome back to the chanel.")
>>> cues = substitute(split(cues, 0, at=2), "chanel", "channel")
>>> [(cue.start, cue.end, cue.text) for cue in cues]
[(0.0, 2.0, 'Welcome back'), (2.0, 4.0, 'to the channel.')]
"""

from __future__ import annotations

from workbench.captions.cutting import delete, insert, merge, rebreak, retype, split
from workbench.captions.edits import OPERATIONS, Edit
from workbench.captions.history import History, Step
from workbench.captions.numbered import Change, Numbered
from workbench.captions.problems import KINDS, Limits, Problem, fixed, pace_limit, problems
from workbench.captions.retiming import move, shift, snap, stretch
from workbench.captions.saving import fingerprint, save, taken
from workbench.captions.searching import Found, find, substitute

__all__ = [
    "KINDS",
    "OPERATIONS",
    "Change",
    "Edit",
    "Found",
    "History",
    "Limits",
    "Numbered",
    "Problem",
    "Step",
    "delete",
    "find",
    "fingerprint",
    "fixed",
    "insert",
    "merge",
    "move",
    "pace_limit",
    "problems",
    "rebreak",
    "retype",
    "save",
    "shift",
    "snap",
    "split",
    "stretch",
    "substitute",
    "taken",
]
