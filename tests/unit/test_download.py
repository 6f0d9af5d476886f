"""A URL in, a file out, with what is known about it; judged against a server on the loopback."""

from __future__ import annotations

import datetime as dt
import socket
import ssl
from typing import TYPE_CHECKING, TypeAlias

import pytest
from answering import answering
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from workbench.errors import AddressRefused, DownloadError, StorageError
from workbench.storage import download as module
from workbench.storage.download import download

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

BODY = bytes(range(256)) * 2000
Respond: TypeAlias = "Callable[[socket.socket, str], None]"


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PAUSE", 0.001)


def whole(*headers: str, body: bytes = BODY, status: str = "200 OK") -> Respond:
    def respond(connection: socket.socket, head: str) -> None:
        lines = [f"HTTP/1.1 {status}", *headers]
        if body and not any(line.startswith("Transfer-Encoding") for line in headers):
            lines.append(f"Content-Length: {len(body)}")
        connection.sendall("\r\n".join([*lines, "", ""]).encode("latin-1") + body)

    return respond


def loopback(host: str, port: int) -> Sequence[str]:
    return ["127.0.0.1"]


def test_the_file_is_there_with_what_the_server_says_of_it(tmp_path: Path) -> None:
    done: list[float] = []
    with answering(whole("Content-Type: video/mp4")) as server:
        url = server.url("/films/A%20film.mp4?key=secret")
        found = download(url, tmp_path / "a", private=True, progress=done.append)
        assert (tmp_path / "a").read_bytes() == BODY
        assert (found.size, found.content_type) == (len(BODY), "video/mp4")
        assert (found.name, found.url) == ("A film.mp4", server.url("/films/A%20film.mp4"))
        assert done[-1] == 1.0
        assert done == sorted(done)
        assert server.heads[0].startswith("GET /films/A%20film.mp4?key=secret HTTP/1.1\r\n")
        assert server.header("host") == f"127.0.0.1:{server.port}"
        assert server.header("accept-encoding") == "identity"


def test_progress_is_told_as_it_comes(tmp_path: Path) -> None:
    done: list[float] = []
    with answering(whole(body=b"\0" * (4 << 20))) as server:
        download(server.url(), tmp_path / "a", private=True, progress=done.append)
    assert len(done) > 3
    assert 0 < done[0] < 0.5


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ('attachment; filename="talk.mp3"', "talk.mp3"),
        ("attachment; filename*=UTF-8''se%C3%B1al.mp3", "señal.mp3"),
        ('attachment; filename="../../etc/passwd"', "passwd"),
        ('attachment; filename="C:\\\\x\\\\y.wav"', "y.wav"),
        ('attachment; filename="..."', ""),
        ("attachment; filename*=nonsense''a%ff.mp3", "a"),
        ("attachment", "a.mp4"),
        (f'attachment; filename="{"n" * 300}.mp3"', "n" * 116 + ".mp3"),
    ],
)
def test_a_name_is_no_path(tmp_path: Path, header: str, name: str) -> None:
    with answering(whole(f"Content-Disposition: {header}")) as server:
        found = download(server.url(), tmp_path / "x", private=True)
    assert found.name.startswith(name) if name == "a" else found.name == name


def test_a_redirect_is_followed_and_the_last_url_told(tmp_path: Path) -> None:
    def respond(connection: socket.socket, head: str) -> None:
        step = int(head.split("/")[1].split(maxsplit=1)[0])
        if step == 3:
            whole()(connection, head)
        else:
            location = f"Location: /{step + 1}"
            whole(location, body=b"moved", status="302 Found")(connection, head)

    with answering(respond) as server:
        found = download(server.url("/0"), tmp_path / "a", private=True)
        assert found.url == server.url("/3")
        assert (tmp_path / "a").read_bytes() == BODY
        with pytest.raises(DownloadError, match="too often"):
            download(server.url("/0"), tmp_path / "b", private=True, redirects=2)
    assert not (tmp_path / "b").exists()


def chunked(connection: socket.socket, head: str) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    for i in range(0, len(BODY), 100_000):
        part = BODY[i : i + 100_000]
        connection.sendall(b"%x\r\n%b\r\n" % (len(part), part))
    connection.sendall(b"0\r\n\r\n")


def until_closed(connection: socket.socket, head: str) -> None:
    connection.sendall(b"HTTP/1.0 200 OK\r\n\r\n" + BODY)


