"""Asking "did you mean …?" when a message was understood half: one button for each thing it may have been.

Owns which intents are worth asking about, and how an answer is read: a button, its words or a part of them, a number,
or the wish put in other words. What is chosen goes on with all that the first message brought. Keeps no other form
waiting: whatever else the customer says instead is simply answered.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from actions.base import CrmAction, Desk
from actions.forms import Asking, Ending, Form, Taken
from actions.outcome import Button, Outcome, Say, payload, say
from actions.reading import REQUESTS
from actions.requests import GO_ON, NEXT_REQUEST, WAITING, Request, as_slot, requests_in
from actions.turn import CHOICE_FORM, Moment, Turn
from actions.wording import button_title, has_words, request_title, request_topic

MOST_CHOICES = 3
LEAST_EACH = 0.12
LEAST_TOGETHER = 0.5
"""It is worth asking where the question is right as often as not: probabilities are calibrated."""

#: What the question offers; a mere yes takes up the only thing that was offered.
OFFER = "choice"
#: What "something else" got done: the customer was asked to say it in other words.
REPHRASE = "rephrase_asked"

_NUMBERS = {
    1: r"1|one|first|1st|一|壹|第?一[个项条种]?|第?1[个项条种]?|前者|former",
    2: r"2|two|second|2nd|二|两|第?二[个项条种]?|第?2[个项条种]?",
    3: r"3|three|third|3rd|三|第?三[个项条种]?|第?3[个项条种]?",
    4: r"4|four|fourth|4th|四|第?四[个项条种]?|第?4[个项条种]?",
}
_LAST = r"last|latter|后者|最后一?[个项条]?"
_AROUND = re.compile(
    r"\b(?:the|option|number|no|nr|choice|one|please|i|i'll|take|mean|meant|want|it's|its|thanks|pls)\b|[#.,!?()。，！、\s]"
    r"|选项?|号|我|要|是|的|就|那|吧|请|谢谢|办",
    re.IGNORECASE,
)
_OTHER = re.compile(
    r"(?:no,? )?(?:something else|something different|none(?: of (?:these|those|them|the above))?|neither(?: of them)?"
    r"|other|not (?:these|those|that))[.!]*"
    r"|(?:都|全)?不是(?:这[些个])?|都不[对要是]|其他(?:事情?|的)?|别的(?:事情?)?|另外的事",
    re.IGNORECASE,
)
_WORD = re.compile(r"[a-z']+|[\u3400-\u9fff]", re.IGNORECASE)
_EMPTY_WORDS = frozenset({"a", "an", "the", "is", "my", "me", "about", "how", "to", "of", "i", "it", "please", "order"})
_EMPTY_CHARACTERS = frozenset("的我了到订单您一下请")


@dataclass(frozen=True, slots=True)
class Choice:
    """``choices`` are the requests on offer, as slots; ``choice_again`` tells that the customer was not understood just
    before, or wanted something else. ``choice`` is asked for and never kept.
    """

    choices: list[dict[str, Any]] | None = None
    choice_again: bool | None = None
    choice: str | None = None


class ChoiceForm(Form[Choice]):
    """Asks which of a few things was meant, and goes on with it."""

    form = CHOICE_FORM
    fields_type = Choice
    triggers = frozenset()

    def open(self, desk: Desk) -> Taken[Choice]:
        again = desk.turn.done == REPHRASE or desk.turn.not_understood_again
        return Taken(Choice(as_slot(plausible(desk.turn)), again))

    def take(self, desk: Desk, held: Choice) -> Taken[Choice] | Asking[Choice] | Ending | None:
        turn, choices = desk.turn, requests_in(held.choices)
        chosen = chosen_by(turn, choices)
        if chosen is not None:
            return Ending((), {WAITING: as_slot((chosen, *turn.waiting))})
        if turn.intent == "deny" or _OTHER.fullmatch(turn.text.strip()):
            return _asked_otherwise(again=bool(held.choice_again))
        return Taken(held) if turn.intent == "affirm" else None

    def proceed(self, desk: Desk, fields: Choice) -> Asking[Choice] | Ending:
        if desk.turn.moment(self.form) is Moment.RETURNING:
            if fields.choices is not None:
                return Ending(())  # something else was said and has been answered
            fields = self.open(desk).fields  # that was not understood either: the question is put anew
        return Asking(fields, "choice", (_question(desk.turn, requests_in(fields.choices), bool(fields.choice_again)),))


class NextRequest(CrmAction):
    """Goes on with the first request that waits, as if the customer made it now, and says so first."""

    action_name = NEXT_REQUEST
    writes = False

    def act(self, desk: Desk) -> Outcome:
        if not desk.turn.waiting:
            return Outcome()
        request, *rest = desk.turn.waiting
        topic = say("utter_next_request", topic=request_topic(request.intent, request.text, desk.turn.language))
        says = () if request.chosen else (topic,)
        return Outcome(says, {WAITING: as_slot(rest)}, as_if_said=request.as_parsed())


class GoOn(CrmAction):
    """Ends a rule that answers with words alone: what else the message asked for is seen to, as after any action."""

    action_name = "action_go_on"
    writes = False

    def act(self, desk: Desk) -> Outcome:
        return Outcome()


def plausible(turn: Turn) -> tuple[Request, ...]:
    """What a message that was not understood may have asked for, likeliest first, with all that it named; nothing
    where that is anybody's guess.
    """
    considered = [(name, probability) for name, probability in turn.ranking if name != "nlu_fallback"][:MOST_CHOICES]
    if not considered or not _may_be_offered(considered[0][0]):
        return ()
    likely = [(name, each) for name, each in considered if _may_be_offered(name) and each >= LEAST_EACH]
    if sum(each for _, each in likely) < LEAST_TOGETHER:
        return ()
    return tuple(Request(name, turn.text, turn.entities, chosen=True) for name, _ in likely)


def chosen_by(turn: Turn, choices: tuple[Request, ...]) -> Request | None:
    """Which of them an answer names, with what it names beside."""
    if not choices:
        return None
    if not turn.text:
        return next((each for each in choices if each.intent == turn.intent), None)
    place = _place_named(turn.text, len(choices))
    if place is not None:
        return choices[place]
    by_words = _named_by_words(turn, choices)
    if by_words is not None:
        return by_words
    if turn.intent == "affirm" and len(choices) == 1:
        return choices[0]
    return next((each.with_more(turn.entities) for each in choices if each.intent == turn.intent), None)


def go_on_offered(turn: Turn) -> Say | None:
    """Asks whether to go on with what waits, where the customer has just stopped something else."""
    if not turn.waiting:
        return None
    waiting = turn.waiting[0]
    topic = request_topic(waiting.intent, waiting.text, turn.language)
    return say("utter_next_request_offered", topic=topic, offer=GO_ON)


def _may_be_offered(intent: str) -> bool:
    return intent in REQUESTS and has_words(intent)


def _question(turn: Turn, choices: tuple[Request, ...], again: bool) -> Say:
    buttons = [Button(request_title(each.intent, turn.language), each.payload) for each in choices]
    more = [Button(button_title("other", turn.language), payload("deny"))]
    if again and all(each.intent != "ask_human" for each in choices):
        more.insert(0, Button(button_title("person", turn.language), payload("ask_human")))
    response = "utter_did_you_mean_this" if len(choices) == 1 else "utter_did_you_mean"
    return say(response, *buttons, *more, offer=OFFER)


def _asked_otherwise(*, again: bool) -> Ending:
    if again:
        return Ending((say("utter_fallback_again", offer="ask_human"),))
    return Ending((say("utter_rephrase_wanted", done=REPHRASE),))


def _place_named(text: str, choices: int) -> int | None:
    """The place that a number names: "2", "the second one", 第二个."""
    bare = _AROUND.sub("", text.strip()) or text.strip()
    if re.fullmatch(_LAST, bare, re.IGNORECASE):
        return choices - 1
    named = (number for number, words in _NUMBERS.items() if re.fullmatch(words, bare, re.IGNORECASE))
    number = next(named, None)
    return number - 1 if number is not None and number <= choices else None


def _named_by_words(turn: Turn, choices: tuple[Request, ...]) -> Request | None:
    """The one choice that shares a word of its title with a short answer ("cancel", 退货)."""
    said = _words(turn.text)
    if not 0 < len(said) <= 6:
        return None
    sharing = [each for each in choices if said <= _words(request_title(each.intent, turn.language))]
    return sharing[0].with_more(turn.entities) if len(sharing) == 1 else None


def _words(text: str) -> frozenset[str]:
    return frozenset(word.casefold() for word in _WORD.findall(text)) - _EMPTY_WORDS - _EMPTY_CHARACTERS
