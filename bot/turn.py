"""One customer turn: hear and see, understand, converse, answer. Every stage can be run again without harm.

The stages are steps of a durable workflow and are given a message id alone. A stage that finds its work done does
nothing, so a turn that was cut off anywhere goes on where it stopped. A turn answers whatever waits before its own
message first, in order; and a message that belongs to a burst leaves itself to the burst's last, whose turn takes
it along whatever became of this one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from typing import Protocol

import structlog
from sqlalchemy.orm import Session

from bot.dialogue import Conversing, typed
from bot.errors import EngineRefused
from bot.live import Live, Notice
from bot.messages import Reply
from bot.metrics import Metrics
from bot.outbox import Outbox
from bot.pending import (
    Pending,
    mark,
    next_pending,
    order_number_seen,
    payload_of_media,
    remarks_instead,
    remarks_on_kinds,
)
from bot.phrases import Phrase, phrase
from bot.remarks import remark_on_lost
from crm.conversations import WAITING, close
from crm.models import CloseReason, Conversation, Message, utc_now
from crm.unit_of_work import Database
from nlu.payloads import parse_payload
from nlu.understanding import Entity, Understanding

log = structlog.get_logger(__name__)

FAILED = "failed"
"""``done`` of a reply that apologises: an action could not do its work."""
TOLD = "knowledge_told"
"""``done`` of a reply that answers from the shop's knowledge: understood, though no intent was."""
ENDINGS: dict[str | None, CloseReason] = {"goodbye": "goodbye", "rated": "rating"}
"""``done`` of replies after which the conversation is over, and why it is."""
NOT_UNDERSTOOD = frozenset({"nlu_fallback", "out_of_scope"})


class Parser(Protocol):
    def parse(self, text: str) -> Understanding: ...


@dataclass(frozen=True, slots=True)
class Utterance:
    """What Rasa is told, and what it means."""

    for_rasa: str
    understanding: Understanding


@dataclass(frozen=True, slots=True)
class TurnLimits:
    """What a customer is told of what is taken, and how long things go on.

    ``audio_s`` is the longest voice note, ``characters`` the longest text; after ``session_turns`` turns Rasa is
    given a fresh session.
    """

    audio_s: float
    characters: int
    session_turns: int


