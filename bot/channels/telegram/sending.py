"""From a message of ours to calls of the Bot API: what goes out in which part, and the calls themselves.

Owns captions, keyboards and the kind of each file. The parts of one message are always the same, so that a later
attempt goes on after those that were sent. Words are sent as they are, without markup, so nothing needs escaping.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Any

from telegram import (
    Bot,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputFile,
    KeyboardButton,
    Message,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
)
from telegram.error import BadRequest

from bot.channels.base import Outgoing, OutgoingButton, OutgoingFile
from bot.channels.splitting import length, split
from bot.channels.telegram.words import SHARE_PHONE, words

Markup = InlineKeyboardMarkup | ReplyKeyboardMarkup | ReplyKeyboardRemove

MESSAGE_LIMIT, CAPTION_LIMIT = 4096, 1024
"""Of a text and of the words under a file, in UTF-16 code units (core.telegram.org/bots/api)."""
_PHOTO_LIMIT_BYTES = 10_000_000
"""Of sendPhoto (core.telegram.org/bots/api#sending-files); a larger one goes as a file."""
_PHOTO_TYPES = frozenset({"image/jpeg", "image/png", "image/webp"})
_SONG_TYPES = frozenset({"audio/mpeg", "audio/mp4"})
_ROW_WIDTH = 24
"""Letters, of which a Chinese one counts as two: what a phone shows of several buttons side by side."""
_ROW_BUTTONS = 3


@dataclass(frozen=True, slots=True)
class Part:
    """One message of Telegram's: a text, or a file with the text as its caption."""

    text: str
    file: OutgoingFile | None = None
    markup: Markup | None = None


def parts_of(outgoing: Outgoing, *, remove_keyboard: bool = False) -> list[Part]:
    """The files first, the words as the last file's caption where they fit there, the buttons on the last part.

    ``remove_keyboard`` takes away the button that shared a phone number.
    """
    text, files = outgoing.text.strip(), list(outgoing.files)
    captioned = bool(files) and length(text) <= CAPTION_LIMIT
    parts = [Part("", file) for file in files]
    if captioned:
        parts[-1] = Part(text, files[-1])
    else:
        parts += [Part(piece) for piece in split(text, MESSAGE_LIMIT)]
    if parts:
        parts[-1] = Part(parts[-1].text, parts[-1].file, _markup(outgoing, remove_keyboard=remove_keyboard))
    return parts


def _markup(outgoing: Outgoing, *, remove_keyboard: bool) -> Markup | None:
    """A message has room for one keyboard: where a phone number may be shared, the buttons are keys beside that one.

    Such a key types its title, which the intake takes for the press that it is.
    """
    if outgoing.asks_for == "phone":
        share = KeyboardButton(words(SHARE_PHONE, outgoing.language), request_contact=True)
        keys = [[KeyboardButton(button.text) for button in row] for row in _rows(outgoing.buttons)]
        return ReplyKeyboardMarkup([[share], *keys], resize_keyboard=True, one_time_keyboard=True)
    if outgoing.buttons:
        return InlineKeyboardMarkup(_rows(outgoing.buttons))
    return ReplyKeyboardRemove() if remove_keyboard else None


def _rows(buttons: tuple[OutgoingButton, ...]) -> list[list[InlineKeyboardButton]]:
    """Short titles side by side, a long one in a row of its own."""
    rows: list[list[InlineKeyboardButton]] = []
    room = 0
    for button in buttons:
        width = _width(button.title)
        if width > room or len(rows[-1]) == _ROW_BUTTONS:
            rows.append([])
            room = _ROW_WIDTH
        rows[-1].append(InlineKeyboardButton(button.title, callback_data=button.ref))
        room -= width
    return rows


def _width(title: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in title)


async def send_part(bot: Bot, chat_id: int, part: Part) -> str:
    """Sends the part; the name that Telegram gave it. Raises TelegramError."""
    if part.file is None:
        message = await bot.send_message(chat_id, part.text, reply_markup=part.markup)
    else:
        message = await _send_file(bot, chat_id, part, part.file)
    return str(message.message_id)


async def _send_file(bot: Bot, chat_id: int, part: Part, file: OutgoingFile) -> Message:
    data = InputFile(file.data, filename=file.filename)
    more: dict[str, Any] = {"caption": part.text or None, "reply_markup": part.markup}
    if file.mime in _PHOTO_TYPES and len(file.data) <= _PHOTO_LIMIT_BYTES:
        return await bot.send_photo(chat_id, data, **more)
    if _is_opus(file):
        try:
            return await bot.send_voice(chat_id, data, **more)
        except BadRequest as error:
            if "voice_messages_forbidden" not in error.message.lower():
                raise
            return await bot.send_document(chat_id, data, **more)  # a setting of theirs that files are not under
    if file.mime in _SONG_TYPES:
        return await bot.send_audio(chat_id, data, **more)
    return await bot.send_document(chat_id, data, **more)


def _is_opus(file: OutgoingFile) -> bool:
    """The one format that Telegram plays as a voice note everywhere."""
    return file.mime == "audio/ogg" and b"OpusHead" in file.data[:64]
