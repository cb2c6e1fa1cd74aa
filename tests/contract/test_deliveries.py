"""The way out to channels that are pushed to: every row ends sent or dead, in order, and never twice."""

from __future__ import annotations

import asyncio
import io
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from PIL import Image
from sqlalchemy import select

from bot.channels.base import DeliveryDelayed, DeliveryRefused, OutgoingButton, Unreachable
from bot.errors import ChannelError
from bot.live import Notice
from bot.messages import Button, Inbound, InboundMedia, Reply
from crm.conversations import open_conversation
from crm.models import Attachment, Conversation, Identity, Message, OutboxRow, Staff, utc_now
from tests.pigeons import Owl, Pigeon, a_photo, a_voice_note
from tests.serving import Serving, serving, wait_until

STORM = ChannelError("storm")


@pytest.fixture(scope="module")
def pigeon() -> Pigeon:
    return Pigeon()


@pytest.fixture(scope="module")
def owl() -> Owl:
    return Owl()


@pytest.fixture(scope="module")
def loft(tmp_path_factory: pytest.TempPathFactory, pigeon: Pigeon, owl: Owl) -> Iterator[Serving]:
    channels = {"pigeon": pigeon, "owl": owl}
    with serving(tmp_path_factory.mktemp("loft"), channels=channels, burst_window_s=0) as running:
        yield running


@pytest.fixture
def identity_id(loft: Serving, pigeon: Pigeon, owl: Owl, request: pytest.FixtureRequest) -> int:
    for bird in (pigeon, owl):
        bird.sent.clear()
        bird.tried.clear()
        bird.weather.clear()
        bird.typed.clear()
    return settle(loft, "pigeon", request.node.name)


def settle(loft: Serving, channel: str, name: str) -> int:
    with loft.database.writing() as session:
        identity = Identity(channel=channel, external_id=name, bot="shop")
        session.add(identity)
        session.flush()
        return identity.id


def write(loft: Serving, identity_id: int, *replies: Reply) -> list[Message]:
    """The shop writes, as a turn does: stored together, then dispatched."""
    outbox = loft.site.outbox
    with loft.database.writing() as session:
        identity = session.get_one(Identity, identity_id)
        conversation = open_conversation(session, identity, utc_now())
        stored = [outbox.add(session, conversation, reply) for reply in replies]
    outbox.dispatch(identity.channel, stored)
    return stored


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


def conversation_of(loft: Serving, identity_id: int) -> Conversation:
    with loft.database.reading() as session:
        return session.scalars(select(Conversation).where(Conversation.identity_id == identity_id)).one()


def identity_of(loft: Serving, identity_id: int) -> Identity:
    with loft.database.reading() as session:
        return session.get_one(Identity, identity_id)


def counted(loft: Serving, outcome: str) -> float:
    return loft.site.metrics.deliveries.labels("pigeon", outcome)._value.get()


def test_answers_are_sent_in_order_and_named(loft: Serving, pigeon: Pigeon, identity_id: int) -> None:
    before = counted(loft, "sent")
    for number in range(5):
        loft.site.inbox.accept(Inbound(identity_id, f"m{number}", text=f"n{number}"))
    found = ended(loft, identity_id, 5)
    assert pigeon.sent == [f"You said: n{number}" for number in range(5)]
    assert [row.parts for row in found] == [[f"pigeon-{number}"] for number in range(1, 6)]
    assert all(row.sent_at is not None and row.attempts == 1 for row in found)
    assert counted(loft, "sent") == before + 5


def test_every_part_is_recorded_as_soon_as_it_is_taken(loft: Serving, pigeon: Pigeon, identity_id: int) -> None:
    seen: list[tuple[list[str], int]] = []

    def look() -> None:
        (row,) = rows(loft, identity_id)
        seen.append((row.parts, row.attempts))

    pigeon.weather[:] = [look, look, look]
    write(loft, identity_id, Reply("a|b|c"))
    ended(loft, identity_id, 1)
    assert seen == [([], 1), (["pigeon-1"], 1), (["pigeon-1", "pigeon-2"], 1)]


