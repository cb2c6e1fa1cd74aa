from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event

from crm.errors import NotFound
from crm.linking import link, unlink
from crm.models import (
    Attachment,
    Base,
    Conversation,
    Customer,
    Identity,
    Message,
    Order,
    OutboxRow,
    Rating,
    SatisfactionScore,
    Staff,
    Ticket,
)
from crm.transcripts import SHOWN_IDENTITIES, DeliveryView, EarlierView, find_media, view_transcript
from crm.unit_of_work import Database
from crm.views import count_waiting, list_channels, list_conversations

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.fixture
def database() -> Iterator[Database]:
    database = Database("sqlite://")
    Base.metadata.create_all(database.engine)
    yield database
    database.close()


@pytest.fixture
def session(database):
    with database.writing() as session:
        yield session


@contextmanager
def counted_queries(database: Database) -> Iterator[list[str]]:
    statements: list[str] = []

    def note(_connection, _cursor, statement, *_rest) -> None:
        statements.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    yield statements
    event.remove(database.engine, "before_cursor_execute", note)


def converse(session, *texts: str, minute: int = 0, channel: str = "web", **more) -> Conversation:
    """A conversation whose last message is ``minute`` minutes after noon; texts by turns, customer first."""
    identity = Identity(
        channel=channel, external_id=f"{channel}-{minute}-{len(texts)}-{session.query(Identity).count()}"
    )
    session.add(identity)
    session.flush()
    at = NOON + timedelta(minutes=minute)
    conversation = Conversation(identity_id=identity.id, channel=channel, opened_at=at, last_at=at, **more)
    session.add(conversation)
    session.flush()
    for seq, text in enumerate(texts, start=1):
        session.add(
            Message(
                id=f"{conversation.id[:24]}-{seq}",
                conversation_id=conversation.id,
                identity_id=identity.id,
                seq=seq,
                author="customer" if seq % 2 else "bot",
                text=text,
                at=at,
            )
        )
    session.flush()
    return conversation


def score(
    conversation: Conversation, mean: float, *, phase: str = "final", minute: int = 0, reasons=()
) -> SatisfactionScore:
    return SatisfactionScore(
        conversation_id=conversation.id,
        phase=phase,
        mean=mean,
        low=mean - 0.5,
        high=mean + 0.5,
        distribution=[0.2] * 5,
        reasons=list(reasons),
        model_version="m1",
        at=NOON + timedelta(minutes=minute),
    )


def ticket(conversation: Conversation, **more) -> Ticket:
    return Ticket(
        number="T-1001",
        identity_id=conversation.identity_id,
        conversation_id=conversation.id,
        category="damaged",
        description="-",
        language="en",
        source_message_id=f"{conversation.id[:24]}-1",
        **more,
    )


def customer(session, name: str = "Maria Lindqvist", **more) -> Customer:
    row = Customer(ref=f"C-{session.query(Customer).count()}", name=name, **more)
    session.add(row)
    session.flush()
    return row


def ids(page) -> list[str]:
    return [summary.id for summary in page.conversations]


def test_an_empty_database_has_an_empty_list(session):
    page = list_conversations(session)
    assert page.conversations == ()
    assert not page.more
    assert count_waiting(session) == 0
    assert list_channels(session) == ()


def test_the_newest_stands_first_with_its_last_words(session):
    old = converse(session, "first", "old answer", minute=1)
    new = converse(session, "a\n  b" + "x" * 400, minute=2)
    page = list_conversations(session)
    assert ids(page) == [new.id, old.id]
    newest, oldest = page.conversations
    assert newest.preview == "a b" + "x" * 155
    assert (newest.preview_author, newest.message_count) == ("customer", 1)
    assert (oldest.preview, oldest.preview_author, oldest.message_count) == ("old answer", "bot", 2)


def test_a_conversation_in_which_nobody_wrote_is_not_listed(session):
    converse(session)
    assert list_conversations(session).conversations == ()


