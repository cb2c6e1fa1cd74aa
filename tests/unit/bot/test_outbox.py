"""What the outbox queues and when, what it gives up, and the files that come with a message."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from bot.channels.base import DeliveryDelayed
from bot.errors import ChannelError
from bot.messages import InboundMedia, Reply
from crm.conversations import open_conversation
from crm.errors import FileRefused, HeldByOther
from crm.models import Identity, Message, OutboxRow, utc_now
from tests.pigeons import Loft, Pigeon, a_loft, a_photo, files_in

STORM = ChannelError("storm")


@pytest.fixture
def pigeon() -> Pigeon:
    return Pigeon()


@pytest.fixture
def loft(pigeon: Pigeon) -> Iterator[Loft]:
    """Two people, 1 and 2, whom pigeons reach, and one on the web, 3."""
    with a_loft({"pigeon": pigeon}, attempts=9) as loft:
        with loft.database.writing() as session:
            for id_, channel in enumerate(("pigeon", "pigeon", "web"), start=1):
                session.add(Identity(id=id_, channel=channel, external_id=str(id_)))
        yield loft


def write(loft: Loft, identity_id: int, reply: Reply, name: str | None = None) -> str:
    with loft.database.writing() as session:
        conversation = open_conversation(session, session.get_one(Identity, identity_id), utc_now())
        return loft.outbox.add(session, conversation, reply, name=name).id


def row_of(loft: Loft, message_id: str) -> OutboxRow:
    with loft.database.reading() as session:
        return session.scalars(select(OutboxRow).where(OutboxRow.message_id == message_id)).one()


def age(loft: Loft, message_id: str, by: timedelta) -> None:
    with loft.database.writing() as session:
        row = session.scalars(select(OutboxRow).where(OutboxRow.message_id == message_id)).one()
        row.created_at = utc_now() - by


def test_on_a_channel_that_is_fetched_from_a_stored_message_is_a_sent_one(loft: Loft) -> None:
    row = row_of(loft, write(loft, 3, Reply("hello")))
    assert (row.state, row.attempts, row.sent_at is not None) == ("sent", 0, True)
    loft.outbox.requeue()
    assert loft.queued == []


def test_only_the_first_that_waits_of_each_thread_is_queued_again(loft: Loft) -> None:
    first = write(loft, 1, Reply("one"))
    write(loft, 1, Reply("two"))
    other = write(loft, 2, Reply("else"))
    loft.outbox.requeue()
    assert [(each.message_id, each.identity_id, each.again) for each in loft.queued] == [(first, 1, ""), (other, 2, "")]
    loft.queued.clear()
    loft.outbox.requeue(at_start=True)
    assert [each.message_id for each in loft.queued] == [first, other]
    assert all(each.again for each in loft.queued)


def test_what_waits_for_long_is_queued_under_another_name(loft: Loft) -> None:
    message_id = write(loft, 1, Reply("one"))
    age(loft, message_id, timedelta(minutes=59))
    loft.outbox.requeue()
    age(loft, message_id, timedelta(minutes=61))
    loft.outbox.requeue()
    early, late = loft.queued
    assert early.again == "" != late.again


def test_pauses_grow_and_end(loft: Loft, pigeon: Pigeon) -> None:
    pigeon.weather[:] = [STORM] * 9
    message_id = write(loft, 1, Reply("one"))
    pauses = []
    loft.outbox.deliver(message_id)
    while loft.queued:
        pauses.append(loft.queued[0].delay_s)
        loft.outbox.deliver(loft.queued.pop().message_id)
    assert pauses == [0.5, 1.5, 4.5, 13.5, 40.5, 121.5, 364.5, 600]
    assert (row_of(loft, message_id).state, row_of(loft, message_id).attempts) == ("dead", 9)


def test_a_delay_is_passed_on_as_it_was_asked_for(loft: Loft, pigeon: Pigeon) -> None:
    pigeon.weather[:] = [DeliveryDelayed(37), DeliveryDelayed(0)]
    message_id = write(loft, 1, Reply("one"))
    loft.outbox.deliver(message_id)
    loft.outbox.deliver(message_id)
    assert [each.delay_s for each in loft.queued] == [37, 0.5]
    assert len({each.again for each in loft.queued}) == 2
    assert loft.delivered("pigeon", "delayed") == 2


def test_a_wait_counts_from_when_the_message_was_stored(loft: Loft, pigeon: Pigeon) -> None:
    message_id = write(loft, 1, Reply("one"))
    age(loft, message_id, timedelta(hours=23, minutes=59))
    pigeon.weather[:] = [DeliveryDelayed(30), DeliveryDelayed(120)]
    loft.outbox.deliver(message_id)
    assert row_of(loft, message_id).state == "pending"
    loft.outbox.deliver(message_id)
    assert (row_of(loft, message_id).state, row_of(loft, message_id).error_code) == ("dead", "too_late")


def test_a_message_that_ends_the_program_whenever_it_is_sent_is_given_up(loft: Loft, pigeon: Pigeon) -> None:
    pigeon.weather[:] = [SystemExit()] * 20
    message_id = write(loft, 1, Reply("poison"))
    for _ in range(10):
        with pytest.raises(SystemExit):
            loft.outbox.deliver(message_id)
    loft.outbox.deliver(message_id)
    assert (row_of(loft, message_id).state, row_of(loft, message_id).error_code) == ("dead", "attempts_exhausted")
    assert len(pigeon.tried) == 10


def test_a_later_message_does_not_overtake_and_is_taken_along(loft: Loft, pigeon: Pigeon) -> None:
    first, second = write(loft, 1, Reply("one")), write(loft, 1, Reply("two"))
    loft.outbox.deliver(second)
    assert pigeon.sent == []
    loft.outbox.deliver(first)
    assert pigeon.sent == ["one", "two"]


def test_what_is_no_longer_there_is_no_trouble(loft: Loft) -> None:
    loft.outbox.deliver("erased")
    loft.outbox.bury("erased", "internal")
    assert loft.queued == []


def test_files_of_a_reply_are_kept_with_it(loft: Loft, pigeon: Pigeon) -> None:
    message_id = write(loft, 1, Reply("look", media=(InboundMedia(a_photo(), "../../etc/passwd"),)))
    loft.outbox.deliver(message_id)
    (file,) = pigeon.tried[0].files
    assert (file.kind, file.filename) == ("image", "photo.jpg")
    with pytest.raises(FileRefused):
        write(loft, 1, Reply("look", media=(InboundMedia(b"#!/bin/sh"),)))
    assert files_in(loft) == 1


def test_files_are_forgotten_when_there_is_no_message_after_all(loft: Loft) -> None:
    reply = Reply("look", media=(InboundMedia(a_photo()),))

    def fail() -> None:
        with loft.outbox.keeping(reply) as files:
            assert files_in(loft) == len(files) == 1
            raise HeldByOther

    with pytest.raises(HeldByOther):
        fail()
    assert files_in(loft) == 0


def test_a_name_goes_to_an_identity_once(loft: Loft) -> None:
    write(loft, 1, Reply("one"), name="spring")
    with pytest.raises(IntegrityError):
        write(loft, 1, Reply("one"), name="spring")
    write(loft, 2, Reply("one"), name="spring")
    with loft.database.reading() as session:
        assert len(session.scalars(select(Message)).all()) == 2
