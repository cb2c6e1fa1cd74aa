"""Who a visitor is, by proof: matching an order number with the e-mail or phone on file, a few tries only.

Owns the rule that an answer never tells which half was wrong, nor whether the order exists. Knows no dialogue.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from crm.contacts import same_email, same_phone
from crm.errors import MatchFailed, MatchLocked
from crm.models import Conversation, Customer, Identity, MatchFailure, Order

MAX_FAILED_MATCHES = 5
MAX_FAILURES_OF_SUBJECT = 10
"""How often an order number or a contact may be guessed at within ``LOCK``, by whomever."""
LOCK = timedelta(minutes=15)


def known_customer(session: Session, conversation: Conversation) -> Customer | None:
    """The customer proved for this conversation, or for its identity by the shop's signature."""
    customer_id = conversation.customer_id or conversation.identity.customer_id
    return None if customer_id is None else session.get(Customer, customer_id)


def match_customer(
    session: Session, conversation: Conversation, order_number: str, contact: str, now: datetime
) -> Customer:
    """The customer whose order and contact these are; remembered on the conversation.

    Raises MatchFailed, and MatchLocked once ``MAX_FAILED_MATCHES`` tries within ``LOCK`` of each other have
    failed: then not even the right pair opens until ``LOCK`` has passed. Failures count per identity, over
    all its conversations, whatever succeeds in between; a repeated turn counts again, which errs on the strict side.
    They also count per order number and per contact, over all identities: a new visitor costs nothing to become.
    """
    identity = _locked_row(session, conversation.identity_id)
    _refuse_while_locked(identity, now)
    subjects = _subjects(order_number, contact)
    _refuse_while_guessed_at(session, subjects, now)
    customer = _owner(session, order_number)
    if customer is None or not _is_theirs(customer, contact):
        identity.failed_matches += 1
        identity.last_failed_match_at = now
        session.add_all(MatchFailure(subject=subject, at=now) for subject in subjects)
        session.flush()
        _refuse_while_locked(identity, now)
        raise MatchFailed("order number and contact do not belong together")
    conversation.customer_id = customer.id
    session.flush()
    return customer


def _locked_row(session: Session, identity_id: int) -> Identity:
    """The identity, held against a second conversation trying at the same time (a no-op on SQLite)."""
    return session.execute(
        select(Identity).where(Identity.id == identity_id).with_for_update().execution_options(populate_existing=True)
    ).scalar_one()


def _refuse_while_locked(identity: Identity, now: datetime) -> None:
    if identity.last_failed_match_at is None:
        return
    remaining = identity.last_failed_match_at + LOCK - now
    if remaining <= timedelta(0):
        identity.failed_matches = 0
        identity.last_failed_match_at = None
    elif identity.failed_matches >= MAX_FAILED_MATCHES:
        raise MatchLocked(retry_after_s=max(1, round(remaining.total_seconds())))


def _subjects(order_number: str, contact: str) -> tuple[str, str]:
    """Names for what was tried that do not tell it."""
    digits = "".join(char for char in contact if char.isdigit())
    plain = contact.strip().casefold() if "@" in contact or not digits else digits
    return _digest(f"order {order_number}"), _digest(f"contact {plain}")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def _refuse_while_guessed_at(session: Session, subjects: tuple[str, str], now: datetime) -> None:
    """The same whether or not the order exists, so that the refusal tells nothing."""
    session.execute(delete(MatchFailure).where(MatchFailure.at <= now - LOCK))
    for subject in subjects:
        tries = session.scalars(select(MatchFailure.at).where(MatchFailure.subject == subject)).all()
        if len(tries) >= MAX_FAILURES_OF_SUBJECT:
            raise MatchLocked(retry_after_s=max(1, round((min(tries) + LOCK - now).total_seconds())))


def _owner(session: Session, order_number: str) -> Customer | None:
    return session.execute(
        select(Customer).join(Order, Order.customer_id == Customer.id).where(Order.number == order_number)
    ).scalar_one_or_none()


def _is_theirs(customer: Customer, contact: str) -> bool:
    return same_email(contact, customer.email) or same_phone(contact, customer.phone)