def test_a_fault_between_two_parts_repeats_none(loft: Serving, pigeon: Pigeon, identity_id: int) -> None:
    pigeon.weather[:] = [None, STORM, None, STORM]
    write(loft, identity_id, Reply("a|b|c"))
    (row,) = ended(loft, identity_id, 1)
    assert (row.state, row.parts, row.attempts) == ("sent", ["pigeon-1", "pigeon-2", "pigeon-3"], 3)
    assert pigeon.sent == ["a", "b", "c"]
    assert [(each.attempt, each.parts) for each in pigeon.tried] == [
        (1, ()),
        (2, ("pigeon-1",)),
        (3, ("pigeon-1", "pigeon-2")),
    ]


@pytest.mark.parametrize("fault", [STORM, KeyError("a mistake of the adapter")], ids=["vendor's", "adapter's own"])
def test_a_passing_fault_is_tried_again(loft: Serving, pigeon: Pigeon, identity_id: int, fault: Exception) -> None:
    pigeon.weather[:] = [fault, fault]
    loft.site.inbox.accept(Inbound(identity_id, "m", text="home"))
    (row,) = ended(loft, identity_id, 1)
    assert (row.state, pigeon.sent) == ("sent", ["You said: home"])
    assert conversation_of(loft, identity_id).mode == "bot"


def test_a_refusal_is_dead_at_once_and_staff_are_asked_to_look(loft: Serving, pigeon: Pigeon, identity_id: int) -> None:
    pigeon.weather[:] = [DeliveryRefused("too strange")]
    before = counted(loft, "dead")
    first, second = write(loft, identity_id, Reply("never"), Reply("after it"))
    refused, sent = ended(loft, identity_id, 2)
    assert (refused.message_id, refused.state, refused.error_code) == (first.id, "dead", "delivery_refused")
    assert (sent.message_id, sent.state, pigeon.sent) == (second.id, "sent", ["after it"])
    assert conversation_of(loft, identity_id).mode == "waiting"
    assert identity_of(loft, identity_id).unreachable_at is None
    assert counted(loft, "dead") == before + 1


def test_staff_who_answer_already_go_on_answering(loft: Serving, pigeon: Pigeon, identity_id: int) -> None:
    pigeon.weather[:] = [DeliveryRefused("too strange")]
    with loft.database.writing() as session:
        open_conversation(session, session.get_one(Identity, identity_id), utc_now()).mode = "staff"
    write(loft, identity_id, Reply("never"))
    ended(loft, identity_id, 1)
    assert conversation_of(loft, identity_id).mode == "staff"


def test_a_fault_that_stays_is_dead_in_the_end(loft: Serving, pigeon: Pigeon, identity_id: int) -> None:
    pigeon.weather[:] = [STORM] * 3
    loft.site.inbox.accept(Inbound(identity_id, "m", text="home"))
    (row,) = ended(loft, identity_id, 1)
    assert (row.state, row.error_code, row.attempts, pigeon.sent) == ("dead", "attempts_exhausted", 3, [])
    assert conversation_of(loft, identity_id).mode == "waiting"


def test_what_the_vendor_asks_for_is_waited_out_and_is_no_attempt(
    loft: Serving, pigeon: Pigeon, identity_id: int
) -> None:
    pigeon.weather[:] = [DeliveryDelayed(1.5), None, DeliveryDelayed(0.7)]
    before, began = counted(loft, "delayed"), time.monotonic()
    write(loft, identity_id, Reply("a|b"))
    (row,) = ended(loft, identity_id, 1)
    assert time.monotonic() - began >= 2.2
    assert (row.state, row.attempts, pigeon.sent) == ("sent", 1, ["a", "b"])
    assert [each.attempt for each in pigeon.tried] == [1, 1, 1]
    assert counted(loft, "delayed") == before + 2


