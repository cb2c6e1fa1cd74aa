"""Products asked for in words."""

import dataclasses

import pytest

from actions.shop import TellKnowledge, TellProduct
from actions.turn import Answer
from tests.unit.actions.desk import Shop, said


@pytest.mark.parametrize(
    ("product", "response"),
    [
        ("kettle", "utter_product_told"),
        ("吹风机", "utter_product_told"),
        ("air fryer", "utter_product_sold_out"),
        ("trampoline", "utter_product_unknown"),
        ("滑板", "utter_product_unknown"),
        ("", "utter_product_unknown"),
    ],
)
def test_found_or_not(demo: Shop, product: str, response: str) -> None:
    answered = demo.build(TellProduct).answer(demo.turn("do you have it", "ask_product", product=product))
    assert said(answered) == [response]


def test_the_words_serve_where_no_product_was_recognised(demo: Shop) -> None:
    action = demo.build(TellProduct)
    assert said(action.answer(demo.turn("toaster", "ask_product"))) == ["utter_product_told"]
    assert said(action.answer(demo.turn("is it in stock", "ask_product"))) == ["utter_product_wanted"]


def test_the_nearest_are_offered_as_buttons(demo: Shop) -> None:
    demo.greet(language="zh")
    near = demo.build(TellProduct).answer(demo.turn("有电动牙刷吗", "ask_product", product="扫地机"))
    assert said(near) == ["utter_product_told"]
    assert near.says[0].values == {"product": "扫地机器人", "price": "$249.00", "stock": "5"}


def answer(exact: bool) -> Answer:
    return Answer("Delivery times", "3 to 5 days.", (("My orders", "/list_orders"),), exact)


def test_a_passage_is_told_with_its_title_and_buttons(demo: Shop) -> None:
    turn = dataclasses.replace(demo.turn("how long does it take", "ask_shipping"), answer=answer(exact=True))
    (told,) = demo.build(TellKnowledge).answer(turn).says
    assert told.response == "utter_knowledge_told"
    assert told.values == {"title": "Delivery times", "passage": "3 to 5 days."}
    assert [each.payload for each in told.buttons] == ["/list_orders"]
    assert told.done == "knowledge_told"


def test_a_passage_that_may_miss_the_question_says_so_and_offers_a_person(demo: Shop) -> None:
    turn = dataclasses.replace(demo.turn("to the moon?", "ask_shipping"), answer=answer(exact=False))
    (told,) = demo.build(TellKnowledge).answer(turn).says
    assert (told.response, told.done, told.offer) == ("utter_knowledge_near", None, "ask_human")


def test_without_a_passage_the_bot_says_that_it_does_not_know(demo: Shop) -> None:
    (told,) = demo.build(TellKnowledge).answer(demo.turn("how do I pay", "ask_payment")).says
    assert (told.response, told.offer) == ("utter_knowledge_missing", "ask_human")
