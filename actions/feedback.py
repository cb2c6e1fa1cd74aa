"""Ratings that a customer gives in the conversation itself."""

from __future__ import annotations

from actions.base import CrmAction, Desk
from actions.outcome import Outcome, say
from crm.models import Rating

SCORES = range(1, 6)


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
        _record(desk, score)
        return Outcome((say("utter_rated_well" if score >= 4 else "utter_rated_low", done="rated"),))


def _record(desk: Desk, score: int) -> None:
    """One rating a conversation: a later one replaces the score and keeps the comment."""
    if desk.conversation.rating is None:
        desk.conversation.rating = Rating(conversation_id=desk.conversation.id, score=score)
    else:
        desk.conversation.rating.score = score
    desk.session.flush()


def _score(value: str | None) -> int | None:
    return int(value) if value is not None and value.isdecimal() and int(value) in SCORES else None
