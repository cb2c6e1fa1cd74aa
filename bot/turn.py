"""One customer turn: hear and see, understand, converse, answer. Every stage can be run again without harm.

The stages are steps of a durable workflow and are given a message id alone. A stage that finds its work done does
nothing, so a turn that was cut off anywhere goes on where it stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Protocol

import structlog
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.dialogue import Conversing, typed
from bot.errors import EngineRefused
from bot.live import Live, Notice
from bot.messages import Reply
from bot.metrics import Metrics
from bot.outbox import Outbox
from bot.phrases import Phrase, phrase
from crm.conversations import close
from crm.models import Attachment, CloseReason, Conversation, Message, utc_now
from crm.unit_of_work import Database
from nlu.payloads import format_payload, parse_payload
from nlu.understanding import Entity, Understanding

log = structlog.get_logger(__name__)

FAILED = "failed"
"""``done`` of a reply that apologises: an action could not do its work."""
ENDINGS: dict[str | None, CloseReason] = {"goodbye": "goodbye", "rated": "rating"}
"""``done`` of replies after which the conversation is over, and why it is."""
NOT_UNDERSTOOD = frozenset({"nlu_fallback", "out_of_scope"})
_MEDIA_PHRASES: dict[str, Phrase] = {
    "silence": "silent_note",
    "timeout": "slow_media",
    "media_too_large": "long_note",
}


class Parser(Protocol):
    def parse(self, text: str) -> Understanding: ...


@dataclass(frozen=True, slots=True)
class Pending:
    """A message that waits for its answer, read in one go."""

    message_id: str
    conversation_id: str
    identity_id: int
    text: str
    payload: str | None
    language: str
    mode: str
    asked: bool
    turns: int
    attachments: tuple[Attachment, ...]


@dataclass(frozen=True, slots=True)
class Utterance:
    """What Rasa is told, and what it means."""

    for_rasa: str
    understanding: Understanding


class Turn:
    """The stages ``answer`` and ``give_up``; ``perceive`` is the stage before them, in ``perceiving``."""

    def __init__(
        self,
        database: Database,
        outbox: Outbox,
        live: Live,
        dialogue: Conversing,
        parser: Parser,
        metrics: Metrics,
        *,
        session_turns: int,
        audio_limit_s: float,
        on_close: Callable[[str, CloseReason], None],
    ) -> None:
        self._database = database
        self._outbox = outbox
        self._live = live
        self._dialogue = dialogue
        self._parser = parser
        self._metrics = metrics
        self._session_turns = session_turns
        self._audio_limit_s = audio_limit_s
        self._on_close = on_close

    def answer(self, message_id: str) -> None:
        """Understands the message and answers it. Raises EngineError when Rasa does not: try again."""
        pending = self._pending(message_id)
        if pending is None:
            return
        self._live.publish(Notice(pending.conversation_id, pending.identity_id, "typing"))
        trouble = trouble_with_media(pending)
        if trouble is not None:
            words = phrase(trouble, pending.language, minutes=round(self._audio_limit_s / 60))
            self._record(pending, [Reply(words)])
            return
        utterance = self._understand(pending)
        language = choose_language(utterance.understanding, pending.language)
        self._note_understanding(pending, utterance.understanding, language)
        replies = [] if pending.mode == "staff" else self._converse(pending, utterance, language)
        self._record(pending, replies)
        self._bound_session(pending, replies, language)

    def give_up(self, message_id: str) -> None:
        """Apologises for a turn that could not be finished, and asks staff to look."""
        pending = self._pending(message_id)
        if pending is not None:
            self._record(pending, [Reply(phrase("technical_problem", pending.language), done=FAILED)])

    def _pending(self, message_id: str) -> Pending | None:
        with self._database.reading() as session:
            message = session.get_one(Message, message_id)
            if message.state not in ("received", "asked"):
                return None
            conversation = message.conversation
            turns = session.scalar(
                select(func.count())
                .select_from(Message)
                .where(Message.conversation_id == conversation.id, Message.author == "customer")
            )
            return Pending(
                message_id=message.id,
                conversation_id=conversation.id,
                identity_id=message.identity_id,
                text=message.text,
                payload=message.payload,
                language=conversation.language,
                mode=conversation.mode,
                asked=message.state == "asked",
                turns=turns or 0,
                attachments=tuple(message.attachments),
            )

    def _understand(self, pending: Pending) -> Utterance:
        wordless = pending.payload or _payload_of_media(pending)
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
        with self._database.writing() as session:
            message = session.get_one(Message, pending.message_id)
            message.state = "asked"
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
            "attachments": [each.id for each in pending.attachments],
        }
        with self._metrics.stage_seconds.labels("converse").time():
            replies = self._dialogue.converse(pending.conversation_id, utterance.for_rasa, metadata)
        if not replies:
            raise EngineRefused("Rasa gave no answer")
        return replies

    def _record(self, pending: Pending, replies: list[Reply]) -> None:
        """Stores the answers and marks the message, at once or not at all."""
        failed = any(reply.done == FAILED for reply in replies)
        with self._database.writing() as session:
            message = session.get_one(Message, pending.message_id)
            if message.state not in ("received", "asked"):
                return
            message.state = "failed" if failed else "answered"
            conversation = message.conversation
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
        if replies and pending.turns % self._session_turns == 0 and ending_of(replies) is None:
            self._dialogue.start_fresh_session(pending.conversation_id, language)


def ending_of(replies: list[Reply]) -> CloseReason | None:
    """Why the conversation is over after these replies, if it is."""
    return next((ENDINGS[reply.done] for reply in replies if reply.done in ENDINGS), None)


def choose_language(understanding: Understanding, current: str) -> str:
    """The language to answer in: the utterance's where it tells, else the conversation's."""
    if understanding.language == "mixed":
        return "zh"
    return understanding.language if understanding.language in ("en", "zh") else current


def trouble_with_media(pending: Pending) -> Phrase | None:
    """What to say when there is nothing but media, and none of it could be made out."""
    if pending.text or pending.payload or not pending.attachments:
        return None
    codes = [each.error_code for each in pending.attachments]
    if not all(codes) or "no_recogniser" in codes:
        return None
    by_kind: Phrase = "unreadable_photo" if pending.attachments[0].kind == "image" else "unreadable_note"
    return _MEDIA_PHRASES.get(codes[0] or "", by_kind)


def _payload_of_media(pending: Pending) -> str | None:
    """A message without words says what was sent, and the order number seen in it."""
    if pending.text.strip() or not pending.attachments:
        return None
    if not any(each.kind == "image" for each in pending.attachments):
        return format_payload("send_voice")
    number = order_number_seen(pending.attachments)
    return format_payload("send_photo", {"order_number": number} if number else None)


def order_number_seen(attachments: Sequence[Attachment]) -> str | None:
    """The first order number that was read off a photo, if any."""
    fields = (field for each in attachments if each.kind == "image" for field in (each.facts or {}).get("fields", []))
    return next((str(field["value"]) for field in fields if field["name"] == "order_number"), None)


def with_order_number(understanding: Understanding, number: str | None) -> Understanding:
    """The understanding of a photo's words, with the order number on the photo where the words name none."""
    if number is None or any(entity.name == "order_number" for entity in understanding.entities):
        return understanding
    seen = Entity("order_number", number, text="", start=0, end=0, extractor="photo")
    return replace(understanding, entities=(*understanding.entities, seen))
