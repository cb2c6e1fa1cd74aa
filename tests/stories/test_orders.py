"""Whole conversations about orders: where one is, whose it is, and asking for more."""

from datetime import timedelta

from sqlalchemy import func, select

from crm.matching import LOCK, MAX_FAILED_MATCHES
from crm.models import Conversation, Customer, Order, Ticket
from tests.stories.stage import Stage, done, titles, told

MIA = "mia.turner@example.com"


def test_an_anonymous_visitor_is_matched_and_told(on_stage: Stage) -> None:
    visitor = on_stage.visitor()
    assert "assistant" in told(visitor.says("hello", "greet"))
    asked = visitor.says("where is my order A1024?", "ask_order_status", {"order_number": "A1024"})
    assert "e-mail address or phone number" in told(asked)
    assert "Royal Parcel" not in told(asked)
    answer = visitor.says(f"it's {MIA}", "inform", {"email": MIA})
    assert "Order A1024 (1 × Electric kettle 1.7 l, 1 × Toaster) is on its way" in told(answer)
    assert "arrive by 4 March" in told(answer)
    assert done(answer) == ["order_status_told"]
    with on_stage.database.reading() as session:
        conversation = session.get_one(Conversation, visitor.conversation_id)
        assert conversation.customer is not None
        assert conversation.customer.ref == "C-1001"


def test_the_same_in_chinese_by_phone(on_stage: Stage) -> None:
    visitor = on_stage.visitor(language="zh")
    assert "智能助手" in told(visitor.says("你好", "greet"))
    assert "哪一笔订单" in told(visitor.says("我的订单到哪里了", "ask_order_status"))
    assert "邮箱或手机号" in told(visitor.says("A2048", "inform", {"order_number": "A2048"}))
    answer = visitor.says("138 0000 0001", "inform", {"phone": "138 0000 0001"})
    assert "订单 A2048（1 × 电饭煲 4升，2 × 电热水壶 1.7升）已打包" in told(answer)
    assert "预计3月5日送达" in told(answer)


def test_once_matched_nothing_is_asked_again(on_stage: Stage) -> None:
    visitor = on_stage.visitor()
    visitor.says("where is A1024", "ask_order_status", {"order_number": "A1024"})
    visitor.says(MIA, "inform", {"email": MIA})
    answer = visitor.says("and A1011?", "ask_order_status", {"order_number": "A1011"})
    assert "Order A1011 (2 × Desk lamp) was delivered on 10 February" in told(answer)


def test_number_and_contact_in_one_message(on_stage: Stage) -> None:
    visitor = on_stage.visitor()
    answer = visitor.says(
        f"where is A1024, my mail is {MIA}", "ask_order_status", {"order_number": "A1024", "email": MIA}
    )
    assert done(answer) == ["order_status_told"]


def test_data_alone_lead_to_the_order_too(on_stage: Stage) -> None:
    visitor = on_stage.visitor()
    assert "What would you like to know" in told(visitor.says("it's order A1024", "inform", {"order_number": "A1024"}))
    assert done(visitor.says(f"{MIA}, please", "inform", {"email": MIA})) == ["order_status_told"]
    assert "A1011 (2 × Desk lamp) was delivered" in told(
        visitor.says("also A1011", "inform", {"order_number": "A1011"})
    )
    assert "can't find A1029" in told(visitor.says("also A1029", "inform", {"order_number": "A1029"}))
    assert "stopped" in told(visitor.says("stop that", "stop"))
    other = on_stage.visitor(language="zh")
    both = {"order_number": "A2048", "email": "x@example.com"}
    assert "没有找到与该邮箱" in told(other.says("A2048，x@example.com", "inform", both))
    assert done(other.says("li.xiaoyu@example.com才对", "inform", {"email": "li.xiaoyu@example.com"})) == [
        "order_status_told"
    ]


def test_an_identified_customer_chooses_among_their_orders(on_stage: Stage) -> None:
    visitor = on_stage.visitor(customer="C-1001")
    asked = visitor.says("where is my order", "ask_order_status")
    assert "Which of your orders" in told(asked)
    assert [title.split(" ")[0] for title in titles(asked)] == ["A1037", "A1024", "A1011"]
    answer = visitor.presses(titles(asked)[1])
    assert "Order A1024" in told(answer)
    assert "on its way" in told(answer)


def test_somebody_elses_order_is_as_unknown_as_none(on_stage: Stage) -> None:
    visitor = on_stage.visitor(customer="C-1001")
    theirs = told(visitor.says("where is A1029", "ask_order_status", {"order_number": "A1029"}))
    visitor.says("stop", "stop")
    none = told(visitor.says("where is A9999", "ask_order_status", {"order_number": "A9999"}))
    assert theirs.replace("A1029", "A9999") == none
    assert "can't find A9999 among your orders" in none
    answer = visitor.says("sorry, A1024", "inform", {"order_number": "A1024"})
    assert "on its way" in told(answer)


