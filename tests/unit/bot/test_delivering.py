"""What is queued to be delivered and when, in which order, and what is given up."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from bot.channels.base import DeliveryDelayed
from bot.errors import ChannelError
from bot.messages import Reply
from crm.models import utc_now
from tests.pigeons import Loft, Pigeon, a_peopled_loft

STORM = ChannelError("storm")


@pytest.fixture
def pigeon() -> Pigeon:
    return Pigeon()


@pytest.fixture
def loft(pigeon: Pigeon) -> Iterator[Loft]:
    with a_peopled_loft(pigeon, attempts=9) as loft:
        yield loft


def age(loft: Loft, message_id: str, by: timedelta) -> None:
    with loft.database.writing() as session:
        session.merge(loft.row_of(message_id)).created_at = utc_now() - by


def test_only_the_first_that_waits_of_each_thread_is_queued_again(loft: Loft) -> None:
    first = loft.write(1, Reply("one"))
    loft.write(1, Reply("two"))
    other = loft.write(2, Reply("else"))
    loft.delivering.requeue()
    assert [(each.message_id, each.identity_id, each.again) for each in loft.queued] == [(first, 1, ""), (other, 2, "")]
    loft.queued.clear()
    loft.delivering.requeue(at_start=True)
    assert [each.message_id for each in loft.queued] == [first, other]
    assert all(each.again for each in loft.queued)


def test_what_waits_for_long_is_queued_under_another_name(loft: Loft) -> None:
    message_id = loft.write(1, Reply("one"))
    age(loft, message_id, timedelta(minutes=59))
    loft.delivering.requeue()
    age(loft, message_id, timedelta(minutes=61))
    loft.delivering.requeue()
    early, late = loft.queued
    assert early.again == "" != late.again


def test_pauses_grow_and_end(loft: Loft, pigeon: Pigeon) -> None:
    pigeon.weather[:] = [STORM] * 9
    message_id = loft.write(1, Reply("one"))
    pauses = []
    loft.delivering.deliver(message_id)
    while loft.queued:
        pauses.append(loft.queued[0].delay_s)
        loft.delivering.deliver(loft.queued.pop().message_id)
    assert pauses == [0.5, 1.5, 4.5, 13.5, 40.5, 121.5, 364.5, 600]
    assert (loft.row_of(message_id).state, loft.row_of(message_id).attempts) == ("dead", 9)


def test_a_delay_is_passed_on_as_it_was_asked_for(loft: Loft, pigeon: Pigeon) -> None:
    pigeon.weather[:] = [DeliveryDelayed(37), DeliveryDelayed(0)]
    message_id = loft.write(1, Reply("one"))
    loft.delivering.deliver(message_id)
    loft.delivering.deliver(message_id)
    assert [each.delay_s for each in loft.queued] == [37, 0.5]
    assert len({each.again for each in loft.queued}) == 2
    assert loft.delivered("pigeon", "delayed") == 2


def test_a_wait_counts_from_when_the_message_was_stored(loft: Loft, pigeon: Pigeon) -> None:
    message_id = loft.write(1, Reply("one"))
    age(loft, message_id, timedelta(hours=23, minutes=59))
    pigeon.weather[:] = [DeliveryDelayed(30), DeliveryDelayed(120)]
    loft.delivering.deliver(message_id)
    assert loft.row_of(message_id).state == "pending"
    loft.delivering.deliver(message_id)
    assert (loft.row_of(message_id).state, loft.row_of(message_id).error_code) == ("dead", "too_late")


def test_a_message_that_ends_the_program_whenever_it_is_sent_is_given_up(loft: Loft, pigeon: Pigeon) -> None:
    pigeon.weather[:] = [SystemExit()] * 20
    message_id = loft.write(1, Reply("poison"))
    for _ in range(10):
        with pytest.raises(SystemExit):
            loft.delivering.deliver(message_id)
    loft.delivering.deliver(message_id)
    assert (loft.row_of(message_id).state, loft.row_of(message_id).error_code) == ("dead", "attempts_exhausted")
    assert len(pigeon.tried) == 10


def test_a_later_message_does_not_overtake_and_is_taken_along(loft: Loft, pigeon: Pigeon) -> None:
    first, second = loft.write(1, Reply("one")), loft.write(1, Reply("two"))
    loft.delivering.deliver(second)
    assert pigeon.sent == []
    loft.delivering.deliver(first)
    assert pigeon.sent == ["one", "two"]


def test_what_is_no_longer_there_is_no_trouble(loft: Loft) -> None:
    loft.delivering.deliver("erased")
    loft.delivering.bury("erased", "internal")
    assert loft.queued == []
