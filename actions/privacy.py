"""What is stored about a customer, and asking for a copy or for erasure."""

from __future__ import annotations

from actions.base import CrmAction, Desk
from actions.outcome import Outcome, say
from crm.tickets import open_ticket

#: What the buttons of ``utter_privacy`` ask for.
REQUESTS = frozenset({"erase", "copy"})


class AnswerPrivacy(CrmAction):
    """Explains what is kept. A pressed button makes a ticket: people check who asks before data leave or go."""

    action_name = "action_answer_privacy"

    def act(self, desk: Desk) -> Outcome:
        wanted = desk.turn.entity("privacy_request")
        if wanted not in REQUESTS:
            return Outcome((say("utter_privacy"),))
        customer = desk.customer
        ticket = open_ticket(
            desk.session,
            desk.conversation,
            category="privacy",
            description="erasure of my data" if wanted == "erase" else "a copy of my data",
            language=desk.turn.language,
            source_message_id=desk.turn.message_id,
            customer_id=customer.id if customer else None,
        )
        return Outcome((say(f"utter_privacy_{wanted}_requested", ticket=ticket.number, done="ticket_opened"),))
