"""The talk around the goals: starting a session, not understanding, yes and no, bare data, changing language."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

from actions.base import Clock, CrmAction, Desk
from actions.choices import go_on_offered, plausible
from actions.human import OpeningHours, handed_over
from actions.media import order_steps
from actions.orders import OrderStatusForm
from actions.outcome import Button, Outcome, Say, payload, say
from actions.reading import OrderNumbers, contact_named
from actions.requests import GO_ON, WAITING, as_slot
from actions.shop import TellProduct, knowledge_told
from actions.tickets import add_media, ticket_told
from actions.turn import CHOICE_FORM, Language, Turn, as_language
from actions.wording import button_title, languages_spoken_in
from crm.contacts import CONTACT_FIELDS
from crm.unit_of_work import Database

_ENGLISH = re.compile(r"english|英语|英文", re.IGNORECASE)
_CHINESE = re.compile(r"chinese|mandarin|中文|汉语|普通话|华语|国语|中国话", re.IGNORECASE)

#: Slots that end with their session: who comes back later starts afresh.
_OF_THE_SESSION = frozenset({"session_started_metadata", "requested_slot", "choices", "choice_again", WAITING})


class Fallback(CrmAction):
    """Answers what no intent was found for: from the shop's knowledge where it has an answer, else by asking which of
    the likeliest things was meant, else with a kind question, the second time in a row with the offer of a person.

    An order number among the words is something to go on. Who writes in another language is told which are spoken.
    """

    action_name = "action_fallback"
    writes = False

    def __init__(self, database: Database, now: Clock, numbers: OrderNumbers) -> None:
        super().__init__(database, now)
        self._numbers = numbers

    def act(self, desk: Desk) -> Outcome:
        number, answer, foreign = self._numbers.named(desk.turn), desk.turn.answer, desk.turn.foreign
        if foreign is not None and number is None and desk.turn.form is None and not desk.turn.not_understood_again:
            return Outcome((say("utter_languages_only", own=languages_spoken_in(foreign)),))
        may_ask = desk.turn.form is None and (number is not None or answer is None or not answer.exact)
        if may_ask and foreign is None and plausible(desk.turn):
            return Outcome(slots={"choices": None}, then=CHOICE_FORM)
        if number and desk.turn.form is None:
            return _noted_order(desk, number)
        if answer is not None:
            return Outcome((knowledge_told(answer),))
        if desk.turn.not_understood_again:
            return Outcome((say("utter_fallback_again", offer="ask_human"),))
        return Outcome((say("utter_not_caught" if desk.turn.form else "utter_fallback"),))


class Affirm(CrmAction):
    """A yes outside a question of a form: takes up what the bot has just offered, if it did."""

    action_name = "action_affirm"

    def __init__(self, database: Database, now: Clock, hours: OpeningHours) -> None:
        super().__init__(database, now)
        self._hours = hours

    def act(self, desk: Desk) -> Outcome:
        if desk.turn.offer == "ask_human":
            return handed_over(desk, self._hours)
        if desk.turn.offer == GO_ON and desk.turn.waiting:
            first, *rest = desk.turn.waiting
            return Outcome(slots={WAITING: as_slot((dataclasses.replace(first, chosen=True), *rest))})
        if desk.turn.form is not None:
            return Outcome((say("utter_not_caught"),))
        number = desk.turn.slots.get("recent_order")
        if desk.turn.offer == "order_seen" and number:
            return Outcome((_order_noted(number, desk.turn.language),))
        return Outcome((say("utter_affirm"),))


class Deny(CrmAction):
    """A no outside a question of a form."""

    action_name = "action_deny"
    writes = False

    def act(self, desk: Desk) -> Outcome:
        if desk.turn.form is not None:
            return Outcome((say("utter_not_caught"),))
        if desk.turn.offer == "order_seen":
            return Outcome((say("utter_photo_other"),), {"recent_order": None})
        return Outcome((say("utter_deny"),))


class TakeNote(CrmAction):
    """Bare data ("it's A1024"): says what was noted and asks what to do with it, unless that is plain."""

    action_name = "action_take_note"

    def __init__(self, database: Database, now: Clock, numbers: OrderNumbers) -> None:
        super().__init__(database, now)
        self._numbers = numbers

    def act(self, desk: Desk) -> Outcome:
        turn = desk.turn
        if turn.form is not None:
            return Outcome((say("utter_not_caught"),))
        ticket = turn.entity("ticket_number")
        if ticket:
            return add_media(desk, ticket) or ticket_told(desk, ticket)
        number = self._numbers.named(turn)
        if number:
            return _noted_order(desk, number)
        if _proves_noted_order(desk):
            return Outcome(slots={"contact": contact_named(turn)}, then=OrderStatusForm.form)
        if turn.entity("product"):
            return TellProduct(self._database, self._now).act(desk)
        return Outcome((_contact_noted(turn) or say("utter_what_about"),))


class Identified(CrmAction):
    """The channel has just vouched for who the customer is: says so, and outside a form also what can be done now.

    A start link is a conversation's first message and deserves a greeting. No name is spoken: whoever was passed such
    a link would learn it.
    """

    action_name = "action_identified"
    writes = False

    def act(self, desk: Desk) -> Outcome:
        if desk.customer is None:  # the link was undone in between
            return Outcome((say("utter_not_caught" if desk.turn.form else "utter_what_about"),))
        if desk.turn.form is not None:
            return Outcome((say("utter_identified_meanwhile"),))
        return Outcome((say("utter_identified" if desk.turn.previous_intent else "utter_identified_first"),))


class Stop(CrmAction):
    """Says that the request in hand is over; and whoever wants no messages unasked, that there will be none.

    What else was asked for earlier is offered, not gone on with.
    """

    action_name = "action_stop"
    writes = False

    def act(self, desk: Desk) -> Outcome:
        opted_out = desk.conversation.identity.opted_out_at is not None
        stopped, more = say("utter_opted_out" if opted_out else "utter_stopped"), go_on_offered(desk.turn)
        return Outcome((stopped, more) if more else (stopped,), pauses=True)


class SwitchLanguage(CrmAction):
    """Goes on in the language that was asked for; says which two are spoken when it was none of them."""

    action_name = "action_switch_language"

    def act(self, desk: Desk) -> Outcome:
        turn = desk.turn
        wanted = wanted_language(turn.text) if turn.text else _language_on_button(turn)
        if wanted is None:
            return Outcome((say("utter_languages_spoken"),))
        desk.conversation.language = wanted
        return Outcome((say(f"utter_now_in_{'chinese' if wanted == 'zh' else 'english'}"),), {"language": wanted})


class SessionStart(CrmAction):
    """Begins a session: the slots stay, and the language is the one the first message came in."""

    action_name = "action_session_start"

    async def run(self, dispatcher: Any, tracker: Any, domain: dict[str, Any]) -> list[dict[str, Any]]:
        """Needs no record: it must succeed even where the database does not answer."""
        metadata = tracker.slots.get("session_started_metadata") or {}
        carried = {name: value for name, value in tracker.slots.items() if _is_carried(name, value)}
        language = as_language(metadata.get("language") or carried.get("language"))
        slots = {**carried, "language": language}
        return [
            {"event": "session_started", "timestamp": None},
            *({"event": "slot", "name": name, "value": value, "timestamp": None} for name, value in slots.items()),
            {"event": "action", "name": "action_listen", "timestamp": None},
        ]

    def act(self, desk: Desk) -> Outcome:
        """Nothing to say: the greeting answers the customer's own."""
        return Outcome()


