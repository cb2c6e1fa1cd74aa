"""Laws of what channels bring in: repeats and disorder change nothing that does not hang on order."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from bot.channels.base import Edited, Pressed, Received, RemoteMedia, Sender
from bot.inbox import Inbox
from bot.intake import ChannelIntake
from bot.live import Live
from bot.media_intake import MediaIntake
from bot.media_store import MediaStore
from bot.messages import Queued
from bot.metrics import Metrics
from crm.conversations import add_message, open_conversation
from crm.models import Base, Identity, Message
from crm.unit_of_work import Database
from perception.media import MediaLimits

LONG_AGO = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
SENDERS = [Sender("telegram", "bot", name, name=name) for name in ("1", "2")]


@dataclass
class Place:
    intake: ChannelIntake
    database: Database
    offer_ids: dict[str, str]
    queued: list[Queued] = field(default_factory=list)


@contextmanager
def a_place() -> Iterator[Place]:
    """An intake over a database in which both senders have been asked something, with two buttons to press."""
    queued: list[Queued] = []
    with tempfile.TemporaryDirectory() as directory:
        database = Database("sqlite://")
        Base.metadata.create_all(database.engine)
        offer_ids = {}
        with database.writing() as session:
            for sender in SENDERS:
                identity = Identity(channel=sender.channel, bot=sender.bot, external_id=sender.external_id)
                session.add(identity)
                session.flush()
                conversation = open_conversation(session, identity, LONG_AGO)
                buttons = [{"title": f"Button {n}", "payload": f"/choose{n}"} for n in range(2)]
                offer = add_message(session, conversation, author="bot", buttons=buttons, at=LONG_AGO)
                offer_ids[sender.external_id] = offer.id
        live = Live()
        media = MediaIntake(MediaStore(Path(directory)), lambda data: data, MediaLimits())
        inbox = Inbox(database, media, live, lambda message, *_, **__: queued.append(message), text_limit=30)
        intake = ChannelIntake(
            database, inbox, live, Metrics(), site_key="k", text_limit=30, most_bytes=1000, burst_window_s=1.2
        )
        try:
            yield Place(intake, database, offer_ids, queued)
        finally:
            database.close()


@dataclass(frozen=True)
class Reach:
    sender: Sender
    reachable: bool


Event = Received | Edited | Pressed | Reach

texts = st.sampled_from(["", "hi", "  ", "订单A1024", "a\x00b", "x" * 31, "\ud83d"])
senders = st.sampled_from(SENDERS)
names = st.sampled_from(["m1", "m2", "m3"])


@st.composite
def originals(draw: st.DrawFn) -> Received:
    """What is sent under a name is always the same: this is what vendors repeat."""
    sender, name = draw(senders), draw(names)
    choice = draw(st.integers(0, 5))
    return replace(
        [
            Received(sender, name, text="words"),
            Received(sender, name, text="x" * 31),
            Received(sender, name, command="help"),
            Received(sender, name, text="Berlin", kind="location"),
            Received(
                sender, name, text="look", media=(RemoteMedia("image", name), RemoteMedia("audio", name, None, 9000))
            ),
            Received(sender, name, media=(RemoteMedia("image", name, "image/jpeg", 10),), album="a"),
        ][choice],
        at=LONG_AGO + timedelta(minutes=int(name[1:])),
    )


def told_once(events: list[Event]) -> list[Event]:
    """The events, where one name always stands for the same message and one moment for the same correction."""
    first: dict[Any, Event] = {}
    for event in events:
        if isinstance(event, Received):
            first.setdefault((event.sender, event.channel_message_id), event)
    told: dict[Any, Event] = {}
    for event in events:
        if isinstance(event, Received):
            key: Any = (event.sender, event.channel_message_id)
            told.setdefault(key, first[key])
        elif isinstance(event, Edited):
            message = event.message
            original = first.get((message.sender, message.channel_message_id))
            assert original is None or isinstance(original, Received)
            base = original or replace(message, at=LONG_AGO)
            changed = replace(base, text=message.text, command=None)
            told.setdefault((message.sender, message.channel_message_id, event.at), Edited(changed, event.at))
        elif isinstance(event, Pressed):
            told.setdefault((event.sender, event.channel_message_id, "pressed"), event)
        else:
            told.setdefault(event, event)
    return list(told.values())


edits = st.builds(
    Edited,
    st.builds(Received, senders, names, texts),
    st.integers(0, 5).map(lambda minutes: LONG_AGO + timedelta(hours=1, minutes=minutes)),
)
presses = st.builds(Pressed, senders, st.sampled_from(["p1", "p2"]), st.sampled_from(["0", "1", "7", "x"]))
reaches = st.builds(Reach, senders, st.booleans())


def bring(place: Place, event: Event) -> None:
    match event:
        case Received():
            place.intake.message(event)
        case Edited():
            place.intake.edit(event)
        case Pressed():
            ref = f"{place.offer_ids[event.sender.external_id]}:{event.ref}"
            is_open = place.intake.press(replace(event, ref=ref))
            assert is_open or event.ref not in ("0", "1")
        case Reach():
            place.intake.reachable(event.sender, reachable=event.reachable)


def records(place: Place) -> dict[tuple[str, str], tuple[Any, ...]]:
    """All that was brought in, by who brought it under which name."""
    with place.database.reading() as session:
        rows = session.execute(
            select(Identity, Message)
            .join(Message, Message.identity_id == Identity.id)
            .where(Message.author == "customer")
        ).all()
        found = {
            (identity.external_id, str(message.channel_message_id)): (
                identity.last_seen_at if not str(message.channel_message_id).startswith("p") else None,
                message.text,
                message.first_text,
                message.edited_at,
                message.payload,
                message.kind,
                message.album,
                message.state,
                sorted(
                    (each.kind, each.mime, each.remote or "", each.error_code or "") for each in message.attachments
                ),
            )
            for identity, message in rows
        }
        assert len(found) == len(rows), "one was stored twice"
        assert len(found) == len(place.queued) == len({each.id for each in place.queued})
        for sender in SENDERS:
            seqs = sorted(m.seq for identity, m in rows if identity.external_id == sender.external_id)
            assert seqs == list(range(2, len(seqs) + 2)), "the first is what they were asked"
        return found


@settings(max_examples=40, deadline=None)
@given(st.lists(originals() | edits | presses | reaches, max_size=9).map(told_once), st.data())
def test_repeats_and_disorder_change_no_record(events: list[Event], data: st.DataObject) -> None:
    with a_place() as straight:
        for event in events:
            bring(straight, event)
        expected = records(straight)
    repeated = events + data.draw(st.lists(st.sampled_from(events), max_size=6)) if events else []
    with a_place() as disorderly:
        for event in data.draw(st.permutations(repeated)):
            bring(disorderly, event)
        found = records(disorderly)
    presses_matter = not any(isinstance(event, Pressed) for event in events)
    for key in expected.keys() | found.keys():
        assert found[key][1:] == expected[key][1:]
        if presses_matter:  # a press happens now, and is the last that was seen of them
            assert found[key][0] == expected[key][0]


@settings(max_examples=40, deadline=None)
@given(
    st.text(st.characters(codec=None), max_size=60),
    st.text(st.characters(codec=None), max_size=300),
    st.sampled_from([None, "start", "help", "human", "privacy", "stop"]),
    st.sampled_from([None, "location", "contact", "sticker", "video", "document", "other"]),
)
def test_whatever_is_brought_is_stored_and_can_be_answered(text: str, name: str, command: Any, kind: Any) -> None:
    with a_place() as place:
        sender = replace(SENDERS[0], name=name)
        place.intake.message(Received(sender, "m", text=text, command=command, kind=kind))
        with place.database.reading() as session:
            message = session.scalars(select(Message).where(Message.channel_message_id == "m")).one()
            assert message.text.strip() or message.payload or message.kind
            assert (message.payload is not None) == (command is not None)
            message.text.encode()
            assert len(message.conversation.identity.name or "") <= 200
