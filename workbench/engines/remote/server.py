"""Talking with an OpenAI-compatible server: what is asked again, and how an answer is read."""

from __future__ import annotations

import contextlib
import logging
import ssl
import threading
import time
import weakref
from typing import TYPE_CHECKING, Any

from workbench.engines.remote.refusals import refusal, said, slow, unreachable, waiting
from workbench.errors import Cancelled, ModelError, WorkbenchError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import httpx

    from workbench.engines.remote.address import Address
    from workbench.engines.remote.refusals import Explain

__all__ = ["Answer", "Server"]

log = logging.getLogger(__name__)

_CONNECT = 10.0  # seconds
_RETRIES = 3
_ERROR_BYTES = 65_536
_CHUNK = 32_768


class Answer:
    """What a server answers, read piece by piece.

    Parameters
    ----------
    response
        Open, with a status of 2xx.
    address
        Of the server.
    """

    def __init__(self, response: httpx.Response, address: Address) -> None:
        self._response = response
        self.address = address
        kind, _, parameters = response.headers.get("content-type", "").lower().partition(";")
        self.kind, self.parameters = kind.strip(), parameters

    def chunks(self, limit: int, *, seconds: float | None = None) -> Iterator[bytes]:
        """Yield the body as it arrives.

        Parameters
        ----------
        limit
            More bytes than these are too many.
        seconds
            How long all of it may take; None for as long as something arrives.

        Raises
        ------
        ModelError
            When it is cut short, too long or too slow.
        """
        until = None if seconds is None else time.monotonic() + seconds
        size = 0
        with _told(self.address):
            for chunk in self._response.iter_bytes():
                size += len(chunk)
                if size > limit:
                    raise ModelError(
                        f"answers with more than {limit:,} bytes", subject=self.address.host
                    )
                if until is not None and time.monotonic() > until:
                    raise slow(self.address, seconds)
                yield chunk

    def read(self, limit: int, *, seconds: float | None = None) -> bytes:
        """Return the whole body; see `chunks`."""
        return b"".join(self.chunks(limit, seconds=seconds))

    def refuse(self, body: bytes, wanted: str) -> ModelError:
        """Return the error for a body that is not what was asked for: what the server says."""
        words = said(self.address, body[:_ERROR_BYTES], self.kind)
        what = f"{self.kind or 'of no type'}, {len(body):,} bytes"
        return ModelError(
            f"answers with no {wanted} ({what})" + (f": {words}" if words else ""),
            subject=self.address.host,
            cure=f"check that {self.address.base} is an OpenAI-compatible server",
        )


