"""What an update of Telegram's means: pure conversion into the values of ``bot.channels.base``.

Owns the reading of every kind of update and message; does nothing, asks nobody, and never raises on what the library
could parse. The whole of it:

=============================  =========================================================================================
update                         effect
=============================  =========================================================================================
``message``, private chat      one stored message, answered once, by its content:
 text                          the words; an unknown ``/command`` is plain words
 ``/start``, ``/help`` …       that command (also as ``/help@ourbot``); a payload of ``/start`` is a start link's proof
 voice, audio, video note      a voice note: its sound is heard (of a video note nothing is seen)
 photo, live photo             a photo in the largest size that may be fetched, with its caption
 image or audio as a file      as a photo, as a voice note
 album                         its photos, joined to one message
 location, venue               kind ``location``: the coordinates, and the place's name and address
 contact                       kind ``contact``: name and number; the sender's own, not forwarded, proves their phone
 sticker                       kind ``sticker``: its emoji
 video, animation              kind ``video``: the file's name
 any other file                kind ``document``: the file's name
 poll, dice, game, story,      kind ``other``: what it was, in short
 anything unknown
 a caption of one of these     a message of its own, joined to the other: its words are answered, and what stands with
                               them is remarked on
 service messages              none: something was pinned, a timer set, a topic closed …
``edited_message``             the stored message's words change, also a caption or a live location; not answered again
``callback_query``             the button's press; its keyboard goes; an alert where the question has been left behind
``my_chat_member``             blocked: the person is unreachable; unblocked: reachable again
any of these in a group        none, except that ``/start@ourbot`` and ``/help@ourbot`` are answered with a way to the
                               private chat: what a shop knows of a customer is never spoken of in a group
any of these by a bot          none
every other update             none: channel posts, reactions, inline queries, payments, business accounts …
=============================  =========================================================================================
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal, get_args

from telegram import CallbackQuery, ChatMember, ChatMemberUpdated, Message, Update, User
from telegram.constants import ChatType

from bot.channels.base import Command, Edited, Pressed, Proof, Received, Sender
from bot.channels.telegram.contents import KINDS, SERVICE, media_of, own_phone, told_contact

CHANNEL = "telegram"
CAPTION = ":caption"
"""Follows a message's name in that of the words under it, where those are a message of their own."""
Language = Literal["en", "zh"]


@dataclass(frozen=True, slots=True)
class Press:
    """A button press, and where it was made: the query wants an answer, the message's keyboard has served.

    ``pressed`` is None where no button of ours can have been pressed; the query is answered all the same.
    """

    query_id: str
    language: Language
    pressed: Pressed | None
    message_id: int | None


@dataclass(frozen=True, slots=True)
class Reach:
    """The person has blocked the bot, or let it in again."""

    sender: Sender
    reachable: bool


@dataclass(frozen=True, slots=True)
class Captioned:
    """Something that is not read, and ``words`` under it that are: two messages that are answered as one."""

    unread: Received
    words: Received


@dataclass(frozen=True, slots=True)
class GroupCall:
    """Somebody calls the bot in a group, where it does not talk."""

    chat_id: int
    language: Language


Event = Received | Captioned | Edited | Press | Reach | GroupCall


