"""Files come from the channel's own hosts, whatever a URL, a resolver or a server tries.

Real servers on loopback answer raw bytes. Where a public host is played, its TLS is real too: only the way there is
bent from the public address, which is noted, to the server on loopback. The certificate is this test's own.
"""

from __future__ import annotations

import gzip
import logging
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpcore
import pytest

from bot.channels.base import FileTooLarge, MediaRefused, MediaUnavailable
from bot.fetcher import Fetcher, addresses_of, is_public

PEM = Path(__file__).with_name("files_host.pem")
HOST = "files.example.com"
PUBLIC, OTHER_PUBLIC = "93.184.216.34", "2606:2800:220:1::34"
SECRET = "xoxb-secret"
LIMIT = 1000

Connection = socket.socket | ssl.SSLSocket
Handler = Callable[[Connection], None]


def ok(body: bytes, *headers: str) -> bytes:
    return "\r\n".join(["HTTP/1.1 200 OK", f"Content-Length: {len(body)}", *headers, "", ""]).encode() + body


def status(code: int, *headers: str) -> bytes:
    return "\r\n".join([f"HTTP/1.1 {code} Whatever", "Content-Length: 0", *headers, "", ""]).encode()


def moved(location: str, code: int = 302) -> bytes:
    return status(code, f"Location: {location}")


@dataclass
class Server:
    """Answers each path with given bytes, or by a function that has the connection; notes the requests' heads."""

    port: int
    answers: dict[str, bytes | Handler] = field(default_factory=dict)
    heads: list[str] = field(default_factory=list)
    names: list[str | None] = field(default_factory=list)

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def paths(self) -> list[str]:
        return [head.split(" ")[1] for head in self.heads]

    def serve(self, connection: Connection) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            received = connection.recv(4096)
            if not received:
                return
            head += received
        self.heads.append(head.decode())
        answer = self.answers.get(self.paths[-1], status(404))
        if isinstance(answer, bytes):
            connection.sendall(answer)
        else:
            answer(connection)


@contextmanager
def serving(tls: bool = False) -> Iterator[Server]:
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.1)
    server = Server(listener.getsockname()[1])
    ended = threading.Event()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) if tls else None
    if context is not None:
        context.load_cert_chain(PEM)
        context.set_servername_callback(lambda _, name, __: server.names.append(name))

    def accept() -> None:
        while not ended.is_set():
            try:
                plain, _ = listener.accept()
            except TimeoutError:
                continue
            with plain:
                try:
                    connection = context.wrap_socket(plain, server_side=True) if context else plain
                    with connection:
                        server.serve(connection)
                except OSError:
                    pass  # the client had enough

    thread = threading.Thread(target=accept)
    thread.start()
    try:
        yield server
    finally:
        ended.set()
        thread.join()
        listener.close()


class Bent(httpcore.NetworkBackend):
    """Notes which address a connection was meant for and makes it to a port on loopback."""

    def __init__(self, port: int, dead: frozenset[str] = frozenset()) -> None:
        self.meant: list[tuple[str, int]] = []
        self._port = port
        self._dead = dead
        self._real = httpcore.SyncBackend()

    def connect_tcp(self, host: str, port: int, timeout: float | None = None, *_: Any) -> httpcore.NetworkStream:
        self.meant.append((host, port))
        if host in self._dead:
            raise httpcore.ConnectError("nobody there")
        return self._real.connect_tcp("127.0.0.1", self._port, timeout)


@pytest.fixture(scope="module")
def _plain() -> Iterator[Server]:
    with serving() as running:
        yield running


@pytest.fixture(scope="module")
def _secure() -> Iterator[Server]:
    with serving(tls=True) as running:
        yield running


@pytest.fixture
def server(_plain: Server) -> Server:
    """The operator's own server: an origin, plain and on loopback."""
    for noted in (_plain.answers, _plain.heads, _plain.names):
        noted.clear()
    return _plain


@pytest.fixture
def vendor(_secure: Server) -> Server:
    """What stands at ``files.example.com``."""
    for noted in (_secure.answers, _secure.heads, _secure.names):
        noted.clear()
    return _secure


def from_origin(server: Server, **changes: Any) -> Fetcher:
    return Fetcher({server.origin}, (), **{"max_bytes": LIMIT, "timeout_s": 5.0, **changes})


