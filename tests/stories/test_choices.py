"""Whole conversations in which the bot is not sure what was meant, and asks."""

from crm.models import Conversation
from tests.stories.stage import Stage, done, titles, told

TORN = {"nlu_fallback": 0.4, "cancel_order": 0.39, "return_order": 0.36, "complain": 0.1}


def test_a_button_goes_on_with_what_was_said_at_first(on_stage: Stage) -> None:
    visitor = on_stage.visitor(customer="C-1001")
    asked = visitor.says("get rid of A1024 thing", "nlu_fallback", {"order_number": "A1024"}, ranking=TORN)
    assert "Did you mean one of these?" in told(asked)
    assert titles(asked) == ["Cancel an order", "Return something", "Something else"]
    answer = visitor.presses("Return something")
    assert "A1024" in told(answer)
    assert "Which order" not in told(answer)


def test_an_order_that_needs_proof_is_not_asked_for_twice(on_stage: Stage) -> None:
    visitor = on_stage.visitor(language="zh")
    asked = visitor.says("A1024那个不弄了处理下", "nlu_fallback", {"order_number": "A1024"}, ranking=TORN)
    assert titles(asked) == ["取消订单", "申请退货", "其他事情"]
    assert "订单 A1024 预留的邮箱或手机号" in told(visitor.says("第一个", "inform"))
    visitor.says("mia.chen@example.com", "inform", {"email": "mia.chen@example.com"})


def test_numbers_and_words_do_as_well_as_buttons(on_stage: Stage) -> None:
    answers = {
        "2": "give_rating",
        "the second one": "inform",
        "last": "nlu_fallback",
        "return": "stop",
        "I'd like to return it": "return_order",
    }
    for text, intent in answers.items():
        visitor = on_stage.visitor(customer="C-1001")
        visitor.says("away with A1011 pls", "nlu_fallback", {"order_number": "A1011"}, ranking=TORN)
        answer = visitor.says(text, intent, {"rating": "2"} if intent == "give_rating" else None)
        assert "A1011" in told(answer), text
        assert "did not understand" not in told(answer), text


def test_a_word_that_ends_things_elsewhere_names_a_choice_here(on_stage: Stage) -> None:
    visitor = on_stage.visitor(customer="C-2001", language="zh")
    visitor.says("那个单子弄掉", "nlu_fallback", ranking=TORN)
    assert "已经停下" not in told(visitor.says("取消", "stop"))


def test_something_else_leads_on_and_the_second_time_to_a_person(on_stage: Stage) -> None:
    visitor = on_stage.visitor()
    visitor.says("do the thing with it", "nlu_fallback", ranking=TORN)
    assert "in other words" in told(visitor.presses("Something else"))
    again = visitor.says("the thing, you know", "nlu_fallback", ranking=TORN)
    assert titles(again) == ["Cancel an order", "Return something", "Talk to a person", "Something else"]
    assert "Shall I fetch a colleague" in told(visitor.says("none of these", "out_of_scope"))
    assert done(visitor.says("yes", "affirm")) == ["human_asked"]


def test_whoever_says_something_else_instead_is_answered(on_stage: Stage) -> None:
    visitor = on_stage.visitor(language="zh")
    visitor.says("弄一下", "nlu_fallback", ranking=TORN)
    answer = visitor.says("多少钱邮费", "ask_shipping")
    assert "工作日" in told(answer)
    assert "不太确定" not in told(answer)
    assert "请问您要办什么" in told(visitor.says("嗯", "inform"))


def test_a_yes_takes_the_only_thing_offered_and_asks_again_between_two(on_stage: Stage) -> None:
    visitor = on_stage.visitor(customer="C-1001")
    visitor.says("hm order thing", "nlu_fallback", ranking=TORN)
    assert "Did you mean" in told(visitor.says("yes", "affirm"))
    visitor = on_stage.visitor(customer="C-1001")
    asked = visitor.says("bill A1011", "nlu_fallback", {"order_number": "A1011"}, ranking={"ask_invoice": 0.52})
    assert "Did you mean this?" in told(asked)
    assert "request an invoice for order A1011" in told(visitor.says("yes", "affirm"))


def test_not_understood_again_asks_anew_and_offers_a_person(on_stage: Stage) -> None:
    visitor = on_stage.visitor()
    visitor.says("blub order", "nlu_fallback", ranking=TORN)
    asked = visitor.says("blah my stuff", "nlu_fallback", ranking={"list_orders": 0.38, "ask_order_status": 0.37})
    assert titles(asked) == ["See my orders", "Where is my order?", "Talk to a person", "Something else"]
    visitor.presses("Talk to a person")
    with on_stage.database.reading() as session:
        assert session.get_one(Conversation, visitor.conversation_id).mode == "waiting"


def test_what_is_far_from_everything_is_no_question_of_choices(on_stage: Stage) -> None:
    visitor = on_stage.visitor()
    far = {"out_of_scope": 0.38, "cancel_order": 0.35, "return_order": 0.2}
    assert "did not understand" in told(visitor.says("purple monkeys", "nlu_fallback", ranking=far))
    thin = {"cancel_order": 0.2, "return_order": 0.18, "ask_invoice": 0.1}
    visitor = on_stage.visitor()
    assert "did not understand" in told(visitor.says("purple dishes", "nlu_fallback", ranking=thin))


def test_the_knowledge_is_asked_first(on_stage: Stage) -> None:
    visitor = on_stage.visitor()
    answer = visitor.says("nice paper possible", "nlu_fallback", answer="Gift wrapping", ranking=TORN)
    assert "Gift wrapping costs $3" in told(answer)


def test_inside_a_form_the_form_goes_on(on_stage: Stage) -> None:
    visitor = on_stage.visitor()
    visitor.says("where is my order", "ask_order_status")
    replies = visitor.says("do the thing", "nlu_fallback", ranking=TORN)
    assert "did not catch" in replies[0].text
    assert "Which order is it?" in replies[1].text
