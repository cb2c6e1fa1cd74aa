"""The end of conversations: by goodbye, a rating, silence or staff. What has ended is scored, durably."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta

import structlog
from sqlalchemy import delete, select

from bot.live import Live, Notice
from bot.metrics import Metrics
from crm.conversations import close, current_conversation, rate
from crm.errors import NotFound
from crm.models import CloseReason, Conversation, Message, SatisfactionScore, utc_now
from crm.unit_of_work import Database
from satisfaction.scorer import Scorer
from satisfaction.transcript import Score, Transcript
from satisfaction.transcript import Turn as ScoredTurn

log = structlog.get_logger(__name__)

FINAL = "final"


class Closing:
    """``enqueue_scoring(conversation_id)`` queues the scoring of a conversation that has ended."""

    def __init__(
        self,
        database: Database,
        live: Live,
        scorer: Scorer,
        metrics: Metrics,
        enqueue_scoring: Callable[[str], None],
        *,
        idle_close: timedelta,
    ) -> None:
        self._database = database
        self._live = live
        self._scorer = scorer
        self._metrics = metrics
        self._enqueue_scoring = enqueue_scoring
        self._idle_close = idle_close

    def close(self, conversation_id: str, reason: CloseReason) -> None:
        """Ends a conversation; one that has ended stays as it is."""
        with self._database.writing() as session:
            conversation = session.get_one(Conversation, conversation_id)
            closed = close(conversation, reason, utc_now())
            identity_id = conversation.identity_id
        if closed:
            self.closed(conversation_id, reason)
            self._live.publish(Notice(conversation_id, identity_id))

    def closed(self, conversation_id: str, reason: CloseReason) -> None:
        """What follows a close that is stored: the score."""
        self._metrics.closings.labels(reason).inc()
        self._enqueue_scoring(conversation_id)

    def rate(self, identity_id: int, score: int, comment: str | None) -> None:
        """Keeps a rating of the identity's latest conversation, which it ends.

        Raises NotFound when there is none, InvalidValue for a score outside 1–5.
        """
        with self._database.writing() as session:
            conversation = current_conversation(session, identity_id)
            if conversation is None:
                raise NotFound("no conversation to rate")
            rate(session, conversation.id, score, comment)
            conversation_id, closed = conversation.id, close(conversation, "rating", utc_now())
        self._live.publish(Notice(conversation_id, identity_id))
        if closed:
            self.closed(conversation_id, "rating")

    def close_silent(self) -> None:
        """Ends every conversation in which nothing was said for long; queues scores that are missing.

        One in which nobody ever wrote is forgotten instead.
        """
        with self._database.writing() as session:
            silent_for_long = (Conversation.closed_at.is_(None), Conversation.last_at < utc_now() - self._idle_close)
            untouched = (~Conversation.messages.any(), ~Conversation.rating.has())
            session.execute(delete(Conversation).where(*silent_for_long, *untouched))
        with self._database.reading() as session:
            silent = session.scalars(select(Conversation.id).where(*silent_for_long)).all()
            unscored = session.scalars(
                select(Conversation.id)
                .outerjoin(SatisfactionScore, SatisfactionScore.conversation_id == Conversation.id)
                .where(
                    Conversation.closed_at.is_not(None),
                    SatisfactionScore.id.is_(None),
                    Conversation.messages.any(Message.author == "customer"),
                )
            ).all()
        for conversation_id in silent:
            self.close(conversation_id, "silence")
        for conversation_id in unscored:
            self._enqueue_scoring(conversation_id)

    def score(self, conversation_id: str) -> None:
        """Scores a conversation and keeps the score with its reasons; one that the customer has no part in has none."""
        transcript = self.transcript(conversation_id)
        if all(turn.author != "customer" for turn in transcript.turns):
            return
        score = self._scorer.score(transcript)
        with self._database.writing() as session:
            row = session.scalars(
                select(SatisfactionScore).where(
                    SatisfactionScore.conversation_id == conversation_id, SatisfactionScore.phase == FINAL
                )
            ).first() or SatisfactionScore(conversation_id=conversation_id, phase=FINAL)
            _fill(row, score)
            session.add(row)
            identity_id = session.get_one(Conversation, conversation_id).identity_id
        self._live.publish(Notice(conversation_id, identity_id))

    def transcript(self, conversation_id: str) -> Transcript:
        """The conversation as satisfaction wants it. Raises NotFound."""
        with self._database.reading() as session:
            conversation = session.get(Conversation, conversation_id)
            if conversation is None:
                raise NotFound(f"no conversation {conversation_id}")
            return Transcript(
                conversation_id=conversation.id,
                language=conversation.language,
                channel=conversation.channel,
                turns=tuple(_scored_turn(message) for message in conversation.messages),
                asked_for_human=any(message.intent == "ask_human" for message in conversation.messages),
                reached_human=any(message.author == "staff" for message in conversation.messages),
            )


def _scored_turn(message: Message) -> ScoredTurn:
    return ScoredTurn(
        id=message.id,
        author=message.author,
        text=message.text,
        at=message.at,
        intent=message.intent,
        confidence=message.confidence,
        sentiment=message.sentiment,
        understood=message.understood,
        done=message.done,
    )


def _fill(row: SatisfactionScore, score: Score) -> None:
    row.mean, row.low, row.high = score.mean, score.low, score.high
    row.distribution = list(score.distribution)
    row.reasons = [asdict(reason) for reason in score.reasons]
    row.model_version = score.model_version
    row.at = utc_now()
