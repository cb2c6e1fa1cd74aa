"""What a message of Telegram's holds beside words: files, and what staff are told of a location, a poll, a sticker.

Owns the list of everything a message can hold, and whose phone number a shared contact proves. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import phonenumbers
from telegram import Animation, Audio, Contact, Document, Location, Message, PhotoSize, Video, VideoNote, Voice

from bot.channels.base import Proof, RemoteMedia
from crm.models import MessageKind


def media_of(message: Message, photo_limit_bytes: int) -> RemoteMedia | None:
    """The photo or the sound in a message, also where it was sent as a file."""
    sound = message.voice or message.audio or message.video_note
    if sound is not None:
        return _remote("audio", sound)
    sizes = message.photo or (message.live_photo.photo if message.live_photo is not None else None)
    if sizes:
        return _remote("image", _size_to_fetch(sizes, photo_limit_bytes))
    if message.document is not None and message.animation is None:  # an animation is a document, too
        match (message.document.mime_type or "").partition("/")[0].lower():
            case "image":
                return _remote("image", message.document)
            case "audio":
                return _remote("audio", message.document)
    return None


def _size_to_fetch(sizes: Sequence[PhotoSize], limit_bytes: int) -> PhotoSize:
    fitting = [size for size in sizes if (size.file_size or 0) <= limit_bytes]
    if fitting:
        return max(fitting, key=lambda size: size.width * size.height)
    return min(sizes, key=lambda size: size.file_size or 0)


def _remote(kind: Literal["image", "audio"], file: PhotoSize | Document | Voice | Audio | VideoNote) -> RemoteMedia:
    return RemoteMedia(kind, file.file_id, getattr(file, "mime_type", None), file.file_size)


def own_phone(message: Message, contact: Contact) -> Proof | None:
    """The sender's own number, for which Telegram vouches.

    A forwarded contact proves nothing: it may show a number that its owner has given up since. Nor does one that came
    by way of another bot.
    """
    own = message.from_user is not None and contact.user_id == message.from_user.id
    if not own or message.forward_origin is not None or message.via_bot is not None:
        return None
    try:
        number = phonenumbers.parse("+" + contact.phone_number.lstrip("+"))  # with the country, though without a plus
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return Proof("phone", phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def told_contact(contact: Contact) -> str:
    name = f"{contact.first_name} {contact.last_name or ''}".strip()
    return ", ".join(part for part in (name, contact.phone_number) if part)


def _told_location(message: Message) -> str:
    place = message.location or (message.venue.location if message.venue is not None else None)
    where = _coordinates(place) if place is not None else ""
    if message.venue is None:
        return where
    return ", ".join(part for part in (message.venue.title, message.venue.address, where) if part)


def _coordinates(location: Location) -> str:
    return f"{location.latitude:.6f}, {location.longitude:.6f}"


def _told_file(message: Message) -> str:
    file: Animation | Video | Document | None = message.video or message.animation or message.document
    return (file.file_name if file is not None else None) or ""


def _told_poll(message: Message) -> str:
    if message.poll is None:
        return ""
    return "\n".join([message.poll.question, *(f"- {option.text}" for option in message.poll.options)])


def _told_checklist(message: Message) -> str:
    if message.checklist is None:
        return ""
    return "\n".join([message.checklist.title, *(f"- {task.text}" for task in message.checklist.tasks)])


def _told_titled(message: Message) -> str:
    titled = message.game or message.invoice
    return titled.title if titled is not None else ""


def _told_nothing(message: Message) -> str:
    return ""


def _told_sticker(message: Message) -> str:
    return (message.sticker.emoji if message.sticker is not None else None) or ""


def _told_dice(message: Message) -> str:
    return f"{message.dice.emoji} {message.dice.value}" if message.dice is not None else ""


KINDS: tuple[tuple[str, MessageKind, Callable[[Message], str]], ...] = (
    ("venue", "location", _told_location),  # comes with a location, so before it
    ("location", "location", _told_location),
    ("sticker", "sticker", _told_sticker),
    ("animation", "video", _told_file),  # comes with a document, so before it
    ("video", "video", _told_file),
    ("document", "document", _told_file),
    ("poll", "other", _told_poll),
    ("dice", "other", _told_dice),
    ("checklist", "other", _told_checklist),
    ("game", "other", _told_titled),
    ("invoice", "other", _told_titled),
    ("paid_media", "other", _told_nothing),
    ("story", "other", _told_nothing),
    ("giveaway", "other", _told_nothing),
    ("giveaway_winners", "other", _told_nothing),
)
"""What is neither words, photo nor sound, and how staff are told of it; the first that is there counts.

A caption is told apart, for it is words.
"""

CONTENT = frozenset(attribute for attribute, _, _ in KINDS) | {
    "text",
    "voice",
    "audio",
    "video_note",
    "photo",
    "live_photo",
    "contact",
}
"""Attributes of a message that hold what a person sends."""

SERVICE = frozenset(
    """
    boost_added channel_chat_created chat_background_set chat_owner_changed chat_owner_left chat_shared
    checklist_tasks_added checklist_tasks_done connected_website delete_chat_photo direct_message_price_changed
    forum_topic_closed forum_topic_created forum_topic_edited forum_topic_reopened general_forum_topic_hidden
    general_forum_topic_unhidden gift gift_upgrade_sent giveaway_completed giveaway_created group_chat_created
    left_chat_member managed_bot_created message_auto_delete_timer_changed migrate_from_chat_id migrate_to_chat_id
    new_chat_members new_chat_photo new_chat_title paid_message_price_changed passport_data pinned_message
    poll_option_added poll_option_deleted proximity_alert_triggered refunded_payment successful_payment
    suggested_post_approval_failed suggested_post_approved suggested_post_declined suggested_post_paid
    suggested_post_refunded supergroup_chat_created unique_gift users_shared video_chat_ended
    video_chat_participants_invited video_chat_scheduled video_chat_started web_app_data write_access_allowed
    """.split()  # noqa: SIM905  (fifty lines of list read no better)
)
"""Attributes of a message that says that something happened; nobody wrote it."""
