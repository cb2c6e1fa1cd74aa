"""What the shop says reaches the customer's app once, whole and in order, or staff see that it did not."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest
from sqlalchemy import select

from bot.messages import Button, InboundMedia, Reply
from crm.linking import link
from crm.models import Conversation, Identity, OutboxRow, Staff, utc_now
from crm.models import Customer as Owner
from tests.contract.channels.driver import VOICE, Customer, Driver, Shown, photo
from tests.serving import wait_until

SETTINGS = {"burst_window_s": 0, "delivery_attempts": 3}
A_MOMENT_S = 0.4


def answer_with(driver: Driver, *replies: Reply) -> None:
    """What the bot answers from now on in this test."""

    def answer(text: str, metadata: dict[str, Any]) -> list[Reply]:
        return list(replies)

    driver.server.dialogue.answer = answer


def send(driver: Driver, customer: Customer, *replies: Reply) -> list[OutboxRow]:
    """The shop writes in the customer's conversation; the rows, once each is sent or dead."""
    site = driver.server.site
    with site.database.writing() as session:
        conversation = session.get_one(Conversation, customer.conversation().id)
        stored = [site.outbox.add(session, conversation, reply) for reply in replies]
    site.outbox.dispatch(driver.channel, stored)
    ids = [message.id for message in stored]

    def ended() -> list[OutboxRow] | None:
        rows = [row for row in customer.outbox() if row.message_id in ids]
        return rows if len(rows) == len(ids) and all(row.state != "pending" for row in rows) else None

    return list(wait_until(ended, timeout_s=40))


@pytest.fixture
def customer(driver: Driver) -> Customer:
    """One who is known to the shop."""
    customer = driver.customer()
    customer.send_text("hello")
    customer.wait_for(1)
    customer.settled()
    return customer


def test_a_long_text_arrives_whole_and_in_order(driver: Driver, customer: Customer) -> None:
    sentences = [f"This is sentence number {number} of a long answer, 它也有中文。" for number in range(260)]
    text = "".join(sentences)
    (row,) = send(driver, customer, Reply(text, (Button("Yes", "/affirm"), Button("No", "/deny"))))
    assert row.state == "sent"
    parts = customer.seen()[1:]
    assert "".join("".join(each.text.split()) for each in parts) == "".join(text.split())
    assert [each.buttons for each in parts if each.buttons] == [("Yes", "No")]
    if driver.longest is None:
        assert len(parts) == 1
        return
    assert parts[-1].buttons == ("Yes", "No")
    assert len(parts) > 1
    assert all(len(each.text) <= driver.longest for each in parts)
    assert len(row.parts) >= len(parts)


def test_a_photo_and_a_voice_note_reach_the_customer(driver: Driver, customer: Customer) -> None:
    media = (InboundMedia(photo(), "invoice.jpg"), InboundMedia(VOICE, "note.ogg"))
    (row,) = send(driver, customer, Reply("Here it is", media=media))
    assert row.state == "sent"
    arrived = customer.seen()[1:]
    assert [each.text for each in arrived if each.text] == ["Here it is"]
    assert sorted(kind for each in arrived for kind in each.files) == ["audio", "image"]


def test_buttons_that_are_many_and_long_are_all_offered(driver: Driver, customer: Customer) -> None:
    buttons = tuple(Button(f"{number} {'选项 option ' * 3}".strip(), f"/choose_{number}") for number in range(12))
    (row,) = send(driver, customer, Reply("Which?", buttons))
    assert row.state == "sent"
    offered = [title for each in customer.seen()[1:] for title in each.buttons]
    assert [title.split()[0] for title in offered] == [str(number) for number in range(12)]


def test_markup_in_an_answer_is_shown_as_it_is(driver: Driver, customer: Customer) -> None:
    text = "1 < 2 & 3 > 2, *not bold*, _snake_case_, `code`, <b>no</b>, <!channel>, <@U1>, &amp;"
    (row,) = send(driver, customer, Reply(text))
    assert row.state == "sent"
    assert customer.texts()[-1] == text


def test_staff_answer_and_the_customer_reads_it(driver: Driver, customer: Customer) -> None:
    with driver.server.database.writing() as session:
        staff = Staff(email=f"{customer.record().id}@example.com", name="Ana", password_hash="-")
        session.add(staff)
        session.flush()
        staff_id = staff.id
    desk, conversation_id = driver.server.site.handover, customer.conversation().id
    asyncio.run(desk.take_over(conversation_id, staff_id))
    asyncio.run(desk.reply(conversation_id, staff_id, "Hello, this is Ana.", [photo()]))
    customer.settled()
    shown = customer.seen()[1:]
    assert [each.text for each in shown if each.text] == ["Hello, this is Ana."]
    assert [kind for each in shown for kind in each.files] == ["image"]
    customer.send_text("thank you")
    customer.settled()
    assert customer.seen()[1:] == shown