def from_hosts(
    vendor: Server, addresses: Callable[[str, int], list[str]] | list[str], *hosts: str, **changes: Any
) -> tuple[Fetcher, Bent]:
    """A fetcher of the public internet, as the resolver shows it."""
    bent = Bent(vendor.port, **({"dead": changes.pop("dead")} if "dead" in changes else {}))
    resolve = addresses if callable(addresses) else lambda host, port: addresses
    given: dict[str, Any] = {"max_bytes": LIMIT, "timeout_s": 5.0, **changes}
    origins = given.pop("origins", ())
    tls = ssl.create_default_context(cafile=PEM)
    return Fetcher(origins, hosts or (HOST,), resolve=resolve, network=bent, tls=tls, **given), bent


# --- what is fetched


def test_a_file_of_the_channels_host_comes_from_the_address_that_was_judged(vendor: Server) -> None:
    vendor.answers["/a.jpg?t=1"] = ok(b"photo")
    fetcher, bent = from_hosts(vendor, [PUBLIC, OTHER_PUBLIC])
    assert fetcher.fetch(f"https://{HOST}/a.jpg?t=1", {"Authorization": "Bearer x"}) == b"photo"
    assert bent.meant == [(PUBLIC, 443)]
    assert vendor.names == [HOST], "TLS names the host, not the address"
    assert f"Host: {HOST}\r\n" in vendor.heads[0]
    assert "Authorization: Bearer x\r\n" in vendor.heads[0]
    assert "Accept-Encoding: identity\r\n" in vendor.heads[0]


def test_the_next_address_is_tried_where_nobody_answers(vendor: Server) -> None:
    vendor.answers["/a"] = ok(b"photo")
    fetcher, bent = from_hosts(vendor, [PUBLIC, OTHER_PUBLIC], dead=frozenset({PUBLIC}))
    assert fetcher.fetch(f"https://{HOST}/a") == b"photo"
    assert bent.meant == [(PUBLIC, 443), (OTHER_PUBLIC, 443)]


def test_a_host_below_a_host_is_taken(vendor: Server) -> None:
    vendor.answers["/a"] = ok(b"photo")
    fetcher, _ = from_hosts(vendor, [PUBLIC], "example.com")
    assert fetcher.fetch("https://FILES.example.com/a") == b"photo"


def test_a_certificate_of_another_host_is_none(vendor: Server) -> None:
    fetcher, _ = from_hosts(vendor, [PUBLIC], "example.com")
    with pytest.raises(MediaUnavailable, match="ConnectError"):
        fetcher.fetch("https://elsewhere.example.com/a")
    assert vendor.heads == []


def test_an_origin_of_the_operator_may_be_plain_and_on_loopback(server: Server) -> None:
    server.answers["/file"] = ok(b"voice")
    fetcher = Fetcher({f"{server.origin}/some/path"}, (), LIMIT, 5)
    assert fetcher.fetch(f"{server.origin}/file") == b"voice"


def test_a_chunked_file_and_an_empty_one_are_whole(server: Server) -> None:
    server.answers["/chunks"] = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nvoi\r\n2\r\nce\r\n0\r\n\r\n"
    server.answers["/empty"] = ok(b"")
    assert from_origin(server).fetch(f"{server.origin}/chunks") == b"voice"
    assert from_origin(server).fetch(f"{server.origin}/empty") == b""


