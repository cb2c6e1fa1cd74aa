"""The talk around the goals, without Rasa."""

import dataclasses
from typing import Any

import pytest
from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.conversation import (
    Affirm,
    Deny,
    Fallback,
    Identified,
    SessionStart,
    Stop,
    SwitchLanguage,
    TakeNote,
    wanted_language,
)
from actions.human import HandOver
from actions.media import HearVoice, SeePhoto
from actions.privacy import AnswerPrivacy
from actions.turn import Turn
from crm.models import Conversation, utc_now
from tests.unit.actions.desk import HOURS, NUMBERS, Shop, said


def offered(turn: Turn, offer: str) -> Turn:
    return dataclasses.replace(turn, offer=offer)


def test_fallback_counts_to_two(demo: Shop) -> None:
    turn = demo.turn("asdf", "nlu_fallback")
    assert said(demo.build(Fallback, NUMBERS).answer(turn)) == ["utter_fallback"]
    again = demo.build(Fallback, NUMBERS).answer(dataclasses.replace(turn, previous_intent="out_of_scope"))
    assert said(again) == ["utter_fallback_again"]
    assert again.says[0].offer == "ask_human"
    assert said(demo.build(Fallback, NUMBERS).answer(dataclasses.replace(turn, form="contact_form"))) == [
        "utter_not_caught"
    ]


@pytest.mark.parametrize(
    ("language", "own"), [("es", "Lo siento, solo entiendo inglés y chino.\n"), ("und", ""), ("cs", "")]
)
def test_another_language_is_told_which_are_spoken(demo: Shop, language: str, own: str) -> None:
    turn = dataclasses.replace(demo.turn("¿dónde está mi pedido?", "nlu_fallback"), foreign=language)
    fallback = demo.build(Fallback, NUMBERS)
    told = fallback.answer(turn)
    assert said(told) == ["utter_languages_only"]
    assert told.says[0].values == {"own": own}
    assert said(fallback.answer(dataclasses.replace(turn, previous_intent="nlu_fallback"))) == ["utter_fallback_again"]
    assert said(fallback.answer(dataclasses.replace(turn, form="contact_form"))) == ["utter_not_caught"]


def test_yes_takes_up_an_offer(demo: Shop) -> None:
    affirm = demo.build(Affirm, HOURS)
    yes = demo.turn("yes", "affirm")
    assert said(affirm.answer(yes)) == ["utter_affirm"]
    assert said(affirm.answer(dataclasses.replace(yes, form="ticket_form"))) == ["utter_not_caught"]
    fetched = affirm.answer(dataclasses.replace(offered(yes, "ask_human"), form="ticket_form"))
    assert said(fetched) == ["utter_handed_over"]
    assert fetched.leaves_form
    demo.slots["recent_order"] = "A1024"
    assert said(affirm.answer(offered(demo.turn("yes", "affirm"), "order_seen"))) == ["utter_order_noted"]


def test_no_to_an_order_forgets_it(demo: Shop) -> None:
    no = demo.turn("no", "deny")
    assert said(demo.build(Deny).answer(no)) == ["utter_deny"]
    forgot = demo.build(Deny).answer(offered(no, "order_seen"))
    assert forgot.slots == {"recent_order": None}
    assert said(demo.build(Deny).answer(dataclasses.replace(no, form="ticket_form"))) == ["utter_not_caught"]


@pytest.mark.parametrize(
    ("entities", "response"),
    [
        ({"order_number": "A1024"}, "utter_order_noted"),
        ({"order_number": "A1"}, "utter_what_about"),
        ({"email": "mia@example.com"}, "utter_contact_noted"),
        ({"phone": "+447700900123"}, "utter_contact_noted"),
        ({"ticket_number": "T-1001"}, "utter_ticket_not_found"),
        ({"product": "toaster"}, "utter_product_told"),
        ({}, "utter_what_about"),
    ],
)
def test_bare_data(demo: Shop, entities: dict[str, str], response: str) -> None:
    note = demo.build(TakeNote, NUMBERS)
    assert said(note.answer(demo.turn("here", "inform", **entities))) == [response]
    demo.form = "contact_form"
    assert said(note.answer(demo.turn("here", "inform", **entities))) == ["utter_not_caught"]


def test_a_number_right_after_an_orders_state_asks_for_the_same(demo: Shop) -> None:
    note = demo.build(TakeNote, NUMBERS)
    for customer, then in (("C-1001", "order_status_form"), (None, None)):
        demo.greet(customer)
        turn = dataclasses.replace(demo.turn("and A1011?", "inform", order_number="A1011"), done="order_status_told")
        outcome = note.answer(turn)
        assert outcome.then == then
        assert outcome.slots["recent_order"] == "A1011"
        assert bool(outcome.says) is (then is None)


def test_number_and_proof_together_ask_for_the_orders_state(demo: Shop) -> None:
    note = demo.build(TakeNote, NUMBERS)
    both = demo.turn("A1011, m@example.com", "inform", order_number="A1011", email="m@example.com")
    assert note.answer(both).then == "order_status_form"
    assert note.answer(both).slots == {"recent_order": "A1011", "contact": "m@example.com"}
    demo.slots["recent_order"] = "A1011"
    proof = demo.turn("m@example.com", "inform", email="m@example.com")
    assert note.answer(proof).then is None
    assert note.answer(offered(proof, "order_details")).then == "order_status_form"
    demo.greet("C-1001")
    known = demo.turn("A1011, m@example.com", "inform", order_number="A1011", email="m@example.com")
    assert said(note.answer(known)) == ["utter_order_noted"]


