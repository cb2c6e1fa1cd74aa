"""Reading Rasa's tracker: words, entities, and where a form stands."""

from typing import Any

import pytest
from rasa_sdk import Tracker

from actions.turn import Answer, Moment, Turn, as_language, read_turn


def tracker(*events: dict[str, Any], text: str = "hi", intent: str = "greet", **slots: Any) -> Tracker:
    message = {
        "text": text,
        "intent": {"name": intent},
        "entities": [
            {"entity": "order_number", "value": "A1"},
            {"entity": "order_number", "value": "A2"},
            {"value": 3},
        ],
        "metadata": {"message_id": "m1", "text": "words", "language": "zh", "attachments": ["x"]},
    }
    return Tracker("c1", slots, message, list(events), False, None, {"name": "f"}, "action_listen")


USER = {"event": "user", "parse_data": {"intent": {"name": "out_of_scope"}}}


def test_words_entities_and_setting() -> None:
    turn = read_turn(tracker(USER, language="en", requested_slot="contact"))
    assert (turn.conversation_id, turn.message_id, turn.text, turn.language) == ("c1", "m1", "words", "en")
    assert turn.entity("order_number") == "A2"
    assert turn.entity("phone") is None
    assert turn.attachments == ("x",)
    assert (turn.form, turn.requested) == ("f", "contact")


def test_a_button_has_no_words() -> None:
    assert read_turn(tracker(USER, text='/inform{"order_number": "A1"}')).text == ""


def test_without_the_slot_the_message_tells_the_language() -> None:
    assert read_turn(tracker(USER)).language == "zh"
    assert as_language("fr") == "en"


def test_a_message_without_id_is_refused() -> None:
    nameless = tracker(USER)
    nameless.latest_message["metadata"] = {}
    with pytest.raises(KeyError):
        read_turn(nameless)


@pytest.mark.parametrize(
    ("since", "moment"),
    [
        ([{"event": "active_loop", "name": "f"}], Moment.OPENING),
        ([{"event": "slot", "name": "x"}, {"event": "action", "name": "f"}], Moment.ANSWERING),
        ([], Moment.ANSWERING),
        ([{"event": "action", "name": "utter_shipping"}], Moment.RETURNING),
        ([{"event": "active_loop", "name": None}, {"event": "active_loop", "name": "g"}], Moment.ANSWERING),
    ],
)
def test_why_a_form_is_called(since: list[dict[str, Any]], moment: Moment) -> None:
    before = [{"event": "active_loop", "name": "f"}, {"event": "action", "name": "utter_greet"}]
    assert read_turn(tracker(*before, USER, *since)).moment("f") is moment


def test_twice_in_a_row_is_told_from_once() -> None:
    assert read_turn(tracker(USER, {"event": "bot"}, USER, intent="nlu_fallback")).not_understood_again
    sense = {"event": "user", "parse_data": {"intent": {"name": "greet"}}}
    assert not read_turn(tracker(USER, sense, USER, intent="nlu_fallback")).not_understood_again
    assert not read_turn(tracker(USER, USER, intent="greet")).not_understood_again


def test_an_answer_from_the_knowledge_was_no_misunderstanding() -> None:
    told = {"event": "bot", "data": {"custom": {"done": "knowledge_told"}}}
    assert not read_turn(tracker(USER, told, USER, intent="nlu_fallback")).not_understood_again


def test_the_passage_that_came_with_the_meaning_is_read() -> None:
    asked = tracker(USER)
    assert read_turn(asked).answer is None
    button = {"title": "My orders", "payload": "/list_orders"}
    asked.latest_message["answer"] = {"title": "T", "text": "P", "buttons": [button], "score": 0.7, "exact": True}
    assert read_turn(asked).answer == Answer("T", "P", (("My orders", "/list_orders"),), exact=True)


def test_only_the_latest_offer_stands() -> None:
    offer = {"event": "bot", "data": {"custom": {"offer": "ask_human"}}}
    plain = {"event": "bot", "data": {"custom": None}}
    assert read_turn(tracker(USER, offer, plain, USER)).offer == "ask_human"
    assert read_turn(tracker(USER, offer, USER, plain, USER)).offer is None
    assert read_turn(tracker(USER)).offer is None
    told = {"event": "bot", "data": {"custom": {"done": "order_status_told"}}}
    assert read_turn(tracker(USER, told, USER)).done == "order_status_told"


def test_a_turn_is_a_value() -> None:
    assert Turn("c", "m", "t", "en", "greet") == Turn("c", "m", "t", "en", "greet")


def _with_parts(*since: dict[str, Any]) -> Tracker:
    several = tracker({"event": "user"}, *since)
    several.latest_message["intent_ranking"] = [{"name": "cancel_order", "confidence": 0.6}]
    several.latest_message["parts"] = [
        {"text": "cancel", "intent": {"name": "cancel_order"}, "entities": [{"entity": "order_number", "value": "A2"}]},
        {"text": "how long", "intent": {"name": "ask_shipping"}, "answer": {"title": "Delivery", "text": "Days."}},
    ]
    return several


def test_the_parts_of_a_message_until_the_first_is_seen_to() -> None:
    turn = read_turn(_with_parts())
    assert turn.ranking == (("cancel_order", 0.6),)
    assert [each.intent for each in turn.parts] == ["cancel_order", "ask_shipping"]
    first = turn.of_first_part()
    assert (first.text, first.entities) == ("cancel", (("order_number", "A2"),))
    assert read_turn(tracker({"event": "user"})).of_first_part().text == "words"
    assert read_turn(_with_parts({"event": "action", "name": "f"})).parts  # the form itself, which Rasa notes early
    assert not read_turn(_with_parts({"event": "action", "name": "action_next_request"})).parts


@pytest.mark.parametrize("name", ["action_deactivate_loop", "utter_gift_wrap"])
def test_words_alone_and_the_end_of_a_form_see_to_nothing(name: str) -> None:
    assert read_turn(_with_parts({"event": "action", "name": name})).parts


def test_asking_what_was_meant_is_no_form_to_anybody() -> None:
    asking = tracker({"event": "user"})
    asking.active_loop = {"name": "choice_form"}
    assert read_turn(asking).form is None
