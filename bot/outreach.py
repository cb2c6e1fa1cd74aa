"""Messages that nobody asked for: staff or the bot write first, where the customer is reached best.

Chooses among the identities that are proven to be the customer's. How a message is stored and sent is the outbox's.
"""

from __future__ import annotations

from typing import Literal

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.live import Live, Notice
from bot.messages import Reply
from bot.metrics import Metrics
from bot.outbox import Outbox
from crm.conversations import open_conversation
from crm.errors import HeldByOther, NotFound, NotReachable
from crm.models import AuditEntry, Conversation, Customer, Identity, Message, utc_now
from crm.unit_of_work import Database

log = structlog.get_logger(__name__)

Purpose = Literal["service", "campaign"]
"""``service`` concerns what the customer bought or asked; a ``campaign`` does not, and one may opt out of those."""
WEB = "web"
"""Seen when they come back to the site: good enough for service, not for a campaign."""
LONGEST_KEY = 100


class Outreach:
    def __init__(self, database: Database, outbox: Outbox, live: Live, metrics: Metrics) -> None:
        self._database = database
        self._outbox = outbox
        self._live = live
        self._metrics = metrics

    def write(
        self,
        customer_id: int,
        reply: Reply,
        *,
        staff_id: int | None = None,
        purpose: Purpose = "service",
        key: str | None = None,
    ) -> str:
        """Writes to the customer in their open conversation there, or a new one; returns the conversation's id.

        With ``staff_id`` it is from that staff member, who answers from then on; else from the bot. A ``key`` (100
        characters at most) is used once for each customer: again, it changes nothing and gives the same conversation.
        Raises NotFound, NotReachable, FileRefused, and HeldByOther where another staff member answers there.
        """
        name = _name(key)
        with self._outbox.keeping(reply) as files, self._database.writing() as session:
            customer = session.get(Customer, customer_id, with_for_update=True)
            if customer is None:
                raise NotFound("no such customer")
            written = _written(session, customer_id, name)
            if written is not None:
                self._outbox.forget(files)
                return written
            identity = self._best(session, customer, purpose)
            conversation = open_conversation(session, identity, utc_now())
            if staff_id is not None:
                _take_over(session, conversation, staff_id)
            author: Literal["staff", "bot"] = "bot" if staff_id is None else "staff"
            message = self._outbox.add(
                session, conversation, reply, files=files, author=author, staff_id=staff_id, name=name
            )
            notice, channel = Notice(conversation.id, identity.id), conversation.channel
        log.info("written_first", message_id=message.id, channel=channel, purpose=purpose)
        self._live.publish(notice)
        self._outbox.dispatch(channel, [message])
        if author == "bot":
            self._metrics.messages.labels(channel, author).inc()
        return notice.conversation_id

    def way_to(self, customer_id: int, purpose: Purpose = "service") -> str | None:
        """The channel by which a message would reach the customer now; None when none would. Raises NotFound."""
        with self._database.reading() as session:
            customer = session.get(Customer, customer_id)
            if customer is None:
                raise NotFound("no such customer")
            try:
                return self._best(session, customer, purpose).channel
            except NotReachable:
                return None

    def _best(self, session: Session, customer: Customer, purpose: Purpose) -> Identity:
        """Where they prefer to be written to; else where it arrives by itself; and there, where they wrote last."""
        theirs = session.scalars(
            select(Identity).where(Identity.customer_id == customer.id, Identity.unreachable_at.is_(None))
        )
        open_to_us = [each for each in theirs if self._may_write(each, purpose)]
        if not open_to_us:
            raise NotReachable("nothing that is proven to be the customer's can be written to")
        return max(
            open_to_us,
            key=lambda each: (
                each.channel == customer.preferred_channel,
                each.channel != WEB,
                each.last_seen_at or each.created_at,
                each.id,
            ),
        )

    def _may_write(self, identity: Identity, purpose: Purpose) -> bool:
        if purpose == "campaign" and (identity.channel == WEB or identity.opted_out_at is not None):
            return False
        return identity.channel == WEB or self._outbox.can_start(identity.channel, identity.external_id)


def _name(key: str | None) -> str | None:
    if key is not None and not 0 < len(key) <= LONGEST_KEY:
        raise ValueError(f"a key has 1 to {LONGEST_KEY} characters")
    return None if key is None else f"outreach:{key}"


def _written(session: Session, customer_id: int, name: str | None) -> str | None:
    """The conversation in which this customer got the message of that name, on whatever channel they were then."""
    if name is None:
        return None
    return session.scalars(
        select(Message.conversation_id)
        .join(Identity, Identity.id == Message.identity_id)
        .where(Identity.customer_id == customer_id, Message.channel_message_id == name, Message.author != "customer")
    ).first()


def _take_over(session: Session, conversation: Conversation, staff_id: int) -> None:
    if conversation.mode == "staff" and conversation.staff_id != staff_id:
        raise HeldByOther("another staff member answers there")
    conversation.mode, conversation.staff_id = "staff", staff_id
    session.add(AuditEntry(staff_id=staff_id, action="start", target=conversation.id))
