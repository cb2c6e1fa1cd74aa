"""Trouble behind the protocol: failing engines, a broken parser, work left over. Answered once, or honestly not."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from actions.turn import KNOWLEDGE_TOLD
from bot.messages import Reply
from crm.models import Conversation, Message, OutboxRow
from tests.serving import FakeDialogue, Serving


def state_of(server: Serving, message_id: str) -> str:
    with server.database.reading() as session:
        return session.get_one(Message, message_id).state


def test_an_engine_that_fails_before_it_heard_is_asked_again(server: Serving) -> None:
    visitor = server.visitor()
    server.dialogue.fail_before = 2
    assert visitor.ask("try") == "You said: try"
    assert len(visitor.messages()) == 2


def test_an_engine_that_answered_and_then_failed_is_not_asked_twice(server: Serving) -> None:
    visitor = server.visitor()
    server.dialogue.fail_after = 1
    assert visitor.ask("pay") == "You said: pay"
    heard = [text for conversation_id, text, _ in server.dialogue.heard if conversation_id == visitor.conversation_id]
    assert heard == ["pay"]


@pytest.mark.parametrize(("language", "words"), [("en", "something went wrong on our side"), ("zh", "出了点问题")])
def test_a_turn_that_cannot_be_finished_ends_in_an_apology_and_staff_are_asked(
    server: Serving, language: str, words: str
) -> None:
    visitor = server.visitor(language=language)
    server.parser.broken = True
    sent = visitor.send("12345")
    answer = visitor.wait_for(1, timeout_s=60)[-1]
    assert words in answer["text"]
    assert state_of(server, sent.json()["message_id"]) == "failed"
    with server.database.reading() as session:
        assert session.get_one(Conversation, visitor.conversation_id).mode == "waiting"


def test_a_reply_that_says_an_action_failed_marks_the_turn(server: Serving) -> None:
    visitor = server.visitor()
    server.dialogue.answer = lambda text, metadata: [Reply("Sorry.", done="failed")]
    try:
        sent = visitor.send("x")
        visitor.wait_for(1)
        assert state_of(server, sent.json()["message_id"]) == "failed"
    finally:
        server.dialogue.answer = FakeDialogue().answer


@pytest.mark.parametrize(("done", "understood"), [(KNOWLEDGE_TOLD, True), (None, False)])
def test_what_the_knowledge_answers_counts_as_understood(server: Serving, done: str | None, understood: bool) -> None:
    visitor = server.visitor()
    server.dialogue.answer = lambda text, metadata: [Reply("We wrap gifts.", done=done)]
    try:
        sent = visitor.send("gibberish")
        visitor.wait_for(1)
    finally:
        server.dialogue.answer = FakeDialogue().answer
    with server.database.reading() as session:
        assert session.get_one(Message, sent.json()["message_id"]).understood is understood


def test_what_a_crash_left_unqueued_is_found_and_answered_once(server: Serving) -> None:
    visitor = server.visitor()
    inbox = server.site.inbox
    whole, inbox._enqueue_turn = inbox._enqueue_turn, lambda *_, **__: None
    try:
        visitor.send("lost")
    finally:
        inbox._enqueue_turn = whole
    assert [message["author"] for message in visitor.messages()] == ["customer"]
    for _ in range(3):
        inbox.requeue(older_than=timedelta(0))
    visitor.wait_for(1)
    assert [message["author"] for message in visitor.messages(wait=0)] == ["customer", "bot"]


def test_staff_answer_while_they_hold_the_conversation(server: Serving) -> None:
    visitor = server.visitor()
    visitor.ask("hello")
    with server.database.writing() as session:
        session.get_one(Conversation, visitor.conversation_id).mode = "staff"
    heard = len(server.dialogue.heard)
    sent = visitor.send("are you human?")
    visitor.messages(after=3, wait=1)
    assert state_of(server, sent.json()["message_id"]) == "answered"
    assert len(server.dialogue.heard) == heard


def test_a_long_conversation_gets_a_fresh_session_now_and_then(server: Serving) -> None:
    visitor = server.visitor()
    for number in range(server.site.settings.session_turns + 1):
        visitor.ask(f"n{number}")
    assert server.dialogue.sessions.count(visitor.conversation_id) == 1


def test_every_answer_has_one_outbox_row_that_is_sent(server: Serving) -> None:
    with server.database.reading() as session:
        answers = session.scalar(select(func.count()).select_from(Message).where(Message.author == "bot"))
        rows = session.scalar(select(func.count()).select_from(OutboxRow).where(OutboxRow.state == "sent"))
    assert answers == rows


def test_a_backlog_is_answered_in_the_order_it_was_written(server: Serving) -> None:
    """Also when all of it was queued within one tick of the queue's clock."""
    visitor = server.visitor()
    server.dialogue.delay_s = 0.3
    for number in range(8):
        visitor.send(f"m{number}")
    server.dialogue.delay_s = 0
    answers = [message["text"] for message in visitor.wait_for(8) if message["author"] == "bot"]
    assert answers == [f"You said: m{number}" for number in range(8)]
