"""One customer turn: hear and see, understand, converse, answer. Every stage can be run again without harm.

The stages are steps of a durable workflow and are given a message id alone. A stage that finds its work done does
nothing, so a turn that was cut off anywhere goes on where it stopped. A turn answers whatever waits before its own
message first, in order; and a message that belongs to a burst leaves itself to the burst's last, whose turn takes
it along whatever became of this one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from typing import Protocol

import structlog
from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session, aliased

from bot.bursts import MOST_MESSAGES, first_burst, joined_text
from bot.dialogue import Conversing, typed
from bot.errors import EngineRefused
from bot.live import Live, Notice
from bot.messages import Reply
from bot.metrics import Metrics
from bot.outbox import Outbox
from bot.phrases import Phrase, phrase
from bot.remarks import remark_on_kind, remark_on_lost, remark_on_media
from crm.conversations import WAITING, close
from crm.models import Attachment, CloseReason, Conversation, Message, MessageKind, MessageState, utc_now
from crm.unit_of_work import Database
from nlu.payloads import format_payload, parse_payload
from nlu.understanding import Entity, Understanding

log = structlog.get_logger(__name__)

FAILED = "failed"
"""``done`` of a reply that apologises: an action could not do its work."""
TOLD = "knowledge_told"
"""``done`` of a reply that answers from the shop's knowledge: understood, though no intent was."""
ENDINGS: dict[str | None, CloseReason] = {"goodbye": "goodbye", "rated": "rating"}
"""``done`` of replies after which the conversation is over, and why it is."""
NOT_UNDERSTOOD = frozenset({"nlu_fallback", "out_of_scope"})

_WANTED = aliased(Message)
_WAITING_BESIDE = (  # made once, for making it takes longer than running it
    select(Message, _WANTED.seq)
    .join(_WANTED, _WANTED.conversation_id == Message.conversation_id)
    .where(_WANTED.id == bindparam("message_id"), _WANTED.state.in_(WAITING))
    .where(Message.author == "customer", Message.state.in_(WAITING))
    .order_by(Message.seq)
    .limit(MOST_MESSAGES)
)
"""The unanswered messages of a message's conversation, the first of them, each with the ``seq`` of that message."""


class Parser(Protocol):
    def parse(self, text: str) -> Understanding: ...


@dataclass(frozen=True, slots=True)
class Pending:
    """A burst of messages that waits for its answer, read in one go; mostly a single message.

    ``message_id`` is the last of them, which the answer is to; ``earlier`` are the others. ``text`` is that of all
    but those of a kind of their own, which ``kinds`` are, each with its message's error code; ``only_kinds`` tells
    that there are no others. ``attachments`` are those of all. ``turns`` counts the conversation's turns, this one
    included.
    """

    message_id: str
    earlier: tuple[str, ...]
    conversation_id: str
    identity_id: int
    text: str
    payload: str | None
    kinds: tuple[tuple[MessageKind, str | None], ...]
    only_kinds: bool
    language: str
    mode: str
    asked: bool
    turns: int
    attachments: tuple[Attachment, ...]

    @property
    def unperceived(self) -> bool:
        return any(each.facts is None and each.error_code is None for each in self.attachments)


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
        """The first burst that waits, none of it later than the message."""
        with self._database.reading() as session:
            rows = session.execute(_WAITING_BESIDE, {"message_id": message_id}).all()
            if not rows:
                return None
            burst = first_burst([row[0] for row in rows], self._burst_window(rows[0][0].conversation.channel))
            if burst[-1].seq > rows[0][1]:
                return None
            return _pending(session, burst)

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
        """Keeps what was understood on the burst's last message, and that the others belong to it."""
        with self._database.writing() as session:
            message = session.get_one(Message, pending.message_id)
            _mark(session, pending, message, "asked")
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
            _mark(session, pending, message, "failed" if failed else "answered")
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


def remarks_instead(pending: Pending) -> list[Phrase]:
    """What the server says itself, where Rasa need not be asked; nothing where it is."""
    of_kinds = remarks_on_kinds(pending)
    if not pending.only_kinds and (pending.text or pending.payload):
        return []
    of_media = remark_on_media(pending.attachments)
    if of_media is not None:
        return [*of_kinds, of_media]
    return of_kinds if pending.only_kinds else []


def remarks_on_kinds(pending: Pending) -> list[Phrase]:
    """What to say of locations, documents and the like, once however many of them were sent as one."""
    return list(dict.fromkeys(remark_on_kind(kind, code) for kind, code in pending.kinds))


def _pending(session: Session, burst: list[Message]) -> Pending:
    first, last = burst[0], burst[-1]
    of_kinds = [(each.kind, each.error_code) for each in burst if each.kind is not None and each.payload is None]
    others = [each for each in burst if each.kind is None or each.payload is not None]
    conversation = last.conversation
    earlier_turns = session.scalar(
        select(func.count())
        .select_from(Message)
        .where(Message.conversation_id == conversation.id, Message.author == "customer")
        .where(Message.burst_id.is_(None), Message.seq < first.seq)
    )
    return Pending(
        message_id=last.id,
        earlier=tuple(each.id for each in burst[:-1]),
        conversation_id=conversation.id,
        identity_id=last.identity_id,
        text=joined_text(others) if others else "",
        payload=others[-1].payload if others else None,
        kinds=tuple(of_kinds),
        only_kinds=not others,
        language=conversation.language,
        mode=conversation.mode,
        asked=last.state == "asked",
        turns=(earlier_turns or 0) + 1,
        attachments=tuple(attachment for each in burst for attachment in each.attachments),
    )


def _mark(session: Session, pending: Pending, last: Message, state: MessageState) -> None:
    """Moves the whole burst on, whose last message is ``last``."""
    last.state = state
    for message_id in pending.earlier:
        message = session.get_one(Message, message_id)
        message.state, message.burst_id = state, last.id


def _payload_of_media(pending: Pending) -> str | None:
    """A message without words says what was sent, and the order number seen in it."""
    if pending.text.strip() or not pending.attachments:
        return None
    if not any(each.kind == "image" and each.key is not None for each in pending.attachments):
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
    parts = tuple(replace(one, entities=(*one.entities, seen)) for one in understanding.parts)
    return replace(understanding, entities=(*understanding.entities, seen), parts=parts)
