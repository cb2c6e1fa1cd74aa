"""Laws of the way in: repeats and disorder change nothing, any text is safe, and Rasa's shorthand stays ours."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from bot.dialogue import merge_replies, replies_in_events, typed
from bot.errors import TooLarge, Unprocessable
from bot.inbox import Inbox, clean_text
from bot.live import Live
from bot.media_intake import MediaIntake
from bot.media_store import MediaStore
from bot.messages import Button, Inbound, Queued, Reply
from crm.models import Base, Identity, Message
from crm.unit_of_work import Database
from nlu.payloads import format_payload, parse_payload
from perception.media import MediaLimits

any_text = st.text(st.characters(codec=None), max_size=60)


@contextmanager
def an_inbox() -> Iterator[tuple[Inbox, Database, list[Queued]]]:
    """An inbox over an empty database with two known visitors, 1 and 2."""
    queued: list[Queued] = []
    with tempfile.TemporaryDirectory() as directory:
        database = Database(f"sqlite:///{directory}/crm.sqlite")
        Base.metadata.create_all(database.engine)
        with database.writing() as session:
            session.add_all(Identity(id=number, channel="web", external_id=str(number)) for number in (1, 2))
        inbox = Inbox(
            database,
            MediaIntake(MediaStore(Path(directory)), lambda data: data, MediaLimits()),
            Live(),
            lambda message, *_, **__: queued.append(message),
            text_limit=100,
        )
        try:
            yield inbox, database, queued
        finally:
            database.close()


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.sampled_from([1, 2]), st.sampled_from("abcde")), max_size=25))
def test_however_often_and_in_whatever_order_each_message_is_stored_and_queued_once(
    posts: list[tuple[int, str]],
) -> None:
    with an_inbox() as (inbox, database, queued):
        ids = {}
        for visitor, name in posts:
            message_id = inbox.accept(Inbound(visitor, name, text=f"text {name}"))
            assert ids.setdefault((visitor, name), message_id) == message_id
        with database.reading() as session:
            stored = session.scalars(select(Message).order_by(Message.identity_id, Message.seq)).all()
        assert {(each.identity_id, each.channel_message_id) for each in stored} == set(posts)
        assert len(stored) == len(set(posts)) == len(queued)
        for visitor in (1, 2):
            seqs = [each.seq for each in stored if each.identity_id == visitor]
            assert seqs == list(range(1, len(seqs) + 1))


@settings(max_examples=60, deadline=None)
@given(any_text)
def test_any_text_is_stored_as_cleaned_or_refused_for_a_reason(text: str) -> None:
    with an_inbox() as (inbox, database, _):
        try:
            message_id = inbox.accept(Inbound(1, "m", text=text))
        except Unprocessable:
            assert not clean_text(text).strip()
            return
        except TooLarge:
            pytest.fail("60 characters are no more than 100")
        with database.reading() as session:
            assert session.get_one(Message, message_id).text == clean_text(text)


@given(any_text)
def test_cleaning_is_done_once_and_leaves_what_any_database_takes(text: str) -> None:
    cleaned = clean_text(text)
    assert clean_text(cleaned) == cleaned
    assert "\x00" not in cleaned
    cleaned.encode()


@given(st.text(max_size=30).map(lambda tail: f"/{tail}") | any_text)
def test_nothing_that_is_typed_is_a_payload(text: str) -> None:
    assert parse_payload(typed(text)) is None
    assert not typed(text).strip().startswith("/")


@given(
    st.from_regex(r"[a-z][a-z0-9_]{0,20}", fullmatch=True),
    st.dictionaries(st.from_regex(r"[a-z_]{1,10}", fullmatch=True), st.text(max_size=20), max_size=3),
)
def test_our_own_payloads_come_back_whole(intent: str, entities: dict[str, str]) -> None:
    understanding = parse_payload(format_payload(intent, entities))
    assert understanding is not None
    assert understanding.intent.name == intent
    assert {each.name: each.value for each in understanding.entities} == entities


replies = st.builds(
    Reply,
    st.text(min_size=1, max_size=20),
    st.lists(st.builds(Button, st.text(max_size=5), st.text(max_size=5)), max_size=2).map(tuple),
    st.none(),
)


@given(st.lists(st.lists(replies, max_size=3), min_size=1, max_size=5), st.data())
def test_what_rasa_remembers_of_a_turn_is_what_it_answered(turns: list[list[Reply]], data: st.DataObject) -> None:
    events: list[dict[str, object]] = []
    for number, answers in enumerate(turns):
        events.append({"event": "user", "metadata": {"message_id": f"m{number}"}})
        for each in answers:
            buttons = [{"title": button.title, "payload": button.payload} for button in each.buttons]
            events.append({"event": "bot", "text": each.text, "data": {"buttons": buttons}})
            events.append({"event": "action", "name": "action_listen"})
    chosen = data.draw(st.integers(0, len(turns) - 1))
    assert replies_in_events(events, f"m{chosen}") == merge_replies(turns[chosen]) == turns[chosen]
