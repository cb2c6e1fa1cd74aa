"""Who writes first: the place where a customer is reached best, once for a key, and never where it is unwanted."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.handover import Handover
from bot.messages import InboundMedia, Reply
from crm.conversations import close, open_conversation
from crm.errors import FileRefused, HeldByOther, InvalidValue, NotFound, NotReachable
from crm.models import AuditEntry, Conversation, Customer, Identity, Message, OutboxRow, Staff, utc_now
from tests.pigeons import Loft, Owl, Pigeon, a_loft, a_photo, a_voice_note, files_in

HELLO = Reply("Your parcel has arrived.")


@pytest.fixture
def loft() -> Iterator[Loft]:
    """A shop with one customer, 1, and two staff members, 1 and 2; it is reached by pigeon and by owl."""
    with a_loft({"pigeon": Pigeon(), "owl": Owl()}) as loft:
        with loft.database.writing() as session:
            session.add(Customer(id=1, ref="C-1", name="Mei"))
            session.add_all(Staff(id=id_, email=f"{id_}@example.com", name="Ana", password_hash="-") for id_ in (1, 2))
        yield loft


def settle(loft: Loft, channel: str, **columns: Any) -> int:
    """Gives the customer an identity on a channel."""
    with loft.database.writing() as session:
        values = {"external_id": channel, "customer_id": 1, **columns}
        identity = Identity(channel=channel, **values)
        session.add(identity)
        session.flush()
        return identity.id


def prefer(loft: Loft, channel: str) -> None:
    with loft.database.writing() as session:
        session.get_one(Customer, 1).preferred_channel = channel


def reached(loft: Loft, **how: Any) -> str:
    """The channel on which the customer is written to."""
    conversation_id = loft.outreach.write(1, HELLO, **how)
    with loft.database.reading() as session:
        return session.get_one(Conversation, conversation_id).channel


def hours_ago(hours: int) -> dict[str, Any]:
    return {"last_seen_at": utc_now() - timedelta(hours=hours)}


def test_the_preferred_channel_is_taken_though_another_was_used_later(loft: Loft) -> None:
    settle(loft, "pigeon", **hours_ago(9))
    settle(loft, "owl", **hours_ago(1))
    prefer(loft, "pigeon")
    assert loft.outreach.way_to(1) == reached(loft) == "pigeon"


def test_a_preferred_channel_that_does_not_reach_them_is_passed_over(loft: Loft) -> None:
    settle(loft, "pigeon", unreachable_at=utc_now(), **hours_ago(1))
    settle(loft, "owl", **hours_ago(9))
    prefer(loft, "pigeon")
    assert reached(loft) == "owl"


def test_without_a_preference_it_is_where_they_wrote_last_and_the_web_comes_last(loft: Loft) -> None:
    settle(loft, "pigeon", **hours_ago(9))
    settle(loft, "owl", **hours_ago(2))
    settle(loft, "web", **hours_ago(1))
    assert reached(loft) == "owl"


def test_the_web_serves_for_service_and_never_for_a_campaign(loft: Loft) -> None:
    settle(loft, "web")
    assert reached(loft) == "web"
    assert loft.outreach.way_to(1, "campaign") is None
    with pytest.raises(NotReachable):
        loft.outreach.write(1, HELLO, purpose="campaign")


def test_a_campaign_passes_over_who_opted_out_and_service_does_not(loft: Loft) -> None:
    settle(loft, "pigeon", opted_out_at=utc_now(), **hours_ago(1))
    assert reached(loft) == "pigeon"
    with pytest.raises(NotReachable):
        loft.outreach.write(1, HELLO, purpose="campaign")
    settle(loft, "owl", **hours_ago(9))
    assert reached(loft, purpose="campaign") == "owl"


@pytest.mark.parametrize(
    ("channel", "columns"),
    [
        ("pigeon", {"unreachable_at": utc_now()}),
        ("pigeon", {"customer_id": None}),
        ("owl", {"external_id": "thread-7"}),
        ("raven", {}),
    ],
    ids=["shut out", "not proven", "a thread of others", "a channel that is off"],
)
def test_nobody_is_written_to_where_it_cannot_be(loft: Loft, channel: str, columns: dict[str, Any]) -> None:
    settle(loft, channel, **columns)
    assert loft.outreach.way_to(1) is None
    with pytest.raises(NotReachable):
        loft.outreach.write(1, HELLO)
    with loft.database.reading() as session:
        assert session.scalars(select(Message)).all() == []


def test_a_customer_that_is_none_is_not_found(loft: Loft) -> None:
    with pytest.raises(NotFound):
        loft.outreach.write(2, HELLO)
    with pytest.raises(NotFound):
        loft.outreach.way_to(2)


def test_a_key_is_used_once_though_the_customer_is_reached_elsewhere_by_then(loft: Loft) -> None:
    settle(loft, "pigeon", **hours_ago(1))
    photo = Reply("Look!", media=(InboundMedia(a_photo()),))
    first = loft.outreach.write(1, photo, purpose="campaign", key="spring")
    settle(loft, "owl")
    prefer(loft, "owl")
    stored = files_in(loft)
    assert loft.outreach.write(1, photo, purpose="campaign", key="spring") == first
    assert files_in(loft) == stored
    assert loft.outreach.write(1, HELLO, purpose="campaign", key="summer") != first
    with loft.database.reading() as session:
        assert len(session.scalars(select(OutboxRow)).all()) == 2
    with pytest.raises(ValueError, match="key"):
        loft.outreach.write(1, HELLO, key="x" * 101)


def test_an_open_conversation_goes_on_and_an_ended_one_does_not(loft: Loft) -> None:
    identity_id = settle(loft, "pigeon")
    with loft.database.writing() as session:
        earlier = open_conversation(session, session.get_one(Identity, identity_id), utc_now())
    assert loft.outreach.write(1, HELLO) == earlier.id
    with loft.database.writing() as session:
        close(session.get_one(Conversation, earlier.id), "silence", utc_now())
    assert loft.outreach.write(1, HELLO) != earlier.id


def test_what_is_written_first_is_sent(loft: Loft) -> None:
    settle(loft, "pigeon")
    loft.outreach.write(1, HELLO)
    loft.deliver_all()
    with loft.database.reading() as session:
        row = session.scalars(select(OutboxRow)).one()
    assert (row.state, row.channel) == ("sent", "pigeon")
    assert loft.metrics.messages.labels("pigeon", "bot")._value.get() == 1


def desk_of(loft: Loft) -> Handover:
    return Handover(loft.database, loft.outbox, loft.outreach, loft.live, None)  # type: ignore[arg-type]


async def test_staff_who_write_first_answer_from_then_on_and_it_is_in_the_audit(loft: Loft) -> None:
    settle(loft, "pigeon")
    desk = desk_of(loft)
    assert await desk.way_to(1) == "pigeon"
    conversation_id = await desk.start(1, 1, "  Hello, this is Ana.\x00 ", [a_photo()])
    with loft.database.reading() as session:
        conversation = session.get_one(Conversation, conversation_id)
        assert (conversation.mode, conversation.staff_id, conversation.customer_id) == ("staff", 1, 1)
        (message,) = conversation.messages
        assert (message.author, message.staff_id, message.text) == ("staff", 1, "Hello, this is Ana.")
        assert [each.kind for each in message.attachments] == ["image"]
        entry = session.scalars(select(AuditEntry)).one()
        assert (entry.staff_id, entry.action, entry.target) == (1, "start", conversation_id)


async def test_staff_do_not_write_into_what_another_answers(loft: Loft) -> None:
    settle(loft, "pigeon")
    desk = desk_of(loft)
    conversation_id = await desk.start(1, 1, "Hello")
    with pytest.raises(HeldByOther):
        await desk.start(1, 2, "Hello, too")
    assert await desk.start(1, 1, "One more thing") == conversation_id


async def test_staff_send_a_voice_note_without_words_and_no_file_of_another_kind(loft: Loft) -> None:
    settle(loft, "pigeon")
    desk = desk_of(loft)
    conversation_id = await desk.start(1, 1, "Hello")
    stored = files_in(loft)
    await desk.reply(conversation_id, 1, "", [a_voice_note()])
    assert files_in(loft) == stored + 1
    with pytest.raises(FileRefused) as refused:
        await desk.reply(conversation_id, 1, "see", [a_photo(), b"%PDF-1.7 of whatever kind"])
    assert refused.value.code == "unsupported_media"
    with pytest.raises(HeldByOther):
        await desk.reply(conversation_id, 2, "", [a_photo()])
    with pytest.raises(InvalidValue):
        await desk.reply(conversation_id, 1, " \x00 ")
    assert files_in(loft) == stored + 1
    with loft.database.reading() as session:
        note = session.get_one(Conversation, conversation_id).messages[-1]
        assert (note.text, [each.kind for each in note.attachments]) == ("", ["audio"])


async def test_two_who_write_first_at_once_do_not_share_a_conversation(loft: Loft) -> None:
    settle(loft, "pigeon")
    desk = desk_of(loft)
    ends = await asyncio.gather(*(desk.start(1, staff, "Hello") for staff in (1, 2)), return_exceptions=True)
    assert sorted(type(each).__name__ for each in ends) == ["HeldByOther", "str"]
