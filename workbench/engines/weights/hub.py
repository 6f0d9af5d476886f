"""Talking to the hub: what a repository holds, and its files, however often the line is cut.

The hub's own library (huggingface_hub 2.4) checks sizes but no digests, throws away what it has
when a process ends, and cannot be told to stop. So its endpoints are asked directly; no other host
is, but for those that they redirect to, which never see the token.
"""

from __future__ import annotations

import contextlib
import re
import time
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

from workbench.disk import storage_error
from workbench.engines.weights.access import endpoint, offline, refusal, user_token
from workbench.engines.weights.files import content_digest, git_digest, safe_path
from workbench.errors import (
    Cancelled,
    ModelAccess,
    ParameterError,
    WeightsCorrupt,
    WorkbenchError,
    one_line,
)

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path
    from types import TracebackType

    import httpx

__all__ = ["Hub", "Listing", "Remote"]

T = TypeVar("T")

_SECONDS = 10.0  # without a byte, as the hub's own library has it
_PAUSES = (0.5, 1.0, 2.0, 4.0)  # seconds before a further try; a byte that arrives begins anew
_PATIENCE = 60.0  # seconds to wait when the hub asks for it; more is the user's to decide
_REDIRECTS = 5
_LISTING = 32 << 20  # bytes of JSON; the largest repositories of models need a tenth of it


@dataclass(frozen=True, kw_only=True)
class Remote:
    """A file in a repository.

    Parameters
    ----------
    path
        Its name there.
    size
        Bytes.
    sha256, git
        One of them: the digest of the content of a large file, or what git calls a small one.
    """

    path: str
    size: int
    sha256: str = ""
    git: str = ""

    @property
    def identity(self) -> str:
        """What tells this content from every other."""
        return self.sha256 or self.git


@dataclass(frozen=True, kw_only=True)
class Listing:
    """What a repository holds at one commit.

    Parameters
    ----------
    repository, commit
        Of what.
    files
        By their names.
    """

    repository: str
    commit: str
    files: Mapping[str, Remote]


class _AgainError(Exception):
    """Something that may go better at another try; holds the error if it does not."""

    def __init__(self, error: WorkbenchError, seconds: float = 0.0) -> None:
        super().__init__(error.problem)
        self.error = error
        self.seconds = seconds


