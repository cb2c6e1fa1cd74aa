"""What channels bring in becomes records: messages, changed words, pressed buttons, proofs. Knows no vendor.

Everything may be brought again, in any order, by several processes at once: one transaction finds or makes the
customer's identity and the message, and the uniqueness of both tells a repeat. Files stay with the vendor at first;
a turn fetches them. Only when a call returns is what it brought on the disk, and may the vendor be told so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Literal, TypeVar

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from bot.channels.base import Command, Edited, Intake, Pressed, Proof, Received, RemoteMedia, Sender
from bot.inbox import Draft, Inbox, Stored, clean_text, known_message, store_message
from bot.live import Live, Notice
from bot.metrics import Metrics
from bot.offers import open_offer, typed_offer
from bot.senders import accept_proof, find_identity, find_or_make_identity, has_spoken, name_of, note_seen, obey
from crm.conversations import current_conversation, heard_in, words_of
from crm.models import Attachment, Identity, Message, utc_now
from crm.unit_of_work import Database

COMMAND_PAYLOADS: Mapping[Command, str] = {
    "start": "/greet",
    "help": "/ask_help",
    "human": "/ask_human",
    "privacy": "/ask_privacy",
    "stop": "/stop",
}
_UNKNOWN_COMMAND = re.compile(r"/[A-Za-z]\w{0,31}(@\w+)?", re.ASCII)
"""What another bot would know: no words of any language, so it is answered with what there is here."""
IDENTIFIED = "/identified"
"""What a shared contact or a start link says once it has proven who the sender is."""
KEPT_CHARACTERS = 40_000
"""How much is kept, for staff to read, of a message too long to be answered."""
HELD_UP = timedelta(minutes=1)
"""A message that took longer to come has waited somewhere and keeps the vendor's time, else ours is the finer one."""
ALBUM_PAUSE_S = 1.0
"""The photos of an album come as messages of their own, one right after the other."""
TRIES = 3
"""Two processes that make the same record at once: the later finds the earlier's when it tries again."""
MIME_LIMIT, ALBUM_LIMIT = 64, 64

T = TypeVar("T")


