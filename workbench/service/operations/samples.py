"""A sound of the store as a voice that is cloned, for one piece of work and with a consent."""

from __future__ import annotations

import contextlib
import os
from hashlib import sha256
from typing import TYPE_CHECKING

from pydantic import Field, field_validator

from workbench.errors import ConsentMissing, MediaError, ParameterError
from workbench.service.operations.base import Context, Parameters
from workbench.service.operations.inputs import there

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workbench.service.operations.speech import Speak
    from workbench.storage.store import Store

__all__ = ["CONSENT", "Consent", "check_sample", "consent_to", "sampled"]

CONSENT = "WORKBENCH_SAMPLE_CONSENT"
"""The variable in which whoever runs a server says, as ``who; purpose``, that the owners of all
voices that are sent to be cloned agree: what the older wire has no field for."""

_SHORTEST, _LONGEST = 3.0, 60.0  # seconds of a recording, as `engines.reference` has them
_LETTERS = 20  # of a digest in the name of a voice


class Consent(Parameters):
    """Whose voice it is, and what they agreed to."""

    who: str = Field(min_length=1, max_length=200)
    purpose: str = Field(min_length=1, max_length=500)

    @field_validator("who", "purpose")
    @classmethod
    def _said(cls, value: str) -> str:
        if not value.strip():
            raise ValueError("says nothing")
        return value.strip()


def consent_to(asked: Speak) -> Consent:
    """Return who agreed to what: as the request says, else as whoever runs the server does.

    Raises
    ------
    ConsentMissing
        When neither does.
    """
    if asked.consent is not None:
        return asked.consent
    who, _, purpose = os.environ.get(CONSENT, "").partition(";")
    if who.strip() and purpose.strip():
        return Consent(who=who.strip()[:200], purpose=purpose.strip()[:500])
    raise ConsentMissing(
        "is a voice that nobody has said may be cloned",
        subject=asked.sample_id or "sample",
        cure="say whose it is and what they agreed to: consent, with who and purpose",
    )


def check_sample(asked: Speak, store: Store) -> None:
    """Look whether a sample can be a voice.

    Raises
    ------
    ParameterError
        When the engine clones none, or not in that language.
    FileGone, MediaError
        When it is not there, or no recording of 3 to 60 s.
    ConsentMissing
        When nobody says that its owner agrees.
    """
    if asked.engine != "chatterbox":
        raise ParameterError(
            f"{asked.engine} clones no voices",
            subject="sample_id",
            cure="chatterbox does; leave the sample out for one of the engine's own voices",
        )
    if asked.voice not in {None, "default"}:
        raise ParameterError(
            "is one voice, and voice names another one",
            subject="sample_id",
            cure="leave one of them out",
        )
    _speaks(asked.language or "en")
    file = there(store, asked.sample_id or "", "audio", "video")
    with store.reading(file.id) as path:
        from workbench.media.probe import probe

        found = probe(path)
    if found.audio is None:
        raise MediaError("has no sound", subject=file.id)
    seconds = found.duration
    if seconds is not None and not _SHORTEST <= seconds <= _LONGEST:
        raise MediaError(
            f"lasts {seconds:.1f} s, and is no voice to be cloned",
            subject=file.id,
            cure=f"take {_SHORTEST:.0f} to {_LONGEST:.0f} s of one person's clear speech",
        )
    consent_to(asked)


def _speaks(language: str) -> None:
    from workbench.engines.chatterbox.voices import LANGUAGES

    if language.strip().lower().partition("-")[0] not in LANGUAGES:
        raise ParameterError(
            f"chatterbox speaks no {language!r}",
            subject="language",
            cure=f"it speaks {', '.join(LANGUAGES)}",
        )


@contextlib.contextmanager
def sampled(asked: Speak, context: Context) -> Iterator[str | None]:
    """Yield the name of the voice that a sample becomes while the block runs; None without one.

    It is recorded in a folder of work: among the voices of this machine it would be listed for
    everybody, two pieces of work with one sample would take it from each other, and what a killed
    process left would stay.
    """
    if asked.sample_id is None:
        yield None
        return
    from workbench.engines.reference import ReferenceVoice
    from workbench.engines.voices_folder import voices_in

    consent = consent_to(asked)
    with context.store.scratch() as folder, context.store.reading(asked.sample_id) as path:
        content = path.read_bytes()
        # By its content, so that what is kept in the cache is found again.
        name = f"sample-{sha256(content).hexdigest()[:_LETTERS]}"
        try:
            ReferenceVoice.record(
                name,
                content,
                who=consent.who,
                purpose=consent.purpose,
                consent=True,
                language=asked.language or "en",
                folder=folder,
            )
        except MediaError as error:
            error.subject = asked.sample_id
            error.problem = error.problem.replace(f" for {name}", "")
            raise
        with voices_in(folder):
            yield name
