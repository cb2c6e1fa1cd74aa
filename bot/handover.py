"""Staff in a conversation: taking over, answering, handing back, ending. What staff do is in the audit.

The methods are coroutines for the console's sake; the database work runs in a thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from bot.closing import Closing
from bot.inbox import clean_text
from bot.live import Live, Notice
from bot.messages import InboundMedia, Reply
from bot.outbox import Outbox
from bot.outreach import Outreach
from crm.errors import AlreadyClosed, HeldByOther, InvalidValue, NotFound
from crm.models import AuditEntry, Conversation, ConversationMode, utc_now
from crm.unit_of_work import Database


class Handover:
    """What the console's desk can do. Raises NotFound, AlreadyClosed and HeldByOther."""

    def __init__(self, database: Database, outbox: Outbox, outreach: Outreach, live: Live, closing: Closing) -> None:
        self._database = database
        self._outbox = outbox
        self._outreach = outreach
        self._live = live
        self._closing = closing

    async def take_over(self, conversation_id: str, staff_id: int) -> None:
        """The bot is silent from now on and this person answers, whoever answered before."""
        await asyncio.to_thread(self._switch, conversation_id, staff_id, "staff", "take_over")

    async def hand_back(self, conversation_id: str, staff_id: int) -> None:
        """The bot answers again."""
        await asyncio.to_thread(self._switch, conversation_id, staff_id, "bot", "hand_back")

    async def reply(self, conversation_id: str, staff_id: int, text: str, media: Sequence[bytes] = ()) -> None:
        """Sends words, photos and voice notes to the customer.

        Raises InvalidValue when there is nothing, FileRefused for a file that cannot be taken.
        """
        await asyncio.to_thread(self._reply, conversation_id, staff_id, _reply_of(text, media))

    async def way_to(self, customer_id: int) -> str | None:
        """The channel by which a message would reach the customer now; None when none would."""
        return await asyncio.to_thread(self._outreach.way_to, customer_id)

    async def start(self, customer_id: int, staff_id: int, text: str, media: Sequence[bytes] = ()) -> str:
        """Writes to the customer first, and this person answers from then on; the conversation's id.

        Raises what ``reply`` does, and NotReachable when nothing of the customer's can be written to.
        """
        return await asyncio.to_thread(
            self._outreach.write, customer_id, _reply_of(text, media), staff_id=staff_id, purpose="service"
        )

    async def close(self, conversation_id: str, staff_id: int) -> None:
        """Ends the conversation."""
        await asyncio.to_thread(self._close, conversation_id, staff_id)

    def _reply(self, conversation_id: str, staff_id: int, reply: Reply) -> None:
        with self._outbox.keeping(reply) as files, self._database.writing() as session:
            conversation = _open(session.get(Conversation, conversation_id))
            if conversation.mode != "staff" or conversation.staff_id != staff_id:
                raise HeldByOther("take the conversation over first")
            conversation.last_at = utc_now()
            message = self._outbox.add(session, conversation, reply, files=files, author="staff", staff_id=staff_id)
            session.add(AuditEntry(staff_id=staff_id, action="reply", target=conversation_id))
            notice, channel = Notice(conversation_id, conversation.identity_id), conversation.channel
        self._live.publish(notice)
        self._outbox.dispatch(channel, [message])

    def _close(self, conversation_id: str, staff_id: int) -> None:
        with self._database.writing() as session:
            _open(session.get(Conversation, conversation_id))
            session.add(AuditEntry(staff_id=staff_id, action="close", target=conversation_id))
        self._closing.close(conversation_id, "staff")

    def _switch(self, conversation_id: str, staff_id: int, mode: ConversationMode, action: str) -> None:
        with self._database.writing() as session:
            conversation = _open(session.get(Conversation, conversation_id))
            conversation.mode = mode
            conversation.staff_id = staff_id if mode == "staff" else None
            session.add(AuditEntry(staff_id=staff_id, action=action, target=conversation_id))
            notice = Notice(conversation_id, conversation.identity_id)
        self._live.publish(notice)


def _reply_of(text: str, media: Sequence[bytes]) -> Reply:
    words = clean_text(text).strip()
    if not words and not media:
        raise InvalidValue("text", "The message is empty.")
    return Reply(words, media=tuple(InboundMedia(each) for each in media))


def _open(conversation: Conversation | None) -> Conversation:
    if conversation is None:
        raise NotFound("no such conversation")
    if conversation.closed_at is not None:
        raise AlreadyClosed("the conversation has ended")
    return conversation
