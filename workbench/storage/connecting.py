"""Connections to addresses that were checked, with one deadline over all they do.

A timeout for each read does not end a transfer whose server sends a byte now and then, and no
timeout at all covers the look-up of a name. Here each wait, for a name, a connection, a handshake
or bytes, ends with the one deadline of the whole download, or as soon as it is cancelled.
"""

from __future__ import annotations

import contextlib
import os
import queue
import select
import socket
import ssl
import threading
import time
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import httpcore

from workbench.errors import Cancelled, DownloadError
from workbench.storage.addresses import judge, unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from workbench.storage.addresses import Place, Resolver

__all__ = ["Deadline", "Flag", "Network"]

_SLICE = 0.1  # seconds after which a wait looks whether it was cancelled
_CONNECT = 10.0  # seconds for one address of several
_T = TypeVar("_T")


class Flag(Protocol):
    """What says that something is no longer wanted: a `threading.Event`, or anything like it."""

    def is_set(self) -> bool:
        """Return whether to stop."""


class Deadline:
    """The end of a piece of work.

    Parameters
    ----------
    seconds
        From now.
    subject
        What is being done, for the error.
    cancel
        Ends it earlier once it is set.
    """

    def __init__(self, seconds: float, subject: str, cancel: Flag | None = None) -> None:
        self.seconds = seconds
        self.subject = subject
        self.cancel = cancel
        self.until = time.monotonic() + seconds

    def left(self) -> float:
        """Return the seconds that are left, never 0.

        Raises
        ------
        DownloadError
            When none are.
        Cancelled
            When it is no longer wanted.
        """
        if self.cancel is not None and self.cancel.is_set():
            raise Cancelled("the download was cancelled", subject=self.subject)
        left = self.until - time.monotonic()
        if left <= 0:
            raise DownloadError(
                f"was not there after {self.seconds:g} s",
                subject=self.subject,
                cure="try again, allow more time, or upload the file",
            )
        return left

    def wait(self, wait: Callable[[float], _T], *, most: float | None = None) -> _T:
        """Call a function with a timeout until it does not raise `TimeoutError`.

        Raises
        ------
        TimeoutError
            When it still does after `most` seconds.
        """
        end = None if most is None else time.monotonic() + most
        while True:
            left = min(self.left(), _SLICE)
            try:
                return wait(left)
            except TimeoutError:
                if end is not None and time.monotonic() >= end:
                    raise

    def sleep(self, seconds: float) -> None:
        """Wait a little."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            time.sleep(min(left, self.left(), _SLICE))


class Network(httpcore.NetworkBackend):
    """Looks a name up once, judges all its addresses, and connects to one of them.

    The names in the Host header and in the certificate stay those of the URL.

    Parameters
    ----------
    deadline
        Of the whole download.
    resolver
        Looks up names.
    private
        Whether private addresses are allowed.
    """

    def __init__(self, deadline: Deadline, resolver: Resolver, *, private: bool) -> None:
        self.deadline = deadline
        self.resolver = resolver
        self.private = private
        self.place: Place | None = None
        self._known: dict[tuple[str, int], list[str]] = {}

    def addresses(self, place: Place) -> list[str]:
        """Return the addresses of a place, all of them judged; the same ones each time.

        Raises
        ------
        AddressRefused
            When one of them is not of the open internet: of a mixed answer none is used.
        DownloadError
            When there are none.
        """
        key = place.host, place.port
        if key not in self._known:
            found = self._look_up(place)
            if not found:
                raise unknown(place)
            self._known[key] = [str(judge(each, place, private=self.private)) for each in found]
        return self._known[key]

    def connect_tcp(
        self,
        host: str,  # noqa: ARG002 - the place's, which was judged
        port: int,
        timeout: float | None = None,  # noqa: ARG002 - the deadline's
        local_address: str | None = None,  # noqa: ARG002
        socket_options: Iterable[Any] | None = None,  # noqa: ARG002
    ) -> httpcore.NetworkStream:
        """Connect to the place that is being fetched."""
        if self.place is None:
            raise httpcore.ConnectError("no place was set")
        addresses = self.addresses(self.place)
        for i, address in enumerate(addresses):
            try:
                last = i == len(addresses) - 1
                return Stream(self._connect(address, port, last=last), self.deadline)
            except OSError as error:
                failure = error
        raise httpcore.ConnectError(failure.strerror or "nobody answers") from failure

    def _connect(self, address: str, port: int, *, last: bool) -> socket.socket:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        found = socket.socket(family, socket.SOCK_STREAM)
        try:
            found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            # A second connect() waits for the first, so waiting in slices needs the flag by hand.
            found.settimeout(0)
            with contextlib.suppress(BlockingIOError):
                found.connect((address, port))
            self.deadline.wait(_writable(found), most=None if last else _CONNECT)
            error = found.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        except BaseException:
            found.close()
            raise
        if error:
            found.close()
            raise OSError(error, os.strerror(error))
        return found

    def _look_up(self, place: Place) -> list[str]:
        """Look a name up in a thread, because nothing else can end it in time."""
        if ":" in place.host or place.host.replace(".", "").isdigit():
            return [place.host]
        answer: queue.SimpleQueue[list[str] | Exception] = queue.SimpleQueue()

        def ask() -> None:
            try:
                answer.put(list(self.resolver(place.host, place.port)))
            except Exception as error:  # noqa: BLE001 - it is raised where it was asked
                answer.put(error)

        threading.Thread(target=ask, name="look-up", daemon=True).start()

        def take(seconds: float) -> list[str] | Exception:
            try:
                return answer.get(timeout=seconds)
            except queue.Empty:
                raise TimeoutError from None

        found = self.deadline.wait(take)
        if isinstance(found, (OSError, UnicodeError)):
            raise unknown(place) from found
        if isinstance(found, Exception):
            raise found
        return found


class Stream(httpcore.NetworkStream):
    """A connection whose waits end with the deadline."""

    def __init__(self, connection: socket.socket, deadline: Deadline) -> None:
        self.connection = connection
        self.deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002
        """Return the next bytes."""

        def receive(seconds: float) -> bytes:
            self.connection.settimeout(seconds)
            return self.connection.recv(max_bytes)

        try:
            return self.deadline.wait(receive)
        except OSError as error:
            raise httpcore.ReadError(error.strerror or "the connection broke") from error

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        """Send bytes."""

        def send(seconds: float) -> int:
            self.connection.settimeout(seconds)
            return self.connection.send(buffer)

        try:
            while buffer:
                buffer = buffer[self.deadline.wait(send) :]
        except OSError as error:
            raise httpcore.WriteError(error.strerror or "the connection broke") from error

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002
    ) -> httpcore.NetworkStream:
        """Agree on encryption, with a server whose certificate is for the URL's host."""
        safe = ssl_context.wrap_socket(
            self.connection,
            server_hostname=server_hostname,
            do_handshake_on_connect=False,
            suppress_ragged_eofs=False,  # a body that ends with the connection may be cut short
        )

        def shake(seconds: float) -> None:
            safe.settimeout(seconds)
            safe.do_handshake()

        try:
            self.deadline.wait(shake)
        except ssl.SSLCertVerificationError as error:
            safe.close()
            raise DownloadError(
                f"has no valid certificate: {error.verify_message}",
                subject=self.deadline.subject,
                cure="check the address",
            ) from error
        except OSError as error:
            safe.close()
            raise httpcore.ConnectError(error.strerror or "no encryption was agreed") from error
        except BaseException:
            safe.close()
            raise
        return Stream(safe, self.deadline)

    def close(self) -> None:
        """Close it."""
        self.connection.close()

    def get_extra_info(self, info: str) -> Any:  # noqa: ARG002
        """Return nothing: nobody asks."""
        return None


def _writable(connection: socket.socket) -> Callable[[float], None]:
    poll = select.poll()
    poll.register(connection, select.POLLOUT)

    def wait(seconds: float) -> None:
        if not poll.poll(seconds * 1000):
            raise TimeoutError

    return wait
