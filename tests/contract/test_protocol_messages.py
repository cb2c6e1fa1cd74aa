"""Protocol v1: visitors, messages, order, repeats."""

import json
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from sqlalchemy import func, select

from bot.visitors import sign_identity
from crm.models import Conversation, Customer, Message
from tests.serving import KEYS, Serving


def test_a_message_is_answered_and_both_are_in_the_list(server: Serving) -> None:
    visitor = server.visitor(language="en")
    sent = visitor.send("hello")
    assert sent.status_code == 202
    question, answer = visitor.wait_for(1)
    assert question["message_id"] == sent.json()["message_id"]
    assert (question["author"], question["text"], question["seq"]) == ("customer", "hello", 1)
    assert (answer["author"], answer["text"], answer["seq"]) == ("bot", "You said: hello", 2)
    assert answer["buttons"] == []
    assert answer["attachments"] == []
    assert answer["at"].endswith("+00:00")


def test_the_same_name_ten_times_at_once_is_one_message(server: Serving) -> None:
    visitor = server.visitor()
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: visitor.send("once", name="same"), range(10)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["message_id"] for answer in answers}) == 1
    visitor.wait_for(1)
    time.sleep(0.3)
    assert [message["author"] for message in visitor.messages()] == ["customer", "bot"]


def test_the_same_name_of_two_visitors_is_two_messages(server: Serving) -> None:
    one, two = server.visitor(), server.visitor()
    assert one.send("a", name="x").json() != two.send("b", name="x").json()


def test_ten_messages_in_a_burst_are_answered_in_order_one_at_a_time(server: Serving) -> None:
    visitor = server.visitor()
    overlaps = server.dialogue.overlaps
    for number in range(10):
        visitor.send(f"m{number}")
    messages = visitor.wait_for(10)
    answers = [message["text"] for message in messages if message["author"] == "bot"]
    assert answers == [f"You said: m{number}" for number in range(10)]
    assert [message["seq"] for message in messages] == list(range(1, 21))
    assert server.dialogue.overlaps == overlaps


def test_a_button_of_ours_may_be_pressed_and_shows_its_title(server: Serving) -> None:
    visitor = server.visitor()
    visitor.ask("buttons")
    offered = visitor.messages()[-1]["buttons"]
    assert offered == [{"title": "The first", "payload": '/choose{"which": "1"}'}]
    assert visitor.send(payload=offered[0]["payload"]).status_code == 202
    pressed = visitor.wait_for(2)[2]
    assert pressed["text"] == "The first"
    assert server.dialogue.heard[-1][1] == '/choose{"which": "1"}'


def test_a_payload_nobody_offered_is_refused(server: Serving) -> None:
    other = server.visitor()
    other.ask("buttons")
    visitor = server.visitor()
    refused = visitor.send(payload='/choose{"which": "1"}')
    assert refused.status_code == 422
    assert refused.json()["error"]["code"] == "unknown_payload"
    assert visitor.messages() == []


@pytest.mark.parametrize("typed", ["/ask_human", ' /change_contact{"email": "x@example.com"}', "//restart"])
def test_a_typed_intent_reaches_rasa_as_mere_text(server: Serving, typed: str) -> None:
    visitor = server.visitor()
    visitor.ask(typed)
    assert not server.dialogue.heard[-1][1].lstrip().startswith("/")
    assert visitor.messages()[0]["text"] == typed


def test_an_empty_message_is_refused(server: Serving) -> None:
    for text in ("", "   \n", "\u0000\u0007"):
        refused = server.visitor().send(text)
        assert (refused.status_code, refused.json()["error"]["code"]) == (422, "empty_message")


def test_a_text_over_the_limit_is_refused_and_one_at_the_limit_is_taken(server: Serving) -> None:
    visitor = server.visitor()
    refused = visitor.send("x" * 100_000)
    assert (refused.status_code, refused.json()["error"]["code"]) == (413, "too_large")
    assert visitor.send("x" * 4000).status_code == 202


@pytest.mark.parametrize(
    "text",
    ["😀😀😀", "مرحبا بالعالم", "a\u202eb", "line\nline", "e\u0301" * 50, "\ud83d", "我的订单A1024到哪里了"],
    ids=["emoji", "right-to-left", "bidi-control", "newline", "combining", "half-a-surrogate", "chinese"],
)
def test_any_text_is_kept_and_answered(server: Serving, text: str) -> None:
    visitor = server.visitor()
    sent = httpx.post(
        f"{server.base_url}/v1/chat/messages",
        headers={**visitor.headers, "Content-Type": "application/json"},
        content=json.dumps({"client_message_id": "1", "text": text}).encode(),
    )
    assert sent.status_code == 202, sent.text
    assert visitor.wait_for(1)[-1]["author"] == "bot"


