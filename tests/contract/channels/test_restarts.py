"""The server ends and begins again with messages in flight: nothing is lost, and nothing is doubled."""

from __future__ import annotations

import time

from tests.contract.channels.driver import Driver, photo

SETTINGS = {"burst_window_s": 0}


def test_a_restart_with_messages_in_flight_loses_and_doubles_nothing(driver: Driver) -> None:
    people = [driver.customer() for _ in range(3)]
    driver.server.dialogue.delay_s = 0.2
    for person in people:
        for number in range(4):
            person.send_text(f"n{number}")
        person.send_photo(photo(), "last")
    time.sleep(0.3)
    driver.stop()
    driver.start()
    expected = [*(f"You said: n{number}" for number in range(4)), "You said: last"]
    for person in people:
        person.wait_for(len(expected), timeout_s=40)
        person.settled()
    driver.replay(times=2)
    time.sleep(0.5)
    for person in people:
        assert person.texts() == expected
        assert len(person.own()) == len(expected)


def test_what_was_offered_before_a_restart_may_be_pressed_after_it(driver: Driver) -> None:
    customer = driver.customer()
    customer.send_text("buttons")
    customer.wait_for(1)
    driver.stop()
    driver.start()
    customer.press("The first")
    customer.wait_for(2)
    assert driver.server.dialogue.heard[-1][1] == '/choose{"which": "1"}'