def test_somebody_elses_order_stays_hidden_in_chinese(on_stage: Stage) -> None:
    visitor = on_stage.visitor(customer="C-2001", language="zh")
    answer = visitor.says("A1024到哪了", "ask_order_status", {"order_number": "A1024"})
    assert "没有找到 A1024" in told(answer)
    assert "Royal Parcel" not in told(answer)


def test_a_wrong_contact_never_tells_whether_the_order_exists(on_stage: Stage) -> None:
    visitor = on_stage.visitor()
    visitor.says("order A1024", "ask_order_status", {"order_number": "A1024"})
    real = told(visitor.says("a@example.com", "inform", {"email": "a@example.com"}))
    invented = told(
        visitor.says("then A7777 with b@example.com", "inform", {"order_number": "A7777", "email": "b@example.com"})
    )
    assert real.replace("A1024", "A7777") == invented
    answer = visitor.says(f"A1024 and {MIA}", "inform", {"order_number": "A1024", "email": MIA})
    assert done(answer) == ["order_status_told"]


def test_five_wrong_contacts_lock_for_a_quarter_of_an_hour(on_stage: Stage) -> None:
    visitor = on_stage.visitor()
    visitor.says("order A1024 please", "ask_order_status", {"order_number": "A1024"})
    for attempt in range(1, MAX_FAILED_MATCHES + 1):
        replies = visitor.says(f"guess{attempt}@example.com", "inform", {"email": f"guess{attempt}@example.com"})
    assert "can't check again for 15 minutes" in told(replies)
    assert "Talk to a person" in titles(replies)
    right = {"order_number": "A1024", "email": MIA}
    assert "can't check again" in told(visitor.says("really, it is me", "ask_order_status", right))
    visitor.later()
    assert "can't check again" in told(visitor.says("and in a new conversation", "ask_order_status", right))
    on_stage.now += LOCK + timedelta(seconds=1)
    assert done(visitor.says("a quarter of an hour later", "ask_order_status", right)) == ["order_status_told"]


def test_a_yes_to_the_offer_after_the_lock_fetches_a_person(on_stage: Stage) -> None:
    visitor = on_stage.visitor(language="zh")
    visitor.says("订单A2048", "ask_order_status", {"order_number": "A2048"})
    for attempt in range(MAX_FAILED_MATCHES):
        replies = visitor.says(f"x{attempt}@example.com", "inform", {"email": f"x{attempt}@example.com"})
    assert "15分钟内我无法再次核对" in told(replies)
    assert done(visitor.says("好的", "affirm")) == ["human_asked"]


def test_a_question_about_shipping_does_not_lose_the_form(on_stage: Stage) -> None:
    visitor = on_stage.visitor()
    visitor.says("where is order A1024", "ask_order_status", {"order_number": "A1024"})
    replies = visitor.says("how long does shipping take?", "ask_shipping")
    assert "3 to 5 working days" in replies[0].text
    assert "e-mail address or phone number" in replies[1].text
    assert done(visitor.says("+44 7700 900123", "inform", {"phone": "+447700900123"})) == ["order_status_told"]


def test_stop_leaves_the_form_and_the_next_message_is_heard_anew(on_stage: Stage) -> None:
    visitor = on_stage.visitor()
    visitor.says("where's order A1024", "ask_order_status", {"order_number": "A1024"})
    assert "I've stopped" in told(visitor.says("stop", "stop"))
    assert "assistant" in told(visitor.says("hi again", "greet"))
    assert "nothing left" not in told(visitor.says(MIA, "inform", {"email": MIA}))
    assert "change your contact details" in told(visitor.replies)


def test_a_person_is_fetched_out_of_a_form(on_stage: Stage) -> None:
    visitor = on_stage.visitor()
    visitor.says("where is the order A1024", "ask_order_status", {"order_number": "A1024"})
    assert done(visitor.says("let me talk to someone", "ask_human")) == ["human_asked"]
    with on_stage.database.reading() as session:
        assert session.get_one(Conversation, visitor.conversation_id).mode == "waiting"
    assert "What is it about?" in told(visitor.says("here you go", "inform"))


def test_no_number_at_hand_is_helped_along(on_stage: Stage) -> None:
    visitor = on_stage.visitor()
    visitor.says("wheres my parcel", "ask_order_status")
    helped = visitor.says("I don't have it", "deny")
    assert "confirmation e-mail" in told(helped)
    assert titles(helped) == ["Talk to a person", "Stop"]
    visitor.sends_photo("A1024")
    assert "e-mail address or phone number" in told(visitor.replies)


def test_language_changes_in_the_middle_of_a_form(on_stage: Stage) -> None:
    visitor = on_stage.visitor()
    visitor.says("where is it, A2031", "ask_order_status", {"order_number": "A2031"})
    answer = visitor.says("邮箱是 li.xiaoyu@example.com", "inform", {"email": "li.xiaoyu@example.com"}, language="zh")
    assert "订单 A2031（1 × 吹风机）正在运输途中" in told(answer)
    assert "反映问题" in titles(answer)


