"""Products asked for in words."""

import pytest

from actions.shop import TellProduct
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