def test_while_one_waits_the_next_do_too_and_nobody_troubles_the_vendor(
    loft: Serving, pigeon: Pigeon, identity_id: int
) -> None:
    pigeon.weather[:] = [DeliveryDelayed(2)]
    write(loft, identity_id, Reply("first"))
    wait_until(lambda: pigeon.tried)
    write(loft, identity_id, Reply("second"))
    loft.site.inbox.accept(Inbound(identity_id, "m", text="third"))
    loft.site.delivering.requeue()
    stranger = settle(loft, "pigeon", "a stranger meanwhile")
    write(loft, stranger, Reply("for a stranger"))
    ended(loft, stranger, 1)
    assert [each.text for each in pigeon.tried] == ["first", "for a stranger"]
    ended(loft, identity_id, 3)
    assert pigeon.sent == ["for a stranger", "first", "second", "You said: third"]


def test_a_wait_beyond_all_use_is_given_up_at_once(loft: Serving, pigeon: Pigeon, identity_id: int) -> None:
    pigeon.weather[:] = [DeliveryDelayed(timedelta(days=2).total_seconds())]
    write(loft, identity_id, Reply("news"))
    (row,) = ended(loft, identity_id, 1)
    assert (row.state, row.error_code, pigeon.sent) == ("dead", "too_late", [])
    assert conversation_of(loft, identity_id).mode == "waiting"


def test_who_shut_us_out_is_marked_and_an_answer_is_tried_all_the_same(
    loft: Serving, pigeon: Pigeon, identity_id: int
) -> None:
    pigeon.weather[:] = [Unreachable("blocked")]
    before = counted(loft, "unreachable")
    write(loft, identity_id, Reply("are you there?"))
    (row,) = ended(loft, identity_id, 1)
    assert (row.state, row.error_code, row.attempts) == ("dead", "unreachable", 1)
    assert identity_of(loft, identity_id).unreachable_at is not None
    assert conversation_of(loft, identity_id).mode == "bot"
    assert counted(loft, "unreachable") == before + 1
    loft.site.inbox.accept(Inbound(identity_id, "m", text="back"))
    ended(loft, identity_id, 2)
    assert pigeon.sent == ["You said: back"]
    assert identity_of(loft, identity_id).unreachable_at is None


def test_what_is_sent_is_not_sent_again(loft: Serving, pigeon: Pigeon, identity_id: int) -> None:
    loft.site.inbox.accept(Inbound(identity_id, "m", text="home"))
    (row,) = ended(loft, identity_id, 1)
    loft.site.delivering.deliver(row.message_id)
    loft.site.delivering.bury(row.message_id, "late")
    loft.site.delivering.requeue(at_start=True)
    assert [each.state for each in rows(loft, identity_id)] == ["sent"]
    assert pigeon.sent == ["You said: home"]


def test_buttons_come_with_names_that_can_be_resolved_and_a_wish_to_share_a_phone(
    loft: Serving, pigeon: Pigeon, identity_id: int
) -> None:
    buttons = (Button("Yes", "/affirm"), Button("No", "/deny"))
    (message,) = write(loft, identity_id, Reply("Shall I?", buttons, asks_for="phone"))
    ended(loft, identity_id, 1)
    (outgoing,) = pigeon.tried
    assert outgoing.buttons == (OutgoingButton("Yes", f"{message.id}:0"), OutgoingButton("No", f"{message.id}:1"))
    assert outgoing.asks_for == "phone"
    assert (outgoing.bot, outgoing.external_id, outgoing.message_id) == (
        "shop",
        identity_of(loft, identity_id).external_id,
        message.id,
    )


def test_photos_and_voice_notes_of_staff_are_sent_cleaned_and_under_names_that_say_nothing(
    loft: Serving, pigeon: Pigeon, identity_id: int
) -> None:
    with loft.database.writing() as session:
        staff = Staff(email="ana@example.com", name="Ana", password_hash="-")
        session.add(staff)
        session.flush()
        conversation_id = open_conversation(session, session.get_one(Identity, identity_id), utc_now()).id
        staff_id = staff.id
    desk = loft.site.handover
    asyncio.run(desk.take_over(conversation_id, staff_id))
    asyncio.run(desk.reply(conversation_id, staff_id, "", [a_photo(), a_voice_note()]))
    ended(loft, identity_id, 1)
    (outgoing,) = pigeon.tried
    photo, note = outgoing.files
    assert (outgoing.text, photo.kind, photo.mime, photo.filename) == ("", "image", "image/jpeg", "photo.jpg")
    assert (note.kind, note.mime, note.filename, note.data) == ("audio", "audio/ogg", "voice.ogg", a_voice_note())
    with Image.open(io.BytesIO(a_photo())) as taken, Image.open(io.BytesIO(photo.data)) as sent:
        assert taken.getexif()
        assert not sent.getexif()


