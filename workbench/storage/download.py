"""A URL in, a file out, whole or not at all.

The old system fetched whatever it was told to: loopback in six spellings, redirects to it, bodies
of any size into memory, without a timeout, and it kept what a broken connection had left as if it
were whole. Here only addresses of the open internet are connected to (`addresses`), one deadline
covers everything (`connecting`), the size is counted as it is written, and a body that was cut is
asked for again from where it broke, if the server can prove that it is still the same one.
"""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass, field
from email.message import Message
from typing import TYPE_CHECKING, BinaryIO
from urllib.parse import unquote

from workbench.errors import DownloadError, StorageError, WorkbenchError, one_line
from workbench.storage.addresses import look_up, place_of, redirected
from workbench.storage.atomic import replacing
from workbench.storage.problems import free_bytes, full, is_full

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpcore

    from workbench.progress import Report
    from workbench.storage.addresses import Place, Resolver
    from workbench.storage.connecting import Deadline, Flag, Network

__all__ = ["Downloaded", "download"]

_LIMIT = 500 << 20
_CHUNK = 1 << 20  # bytes between two looks at the clock by whoever follows the progress
_ATTEMPTS = 5  # of a transfer that breaks
_PAUSE = 0.2  # seconds before the second of them, twice as many before each further one
_MOVED = frozenset({301, 302, 303, 307, 308})
_BUSY = frozenset({502, 503, 504})
_WHOLE, _PART, _NO_SUCH_PART = 200, 206, 416
_NAME = 120  # letters of a name that are kept
_SUFFIX = 10  # of these, for its suffix
_RANGE = re.compile(r"bytes (\d{1,18})-\d{1,18}/(\d{1,18})", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Downloaded:
    """What a download found.

    Parameters
    ----------
    url
        Where it was found, after redirects and without its query, which may hold a key.
    size
        In bytes.
    content_type
        What the server calls it, which need not be true; may be empty.
    name
        What the server or the URL calls the file: to be shown, never to be a path.
    """

    url: str
    size: int
    content_type: str
    name: str


class _Cut(Exception):
    """A transfer broke in a way that another attempt may mend."""


def download(
    url: str,
    target: Path,
    *,
    limit: int = _LIMIT,
    seconds: float = 60.0,
    redirects: int = 3,
    private: bool = False,
    progress: Report | None = None,
    cancel: Flag | None = None,
    resolver: Resolver | None = None,
) -> Downloaded:
    """Write what a URL leads to into a file.

    Parameters
    ----------
    url
        Of scheme http or https.
    target
        Appears whole or not at all.
    limit
        Bytes it may have at most.
    seconds
        For everything: names, connections, redirects, further attempts.
    redirects
        How many are followed.
    private
        Whether loopback and private networks may be asked.
    progress
        Called with the part that is there, 0 to 1, where the server says how much there is.
    cancel
        Stops it within a fifth of a second once it is set.
    resolver
        Looks up names; by default the system.

    Raises
    ------
    AddressRefused
        When the URL or a redirect leads where nothing may be fetched from.
    DownloadError
        When it cannot be had: refused by the server, cut short, too large or too slow.
    StorageError
        When it cannot be written.
    Cancelled
        When `cancel` was set.

    Examples
    --------
    >>> from pathlib import Path
    >>> download("http://127.0.0.1/a.mp4", Path("a.mp4"))
    Traceback (most recent call last):
    workbench.errors.AddressRefused: http://127.0.0.1/a.mp4: leads to an address ...
    """
    from workbench.storage.connecting import Deadline, Network

    place = place_of(url)
    deadline = Deadline(seconds, place.url, cancel)
    network = Network(deadline, resolver or look_up, private=private)
    needed = 0
    try:
        with replacing(target) as part, part.open("wb") as file:
            transfer = _Transfer(
                place=place,
                network=network,
                deadline=deadline,
                file=file,
                limit=limit,
                redirects=redirects,
                progress=progress,
            )
            try:
                transfer.run()
                file.flush()
            finally:
                needed = max(transfer.whole or 0, transfer.size)
    except OSError as error:
        # The error may go to whoever named the URL: it names that, and not where it was to lie.
        if is_full(error):
            raise full(place.url, needed, free_bytes(target.absolute().parent)) from error
        raise StorageError(
            f"cannot be written: {error.strerror or type(error).__name__}",
            subject=place.url,
            cure="check the folder and its permissions",
        ) from error
    return Downloaded(
        url=transfer.place.url,
        size=transfer.size,
        content_type=transfer.content_type,
        name=transfer.name,
    )


@dataclass(kw_only=True)
class _Transfer:
    """A download that runs."""

    place: Place
    network: Network
    deadline: Deadline
    file: BinaryIO
    limit: int
    redirects: int
    progress: Report | None
    size: int = 0
    content_type: str = ""
    name: str = ""
    etag: str = field(default="", init=False)
    whole: int | None = field(default=None, init=False)

    def run(self) -> None:
        """Fetch all of it, in a few attempts if need be."""
        for attempt in range(_ATTEMPTS):
            try:
                while self._answer():
                    pass
            except _Cut as cut:
                if attempt == _ATTEMPTS - 1:
                    raise self._failed(f"{cut}, {_ATTEMPTS} times") from cut
                self.deadline.sleep(_PAUSE * 2**attempt)
            else:
                return

    def _answer(self) -> bool:
        """Take one answer; return whether it was a redirect, which is to be followed."""
        self.deadline.left()
        with self._asked() as response:
            headers = _Headers(response)
            if response.status in _MOVED:
                self._follow(headers["location"])
                return True
            self._judge(response.status, headers)
            self._start(response.status, headers)
            self._keep(response)
        return False

    @contextlib.contextmanager
    def _asked(self) -> Iterator[httpcore.Response]:
        import httpcore

        headers: dict[bytes | str, bytes | str] = {
            "Host": self.place.authority,
            "User-Agent": "workbench",
            "Accept": "*/*",
            "Accept-Encoding": "identity",
            "Connection": "close",
        }
        if self.size and self.etag:
            headers["Range"] = f"bytes={self.size}-"
            headers["If-Range"] = self.etag
        url = httpcore.URL(
            scheme=self.place.scheme,
            host=self.place.host,
            port=self.place.port,
            target=self.place.target,
        )
        self.network.place = self.place
        trusted = None
        if self.place.scheme == "https":
            import httpx  # for the authorities of certifi, or of SSL_CERT_FILE

            trusted = httpx.create_ssl_context()
        with httpcore.ConnectionPool(ssl_context=trusted, network_backend=self.network) as pool:
            try:
                with pool.stream("GET", url, headers=headers) as response:
                    yield response
            except httpcore.ConnectError as error:
                raise self._failed(f"cannot be connected to: {error}") from error
            except (httpcore.NetworkError, httpcore.ProtocolError) as error:
                raise _Cut(f"the transfer broke ({one_line(str(error), limit=120)})") from error

    def _follow(self, location: str) -> None:
        if not location:
            raise self._failed("redirects to nowhere")
        if self.redirects <= 0:
            raise self._failed("redirects too often")
        self.redirects -= 1
        self.place = redirected(self.place, location)
        self.etag = ""  # what was read so far was read elsewhere

    def _judge(self, status: int, headers: _Headers) -> None:
        """Refuse an answer that is not the file."""
        if status in _BUSY:
            raise _Cut(f"the server answers {status}")
        if status == _NO_SUCH_PART and self.size:
            self.etag = ""
            raise _Cut("the file changed meanwhile")
        if status not in {_WHOLE, _PART}:
            raise self._failed(f"the server answers {status}")
        if headers["content-encoding"] not in {"", "identity"}:
            raise self._failed("is sent compressed, which was not asked for")

    def _start(self, status: int, headers: _Headers) -> None:
        """Go on where the last attempt ended, or start again."""
        if status == _PART:
            match = _RANGE.fullmatch(headers["content-range"])
            if not self.size or match is None or int(match[1]) != self.size:
                self.etag = ""  # from now on the whole is asked for
                raise _Cut("the server sends another part than the one asked for")
            self._expect(match[2])
            return
        self.size, self.whole = 0, None
        self._expect("" if headers["transfer-encoding"] else headers["content-length"])
        self.file.seek(0)
        self.file.truncate()
        etag = headers["etag"]
        self.etag = etag if etag.startswith('"') else ""  # a weak one says "much the same"
        self.content_type = one_line(headers["content-type"], limit=100)
        self.name = _name(headers["content-disposition"], self.place.path)

    def _expect(self, told: str) -> None:
        """Take note of how many bytes there are, if the server says it."""
        if not (told.isascii() and told.isdigit()):
            return
        whole = int(told[:18])
        if whole > self.limit:
            raise self._too_large(f"has {whole:,} bytes")
        if self.whole not in {None, whole}:
            self.etag = ""
            raise _Cut("the file changed meanwhile")
        self.whole = whole

    def _keep(self, response: httpcore.Response) -> None:
        """Write a body."""
        reported, whole = self.size, self.whole
        for chunk in response.iter_stream():
            self.deadline.left()
            if self.size + len(chunk) > self.limit:
                raise self._too_large("goes on")
            self.file.write(chunk)
            self.size += len(chunk)
            if self.progress is not None and whole and self.size - reported >= _CHUNK:
                reported = self.size
                self.progress(min(1.0, self.size / whole))
        if whole is not None and self.size != whole:
            raise _Cut(f"only {self.size:,} of {whole:,} bytes came")
        if self.progress is not None:
            self.progress(1.0)

    def _too_large(self, problem: str) -> WorkbenchError:
        cure = "take a smaller one, or allow more"
        return DownloadError(
            f"{problem}, and {self.limit:,} are the limit", subject=self.place.url, cure=cure
        )

    def _failed(self, problem: str) -> DownloadError:
        return DownloadError(
            problem, subject=self.place.url, cure="check the address, or upload the file"
        )


class _Headers:
    """The headers of an answer, by their names in small letters; the first of each counts."""

    def __init__(self, response: httpcore.Response) -> None:
        self._all: dict[str, str] = {}
        for name, value in response.headers:
            self._all.setdefault(name.decode("latin-1").lower(), value.decode("latin-1").strip())

    def __getitem__(self, name: str) -> str:
        return self._all.get(name, "")


def _name(disposition: str, path: str) -> str:
    """Return what a file is called, without anything a path or a terminal would understand."""
    found = ""
    if disposition:
        message = Message()
        message["Content-Disposition"] = one_line(disposition, limit=1000)
        with contextlib.suppress(
            Exception
        ):  # of the encodings a header can name, some do not exist
            found = message.get_filename("")
    found = found or unquote(path.rpartition("/")[2], errors="replace")
    found = found.replace("\\", "/").rpartition("/")[2]
    found = "".join(c for c in found if c.isprintable()).strip(" .")
    if len(found) <= _NAME:
        return found
    stem, dot, suffix = found.rpartition(".")
    if not dot or len(suffix) > _SUFFIX:
        return found[:_NAME]
    return f"{stem[: _NAME - len(suffix) - 1]}.{suffix}"
