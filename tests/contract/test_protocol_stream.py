"""Protocol v1: the WebSocket, ratings, limits, health."""

import json
from typing import Any

import httpx
import pytest
from sqlalchemy import select
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from crm.models import Conversation, Rating, SatisfactionScore
from tests.contract.test_protocol_media import voice_note
from tests.serving import Serving, Visitor, wait_until


def stream(server: Serving, visitor: Visitor, **first: Any) -> ClientConnection:
    socket = connect(f"{server.base_url.replace('http', 'ws')}/v1/chat/stream")
    socket.send(json.dumps({"token": visitor.token, **first}))
    return socket


def frames(socket: ClientConnection, count: int) -> list[dict[str, Any]]:
    """The next messages, without the notices of typing."""
    found: list[dict[str, Any]] = []
    while len(found) < count:
        frame = json.loads(socket.recv(timeout=20))
        if "typing" not in frame:
            found.append(frame)
    return found


def test_messages_arrive_on_the_stream_in_order(server: Serving) -> None:
    visitor = server.visitor()
    with stream(server, visitor) as socket:
        for text in ("one", "two", "three"):
            visitor.send(text)
        received = frames(socket, 6)
    assert [each["seq"] for each in received] == [1, 2, 3, 4, 5, 6]


def test_the_stream_tells_that_an_answer_is_being_made(server: Serving) -> None:
    visitor = server.visitor()
    server.dialogue.delay_s = 0.3
    with stream(server, visitor) as socket:
        visitor.send("slow")
        kinds = ["typing" if "typing" in json.loads(socket.recv(timeout=20)) else "message" for _ in range(3)]
    assert kinds == ["message", "typing", "message"]


def test_a_stream_goes_on_where_the_client_left(server: Serving) -> None:
    visitor = server.visitor()
    visitor.ask("before")
    with stream(server, visitor, after=2) as socket:
        visitor.send("after")
        assert frames(socket, 1)[0]["text"] == "after"
    with stream(server, visitor) as socket:
        assert [each["seq"] for each in frames(socket, 4)] == [1, 2, 3, 4]


def test_a_voice_note_comes_again_once_it_is_heard(server: Serving) -> None:
    visitor = server.visitor()
    with stream(server, visitor) as socket:
        visitor.upload(voice_note(), "note.wav")
        received = frames(socket, 3)
    notes = [each for each in received if each["seq"] == 1]
    assert "transcript" not in notes[0]["attachments"][0]
    assert notes[-1]["attachments"][0]["transcript"] == "where is my order"


@pytest.mark.parametrize("first", ['{"token": "forged"}', "{}", "[]", "nonsense", '{"token": 5}'])
def test_a_stream_without_a_good_token_is_closed(server: Serving, first: str) -> None:
    with connect(f"{server.base_url.replace('http', 'ws')}/v1/chat/stream") as socket:
        socket.send(first)
        with pytest.raises(ConnectionClosed):
            socket.recv(timeout=20)


def test_a_rating_is_kept_apart_and_ends_the_conversation(server: Serving) -> None:
    visitor = server.visitor()
    visitor.ask("hello")
    assert visitor.post("/rating", json={"score": 4, "comment": "fine"}).status_code == 204
    assert visitor.post("/rating", json={"score": 2}).status_code == 204

    def scored() -> bool:
        with server.database.reading() as session:
            found = session.scalars(
                select(SatisfactionScore.mean).where(SatisfactionScore.conversation_id == visitor.conversation_id)
            ).all()
            return len(found) == 1 and 1 <= found[0] <= 5

    wait_until(scored)
    with server.database.reading() as session:
        conversation = session.get_one(Conversation, visitor.conversation_id)
        assert conversation.close_reason == "rating"
        rating = session.scalars(select(Rating).where(Rating.conversation_id == visitor.conversation_id)).one()
        assert (rating.score, rating.comment) == (2, "fine")


@pytest.mark.parametrize("body", [{"score": 0}, {"score": 6}])
def test_a_rating_off_the_scale_is_refused(server: Serving, body: dict[str, int]) -> None:
    visitor = server.visitor()
    visitor.ask("hello")
    refused = visitor.post("/rating", json=body)
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "invalid_rating")


@pytest.mark.parametrize("body", [{}, {"score": "5"}, {"score": 4.5}, {"score": None}])
def test_a_rating_that_is_no_number_is_a_bad_request(server: Serving, body: dict[str, Any]) -> None:
    refused = server.visitor().post("/rating", json=body)
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "bad_request")


def test_health_readiness_and_metrics_answer(server: Serving) -> None:
    assert httpx.get(f"{server.base_url}/healthz").json() == {"status": "up"}
    assert httpx.get(f"{server.base_url}/readyz").json() == {"ready": True, "not_ready": []}
    metrics = httpx.get(f"{server.base_url}/metrics").text
    assert "crmbot_turns_total" in metrics
    assert "crmbot_turn_seconds_bucket" in metrics


def test_every_error_is_in_the_protocols_form_and_shows_no_trace(server: Serving) -> None:
    for response in (
        httpx.get(f"{server.base_url}/v1/chat/messages"),
        httpx.post(f"{server.base_url}/v1/chat/visitors", content=b"{"),
        httpx.get(f"{server.base_url}/v1/chat/messages", params={"after": "x"}, headers=server.visitor().headers),
    ):
        assert set(response.json()["error"]) == {"code", "message"}
        assert "Traceback" not in response.text


def test_a_large_body_that_is_no_file_is_refused_before_it_is_read(server: Serving) -> None:
    body = b'{"language": "en", "more": [' + b"{}," * 700_000 + b"{}]}"
    refused = httpx.post(
        f"{server.base_url}/v1/chat/visitors", content=body, headers={"Content-Type": "application/json"}, timeout=30
    )
    assert (refused.status_code, refused.json()["error"]["code"]) == (413, "too_large")
