"""Whoever waits is told: on an event loop by a subscription, on the publisher's thread by a listener."""

from __future__ import annotations

import asyncio

from bot.live import Live, Notice

MINE, OTHER = Notice("c1", 1), Notice("c2", 2, "typing")


def test_a_listener_hears_every_notice_before_publishing_ends() -> None:
    live, heard = Live(), list[Notice]()
    live.listen(heard.append)
    live.publish(MINE)
    live.publish(OTHER)
    assert heard == [MINE, OTHER]


async def test_a_subscription_hears_of_its_own_thread_alone_and_of_all_with_none() -> None:
    live = Live()
    with live.subscribe(1) as mine, live.subscribe() as every:
        await asyncio.to_thread(lambda: [live.publish(each) for each in (OTHER, MINE)])
        assert await mine.next(5) == MINE
        assert await mine.next(0.01) is None
        assert [await every.next(5), await every.next(5)] == [OTHER, MINE]