@pytest.mark.parametrize(
    "body",
    [
        b"not json",
        b"[]",
        b'{"text": "hi"}',
        b'{"client_message_id": "", "text": "hi"}',
        b'{"client_message_id": 7, "text": "hi"}',
        b'{"client_message_id": "1", "text": ["hi"]}',
        b'{"client_message_id": "1", "text": "a", "payload": "/b"}',
    ],
)
def test_what_is_not_the_protocol_is_a_bad_request(server: Serving, body: bytes) -> None:
    visitor = server.visitor()
    refused = httpx.post(
        f"{server.base_url}/v1/chat/messages",
        headers={**visitor.headers, "Content-Type": "application/json"},
        content=body,
    )
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "bad_request")
    assert visitor.messages() == []


@pytest.mark.parametrize("header", [None, "Bearer", "Bearer forged", "Basic abc", "Bearer " + "x" * 5000])
def test_an_unknown_token_opens_nothing(server: Serving, header: str | None) -> None:
    headers = {"Authorization": header} if header else {}
    for method, path, body in [
        ("POST", "/messages", {"client_message_id": "1", "text": "hi"}),
        ("GET", "/messages", None),
        ("POST", "/rating", {"score": 5}),
        ("GET", "/attachments/abc", None),
    ]:
        answer = httpx.request(method, f"{server.base_url}/v1/chat{path}", headers=headers, json=body)
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "unauthorized")


def test_a_signed_identity_is_the_customer_from_the_start(server: Serving) -> None:
    with server.database.writing() as session:
        customer = Customer(ref="C-9", name="Ana", language="zh")
        session.add(customer)
        session.flush()
        customer_id = customer.id
    proof = sign_identity(KEYS.site, "C-9", int(time.time()) + 60)
    body = {"customer_ref": "C-9", "expires": proof.expires, "signature": proof.signature}
    visitor = server.visitor(identity=body)
    with server.database.reading() as session:
        conversation = session.get_one(Conversation, visitor.conversation_id)
        assert (conversation.customer_id, conversation.language) == (customer_id, "zh")


@pytest.mark.parametrize("fault", ["signature", "expired", "other customer", "unknown customer"])
def test_a_proof_that_does_not_hold_is_refused(server: Serving, fault: str) -> None:
    expires = int(time.time()) + (-5 if fault == "expired" else 60)
    proof = sign_identity(KEYS.site, "nobody" if fault == "unknown customer" else "C-9", expires)
    body = {"customer_ref": proof.customer_ref, "expires": expires, "signature": proof.signature}
    if fault == "signature":
        body["signature"] = "0" * 64
    if fault == "other customer":
        body["customer_ref"] = "C-10"
    with server.database.reading() as session:
        before = session.scalar(select(func.count()).select_from(Conversation))
    refused = httpx.post(f"{server.base_url}/v1/chat/visitors", json={"identity": body})
    assert (refused.status_code, refused.json()["error"]["code"]) == (401, "unauthorized")
    with server.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Conversation)) == before


def test_a_visitor_sees_nothing_of_another(server: Serving) -> None:
    one, two = server.visitor(), server.visitor()
    one.ask("mine")
    assert two.messages() == []


def test_long_polling_returns_as_soon_as_there_is_something(server: Serving) -> None:
    visitor = server.visitor()
    assert visitor.messages(wait=0) == []
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(visitor.messages, 0, 20)
        time.sleep(0.3)
        began = time.monotonic()
        visitor.send("wake up")
        assert waiting.result(10)[0]["text"] == "wake up"
    assert time.monotonic() - began < 5


def test_a_goodbye_closes_and_the_next_message_opens_a_new_conversation(server: Serving) -> None:
    visitor = server.visitor()
    visitor.ask("goodbye")
    assert visitor.messages()[-1]["survey"] is True
    visitor.ask("hello again")
    messages = visitor.messages()
    assert [message["seq"] for message in messages] == [1, 2, 3, 4]
    with server.database.reading() as session:
        ids = session.scalars(
            select(Message.conversation_id).where(Message.id.in_([m["message_id"] for m in messages]))
        )
        assert len(set(ids)) == 2


def test_unknown_paths_and_methods_answer_in_the_protocols_form(server: Serving) -> None:
    assert httpx.get(f"{server.base_url}/v1/chat/nothing").json()["error"]["code"] == "not_found"
    assert httpx.delete(f"{server.base_url}/v1/chat/messages").json()["error"]["code"] == "method_not_allowed"
