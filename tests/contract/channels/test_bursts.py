"""People write in bursts: what comes within the window is one question, what comes later is another."""

from __future__ import annotations

import time

from tests.contract.channels.driver import Customer, Driver, expect_refusal, photo

WINDOW_S = 0.8
SETTINGS = {"burst_window_s": WINDOW_S, "web_burst_window_s": WINDOW_S}


def only(customer: Customer, count: int = 1, *, pause_s: float = WINDOW_S) -> list[str]:
    """The answers' texts, once there are ``count``; and that no other comes within the pause."""
    customer.wait_for(count)
    time.sleep(pause_s)
    texts = customer.texts()
    assert len(texts) == count, texts
    return texts


def test_what_is_written_within_the_window_is_answered_together_and_what_comes_later_apart(driver: Driver) -> None:
    one, other = driver.customer(), driver.customer()
    for customer, name in ((one, "one"), (other, "other")):
        for text in ("hi", "my order", f"{name} A1024"):
            customer.send_text(text)
    driver.replay(times=1)
    assert only(one) == ["You said: hi\nmy order\none A1024"]
    assert only(other, pause_s=0) == ["You said: hi\nmy order\nother A1024"]
    first, second, last = one.own()
    assert (first.burst_id, second.burst_id, last.burst_id) == (last.id, last.id, None)
    assert {each.state for each in (first, second, last)} == {"answered"}
    assert [each.text for each in (first, second, last)] == ["hi", "my order", "one A1024"]
    one.send_text("later")
    assert only(one, 2)[1] == "You said: later"


def test_a_button_pressed_among_words_is_not_swallowed(driver: Driver, customer: Customer) -> None:
    customer.send_text("buttons")
    customer.wait_for(1)
    customer.send_text("that one")
    customer.press("The first")
    customer.wait_for(3)
    heard = [text for _, text, _ in driver.server.dialogue.heard[-2:]]
    assert heard == ["that one", '/choose{"which": "1"}']


def test_a_photo_the_words_after_it_and_their_correction_are_one_question(driver: Driver, customer: Customer) -> None:
    customer.send_photo(photo())
    name = customer.send_text("it came brokn")
    if "edit" in driver.refuses:
        assert expect_refusal(lambda: customer.edit(name, "it came broken")).status == 405
        assert only(customer) == ["You said: it came brokn"]
    else:
        customer.edit(name, "it came broken")
        assert only(customer) == ["You said: it came broken"]
    assert {message.state for message in customer.own()} == {"answered"}
    assert len(driver.server.dialogue.heard[-1][2]["attachments"]) == 1
