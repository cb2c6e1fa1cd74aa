"""What the server itself says of a message, without Rasa: of a location, a sticker, a photo that never came.

Rasa is not told of these, so a form that waits for an answer goes on waiting. Knows no database session.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.phrases import Phrase
from crm.models import Attachment, MessageKind

_KINDS: dict[MessageKind, Phrase] = {
    "too_long": "too_long_text",
    "location": "location_seen",
    "contact": "contact_seen",
    "sticker": "sticker_seen",
    "video": "video_unwatched",
    "document": "document_unread",
    "other": "kind_unknown",
}
_CONTACTS: dict[str, Phrase] = {
    "contact_of_another": "contact_of_another",
    "contact_unknown": "contact_unknown",
}
_NEVER_CAME = frozenset({"media_unavailable", "media_refused"})


def remark_on_kind(kind: MessageKind, code: str | None) -> Phrase:
    """What to answer to what is neither words nor photo nor voice note; ``code`` is the message's error code."""
    if kind == "contact":
        return _CONTACTS.get(code or "", _KINDS[kind])
    return _KINDS[kind]


def remark_on_media(attachments: Sequence[Attachment]) -> Phrase | None:
    """What to say where none of the files could be made out; None when one was, or there are none.

    A voice note that no engine here can recognise is Rasa's to answer.
    """
    codes = [each.error_code for each in attachments]
    if not all(codes) or "no_recogniser" in codes:
        return None
    return _trouble(attachments[0]) if attachments else None


def remark_on_lost(attachments: Sequence[Attachment]) -> Phrase | None:
    """What to say beside the answer to the words that came along, where not even staff have one of the files."""
    lost = next((each for each in attachments if each.error_code and each.key is None), None)
    return _trouble(lost) if lost else None


def _trouble(attachment: Attachment) -> Phrase:
    code, is_photo = attachment.error_code, attachment.kind == "image"
    if code in _NEVER_CAME:
        return "lost_photo" if is_photo else "lost_note"
    if code == "media_too_large":
        if is_photo:
            return "large_photo"
        return "large_note" if attachment.key is None else "long_note"
    if code == "timeout":
        return "slow_media"
    if code == "silence":
        return "silent_note"
    return "unreadable_photo" if is_photo else "unreadable_note"