@pytest.mark.parametrize("respond", [chunked, until_closed])
def test_a_body_needs_no_length(tmp_path: Path, respond: Respond) -> None:
    with answering(respond) as server:
        assert download(server.url(), tmp_path / "a", private=True).size == len(BODY)
    assert (tmp_path / "a").read_bytes() == BODY


@pytest.mark.parametrize("status", ["404 Not Found", "403 Forbidden", "500 Oh", "304 Not"])
def test_an_answer_that_is_not_the_file_is_none(tmp_path: Path, status: str) -> None:
    (tmp_path / "a").write_text("old")
    with answering(whole(status=status)) as server:
        with pytest.raises(DownloadError, match="the server answers"):
            download(server.url(), tmp_path / "a", private=True)
        assert server.accepted == 1
    assert (tmp_path / "a").read_text() == "old"


def test_a_busy_server_is_asked_again(tmp_path: Path) -> None:
    answers = iter(["503 Busy", "502 Bad", "200 OK"])

    def respond(connection: socket.socket, head: str) -> None:
        whole(status=next(answers))(connection, head)

    with answering(respond) as server:
        assert download(server.url(), tmp_path / "a", private=True).size == len(BODY)


def test_what_is_compressed_unasked_is_refused(tmp_path: Path) -> None:
    with (
        answering(whole("Content-Encoding: gzip")) as server,
        pytest.raises(DownloadError, match="compressed"),
    ):
        download(server.url(), tmp_path / "a", private=True)


def test_nobody_there_and_no_such_host(tmp_path: Path) -> None:
    with answering(whole()) as server:
        url = server.url()
    with pytest.raises(DownloadError, match="connected"):
        download(url, tmp_path / "a", private=True)

    def nobody(host: str, port: int) -> Sequence[str]:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    with pytest.raises(DownloadError, match="no host"):
        download("http://nowhere.example/", tmp_path / "a", resolver=nobody)
    assert not list(tmp_path.iterdir())


def test_the_next_address_is_tried_when_one_is_dead(tmp_path: Path) -> None:
    with answering(whole()) as server:

        def two(host: str, port: int) -> Sequence[str]:
            return ["127.0.0.99", "127.0.0.1"]  # at the first nobody listens

        url = server.url(host="media.example")
        assert download(url, tmp_path / "a", private=True, resolver=two).size == len(BODY)


def test_a_target_that_cannot_be_written_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with answering(whole()) as server, pytest.raises(StorageError) as failed:
        download(server.url(), tmp_path / "file" / "a", private=True)
    assert not isinstance(failed.value, DownloadError)
    assert str(tmp_path) not in str(failed.value.to_dict())


