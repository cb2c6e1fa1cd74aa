"""Whole conversations that change a phone, an e-mail or an address."""

from sqlalchemy import func, select

from crm.models import ContactChange, Customer
from tests.stories.stage import Stage, done, titles, told


def _customer(stage: Stage, ref: str) -> Customer:
    with stage.database.reading() as session:
        return session.execute(select(Customer).where(Customer.ref == ref)).scalar_one()


def _changes(stage: Stage, ref: str) -> int:
    with stage.database.reading() as session:
        counted = select(func.count()).select_from(ContactChange).join(Customer).where(Customer.ref == ref)
        return session.scalar(counted) or 0


def test_field_and_value_in_one_sentence_need_only_a_yes(on_stage: Stage) -> None:
    visitor = on_stage.visitor(customer="C-1003")
    asked = visitor.says(
        "change my phone to +44 7700 900777", "change_contact", {"contact_field": "phone", "phone": "+447700900777"}
    )
    assert "Your phone number will become: +447700900777. Is that right?" in told(asked)
    assert _customer(on_stage, "C-1003").phone == "+447700900456"
    answer = visitor.presses("Yes, change it")
    assert done(answer) == ["contact_changed"]
    assert _customer(on_stage, "C-1003").phone == "+447700900777"
    assert told(visitor.repeats()) == told(answer)
    assert _changes(on_stage, "C-1003") == 1


def test_step_by_step_in_chinese(on_stage: Stage) -> None:
    visitor = on_stage.visitor(customer="C-2003", language="zh")
    assert titles(visitor.says("我要改联系方式", "change_contact")) == ["手机号", "邮箱", "收货地址"]
    assert "新的收货地址" in told(visitor.presses("收货地址"))
    asked = visitor.says("深圳市南山区海棠路66号5栋301", "out_of_scope")
    assert "收货地址将改为：深圳市南山区海棠路66号5栋301" in told(asked)
    assert "已修改" in told(visitor.says("对的", "affirm"))
    assert _customer(on_stage, "C-2003").address == "深圳市南山区海棠路66号5栋301"


def test_an_anonymous_visitor_is_matched_first(on_stage: Stage) -> None:
    visitor = on_stage.visitor()
    new = {"contact_field": "email", "email": "daniel.new@example.com"}
    assert "order of yours" in told(visitor.says("my email is now daniel.new@example.com", "change_contact", new))
    visitor.says("A1018", "inform", {"order_number": "A1018"})
    asked = visitor.says("+1 202 555 0143", "inform", {"phone": "+12025550143"})
    assert "Your e-mail address will become: daniel.new@example.com" in told(asked)
    visitor.says("yes", "affirm")
    assert _customer(on_stage, "C-1002").email == "daniel.new@example.com"


def test_the_new_mail_proves_nothing(on_stage: Stage) -> None:
    visitor = on_stage.visitor()
    visitor.says(
        "change mail to evil@example.com", "change_contact", {"contact_field": "email", "email": "evil@example.com"}
    )
    visitor.says("it is A1021", "inform", {"order_number": "A1021"})
    answer = visitor.says("evil@example.com", "inform", {"email": "evil@example.com"})
    assert "can't find an order A1021" in told(answer)
    assert _customer(on_stage, "C-1004").email == "tom.walsh@example.com"


def test_a_no_asks_what_to_change_instead(on_stage: Stage) -> None:
    visitor = on_stage.visitor(customer="C-1004")
    visitor.says(
        "set my phone to +1 202 555 0199", "change_contact", {"contact_field": "phone", "phone": "+12025550199"}
    )
    asked = visitor.presses("No")
    assert "instead" in told(asked)
    assert "E-mail" in titles(asked)
    assert "stay as they are" in told(visitor.presses("Nothing"))
    assert _customer(on_stage, "C-1004").phone == "+12025550178"
    assert _changes(on_stage, "C-1004") == 0