def test_the_last_messages_attachment_is_named(session):
    conversation = converse(session, "")
    session.add(
        Attachment(message_id=f"{conversation.id[:24]}-1", kind="audio", mime="audio/ogg", key="k", size_bytes=1)
    )
    assert list_conversations(session).conversations[0].preview_kind == "audio"


def test_score_rating_customer_and_staff_come_with_the_summary(session):
    staff = Staff(email="ana@shop.example", name="Ana", password_hash="-")
    session.add(staff)
    session.flush()
    known = converse(session, "hi", customer_id=customer(session).id, mode="staff", staff_id=staff.id)
    session.add_all([score(known, 2.0, phase="running"), score(known, 4.5, minute=5)])
    session.add(Rating(conversation_id=known.id, score=2))
    (summary,) = list_conversations(session).conversations
    assert (summary.customer_name, summary.staff_name, summary.rating) == ("Maria Lindqvist", "Ana", 2)
    assert summary.score is not None
    assert (summary.score.mean, summary.score.low, summary.score.high) == (4.5, 4.0, 5.0)


def test_an_anonymous_unscored_conversation_has_neither_name_nor_score(session):
    converse(session, "hi")
    (summary,) = list_conversations(session).conversations
    assert (summary.customer_name, summary.score, summary.rating) == (None, None, None)


def test_states_channels_and_languages_narrow_the_list(session):
    closed = converse(session, "a", minute=1, closed_at=NOON, close_reason="goodbye", mode="waiting")
    waiting = converse(session, "b", minute=2, mode="waiting", channel="telegram")
    held = converse(session, "c", minute=3, mode="staff", language="zh")
    free = converse(session, "d", minute=4)
    assert ids(list_conversations(session, state="closed")) == [closed.id]
    assert ids(list_conversations(session, state="open")) == [free.id, held.id, waiting.id]
    assert ids(list_conversations(session, state="waiting")) == [waiting.id]
    assert ids(list_conversations(session, state="staff")) == [held.id]
    assert ids(list_conversations(session, channel="telegram")) == [waiting.id]
    assert ids(list_conversations(session, language="zh")) == [held.id]
    assert ids(list_conversations(session, language="zh", channel="telegram")) == []
    assert count_waiting(session) == 1
    assert list_channels(session) == ("telegram", "web")
    assert [summary.wants_human for summary in list_conversations(session).conversations] == [False, False, True, False]


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("kettle", True),
        ("KETTLE Blue", True),
        ("kettle red", False),
        ("100%", True),
        ("100_", False),
        ("lindq", True),
        ("maria@", True),
        ("+4670", True),
        ("T-10", True),
        ("水壶", True),
        ("茶杯", False),
        ("   ", True),
        ("'; DROP TABLE message; --", False),
    ],
)
def test_every_word_searched_for_must_be_somewhere(session, search, found):
    who = customer(session, email="maria@example.com", phone="+46701234567")
    one = converse(session, "my blue Kettle is 100% broken", "水壶坏了", customer_id=who.id)
    session.add(ticket(one))
    other = converse(session, "hello", minute=-5)
    assert (one.id in ids(list_conversations(session, search=search))) is found
    assert (other.id in ids(list_conversations(session, search=search))) is (not search.strip())


