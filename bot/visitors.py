"""Visitors of the web channel: who they are, by token and by the shop's signature.

A token is 256 random bits; only its SHA-256 is stored. A signature is ``hex(HMAC-SHA256(site_secret,
customer_ref + "." + expires))``, made by the shop's own back end; it proves a customer for this visitor.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from dataclasses import dataclass

from sqlalchemy import select

from bot.errors import Unauthorized
from crm.conversations import open_conversation
from crm.linking import link
from crm.models import Customer, Identity, utc_now
from crm.unit_of_work import Database

CHANNEL = "web"


@dataclass(frozen=True, slots=True)
class SignedIdentity:
    """A customer's reference, until when (Unix seconds) it is vouched for, and the proof."""

    customer_ref: str
    expires: int
    signature: str


@dataclass(frozen=True, slots=True)
class Visitor:
    token: str
    conversation_id: str


def sign_identity(site_secret: str, customer_ref: str, expires: int) -> SignedIdentity:
    """What the shop's back end makes."""
    return SignedIdentity(customer_ref, expires, _signature(site_secret, customer_ref, expires))


class Visitors:
    def __init__(self, database: Database, site_secret: str) -> None:
        self._database = database
        self._site_secret = site_secret

    def welcome(self, language: str | None, identity: SignedIdentity | None) -> Visitor:
        """A new visitor with a conversation. Raises Unauthorized for a proof that does not hold."""
        token = secrets.token_urlsafe(32)
        if identity is not None:
            self._verify(identity)
        with self._database.writing() as session:
            customer = None
            if identity is not None:
                customer = session.scalars(select(Customer).where(Customer.ref == identity.customer_ref)).first()
                if customer is None:
                    raise Unauthorized("This customer is not known.")
            row = Identity(
                channel=CHANNEL,
                external_id=secrets.token_hex(16),
                token_hash=_hash(token),
                language=language or (customer.language if customer else "en"),
            )
            session.add(row)
            now = utc_now()
            if customer is not None:
                link(session, row, customer, "signature", now)
            session.flush()
            return Visitor(token, open_conversation(session, row, now).id)

    def identify(self, token: str | None) -> int:
        """The identity a token stands for. Raises Unauthorized."""
        if token:
            with self._database.reading() as session:
                identity_id = session.scalar(select(Identity.id).where(Identity.token_hash == _hash(token)))
            if identity_id is not None:
                return identity_id
        raise Unauthorized("The visitor token is missing or not valid.")

    def _verify(self, identity: SignedIdentity) -> None:
        expected = _signature(self._site_secret, identity.customer_ref, identity.expires)
        if not hmac.compare_digest(expected.encode(), identity.signature.lower().encode()):
            raise Unauthorized("The identity's signature is not valid.")
        if identity.expires < time.time():
            raise Unauthorized("The identity has expired.")


def _signature(site_secret: str, customer_ref: str, expires: int) -> str:
    message = f"{customer_ref}.{expires}".encode()
    return hmac.new(site_secret.encode(), message, hashlib.sha256).hexdigest()


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