def test_a_proxy_of_the_environment_is_not_asked(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.delenv("NO_PROXY", raising=False)
    server.answers["/file"] = ok(b"voice")
    assert from_origin(server).fetch(f"{server.origin}/file") == b"voice"


# --- which places are asked at all


@pytest.mark.parametrize(
    "url",
    [
        "https://files.example.com.evil.example/a",
        "https://evilfiles.example.com/a",
        "https://example.com/a",
        "https://files.example.com@127.0.0.1/a",
        "https://user:password@files.example.com/a",
        "https://127.0.0.1\\@files.example.com/a",
        "https://files.example.com\\@127.0.0.1/a",
        "https://files.example.com%2eevil.example/a",
        "https://files.example.com%00.evil.example/a",
        "https://files.example.com./a",
        "https://files.example.com:8443/a",
        "https://files.example.com:22/a",
        "https://files.example.com:0/a",
        "http://files.example.com/a",
        "http://files.example.com:443/a",
        "ftp://files.example.com/a",
        "file:///etc/passwd",
        "gopher://127.0.0.1:6379/_",
        "data:text/plain,hello",
        "//files.example.com/a",
        "https:///a",
        "https://",
        "",
        "https://１２７.0.0.1/",  # fullwidth digits
        "https://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/",
        "https://xn--/",
        "https://localhost/",
        "https://localhost./",
        "https://a b/",
        "https://files.example.com/\r\nX: y",
        "https://[::1/",
        "https://files.example.com/" + "a" * 70_000,
    ],
)
def test_other_places_are_refused_before_anything_is_looked_up(vendor: Server, url: str) -> None:
    def resolve(host: str, port: int) -> list[str]:
        raise AssertionError("looked up")

    fetcher, bent = from_hosts(vendor, resolve)
    with pytest.raises(MediaRefused):
        fetcher.fetch(url)
    assert bent.meant == []


@pytest.mark.parametrize("other", ["https://127.0.0.1:{port}/", "http://localhost:{port}/", "http://127.0.0.1:1/"])
def test_an_origin_is_taken_by_scheme_host_and_port(server: Server, other: str) -> None:
    with pytest.raises(MediaRefused):
        from_origin(server).fetch(other.format(port=server.port))
    assert server.heads == []


LOOPBACK_AND_METADATA = [
    "127.0.0.1",
    "127.1",
    "127.0.1",
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "0x7f.0x0.0x0.0x1",
    "017700000001",
    "0177.0.0.1",
    "0177.0.0.01",
    "0.0.0.0",
    "0",
    "[::1]",
    "[::]",
    "[0:0:0:0:0:0:0:1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::127.0.0.1]",
    "[64:ff9b::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b:1::1]",
    "[2002:7f00:1::]",
    "[2001:0:7f00:1::]",
    "[fe80::1]",
    "[fec0::1]",
    "[fc00::1]",
    "[fd00:ec2::254]",
    "[ff02::1]",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "169.254.169.254",
    "2852039166",
    "0xa9fea9fe",
    "0xA9.0xFE.0xA9.0xFE",
    "0251.0376.0251.0376",
    "025177524776",
    "169.16689662",
    "[::ffff:169.254.169.254]",
    "[::ffff:a9fe:a9fe]",
    "[64:ff9b::a9fe:a9fe]",
]


@pytest.mark.parametrize("spelling", LOOPBACK_AND_METADATA)
def test_no_spelling_of_an_inner_address_is_asked_even_where_the_host_is_allowed(vendor: Server, spelling: str) -> None:
    """The system's own resolver reads the spellings; ``hosts`` allows them all."""
    fetcher, bent = from_hosts(vendor, addresses_of, spelling.strip("[]"))
    with pytest.raises(MediaRefused, match=r"not of the public internet|not an address"):
        fetcher.fetch(f"https://{spelling}/latest/meta-data/")
    assert bent.meant == []


def test_localhost_by_name_is_refused_where_allowed(vendor: Server) -> None:
    fetcher, bent = from_hosts(vendor, addresses_of, "localhost")
    with pytest.raises(MediaRefused, match="not of the public internet"):
        fetcher.fetch("https://localhost/")
    assert bent.meant == []


@pytest.mark.parametrize("address", ["8.8.8.8", "149.154.167.220", "2606:4700::1111", "64:ff9b::8.8.8.8"])
def test_public_addresses_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("address", ["", "nowhere", "127.1", "fe80::1%eth0", "2606:4700::1%eth0x" * 9, "1.2.3.4/8"])
def test_what_is_no_plain_address_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("addresses", [[PUBLIC, "10.0.0.1"], ["127.0.0.1", PUBLIC], [OTHER_PUBLIC, "::1"]])
def test_a_name_with_one_inner_address_among_public_ones_is_refused(vendor: Server, addresses: list[str]) -> None:
    fetcher, bent = from_hosts(vendor, addresses)
    with pytest.raises(MediaRefused, match="not of the public internet"):
        fetcher.fetch(f"https://{HOST}/a")
    assert bent.meant == []


def test_a_resolver_that_changes_its_mind_is_asked_once_and_the_connection_goes_where_it_first_said(
    vendor: Server,
) -> None:
    answers = [[PUBLIC], ["127.0.0.1"], ["127.0.0.1"]]
    vendor.answers["/a"] = ok(b"photo")
    fetcher, bent = from_hosts(vendor, lambda host, port: answers.pop(0))
    assert fetcher.fetch(f"https://{HOST}/a") == b"photo"
    assert bent.meant == [(PUBLIC, 443)]
    with pytest.raises(MediaRefused):
        fetcher.fetch(f"https://{HOST}/a")
    assert len(bent.meant) == 1


def test_a_name_that_turns_inward_between_redirects_is_refused(vendor: Server) -> None:
    answers = [[PUBLIC], ["169.254.169.254"]]
    vendor.answers["/a"] = moved("/b")
    fetcher, bent = from_hosts(vendor, lambda host, port: answers.pop(0))
    with pytest.raises(MediaRefused, match="not of the public internet"):
        fetcher.fetch(f"https://{HOST}/a")
    assert bent.meant == [(PUBLIC, 443)]


def test_a_name_without_address_may_have_one_later(vendor: Server) -> None:
    def unknown(host: str, port: int) -> list[str]:
        raise socket.gaierror(-2, "Name or service not known")

    for resolve in (unknown, lambda host, port: []):
        fetcher, _ = from_hosts(vendor, resolve)
        with pytest.raises(MediaUnavailable):
            fetcher.fetch(f"https://{HOST}/a")


# --- redirects


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_a_redirect_within_the_hosts_is_followed(vendor: Server, code: int) -> None:
    vendor.answers |= {"/a": moved("/b", code), "/b": ok(b"photo")}
    fetcher, _ = from_hosts(vendor, [PUBLIC])
    assert fetcher.fetch(f"https://{HOST}/a", {"Authorization": "x"}) == b"photo"
    assert all("Authorization: x" in head for head in vendor.heads)


def test_credentials_stay_with_the_origin_they_were_given_for(vendor: Server) -> None:
    vendor.answers |= {"/a": moved(f"https://cdn.{HOST}/b"), "/b": moved(f"https://{HOST}/c"), "/c": ok(b"photo")}
    fetcher, _ = from_hosts(vendor, [PUBLIC])
    assert fetcher.fetch(f"https://{HOST}/a", {"Authorization": "x", "Cookie": "d=x"}) == b"photo"
    assert vendor.paths == ["/a", "/b", "/c"]
    assert ["Authorization" in head for head in vendor.heads] == [True, False, False]
    assert ["Cookie" in head for head in vendor.heads] == [True, False, False]


def test_three_redirects_are_followed_and_no_fourth(vendor: Server) -> None:
    vendor.answers |= {f"/{n}": moved(f"/{n + 1}") for n in range(5)} | {"/5": ok(b"photo")}
    fetcher, _ = from_hosts(vendor, [PUBLIC])
    assert fetcher.fetch(f"https://{HOST}/2") == b"photo"
    with pytest.raises(MediaRefused, match="3 redirects"):
        fetcher.fetch(f"https://{HOST}/1")


def test_a_ring_of_redirects_ends(vendor: Server) -> None:
    vendor.answers["/a"] = moved("/a")
    fetcher, _ = from_hosts(vendor, [PUBLIC])
    with pytest.raises(MediaRefused):
        fetcher.fetch(f"https://{HOST}/a")
    assert vendor.paths == ["/a"] * 4


@pytest.mark.parametrize(
    "location",
    [
        "http://files.example.com/b",
        "https://127.0.0.1/b",
        "https://[::1]/b",
        "https://169.254.169.254/latest/meta-data/",
        "http://169.254.169.254/latest/meta-data/",
        "https://10.0.0.1/b",
        "https://evil.example/b",
        "//evil.example/b",
        "https://files.example.com@evil.example/b",
        "https://files.example.com:8443/b",
        "file:///etc/passwd",
        "ftp://files.example.com/b",
        "https://files.example.com:x/b",
        "\\\\evil.example\\b",
    ],
)
@pytest.mark.parametrize("hops", [0, 1])
def test_no_redirect_leads_out(vendor: Server, location: str, hops: int) -> None:
    vendor.answers |= {"/0": moved("/1"), "/1": moved(location)}
    fetcher, bent = from_hosts(vendor, [PUBLIC])
    with pytest.raises(MediaRefused):
        fetcher.fetch(f"https://{HOST}/{1 - hops}")
    assert {address for address, _ in bent.meant} == {PUBLIC}
    assert len(vendor.paths) == (2 if location.startswith("\\") else 1) + hops


def test_a_redirect_to_an_allowed_name_within_is_refused(vendor: Server) -> None:
    vendor.answers["/a"] = moved("https://inner.files.example.com/b")
    fetcher, bent = from_hosts(vendor, lambda host, port: [PUBLIC] if host == HOST else ["192.168.0.5"])
    with pytest.raises(MediaRefused, match="not of the public internet"):
        fetcher.fetch(f"https://{HOST}/a")
    assert bent.meant == [(PUBLIC, 443)]


def test_a_redirect_from_the_public_to_the_operators_own_server_is_refused(vendor: Server, server: Server) -> None:
    vendor.answers["/a"] = moved(f"{server.origin}/secret")
    server.answers["/secret"] = ok(b"secret")
    fetcher, _ = from_hosts(vendor, [PUBLIC], origins={server.origin})
    with pytest.raises(MediaRefused):
        fetcher.fetch(f"https://{HOST}/a")
    assert server.heads == []


def test_a_redirect_from_an_origin_leads_nowhere_else(server: Server) -> None:
    server.answers |= {"/a": moved("/b"), "/b": ok(b"voice"), "/out": moved("http://127.0.0.1:1/")}
    fetcher = from_origin(server)
    assert fetcher.fetch(f"{server.origin}/a") == b"voice"
    with pytest.raises(MediaRefused):
        fetcher.fetch(f"{server.origin}/out")


def test_a_redirect_that_names_no_place_is_refused(server: Server) -> None:
    server.answers["/a"] = status(302)
    with pytest.raises(MediaRefused, match="302"):
        from_origin(server).fetch(f"{server.origin}/a")


# --- what servers answer


@pytest.mark.parametrize("code", [408, 425, 429, 500, 502, 503, 504])
def test_a_passing_refusal_may_be_tried_again(server: Server, code: int) -> None:
    server.answers["/a"] = status(code)
    with pytest.raises(MediaUnavailable, match=str(code)):
        from_origin(server).fetch(f"{server.origin}/a")


@pytest.mark.parametrize("code", [204, 206, 300, 304, 400, 401, 403, 404, 410])
def test_a_lasting_refusal_is_not(server: Server, code: int) -> None:
    server.answers["/a"] = status(code)
    with pytest.raises(MediaRefused, match=str(code)):
        from_origin(server).fetch(f"{server.origin}/a")


def test_a_file_may_be_as_large_as_the_limit_and_no_larger(server: Server) -> None:
    server.answers |= {"/just": ok(b"x" * LIMIT), "/over": ok(b"x" * (LIMIT + 1))}
    assert len(from_origin(server).fetch(f"{server.origin}/just")) == LIMIT
    with pytest.raises(FileTooLarge, match="larger than 1000 bytes"):
        from_origin(server).fetch(f"{server.origin}/over")


def test_a_declared_size_over_the_limit_is_refused_unread(server: Server) -> None:
    def declare(connection: Connection) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n")
        connection.recv(1)  # until the other side hangs up: nothing is ever sent

    server.answers["/a"] = declare
    started = time.monotonic()
    with pytest.raises(MediaRefused, match="larger"):
        from_origin(server).fetch(f"{server.origin}/a")
    assert time.monotonic() - started < 4


@pytest.mark.parametrize("framing", ["", "Transfer-Encoding: chunked\r\n"])
def test_an_endless_file_without_a_size_is_cut_off(server: Server, framing: str) -> None:
    def pour(connection: Connection) -> None:
        connection.sendall(f"HTTP/1.1 200 OK\r\n{framing}\r\n".encode())
        while True:
            connection.sendall(b"64\r\n" + b"x" * 100 + b"\r\n")

    server.answers["/a"] = pour
    with pytest.raises(MediaRefused, match="larger"):
        from_origin(server).fetch(f"{server.origin}/a")


@pytest.mark.parametrize("packing", ["gzip", "deflate", "br", "identity, gzip"])
def test_a_packed_file_is_never_unpacked(server: Server, packing: str) -> None:
    bomb = gzip.compress(b"\0" * 500_000)
    assert len(bomb) < LIMIT
    server.answers["/bomb"] = ok(bomb, f"Content-Encoding: {packing}")
    with pytest.raises(MediaRefused, match="packed"):
        from_origin(server).fetch(f"{server.origin}/bomb")


def test_a_file_that_is_cut_short_is_not_taken_for_whole(server: Server) -> None:
    server.answers["/a"] = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"
    with pytest.raises(MediaUnavailable):
        from_origin(server).fetch(f"{server.origin}/a")


@pytest.mark.parametrize("answer", [b"", b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.1 200 OK\r\nbroken\x00: \r\n\r\n"])
def test_what_is_no_http_may_be_tried_again(server: Server, answer: bytes) -> None:
    server.answers["/a"] = answer
    with pytest.raises(MediaUnavailable):
        from_origin(server).fetch(f"{server.origin}/a")


def test_nobody_listening_may_be_tried_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with pytest.raises(MediaUnavailable):
        Fetcher({origin}, (), LIMIT, 5).fetch(f"{origin}/a")


# --- time


def dripping(connection: Connection) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n")
    while True:
        connection.sendall(b"x")
        time.sleep(0.02)


def slow_head(connection: Connection) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    while True:
        connection.sendall(b"a")
        time.sleep(0.02)


def endless_interim(connection: Connection) -> None:
    while True:
        connection.sendall(b"HTTP/1.1 103 Early Hints\r\n\r\n")
        time.sleep(0.02)


def silent(connection: Connection) -> None:
    connection.recv(1)


@pytest.mark.parametrize("behaviour", [dripping, slow_head, endless_interim, silent])
def test_a_slow_server_has_the_whole_time_once(server: Server, behaviour: Handler) -> None:
    server.answers["/a"] = behaviour
    started = time.monotonic()
    with pytest.raises(MediaUnavailable, match="too long"):
        from_origin(server, timeout_s=0.3).fetch(f"{server.origin}/a")
    assert 0.25 < time.monotonic() - started < 4


def test_redirects_share_the_time(server: Server) -> None:
    def late(connection: Connection) -> None:
        time.sleep(0.2)
        connection.sendall(moved("/a"))

    server.answers["/a"] = late
    started = time.monotonic()
    with pytest.raises(MediaUnavailable, match="too long"):
        from_origin(server, timeout_s=0.3).fetch(f"{server.origin}/a")
    assert time.monotonic() - started < 4


def test_a_server_that_never_finishes_the_handshake_has_the_time_too(server: Server) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        origin = f"https://127.0.0.1:{listener.getsockname()[1]}"
        started = time.monotonic()
        with pytest.raises(MediaUnavailable, match="too long"):
            Fetcher({origin}, (), LIMIT, 0.3).fetch(f"{origin}/a")
        assert time.monotonic() - started < 4


def test_endless_headers_are_cut_off(server: Server) -> None:
    def pour(connection: Connection) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        while True:
            connection.sendall(b"X-Padding: " + b"x" * 1000 + b"\r\n")

    server.answers["/a"] = pour
    started = time.monotonic()
    with pytest.raises(MediaUnavailable):
        from_origin(server, timeout_s=30).fetch(f"{server.origin}/a")
    assert time.monotonic() - started < 5


def test_a_closed_fetcher_fetches_nothing_and_ends_what_it_was_at(server: Server) -> None:
    server.answers |= {"/slow": dripping, "/a": ok(b"x")}
    fetcher = from_origin(server, timeout_s=30)
    threading.Timer(0.1, fetcher.close).start()
    with pytest.raises(MediaUnavailable, match="ending"):
        fetcher.fetch(f"{server.origin}/slow")
    with pytest.raises(MediaUnavailable, match="ending"):
        fetcher.fetch(f"{server.origin}/a")


# --- secrets


def leak(connection: Connection) -> None:
    connection.sendall(f"HTTP/1.1 302 Found\r\nLocation: https://x/{SECRET}\r\nbroken {SECRET}\r\n\r\n".encode())


@pytest.mark.parametrize(
    ("url", "answer"),
    [
        (f"https://elsewhere.example/{SECRET}", None),
        (f"https://{SECRET}@files.example.com/", None),
        (f"https://[{SECRET}/", None),
        (f"ftp://files.example.com/{SECRET}", None),
        ("{origin}/" + SECRET, status(404)),
        ("{origin}/" + SECRET, status(500)),
        ("{origin}/" + SECRET, silent),
        ("{origin}/" + SECRET, ok(b"x" * 2000)),
        ("{origin}/" + SECRET, moved(f"https://elsewhere.example/{SECRET}")),
        ("{origin}/" + SECRET, moved(f"https://[{SECRET}/")),
        ("{origin}/" + SECRET, leak),
    ],
)
def test_nothing_of_a_url_gets_into_an_error_or_a_log(
    server: Server, caplog: pytest.LogCaptureFixture, url: str, answer: bytes | Handler | None
) -> None:
    if answer is not None:
        server.answers[f"/{SECRET}"] = answer
    with caplog.at_level(logging.INFO), pytest.raises((MediaRefused, MediaUnavailable)) as raised:
        from_origin(server, timeout_s=0.3).fetch(url.format(origin=server.origin), {"Authorization": SECRET})
    error: BaseException | None = raised.value
    assert error is not None
    assert error.__cause__ is None
    assert error.__suppress_context__ or error.__context__ is None or SECRET not in str(error.__context__)
    assert SECRET not in str(error)
    assert "127.0.0.1" not in str(error)
    assert SECRET not in caplog.text