def test_pages_follow_each_other_without_gap_or_repeat_even_at_one_instant(session):
    expected = {converse(session, "x", minute=n // 3).id for n in range(10)}
    seen: list[str] = []
    before = None
    while True:
        page = list_conversations(session, before=before, limit=3)
        seen += ids(page)
        if not page.more:
            break
        before = page.conversations[-1].position
    assert len(seen) == 10
    assert set(seen) == expected


def test_a_list_costs_the_same_number_of_queries_whatever_its_length(database, session):
    counts = []
    for n in range(2):
        for i in range(1 + 20 * n):
            one = converse(session, "hi", "there", minute=i, customer_id=customer(session).id)
            session.add(score(one, 3.0))
        session.flush()
        session.expunge_all()
        with counted_queries(database) as statements:
            list_conversations(session)
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 5


def test_a_transcript_tells_everything_of_a_conversation(session):
    who = customer(session, email="maria@example.com", address="Lund")
    staff = Staff(email="ana@shop.example", name="Ana", password_hash="-")
    order = Order(number="A1024", customer_id=who.id, status="shipped", placed_at=NOON, total_minor=100, currency="USD")
    session.add_all([staff, order])
    session.flush()
    earlier = converse(session, "before", minute=-60, customer_id=who.id)
    one = converse(session, "where is A1024", "shipped", customer_id=who.id)
    first = session.get_one(Message, f"{one.id[:24]}-1")
    first.intent, first.confidence, first.sentiment, first.understood = "ask_order_status", 0.9, -0.2, True
    first.ranking = [{"name": "ask_order_status", "confidence": 0.9}]
    first.entities = [{"name": "order_number", "value": "A1024", "text": "A1024"}]
    answer = session.get_one(Message, f"{one.id[:24]}-2")
    answer.done, answer.staff_id, answer.author = "order_status_told", staff.id, "staff"
    answer.buttons = [{"title": "Yes", "payload": "/affirm"}]
    later = NOON + timedelta(seconds=1)
    photo = {"kind": "image", "mime": "image/png", "key": "k2", "facts": {"kind": "label"}, "at": later}
    voice = {"kind": "audio", "mime": "audio/ogg", "key": "k1", "error_code": "no_recogniser", "at": NOON}
    session.add(Attachment(id="b", message_id=first.id, size_bytes=2, **photo))
    session.add(Attachment(id="a", message_id=first.id, size_bytes=1, **voice))
    session.add(Rating(conversation_id=one.id, score=4, comment="fine"))
    why = {"turn_id": first.id, "signal": "s", "effect": -0.5, "words_en": "en", "words_zh": "中"}
    session.add(score(one, 4.0, reasons=[why]))
    session.add(ticket(one, order_id=order.id))
    view = view_transcript(session, one.id)
    said, answered = view.messages
    assert (said.author, said.intent, said.confidence, said.sentiment, said.understood) == (
        "customer",
        "ask_order_status",
        0.9,
        -0.2,
        True,
    )
    assert said.entities == ({"name": "order_number", "value": "A1024", "text": "A1024"},)
    assert [(a.id, a.error_code, a.facts) for a in said.attachments] == [
        ("a", "no_recogniser", None),
        ("b", None, {"kind": "label"}),
    ]
    assert (answered.staff_name, answered.done, answered.button_titles) == ("Ana", "order_status_told", ("Yes",))
    assert view.rating is not None
    assert (view.rating.score, view.rating.comment) == (4, "fine")
    assert view.conversation.score is not None
    (reason,) = view.conversation.score.reasons
    assert (reason.message_id, reason.effect, reason.words_zh) == (first.id, -0.5, "中")
    (opened,) = view.tickets
    assert (opened.number, opened.order_number, opened.source_message_id) == ("T-1001", "A1024", first.id)
    assert view.customer is not None
    assert [o.number for o in view.customer.orders] == ["A1024"]
    assert (view.customer.order_count, view.customer.earlier) == (1, (EarlierView(earlier.id, "web", earlier.last_at),))
    assert view.omitted == 0


def test_an_anonymous_transcript_has_no_customer(session):
    assert view_transcript(session, converse(session, "hi").id).customer is None


def test_a_long_transcript_gives_its_newest_messages_in_order(session):
    one = converse(session, *(str(n) for n in range(30)))
    view = view_transcript(session, one.id, limit=10)
    assert [message.text for message in view.messages] == [str(n) for n in range(20, 30)]
    assert view.omitted == 20


def test_a_transcript_costs_the_same_number_of_queries_whatever_its_length(database, session):
    counts = []
    for length in (2, 60):
        one = converse(session, *["hi"] * length, customer_id=customer(session).id)
        for n in range(1, length + 1):
            session.add(
                Attachment(message_id=f"{one.id[:24]}-{n}", kind="image", mime="image/png", key="k", size_bytes=1)
            )
        session.flush()
        session.expunge_all()
        with counted_queries(database) as statements:
            view = view_transcript(session, one.id)
        assert all(len(message.attachments) == 1 for message in view.messages)
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 13


def test_equal_readings_are_equal_values(session):
    one = converse(session, "hi", "there", customer_id=customer(session).id)
    session.add(score(one, 4.0))
    session.flush()
    before = view_transcript(session, one.id)
    session.expire_all()
    assert view_transcript(session, one.id) == before
    session.get_one(Message, f"{one.id[:24]}-1").intent = "greet"
    session.flush()
    assert view_transcript(session, one.id) != before


def test_what_is_not_there_is_not_found(session):
    with pytest.raises(NotFound):
        view_transcript(session, "0" * 32)
    with pytest.raises(NotFound):
        find_media(session, "nothing")


def test_an_attachments_bytes_are_named_by_their_key(session):
    one = converse(session, "")
    session.add(
        Attachment(id="a", message_id=f"{one.id[:24]}-1", kind="image", mime="image/png", key="3f/x.png", size_bytes=7)
    )
    session.flush()
    media = find_media(session, "a")
    assert (media.key, media.mime, media.size_bytes) == ("3f/x.png", "image/png", 7)


# pushed channels: deliveries, kinds, edits, merged identities


def outgoing(session, conversation: Conversation, seq: int, state: str, code: str | None = None) -> None:
    row = OutboxRow(message_id=f"{conversation.id[:24]}-{seq}", channel=conversation.channel, state=state)
    row.error_code = code
    session.add(row)
    session.flush()


def test_what_did_not_arrive_is_counted_found_and_told_why(session):
    lost = converse(session, "hi", "lost", "?", "lost too", "!", "on its way", channel="telegram")
    fine = converse(session, "hi", "there", minute=1, channel="telegram")
    outgoing(session, lost, 2, "dead", "unreachable")
    outgoing(session, lost, 4, "dead", "attempts_exhausted")
    outgoing(session, lost, 6, "pending")
    outgoing(session, fine, 2, "sent")
    assert [each.undelivered for each in list_conversations(session).conversations] == [0, 2]
    assert ids(list_conversations(session, state="undelivered")) == [lost.id]
    deliveries = [message.delivery for message in view_transcript(session, lost.id).messages]
    assert deliveries == [
        None,
        DeliveryView("dead", "unreachable"),
        None,
        DeliveryView("dead", "attempts_exhausted"),
        None,
        DeliveryView("pending", None),
    ]


def test_kinds_edits_and_bursts_come_with_the_transcript(session):
    one = converse(session, "52.5200, 13.4050", "", "where is it", channel="telegram")
    place, again = (session.get_one(Message, f"{one.id[:24]}-{seq}") for seq in (1, 3))
    place.kind, place.burst_id = "location", again.id
    again.edited_at, again.first_text = NOON, "wher is it"
    session.flush()
    first, _, last = view_transcript(session, one.id).messages
    assert (first.kind, first.burst_id, first.edited_at, first.first_text) == ("location", again.id, None, None)
    assert (last.kind, last.burst_id, last.edited_at, last.first_text) == (None, None, NOON, "wher is it")


def test_the_last_messages_kind_is_named_in_the_list(session):
    one = converse(session, "A contact", channel="telegram")
    session.get_one(Message, f"{one.id[:24]}-1").kind = "contact"
    session.flush()
    assert list_conversations(session).conversations[0].preview_kind == "contact"


def test_a_file_that_the_channel_still_holds_is_named_but_cannot_be_read(session):
    one = converse(session, "", channel="telegram")
    held = {"kind": "image", "mime": "image/jpeg", "remote": "AgADBAAD", "size_bytes": 7}
    session.add(Attachment(id="held", message_id=f"{one.id[:24]}-1", **held))
    session.flush()
    (attachment,) = view_transcript(session, one.id).messages[0].attachments
    assert not attachment.stored
    with pytest.raises(NotFound):
        find_media(session, "held")


def merged_identities(session) -> tuple[Customer, Conversation, Conversation]:
    """Maria on Telegram, linked after her first conversation there, and on Slack."""
    who = customer(session, email="maria@example.com")
    telegram = converse(session, "by telegram", channel="telegram", closed_at=NOON, close_reason="silence")
    slack = converse(session, "by slack", minute=5, channel="slack")
    telegram.identity.name, telegram.identity.unreachable_at = "Maria L.", NOON
    link(session, telegram.identity, who, "phone", NOON + timedelta(minutes=1))
    link(session, slack.identity, who, "email", NOON + timedelta(minutes=2))
    session.flush()
    return who, telegram, slack


def test_a_customers_channels_and_both_histories_are_shown_from_either_side(session):
    _, telegram, slack = merged_identities(session)
    view = view_transcript(session, slack.id)
    assert [(each.channel, each.name, each.proof, each.here) for each in view.identities] == [
        ("slack", None, "email", True),
        ("telegram", "Maria L.", "phone", False),
    ]
    assert view.identities[1].linked_at == NOON + timedelta(minutes=1)
    assert view.identities[1].unreachable_at == NOON
    assert view.customer is not None
    assert view.customer.earlier == (EarlierView(telegram.id, "telegram", telegram.last_at),)
    other = view_transcript(session, telegram.id)  # it ended before the link and is hers all the same
    assert other.customer is not None
    assert other.customer.earlier == (EarlierView(slack.id, "slack", slack.last_at),)
    assert [each.customer_name for each in list_conversations(session).conversations] == ["Maria Lindqvist"] * 2
    assert ids(list_conversations(session, search="maria@example.com")) == [slack.id, telegram.id]


def test_after_unlinking_nothing_of_it_is_the_customers(session):
    _, telegram, slack = merged_identities(session)
    session.add(Staff(email="ana@shop.example", name="Ana", password_hash="-"))
    session.flush()
    unlink(session, telegram.identity_id, 1, NOON)
    view = view_transcript(session, telegram.id)
    assert view.customer is None
    assert [(each.channel, each.proof, each.here) for each in view.identities] == [("telegram", None, True)]
    assert [each.channel for each in view_transcript(session, slack.id).identities] == ["slack"]
    assert ids(list_conversations(session, search="maria@example.com")) == [slack.id]


def test_a_visitor_nobody_knows_has_the_name_their_channel_gives(session):
    one = converse(session, "hi", channel="telegram")
    one.identity.name = "Chen Wei"
    session.flush()
    (summary,) = list_conversations(session, search="chen").conversations
    assert (summary.customer_name, summary.visitor_name) == (None, "Chen Wei")


def test_a_conversation_matched_to_another_customer_is_theirs_alone(session):
    who, telegram, slack = merged_identities(session)
    someone = customer(session, name="Somebody Else")
    telegram.customer_id = someone.id
    session.flush()
    view = view_transcript(session, telegram.id)
    assert view.customer is not None
    assert view.customer.name == "Somebody Else"
    here = view_transcript(session, slack.id).customer
    assert here is not None
    assert (here.id, here.earlier) == (who.id, ())


def test_of_many_browsers_the_latest_are_shown_and_all_are_counted(session):
    who = customer(session)
    first = converse(session, "hi", customer_id=who.id)
    for n in range(SHOWN_IDENTITIES + 3):
        identity = Identity(channel="web", external_id=f"b{n}", last_seen_at=NOON + timedelta(minutes=n))
        session.add(identity)
        link(session, identity, who, "signature", NOON)
    view = view_transcript(session, first.id)
    assert view.identity_count == SHOWN_IDENTITIES + 4
    assert len(view.identities) == SHOWN_IDENTITIES
    assert view.identities[0].here
    assert view.identities[1].last_seen_at == NOON + timedelta(minutes=SHOWN_IDENTITIES + 2)
