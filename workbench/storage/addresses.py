"""Where a URL leads, and whether anything may be fetched from there.

A server that fetches what its callers name can be sent to its own loopback, to the private network
around it, or to the address at which clouds hand out their keys. So a URL is taken apart once, by
one strict parser whose parts alone are used afterwards; a name is looked up once; and each address
it has must be one of the open internet. `ipaddress.is_global` does not tell: Python 3.11 calls
224.0.0.1, 64:ff9b::7f00:1 (NAT64), 2002:7f00:1:: (6to4), ::127.0.0.1, ff02::1 and fec0::1 global.

The ranges are those of IANA's registries of special-purpose addresses (RFC 6890), the ports those
of the Fetch standard's list of bad ports that something listens on.
"""

from __future__ import annotations

import re
import socket
import unicodedata
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from workbench.errors import AddressRefused, DownloadError, one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["Place", "Resolver", "judge", "look_up", "place_of", "redirected", "unknown"]

Resolver: TypeAlias = "Callable[[str, int], Sequence[str]]"
"""Returns the addresses of a name, as text; raises `OSError` when it has none."""

_LONGEST = 8192  # letters of a URL; servers refuse longer ones
_PRIVATE = tuple(
    ip_network(each)
    for each in (
        *("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"),
        *("::1/128", "fc00::/7"),
    )
)
"""What `private` opens: this machine, its network, and carriers' networks."""
_SPECIAL = tuple(
    ip_network(each)
    for each in (
        *("0.0.0.0/8", "169.254.0.0/16", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24"),
        *("198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
        "168.63.129.16/32",  # Azure's own services, at an address that looks public
        # Teredo, benchmarks and the IETF's own; documentation; 6to4; documentation again.
        *("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"),
    )
)
_OPEN = IPv6Network("2000::/3")  # all that is given out of IPv6; the rest is special in some way
_PORTS = frozenset(
    (
        *(1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95),
        *(101, 102, 103, 104, 109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161),
        *(179, 389, 427, 445, 465, 512, 513, 514, 515, 526, 530, 531, 532, 540, 548, 554, 556),
        *(563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 2375, 2376, 3306, 3389),
        *(3659, 4045, 4190, 5060, 5061, 5432, 6000, 6379, 6566, *range(6665, 6670), 6679, 6697),
        *(10080, 11211, 27017),
    )
)
_DEFAULT = {"http": 80, "https": 443}


@dataclass(frozen=True, kw_only=True)
class Place:
    """What a URL says, taken apart and in ASCII.

    Parameters
    ----------
    scheme
        ``http`` or ``https``.
    host
        A name or an address, without brackets.
    port
        Where to connect.
    target
        Path and query, as a request line has them.
    """

    scheme: str
    host: str
    port: int
    target: str

    @property
    def authority(self) -> str:
        """What the Host header says."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT[self.scheme] else f"{host}:{self.port}"

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]

    @property
    def url(self) -> str:
        """The URL without its query, which may hold a key: for people, logs and receipts."""
        return f"{self.scheme}://{self.authority}{self.path}"

    @property
    def whole(self) -> str:
        """The URL, to resolve a redirect against."""
        return f"{self.scheme}://{self.authority}{self.target}"


def place_of(url: str) -> Place:
    """Take a URL apart.

    Parameters
    ----------
    url
        Of scheme http or https, without a user, with a name or a usual address.

    Raises
    ------
    AddressRefused
        When it is anything else. Loopback and private addresses are refused later, by `judge`,
        because a name may lead to them just as well.

    Examples
    --------
    >>> place_of("https://example.com/a b.mp4?key=1").target
    '/a%20b.mp4?key=1'
    >>> place_of("http://0x7f.1/")
    Traceback (most recent call last):
    workbench.errors.AddressRefused: http://0x7f.1/: writes an address in an unusual way; ...
    """
    if len(url) > _LONGEST:
        raise AddressRefused("is no URL", subject="URL", cure=f"use at most {_LONGEST} letters")
    url = url.strip(" ")
    if any(unicodedata.category(c)[0] == "C" for c in url) or "\\" in url:
        raise _refused(url, "has control characters or backslashes", "write it without them")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:  # brackets that do not match, a port that is no number
        raise _refused(url, "is no URL", "write https://host/path") from None
    if parts.scheme not in _DEFAULT:
        raise _refused(url, "is neither http nor https", "give an address of the web")
    if "@" in parts.netloc:
        raise _refused(url, "names a user", "write it without user and password")
    if not parts.hostname:
        raise _refused(url, "names no host", "write https://host/path")
    if port is None:
        port = _DEFAULT[parts.scheme]
    if port in _PORTS or port == 0:
        raise _refused(url, f"names port {port}, at which no media lies", "use a web server's port")
    host = _host(url, parts)
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    query = quote(parts.query, safe="/%:@!$&'()*+,;=~-._?[]|{}^`")
    return Place(
        scheme=parts.scheme,
        host=host,
        port=port,
        target=f"{path}?{query}" if parts.query else path,
    )


def redirected(place: Place, location: str) -> Place:
    """Return where a redirect leads.

    Raises
    ------
    AddressRefused
        When it leads where no URL may, or from https to http.

    Examples
    --------
    >>> redirected(place_of("http://example.com/a/b"), "../c").url
    'http://example.com/c'
    """
    try:
        there = urljoin(place.whole, location)
    except ValueError:
        raise AddressRefused("redirects to what is no URL", subject=place.url) from None
    found = place_of(there)
    if place.scheme == "https" and found.scheme == "http":
        raise AddressRefused(
            "redirects from https to http", subject=place.url, cure="give the address itself"
        )
    return found


def judge(address: str, place: Place, *, private: bool = False) -> IPv4Address | IPv6Address:
    """Return the address to connect to, if it is one of the open internet.

    Parameters
    ----------
    address
        What the place's name was found to mean.
    place
        What is being fetched, for the error.
    private
        Whether loopback and private networks are allowed. Link-local addresses never are, at
        which clouds hand out the keys of their machines, nor are those that wrap another.

    Raises
    ------
    AddressRefused
        When it is none.

    Examples
    --------
    >>> judge("93.184.215.14", place_of("http://example.com/"))
    IPv4Address('93.184.215.14')
    >>> judge("::ffff:127.0.0.1", place_of("http://example.com/"))
    Traceback (most recent call last):
    workbench.errors.AddressRefused: http://example.com/: leads to an address ...
    """
    try:
        found = ip_address(address)
    except ValueError:
        found = None
    if found is not None and _allowed(found, private=private):
        return found
    # Which one it is stays unsaid: a stranger could map the network behind names with it.
    raise AddressRefused(
        "leads to an address that is private or not one of the internet's",
        subject=place.url,
        cure="give an address of the open internet, or upload the file",
    )


def look_up(host: str, port: int) -> list[str]:
    """Return the addresses of a name, the system's preferred first.

    Raises
    ------
    OSError
        When it has none.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def _allowed(address: IPv4Address | IPv6Address, *, private: bool) -> bool:
    if any(address in network for network in _PRIVATE):
        return private
    if any(address in network for network in _SPECIAL):
        return False
    return isinstance(address, IPv4Address) or address in _OPEN


def _host(url: str, parts: SplitResult) -> str:
    """Return the host in ASCII; refuse what different programs read differently."""
    host = parts.hostname or ""
    if "[" in parts.netloc:
        try:
            return str(IPv6Address(host if "%" not in host else ""))
        except ValueError:
            raise _refused(url, "has no IPv6 address in its brackets", "correct it") from None
    try:
        # The codec also turns ①②⑦.⓪.⓪.① and 127。0。0。1 into what resolvers make of them.
        host = host.encode("idna").decode("ascii").lower().rstrip(".")
    except UnicodeError:
        host = ""
    if not host or not all(c.isalnum() or c in "-._" for c in host):
        raise _refused(url, "has no possible host name", "correct it")
    last = host.rpartition(".")[2]
    if last.isdigit() or last.startswith("0x"):  # the rule of the URL standard for an IPv4 address
        try:
            return str(IPv4Address(host))
        except ValueError:
            problem = "writes an address in an unusual way"
            raise _refused(url, problem, "write four decimal numbers with dots") from None
    return host


def _refused(url: str, problem: str, cure: str) -> AddressRefused:
    """Return the error for a URL, shown without what may be a password or a key."""
    shown = re.sub(r"^([^/]*//)[^/]*@", r"\1", url.partition("?")[0])
    return AddressRefused(problem, subject=one_line(shown, limit=200), cure=cure)


def unknown(place: Place) -> DownloadError:
    """Return the error for a name that has no address."""
    return DownloadError(
        f"there is no host {one_line(place.host)}", subject=place.url, cure="check the address"
    )
