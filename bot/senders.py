"""Who writes on a channel: the sender's identity in the records, and what is known of them.

Owns how an identity is found or made, named, seen, opted out and proven. Knows no message that is being stored and no
vendor.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.channels.base import Command, Proof, Sender
from bot.inbox import clean_text
from bot.start_links import verify_start_link
from crm.linking import link, prove
from crm.models import Customer, Identity, Message

NAME_LIMIT = 200
"""Characters of a name that are kept."""


def find_identity(session: Session, sender: Sender) -> Identity | None:
    """The sender's identity, held until the transaction ends."""
    return session.scalars(
        select(Identity)
        .where(
            Identity.channel == sender.channel, Identity.bot == sender.bot, Identity.external_id == sender.external_id
        )
        .with_for_update()
    ).one_or_none()


def find_or_make_identity(session: Session, sender: Sender) -> Identity:
    """Raises IntegrityError when another process makes it at the same time."""
    identity = find_identity(session, sender)
    if identity is None:
        identity = Identity(
            channel=sender.channel,
            bot=sender.bot,
            external_id=sender.external_id,
            name=name_of(sender),
            language=sender.language or "en",
        )
        session.add(identity)
        session.flush()
    return identity


def name_of(sender: Sender) -> str | None:
    """What the channel calls them, tidied and cut; None where that is nothing."""
    return clean_text(sender.name or "").strip()[:NAME_LIMIT] or None


def note_seen(identity: Identity, sender: Sender, at: datetime) -> None:
    """What follows from a message that is new: they are there, can be reached, and are called so now."""
    identity.last_seen_at = max(identity.last_seen_at or at, at)
    identity.unreachable_at = None
    identity.name = name_of(sender) or identity.name


def has_spoken(session: Session, identity: Identity) -> bool:
    """Whether words of theirs were in a language; that of a button or a command is not told by them."""
    in_words = select(Message.id).where(
        Message.identity_id == identity.id,
        Message.author == "customer",
        Message.payload.is_(None),
        Message.language.in_(("en", "zh", "mixed")),
    )
    return session.scalar(in_words.limit(1)) is not None


def obey(identity: Identity, command: Command | None, at: datetime) -> None:
    """Notes a wish to be written to no more, or its end."""
    if command == "stop":
        identity.opted_out_at = at
    elif command == "start":
        identity.opted_out_at = None


def accept_proof(session: Session, identity: Identity, proof: Proof, now: datetime, *, site_key: str) -> bool:
    """Whether the identity is linked to a customer by this proof, now or before."""
    if proof.kind in ("phone", "email"):
        return prove(session, identity, proof.kind, proof.value, now) is not None
    if proof.kind != "start_link":
        raise ValueError(f"a channel brought a proof by {proof.kind}")
    ref = verify_start_link(site_key, proof.value, now)
    customer = session.scalars(select(Customer).where(Customer.ref == ref)).first() if ref else None
    return customer is not None and link(session, identity, customer, "start_link", now)
