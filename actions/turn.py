"""One customer turn as an action sees it: what was said, by whom, and where the dialogue stands.

Owns the reading of Rasa's tracker JSON into typed values; nothing else in the package reads the tracker.
Knows no database.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any, Literal

from actions.requests import WAITING, Request, requests_in

Language = Literal["en", "zh"]

#: Intents that say nothing the bot can use.
NOT_UNDERSTOOD = frozenset({"nlu_fallback", "out_of_scope"})
#: Run before the action that answers, by rules that end a form.
ENDS_FORM = "action_deactivate_loop"
#: The form that asks "did you mean …?". It holds nobody up: to all else the conversation is in no form meanwhile.
CHOICE_FORM = "choice_form"


class Moment(Enum):
    """Where a form stands when Rasa calls its action."""

    OPENING = "opening"  # this message started the form
    ANSWERING = "answering"  # this message was sent while the form waited for an answer
    RETURNING = "returning"  # another action has just answered this message; the form asks again


#: What a message got done that the shop's knowledge answered.
KNOWLEDGE_TOLD = "knowledge_told"


@dataclass(frozen=True, slots=True)
class Answer:
    """A passage of the shop's knowledge about the message, found when it was understood.

    ``buttons`` are pairs of title and payload; one that is not ``exact`` has the topic right, perhaps not the answer.
    """

    title: str
    text: str
    buttons: tuple[tuple[str, str], ...]
    exact: bool


@dataclass(frozen=True, slots=True)
class Turn:
    """A message and its setting.

    ``text`` is what was written or heard (empty for a button or a bare photo), ``entities`` pairs of name and
    value in the order found, ``done_since`` the actions already run for this message, ``opened`` the forms it
    started. ``offer`` is what the bot's last message proposed to do on a "yes", if anything. ``ranking`` holds the
    intents that were considered with their probabilities, best first; ``parts`` the requests of a message that makes
    several, until the first of them has been seen to. ``foreign``
    is the code of a message's language that is neither English nor Chinese, ``und`` where it is not known.
    """

    conversation_id: str
    message_id: str
    text: str
    language: Language
    intent: str
    entities: tuple[tuple[str, str], ...] = ()
    attachments: tuple[str, ...] = ()
    slots: Mapping[str, Any] = field(default_factory=dict)
    form: str | None = None
    requested: str | None = None
    opened: frozenset[str] = frozenset()
    done_since: tuple[str, ...] = ()
    previous_intent: str | None = None
    offer: str | None = None
    done: str | None = None
    answer: Answer | None = None
    ranking: tuple[tuple[str, float], ...] = ()
    parts: tuple[Request, ...] = ()
    foreign: str | None = None

    def entity(self, name: str) -> str | None:
        """The value last named of that kind."""
        return next((value for each, value in reversed(self.entities) if each == name), None)

    def moment(self, form: str) -> Moment:
        """Why the form's action is called."""
        if form in self.opened:
            return Moment.OPENING
        return Moment.RETURNING if any(name != form for name in self.done_since) else Moment.ANSWERING

    def of_first_part(self) -> Turn:
        """The turn as if only the first of several requests had been made."""
        if not self.parts:
            return self
        first = self.parts[0]
        return replace(self, text=first.text, entities=first.entities, answer=_answer(first.answer))

    @property
    def seen_to(self) -> bool:
        """Whether an action of ours has already answered this message."""
        return _has_acted(self.done_since, self.form)

    @property
    def waiting(self) -> tuple[Request, ...]:
        """What the customer asked for earlier and has not had yet, first things first."""
        return requests_in(self.slots.get(WAITING))

    @property
    def not_understood_again(self) -> bool:
        """This message and the one before it both said nothing the bot could use."""
        known = self.done == KNOWLEDGE_TOLD
        return self.intent in NOT_UNDERSTOOD and self.previous_intent in NOT_UNDERSTOOD and not known


def read_turn(tracker: Any) -> Turn:
    """The turn in a ``rasa_sdk.Tracker``. Raises KeyError when the message carries no ``message_id``."""
    message = tracker.latest_message
    metadata = message.get("metadata") or {}
    before, since = _split_at_last_user(tracker.events)
    slots = tracker.slots
    loop = (tracker.active_loop or {}).get("name")
    done_since = tuple(each["name"] for each in since if each["event"] == "action" and each.get("name"))
    return Turn(
        conversation_id=tracker.sender_id,
        message_id=metadata["message_id"],
        text="" if (message.get("text") or "").startswith("/") else metadata.get("text") or "",
        language=as_language(slots.get("language") or metadata.get("language")),
        intent=(message.get("intent") or {}).get("name") or "",
        entities=tuple(_entities(message.get("entities") or [])),
        attachments=tuple(metadata.get("attachments") or ()),
        slots=slots,
        form=_form(loop),
        requested=slots.get("requested_slot"),
        opened=frozenset(each["name"] for each in since if each["event"] == "active_loop" and each.get("name")),
        done_since=done_since,
        previous_intent=_last_intent(before),
        offer=_last_said(before, "offer"),
        done=_last_said(before, "done"),
        answer=_answer(message.get("answer")),
        ranking=tuple((str(each["name"]), float(each["confidence"])) for each in message.get("intent_ranking") or ()),
        parts=() if _has_acted(done_since, loop) else tuple(map(_part, message.get("parts") or ())),
        foreign=message.get("foreign"),
    )


def as_language(value: object) -> Language:
    """One of the two languages spoken; English where it is neither."""
    return "zh" if value == "zh" else "en"


def _form(name: str | None) -> str | None:
    return None if name == CHOICE_FORM else name


def _has_acted(done_since: tuple[str, ...], loop: str | None) -> bool:
    """Whether an action of ours has seen to the message; mere words, and the end of a form, are none."""
    return any(each not in (loop, ENDS_FORM) and not each.startswith("utter_") for each in done_since)


def _part(found: Mapping[str, Any]) -> Request:
    intent = str(found["intent"]["name"])
    return Request(intent, str(found["text"]), tuple(_entities(found.get("entities") or [])), found.get("answer"))


def _answer(found: Mapping[str, Any] | None) -> Answer | None:
    if not found:
        return None
    buttons = tuple((str(each["title"]), str(each["payload"])) for each in found.get("buttons") or [])
    return Answer(str(found["title"]), str(found["text"]), buttons, bool(found.get("exact")))


def _entities(found: Iterable[Mapping[str, Any]]) -> Iterable[tuple[str, str]]:
    for each in found:
        if each.get("entity") and each.get("value") is not None:
            yield str(each["entity"]), str(each["value"])


def _split_at_last_user(events: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    last = max((index for index, each in enumerate(events) if each["event"] == "user"), default=len(events))
    return events[:last], events[last + 1 :]


def _last_intent(events: list[dict[str, Any]]) -> str | None:
    for each in reversed(events):
        if each["event"] == "user":
            name = ((each.get("parse_data") or {}).get("intent") or {}).get("name")
            return str(name) if name else None
    return None


def _last_said(events: list[dict[str, Any]], key: str) -> str | None:
    """What the answers to the message just before this one carried beside their text; older ones have lapsed."""
    for each in reversed(events):
        if each["event"] == "user":
            return None
        value = ((each.get("data") or {}).get("custom") or {}).get(key) if each["event"] == "bot" else None
        if value:
            return str(value)
    return None
