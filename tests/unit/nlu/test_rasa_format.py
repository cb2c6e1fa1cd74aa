from __future__ import annotations

from dataclasses import replace

import pytest

from nlu.rasa_format import to_rasa
from nlu.understanding import Answer, Entity, IntentScore, Language, Part, Sentiment, Understanding


def understood(language: Language) -> Understanding:
    ranking = (IntentScore("inform", 0.9), IntentScore("greet", 0.1))
    order = Entity("order_number", "A1024", "a 1024", 0, 6)
    return Understanding("a 1024", language, ranking[0], ranking, (order,), Sentiment(-0.5, "negative"))


def test_what_rasa_gets() -> None:
    assert to_rasa(understood("und")) == {
        "text": "a 1024",
        "intent": {"name": "inform", "confidence": 0.9},
        "intent_ranking": [{"name": "inform", "confidence": 0.9}, {"name": "greet", "confidence": 0.1}],
        "entities": [
            {
                "entity": "order_number",
                "value": "A1024",
                "text": "a 1024",
                "start": 0,
                "end": 6,
                "confidence_entity": 1.0,
                "extractor": "patterns",
            }
        ],
        "language": "und",
        "sentiment": {"score": -0.5, "label": "negative"},
    }


@pytest.mark.parametrize(("language", "value"), [("en", "en"), ("zh", "zh"), ("mixed", "zh")])
def test_the_language_fills_a_slot_as_an_entity(language: Language, value: str) -> None:
    last = to_rasa(understood(language))["entities"][-1]
    assert (last["entity"], last["value"], last["start"], last["end"]) == ("language", value, 0, 6)


def test_another_language_adds_no_entity() -> None:
    assert [one["entity"] for one in to_rasa(understood("other"))["entities"]] == ["order_number"]


def test_another_language_is_named() -> None:
    assert to_rasa(replace(understood("other"), foreign="es"))["foreign"] == "es"
    assert "foreign" not in to_rasa(understood("en"))


def test_each_of_several_requests_stands_there_with_its_own_answer() -> None:
    order = Entity("order_number", "A1024", "a 1024", 0, 6)
    cancel = Part("a 1024 away", 0, 11, IntentScore("cancel_order", 0.9), (order,))
    delivery = Part(
        "how long", 16, 24, IntentScore("ask_shipping", 0.8), answer=Answer("Shipping", "Delivery", "Days.")
    )
    told = to_rasa(replace(understood("en"), parts=(cancel, delivery)))["parts"]
    assert [(each["text"], each["start"], each["end"], each["intent"]["name"]) for each in told] == [
        ("a 1024 away", 0, 11, "cancel_order"),
        ("how long", 16, 24, "ask_shipping"),
    ]
    assert [each["value"] for each in told[0]["entities"]] == ["A1024"]
    assert "answer" not in told[0]
    assert told[1]["answer"]["title"] == "Delivery"
