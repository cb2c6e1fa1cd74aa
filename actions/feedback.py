"""Ratings that a customer gives in the conversation itself."""

from __future__ import annotations

from actions.base import CrmAction, Desk
from actions.outcome import Outcome, say
from crm.conversations import HIGHEST_RATING, LOWEST_RATING, rate


class TakeRating(CrmAction):
    """Keeps a rating of 1–5; asks for the number when none was named.

    Inside a form a bare number answers the form's question badly rather than rating it: nothing is kept.
    """

    action_name = "action_take_rating"

    def act(self, desk: Desk) -> Outcome:
        if desk.turn.form is not None:
            return Outcome((say("utter_not_caught"),))
        score = _score(desk.turn.entity("rating"))
        if score is None:
            return Outcome((say("utter_rating_wanted"),))
        rate(desk.session, desk.conversation.id, score, None)
        return Outcome((say("utter_rated_well" if score >= 4 else "utter_rated_low", done="rated"),))


def _score(value: str | None) -> int | None:
    in_range = value is not None and value.isdecimal() and LOWEST_RATING <= int(value) <= HIGHEST_RATING
    return int(value) if value is not None and in_range else None
