"""Buttons that are still open, and which of them a customer pressed or typed. Knows no vendor and stores nothing."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.inbox import latest_offers
from crm.models import Message


@dataclass(frozen=True, slots=True)
class Offer:
    """A button that is still open."""

    title: str
    payload: str


def typed_offer(session: Session, identity_id: int, words: str) -> str | None:
    """The payload of the button whose title was typed: an app that offers to share a phone number has keys for that."""
    latest = session.execute(
        select(Message.asks_for, Message.buttons)
        .where(Message.identity_id == identity_id, Message.author != "customer")
        .order_by(Message.seq.desc())
        .limit(1)
    ).first()
    if latest is None or latest.asks_for is None:
        return None
    return next((str(each["payload"]) for each in latest.buttons if each["title"] == words.strip()), None)


def open_offer(session: Session, identity_id: int, ref: str) -> Offer | None:
    """The button that ``<message id>:<index>`` names, while its message is among the latest."""
    message_id, _, index = ref.partition(":")
    for message in latest_offers(session, identity_id):
        if message.id == message_id and index.isascii() and index.isdigit() and int(index) < len(message.buttons):
            button = message.buttons[int(index)]
            return Offer(str(button["title"]), str(button["payload"]))
    return None
