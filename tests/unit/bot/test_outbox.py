"""What the outbox stores, and the files that come with a message."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from bot.messages import InboundMedia, Reply
from crm.errors import FileRefused, HeldByOther
from crm.models import Message
from tests.pigeons import Loft, Pigeon, a_peopled_loft, a_photo, files_in


@pytest.fixture
def pigeon() -> Pigeon:
    return Pigeon()


@pytest.fixture
def loft(pigeon: Pigeon) -> Iterator[Loft]:
    with a_peopled_loft(pigeon, attempts=9) as loft:
        yield loft


def test_on_a_channel_that_is_fetched_from_a_stored_message_is_a_sent_one(loft: Loft) -> None:
    row = loft.row_of(loft.write(3, Reply("hello")))
    assert (row.state, row.attempts, row.sent_at is not None) == ("sent", 0, True)
    loft.delivering.requeue()
    assert loft.queued == []


def test_files_of_a_reply_are_kept_with_it(loft: Loft, pigeon: Pigeon) -> None:
    message_id = loft.write(1, Reply("look", media=(InboundMedia(a_photo(), "../../etc/passwd"),)))
    loft.delivering.deliver(message_id)
    (file,) = pigeon.tried[0].files
    assert (file.kind, file.filename) == ("image", "photo.jpg")
    with pytest.raises(FileRefused):
        loft.write(1, Reply("look", media=(InboundMedia(b"#!/bin/sh"),)))
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
    loft.write(1, Reply("one"), name="spring")
    with pytest.raises(IntegrityError):
        loft.write(1, Reply("one"), name="spring")
    loft.write(2, Reply("one"), name="spring")
    with loft.database.reading() as session:
        assert len(session.scalars(select(Message)).all()) == 2
