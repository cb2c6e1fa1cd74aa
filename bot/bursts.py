"""Which waiting messages are one utterance: people write "hi", "where is my order", "A1024" as three messages.

Owns the rule alone, as a function of the stored messages, so that every turn of a conversation sees the same bursts
whoever asks first, and whatever died in between. Knows no database session, no channel and no Rasa.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from crm.models import Message

MOST_MESSAGES = 12
"""An album of ten photos with a few words; who writes on and on is answered after as many."""
MOST_CHARACTERS = 4000
"""What one long message may hold by default; the pieces of a longer text are answered one by one."""
MOST_WINDOWS = 5
"""How many windows a burst may last: nobody waits for longer because they go on writing."""
CLOCK = timedelta(seconds=1)
"""Some vendors tell the time in whole seconds: two such times may be nearer than they look, by this."""


def first_burst(waiting: Sequence[Message], window: timedelta) -> list[Message]:
    """The first of the waiting messages with those after it that are understood together with it.

    ``waiting`` are a conversation's unanswered messages in order, at least one and as many as are there up to
    ``MOST_MESSAGES``. Words, photos and voice notes join when each comes within ``window`` of the one before; photos
    of one album always join. A voice note joins like words: it stands among the texts by what was heard in it. What
    could not be made out stays alone, so that its sender is told; buttons, commands and whatever has a ``kind`` stay
    alone, too, unless sent as one with others. A burst that Rasa has been asked about stays as it was.
    """
    first = waiting[0]
    if first.state == "asked":
        leader = first.burst_id or first.id
        return [each for each in waiting if each.state == "asked" and leader in (each.id, each.burst_id)]
    burst = [first]
    for later in waiting[1:MOST_MESSAGES]:
        if not _goes_on(burst, later, window):
            break
        burst.append(later)
    return burst


def joined_text(burst: Sequence[Message]) -> str:
    """What was written and heard, one message a line."""
    return "\n".join(each.text for each in burst if each.text) if len(burst) > 1 else burst[0].text


def _goes_on(burst: list[Message], later: Message, window: timedelta) -> bool:
    if later.state == "asked":
        return False
    last = burst[-1]
    if last.album is not None and last.album == later.album:
        return True
    if not window or not _joins(last) or not _joins(later):
        return False
    soon = later.at - last.at <= window + _rounding(last, later)
    short = sum(len(each.text) for each in (*burst, later)) <= MOST_CHARACTERS
    return soon and short and later.at - burst[0].at <= MOST_WINDOWS * window


def _joins(message: Message) -> bool:
    if message.payload is not None or message.kind is not None:
        return False
    lost = bool(message.attachments) and all(each.error_code for each in message.attachments)
    return not lost or bool(message.text.strip())


def _rounding(earlier: Message, later: Message) -> timedelta:
    whole_seconds = earlier.at.microsecond == 0 and later.at.microsecond == 0
    return CLOCK if whole_seconds else timedelta(0)