def _language_on_button(turn: Turn) -> Language:
    """The button's language stands before the one that the parse answer adds for the conversation."""
    return as_language(next((value for name, value in turn.entities if name == "language"), None))


def wanted_language(text: str) -> Language | None:
    """The language a customer asks for; the last one named, so that "not Chinese, English please" is English."""
    english = [found.start() for found in _ENGLISH.finditer(text)]
    chinese = [found.start() for found in _CHINESE.finditer(text)]
    if not english and not chinese:
        return None
    return "zh" if max(chinese, default=-1) > max(english, default=-1) else "en"


def _noted_order(desk: Desk, number: str) -> Outcome:
    """What an order number alone is worth: its state, where that is plainly meant, else a question.

    It is meant right after another order's state, and by an anonymous visitor who gives the proof along with it.
    """
    turn, customer = desk.turn, desk.customer
    contact = contact_named(turn)
    slots = {"recent_order": number, "contact": contact}
    if customer is None and contact is not None:
        return Outcome(slots=slots, then=OrderStatusForm.form)
    if customer is not None and turn.done in ("order_status_told", "orders_listed"):
        return Outcome(slots=slots, then=OrderStatusForm.form)
    return Outcome((_order_noted(number, turn.language),), slots)


def _proves_noted_order(desk: Desk) -> bool:
    """An anonymous visitor's contact, given when asked what to do about an order."""
    turn = desk.turn
    asked = turn.offer == "order_details" and turn.slots.get("recent_order")
    return desk.customer is None and bool(asked) and contact_named(turn) is not None


def _order_noted(number: str, language: Language) -> Say:
    return say("utter_order_noted", *order_steps(number, language), order=number, offer="order_details")


def _contact_noted(turn: Turn) -> Say | None:
    """Asks whether to change the contact to what was given; the button carries it."""
    field = next((each for each in CONTACT_FIELDS if turn.entity(each)), None)
    if field is None:
        return None
    value = turn.entity(field) or ""
    change = payload("change_contact", **{"contact_field": field, field: value})
    return say("utter_contact_noted", Button(button_title("change", turn.language), change))


def _is_carried(name: str, value: object) -> bool:
    return value is not None and name not in _OF_THE_SESSION
