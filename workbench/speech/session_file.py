"""A blind comparison as a file: what is in it, what is refused, and the sounds beside it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from workbench.audio import Audio
from workbench.disk import storage_error
from workbench.errors import MediaError, ParameterError, shown
from workbench.paths import user_path
from workbench.speech.bounds import is_whole
from workbench.speech.json_file import (
    keep_sound,
    named,
    read_json,
    sounds_folder,
    understanding,
    write_json,
)
from workbench.speech.matched import Levels
from workbench.speech.trials import KINDS, MOST, NONE, Answer, Trial

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from workbench.speech.compare import Comparison

__all__ = [
    "FORMAT",
    "MOST_ROUNDS",
    "VERSION",
    "check",
    "check_labels",
    "complaints",
    "fields",
    "read",
    "save",
    "sounds_beside",
    "written",
]

FORMAT = "workbench comparison"
VERSION = 1
"""Of the file. A later one is refused; what is added to this one must not change its meaning."""

MOST_ROUNDS = 5_000
_MOST_LABELS = 100
_LONGEST_LABEL = 1_000
_LARGEST = 20_000_000  # bytes of a file
_SUBJECT = "comparison"
_UID = re.compile(r"[0-9a-f]{16}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_KEYS = (
    "uid",
    "kind",
    "digests",
    "rounds",
    "seed",
    "ties",
    "listener",
    "levels",
    "trials",
    "answers",
    "stopped",
)


def check_labels(labels: Sequence[object]) -> None:
    """Refuse what cannot be the labels of takes.

    Raises
    ------
    ParameterError
        When there are too many, or one is no text, empty or too long.
    """
    if not 2 <= len(labels) <= _MOST_LABELS:  # noqa: PLR2004
        raise ParameterError(f"must be 2 to {_MOST_LABELS}, not {len(labels)}", subject="takes")
    for label in labels:
        if not isinstance(label, str) or not label.strip() or len(label) > _LONGEST_LABEL:
            raise ParameterError(
                f"needs a text of 1 to {_LONGEST_LABEL} letters, not {shown(label)}",
                subject="label",
            )


def check(session: Comparison) -> None:
    """Refuse what is no session, whoever made it.

    Raises
    ------
    ParameterError
        When a part is missing, of another kind or does not go with the others.
    """
    _need(_is_text(session.uid) and _UID.fullmatch(session.uid), "uid", session.uid)
    _need(_is_text(session.kind) and session.kind in KINDS, "kind", session.kind)
    _need(is_whole(session.rounds, 1, MOST_ROUNDS), "rounds", session.rounds)
    _need(is_whole(session.seed, 0, 2**63 - 1), "seed", session.seed)
    for name in ("ties", "stopped"):
        _need(isinstance(getattr(session, name), bool), name, getattr(session, name))
    _need(not session.ties or session.kind == "ab", "ties", session.ties, "only in ab")
    _need(_is_text(session.listener), "listener", session.listener)
    check_labels(list(session.digests))
    for digest in session.digests.values():
        _need(_is_text(digest) and _DIGEST.fullmatch(digest), "digest", digest)
    labels = set(session.digests)
    _need(set(session.levels.gains) == labels, "levels", set(session.levels.gains))
    _need(1 <= len(session.trials) <= MOST, "trials", len(session.trials))
    uids = {trial.uid for trial in session.trials}
    _need(len(uids) == len(session.trials), "trials", "the same uid twice")
    for trial in session.trials:
        _need({trial.a, trial.b} <= labels, "trial", (trial.a, trial.b), "of no known take")
        _need(bool(trial.x) == (session.kind == "abx"), "trial", trial.x, "for this kind")
    _need(len(session.answers) <= len(session.trials), "answers", len(session.answers))
    for trial, answer in zip(session.trials, session.answers, strict=False):
        _need(answer.trial == trial.uid, "answer", answer.trial, "to another trial")
        _need(session.ties or answer.choice != NONE, "answer", answer.choice)


def written(session: Comparison) -> dict[str, Any]:
    """Return a session as plain values."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "uid": session.uid,
        "kind": session.kind,
        "digests": dict(session.digests),
        "rounds": session.rounds,
        "seed": session.seed,
        "ties": session.ties,
        "listener": session.listener,
        "levels": session.levels.to_dict(),
        "trials": [trial.to_dict() for trial in session.trials],
        "answers": [answer.to_dict() for answer in session.answers],
        "stopped": session.stopped,
    }


def fields(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a session from plain values, which may be anything.

    Raises
    ------
    ParameterError
        When they describe no session, or one of a later version.
    """
    with understanding(_SUBJECT):
        if data["format"] != FORMAT:
            raise ParameterError("is no comparison", subject=_SUBJECT)
        if not is_whole(data["version"], VERSION, VERSION):
            raise ParameterError(
                f"is of version {shown(data['version'])}, and {VERSION} is understood",
                subject=_SUBJECT,
                cure="use the version of the package that wrote it, or a later one",
            )
        found = {key: data[key] for key in _KEYS}
        found["levels"] = Levels.from_dict(found["levels"])
        for key, kind in (("trials", Trial), ("answers", Answer)):
            _need(isinstance(found[key], list), key, found[key])
            found[key] = tuple(kind.from_dict(row) for row in found[key])
        dict(found["digests"])
    return found


def save(session: Comparison, path: str | os.PathLike[str], *, sounds: bool) -> Path:
    """Write a session and, if asked, its sounds beside it; see `Comparison.save`."""
    file = user_path(path)
    if sounds and not session.takes:
        session.heard  # noqa: B018 - says that there are none
    try:
        if sounds:
            folder = sounds_folder(file)
            for audio in session.takes.values():
                keep_sound(folder, audio)
        write_json(file, written(session))
    except OSError as error:
        raise storage_error(error, file) from error
    return file


def read(path: str | os.PathLike[str]) -> tuple[Path, dict[str, Any]]:
    """Return the path of a file and what is in it; see `workbench.speech.json_file.read_json`."""
    return read_json(path, _SUBJECT, _LARGEST)


def complaints(file: Path) -> AbstractContextManager[None]:
    """Say of which file a complaint is."""
    return named(file, _SUBJECT)


def sounds_beside(file: Path, digests: Mapping[str, str]) -> dict[str, Audio]:
    """Return the sounds that `save` put beside a file; none where there is no such folder.

    Raises
    ------
    ParameterError
        When the folder lacks one, or it is no sound.
    """
    folder = sounds_folder(file)
    if not folder.is_dir():
        return {}
    found = {}
    for label, digest in digests.items():
        try:
            found[label] = Audio.read(folder / f"{digest}.wav")
        except MediaError as error:
            raise ParameterError(
                f"has no sound for {shown(label)} beside it ({error.problem})",
                subject=_SUBJECT,
                cure="give the takes again, or remove the folder of sounds",
            ) from error
    return found


def _is_text(value: object, most: int = _LONGEST_LABEL) -> bool:
    return isinstance(value, str) and len(value) <= most


def _need(holds: object, name: str, value: object, why: str = "here") -> None:
    if not holds:
        raise ParameterError(f"cannot be {shown(value)} {why}", subject=name)