class Server:
    """A server at an address. Making one connects to nothing; threads may share it.

    Parameters
    ----------
    address
        Where it is.

    Examples
    --------
    >>> from workbench.engines.remote.address import Address
    >>> Server(Address("http://localhost:8880"))
    Server('http://localhost:8880/v1')
    """

    def __init__(self, address: Address) -> None:
        self.address = address
        self._lock = threading.Lock()
        self._client: httpx.Client | None = None
        self._closing: Callable[[], object] | None = None

    def __repr__(self) -> str:
        return f"Server({self.address.base!r})"

    def close(self) -> None:
        """Close the connections; the next request opens new ones."""
        with self._lock:
            closing, self._client, self._closing = self._closing, None, None
        if closing is not None:
            closing()

    @contextlib.contextmanager
    def ask(
        self,
        method: str,
        path: str,
        *,
        timeout: float,
        retries: int = _RETRIES,
        cancel: threading.Event | None = None,
        explain: Explain | None = None,
        **content: Any,
    ) -> Iterator[Answer]:
        """Yield the answer to a request, and close it.

        It is sent again only where that cannot do anything twice: when no connection came about,
        and when the server says to come back later (503, or 429 with ``Retry-After``).

        Parameters
        ----------
        method, path, content
            The path below the base; ``json``, ``data`` and ``files`` as httpx takes them.
        timeout
            Seconds in which nothing arrives.
        retries
            How often it is sent again at most.
        cancel
            Ends the waiting between two tries.
        explain
            Has the first word about a status of 4xx.

        Raises
        ------
        ModelAccess
            When the server wants another key, or fewer requests.
        ModelError
            When it cannot be reached, is too slow, or fails.
        Cancelled
            When `cancel` was set.
        """
        import httpx

        limits = httpx.Timeout(timeout, connect=min(_CONNECT, timeout))
        url = f"{self.address.base}{path}"
        for attempt in range(retries + 1):
            client = self._open()
            request = client.build_request(method, url, timeout=limits, **content)
            try:
                with _told(self.address):
                    response = client.send(request, stream=True)
            except _Unsent as unsent:
                error: WorkbenchError = unsent.error
                wait = waiting(503, attempt, None)
            else:
                if response.is_success:
                    break
                error, wait = self._refusal(response, path, attempt, explain)
            if wait is None or attempt == retries:
                raise error
            log.info("%s: asking again in %.1f s (%s)", self.address.host, wait, error.problem)
            _pause(wait, cancel)
        try:
            yield Answer(response, self.address)
        finally:
            response.close()

    def _open(self) -> httpx.Client:
        import httpx

        with self._lock:
            if self._client is None:
                address = self.address

                def sign(request: httpx.Request) -> httpx.Request:
                    if address.has_key:
                        request.headers["Authorization"] = address.authorization
                    return request

                if address.has_key and not address.is_here and address.base.startswith("http:"):
                    log.warning("the key for %s travels unencrypted: use https", address.host)
                # A proxy for the world is none for this machine.
                client = httpx.Client(auth=sign, trust_env=not address.is_here)
                self._client = client
                self._closing = weakref.finalize(self, client.close)
            return self._client

    def _refusal(
        self, response: httpx.Response, path: str, attempt: int, explain: Explain | None
    ) -> tuple[WorkbenchError, float | None]:
        """Return the error for a status that is not 2xx, and seconds to wait; None for never."""
        status, headers = response.status_code, response.headers
        body = b""
        try:
            # What it says is worth no error of its own: the status says enough.
            with contextlib.suppress(ModelError, _Unsent), _told(self.address):
                for chunk in response.iter_bytes(_CHUNK):
                    body += chunk
                    if len(body) >= _ERROR_BYTES:
                        break
        finally:
            response.close()
        words = said(self.address, body, headers.get("content-type", "").lower())
        special = explain(status, words) if explain is not None and status < 500 else None  # noqa: PLR2004
        if special is not None:
            return special, None
        after = _seconds(headers.get("retry-after"))
        place = headers.get("location", "")
        error = refusal(self.address, status, words, path=path, location=place, after=after)
        return error, waiting(status, attempt, after)


class _Unsent(Exception):
    """Nothing of a request was sent, for the reason given."""

    def __init__(self, error: ModelError) -> None:
        super().__init__(str(error))
        self.error = error


@contextlib.contextmanager
def _told(address: Address) -> Iterator[None]:
    """Turn what goes wrong on the way into this package's errors, or into `_Unsent`."""
    import httpx

    try:
        yield
    except (httpx.ConnectError, httpx.ConnectTimeout) as error:
        late = isinstance(error, httpx.TimeoutException)
        failure = unreachable(address, "no answer" if late else str(error))
        failure.__cause__ = error
        if _is_certificate(error):  # the same tomorrow
            raise failure from error
        raise _Unsent(failure) from error
    except httpx.TimeoutException as error:
        raise slow(address) from error
    except (httpx.TransportError, httpx.DecodingError) as error:
        reason = address.scrub(str(error) or type(error).__name__)
        raise ModelError(
            f"breaks off ({reason})", subject=address.host, cure="look into the server's log"
        ) from error


def _is_certificate(error: BaseException) -> bool:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return True
        cause = cause.__cause__ or cause.__context__
    return False


def _seconds(header: str | None) -> float | None:
    """Return the seconds of a ``Retry-After`` header; dates are not waited for."""
    try:
        seconds = float(header or "")
    except ValueError:
        return None
    return seconds if 0 <= seconds < float("inf") else None


def _pause(seconds: float, cancel: threading.Event | None) -> None:
    if cancel is None:
        time.sleep(seconds)
    elif cancel.wait(seconds):
        raise Cancelled("stopped while waiting for the server", subject="remote")
