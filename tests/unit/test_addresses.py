"""A URL is taken apart by one strict parser, and leads to the open internet or is refused."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import AddressRefused
from workbench.storage.addresses import judge, place_of, redirected

SOME = place_of("http://example.com/")


@pytest.mark.parametrize(
    ("url", "authority", "target"),
    [
        ("http://example.com", "example.com", "/"),
        ("HTTPS://Example.COM:443/A?b=c#d", "example.com", "/A?b=c"),
        ("http://example.com:8080/a b/ñ.mp4", "example.com:8080", "/a%20b/%C3%B1.mp4"),
        ("http://example.com/a%20b?sig=a/b%2F+&x=[1]", "example.com", "/a%20b?sig=a/b%2F+&x=[1]"),
        ("http://bücher.example./", "xn--bcher-kva.example", "/"),
        ("http://93.184.215.14/x", "93.184.215.14", "/x"),
        ("http://[2606:4700::0001]:81/", "[2606:4700::1]:81", "/"),
        ("http://my_bucket.s3.example/", "my_bucket.s3.example", "/"),
        ("  http://example.com/  ", "example.com", "/"),
    ],
)
def test_a_url_is_taken_apart(url: str, authority: str, target: str) -> None:
    place = place_of(url)
    assert (place.authority, place.target) == (authority, target)
    assert place_of(place.whole) == place


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com/a.mp4",
        "http:example.com",
        "http:///a",
        "https://",
        "http://exa mple.com/",
        "http://example.com\\@127.0.0.1/",
        "http://example.com/\n.mp4",
        "http://example.com/\u202e4pm.",
        "http://127.0.0.1\t/",
        "http://a:b@example.com/",
        "http://example.com:99999/",
        "http://example.com:-1/",
        "http://example.com:0/",
        "http://example.com:25/",
        "http://example.com:6379/",
        "http://[::1/",
        "http://[example.com]/",
        "http://[::1%25lo]/",
        "http://1.2.3/",
        "http://1.2.3.4.5/",
        "http://0x5db8d70e/",
        "http://0300.0250.0.1/",
        "http://127。0。0。1.x。1/",
        "http://example.com/" + "a" * 9000,
        "http://" + "a" * 64 + ".com/",
        "http://a..com/",
        "http://%31%32%37.0.0.1/",
        "file:///etc/passwd",
        "s3://bucket/key",
        "javascript:alert(1)",
    ],
)
def test_what_is_no_plain_address_of_the_web_is_refused(url: str) -> None:
    with pytest.raises(AddressRefused):
        place_of(url)


@pytest.mark.parametrize(
    "address",
    [
        *("224.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "::127.0.0.1", "ff02::1", "fec0::1"),
        *("0.0.0.1", "127.0.0.1", "127.8.8.8", "10.1.2.3", "172.31.255.255", "192.168.0.1"),
        *("169.254.169.254", "100.64.0.1", "100.100.100.200", "198.18.0.1", "192.0.0.192"),
        *("192.0.2.1", "198.51.100.1", "203.0.113.1", "240.0.0.1", "255.255.255.255"),
        *(
            "168.63.129.16",
            "192.88.99.1",
            "::",
            "::1",
            "::ffff:8.8.8.8",
            "fe80::1",
            "fd00:ec2::254",
        ),
        *("2001::1", "2001:2::1", "2001:db8::1", "100::1", "64:ff9b:1::1", "5f00::1", "3fff::1"),
        *("1", "", "nonsense", "8.8.8.8/8", "fe80::1%eth0"),
    ],
)
def test_an_address_that_is_not_the_internets_is_refused(address: str) -> None:
    """Python 3.11's `is_global` says yes to the first six."""
    with pytest.raises(AddressRefused) as refused:
        judge(address, SOME)
    assert not address or address == "1" or address not in str(refused.value)


@pytest.mark.parametrize("address", ["8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:4700::1111"])
def test_an_address_of_the_internet_is_taken(address: str) -> None:
    assert str(judge(address, SOME)) == address


def test_private_opens_networks_but_not_where_clouds_keep_their_keys() -> None:
    for address in ("127.0.0.1", "10.0.0.1", "192.168.1.1", "::1", "fd12::1", "100.64.0.1"):
        assert str(judge(address, SOME, private=True)) == address
    for address in ("169.254.169.254", "fe80::1", "::ffff:127.0.0.1", "0.0.0.1", "224.0.0.1"):
        with pytest.raises(AddressRefused):
            judge(address, SOME, private=True)


@given(st.integers(0, 2**32 - 1))
def test_an_address_of_ipv4_is_judged_the_same_by_the_registry_of_python(number: int) -> None:
    """It is right about those of IPv4, but for multicast, 6to4's relays and Azure's own."""
    address = ipaddress.IPv4Address(number)
    theirs = address.is_global and not address.is_multicast
    if str(address).startswith("192.88.99.") or str(address) == "168.63.129.16":
        theirs = False
    try:
        judge(str(address), SOME)
    except AddressRefused:
        assert not theirs
    else:
        assert theirs


@given(st.text(max_size=60))
def test_any_text_is_a_place_or_refused(text: str) -> None:
    for url in (text, f"http://{text}", f"http://{text}/x"):
        try:
            place = place_of(url)
        except AddressRefused:
            continue
        assert place.authority.isascii()
        assert place.target.isascii()
        assert not set(place.whole) & set(" \t\r\n\\")


def test_a_redirect_is_judged_like_any_url() -> None:
    place = place_of("https://example.com/a/b?c=d")
    assert redirected(place, "/x").whole == "https://example.com/x"
    assert redirected(place, "//other.example/x").whole == "https://other.example/x"
    for there in ("http://example.com/", "file:///etc/passwd", "//user@example.com/", "http://["):
        with pytest.raises(AddressRefused):
            redirected(place, there)


def test_an_error_tells_neither_password_nor_key() -> None:
    for url in ("http://me:secret@example.com/", "http://127.1/a?key=secret", "ftp://x/?k=secret"):
        with pytest.raises(AddressRefused) as refused:
            place_of(url)
        assert "secret" not in str(refused.value)
    assert "secret" not in place_of("http://example.com/a?key=secret").url