class Hub:
    """A connection to the hub, for the time of a ``with`` block.

    Parameters
    ----------
    cancel
        Set by another thread to stop.

    Raises
    ------
    ModelAccess
        When a variable forbids the network, or the token cannot be one.
    """

    def __init__(self, *, cancel: threading.Event | None = None) -> None:
        if variable := offline():
            raise ModelAccess(
                f"is not asked: {variable} forbids the network",
                subject="the hub",
                cure=f"take {variable} away, or copy the files from another machine",
            )
        import httpx

        from workbench import __version__

        self._httpx = httpx
        self._cancel = cancel
        self._token = user_token()
        self._endpoint = httpx.URL(endpoint())
        self._client = httpx.Client(
            timeout=_SECONDS, headers={"User-Agent": f"media-workbench/{__version__}"}
        )

    def __repr__(self) -> str:
        return f"Hub({self._endpoint.host})"

    def __enter__(self) -> Hub:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client.close()

    def listing(self, repository: str, revision: str = "main") -> Listing:
        """Return what a repository holds.

        Raises
        ------
        ModelAccess
            When there is none, a gate is before it, or the hub cannot be reached.
        """
        path = f"api/models/{repository}/revision/{quote(revision, safe='')}?blobs=true"

        def ask() -> Listing:
            with self._answer(self._url(path), repository) as answer:
                body = b""
                for piece in answer.iter_bytes():
                    body += piece
                    if len(body) > _LISTING:
                        break
                return _listing(repository, body)

        return self._patiently(ask, lambda: 0)

    def fetch(
        self, listing: Listing, remote: Remote, part: Path, report: Callable[[int], None]
    ) -> str:
        """Fetch a file into `part`, going on where `part` ends; return its sha256.

        Parameters
        ----------
        listing, remote
            What to fetch.
        part
            Where to; it may hold the beginning already, and keeps it when this fails.
        report
            Called with the bytes that are there.

        Raises
        ------
        ModelAccess
            When the hub refuses or the line is cut for good.
        WeightsCorrupt
            When other bytes arrive than the hub lists, also at the second try.
        StorageError
            When it cannot be written.
        Cancelled
            When it was stopped.
        """
        path = f"{listing.repository}/resolve/{listing.commit}/{quote(remote.path)}"
        try:
            for _ in range(2):
                self._patiently(
                    lambda: self._go_on(self._url(path), listing.repository, remote, part, report),
                    lambda: _size(part),
                )
                sha256 = content_digest(part)
                if remote.sha256 == sha256 or (remote.git and git_digest(part) == remote.git):
                    return sha256
                part.unlink()
        except OSError as error:
            raise storage_error(error, part) from error
        raise WeightsCorrupt(
            "arrived twice with other bytes than the hub lists",
            subject=f"{listing.repository}/{remote.path}",
            cure="try again later; a proxy or the mirror that HF_ENDPOINT names may change it",
        )

    def _go_on(
        self,
        url: httpx.URL,
        repository: str,
        remote: Remote,
        part: Path,
        report: Callable[[int], None],
    ) -> None:
        have = _size(part)
        if have > remote.size:
            part.unlink()
            have = 0
        report(have)
        if have == remote.size and part.exists():
            return
        with self._answer(url, repository, start=have) as answer, part.open("ab") as file:
            if answer.status_code != HTTPStatus.PARTIAL_CONTENT or not _goes_on(answer, have):
                file.truncate(0)  # the whole file comes, or another one
                have = 0
            if answer.status_code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                raise _AgainError(_cut(repository, remote, 0))
            # Pieces as they come: a buffer of ours would be lost with the line.
            for piece in answer.iter_bytes():
                self._stop_if_asked()
                file.write(piece[: remote.size - have])
                have += len(piece)
                if have > remote.size:
                    break
                report(have)
        if have < remote.size:
            raise _AgainError(_cut(repository, remote, have))

    @contextlib.contextmanager
    def _answer(self, url: httpx.URL, repository: str, *, start: int = 0) -> Iterator[Any]:
        """Yield the answer to a request: redirects followed, refusals raised."""
        # Lengths and ranges are those of the file, not of a packed form of it.
        headers = {"Accept-Encoding": "identity"}
        if start:
            headers["Range"] = f"bytes={start}-"
        try:
            for _ in range(_REDIRECTS):
                self._stop_if_asked()
                own = {"Authorization": f"Bearer {self._token}"} if self._may_know(url) else {}
                request = self._client.build_request("GET", url, headers={**headers, **own})
                answer = self._client.send(request, stream=True)
                with contextlib.closing(answer):
                    if not answer.has_redirect_location:
                        self._refuse(answer, repository)
                        yield answer
                        return
                    there = url.join(answer.headers["location"])
                if url.scheme == "https" and there.scheme != "https":
                    break
                url = there
        except (self._httpx.InvalidURL, self._httpx.UnsupportedProtocol):
            pass  # told below
        except (self._httpx.TransportError, self._httpx.DecodingError) as error:
            said = self._scrubbed(str(error) or type(error).__name__)
            told = ModelAccess(
                f"{url.host} cannot be reached, or the line was cut ({said})",
                subject=repository,
                cure="look at the network and at HF_ENDPOINT; what has arrived is kept",
            )
            raise _AgainError(told) from None  # the original one knows the request, and the token
        raise ModelAccess(
            "is redirected to nowhere", subject=repository, cure="look at HF_ENDPOINT"
        )

    def _may_know(self, url: httpx.URL) -> bool:
        """Whether a host may see the token: only the endpoint itself."""
        home = self._endpoint
        same = (url.scheme, url.host, url.port) == (home.scheme, home.host, home.port)
        return bool(self._token) and same

    def _refuse(self, answer: httpx.Response, repository: str) -> None:
        """Raise what a status means; return when the answer is one."""
        status = answer.status_code
        if answer.is_success or status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            return
        code = answer.headers.get("x-error-code", "")
        said = self._scrubbed(answer.headers.get("x-error-message", ""))
        told = refusal(status, code, said, repository, token=bool(self._token))
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            seconds = _seconds(answer.headers.get("retry-after", ""))
            if seconds <= _PATIENCE:
                raise _AgainError(told, seconds)
        elif status in {408, 500, 502, 503, 504}:
            raise _AgainError(told)
        raise told

    def _patiently(self, work: Callable[[], T], size: Callable[[], int]) -> T:
        """Do something until it works, or fails without a further byte too often."""
        failures = 0
        while True:
            before = size()
            try:
                return work()
            except _AgainError as again:
                failures = 1 if size() > before else failures + 1
                if failures > len(_PAUSES):
                    raise again.error from None
                pause = max(_PAUSES[failures - 1], again.seconds)
            if self._cancel is None:
                time.sleep(pause)
            else:
                self._cancel.wait(pause)
            self._stop_if_asked()

    def _stop_if_asked(self) -> None:
        if self._cancel is not None and self._cancel.is_set():
            raise Cancelled("was stopped; what has arrived is kept", subject="fetching weights")

    def _scrubbed(self, text: str) -> str:
        shown = text.replace(self._token, "…") if self._token else text
        return one_line(shown, limit=200)

    def _url(self, path: str) -> httpx.URL:
        return self._httpx.URL(f"{str(self._endpoint).rstrip('/')}/{path}")


def _listing(repository: str, body: bytes) -> Listing:
    import json

    try:
        data = json.loads(body)
        files = {}
        for about in data["siblings"]:
            remote = _remote(about)
            if remote is not None:
                files[remote.path] = remote
        return Listing(repository=repository, commit=_commit(data["sha"]), files=files)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ModelAccess(
            "is told of in a way that cannot be read",
            subject=repository,
            cure="look at HF_ENDPOINT: it may not be a hub",
        ) from error


def _remote(about: Mapping[str, Any]) -> Remote | None:
    try:
        path = safe_path(about["rfilename"])
    except ParameterError:  # nothing that we would fetch
        return None
    large = about.get("lfs") or {}
    return Remote(
        path=path,
        size=int(large.get("size", about["size"])),
        sha256=_digest(large["sha256"], 64) if large else "",
        git="" if large else _digest(about["blobId"], 40),
    )


def _digest(text: str, length: int) -> str:
    if not re.fullmatch(rf"[0-9a-f]{{{length}}}", text):
        raise ValueError(text)
    return text


def _commit(text: str) -> str:
    if not re.fullmatch(r"[0-9a-f]{4,64}", text):
        raise ValueError(text)
    return text


def _seconds(text: str) -> float:
    return float(text) if re.fullmatch(r"\d{1,6}", text) else _PATIENCE + 1


def _goes_on(answer: httpx.Response, have: int) -> bool:
    """Whether an answer begins at the byte that was asked for."""
    told = re.match(r"bytes (\d+)-", answer.headers.get("content-range", ""))
    return told is not None and int(told[1]) == have


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _cut(repository: str, remote: Remote, have: int) -> ModelAccess:
    return ModelAccess(
        f"the line was cut after {have:,} of {remote.size:,} bytes",
        subject=f"{repository}/{remote.path}",
        cure="run it again: what has arrived is kept",
    )
