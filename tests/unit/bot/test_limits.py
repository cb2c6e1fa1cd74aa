"""How often something may be done: counted by who does it, and forgotten in time."""

import time

import pytest

from bot.channels.web import Limits
from bot.errors import TooManyRequests


def test_one_who_does_too_much_is_told_when_to_come_back_and_others_go_on() -> None:
    limits = Limits(visitors="2/minute", messages="2/minute", uploads="1/minute")
    limits.visitor("1.2.3.4")
    limits.visitor("1.2.3.4")
    with pytest.raises(TooManyRequests) as refused:
        limits.visitor("1.2.3.4")
    assert 1 <= refused.value.retry_after_s <= 60
    limits.visitor("5.6.7.8")


def test_uploads_count_as_messages_too() -> None:
    limits = Limits(visitors="9/minute", messages="2/minute", uploads="1/minute")
    limits.message(1, upload=True)
    with pytest.raises(TooManyRequests):
        limits.message(1, upload=True)
    with pytest.raises(TooManyRequests):
        limits.message(1, upload=False)


def test_those_who_have_gone_are_forgotten() -> None:
    limits = Limits(visitors="5/second", messages="5/second", uploads="5/second")
    for number in range(300):
        limits.visitor(str(number))
    storage = limits._strategy.storage
    time.sleep(2.2)
    limits.visitor("one more")
    time.sleep(0.3)
    assert len(storage.storage) < 20  # type: ignore[attr-defined]