def test_a_proxy_of_the_environment_is_not_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would connect where it likes, past every check."""
    with answering(whole()) as server, answering(whole(body=b"proxy")) as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        download(server.url(), tmp_path / "a", private=True)
        assert proxy.accepted == 0


def cutting(*cuts: int, etag: str = '"one"', ranges: bool = True) -> Respond:
    """A server whose first answers break after so many bytes."""
    left = list(cuts)

    def respond(connection: socket.socket, head: str) -> None:
        start = 0
        asked = [line for line in head.split("\r\n") if line.lower().startswith("range:")]
        if asked and ranges:
            start = int(asked[0].partition("=")[2].rstrip("-"))
        rest = BODY[start:]
        lines = [f"HTTP/1.1 {206 if start else 200} OK", f"Content-Length: {len(rest)}"]
        lines += [f"ETag: {etag}"] if etag else []
        if start:
            lines.append(f"Content-Range: bytes {start}-{len(BODY) - 1}/{len(BODY)}")
        data = "\r\n".join([*lines, "", ""]).encode() + rest
        connection.sendall(data[: -(len(rest) - left.pop(0))] if left else data)

    return respond


def test_a_broken_transfer_goes_on_where_it_broke(tmp_path: Path) -> None:
    done: list[float] = []
    with answering(cutting(100_000, 7, 300_000)) as server:
        found = download(server.url(), tmp_path / "a", private=True, progress=done.append)
        assert server.header("range", 1) == "bytes=100000-"
        assert server.header("if-range", 1) == '"one"'
        assert server.header("range", 3) == "bytes=400007-"
    assert (tmp_path / "a").read_bytes() == BODY
    assert found.size == len(BODY)


@pytest.mark.parametrize(("etag", "ranges"), [("", True), ('W/"one"', True), ('"one"', False)])
def test_without_proof_that_it_is_the_same_it_starts_again(
    tmp_path: Path, etag: str, *, ranges: bool
) -> None:
    with answering(cutting(100_000, etag=etag, ranges=ranges)) as server:
        download(server.url(), tmp_path / "a", private=True)
        assert bool(server.header("range")) == (etag == '"one"')
    assert (tmp_path / "a").read_bytes() == BODY


@pytest.mark.parametrize(
    "answer",
    [
        "HTTP/1.1 206 P\r\nContent-Range: bytes 5-9/10\r\nContent-Length: 5\r\n\r\nother",
        "HTTP/1.1 206 P\r\nContent-Length: 5\r\n\r\nother",
        "HTTP/1.1 206 P\r\nContent-Range: bytes 100000-999999999999/*\r\n\r\nother",
        "HTTP/1.1 416 No\r\nContent-Length: 0\r\n\r\n",
    ],
)
def test_another_part_than_the_one_asked_for_is_never_kept(tmp_path: Path, answer: str) -> None:
    first = cutting(100_000)

    def respond(connection: socket.socket, head: str) -> None:
        if len(server.heads) == 1:
            first(connection, head)
        else:
            connection.sendall(answer.encode())

    with answering(respond) as server, pytest.raises(DownloadError):
        download(server.url(), tmp_path / "a", private=True)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("start", "whole"), [(5, len(BODY)), (100_000, len(BODY) + 1)])
def test_after_another_part_the_whole_is_asked_for(tmp_path: Path, start: int, whole: int) -> None:
    answers = cutting(100_000)
    rest = whole - 100_000
    lines = (f"Content-Range: bytes {start}-{whole - 1}/{whole}", f"Content-Length: {rest}")
    wrong = "\r\n".join(["HTTP/1.1 206 P", *lines, "", ""]).encode() + b"x" * rest

    def respond(connection: socket.socket, head: str) -> None:
        if len(server.heads) == 2:
            connection.sendall(wrong)
        else:
            answers(connection, head)

    with answering(respond) as server:
        download(server.url(), tmp_path / "a", private=True)
        assert [bool(server.header("range", of)) for of in range(3)] == [False, True, False]
    assert (tmp_path / "a").read_bytes() == BODY


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key, and a certificate for media.example that signs itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "tests")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("media.example")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    folder = tmp_path_factory.mktemp("authority")
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    (folder / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return folder


@pytest.fixture
def tls(authority: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority / "cert.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority / "cert.pem", authority / "key.pem")
    return context


def test_the_certificate_is_for_the_name_though_the_address_was_checked(
    tmp_path: Path, tls: ssl.SSLContext
) -> None:
    asked: list[str | None] = []
    tls.sni_callback = lambda _, name, __: asked.append(name)
    with answering(whole(), tls=tls) as server:
        url = server.url(host="media.example", scheme="https")
        download(url, tmp_path / "a", private=True, resolver=loopback)
        assert (tmp_path / "a").read_bytes() == BODY
        assert server.header("host") == f"media.example:{server.port}"
        assert asked == ["media.example"]
        other = server.url(host="other.example", scheme="https")
        with pytest.raises(DownloadError, match="certificate"):
            download(other, tmp_path / "b", private=True, resolver=loopback)
    assert not (tmp_path / "b").exists()


def test_https_does_not_lead_to_http(tmp_path: Path, tls: ssl.SSLContext) -> None:
    with answering(whole()) as plain:
        moved = whole(f"Location: {plain.url()}", status="302 Found")
        with answering(moved, tls=tls) as server:
            url = server.url(host="media.example", scheme="https")
            with pytest.raises(AddressRefused, match="https to http"):
                download(url, tmp_path / "a", private=True, resolver=loopback)
        assert plain.accepted == 0


def test_an_encrypted_body_without_an_end_is_cut(tmp_path: Path, tls: ssl.SSLContext) -> None:
    """Without a length, only the goodbye of the encryption says that nothing is missing."""
    with answering(until_closed, tls=tls) as server:
        url = server.url(host="media.example", scheme="https")
        with pytest.raises(DownloadError, match="broke"):
            download(url, tmp_path / "a", private=True, resolver=loopback)
    assert not list(tmp_path.iterdir())
