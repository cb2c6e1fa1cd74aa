"""All the actions of the dialogue, built with what they need. The one list the action endpoint mounts."""

from __future__ import annotations

from datetime import UTC, time

from actions.base import Clock, CrmAction
from actions.choices import ChoiceForm, GoOn, NextRequest
from actions.contact import ContactForm
from actions.conversation import Affirm, Deny, Fallback, Identified, SessionStart, Stop, SwitchLanguage, TakeNote
from actions.feedback import TakeRating
from actions.human import HandOver, OpeningHours
from actions.media import HearVoice, SeePhoto
from actions.orders import OrderListForm, OrderRequestForm, OrderStatusForm
from actions.privacy import AnswerPrivacy
from actions.reading import OrderNumbers
from actions.shop import TellKnowledge, TellProduct
from actions.tickets import TicketForm, TicketStatus
from crm.models import utc_now
from crm.unit_of_work import Database

DEFAULT_ORDER_NUMBER_PATTERN = r"A\d{4,8}"

#: The demo shop's, as ``data/knowledge`` and ``utter_handed_over_closed`` tell them.
DEFAULT_OPENING_HOURS = OpeningHours(frozenset(range(5)), time(9), time(18), UTC)


def build_actions(
    database: Database,
    *,
    order_number_pattern: str = DEFAULT_ORDER_NUMBER_PATTERN,
    now: Clock = utc_now,
    opening_hours: OpeningHours = DEFAULT_OPENING_HOURS,
) -> list[CrmAction]:
    """One instance of every action in the domain. ``order_number_pattern`` matches the normal form, ``A1024``."""
    numbers = OrderNumbers(order_number_pattern)
    return [
        SessionStart(database, now),
        Fallback(database, now, numbers),
        ChoiceForm(database, now),
        NextRequest(database, now),
        GoOn(database, now),
        Affirm(database, now, opening_hours),
        Deny(database, now),
        TakeNote(database, now, numbers),
        Identified(database, now),
        Stop(database, now),
        SwitchLanguage(database, now),
        OrderStatusForm(database, now, numbers),
        OrderListForm(database, now, numbers),
        OrderRequestForm(database, now, numbers),
        ContactForm(database, now, numbers),
        TicketForm(database, now, numbers),
        TicketStatus(database, now),
        HandOver(database, now, opening_hours),
        TakeRating(database, now),
        TellProduct(database, now),
        TellKnowledge(database, now),
        AnswerPrivacy(database, now),
        SeePhoto(database, now, numbers),
        HearVoice(database, now),
    ]