def test_the_shop_writes_first_once_the_conversation_is_over(driver: Driver, customer: Customer) -> None:
    site, ended = driver.server.site, customer.conversation().id
    with site.database.writing() as session:
        owner = Owner(ref=f"C-{customer.record().id}", name="Mei", language="en")
        session.add(owner)
        session.flush()
        assert link(session, session.get_one(Identity, customer.record().id), owner, "staff", utc_now())
        owner_id = owner.id
    site.closing.close(ended, "staff")
    begun = site.outreach.write(owner_id, Reply("Your parcel has come back to us.", (Button("Call me", "/ask_human"),)))
    customer.settled()
    assert begun == customer.conversation().id != ended
    assert customer.seen()[-1] == Shown("Your parcel has come back to us.", ("Call me",))
    customer.press("Call me")
    customer.wait_for(3)
    assert driver.server.dialogue.heard[-1][:2] == (begun, "/ask_human")


def test_an_answer_while_the_vendor_asks_to_wait_arrives_later_once_and_in_order(
    driver: Driver, customer: Customer
) -> None:
    if not driver.pushed:
        check_fetched(driver, customer)
        return
    driver.fail_next("rate limit", 2)
    began = time.monotonic()
    rows = send(driver, customer, Reply("one"), Reply("two"))
    assert time.monotonic() - began >= 1
    assert [(row.state, row.error_code) for row in rows] == [("sent", None)] * 2
    assert [row.attempts for row in rows] == [1, 1]
    assert customer.texts()[1:] == ["one", "two"]


def test_one_who_shut_the_shop_out_is_marked_and_staff_see_the_dead_message(driver: Driver, customer: Customer) -> None:
    if not driver.pushed:
        check_fetched(driver, customer)
        return
    driver.fail_next("blocked")
    (row,) = send(driver, customer, Reply("are you there?"))
    assert (row.state, row.error_code) == ("dead", "unreachable")
    assert customer.record().unreachable_at is not None
    assert len(customer.seen()) == 1
    customer.send_text("back again")
    customer.wait_for(2)
    customer.settled()
    assert customer.texts()[-1] == "You said: back again"
    assert customer.record().unreachable_at is None


def test_a_fault_of_the_vendor_is_tried_again_until_it_passes(driver: Driver, customer: Customer) -> None:
    if not driver.pushed:
        check_fetched(driver, customer)
        return
    driver.fail_next("server error", 2)
    (row,) = send(driver, customer, Reply("through the storm"))
    assert (row.state, row.attempts) == ("sent", 3)
    time.sleep(A_MOMENT_S)
    assert customer.texts()[1:] == ["through the storm"]


def test_a_fault_that_stays_ends_dead_and_the_next_message_goes_on(driver: Driver, customer: Customer) -> None:
    if not driver.pushed:
        check_fetched(driver, customer)
        return
    driver.fail_next("server error", SETTINGS["delivery_attempts"])
    lost, next_one = send(driver, customer, Reply("lost"), Reply("found"))
    assert (lost.state, lost.error_code) == ("dead", "attempts_exhausted")
    assert next_one.state == "sent"
    assert customer.texts()[1:] == ["found"]


def test_what_the_vendor_refuses_is_dead_at_once(driver: Driver, customer: Customer) -> None:
    if not driver.pushed:
        check_fetched(driver, customer)
        return
    driver.fail_next("refused")
    refused, next_one = send(driver, customer, Reply("never"), Reply("after it"))
    assert (refused.state, refused.error_code, refused.attempts) == ("dead", "delivery_refused", 1)
    assert customer.record().unreachable_at is None
    assert next_one.state == "sent"
    assert customer.texts()[1:] == ["after it"]


def check_fetched(driver: Driver, customer: Customer) -> None:
    """Where answers are fetched nobody can fail to take one: what is stored is delivered."""
    (row,) = send(driver, customer, Reply("fetch me"))
    assert (row.state, row.attempts) == ("sent", 0)
    assert customer.texts()[1:] == ["fetch me"]


def test_two_answers_of_two_customers_do_not_wait_for_each_other(driver: Driver, customer: Customer) -> None:
    other = driver.customer()
    other.send_text("hello")
    other.wait_for(1)
    if driver.pushed:
        driver.fail_next("rate limit")
    with driver.server.database.reading() as session:
        before = len(session.scalars(select(OutboxRow)).all())
    customer.send_text("mine")
    other.send_text("theirs")
    customer.wait_for(2)
    other.wait_for(2)
    assert (customer.texts()[-1], other.texts()[-1]) == ("You said: mine", "You said: theirs")
    with driver.server.database.reading() as session:
        assert len(session.scalars(select(OutboxRow)).all()) == before + 2
