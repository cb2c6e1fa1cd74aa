"""The end of conversations by silence, their scores, and staff at the desk."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.closing import Closing
from bot.messages import Reply
from crm.errors import AlreadyClosed, HeldByOther, InvalidValue, NotFound
from crm.models import AuditEntry, Conversation, SatisfactionScore, Staff, utc_now
from tests.serving import Serving, wait_until


def scored(server: Serving, conversation_id: str) -> SatisfactionScore | None:
    with server.database.reading() as session:
        return session.scalars(
            select(SatisfactionScore).where(SatisfactionScore.conversation_id == conversation_id)
        ).first()


def let_pass(server: Serving, conversation_id: str, silence: timedelta) -> None:
    with server.database.writing() as session:
        session.get_one(Conversation, conversation_id).last_at = utc_now() - silence


def closing(server: Serving) -> Closing:
    return server.site.closing


def test_silence_ends_a_conversation_which_is_scored_with_reasons(server: Serving) -> None:
    visitor = server.visitor()
    visitor.ask("hello")
    closing(server).close_silent()
    with server.database.reading() as session:
        assert session.get_one(Conversation, visitor.conversation_id).closed_at is None
    let_pass(server, visitor.conversation_id, timedelta(hours=1))
    closing(server).close_silent()
    score = wait_until(lambda: scored(server, visitor.conversation_id))
    assert 1 <= score.low <= score.mean <= score.high <= 5
    assert sum(score.distribution) == pytest.approx(1)
    with server.database.reading() as session:
        assert session.get_one(Conversation, visitor.conversation_id).close_reason == "silence"


def test_a_goodbye_ends_a_conversation_which_is_scored(server: Serving) -> None:
    visitor = server.visitor()
    visitor.ask("goodbye")
    assert wait_until(lambda: scored(server, visitor.conversation_id))
    with server.database.reading() as session:
        assert session.get_one(Conversation, visitor.conversation_id).close_reason == "goodbye"


def test_what_the_shop_wrote_and_nobody_answered_is_closed_and_not_scored(server: Serving) -> None:
    visitor = server.visitor()
    with server.database.writing() as session:
        server.site.outbox.add(session, session.get_one(Conversation, visitor.conversation_id), Reply("A word."))
    let_pass(server, visitor.conversation_id, timedelta(hours=1))
    closing(server).close_silent()
    closing(server).score(visitor.conversation_id)
    with server.database.reading() as session:
        assert session.get_one(Conversation, visitor.conversation_id).close_reason == "silence"
    assert scored(server, visitor.conversation_id) is None


def test_a_conversation_in_which_nobody_wrote_is_forgotten(server: Serving) -> None:
    visitor = server.visitor()
    let_pass(server, visitor.conversation_id, timedelta(hours=1))
    closing(server).close_silent()
    with server.database.reading() as session:
        assert session.get(Conversation, visitor.conversation_id) is None
    assert visitor.ask("hello") == "You said: hello"


def test_a_score_that_a_crash_prevented_is_made_later(server: Serving) -> None:
    visitor = server.visitor()
    visitor.ask("hello")
    with server.database.writing() as session:
        conversation = session.get_one(Conversation, visitor.conversation_id)
        conversation.closed_at, conversation.close_reason = utc_now(), "goodbye"
    closing(server).close_silent()
    assert wait_until(lambda: scored(server, visitor.conversation_id))


def test_rating_without_a_conversation_is_not_found(server: Serving) -> None:
    visitor = server.visitor()
    let_pass(server, visitor.conversation_id, timedelta(hours=1))
    closing(server).close_silent()
    refused = visitor.post("/rating", json={"score": 3})
    assert (refused.status_code, refused.json()["error"]["code"]) == (404, "not_found")


def staff_member(server: Serving, email: str) -> int:
    with server.database.writing() as session:
        staff = Staff(email=email, name="Ana", password_hash="-")
        session.add(staff)
        session.flush()
        return staff.id


def test_staff_take_over_answer_and_hand_back(server: Serving) -> None:
    desk = server.site.handover
    ana, ben = staff_member(server, "ana@shop.example"), staff_member(server, "ben@shop.example")
    visitor = server.visitor()
    visitor.ask("hello")
    with pytest.raises(HeldByOther):
        asyncio.run(desk.reply(visitor.conversation_id, ana, "too early"))
    asyncio.run(desk.take_over(visitor.conversation_id, ana))
    with pytest.raises(HeldByOther):
        asyncio.run(desk.reply(visitor.conversation_id, ben, "not mine"))
    with pytest.raises(InvalidValue):
        asyncio.run(desk.reply(visitor.conversation_id, ana, " \u0000 "))
    asyncio.run(desk.reply(visitor.conversation_id, ana, "Ana here"))
    assert [(m["author"], m["text"]) for m in visitor.messages()][-1] == ("staff", "Ana here")
    asyncio.run(desk.hand_back(visitor.conversation_id, ana))
    assert visitor.ask("bot?") == "You said: bot?"
    asyncio.run(desk.close(visitor.conversation_id, ana))
    with pytest.raises(AlreadyClosed):
        asyncio.run(desk.take_over(visitor.conversation_id, ana))
    with server.database.reading() as session:
        done = session.scalars(select(AuditEntry.action).where(AuditEntry.target == visitor.conversation_id)).all()
    assert done == ["take_over", "reply", "hand_back", "close"]


def test_what_is_not_there_cannot_be_taken_over(server: Serving) -> None:
    with pytest.raises(NotFound):
        asyncio.run(server.site.handover.take_over("0" * 32, 1))
