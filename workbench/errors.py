"""The one tree of errors, so that a caller catches what they mean to.

::

    WorkbenchError
    ├── MediaError          a picture, sound or video file, or the tool that makes it
    │   ├── MediaNotFound     there is no such file
    │   ├── MediaTooLarge     beyond a limit on pixels, seconds or bytes
    │   └── FfmpegError       ffmpeg failed, or its output is not what was asked
    ├── TextError           a script, its markup or a caption file
    ├── ModelError          an engine or a voice
    │   ├── EngineNotFound    no engine of that name
    │   ├── EngineMissing     the engine's extra or library is not installed
    │   ├── VoiceNotFound     the engine has no voice of that name
    │   ├── WeightsMissing    a model's files are not on this machine
    │   ├── WeightsCorrupt    a model's files are not what they should be
    │   ├── ModelAccess       the hub or server refuses: a gate, a token, a rate
    │   ├── DeviceError       the device that was asked for does not work, or is out of memory
    │   └── ConsentMissing    a voice to be cloned without a record of consent
    ├── StorageError        reading or writing on disk, or in a store
    │   ├── StorageFull       no space left
    │   │   └── QuotaExceeded   the store holds as much as it may
    │   ├── FileGone          the store has no file of that id, or has it no longer
    │   └── DownloadError     a URL's content could not be had
    │       └── AddressRefused  a URL leads where nothing may be fetched from
    ├── JobError            a notebook run or a job of the service
    │   └── KernelDied        the process that ran the notebook ended
    ├── ServiceError        a media server, or the way to it
    │   ├── ServiceUnreachable  nobody answers at that address
    │   ├── Unauthorized      the token is missing or wrong
    │   ├── QueueFull         it has as much to do as it takes
    │   └── DeadlineExceeded  it was not done in the time that was given
    ├── ParameterError      an argument, an option or a notebook parameter (also a ValueError)
    └── Cancelled           stopped on request
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.wording import one_line, shown, suggest

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "AddressRefused",
    "Cancelled",
    "ConsentMissing",
    "DeadlineExceeded",
    "DeviceError",
    "DownloadError",
    "EngineMissing",
    "EngineNotFound",
    "FfmpegError",
    "FileGone",
    "JobError",
    "KernelDied",
    "MediaError",
    "MediaNotFound",
    "MediaTooLarge",
    "ModelAccess",
    "ModelError",
    "ParameterError",
    "QueueFull",
    "QuotaExceeded",
    "ServiceError",
    "ServiceUnreachable",
    "StorageError",
    "StorageFull",
    "TextError",
    "Unauthorized",
    "VoiceNotFound",
    "WeightsCorrupt",
    "WeightsMissing",
    "WorkbenchError",
    "WorkbenchWarning",
    "one_line",
    "shown",
    "suggest",
]


_NOT_THERE = (FileNotFoundError, NotADirectoryError, IsADirectoryError)


class WorkbenchError(Exception):
    """The base of every error this package raises on purpose.

    Parameters
    ----------
    problem
        What is wrong, as a clause without a full stop.
    subject
        The thing it is wrong with: a file, a voice, a parameter.
    cure
        What to do about it.

    Examples
    --------
    >>> str(TextError("is empty", subject="script.txt", cure="write at least one line"))
    'script.txt: is empty; write at least one line'
    """

    code = "error"

    @property
    def mistake(self) -> bool:
        """Whether what was asked for is to be corrected: it cannot be, or names nothing there is.

        A command line ends with another code then.
        """
        return isinstance(self.__cause__, _NOT_THERE)

    def __init__(self, problem: str, *, subject: str = "", cure: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.subject = subject
        self.cure = cure

    def __str__(self) -> str:
        head = f"{one_line(self.subject)}: " if self.subject else ""
        tail = f"; {one_line(self.cure, limit=600)}" if self.cure else ""
        return f"{head}{one_line(self.problem, limit=600)}{tail}"

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.problem, self.subject, self.cure), vars(self).copy()

    def to_dict(self) -> dict[str, str]:
        """Return the error as plain strings, for JSON."""
        return {
            "code": self.code,
            "subject": self.subject,
            "problem": self.problem,
            "cure": self.cure,
        }

    @staticmethod
    def from_dict(data: Mapping[str, object]) -> WorkbenchError:
        """Return the error that `to_dict` described; one of an unknown code is of the base class.

        Examples
        --------
        >>> WorkbenchError.from_dict(TextError("is empty", subject="a.txt").to_dict())
        TextError('is empty')
        """
        kinds = [WorkbenchError]
        for kind in kinds:  # grows while it is walked
            kinds += kind.__subclasses__()
        found = {kind.code: kind for kind in reversed(kinds) if "code" in vars(kind)}
        kind = found.get(str(data.get("code", "")), WorkbenchError)
        return kind(
            str(data.get("problem", "")),
            subject=str(data.get("subject", "")),
            cure=str(data.get("cure", "")),
        )


def _rebuild(kind: type[WorkbenchError], problem: str, subject: str, cure: str) -> WorkbenchError:
    return kind(problem, subject=subject, cure=cure)


class MediaError(WorkbenchError):
    """A picture, sound or video file, or the tool that makes it."""

    code = "media"


class MediaNotFound(MediaError):
    """There is no such file."""

    code = "media_not_found"
    mistake = True


class MediaTooLarge(MediaError):
    """A file is beyond a limit on pixels, seconds or bytes."""

    code = "media_too_large"


class FfmpegError(MediaError):
    """Ffmpeg failed, or what it wrote is not what was asked for."""

    code = "ffmpeg"
    mistake = False  # the program that is not there was not asked for


class TextError(WorkbenchError):
    """A script, its markup or a caption file cannot be used."""

    code = "text"


class ModelError(WorkbenchError):
    """An engine or a voice cannot be used."""

    code = "model"
    mistake = False


class EngineNotFound(ModelError):
    """No engine of that name is registered."""

    code = "engine_not_found"
    mistake = True


class EngineMissing(ModelError):
    """The engine is known but its extra or library is not installed."""

    code = "engine_missing"


class VoiceNotFound(ModelError):
    """The engine has no voice of that name."""

    code = "voice_not_found"
    mistake = True


class WeightsMissing(ModelError):
    """A model's files are not on this machine."""

    code = "weights_missing"
    mistake = True


