"""The contact form, turn by turn, without Rasa."""

import pytest
from sqlalchemy import select

from actions.contact import ContactForm
from crm.models import ContactChange, Customer
from tests.unit.actions.desk import NUMBERS, Shop, said


@pytest.fixture
def form(demo: Shop) -> ContactForm:
    demo.greet("C-1001")
    return demo.build(ContactForm, NUMBERS)  # type: ignore[return-value]


def test_a_lone_value_tells_the_field(demo: Shop, form: ContactForm) -> None:
    asked = demo.opens(form, "my new mail is m@example.com", "change_contact", email="m@example.com")
    assert said(asked) == ["utter_confirm_contact"]
    assert asked.says[0].values == {"field": "e-mail address", "value": "m@example.com"}


def test_a_value_that_was_not_recognised_counts_beside_its_field(demo: Shop, form: ContactForm) -> None:
    asked = demo.opens(form, "change my phone to +44 7700 900777", "change_contact", contact_field="phone")
    assert asked.says[0].values["value"] == "+447700900777"
    asked = demo.opens(form, "邮箱换成m@example.com吧", "change_contact", contact_field="email")
    assert asked.says[0].values["value"] == "m@example.com"


def test_two_values_without_a_field_are_asked_about(demo: Shop, form: ContactForm) -> None:
    asked = demo.opens(form, "new data", "change_contact", email="m@example.com", phone="+447700900999")
    assert said(asked) == ["utter_contact_field_wanted"]


def test_the_other_value_proves_an_anonymous_visitor(demo: Shop, form: ContactForm) -> None:
    demo.greet()
    asked = demo.opens(
        form,
        "I'm mia.turner@example.com, order A1024, my phone is now +44 7700 900999",
        "change_contact",
        email="mia.turner@example.com",
        order_number="A1024",
        contact_field="phone",
        phone="+447700900999",
    )
    assert said(asked) == ["utter_confirm_contact"]
    assert asked.says[0].values["value"] == "+447700900999"


def test_another_wish_while_verifying_proves_nothing(demo: Shop, form: ContactForm) -> None:
    demo.greet()
    demo.opens(form, "change my phone", "change_contact", contact_field="phone")
    demo.answers(form, "A1024", "inform", order_number="A1024")
    asked = demo.answers(
        form, "rather my mail, to mia@example.com", "change_contact", contact_field="email", email="mia@example.com"
    )
    assert said(asked) == ["utter_contact_wanted"]
    assert asked.slots["contact_field"] == "email"
    assert asked.slots["contact_value"] == "mia@example.com"
    assert demo.slots.get("contact") is None


@pytest.mark.parametrize(
    ("field", "text", "response"),
    [
        ("phone", "12345", "utter_phone_invalid"),
        ("phone", "+1 20", "utter_new_phone_wanted"),
        ("email", "mia@", "utter_email_invalid"),
        ("address", "a1", "utter_address_invalid"),
        ("address", "https://example.com/12345", "utter_address_invalid"),
    ],
)
def test_values_that_cannot_be(demo: Shop, form: ContactForm, field: str, text: str, response: str) -> None:
    demo.opens(form, "change it", "change_contact", contact_field=field)
    asked = demo.answers(form, text, "inform")
    assert (said(asked) or said(demo.returns(form))) == [response]


def test_an_address_in_any_words(demo: Shop, form: ContactForm) -> None:
    demo.opens(form, "new address", "change_contact", contact_field="address")
    asked = demo.answers(form, "Flat 3\n9 Harbour View,  Bristol", "ask_shipping")
    assert asked.says[0].values["value"] == "Flat 3 9 Harbour View, Bristol"


def test_a_question_is_no_address(demo: Shop, form: ContactForm) -> None:
    demo.opens(form, "new address", "change_contact", contact_field="address")
    assert not demo.answers(form, "do you deliver within 24 hours?", "ask_shipping").slots


def test_an_address_corrected_at_the_read_back(demo: Shop, form: ContactForm) -> None:
    demo.opens(form, "to 9 Harbour View", "change_contact", contact_field="address", address="9 Harbour View, Bristol")
    asked = demo.answers(form, "no, 19 Harbour View, Bristol", "deny")
    assert asked.says[0].values["value"] == "19 Harbour View, Bristol"


def test_yes_writes_once_and_keeps_the_old_value(demo: Shop, form: ContactForm) -> None:
    demo.opens(form, "phone +44 7700 900999", "change_contact", contact_field="phone", phone="+44 7700 900999")
    turn = demo.turn("yes, change it", "change_contact")
    first = form.answer(turn)
    assert said(first) == ["utter_contact_changed"]
    assert form.answer(turn) == first
    with demo.database.reading() as session:
        (change,) = session.scalars(select(ContactChange)).all()
        assert (change.field, change.old, change.new) == ("phone", "+447700900123", "+447700900999")
        assert session.get_one(Customer, change.customer_id).phone == "+447700900999"


def test_other_answers_write_nothing(demo: Shop, form: ContactForm) -> None:
    demo.opens(form, "phone +44 7700 900999", "change_contact", contact_field="phone", phone="+44 7700 900999")
    for text, intent in (("ok how long does it take?", "ask_shipping"), ("hm", "nlu_fallback"), ("thanks", "thank")):
        assert not demo.answers(form, text, intent).slots
    assert said(demo.answers(form, "no", "deny")) == ["utter_contact_field_instead"]
    with demo.database.reading() as session:
        assert session.scalars(select(ContactChange)).all() == []


def test_stop_words_are_no_address(demo: Shop, form: ContactForm) -> None:
    demo.opens(form, "new address", "change_contact", contact_field="address")
    assert not demo.answers(form, "stop this now 123", "stop").slots


def test_local_numbers_take_the_customers_country(demo: Shop, form: ContactForm) -> None:
    demo.greet("C-2001", "zh")
    demo.opens(form, "换手机号", "change_contact", contact_field="phone")
    asked = demo.answers(form, "139 0000 0001", "nlu_fallback")
    assert asked.says[0].values == {"field": "手机号", "value": "+8613900000001"}
