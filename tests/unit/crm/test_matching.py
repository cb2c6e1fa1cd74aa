"""Who a visitor is: matched by order number and contact, a few tries only, nothing given away."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from crm.demo import seed_demo_shop
from crm.errors import MatchFailed, MatchLocked
from crm.matching import LOCK, MAX_FAILED_MATCHES, MAX_FAILURES_OF_SUBJECT, known_customer, match_customer
from crm.models import Base, Conversation, Customer, Identity
from crm.unit_of_work import Database

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
MIA = "mia.turner@example.com"


@pytest.fixture
def session() -> Iterator[Session]:
    database = Database("sqlite://")
    Base.metadata.create_all(database.engine)
    with database.writing() as session:
        seed_demo_shop(session, NOW)
        yield session
    database.close()


@pytest.fixture
def conversation(session: Session) -> Conversation:
    return begin(session, Identity(channel="web", external_id="v1"))


def begin(session: Session, identity: Identity) -> Conversation:
    session.add(identity)
    session.flush()
    conversation = Conversation(identity_id=identity.id, channel="web")
    session.add(conversation)
    session.flush()
    return conversation


def fail(session: Session, conversation: Conversation, times: int, now: datetime = NOW) -> None:
    for _ in range(times):
        with pytest.raises(MatchFailed):
            match_customer(session, conversation, "A1024", "wrong@example.com", now)


@pytest.mark.parametrize("contact", [MIA, " Mia.Turner@Example.com ", "+447700900123", "07700 900123"])
def test_mail_or_phone_matches(session: Session, conversation: Conversation, contact: str) -> None:
    assert match_customer(session, conversation, "A1024", contact, NOW).ref == "C-1001"
    known = known_customer(session, conversation)
    assert known is not None
    assert known.ref == "C-1001"
    assert conversation.identity.customer_id is None  # what a conversation proves does not outlive it


@pytest.mark.parametrize(
    ("number", "contact"),
    [("A1024", "daniel.reyes@example.com"), ("A9999", MIA), ("A1024", ""), ("A1024", "900123"), ("", MIA)],
)
def test_what_does_not_belong_together(session: Session, conversation: Conversation, number: str, contact: str) -> None:
    with pytest.raises(MatchFailed):
        match_customer(session, conversation, number, contact, NOW)
    assert known_customer(session, conversation) is None


def test_the_refusal_is_the_same_for_a_real_and_an_invented_order(session: Session, conversation: Conversation) -> None:
    messages = []
    for number in ("A1024", "A9999"):
        with pytest.raises(MatchFailed) as refused:
            match_customer(session, conversation, number, "wrong@example.com", NOW)
        messages.append(str(refused.value))
    assert messages[0] == messages[1]


def test_the_last_allowed_failure_locks_even_the_right_pair(session: Session, conversation: Conversation) -> None:
    fail(session, conversation, MAX_FAILED_MATCHES - 1)
    with pytest.raises(MatchLocked) as locked:
        match_customer(session, conversation, "A1024", "wrong@example.com", NOW)
    assert locked.value.retry_after_s == LOCK.total_seconds()
    later = NOW + timedelta(minutes=10)
    with pytest.raises(MatchLocked) as still:
        match_customer(session, conversation, "A1024", MIA, later)
    assert still.value.retry_after_s == 300
    assert match_customer(session, conversation, "A1024", MIA, NOW + LOCK).ref == "C-1001"


def test_a_locked_try_does_not_lengthen_the_lock(session: Session, conversation: Conversation) -> None:
    fail(session, conversation, MAX_FAILED_MATCHES - 1)
    for minutes in (0, 5, 14):
        with pytest.raises(MatchLocked):
            match_customer(session, conversation, "A1024", "x@example.com", NOW + timedelta(minutes=minutes))
    assert match_customer(session, conversation, "A1024", MIA, NOW + LOCK).ref == "C-1001"


def test_the_lock_holds_for_the_person_not_the_conversation(session: Session, conversation: Conversation) -> None:
    fail(session, conversation, MAX_FAILED_MATCHES - 1)
    with pytest.raises(MatchLocked):
        match_customer(session, conversation, "A1024", "wrong@example.com", NOW)
    second = Conversation(identity_id=conversation.identity_id, channel="web")
    session.add(second)
    session.flush()
    with pytest.raises(MatchLocked):
        match_customer(session, second, "A1024", MIA, NOW)
    stranger = begin(session, Identity(channel="web", external_id="v2"))
    assert match_customer(session, stranger, "A1024", MIA, NOW).ref == "C-1001"


def test_old_failures_are_forgotten(session: Session, conversation: Conversation) -> None:
    fail(session, conversation, MAX_FAILED_MATCHES - 1)
    fail(session, conversation, 1, NOW + LOCK)
    assert conversation.identity.failed_matches == 1


def test_a_signed_identity_is_known_at_once(session: Session) -> None:
    customer = session.execute(select(Customer).where(Customer.ref == "C-2001")).scalar_one()
    conversation = begin(session, Identity(channel="web", external_id="v3", customer_id=customer.id))
    assert known_customer(session, conversation) is customer


def test_a_success_in_between_does_not_start_the_count_anew(session: Session, conversation: Conversation) -> None:
    fail(session, conversation, MAX_FAILED_MATCHES - 1)
    match_customer(session, conversation, "A1024", MIA, NOW)
    with pytest.raises(MatchLocked):
        match_customer(session, conversation, "A2001", "wrong@example.com", NOW)


def test_many_visitors_do_not_get_more_guesses_at_one_order(session: Session) -> None:
    for number in range(MAX_FAILURES_OF_SUBJECT):
        guesser = begin(session, Identity(channel="web", external_id=f"guesser-{number}"))
        with pytest.raises(MatchFailed):
            match_customer(session, guesser, "A1024", f"guess{number}@example.com", NOW)
    late = begin(session, Identity(channel="web", external_id="late"))
    with pytest.raises(MatchLocked) as refused:
        match_customer(session, late, "A1024", MIA, NOW)
    assert 0 < refused.value.retry_after_s <= LOCK.total_seconds()
    assert match_customer(session, late, "A1024", MIA, NOW + LOCK).ref == "C-1001"


def test_many_visitors_do_not_get_more_guesses_with_one_contact_nor_learn_what_exists(session: Session) -> None:
    for number in range(MAX_FAILURES_OF_SUBJECT):
        guesser = begin(session, Identity(channel="web", external_id=f"guesser-{number}"))
        with pytest.raises(MatchFailed):
            match_customer(session, guesser, f"A900{number}", MIA, NOW)
    for number in ("A1024", "A9999"):
        late = begin(session, Identity(channel="web", external_id=f"late-{number}"))
        with pytest.raises(MatchLocked):
            match_customer(session, late, number, MIA.upper(), NOW)