class WeightsCorrupt(ModelError):
    """A model's files are damaged, cut short or another model's."""

    code = "weights_corrupt"


class ModelAccess(ModelError):
    """The hub or the server refuses: a gate to accept, a token, a rate limit."""

    code = "model_access"


class DeviceError(ModelError):
    """The device that was asked for does not work, or its memory does not suffice."""

    code = "device"


class ConsentMissing(ModelError):
    """A voice is to be cloned, and nobody has recorded that its owner agrees."""

    code = "consent_missing"


class StorageError(WorkbenchError):
    """Something could not be read from or written to disk."""

    code = "storage"


class StorageFull(StorageError):
    """There is no space left for what was to be written."""

    code = "storage_full"


class QuotaExceeded(StorageFull):
    """The store holds as much as it may."""

    code = "quota"


class FileGone(StorageError):
    """The store has no file of that id, or has it no longer."""

    code = "file_gone"


class DownloadError(StorageError):
    """What a URL leads to could not be had: refused, cut short, too large or too slow."""

    code = "download"


class AddressRefused(DownloadError):
    """A URL leads where nothing may be fetched from: another scheme, a private address."""

    code = "address_refused"


class JobError(WorkbenchError):
    """A notebook run or a job of the service failed."""

    code = "job"
    expected = False
    """Whether the notebook itself said what is wrong, by an error of this tree."""
    transient = False
    """Whether that may be over the next time: no space, no memory, no answer."""
    mistake = False
    """Whether that was a `ParameterError`: the value of a parameter is to be corrected."""
    cell: int | None = None
    """The number in the brackets beside the cell that failed, where it is known."""
    failed = ""
    """The path of the notebook as it was when it failed, where it was kept."""

    def to_dict(self) -> dict[str, Any]:
        """Return the error for JSON, with ``cell``, a number, and ``failed`` where known."""
        known = {"cell": self.cell, "failed": self.failed or None}
        found = {name: value for name, value in known.items() if value is not None}
        return {**super().to_dict(), **found}


class KernelDied(JobError):
    """The process that ran the notebook ended before the notebook did."""

    code = "kernel_died"


class ServiceError(WorkbenchError):
    """A media server, or the way to it, failed."""

    code = "service"
    mistake = False


class ServiceUnreachable(ServiceError):
    """Nobody answers at the server's address."""

    code = "unreachable"


class Unauthorized(ServiceError):
    """The server wants a token, or another one."""

    code = "unauthorized"


class QueueFull(ServiceError):
    """The service has as much to do as it takes; later it takes more."""

    code = "busy"


class DeadlineExceeded(ServiceError):
    """It was not done in the time that was given."""

    code = "deadline"


class ParameterError(WorkbenchError, ValueError):
    """An argument, an option or a notebook parameter is not acceptable."""

    code = "parameter"
    mistake = True


class Cancelled(WorkbenchError):
    """The work was stopped on request."""

    code = "cancelled"


class WorkbenchWarning(UserWarning):
    """Something was done differently from what was asked, and this says how."""