def test_an_order_number_among_words_not_understood_is_something(demo: Shop) -> None:
    turn = demo.turn("blub A1024", "nlu_fallback", order_number="A1024")
    assert said(demo.build(Fallback, NUMBERS).answer(turn)) == ["utter_order_noted"]


def test_a_given_contact_is_offered_as_a_change(demo: Shop) -> None:
    noted = demo.build(TakeNote, NUMBERS).answer(demo.turn("here", "inform", email="m@example.com"))
    assert noted.says[0].buttons[0].payload == '/change_contact{"contact_field": "email", "email": "m@example.com"}'


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("can you speak Chinese", "zh"),
        ("not Chinese, English please", "en"),
        ("请说中文", "zh"),
        ("能说英语吗", "en"),
        ("你会说普通话吗", "zh"),
        ("sprechen Sie Deutsch", None),
    ],
)
def test_the_language_asked_for(text: str, language: str | None) -> None:
    assert wanted_language(text) == language


def test_who_is_identified_hears_what_fits_the_moment(demo: Shop) -> None:
    action, turn = demo.build(Identified), demo.turn("", "identified")
    assert said(action.answer(turn)) == ["utter_what_about"]  # the link was undone in between
    demo.identify("C-1001")
    assert said(action.answer(turn)) == ["utter_identified_first"]
    assert said(action.answer(dataclasses.replace(turn, previous_intent="greet"))) == ["utter_identified"]
    assert said(action.answer(dataclasses.replace(turn, form="ticket_form"))) == ["utter_identified_meanwhile"]


def test_who_wants_no_messages_unasked_is_promised_so(demo: Shop) -> None:
    turn = demo.turn("", "stop")
    assert said(demo.build(Stop).answer(turn)) == ["utter_stopped"]
    with demo.database.writing() as session:
        session.get_one(Conversation, demo.conversation_id).identity.opted_out_at = utc_now()
    assert said(demo.build(Stop).answer(turn)) == ["utter_opted_out"]


def test_switching_is_remembered_on_the_conversation(demo: Shop) -> None:
    switch = demo.build(SwitchLanguage)
    assert switch.answer(demo.turn("中文", "switch_language")).slots == {"language": "zh"}
    with demo.database.reading() as session:
        assert session.get_one(Conversation, demo.conversation_id).language == "zh"
    pressed = dataclasses.replace(demo.turn("", "switch_language"), entities=(("language", "en"), ("language", "zh")))
    assert said(switch.answer(pressed)) == ["utter_now_in_english"]
    assert said(switch.answer(demo.turn("francais?", "switch_language"))) == ["utter_languages_spoken"]


async def test_a_session_starts_in_the_first_messages_language(demo: Shop) -> None:
    slots: dict[str, Any] = {
        "language": "en",
        "recent_order": "A1024",
        "media": None,
        "requested_slot": "contact",
        "session_started_metadata": {"language": "zh"},
    }
    tracker = Tracker("nobody", slots, {}, [], False, None, {}, None)
    events = await demo.build(SessionStart).run(CollectingDispatcher(), tracker, {})
    assert [each["event"] for each in events] == ["session_started", "slot", "slot", "action"]
    assert {each["name"]: each["value"] for each in events if each["event"] == "slot"} == {
        "language": "zh",
        "recent_order": "A1024",
    }


def test_a_person_is_asked_for_once(demo: Shop) -> None:
    action = demo.build(HandOver, HOURS)
    assert action.answer(demo.turn("a person", "ask_human")).leaves_form
    with demo.database.writing() as session:
        conversation = session.get_one(Conversation, demo.conversation_id)
        assert conversation.mode == "waiting"
        conversation.mode = "staff"
    action.answer(demo.turn("a person", "ask_human"))
    with demo.database.reading() as session:
        assert session.get_one(Conversation, demo.conversation_id).mode == "staff"


def test_photos_gather_for_the_next_ticket(demo: Shop) -> None:
    see = demo.build(SeePhoto, NUMBERS)
    first = demo.run(see, demo.turn("", "send_photo", attachments=1))
    assert said(first) == ["utter_photo_without_number"]
    second = demo.run(see, demo.turn("", "send_photo", attachments=2, order_number="A1024"))
    assert said(second) == ["utter_photo_with_number"]
    assert len(demo.slots["media"]) == 3
    assert demo.slots["recent_order"] == "A1024"
    demo.form = "contact_form"
    assert said(demo.run(see, demo.turn("", "send_photo", attachments=1))) == ["utter_photo_kept"]
    assert said(demo.run(demo.build(HearVoice), demo.turn("", "send_voice", attachments=1))) == ["utter_voice_kept"]
    assert len(demo.slots["media"]) == 5


def test_privacy_makes_a_ticket_by_button_only(demo: Shop) -> None:
    action = demo.build(AnswerPrivacy)
    assert said(action.answer(demo.turn("delete my data", "ask_privacy"))) == ["utter_privacy"]
    assert said(action.answer(demo.turn("", "ask_privacy", privacy_request="all"))) == ["utter_privacy"]
    asked = demo.turn("", "ask_privacy", privacy_request="erase")
    assert said(action.answer(asked)) == ["utter_privacy_erase_requested"]
    assert action.answer(asked) == action.answer(asked)