def test_a_correction_is_read_back_again(on_stage: Stage) -> None:
    visitor = on_stage.visitor(customer="C-1004")
    visitor.says("my phone: +1 202 555 0111", "change_contact", {"contact_field": "phone", "phone": "+12025550111"})
    asked = visitor.says("no, it's +1 202 555 0122", "deny", {"phone": "+12025550122"})
    assert "+12025550122. Is that right?" in told(asked)
    assert _changes(on_stage, "C-1004") == 0


def test_changing_ones_mind_about_the_field(on_stage: Stage) -> None:
    visitor = on_stage.visitor(customer="C-1004")
    visitor.says("I want to change my phone", "change_contact", {"contact_field": "phone"})
    assert "new e-mail" in told(visitor.says("actually my email", "change_contact", {"contact_field": "email"}))
    asked = visitor.says("tom@example.com", "inform", {"email": "tom@example.com"})
    assert "e-mail address will become: tom@example.com" in told(asked)


def test_what_cannot_be_is_not_taken(on_stage: Stage) -> None:
    visitor = on_stage.visitor(customer="C-2004", language="zh")
    visitor.says("改手机号", "change_contact", {"contact_field": "phone"})
    assert "似乎不完整" in told(visitor.says("12345", "inform"))
    assert "似乎不完整" in told(visitor.says("123456789012345678", "inform", {"phone": "123456789012345678"}))
    asked = visitor.says("13900000009", "inform", {"phone": "13900000009"})
    assert "手机号将改为：+8613900000009" in told(asked)


def test_a_question_in_between_is_answered_and_the_form_goes_on(on_stage: Stage) -> None:
    visitor = on_stage.visitor(customer="C-1004")
    visitor.says("new address please", "change_contact", {"contact_field": "address"})
    replies = visitor.says("do you deliver on weekends?", "ask_shipping")
    assert "working days" in replies[0].text
    assert "new delivery address" in replies[1].text
    assert "12 Quay Street" in told(visitor.says("12 Quay Street, Portland 97209", "inform"))
    assert "did not catch" in visitor.says("hmm", "nlu_fallback")[0].text
    assert "12 Quay Street" in visitor.replies[1].text


def test_the_same_value_again_changes_nothing(on_stage: Stage) -> None:
    visitor = on_stage.visitor(customer="C-2001", language="zh")
    answer = visitor.says(
        "邮箱改成li.xiaoyu@example.com", "change_contact", {"contact_field": "email", "email": "li.xiaoyu@example.com"}
    )
    assert "不需要修改" in told(answer)


def test_stop_before_the_yes_leaves_everything(on_stage: Stage) -> None:
    visitor = on_stage.visitor(customer="C-2002", language="zh")
    visitor.says("电话换成13900000008", "change_contact", {"contact_field": "phone", "phone": "13900000008"})
    assert "已经停下" in told(visitor.says("算了", "stop"))
    assert _customer(on_stage, "C-2002").phone == "+8613800000002"
    assert "还需要什么" not in told(visitor.says("是的", "affirm"))
    assert _changes(on_stage, "C-2002") == 0


def test_a_fresh_session_in_the_middle_keeps_the_form(on_stage: Stage) -> None:
    """The turn bounds Rasa's memory now and then; the customer does not notice."""
    visitor = on_stage.visitor(customer="C-1003")
    visitor.says("my mail changes", "change_contact", {"contact_field": "email"})
    on_stage.dialogue.start_fresh_session(visitor.conversation_id, "en")
    asked = visitor.says("aisha@example.com", "inform", {"email": "aisha@example.com"})
    assert "e-mail address will become: aisha@example.com" in told(asked)
    on_stage.dialogue.start_fresh_session(visitor.conversation_id, "en")
    assert "yes" not in told(visitor.says("how much is shipping", "ask_shipping"))
    assert done(visitor.says("yes!", "affirm")) == ["contact_changed"]
