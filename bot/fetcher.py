"""Fetches files from the hosts of channels, and from nowhere else, however the address came about.

It owns which places files are taken from: the channel's own hosts over https, at addresses of the public internet,
within limits of size and time. It knows no vendor and no message, and lets nothing of a URL out, which may hold a
token: not into an error's text, not into its cause, not into a log. (httpx writes whole URLs into its log: so the
requests are made by httpcore, of whose connections each is used for one request and takes no proxy from anywhere.)

Libraries do parts of this (ssrfguard and httpx-secure connect to the address that they checked; advocate, which did so
for requests, is no longer kept up), but none holds the hosts, the redirects, the size and the time, and what they would
spare us is ``_Network``.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any, NamedTuple

import httpcore
import httpx

from bot.channels.base import FileTooLarge, MediaRefused, MediaUnavailable

REDIRECTS = 3
SILENCE_S = 15.0
"""Longest wait for a connection, and for the next bytes, where the whole may still take longer."""

_WORTH_ANOTHER_TRY = {408, 425, 429}
_MOVED = {301, 302, 303, 307, 308}
_PORTS = {"http": 80, "https": 443}

_UNICAST = IPv6Network("2000::/3")
_NAT64 = IPv6Network("64:ff9b::/96")
_SPECIAL = tuple(
    ip_network(each)
    for each in (
        "168.63.129.16/32",  # Azure's inner services: a public address that every machine there finds within
        "192.0.0.0/24",  # IETF protocol assignments; Oracle's metadata. Python calls some of them global
        "192.88.99.0/24",  # 6to4 relays, withdrawn by RFC 7526
        "2001::/23",  # IETF protocol assignments: Teredo carries an IPv4 address
        "2002::/16",  # 6to4 carries an IPv4 address
        "3fff::/20",  # documentation, RFC 9637
    )
)

Resolve = Callable[[str, int], Collection[str]]
"""From a host's name and a port to all its addresses; raises OSError."""


def is_public(address: str) -> bool:
    """Whether a numeric address is of the public internet, also where it stands for an IPv4 address (NAT64)."""
    try:
        found = ip_address(address)
    except ValueError:
        return False
    if isinstance(found, IPv6Address) and found in _NAT64:
        found = IPv4Address(int(found) & 0xFFFFFFFF)
    return (
        found.is_global
        and not (found.is_multicast or found.is_reserved)
        and not any(found.version == each.version and found in each for each in _SPECIAL)
        and (isinstance(found, IPv4Address) or found in _UNICAST)  # mapped, site-local and unassigned ones are not
    )


