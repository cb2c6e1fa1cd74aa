"""The way out to channels that are pushed to: every row ends sent or dead, in order, and never twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from sqlalchemy import select

from bot.channels.base import Channel, DeliveryRefused, Outgoing
from bot.errors import ChannelError
from bot.messages import Inbound
from crm.models import Identity, Message, OutboxRow
from tests.serving import Serving, serving, wait_until


@dataclass
class Pigeon(Channel):
    """A channel that can be told to fail: ``weather`` lists what happens to the next sends."""

    name = "pigeon"
    sent: list[str] = field(default_factory=list)
    weather: list[Exception] = field(default_factory=list)

    def send(self, outgoing: Outgoing) -> Iterator[str]:
        if self.weather:
            raise self.weather.pop(0)
        self.sent.append(outgoing.text)
        yield f"pigeon-{len(self.sent)}"


@pytest.fixture(scope="module")
def pigeon() -> Pigeon:
    return Pigeon()


@pytest.fixture(scope="module")
def loft(tmp_path_factory: pytest.TempPathFactory, pigeon: Pigeon) -> Iterator[Serving]:
    with serving(tmp_path_factory.mktemp("loft"), channels={"pigeon": pigeon}, burst_window_s=0) as running:
        yield running


@pytest.fixture
def identity_id(loft: Serving, pigeon: Pigeon, request: pytest.FixtureRequest) -> int:
    pigeon.sent.clear()
    pigeon.weather.clear()
    with loft.database.writing() as session:
        identity = Identity(channel="pigeon", external_id=request.node.name)
        session.add(identity)
        session.flush()
        return identity.id


def rows(loft: Serving, identity_id: int) -> list[OutboxRow]:
    with loft.database.reading() as session:
        return list(
            session.scalars(
                select(OutboxRow)
                .join(Message, Message.id == OutboxRow.message_id)
                .where(Message.identity_id == identity_id)
                .order_by(OutboxRow.id)
            )
        )


def ended(loft: Serving, identity_id: int, count: int) -> list[OutboxRow]:
    def all_ended() -> list[OutboxRow] | None:
        found = rows(loft, identity_id)
        return found if len(found) == count and all(row.state != "pending" for row in found) else None

    return list(wait_until(all_ended, timeout_s=40))


def test_answers_are_sent_in_order_and_named(loft: Serving, pigeon: Pigeon, identity_id: int) -> None:
    for number in range(5):
        loft.site.inbox.accept(Inbound(identity_id, f"m{number}", text=f"n{number}"))
    found = ended(loft, identity_id, 5)
    assert pigeon.sent == [f"You said: n{number}" for number in range(5)]
    assert [row.parts for row in found] == [[f"pigeon-{number}"] for number in range(1, 6)]
    assert all(row.sent_at is not None for row in found)


def test_a_passing_fault_is_tried_again(loft: Serving, pigeon: Pigeon, identity_id: int) -> None:
    pigeon.weather[:] = [ChannelError("storm"), ChannelError("storm")]
    loft.site.inbox.accept(Inbound(identity_id, "m", text="home"))
    (row,) = ended(loft, identity_id, 1)
    assert (row.state, pigeon.sent) == ("sent", ["You said: home"])


def test_a_refusal_is_dead_at_once(loft: Serving, pigeon: Pigeon, identity_id: int) -> None:
    pigeon.weather[:] = [DeliveryRefused("blocked")]
    loft.site.inbox.accept(Inbound(identity_id, "m", text="home"))
    (row,) = ended(loft, identity_id, 1)
    assert (row.state, row.error_code, pigeon.sent) == ("dead", "delivery_refused", [])


def test_a_fault_that_stays_is_dead_in_the_end(loft: Serving, pigeon: Pigeon, identity_id: int) -> None:
    pigeon.weather[:] = [ChannelError("storm")] * 3
    loft.site.inbox.accept(Inbound(identity_id, "m", text="home"))
    (row,) = ended(loft, identity_id, 1)
    assert (row.state, row.error_code, pigeon.sent) == ("dead", "attempts_exhausted", [])


def test_what_is_sent_is_not_sent_again(loft: Serving, pigeon: Pigeon, identity_id: int) -> None:
    loft.site.inbox.accept(Inbound(identity_id, "m", text="home"))
    (row,) = ended(loft, identity_id, 1)
    loft.site.outbox.deliver(row.message_id)
    loft.site.outbox.bury(row.message_id, "late")
    loft.site.outbox.requeue()
    assert [each.state for each in rows(loft, identity_id)] == ["sent"]
    assert pigeon.sent == ["You said: home"]
