"""Laws of the way out: whatever a vendor does and whenever the program dies, a row ends sent or dead, never both."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from bot.channels.base import Channel, DeliveryDelayed, DeliveryRefused, Outgoing, Unreachable
from bot.errors import ChannelError
from bot.messages import Reply
from crm.conversations import open_conversation
from crm.models import Identity, Message, OutboxRow, utc_now
from tests.pigeons import Loft, a_loft

ATTEMPTS = 3
A_WEEK_S = 7 * 86400.0


class Death(BaseException):
    """The program is killed here."""


@dataclass
class Vendor(Channel):
    """Takes the parts of a message, whose text says how many there are. ``fate`` is what happens to the next ones."""

    name: ClassVar[str] = "vendor"
    fate: list[str]
    taken: list[tuple[str, int]] = field(default_factory=list)
    unrecorded: Counter[tuple[str, int]] = field(default_factory=Counter)

    def send(self, outgoing: Outgoing) -> Iterator[str]:
        for part in range(len(outgoing.parts), int(outgoing.text)):
            happens = self.fate.pop(0) if self.fate else "taken"
            match happens:
                case "killed before":
                    raise Death
                case "failed":
                    raise ChannelError("a storm")
                case "own fault":
                    raise KeyError("a mistake of the adapter")
                case "delayed":
                    raise DeliveryDelayed(0.5)
                case "delayed for long":
                    raise DeliveryDelayed(A_WEEK_S)
                case "refused":
                    raise DeliveryRefused("no")
                case "blocked":
                    raise Unreachable("gone")
            self.taken.append((outgoing.message_id, part))
            if happens == "killed after":
                self.unrecorded[outgoing.message_id, part] += 1
                raise Death
            yield f"{outgoing.message_id}/{part}"


fates = st.sampled_from(
    [
        "taken",
        "failed",
        "own fault",
        "delayed",
        "delayed for long",
        "refused",
        "blocked",
        "killed before",
        "killed after",
    ]
)


def write(loft: Loft, messages: list[tuple[int, int]]) -> list[str]:
    """Stores messages, each for a visitor and of so many parts, and queues them; their ids in order."""
    stored = []
    with loft.database.writing() as session:
        session.add_all(Identity(id=number, channel="vendor", external_id=str(number)) for number in (1, 2))
        session.flush()
        for visitor, parts in messages:
            conversation = open_conversation(session, session.get_one(Identity, visitor), utc_now())
            stored.append(loft.outbox.add(session, conversation, Reply(str(parts))))
    loft.outbox.dispatch("vendor", stored)
    return [message.id for message in stored]


def run(loft: Loft, loses_queue: bool) -> None:
    """Does the queued work as the durable engine does; what died is begun again, or found by the next start."""
    done = set()
    while loft.queued:
        work = loft.queued[0]
        try:
            if (work.message_id, work.again) not in done:
                loft.delivering.deliver(work.message_id)
                done.add((work.message_id, work.again))
            loft.queued.pop(0)
        except Death:
            if loses_queue:
                loft.queued.clear()
                loft.delivering.requeue(at_start=True)
                done.clear()


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from([1, 2]), st.integers(1, 3)), min_size=1, max_size=6),
    st.lists(fates, max_size=14),
    st.booleans(),
)
def test_every_message_ends_sent_or_dead_in_order_and_no_part_is_sent_again(
    messages: list[tuple[int, int]], fate: list[str], loses_queue: bool
) -> None:
    vendor = Vendor(list(fate))
    with a_loft({"vendor": vendor}, attempts=ATTEMPTS) as loft:
        ids = write(loft, messages)
        run(loft, loses_queue)
        with loft.database.reading() as session:
            rows = {row.message_id: row for row in session.scalars(select(OutboxRow))}
            threads = {message.id: message.identity_id for message in session.scalars(select(Message))}
            shut_out = {each.id for each in session.scalars(select(Identity)) if each.unreachable_at is not None}
    for message_id, (_, parts) in zip(ids, messages, strict=True):
        row = rows[message_id]
        assert (row.state, row.sent_at is not None, row.error_code is None) in {
            ("sent", True, True),
            ("dead", False, False),
        }
        assert row.parts == [f"{message_id}/{part}" for part in range(len(row.parts))]
        assert row.state == "dead" or len(row.parts) == parts
        assert row.attempts <= ATTEMPTS + 2
    taken = Counter(vendor.taken)
    for part, times in taken.items():
        assert times <= 1 + vendor.unrecorded[part], "only death between taking and recording repeats a part"
    for thread in (1, 2):
        places = [(ids.index(id_), part) for id_, part in vendor.taken if threads[id_] == thread]
        assert places == sorted(places)
    if "blocked" not in fate:
        assert not shut_out


@settings(max_examples=20, deadline=None)
@given(st.lists(st.sampled_from(["taken", "delayed", "failed"]), max_size=12), st.integers(1, 4))
def test_waiting_as_the_vendor_asks_is_no_attempt(fate: list[str], parts: int) -> None:
    vendor = Vendor(list(fate))
    with a_loft({"vendor": vendor}, attempts=20) as loft:
        (message_id,) = write(loft, [(1, parts)])
        run(loft, loses_queue=False)
        with loft.database.reading() as session:
            row = session.scalars(select(OutboxRow).where(OutboxRow.message_id == message_id)).one()
        used = fate[: len(fate) - len(vendor.fate)]
        assert (row.state, row.attempts) == ("sent", 1 + used.count("failed"))
        assert [part for _, part in vendor.taken] == list(range(parts))