def addresses_of(host: str, port: int) -> list[str]:
    """What the system's resolver says, which also reads an IPv4 address in any of its spellings."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


class Fetcher:
    """Fetches from ``origins``, places that the operator has set, and from ``hosts`` and hosts below them.

    Of an origin (scheme, host and port) a URL is taken as it is, http and private addresses as well: it may be the
    operator's own server. A redirect from elsewhere gains nothing by pointing there. Hosts are asked by https on
    port 443. A fetch gives at most ``max_bytes`` and takes at most ``timeout_s``, besides the system resolver's own
    limit. Calls may come from several threads. ``resolve`` and ``network`` are the two ways to the outside.
    """

    def __init__(
        self,
        origins: Collection[str],
        hosts: Collection[str],
        max_bytes: int,
        timeout_s: float,
        *,
        resolve: Resolve = addresses_of,
        network: httpcore.NetworkBackend | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._origins = frozenset(_Place.of(origin).origin for origin in origins)
        self._hosts = tuple(host.lower() for host in hosts)
        self._max_bytes = max_bytes
        self._timeout_s = timeout_s
        self._resolve = resolve
        self._network = network or httpcore.SyncBackend()
        self._tls = tls or httpx.create_ssl_context()
        self._closed = False

    def fetch(self, url: str, headers: Mapping[str, str] | None = None) -> bytes:
        """The bytes at ``url``. ``headers`` go to its origin alone, to no other that it redirects to.

        Raises MediaUnavailable where another try may help, and else MediaRefused.
        """
        deadline = time.monotonic() + self._timeout_s
        place, previous = _Place.of(url), None
        sent = dict(headers or {})
        for _ in range(1 + REDIRECTS):
            if self._closed:
                raise MediaUnavailable("the program is ending")
            trusted = place.origin in self._origins and previous in (None, place.origin)
            if not trusted:
                self._check(place)
            if previous not in (None, place.origin):
                sent = {}
            answer = self._ask(place, sent, _Network(self._network, self._resolve, deadline, public_only=not trusted))
            if isinstance(answer, bytes):
                return answer
            place, previous = place.moved(answer), place.origin
        raise MediaRefused(f"more than {REDIRECTS} redirects")

    def close(self) -> None:
        """Fetches under way end at their next bytes, later ones at once."""
        self._closed = True

    def _check(self, place: _Place) -> None:
        if place.origin.scheme != "https":
            raise MediaRefused("not an https address")
        if place.origin.port != _PORTS["https"]:
            raise MediaRefused("not the port of https")
        if not any(place.origin.host == host or place.origin.host.endswith(f".{host}") for host in self._hosts):
            raise MediaRefused("not one of the channel's hosts")

    def _ask(self, place: _Place, headers: Mapping[str, str], network: _Network) -> bytes | str:
        """The body, or where it has moved to."""
        try:
            with (
                httpcore.HTTPConnection(place.httpcore_origin, self._tls, network_backend=network) as connection,
                connection.stream("GET", place.target, headers=_request_headers(place, headers)) as response,
            ):
                return self._read(response)
        except httpcore.TimeoutException:
            raise MediaUnavailable("took too long") from None
        except (httpcore.NetworkError, httpcore.ProtocolError) as error:
            # the cause is cut off here and above: some of its texts repeat what the server sent, Location and all
            raise MediaUnavailable(f"the connection failed: {type(error).__name__}") from None

    def _read(self, response: httpcore.Response) -> bytes | str:
        given = httpx.Headers(response.headers)
        if response.status in _MOVED and "location" in given:
            return given["location"]
        if response.status in _WORTH_ANOTHER_TRY or response.status >= 500:
            raise MediaUnavailable(f"the server answered {response.status}")
        if response.status != 200:
            raise MediaRefused(f"the server answered {response.status}")
        if given.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
            raise MediaRefused("packed, though asked for as it is")  # never unpacked: no bomb
        declared = given.get("content-length", "")
        if declared.isdecimal() and int(declared) > self._max_bytes:
            raise FileTooLarge(f"larger than {self._max_bytes} bytes")
        return self._limited(response.iter_stream())

    def _limited(self, chunks: Iterable[bytes]) -> bytes:
        body = bytearray()
        for chunk in chunks:
            body += chunk
            if len(body) > self._max_bytes:
                raise FileTooLarge(f"larger than {self._max_bytes} bytes")
            if self._closed:
                raise MediaUnavailable("the program is ending")
        return bytes(body)


class _Origin(NamedTuple):
    scheme: str
    host: str
    port: int


@dataclass(frozen=True, slots=True)
class _Place:
    """A URL as one parser understood it: what is checked is what is asked."""

    url: httpx.URL
    origin: _Origin

    @classmethod
    def of(cls, url: str | httpx.URL) -> _Place:
        try:
            parsed = httpx.URL(url)
            host = parsed.raw_host.decode("ascii").lower()
        except (httpx.InvalidURL, UnicodeError, ValueError):
            raise MediaRefused("not an address") from None
        if parsed.scheme not in _PORTS or not host:
            raise MediaRefused("neither http nor https")
        if parsed.userinfo:
            raise MediaRefused("an address with a user's name")
        return cls(parsed, _Origin(parsed.scheme, host, _PORTS[parsed.scheme] if parsed.port is None else parsed.port))

    def moved(self, location: str) -> _Place:
        try:
            return _Place.of(self.url.join(location))
        except (httpx.InvalidURL, UnicodeError, ValueError):
            raise MediaRefused("moved to what is no address") from None

    @property
    def httpcore_origin(self) -> httpcore.Origin:
        scheme, host, port = self.origin
        return httpcore.Origin(scheme.encode(), host.encode(), port)

    @property
    def target(self) -> httpcore.URL:
        scheme, host, port = self.origin
        return httpcore.URL(scheme=scheme.encode(), host=host.encode(), port=port, target=self.url.raw_path)


def _request_headers(place: _Place, headers: Mapping[str, str]) -> list[tuple[bytes | str, bytes | str]]:
    return [
        ("Host", place.url.netloc),
        ("User-Agent", "crmbot"),
        ("Accept", "*/*"),
        ("Accept-Encoding", "identity"),
        ("Connection", "close"),
        *headers.items(),
    ]


class _Network(httpcore.NetworkBackend):
    """Resolves a name once, judges all its addresses, and connects to one of those very addresses.

    There is no second look-up that could answer otherwise. TLS still names and checks the host.
    """

    def __init__(
        self, network: httpcore.NetworkBackend, resolve: Resolve, deadline: float, *, public_only: bool
    ) -> None:
        self._network = network
        self._resolve = resolve
        self._deadline = deadline
        self._public_only = public_only

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        addresses = self._addresses(host, port)
        for last, address in enumerate(addresses, 1 - len(addresses)):
            try:
                stream = self._network.connect_tcp(address, port, _left(self._deadline, httpcore.ConnectTimeout))
                return _Stream(stream, self._deadline)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if last == 0:
                    raise
        raise MediaUnavailable("the host has no address")

    def _addresses(self, host: str, port: int) -> list[str]:
        try:
            addresses = list(dict.fromkeys(self._resolve(host, port)))
        except (OSError, UnicodeError):
            raise MediaUnavailable("the host's name is not found") from None
        if self._public_only and not all(is_public(address) for address in addresses):
            raise MediaRefused("an address that is not of the public internet")
        return addresses


class _Stream(httpcore.NetworkStream):
    """A connection on which everything together ends by ``deadline``, however slowly the other side drips."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: float) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(self._deadline, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(self._deadline, httpcore.WriteTimeout))

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left = _left(self._deadline, httpcore.ConnectTimeout)
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, left), self._deadline)

    def close(self) -> None:
        self._stream.close()

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _left(deadline: float, late: type[httpcore.TimeoutException]) -> float:
    """Seconds for the next step. Raises ``late`` when there are none."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise late("the time for the whole is over")
    return min(left, SILENCE_S)
