"""Which intents are worth a question, and which answer names which of them."""

import dataclasses

import pytest

from actions.choices import ChoiceForm, NextRequest, chosen_by, go_on_offered, plausible
from actions.conversation import Affirm, Fallback
from actions.reading import REQUESTS
from actions.requests import WAITING, Request, as_slot
from actions.turn import Turn
from actions.wording import has_words, request_title, request_topic
from tests.unit.actions.desk import HOURS, NUMBERS, Shop, said

TORN = (("nlu_fallback", 0.4), ("cancel_order", 0.39), ("return_order", 0.36), ("deny", 0.05))
OFFERED = (Request("cancel_order"), Request("return_order", entities=(("order_number", "A1024"),)))


def turn(text: str, intent: str = "nlu_fallback", **more: object) -> Turn:
    return dataclasses.replace(Turn("c", "m", text, "en", intent), **more)


def test_every_request_has_words_in_both_languages_and_nothing_else_is_offered() -> None:
    titles = [request_title(intent, language) for intent in REQUESTS for language in ("en", "zh")]
    assert len(titles) == len(set(titles)) == 2 * len(REQUESTS)
    assert all(len(title) <= 24 for title in titles)
    assert all(request_topic(intent, "", "zh") != request_topic(intent, "", "en") for intent in REQUESTS)
    assert not has_words("greet")


@pytest.mark.parametrize(
    ("ranking", "offered"),
    [
        (TORN, ["cancel_order", "return_order"]),
        (TORN[1:], ["cancel_order", "return_order"]),
        ((("ask_invoice", 0.52), ("deny", 0.48)), ["ask_invoice"]),
        ((("a", 0.0), *TORN), []),
        ((("out_of_scope", 0.4), ("cancel_order", 0.38), ("return_order", 0.2)), []),
        ((("cancel_order", 0.3), ("return_order", 0.19)), []),
        ((("cancel_order", 0.39), ("return_order", 0.11)), []),
        ((("cancel_order", 0.2), ("return_order", 0.2), ("ask_invoice", 0.2), ("list_orders", 0.2)), 3 * [...]),
        ((), []),
    ],
)
def test_what_is_worth_asking(ranking: tuple[tuple[str, float], ...], offered: list[object]) -> None:
    found = [each.intent for each in plausible(turn("hm", ranking=ranking))]
    assert len(found) == len(offered)
    assert ... in offered or found == offered


@pytest.mark.parametrize(
    ("text", "intent", "chosen"),
    [
        ("1", "inform", 0),
        ("2.", "give_rating", 1),
        ("the first one please", "inform", 0),
        ("Option 2", "inform", 1),
        ("the latter", "out_of_scope", 1),
        ("第二个", "inform", 1),
        ("我要第1个", "inform", 0),
        ("前者吧", "inform", 0),
        ("3", "inform", None),
        ("cancel", "stop", 0),
        ("退货", "return_order", 1),
        ("I want to send it back", "return_order", 1),
        ("", "return_order", 1),
        ("", "ask_human", None),
        ("order", "ask_order_status", None),
        ("yes", "affirm", None),
        ("one kettle", "inform", None),
        ("what are your hours", "ask_opening_hours", None),
    ],
)
def test_which_answer_names_which_choice(text: str, intent: str, chosen: int | None) -> None:
    language = "zh" if any(character > "\u3400" for character in text) else "en"
    found = chosen_by(turn(text, intent, language=language), OFFERED)
    assert found == (None if chosen is None else OFFERED[chosen])


def test_what_the_answer_names_is_added() -> None:
    answer = turn("return A1030", "return_order", entities=(("order_number", "A1030"),))
    found = chosen_by(answer, OFFERED)
    assert found is not None
    assert dict(found.entities) == {"order_number": "A1030"}


def test_a_question_between_choices_is_asked_instead_of_giving_up(demo: Shop) -> None:
    torn = dataclasses.replace(demo.turn("hm", "nlu_fallback"), ranking=TORN)
    fallback = demo.build(Fallback, NUMBERS)
    assert fallback.answer(torn).then == "choice_form"
    assert said(fallback.answer(dataclasses.replace(torn, form="contact_form"))) == ["utter_not_caught"]
    form = demo.build(ChoiceForm)
    outcome = form.answer(dataclasses.replace(torn, opened=frozenset({"choice_form"})))
    assert said(outcome) == ["utter_did_you_mean"]
    assert outcome.slots["requested_slot"] == "choice"
    assert [each.payload for each in outcome.says[0].buttons] == ["/cancel_order", "/return_order", "/deny"]


def test_the_choice_is_put_before_all_that_waits(demo: Shop) -> None:
    demo.slots = {"choices": as_slot(OFFERED), WAITING: as_slot([Request("ask_invoice")]), "requested_slot": "choice"}
    outcome = demo.build(ChoiceForm).answer(demo.turn("2", "inform"))
    assert [each["intent"] for each in outcome.slots[WAITING]] == ["return_order", "ask_invoice"]
    assert outcome.then == "action_next_request"
    assert outcome.slots["choices"] is None


def test_the_next_request_is_given_back_as_if_said(demo: Shop) -> None:
    action = demo.build(NextRequest)
    assert action.answer(demo.turn("yes", "affirm")).as_if_said is None
    demo.slots = {WAITING: as_slot([Request("ask_invoice", "an invoice"), Request("ask_human")])}
    outcome = action.answer(demo.turn("yes", "affirm"))
    assert said(outcome) == ["utter_next_request"]
    assert outcome.as_if_said is not None
    assert outcome.as_if_said["intent"]["name"] == "ask_invoice"
    assert [each["intent"] for each in outcome.slots[WAITING]] == ["ask_human"]
    assert outcome.then is None


def test_after_a_stop_what_waits_is_offered_and_a_yes_goes_on(demo: Shop) -> None:
    assert go_on_offered(turn("stop", "stop")) is None
    demo.slots = {WAITING: as_slot([Request("ask_invoice", "an invoice")])}
    offered = go_on_offered(demo.turn("stop", "stop"))
    assert offered is not None
    yes = dataclasses.replace(demo.turn("yes", "affirm"), offer=offered.offer)
    outcome = demo.build(Affirm, HOURS).answer(yes)
    assert outcome.then == "action_next_request"
    assert outcome.slots[WAITING][0]["chosen"]
