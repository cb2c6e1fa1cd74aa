"""Who the customer of a conversation is, on which channels they are known, and what they ordered and said before."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from console.acting import button
from console.markup import LocalTime, chip, link, tag
from console.words import Words
from crm.transcripts import CustomerView, IdentityView, TranscriptView

FETCHED = "web"
"""The channel whose client fetches its messages: nothing is pushed there."""


@dataclass(frozen=True, slots=True)
class CardActs:
    """What staff may do from the card; both ask first."""

    write: Callable[[CustomerView], Awaitable[None]]
    unlink: Callable[[CustomerView, IdentityView], None]


def show_customer(view: TranscriptView, words: Words, root: str, acts: CardActs) -> None:
    customer = view.customer
    with tag("section", classes="card"):
        tag("h2", words("customer.title"))
        if customer is None:
            tag("p", words("customer.anonymous"), "pending")
        else:
            tag("p", customer.name, "customer-name", dir="auto")
            _details(customer, words)
            button(words("customer.write"), lambda: acts.write(customer)).classes("small-act card-act").props("dense")
        if customer is not None or any(each.channel != FETCHED for each in view.identities):
            _channels(view, words, acts)
        if customer is not None:
            _orders(customer, words)
            _earlier(customer, words, root)


def _details(customer: CustomerView, words: Words) -> None:
    with tag("dl"):
        for key, value in (
            ("ref", customer.ref),
            ("email", customer.email),
            ("phone", customer.phone),
            ("address", customer.address),
            ("language", words.name("language", customer.language)),
        ):
            if value:
                tag("dt", words(f"customer.{key}"))
                tag("dd", value, dir="auto")


def _channels(view: TranscriptView, words: Words, acts: CardActs) -> None:
    tag("h3", words("channels.title"))
    with tag("ul", classes="plain channels", aria_label=words("channels.title")):
        for identity in view.identities:
            with tag("li", classes="channel"):
                _channel(identity, view.customer, words, acts)
    if view.identity_count > len(view.identities):
        tag("p", words("channels.browsers", count=view.identity_count), "pending")


def _channel(identity: IdentityView, customer: CustomerView | None, words: Words, acts: CardActs) -> None:
    channel = words.name("channel", identity.channel)
    with tag("div", classes="chips"):
        tag("b", channel)
        if identity.name:
            tag("span", identity.name, "channel-name", dir="auto")
        if identity.here:
            chip(words("channels.here"), "chip-quiet")
    if identity.proof is None:
        tag("p", words("channels.not_linked" if customer is None else "channels.this_talk_only"), "pending")
    else:
        with tag("p", classes="pending"):
            tag("span", f"{words.name('proof', identity.proof)} · {words('channels.since')} ")
            if identity.linked_at is not None:
                LocalTime(identity.linked_at, words)
    _reach(identity, words)
    if identity.last_seen_at is not None:
        with tag("p", classes="pending"):
            tag("span", f"{words('channels.last_seen')} ")
            LocalTime(identity.last_seen_at, words)
    if customer is not None and identity.proof is not None:
        unlink = button(words("channels.unlink"), lambda: acts.unlink(customer, identity))
        unlink.classes("small-act card-act").props("dense").props["aria-label"] = words(
            "channels.unlink_this", channel=channel
        )


def _reach(identity: IdentityView, words: Words) -> None:
    with tag("div", classes="chips"):
        if identity.unreachable_at is not None:
            chip(words("channels.unreachable"), "chip-alert")
            with tag("span", classes="pending"):
                tag("span", f"{words('channels.unreachable_since')} ")
                LocalTime(identity.unreachable_at, words)
        elif identity.channel == FETCHED:
            chip(words("channels.on_visit"), "chip-outline")
        else:
            chip(words("channels.reachable"), "chip-outline")
        if identity.opted_out_at is not None:
            chip(words("channels.opted_out"), "chip-unsure")


def _orders(customer: CustomerView, words: Words) -> None:
    if not customer.orders:
        tag("p", words("customer.no_orders"), "pending")
        return
    tag("h3", words("customer.orders", count=customer.order_count))
    with tag("ul", classes="plain"):
        for order in customer.orders:
            with tag("li", classes="order"):
                tag("b", order.number)
                tag("span", words.name("order", order.status))
                tag("span", f"{order.total_minor / 100:.2f} {order.currency}", "pending")


def _earlier(customer: CustomerView, words: Words, root: str) -> None:
    if not customer.earlier:
        return
    tag("h3", words("customer.earlier"))
    with tag("ul", classes="plain"):
        for conversation in customer.earlier:
            with tag("li"), link(f"{root}/c/{conversation.id}", classes="earlier"):
                LocalTime(conversation.last_at, words)
                tag("span", words.name("channel", conversation.channel))
