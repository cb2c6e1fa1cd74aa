"""Changing a customer's phone, e-mail or address: asked for, read back, and written only after a yes."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass

from actions.base import Desk
from actions.forms import Asking, Ending, Taken
from actions.outcome import say
from actions.reading import FACTS, email_in, is_question, phone_in, says_no, says_yes, takes_over, without_no
from actions.turn import Turn
from actions.verified import OwnOrder, VerifiedForm
from actions.wording import contact_field
from crm.contacts import CONTACT_FIELDS, ContactField, change_contact, normalise
from crm.errors import InvalidValue
from crm.models import Customer

Values = dict[ContactField, str]


@dataclass(frozen=True, slots=True)
class ContactRequest(OwnOrder):
    """``contact`` proves who it is; ``contact_value`` is the new value, normalised before it is read back."""

    contact_field: ContactField | None = None
    contact_value: str | None = None
    contact_confirmed: bool | None = None


class ContactForm(VerifiedForm[ContactRequest]):
    """Takes a change of contact data. Field and value that came in one sentence are not asked for again."""

    form = "contact_form"
    fields_type = ContactRequest
    triggers = frozenset({"change_contact"})
    number_question = "utter_any_order_number_wanted"

    def open(self, desk: Desk) -> Taken[ContactRequest]:
        turn = desk.turn
        values = _values(turn)
        field = _field(turn) or _only(values)
        value = values.pop(field, None) or _shaped(field, turn.text) if field else None
        proof = values.get("email") or values.get("phone") if field else None
        return Taken(
            ContactRequest(
                order_number=self.order_meant(desk),
                contact=proof or turn.slots.get("contact"),
                contact_field=field,
                contact_value=value,
            )
        )

    def take(self, desk: Desk, held: ContactRequest) -> Taken[ContactRequest] | Asking[ContactRequest] | Ending | None:
        if desk.turn.intent in self.triggers and desk.turn.requested in ("order_number", "contact"):
            renewed = self.open(desk).fields  # another change is wanted while we still verify: keep what was given
            return Taken(
                dataclasses.replace(
                    renewed,
                    order_number=renewed.order_number or held.order_number,
                    contact=renewed.contact or held.contact,
                )
            )
        return super().take(desk, held)

    def take_more(
        self, desk: Desk, held: ContactRequest
    ) -> Taken[ContactRequest] | Asking[ContactRequest] | Ending | None:
        turn = desk.turn
        corrected = self._corrected(turn, held)
        if takes_over(turn, self.triggers, corrected.contact_value if corrected else None):
            return None
        if corrected is not None:
            return Taken(corrected)
        if turn.requested == "contact_confirmed" and says_yes(turn, self.triggers):
            return Taken(dataclasses.replace(held, contact_confirmed=True))
        if says_no(turn, self.triggers):
            return self._declined(turn, held)
        if turn.requested == "contact_value" and _misses_shape(turn, held.contact_field):
            return Asking(held, "contact_value", (say(f"utter_{held.contact_field}_invalid"),))
        return Taken(held) if turn.intent in self.triggers else None

    def serve(self, desk: Desk, customer: Customer, fields: ContactRequest) -> Asking[ContactRequest] | Ending:
        field = fields.contact_field
        if field is None:
            return Asking(fields, "contact_field", (say("utter_contact_field_wanted"),))
        if fields.contact_value is None:
            return Asking(fields, "contact_value", (say(f"utter_new_{field}_wanted"),))
        try:
            value = normalise(field, fields.contact_value, customer)
        except InvalidValue:
            again = dataclasses.replace(fields, contact_value=None, contact_confirmed=None)
            return Asking(again, "contact_value", (say(f"utter_{field}_invalid"),))
        name = contact_field(field, desk.turn.language)
        if fields.contact_confirmed:
            change_contact(desk.session, customer.id, field, value, desk.turn.message_id)
            return Ending((say("utter_contact_changed", done="contact_changed", field=name, value=value),))
        if value == getattr(customer, field):
            asked = dataclasses.replace(fields, contact_field=None, contact_value=None)
            return Asking(asked, "contact_field", (say("utter_contact_same", field=name, value=value),))
        read_back = dataclasses.replace(fields, contact_value=value)
        return Asking(read_back, "contact_confirmed", (say("utter_confirm_contact", field=name, value=value),))

    def _declined(self, turn: Turn, held: ContactRequest) -> Asking[ContactRequest] | Ending:
        """A no to the read-back asks what to change instead; a no to that question ends the form."""
        if turn.requested == "contact_field":
            return Ending((say("utter_contact_unchanged"),))
        asked = dataclasses.replace(held, contact_field=None, contact_value=None, contact_confirmed=None)
        return Asking(asked, "contact_field", (say("utter_contact_field_instead"),))

    def _corrected(self, turn: Turn, held: ContactRequest) -> ContactRequest | None:
        """The request with another field or value, when the message brings one."""
        values = _answered_values(turn, held.contact_field)
        field = _field(turn) or held.contact_field
        if field not in values and len(values) == 1 and _field(turn) is None:
            field = _only(values)
        value = values.get(field) if field else None
        if field is None or (value is None and field == held.contact_field):
            return None
        if value is not None and (field, value) == (held.contact_field, held.contact_value):
            return None
        return dataclasses.replace(held, contact_field=field, contact_value=value, contact_confirmed=None)


def _field(turn: Turn) -> ContactField | None:
    named = turn.entity("contact_field")
    return next((each for each in CONTACT_FIELDS if each == named), None)


def _values(turn: Turn) -> Values:
    found = ((each, turn.entity(each)) for each in CONTACT_FIELDS)
    return {each: value for each, value in found if value}


def _answered_values(turn: Turn, field: ContactField | None) -> Values:
    """The values in an answer; there anything of the asked-for shape counts, recognised or not."""
    values = _values(turn)
    text = without_no(turn.text)
    shapes: Values = {}
    if found := email_in(text):
        shapes["email"] = found
    if field == "phone" and (found := phone_in(text)):
        shapes["phone"] = found
    if field == "address" and _may_be_address(turn, text):
        shapes["address"] = text
    return {**shapes, **values}


def _shaped(field: ContactField, text: str) -> str | None:
    """A phone or an e-mail that understanding did not recognise, beside the name of its field."""
    if field == "email":
        return email_in(text)
    return phone_in(text) if field == "phone" else None


def _may_be_address(turn: Turn, text: str) -> bool:
    """Free words count as an address where one was asked for, or where they correct the one read back."""
    if "address" in _values(turn) or email_in(text) or turn.intent in ("stop", "ask_human", "goodbye"):
        return False
    if turn.requested == "contact_confirmed":
        return bool(re.search(r"\d", text)) and len(text) >= 8
    if turn.intent in FACTS and is_question(text):
        return False
    return bool(re.search(r"\d", text)) or (turn.intent in ("inform", "nlu_fallback", "out_of_scope") and len(text) > 5)


def _misses_shape(turn: Turn, field: ContactField | None) -> bool:
    """The words try to be a phone or an e-mail, and are none."""
    return (field == "phone" and bool(re.search(r"\d{3}", turn.text))) or (field == "email" and "@" in turn.text)


def _only(values: Values) -> ContactField | None:
    return next(iter(values)) if len(values) == 1 else None
