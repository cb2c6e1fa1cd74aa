"""The life of a conversation: one open at a time, counted without gaps, closed once, rated within bounds."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from crm.conversations import add_message, close, current_conversation, next_seq, open_conversation, rate, words_of
from crm.errors import InvalidValue, NotFound
from crm.models import Attachment, Base, Customer, Identity, Message, utc_now
from crm.unit_of_work import Database

NOW = utc_now()


@pytest.fixture
def session() -> Iterator[Session]:
    database = Database("sqlite://")
    Base.metadata.create_all(database.engine)
    with database.writing() as session:
        yield session
    database.close()


@pytest.fixture
def identity(session: Session) -> Identity:
    identity = Identity(channel="web", external_id="v1", language="zh")
    session.add(identity)
    session.flush()
    return identity


def test_an_open_conversation_is_gone_on_with(session: Session, identity: Identity) -> None:
    first = open_conversation(session, identity, NOW)
    again = open_conversation(session, identity, NOW + timedelta(minutes=5))
    assert again.id == first.id
    assert again.last_at == NOW + timedelta(minutes=5)
    assert again.language == "zh"


def test_after_a_close_a_new_one_opens_and_the_count_goes_on(session: Session, identity: Identity) -> None:
    first = open_conversation(session, identity, NOW)
    assert add_message(session, first, author="customer", text="hi").seq == 1
    assert close(first, "goodbye", NOW)
    second = open_conversation(session, identity, NOW + timedelta(seconds=1))
    assert second.id != first.id
    assert current_conversation(session, identity.id) is second
    assert add_message(session, second, author="customer", text="hi again").seq == 2


def test_a_proven_customer_carries_over_to_every_conversation(session: Session, identity: Identity) -> None:
    customer = Customer(ref="C1", name="Ana")
    session.add(customer)
    session.flush()
    identity.customer_id = customer.id
    assert open_conversation(session, identity, NOW).customer_id == customer.id


def test_closing_twice_keeps_the_first_reason(session: Session, identity: Identity) -> None:
    conversation = open_conversation(session, identity, NOW)
    conversation.mode = "staff"
    assert close(conversation, "goodbye", NOW)
    assert not close(conversation, "silence", NOW + timedelta(hours=1))
    assert (conversation.close_reason, conversation.closed_at, conversation.mode) == ("goodbye", NOW, "bot")


def test_counting_an_unknown_thread_is_an_error(session: Session) -> None:
    with pytest.raises(NotFound):
        next_seq(session, 99)


@pytest.mark.parametrize("score", [0, 6, -1])
def test_a_rating_outside_the_scale_is_refused(session: Session, identity: Identity, score: int) -> None:
    conversation = open_conversation(session, identity, NOW)
    with pytest.raises(InvalidValue):
        rate(session, conversation.id, score, None)


def test_a_later_rating_replaces_the_earlier_and_keeps_its_comment(session: Session, identity: Identity) -> None:
    conversation = open_conversation(session, identity, NOW)
    rate(session, conversation.id, 2, " slow ")
    rating = rate(session, conversation.id, 4, None)
    assert (rating.score, rating.comment) == (4, "slow")


@pytest.mark.parametrize(
    ("text", "heard", "words"),
    [("hi", [], "hi"), ("a\nb", ["a", "b"], ""), ("hi\na\nb", ["a", "b"], "hi"), ("say a", ["a"], "say a")],
)
def test_what_was_written_is_told_from_what_was_heard(text: str, heard: list[str], words: str) -> None:
    notes = [Attachment(kind="audio", transcript=each) for each in heard]
    assert words_of(Message(text=text, attachments=[*notes, Attachment(kind="image")])) == words