class Turn:
    """The stages ``answer`` and ``give_up``; those before them fetch files and perceive them.

    ``perceive(message_id)`` is these earlier stages for everything that waits up to the message: a message that
    overtakes another one's turn needs them. ``burst_window(channel)`` is the pause that ends a burst there.
    """

    def __init__(
        self,
        database: Database,
        outbox: Outbox,
        live: Live,
        dialogue: Conversing,
        parser: Parser,
        metrics: Metrics,
        *,
        limits: TurnLimits,
        burst_window: Callable[[str], timedelta],
        perceive: Callable[[str], None],
        on_close: Callable[[str, CloseReason], None],
    ) -> None:
        self._database = database
        self._outbox = outbox
        self._live = live
        self._dialogue = dialogue
        self._parser = parser
        self._metrics = metrics
        self._limits = limits
        self._burst_window = burst_window
        self._perceive = perceive
        self._on_close = on_close

    def answer(self, message_id: str) -> None:
        """Understands and answers what waits up to the message, or leaves the message to a later one of its burst.

        Raises EngineError when Rasa does not answer: try again.
        """
        while (pending := self._next(message_id)) is not None:
            if pending.unperceived:
                self._perceive(message_id)
                pending = self._next(message_id)
                if pending is None:
                    return
            self._answer(pending)
            if pending.message_id == message_id:
                return

    def give_up(self, message_id: str) -> None:
        """Apologises for the burst that could not be answered, asks staff to look, and goes on with what follows.

        Raises EngineError as ``answer`` does, and then gives up the next when it is tried again.
        """
        pending = self._next(message_id)
        if pending is None:
            return
        self._record(pending, [Reply(phrase("technical_problem", pending.language), done=FAILED)])
        if pending.message_id != message_id:
            self.answer(message_id)

    def _next(self, message_id: str) -> Pending | None:
        with self._database.reading() as session:
            return next_pending(session, message_id, self._burst_window)

    def _answer(self, pending: Pending) -> None:
        self._live.publish(Notice(pending.conversation_id, pending.identity_id, "typing"))
        remarks = remarks_instead(pending)
        if remarks:
            said = [self._said(each, pending.language) for each in remarks]
            self._record(pending, [] if pending.mode == "staff" else said)
            return
        utterance = self._understand(pending)
        language = choose_language(utterance.understanding, pending.language)
        self._note_understanding(pending, utterance.understanding, language)
        replies = [] if pending.mode == "staff" else self._converse(pending, utterance, language)
        self._record(pending, [*self._beside(pending, replies, language), *replies])
        self._bound_session(pending, replies, language)

    def _beside(self, pending: Pending, replies: list[Reply], language: str) -> list[Reply]:
        """What is to be said of files that are not read or never came, before the answer to what came with them."""
        lost = remark_on_lost(pending.attachments)
        remarks = [*remarks_on_kinds(pending), *([lost] if lost else [])]
        return [self._said(each, language) for each in remarks] if replies else []

    def _said(self, key: Phrase, language: str) -> Reply:
        minutes, characters = round(self._limits.audio_s / 60), f"{self._limits.characters:,}"
        return Reply(phrase(key, language, minutes=minutes, characters=characters))

    def _understand(self, pending: Pending) -> Utterance:
        wordless = pending.payload or payload_of_media(pending)
        if wordless is None:
            with self._metrics.stage_seconds.labels("understand").time():
                understanding = self._parser.parse(pending.text)
            return Utterance(
                typed(pending.text), with_order_number(understanding, order_number_seen(pending.attachments))
            )
        pressed = parse_payload(wordless)
        if pressed is None:
            raise ValueError("a button of ours carries what is no payload")
        return Utterance(wordless, pressed)

    def _note_understanding(self, pending: Pending, understanding: Understanding, language: str) -> None:
        """Keeps what was understood on the burst's last message, and that the others belong to it."""
        with self._database.writing() as session:
            message = session.get_one(Message, pending.message_id)
            mark(session, pending, message, "asked")
            message.language = understanding.language if pending.payload is None else language
            message.intent = understanding.intent.name
            message.confidence = understanding.intent.confidence
            message.ranking = [asdict(each) for each in understanding.ranking[:5]]
            message.entities = [asdict(each) for each in understanding.entities]
            message.sentiment = understanding.sentiment.score if pending.text and not pending.payload else None
            message.understood = understanding.intent.name not in NOT_UNDERSTOOD
            message.conversation.language = language
            message.conversation.identity.language = language

    def _converse(self, pending: Pending, utterance: Utterance, language: str) -> list[Reply]:
        if pending.asked:
            earlier = self._dialogue.recall(pending.conversation_id, pending.message_id)
            if earlier:
                return earlier
        metadata = {
            "message_id": pending.message_id,
            "text": pending.text,
            "language": language,
            "attachments": [each.id for each in pending.attachments if each.key is not None],
        }
        with self._metrics.stage_seconds.labels("converse").time():
            replies = self._dialogue.converse(pending.conversation_id, utterance.for_rasa, metadata)
        if not replies:
            raise EngineRefused("Rasa gave no answer")
        return replies

    def _record(self, pending: Pending, replies: list[Reply]) -> None:
        """Stores the answers and marks the message, at once or not at all; no answers where staff answer by now."""
        failed = any(reply.done == FAILED for reply in replies)
        with self._database.writing() as session:
            message = session.get_one(Message, pending.message_id)
            if message.state not in WAITING:
                return
            mark(session, pending, message, "failed" if failed else "answered")
            if any(reply.done == TOLD for reply in replies):
                message.understood = True
            conversation = message.conversation
            if conversation.mode == "staff":
                replies = []
            if failed and conversation.mode == "bot":
                conversation.mode = "waiting"
            conversation.last_at = utc_now()
            stored = self._add_replies(session, conversation, message, replies)
            ending = ending_of(replies)
            closed = ending is not None and close(conversation, ending, utc_now())
            waited_s = (utc_now() - message.at).total_seconds()
            channel = conversation.channel
        self._live.publish(Notice(pending.conversation_id, pending.identity_id))
        self._outbox.dispatch(channel, stored)
        if closed and ending is not None:
            self._on_close(pending.conversation_id, ending)
        self._metrics.turns.labels(FAILED if failed else "answered").inc()
        self._metrics.messages.labels(channel, "bot").inc(len(stored))
        self._metrics.turn_seconds.observe(waited_s)

    def _add_replies(
        self, session: Session, conversation: Conversation, message: Message, replies: list[Reply]
    ) -> list[Message]:
        return [
            self._outbox.add(session, conversation, reply, answers_id=message.id, ordinal=ordinal)
            for ordinal, reply in enumerate(replies)
        ]

    def _bound_session(self, pending: Pending, replies: list[Reply], language: str) -> None:
        """Keeps a long conversation as fast as a short one."""
        if replies and pending.turns % self._limits.session_turns == 0 and ending_of(replies) is None:
            self._dialogue.start_fresh_session(pending.conversation_id, language)


def ending_of(replies: list[Reply]) -> CloseReason | None:
    """Why the conversation is over after these replies, if it is."""
    return next((ENDINGS[reply.done] for reply in replies if reply.done in ENDINGS), None)


def choose_language(understanding: Understanding, current: str) -> str:
    """The language to answer in: the utterance's where it tells, else the conversation's."""
    if understanding.language == "mixed":
        return "zh"
    return understanding.language if understanding.language in ("en", "zh") else current


def with_order_number(understanding: Understanding, number: str | None) -> Understanding:
    """The understanding of a photo's words, with the order number on the photo where the words name none."""
    if number is None or any(entity.name == "order_number" for entity in understanding.entities):
        return understanding
    seen = Entity("order_number", number, text="", start=0, end=0, extractor="photo")
    parts = tuple(replace(one, entities=(*one.entities, seen)) for one in understanding.parts)
    return replace(understanding, entities=(*understanding.entities, seen), parts=parts)