@dataclass(frozen=True, slots=True)
class Reading:
    """How one bot's updates are read. ``username`` is its name without @, once that is known."""

    bot: str
    photo_limit_bytes: int
    username: str | None = None

    def event(self, update: Update) -> Event | None:
        """What the update means, or None where it is of no effect."""
        if update.message is not None:
            return self._group_call(update.message) or self._received(update.message)
        if update.edited_message is not None:
            return self._edited(update.edited_message)
        if update.callback_query is not None:
            return self._press(update.callback_query)
        if update.my_chat_member is not None:
            return self._reach(update.my_chat_member)
        return None

    def _received(self, message: Message) -> Received | Captioned | None:
        user = message.from_user
        if user is None or user.is_bot or message.chat.type != ChatType.PRIVATE:
            return None
        received = Received(
            sender=self._sender(message.chat.id, user),
            channel_message_id=str(message.message_id),
            album=message.media_group_id,
            at=message.date,
        )
        if message.text is not None:
            return _with_words(received, message.text)
        return self._with_content(received, message)

    def _with_content(self, received: Received, message: Message) -> Received | Captioned | None:
        media = media_of(message, self.photo_limit_bytes)
        if media is not None:
            return replace(received, text=message.caption or "", media=(media,))
        if message.contact is not None:
            proof = own_phone(message, message.contact)
            return replace(received, kind="contact", text=told_contact(message.contact), proof=proof)
        for attribute, kind, told in KINDS:
            if getattr(message, attribute):
                return _captioned(replace(received, kind=kind, text=told(message)), message.caption)
        if any(getattr(message, attribute) for attribute in SERVICE):
            return None
        return _captioned(replace(received, kind="other"), message.caption)

    def _edited(self, message: Message) -> Edited | None:
        """Of something with a caption it is the caption that changes; what it stands under comes by itself."""
        received = self._received(message)
        if isinstance(received, Captioned):
            received = received.words
        return Edited(received, message.edit_date or message.date) if received is not None else None

    def _press(self, query: CallbackQuery) -> Press:
        language = language_of(query.from_user)
        message = query.message
        if message is None or message.chat.type != ChatType.PRIVATE or not query.data or query.from_user.is_bot:
            return Press(query.id, language, None, None)
        pressed = Pressed(self._sender(message.chat.id, query.from_user), f"cb{query.id}", query.data)
        return Press(query.id, language, pressed, message.message_id)

    def _reach(self, change: ChatMemberUpdated) -> Reach | None:
        if change.chat.type != ChatType.PRIVATE or change.from_user.is_bot:
            return None
        match change.new_chat_member.status:
            case ChatMember.BANNED:
                reachable = False
            case ChatMember.MEMBER:
                reachable = True
            case _:
                return None
        return Reach(self._sender(change.chat.id, change.from_user), reachable)

    def _group_call(self, message: Message) -> GroupCall | None:
        if message.chat.type not in (ChatType.GROUP, ChatType.SUPERGROUP) or self.username is None:
            return None
        called = _COMMAND.match(message.text or "")
        by_person = message.from_user is not None and not message.from_user.is_bot
        if called is None or not by_person or (called["bot"] or "").lower() != self.username.lower():
            return None
        return (
            GroupCall(message.chat.id, language_of(message.from_user)) if called["name"] in ("start", "help") else None
        )

    def _sender(self, chat_id: int, user: User) -> Sender:
        return Sender(CHANNEL, self.bot, str(chat_id), user.full_name, language_of(user))


def language_of(user: User | None) -> Language:
    """What the person's app is set to: Chinese of any kind, or English."""
    return "zh" if user is not None and (user.language_code or "").lower().startswith("zh") else "en"


def _captioned(unread: Received, caption: str | None) -> Received | Captioned:
    """The caption has a name of its own, the same when it is edited or added later."""
    if not caption:
        return unread
    album = unread.album or f"captioned:{unread.channel_message_id}"
    name = f"{unread.channel_message_id}{CAPTION}"
    words = replace(unread, channel_message_id=name, kind=None, text=caption, album=album)
    return Captioned(replace(unread, album=album), words)


_COMMAND = re.compile(r"/(?P<name>[A-Za-z]+)(?:@(?P<bot>\w+))?(?:\s+(?P<rest>.*))?$", re.DOTALL)
_COMMANDS: dict[str, Command] = {name: name for name in get_args(Command)}
_START_PAYLOAD = re.compile(r"[A-Za-z0-9_-]{1,64}")
"""What a link may carry (core.telegram.org/bots/features#deep-linking)."""


def _with_words(received: Received, text: str) -> Received:
    written = _COMMAND.match(text)
    command = _COMMANDS.get(written["name"].lower()) if written else None
    if written is None or command is None:
        return replace(received, text=text)
    rest = (written["rest"] or "").strip()
    if command == "start" and _START_PAYLOAD.fullmatch(rest):
        return replace(received, text="/start", command=command, proof=Proof("start_link", rest))
    return replace(received, text=f"/{command} {rest}".strip(), command=command)
