"""What a phone, an e-mail and an address may be, and changing one with a trace."""

from collections.abc import Iterator

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from crm.contacts import (
    change_contact,
    home_region,
    normalise_address,
    normalise_email,
    normalise_phone,
    same_email,
    same_phone,
)
from crm.conversations import add_message
from crm.errors import InvalidValue, NotFound
from crm.models import Base, ContactChange, Conversation, Customer, Identity, Message
from crm.unit_of_work import Database


@pytest.fixture
def session() -> Iterator[Session]:
    database = Database("sqlite://")
    Base.metadata.create_all(database.engine)
    with database.writing() as session:
        yield session
    database.close()


@pytest.fixture
def customer(session: Session) -> Customer:
    customer = Customer(ref="C1", name="Ana", phone="+447700900123", email="ana@example.com")
    session.add(customer)
    session.flush()
    return customer


@pytest.fixture
def message(session: Session) -> Message:
    identity = Identity(channel="web", external_id="v1")
    session.add(identity)
    session.flush()
    conversation = Conversation(identity_id=identity.id, channel="web")
    session.add(conversation)
    session.flush()
    return add_message(session, conversation, author="customer", text="yes")


@pytest.mark.parametrize(
    ("written", "region", "stored"),
    [
        ("+44 7700 900123", None, "+447700900123"),
        ("07700 900123", "GB", "+447700900123"),
        ("(202) 555-0143", "US", "+12025550143"),
        ("138 0000 0001", "CN", "+8613800000001"),
        ("＋86 138-0000-0001", None, "+8613800000001"),
    ],
)
def test_phones_are_stored_alike(written: str, region: str | None, stored: str) -> None:
    assert normalise_phone(written, region) == stored


@pytest.mark.parametrize("written", ["", "12345", "07700 900123", "+44 7700", "call me", "+1 202 555 0143 9999 8888"])
def test_what_is_no_phone(written: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        normalise_phone(written)
    assert refused.value.field == "phone"


def test_mails() -> None:
    assert normalise_email(" Ana@Example.COM ") == "Ana@example.com"
    for written in ("", "ana", "ana@", "@example.com", "a b@example.com", "ana@example", "ana@@example.com"):
        with pytest.raises(InvalidValue):
            normalise_email(written)


def test_addresses() -> None:
    assert normalise_address(" 1 High\nStreet,\tBristol\u0000 ") == "1 High Street, Bristol"
    assert normalise_address("上海市樱花路100号") == "上海市樱花路100号"
    for written in (
        "",
        "here",
        "12345678",
        "x" * 301,
        "see https://example.com",
        "ana@example.com",
        "\u200b\u200b\u200b\u200b\u200b\u200b",
    ):
        with pytest.raises(InvalidValue):
            normalise_address(written)


def test_where_a_bare_number_is_meant() -> None:
    assert home_region(Customer(phone="+12025550143", language="zh")) == "US"
    assert home_region(Customer(phone=None, language="zh")) == "CN"
    assert home_region(Customer(phone="broken", language="en")) is None


def test_comparing_with_what_is_on_file() -> None:
    assert same_email(" ANA@example.com", "ana@example.com")
    assert not same_email("ana@example.com", None)
    assert same_phone("07700900123", "+447700900123")
    assert not same_phone("900123", "+447700900123")
    assert not same_phone("+447700900123", None)
    assert not same_phone("+447700900123", "broken")


def test_a_change_keeps_the_old_value_and_happens_once(session: Session, customer: Customer, message: Message) -> None:
    first = change_contact(session, customer.id, "phone", "07700 900999", message.id)
    assert (first.old, first.new) == ("+447700900123", "+447700900999")
    assert change_contact(session, customer.id, "phone", "07700 900111", message.id) is first
    assert customer.phone == "+447700900999"
    assert len(session.scalars(select(ContactChange)).all()) == 1


def test_nothing_is_written_of_what_cannot_be(session: Session, customer: Customer, message: Message) -> None:
    with pytest.raises(InvalidValue):
        change_contact(session, customer.id, "email", "nonsense", message.id)
    with pytest.raises(NotFound):
        change_contact(session, 999, "email", "ana@example.org", message.id)
    assert customer.email == "ana@example.com"
    assert session.scalars(select(ContactChange)).all() == []
