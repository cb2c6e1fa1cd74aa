"""No address of an inner network is ever connected to, however it is spelled, mixed in or answered in turn."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Any

import httpcore
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels.base import MediaRefused, MediaUnavailable
from bot.fetcher import Fetcher, addresses_of, is_public

TLS = ssl.create_default_context()  # made once: it takes longer than all else
INNER_4 = [
    IPv4Network(each)
    for each in [
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "168.63.129.16/32",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    ]
]
INNER_6 = [
    IPv6Network(each)
    for each in [
        "::/96",
        "::ffff:0:0/96",
        "64:ff9b:1::/48",
        "100::/64",
        "2001::/32",
        "2001:db8::/32",
        "2002::/16",
        "3fff::/20",
        "fc00::/7",
        "fe80::/10",
        "fec0::/10",
        "ff00::/8",
    ]
]


def within(networks: Sequence[Any]) -> st.SearchStrategy[Any]:
    return st.sampled_from(networks).flatmap(
        lambda network: st.integers(0, network.num_addresses - 1).map(lambda n: network[n])
    )


inner_4: st.SearchStrategy[IPv4Address] = within(INNER_4)
inner_6: st.SearchStrategy[IPv6Address] = within(INNER_6)
public_4 = st.ip_addresses(v=4).filter(lambda found: not any(found in each for each in INNER_4))


@st.composite
def spellings(draw: st.DrawFn) -> str:
    """An inner IPv4 address as a resolver may read it: 1 to 4 parts, each decimal, octal or hexadecimal; or in IPv6."""
    number = int(draw(inner_4))
    if draw(st.booleans()):
        prefix = draw(st.sampled_from(["::ffff:", "::", "64:ff9b::"]))
        return f"{prefix}{number >> 16:x}:{number & 0xFFFF:x}"
    count = draw(st.integers(1, 4))
    head = [(number >> (24 - 8 * place)) & 0xFF for place in range(count - 1)]
    last = number & ((1 << (32 - 8 * (count - 1))) - 1)
    forms = [str, lambda part: f"0{part:o}", lambda part: f"0x{part:x}", lambda part: f"0X{part:08X}"]
    return ".".join(draw(st.sampled_from(forms))(part) for part in [*head, last])


class Never(httpcore.NetworkBackend):
    """Goes nowhere, and notes where it was to go."""

    def __init__(self) -> None:
        self.meant: list[str] = []

    def connect_tcp(self, host: str, port: int, timeout: float | None = None, *_: Any) -> httpcore.NetworkStream:
        self.meant.append(host)
        raise httpcore.ConnectError


@settings(deadline=None)
@given(spelling=spellings())
def test_no_spelling_leads_inward(spelling: str) -> None:
    network = Never()
    fetcher = Fetcher((), {spelling.lower()}, 10, 5, resolve=addresses_of, network=network, tls=TLS)
    host = f"[{spelling}]" if ":" in spelling else spelling
    with pytest.raises((MediaRefused, MediaUnavailable)):
        fetcher.fetch(f"https://{host}/")
    assert network.meant == []


@settings(deadline=None)
@given(address=inner_4 | inner_6 | inner_4.map(lambda inner: IPv6Address(int(IPv6Address("64:ff9b::")) + int(inner))))
def test_inner_addresses_are_not_public(address: IPv4Address | IPv6Address) -> None:
    assert not is_public(str(address))
    if isinstance(address, IPv6Address):
        assert not is_public(address.exploded)


@settings(deadline=None)
@given(answer=st.lists(st.booleans(), min_size=1, max_size=6), data=st.data())
def test_an_answer_is_connected_to_only_if_all_of_it_is_public(answer: list[bool], data: st.DataObject) -> None:
    addresses = [str(data.draw(public_4 if public else inner_4 | inner_6)) for public in answer]
    network = Never()
    fetcher = Fetcher((), {"files.example.com"}, 10, 5, resolve=lambda host, port: addresses, network=network, tls=TLS)
    with pytest.raises((MediaRefused, MediaUnavailable)):
        fetcher.fetch("https://files.example.com/")
    assert network.meant == (list(dict.fromkeys(addresses)) if all(map(is_public, addresses)) else [])
    assert not network.meant or all(answer)


@settings(deadline=None)
@given(host=st.text(min_size=1, max_size=60), path=st.text(max_size=20))
def test_a_place_that_is_not_among_the_hosts_is_never_looked_up(host: str, path: str) -> None:
    looked_up: list[str] = []

    def resolve(host: str, port: int) -> list[str]:
        looked_up.append(host)
        return []

    fetcher = Fetcher((), {"files.example.com"}, 10, 5, resolve=resolve, network=Never(), tls=TLS)
    for url in (f"https://{host}/{path}", f"https://files.example.com{host}/{path}", f"https://{path}@{host}"):
        with pytest.raises((MediaRefused, MediaUnavailable)):
            fetcher.fetch(url)
    assert set(looked_up) <= {"files.example.com"}
