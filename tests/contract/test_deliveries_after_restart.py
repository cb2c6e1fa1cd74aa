"""What a program that ends leaves undelivered the next one delivers: the rest of it, once, and nothing is given up."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from bot.channels.base import DeliveryDelayed
from bot.composition import build_site
from bot.errors import ChannelError
from bot.messages import Reply
from crm.conversations import open_conversation
from crm.models import Identity, Message, OutboxRow, utc_now
from crm.unit_of_work import Database
from tests.pigeons import Pigeon
from tests.serving import (
    KEYS,
    FakeDialogue,
    FakeParser,
    FakeSenses,
    Serving,
    serving,
    settings_for,
    wait_until,
)


def stored(server: Serving, *texts: str) -> list[Message]:
    """Messages to one person, stored and not dispatched."""
    with server.database.writing() as session:
        identity = session.scalars(select(Identity)).first() or Identity(channel="pigeon", external_id="home")
        session.add(identity)
        session.flush()
        conversation = open_conversation(session, identity, utc_now())
        return [server.site.outbox.add(session, conversation, Reply(text)) for text in texts]


def rows(database: Database) -> list[OutboxRow]:
    with database.reading() as session:
        return list(session.scalars(select(OutboxRow).order_by(OutboxRow.id)))


def all_sent(server: Serving) -> bool:
    assert not [row.error_code for row in rows(server.database) if row.state == "dead"]
    return all(row.state == "sent" for row in rows(server.database))


def test_what_was_stored_and_never_queued_is_found(tmp_path: Path) -> None:
    pigeon = Pigeon()
    with serving(tmp_path, channels={"pigeon": pigeon}) as server:
        stored(server, "one", "two")
    with serving(tmp_path, channels={"pigeon": pigeon}) as server:
        server.site.delivering.requeue()
        wait_until(lambda: all_sent(server))
    assert pigeon.sent == ["one", "two"]


def test_the_rest_of_a_message_follows_after_a_restart_in_the_midst_of_a_wait(tmp_path: Path) -> None:
    pigeon = Pigeon(weather=[None, DeliveryDelayed(600)])
    with serving(tmp_path, channels={"pigeon": pigeon}) as server:
        server.site.outbox.dispatch("pigeon", stored(server, "a|b", "c"))
        wait_until(lambda: pigeon.sent and not pigeon.weather)
    with serving(tmp_path, channels={"pigeon": pigeon}) as server:
        server.site.delivering.requeue(at_start=True)
        wait_until(lambda: all_sent(server))
        assert [row.parts for row in rows(server.database)] == [["pigeon-1", "pigeon-2"], ["pigeon-3"]]
    assert pigeon.sent == ["a", "b", "c"]


@pytest.mark.parametrize("fault", [ChannelError("closed"), DeliveryDelayed(600)], ids=["fails", "is asked to wait"])
def test_what_fails_because_the_program_ends_is_not_given_up_and_goes_on_by_itself(
    tmp_path: Path, fault: Exception
) -> None:
    pigeon = Pigeon()
    with serving(tmp_path, channels={"pigeon": pigeon}, delivery_attempts=1) as server:

        def end_meanwhile() -> None:
            wait_until(lambda: not server.site.durable.launched)
            raise fault

        pigeon.weather[:] = [end_meanwhile] * 3
        server.site.outbox.dispatch("pigeon", stored(server, "important"))
        wait_until(lambda: pigeon.tried)
    with serving(tmp_path, channels={"pigeon": pigeon}, delivery_attempts=1) as server:
        pigeon.weather.clear()
        wait_until(lambda: all_sent(server))
    assert pigeon.sent == ["important"]


def test_what_is_taken_up_while_durable_work_still_launches_is_no_program_that_ends(tmp_path: Path) -> None:
    pigeon = Pigeon()
    with serving(tmp_path, channels={"pigeon": pigeon}) as server:
        (message,) = stored(server, "early")
    settings = settings_for(tmp_path)
    site = build_site(
        settings,
        KEYS,
        dialogue=FakeDialogue(),
        parser=FakeParser(),
        senses=FakeSenses(),
        channels={"pigeon": pigeon},
    )
    try:
        site.delivering.deliver(message.id)
    finally:
        site.durable.close(0)
        site.database.close()
    assert pigeon.sent == ["early"]
