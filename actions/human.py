"""Asking for a person: the conversation is marked as waiting, and the customer is told what that means."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, tzinfo

from actions.base import Clock, CrmAction, Desk
from actions.outcome import Outcome, say
from actions.requests import WAITING
from crm.unit_of_work import Database


@dataclass(frozen=True, slots=True)
class OpeningHours:
    """When people answer: every day of ``weekdays`` (Monday is 0) from ``opens`` to ``closes`` in ``zone``."""

    weekdays: frozenset[int]
    opens: time
    closes: time
    zone: tzinfo

    def include(self, moment: datetime) -> bool:
        """Whether somebody is there at that (aware) moment."""
        local = moment.astimezone(self.zone)
        return local.weekday() in self.weekdays and self.opens <= local.time() < self.closes


class HandOver(CrmAction):
    """Asks staff to take the conversation over; ends any form. The bot goes on answering until they do."""

    action_name = "action_hand_over"

    def __init__(self, database: Database, now: Clock, hours: OpeningHours) -> None:
        super().__init__(database, now)
        self._hours = hours

    def act(self, desk: Desk) -> Outcome:
        return handed_over(desk, self._hours)


def handed_over(desk: Desk, hours: OpeningHours) -> Outcome:
    """Marks the conversation as waiting for a person, once, and says when one will be there.

    What waited is theirs to see to: they read the whole conversation.
    """
    if desk.conversation.mode == "bot":
        desk.conversation.mode = "waiting"
    response = "utter_handed_over" if hours.include(desk.now) else "utter_handed_over_closed"
    return Outcome((say(response, done="human_asked"),), {WAITING: None}, leaves_form=True)