def test_a_message_whose_file_is_gone_is_dead(loft: Serving, pigeon: Pigeon, identity_id: int) -> None:
    def lose() -> None:
        with loft.database.reading() as session:
            for key in session.scalars(select(Attachment.key).where(Attachment.message_id == second.id)):
                loft.site.media.delete(key or "")

    second_is_stored: list[bool] = []
    pigeon.weather[:] = [lambda: wait_until(lambda: second_is_stored), lose]
    write(loft, identity_id, Reply("one|two"))
    (second,) = write(loft, identity_id, Reply("look", media=(InboundMedia(a_photo()),)))
    second_is_stored.append(True)
    sent, dead = ended(loft, identity_id, 2)
    assert (sent.state, dead.state, dead.error_code) == ("sent", "dead", "media_missing")
    assert pigeon.sent == ["one", "two"]


def test_a_channel_that_was_turned_off_fails_until_it_is_given_up(
    loft: Serving, pigeon: Pigeon, owl: Owl, identity_id: int
) -> None:
    owl_id = settle(loft, "owl", "night")
    owl.weather[:] = [STORM]
    write(loft, owl_id, Reply("hoo"))
    (message_id,) = [row.message_id for row in rows(loft, owl_id)]
    with loft.database.writing() as session:
        session.scalars(select(OutboxRow).where(OutboxRow.message_id == message_id)).one().channel = "raven"
    (row,) = ended(loft, owl_id, 1)
    assert (row.state, row.error_code, owl.sent) == ("dead", "attempts_exhausted", [])


def test_one_channel_does_not_wait_for_another(loft: Serving, pigeon: Pigeon, owl: Owl, identity_id: int) -> None:
    pigeon.weather[:] = [DeliveryDelayed(2)]
    write(loft, identity_id, Reply("by day"))
    owl_id = settle(loft, "owl", "midnight")
    write(loft, owl_id, Reply("by night"))
    ended(loft, owl_id, 1)
    assert (owl.sent, pigeon.sent) == (["by night"], [])
    ended(loft, identity_id, 1)
    assert (owl.sent, pigeon.sent) == (["by night"], ["by day"])


def test_that_an_answer_is_being_made_is_shown_and_not_while_staff_answer(
    loft: Serving, pigeon: Pigeon, identity_id: int
) -> None:
    loft.site.inbox.accept(Inbound(identity_id, "m", text="home"))
    ended(loft, identity_id, 1)
    name = identity_of(loft, identity_id).external_id
    assert pigeon.typed
    assert set(pigeon.typed) == {("shop", name)}
    conversation = conversation_of(loft, identity_id)
    pigeon.typed.clear()
    loft.site.live.publish(Notice(conversation.id, identity_id))
    with loft.database.writing() as session:
        session.get_one(Conversation, conversation.id).mode = "staff"
    loft.site.live.publish(Notice(conversation.id, identity_id, "typing"))
    assert pigeon.typed == []


def test_a_courtesy_that_fails_harms_nothing(
    loft: Serving, pigeon: Pigeon, identity_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fall(bot: str, external_id: str) -> None:
        raise RuntimeError("no wings")

    monkeypatch.setattr(pigeon, "typing", fall)
    loft.site.inbox.accept(Inbound(identity_id, "m", text="home"))
    ended(loft, identity_id, 1)
    loft.site.delivering.show_typing(Notice("no such conversation", identity_id, "typing"))
    assert pigeon.sent == ["You said: home"]