def test_orders_are_listed_and_one_is_opened(on_stage: Stage) -> None:
    visitor = on_stage.visitor(customer="C-2002", language="zh")
    listed = visitor.says("我都买过什么", "list_orders")
    assert done(listed) == ["orders_listed"]
    assert titles(listed) == ["A2052", "A2027", "A2019"]
    late = visitor.presses("A2027")
    assert "已经晚了" in told(late)
    assert "原定3月1日送达" in told(late)


def test_an_anonymous_visitor_must_prove_who_they_are_to_see_a_list(on_stage: Stage) -> None:
    visitor = on_stage.visitor()
    assert "nobody else" in told(visitor.says("show my orders", "list_orders"))
    assert "A1024" in told(visitor.says("A1024", "inform", {"order_number": "A1024"}))
    assert titles(visitor.says(MIA, "inform", {"email": MIA})) == ["A1037", "A1024", "A1011"]


def test_a_cancellation_becomes_a_ticket_after_a_yes(on_stage: Stage) -> None:
    visitor = on_stage.visitor(customer="C-1001")
    asked = visitor.says("cancel order A1037", "cancel_order", {"order_number": "A1037"})
    assert "cancel order A1037 (1 × Wireless headphones, $79.90)?" in told(asked)
    assert _tickets(on_stage, visitor.conversation_id) == 0
    answer = visitor.presses("Yes, cancel it")
    assert done(answer) == ["ticket_opened"]
    assert "not cancelled yet" in told(answer)
    again = visitor.repeats()
    assert told(again) == told(answer)
    assert _tickets(on_stage, visitor.conversation_id) == 1
    with on_stage.database.reading() as session:
        ticket = session.scalar(select(Ticket).where(Ticket.conversation_id == visitor.conversation_id))
        assert ticket is not None
        assert (ticket.category, ticket.order and ticket.order.number) == ("cancellation", "A1037")
        assert session.scalar(select(Order.status).where(Order.number == "A1037")) == "paid"
    assert ticket.number in told(visitor.says("cancel A1037!", "cancel_order", {"order_number": "A1037"}))


def test_what_is_on_its_way_cannot_be_cancelled_but_returned(on_stage: Stage) -> None:
    visitor = on_stage.visitor(customer="C-2001", language="zh")
    refused = visitor.says("取消A2031", "cancel_order", {"order_number": "A2031"})
    assert "无法再取消" in told(refused)
    assert "登记订单 A2031" in told(visitor.presses("申请退货"))
    answer = visitor.says("是的，退货", "return_order")
    assert "退货已登记" in told(answer)


def test_a_no_requests_nothing(on_stage: Stage) -> None:
    visitor = on_stage.visitor(customer="C-1002")
    visitor.says("invoice for A1018 please", "ask_invoice", {"order_number": "A1018"})
    assert "requested nothing" in told(visitor.says("no thanks", "deny"))
    assert _tickets(on_stage, visitor.conversation_id) == 0


def test_another_wish_in_the_middle_takes_over(on_stage: Stage) -> None:
    visitor = on_stage.visitor(customer="C-1002")
    visitor.says("please cancel A1040", "cancel_order", {"order_number": "A1040"})
    answer = visitor.says("wait, where is A1018 actually?", "ask_order_status", {"order_number": "A1018"})
    assert "A1018 (1 × Coffee machine) was delivered" in told(answer)
    assert _tickets(on_stage, visitor.conversation_id) == 0


def test_cancel_it_means_the_order_just_talked_about(on_stage: Stage) -> None:
    visitor = on_stage.visitor(customer="C-2004", language="zh")
    visitor.says("A2050发货了吗", "ask_order_status", {"order_number": "A2050"})
    assert "取消订单 A2050" in told(visitor.says("那帮我取消吧", "cancel_order"))


def test_a_customer_without_orders_is_told_so(on_stage: Stage) -> None:
    with on_stage.database.writing() as session:
        session.add(Customer(ref="C-NEW", name="Nobody Yet", email="new@example.com"))
    visitor = on_stage.visitor(customer="C-NEW")
    assert "no orders under your name" in told(visitor.says("where's the stuff I ordered", "ask_order_status"))


def test_a_failing_action_apologises_and_the_form_still_waits(on_stage: Stage) -> None:
    visitor = on_stage.visitor()
    visitor.says("now where is A1024", "ask_order_status", {"order_number": "A1024"})
    on_stage.failing.add("validate_order_status_form")
    assert done(visitor.says(MIA, "inform", {"email": MIA})) == ["failed"]
    on_stage.failing.clear()
    assert done(visitor.says(f"again {MIA}", "inform", {"email": MIA})) == ["order_status_told"]


def _tickets(stage: Stage, conversation_id: str) -> int:
    with stage.database.reading() as session:
        mine = select(func.count()).select_from(Ticket).where(Ticket.conversation_id == conversation_id)
        return session.scalar(mine) or 0
