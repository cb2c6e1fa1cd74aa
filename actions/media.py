"""Photos and voice notes that come without words."""

from __future__ import annotations

from actions.base import Clock, CrmAction, Desk
from actions.outcome import Button, Outcome, payload, say
from actions.reading import OrderNumbers
from actions.turn import Language
from actions.wording import button_title
from crm.unit_of_work import Database


class SeePhoto(CrmAction):
    """Offers the order number that was seen in a photo, or asks what the photo is about; keeps it for a ticket."""

    action_name = "action_see_photo"
    writes = False

    def __init__(self, database: Database, now: Clock, numbers: OrderNumbers) -> None:
        super().__init__(database, now)
        self._numbers = numbers

    def act(self, desk: Desk) -> Outcome:
        turn = desk.turn
        slots = {"media": [*(turn.slots.get("media") or ()), *turn.attachments]}
        if turn.form is not None:
            return Outcome((say("utter_photo_kept"),), slots)
        number = self._numbers.named(turn)
        if number is None:
            return Outcome((say("utter_photo_without_number", *_add_to_ticket(desk)),), slots)
        seen = say("utter_photo_with_number", *order_steps(number, turn.language), order=number, offer="order_seen")
        return Outcome((seen,), {**slots, "recent_order": number})


class HearVoice(CrmAction):
    """A voice note that nobody here could recognise: kept, and said so."""

    action_name = "action_hear_voice"
    writes = False

    def act(self, desk: Desk) -> Outcome:
        media = [*(desk.turn.slots.get("media") or ()), *desk.turn.attachments]
        return Outcome((say("utter_voice_kept"),), {"media": media})


def order_steps(number: str, language: Language) -> tuple[Button, ...]:
    """What one may want to know about an order."""
    return (
        Button(button_title("status", language), payload("ask_order_status", order_number=number)),
        Button(button_title("problem", language), payload("report_problem", order_number=number)),
        Button(button_title("other", language), payload("ask_help")),
    )


def _add_to_ticket(desk: Desk) -> tuple[Button, ...]:
    ticket = desk.turn.slots.get("recent_ticket")
    if not ticket:
        return ()
    title = f"添加到 {ticket}" if desk.turn.language == "zh" else f"Add it to {ticket}"
    return (Button(title, payload("inform", ticket_number=ticket)),)
