"""People write in bursts: what comes within the window is one question, what comes later is another."""

from __future__ import annotations

import time

import pytest

from tests.contract.channels.driver import Customer, Driver, photo

WINDOW_S = 1.0
SETTINGS = {"burst_window_s": WINDOW_S, "web_burst_window_s": WINDOW_S}


def only(customer: Customer, count: int = 1) -> list[str]:
    customer.wait_for(count)
    time.sleep(WINDOW_S + 0.4)
    texts = customer.texts()
    assert len(texts) == count, texts
    return texts


def test_what_is_written_within_the_window_is_answered_together(driver: Driver, customer: Customer) -> None:
    for text in ("hi", "my order", "A1024 please"):
        customer.send_text(text)
    assert only(customer) == ["You said: hi\nmy order\nA1024 please"]
    first, second, last = customer.own()
    assert (first.burst_id, second.burst_id, last.burst_id) == (last.id, last.id, None)
    assert {each.state for each in (first, second, last)} == {"answered"}
    assert [each.text for each in (first, second, last)] == ["hi", "my order", "A1024 please"]


def test_what_is_written_after_the_window_is_answered_apart(driver: Driver, customer: Customer) -> None:
    customer.send_text("one")
    customer.wait_for(1)
    customer.send_text("two")
    assert only(customer, 2) == ["You said: one", "You said: two"]


def test_two_customers_bursts_stay_two(driver: Driver) -> None:
    one, other = driver.customer(), driver.customer()
    for customer, name in ((one, "one"), (other, "other")):
        for word in ("a", "b"):
            customer.send_text(f"{name} {word}")
    assert only(one) == ["You said: one a\none b"]
    assert only(other) == ["You said: other a\nother b"]


def test_a_button_pressed_among_words_is_not_swallowed(driver: Driver, customer: Customer) -> None:
    customer.send_text("buttons")
    customer.wait_for(1)
    customer.send_text("that one")
    customer.press("The first")
    customer.wait_for(3)
    heard = [text for _, text, _ in driver.server.dialogue.heard[-2:]]
    assert heard == ["that one", '/choose{"which": "1"}']


def test_a_photo_and_words_sent_after_it_are_both_answered_to(driver: Driver, customer: Customer) -> None:
    customer.send_photo(photo())
    customer.send_text("it came broken")
    customer.wait_for(1)
    customer.settled()
    assert all(message.state == "answered" for message in customer.own())
    assert "it came broken" in " ".join(customer.texts())


def test_words_changed_within_the_window_are_answered_as_changed(driver: Driver, customer: Customer) -> None:
    if "edit" in driver.refuses:
        pytest.skip("this channel knows no edits; test_inbound asserts its refusal")
    name = customer.send_text("where is A1024")
    customer.edit(name, "where is A2031")
    assert only(customer) == ["You said: where is A2031"]


def test_a_repeat_within_the_window_says_nothing_twice(driver: Driver, customer: Customer) -> None:
    customer.send_text("hi")
    customer.send_text("there")
    driver.replay(times=2)
    assert only(customer) == ["You said: hi\nthere"]
