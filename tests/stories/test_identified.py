"""Whole conversations in which the channel vouches for the customer: from idle, in a form, and with a start link."""

from crm.models import Identity, utc_now
from tests.stories.stage import Stage, done, titles, told


def test_a_shared_phone_answers_for_number_and_contact(on_stage: Stage) -> None:
    visitor = on_stage.visitor()
    asked = visitor.says("where is A1024", "ask_order_status", {"order_number": "A1024"})
    assert "e-mail address or phone number" in told(asked)
    assert asked[-1].asks_for == "phone"
    answer = visitor.is_identified("C-1001")
    assert "found your customer account" in answer[0].text
    assert "Order A1024" in answer[1].text
    assert done(answer) == ["order_status_told"]
    assert [each.asks_for for each in answer] == [None, None]
    assert "A1011" in told(visitor.says("and A1011?", "ask_order_status", {"order_number": "A1011"}))


def test_the_same_in_chinese_without_a_number(on_stage: Stage) -> None:
    visitor = on_stage.visitor(language="zh")
    asked = visitor.says("我的订单到哪了", "ask_order_status")
    assert "哪一笔订单" in told(asked)
    assert asked[-1].asks_for == "phone"
    answer = visitor.is_identified("C-2001")
    assert "已经找到您的客户资料" in told(answer)
    assert any(title.startswith("A2048") for title in titles(answer))
    assert done(visitor.presses(next(title for title in titles(answer) if title.startswith("A2048")))) == [
        "order_status_told"
    ]


def test_somebody_elses_order_stays_hidden_from_who_is_identified(on_stage: Stage) -> None:
    visitor = on_stage.visitor()
    visitor.says("where would A1029 be", "ask_order_status", {"order_number": "A1029"})
    answer = visitor.is_identified("C-1001")
    assert "can't find A1029 among your orders" in told(answer)


def test_a_turn_that_is_sent_again_says_the_same(on_stage: Stage) -> None:
    visitor = on_stage.visitor()
    visitor.says("where's my A1024", "ask_order_status", {"order_number": "A1024"})
    answer = told(visitor.is_identified("C-1001"))
    assert told(visitor.repeats()) == answer


def test_a_problem_report_goes_on(on_stage: Stage) -> None:
    visitor = on_stage.visitor()
    assert "What happened" in told(visitor.says("I want to report something", "report_problem"))
    answer = visitor.is_identified("C-1001")
    assert "found your customer account" in answer[0].text
    assert "What happened" in answer[1].text
    asked = visitor.says("the kettle leaks badly", "report_problem")
    assert any(
        title.startswith("A1024") for title in titles(asked)
    )  # the customer's own orders, now that they are known


def test_a_start_link_is_greeted(on_stage: Stage) -> None:
    visitor = on_stage.visitor()
    greeting = visitor.is_identified("C-1001")
    assert "shop's assistant" in told(greeting)
    assert "Mia" not in told(greeting)
    assert done(visitor.presses("My orders")) == ["orders_listed"]


def test_a_start_link_is_greeted_in_chinese(on_stage: Stage) -> None:
    greeting = on_stage.visitor(language="zh").is_identified("C-2001")
    assert "智能助手，已经找到您的客户资料" in told(greeting)


def test_from_idle_the_account_is_found_and_what_can_be_done_is_offered(on_stage: Stage) -> None:
    visitor = on_stage.visitor()
    visitor.says("good day", "greet")
    answer = visitor.is_identified("C-1001")
    assert "found your customer account. What would you like to do?" in told(answer)
    assert titles(answer) == ["My orders", "Change my details", "Report a problem"]
    chinese = on_stage.visitor(language="zh")
    chinese.says("您好啊", "greet")
    assert "请问您要办什么" in told(chinese.is_identified("C-2001"))


def test_who_opts_out_is_told_so_and_out_of_the_form(on_stage: Stage) -> None:
    visitor = on_stage.visitor(language="zh")
    visitor.says("查一下订单A2048", "ask_order_status", {"order_number": "A2048"})
    with on_stage.database.writing() as session:
        session.get_one(Identity, visitor.identity_id).opted_out_at = utc_now()
    assert "不会主动联系您" in told(visitor.says("", "stop"))
    assert "智能助手" in told(visitor.says("又来了", "greet"))
