"""How an action meets rasa-sdk: one transaction a turn, effects returned as data, errors not swallowed."""

from typing import Any

import pytest
from rasa_sdk import Tracker
from rasa_sdk.executor import ActionExecutor, CollectingDispatcher
from sqlalchemy import func, select

from actions.base import CrmAction, Desk
from actions.outcome import Button, Outcome, payload, say
from actions.registry import build_actions
from crm.errors import NotFound
from crm.models import Customer
from tests.unit.actions.desk import Shop


class Echo(CrmAction):
    action_name = "action_echo"

    def act(self, desk: Desk) -> Outcome:
        desk.session.add(Customer(ref=desk.turn.text, name="New"))
        if desk.turn.intent == "fail":
            raise RuntimeError("half way")
        told = say("utter_echo", Button("A", payload("inform", x="{y}")), words=desk.turn.text, done="echoed")
        return Outcome((told,), {"slot": 1}, leaves_form=True)


def tracker(demo: Shop, text: str, intent: str = "greet") -> Tracker:
    message = {"text": text, "intent": {"name": intent}, "metadata": {"message_id": "m", "text": text}}
    return Tracker(demo.conversation_id, {}, message, [{"event": "user"}], False, None, {}, "action_listen")


async def test_outcome_becomes_messages_and_events(demo: Shop) -> None:
    dispatcher = CollectingDispatcher()
    events = await demo.build(Echo).run(dispatcher, tracker(demo, "hi"), {})
    (message,) = dispatcher.messages
    assert (message["response"], message["words"]) == ("utter_echo", "hi")
    assert message["buttons"] == [{"title": "A", "payload": '/inform{"x": "{y}"}'}]
    assert message["custom"] == {"done": "echoed"}
    assert [(each["event"], each.get("name"), each.get("value")) for each in events] == [
        ("slot", "slot", 1),
        ("active_loop", None, None),
        ("slot", "requested_slot", None),
    ]


async def test_words_that_would_break_the_filling_are_spaced(demo: Shop) -> None:
    dispatcher = CollectingDispatcher()
    await demo.build(Echo).run(dispatcher, tracker(demo, "a{0[x]}"), {})
    assert dispatcher.messages[0]["words"] == "a{0 [x]}"


async def test_an_error_leaves_nothing_behind(demo: Shop) -> None:
    with pytest.raises(RuntimeError):
        await demo.build(Echo).run(CollectingDispatcher(), tracker(demo, "lost", "fail"), {})
    with demo.database.reading() as session:
        assert session.scalar(select(func.count()).where(Customer.ref == "lost")) == 0


async def test_a_conversation_in_no_record_is_refused(demo: Shop) -> None:
    demo.conversation_id = "unknown"
    with pytest.raises(NotFound):
        await demo.build(Echo).run(CollectingDispatcher(), tracker(demo, "hi"), {})


async def test_the_executor_takes_every_action(demo: Shop) -> None:
    executor = ActionExecutor()
    for each in build_actions(demo.database):
        executor.register_action(each)
    turn = demo.turn("how much is the toaster", "ask_product")
    call: dict[str, Any] = {
        "next_action": "action_tell_product",
        "sender_id": demo.conversation_id,
        "domain": {},
        "tracker": {
            "sender_id": demo.conversation_id,
            "slots": {"language": "zh"},
            "latest_message": {
                "text": turn.text,
                "intent": {"name": turn.intent},
                "entities": [{"entity": "product", "value": "toaster"}],
                "metadata": {"message_id": turn.message_id, "text": turn.text},
            },
            "events": [{"event": "user"}],
        },
    }
    result = await executor.run(call)
    assert result is not None
    assert result.responses[0]["product"] == "烤面包机"
