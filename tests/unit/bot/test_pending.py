"""Which messages wait for an answer together, and what is read of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from bot.pending import Pending, mark, next_pending, order_number_seen, payload_of_media, remarks_instead
from crm.models import Attachment, Message
from crm.unit_of_work import Database
from tests.unit.bot.chat import Chat, records


@pytest.fixture(scope="module")
def database() -> Iterator[Database]:
    with records() as empty:
        yield empty


@pytest.fixture
def talk(database: Database) -> Chat:
    return Chat(database)


def waiting(talk: Chat, message_id: str) -> Pending | None:
    with talk.database.reading() as session:
        return next_pending(session, message_id, lambda channel: timedelta(seconds=1))


def photo(number: str, **more: object) -> Attachment:
    fields = [{"name": "total", "value": "9"}, {"name": "order_number", "value": number}]
    return Attachment(kind="image", facts={"fields": fields}, **more)


def test_a_burst_is_read_as_one_and_marked_as_one(talk: Chat) -> None:
    first, last = talk.says("where is", 0), talk.says("my order", 0.5)
    assert waiting(talk, first) is None  # it is left to the burst's last
    pending = waiting(talk, last)
    assert pending is not None
    assert (pending.message_id, pending.earlier, pending.turns) == (last, (first,), 1)
    assert pending.text.split() == ["where", "is", "my", "order"]
    with talk.database.writing() as session:
        mark(session, pending, session.get_one(Message, last), "answered")
    assert talk.states() == ["answered", "answered"]
    assert talk.message(first).burst_id == last
    assert waiting(talk, last) is None


def test_what_waits_before_comes_first(talk: Chat) -> None:
    early, late = talk.says("hello", 0), talk.says("anybody there", 5)
    pending = waiting(talk, late)
    assert pending is not None
    assert pending.message_id == early


def test_what_is_no_words_is_remarked_on_instead(talk: Chat) -> None:
    pending = waiting(talk, talk.says("", kind="sticker"))
    assert pending is not None
    assert (pending.only_kinds, pending.kinds) == (True, (("sticker", None),))
    assert len(remarks_instead(pending)) == 1


def test_a_photo_alone_says_what_was_sent_and_the_first_number_on_it(talk: Chat) -> None:
    file = {"kind": "image", "key": "k", "facts": {"fields": [{"name": "order_number", "value": "A1024"}]}}
    alone = waiting(talk, talk.says("", files=(file,)))
    assert alone is not None
    assert payload_of_media(alone) == '/send_photo{"order_number": "A1024"}'
    assert not alone.unperceived
    assert order_number_seen([Attachment(kind="audio"), photo("A1011"), photo("A1024")]) == "A1011"
    assert order_number_seen([Attachment(kind="image")]) is None