class ChannelIntake(Intake):
    """``text_limit`` is in characters; ``most_bytes`` is the size above which a file is not even fetched."""

    def __init__(
        self,
        database: Database,
        inbox: Inbox,
        live: Live,
        metrics: Metrics,
        *,
        site_key: str,
        text_limit: int,
        most_bytes: int,
        burst_window_s: float,
    ) -> None:
        self._database = database
        self._inbox = inbox
        self._live = live
        self._metrics = metrics
        self._site_key = site_key
        self._text_limit = text_limit
        self._most_bytes = most_bytes
        self._burst_window_s = burst_window_s

    def message(self, received: Received) -> None:
        """Stores what was sent and queues its turn; a repeat changes nothing.

        Except that words which came after their own correction are kept as the message's first.
        """
        self._announce(received, self._write(lambda session: self._take(session, received)))

    def edit(self, edited: Edited) -> None:
        """Gives a message other words. What has not been asked about yet is answered by them, other is only kept.

        Of several edits the latest counts, in whatever order they come.
        """
        self._announce(edited.message, self._write(lambda session: self._correct(session, edited)))

    def press(self, pressed: Pressed) -> bool:
        """Stores the press of a button as a message; False, and nothing stored, when it is no longer open."""
        result = self._write(lambda session: self._choose(session, pressed))
        if isinstance(result, Stored):
            self._inbox.announce(result, delay_s=0)
            self._metrics.messages.labels(pressed.sender.channel, "customer").inc()
        return result is not None

    def prove(self, sender: Sender, proof: Proof) -> None:
        """Links the sender to the one customer the proof names, if there is exactly one."""

        def accept(session: Session) -> None:
            accept_proof(session, find_or_make_identity(session, sender), proof, utc_now(), site_key=self._site_key)

        self._write(accept)

    def introduce(self, sender: Sender) -> None:
        """Notes their name, and the language of their app while nothing that they wrote tells a language."""

        def note(session: Session) -> None:
            identity = find_identity(session, sender)
            if identity is None:
                return
            identity.name = name_of(sender) or identity.name
            if sender.language is None or has_spoken(session, identity):
                return
            identity.language = sender.language
            latest = current_conversation(session, identity.id)
            if latest is not None and latest.closed_at is None:
                latest.language = sender.language

        self._write(note)

    def reachable(self, sender: Sender, *, reachable: bool) -> None:
        """Notes that the sender has blocked the bot, or let it in again; who never wrote is not noted."""

        def note(session: Session) -> None:
            identity = find_identity(session, sender)
            if identity is not None:
                identity.unreachable_at = None if reachable else identity.unreachable_at or utc_now()

        self._write(note)

    def _write(self, work: Callable[[Session], T]) -> T:
        """What ``work`` returns, done in one transaction; tried again when another process made the same record."""
        for _ in range(TRIES - 1):
            try:
                with self._database.writing() as session:
                    return work(session)
            except IntegrityError:
                continue
        with self._database.writing() as session:
            return work(session)

    def _announce(self, received: Received, result: Stored | Notice | None) -> None:
        if isinstance(result, Notice):
            self._live.publish(result)
        elif result is not None:
            self._inbox.announce(result, delay_s=self._delay_s(received))
            self._metrics.messages.labels(received.sender.channel, "customer").inc()

    def _delay_s(self, received: Received) -> float:
        if received.command is not None:
            return 0
        return max(self._burst_window_s, ALBUM_PAUSE_S) if received.album else self._burst_window_s

    def _take(self, session: Session, received: Received) -> Stored | Notice | None:
        identity = find_or_make_identity(session, received.sender)
        known = _find_message(session, identity, received.channel_message_id)
        if known is None:
            return self._store(session, identity, received)
        if known.edited_at is None or known.first_text is not None:
            return None
        first = self._draft(received, utc_now())  # its correction came before it
        known.first_text = first.text
        self._follow(session, identity, received, first.at)
        return Notice(known.conversation_id, identity.id)

    def _correct(self, session: Session, edited: Edited) -> Stored | Notice | None:
        received = edited.message
        identity = find_or_make_identity(session, received.sender)
        known = _find_message(session, identity, received.channel_message_id)
        if known is None:
            return self._store(session, identity, received, edited_at=edited.at)
        if known.edited_at is not None and known.edited_at > edited.at:
            return None
        draft = self._draft(received, utc_now())
        if known.edited_at is None:
            known.first_text = words_of(known)
        known.text, known.edited_at = "\n".join(filter(None, [draft.text, *heard_in(known)])), edited.at
        if known.state == "received" and known.kind != "contact":
            known.payload, known.kind = draft.payload, draft.kind
            obey(identity, received.command, draft.at)
        return Notice(known.conversation_id, identity.id)

    def _choose(self, session: Session, pressed: Pressed) -> Stored | Literal["known"] | None:
        identity = find_identity(session, pressed.sender)
        if identity is None:
            return None
        if known_message(session, identity.id, pressed.channel_message_id) is not None:
            return "known"
        offer = open_offer(session, identity.id, pressed.ref)
        if offer is None:
            return None
        now = utc_now()
        draft = Draft(pressed.channel_message_id, offer.title, _moment(pressed.at, now), payload=offer.payload)
        note_seen(identity, pressed.sender, draft.at)
        return store_message(session, identity, draft, ())

    def _store(
        self, session: Session, identity: Identity, received: Received, *, edited_at: datetime | None = None
    ) -> Stored:
        now = utc_now()
        draft = self._draft(received, now, edited_at=edited_at)
        note_seen(identity, received.sender, draft.at)
        proven = self._follow(session, identity, received, draft.at)
        if received.kind == "contact" and received.command is None:
            draft = _contact(draft, given=received.proof is not None, proven=proven)
        elif received.command == "start" and proven:
            draft = replace(draft, payload=IDENTIFIED)
        elif not received.media and draft.payload is None and draft.kind is None:
            draft = replace(draft, payload=typed_offer(session, identity.id, draft.text))
        return store_message(session, identity, draft, [self._pending(each) for each in received.media])

    def _follow(self, session: Session, identity: Identity, received: Received, at: datetime) -> bool:
        """Does what a message says beside its words: a command's wish, and a proof; whether that has proven them."""
        obey(identity, received.command, at)
        return received.proof is not None and accept_proof(
            session, identity, received.proof, utc_now(), site_key=self._site_key
        )

    def _draft(self, received: Received, now: datetime, *, edited_at: datetime | None = None) -> Draft:
        text, kind = clean_text(received.text), received.kind
        payload = COMMAND_PAYLOADS[received.command] if received.command else None
        if payload is None and _UNKNOWN_COMMAND.fullmatch(text.strip()):
            payload = COMMAND_PAYLOADS["help"]
        if received.command and (not text.strip() or received.proof):
            text = f"/{received.command}"  # a start link's parameter is no word of the customer's, and is not kept
        if len(text) > self._text_limit and payload is None and kind is None:
            kind = "too_long"
        if not text.strip() and payload is None and not received.media:
            kind = kind or "other"
        return Draft(
            channel_message_id=received.channel_message_id,
            text=text[:KEPT_CHARACTERS],
            at=_moment(received.at, now),
            payload=payload,
            kind=kind,
            album=received.album[:ALBUM_LIMIT] if received.album else None,
            edited_at=edited_at,
        )

    def _pending(self, media: RemoteMedia) -> Attachment:
        """An attachment whose bytes the vendor holds; what the vendor says is too large is not asked for."""
        too_large = media.size_bytes is not None and media.size_bytes > self._most_bytes
        return Attachment(
            kind=media.kind,
            mime=(media.mime or "application/octet-stream")[:MIME_LIMIT],
            remote=None if too_large else media.remote,
            size_bytes=media.size_bytes or 0,
            error_code="media_too_large" if too_large else None,
        )


def _find_message(session: Session, identity: Identity, channel_message_id: str) -> Message | None:
    known = known_message(session, identity.id, channel_message_id)
    return session.get_one(Message, known.id) if known is not None else None


def _contact(draft: Draft, *, given: bool, proven: bool) -> Draft:
    """A shared contact: it says who they are, or why it does not."""
    if proven:
        return replace(draft, payload=IDENTIFIED)
    return replace(draft, error_code="contact_unknown" if given else "contact_of_another")


def _moment(told: datetime | None, now: datetime) -> datetime:
    """When something was sent. Vendors tell whole seconds, so their word counts only for what was held up."""
    return told if told is not None and now - told > HELD_UP else now
