"""What Slack sends is stored and then acknowledged, by its own libraries, in both modes."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Iterator
from typing import Any, Literal

import httpx
import pytest

from bot.channels.base import Edited, OutgoingButton, Pressed, Proof, Received, Sender
from bot.channels.slack import SlackChannel
from bot.errors import ChannelError, SetupError
from tests.serving import wait_until
from tests.vendors import slack_bodies as bodies
from tests.vendors.intake import RecordingIntake
from tests.vendors.slack import FakeSlack, NotAcknowledged, fake_slack
from tests.vendors.slack_bodies import BOT_USER, DM, TEAM, USER
from tests.vendors.slack_channel import channel_for, outgoing, receiving

BUTTON = {"type": "button", "action_id": "crmbot:0", "text": {"type": "plain_text", "text": "A1024"}, "value": "m:0"}
ASKED = {
    "channel": DM,
    "ts": "1596530361.000100",
    "text": "Which one?",
    "blocks": [
        {"type": "section", "block_id": "s", "text": {"type": "plain_text", "text": "Which one?"}},
        {"type": "actions", "block_id": "a", "elements": [BUTTON]},
    ],
}


class Desk:
    """A workspace, our channel in it, and what it brought to the intake."""

    def __init__(self, slack: FakeSlack, channel: SlackChannel, intake: RecordingIntake) -> None:
        self.slack, self.channel, self.intake = slack, channel, intake


@pytest.fixture(scope="module", params=["socket", "http"])
def shared(request: pytest.FixtureRequest) -> Iterator[Desk]:
    intake = RecordingIntake()
    with receiving(intake, request.param) as (slack, channel):
        slack.patience_s = 2.0
        yield Desk(slack, channel, intake)


@pytest.fixture
def desk(shared: Desk) -> Iterator[Desk]:
    yield shared
    shared.intake.taken.clear()
    shared.intake.weather = lambda value: None
    shared.intake.open_buttons = True
    for kept in (shared.slack.calls, shared.slack.posts, shared.slack.ephemerals):
        kept.clear()


def fails(times: int) -> Any:
    """A store that fails so often, and then takes everything."""
    left = iter(range(times))

    def weather(value: object) -> None:
        if next(left, None) is not None:
            raise RuntimeError("database is locked")

    return weather


def test_a_message_is_brought_to_the_intake(desk: Desk) -> None:
    assert desk.slack.deliver(bodies.message("hello")).attempts == 1
    assert desk.intake.texts() == ["hello"]


def test_it_is_stored_before_it_is_acknowledged(desk: Desk) -> None:
    gate = threading.Event()
    desk.intake.weather = lambda value: gate.wait(5)
    taken = threading.Thread(target=desk.slack.deliver, args=(bodies.message("slowly"),))
    taken.start()
    time.sleep(0.3)
    assert taken.is_alive()
    gate.set()
    taken.join(5)
    assert not taken.is_alive()
    assert desk.intake.texts() == ["slowly"]


def test_what_was_not_stored_is_not_acknowledged_and_comes_again(desk: Desk, capfd: pytest.CaptureFixture[str]) -> None:
    desk.slack.patience_s = 0.5
    desk.intake.weather = fails(2)
    acknowledged = desk.slack.deliver(bodies.message("please keep this"))
    desk.slack.patience_s = 2.0
    assert acknowledged.attempts == 3
    assert desk.intake.texts() == ["please keep this"]
    logged = "".join(capfd.readouterr())
    assert "slack_event_not_stored" in logged
    assert "please keep this" not in logged


def test_a_press_that_was_not_stored_is_not_acknowledged(desk: Desk) -> None:
    desk.slack.patience_s = 0.3
    desk.intake.weather = fails(10)
    with pytest.raises(NotAcknowledged):
        desk.slack.deliver(bodies.pressed(ASKED, "A1024"))
    desk.slack.patience_s = 2.0


def test_an_event_that_slack_repeats_has_the_same_name(desk: Desk) -> None:
    body = bodies.message("once")
    for _ in range(3):
        desk.slack.deliver(body)
    assert len({each.channel_message_id for each in desk.intake.taken}) == 1


def test_the_bots_own_words_do_not_come_back(desk: Desk) -> None:
    desk.slack.deliver(bodies.own_message("Hello! How can I help?"))
    list(desk.channel.send(outgoing("Hello!")))
    desk.slack.deliver(bodies.message("marker"))
    assert desk.intake.texts() == ["marker"]


def test_an_edit_is_brought_as_one(desk: Desk) -> None:
    body = bodies.message("A1042")
    desk.slack.deliver(body)
    desk.slack.deliver(bodies.edited(body, "A1024"))
    desk.slack.deliver(bodies.unfurled(body))
    desk.slack.deliver(bodies.deleted(body))
    first, second = desk.intake.taken
    assert isinstance(second, Edited)
    assert (second.message.channel_message_id, second.message.text) == (first.channel_message_id, "A1024")


@pytest.mark.parametrize(
    "body",
    [
        bodies.payload("reaction_added"),
        bodies.payload("message_deleted"),
        {"type": "view_submission", "team": {"id": TEAM}, "user": {"id": USER}, "view": {"type": "modal"}},
        {"type": "shortcut", "team": {"id": TEAM}, "user": {"id": USER}, "callback_id": "x", "trigger_id": "1"},
        {"type": "event_callback", "team_id": TEAM, "event": {"type": "something_new", "user": None}},
        {"type": "event_callback", "team_id": TEAM, "event": []},
        {"type": "event_callback", "authorizations": {"0": 1}, "event": {"type": "message"}},
        {"type": "event_callback", "team_id": TEAM, "event": {"type": "tokens_revoked", "tokens": {"bot": [BOT_USER]}}},
    ],
    ids=str,
)
def test_everything_else_is_acknowledged_without_effect(desk: Desk, body: bodies.Body) -> None:
    assert desk.slack.deliver(body).attempts == 1
    assert desk.intake.taken == []


def test_the_slash_command_is_answered_at_once_and_in_private(desk: Desk) -> None:
    english = desk.slack.deliver(bodies.slash("where is A1024?", user="U0ENGLISH")).payload
    chinese = desk.slack.deliver(bodies.slash("我的订单在哪里", user="U0CHINESE")).payload
    assert english["response_type"] == chinese["response_type"] == "ephemeral"
    assert "direct message" in english["text"]
    assert chinese["text"] == "收到，我会通过私信回复您。"
    assert [each.sender.external_id for each in desk.intake.taken] == ["U0ENGLISH", "U0CHINESE"]


def test_a_press_takes_the_buttons_away(desk: Desk) -> None:
    list(
        desk.channel.send(
            outgoing("Which one?", buttons=(OutgoingButton("A1024", "m:0"), OutgoingButton("A1042", "m:1")))
        )
    )
    (post,) = desk.slack.posts
    desk.slack.deliver(bodies.pressed(post, "A1042"))
    wait_until(lambda: desk.slack.calls_of("chat.update"))
    pressed = desk.intake.taken[-1]
    assert isinstance(pressed, Pressed)
    assert pressed.ref == "m:1"
    (post,) = desk.slack.posts
    assert [block["type"] for block in post["blocks"]] == ["section", "context"]
    assert post["blocks"][1]["elements"][0]["text"] == "✓ A1042"


def test_a_button_of_a_closed_question_tells_so_to_the_person_alone(desk: Desk) -> None:
    desk.intake.open_buttons = False
    desk.slack.deliver(bodies.pressed(ASKED, "A1024", user="U0LATE"))
    (told,) = wait_until(lambda: desk.slack.ephemerals)
    assert (told["channel"], told["user"]) == (DM, "U0LATE")
    assert "closed" in told["text"]
    assert "已经结束" in told["text"]
    assert desk.slack.calls_of("chat.update") == []


def test_the_bots_page_is_put_up_in_their_language(desk: Desk) -> None:
    desk.slack.add_user("U0CHINESE2", locale="zh-CN", email=None)
    desk.slack.deliver(bodies.home_opened(user="U0CHINESE2"))
    home = wait_until(lambda: desk.slack.homes.get("U0CHINESE2"))
    assert home["blocks"][0]["text"]["text"] == "有什么可以帮您？"
    assert home["type"] == "home"


def test_name_and_language_are_known_from_the_second_message_on(desk: Desk) -> None:
    user = f"U0NEW{desk.slack.mode.upper()}"
    desk.slack.add_user(user, locale="zh-CN", display_name="小美")
    desk.slack.deliver(bodies.message("你好", user=user, channel="D0000NEW1"))
    wait_until(lambda: desk.slack.calls_of("users.info"))
    time.sleep(0.1)
    desk.slack.deliver(bodies.message("在吗", user=user, channel="D0000NEW1"))
    first, second = (each.sender for each in desk.intake.taken)
    assert (first.name, first.language) == (None, None)
    assert (second.name, second.language) == ("小美", "zh")
    (introduced,) = [each for each in desk.intake.introduced if each.external_id == user]
    assert introduced == second, "the answer to the first may be in their language already"
    assert len(desk.slack.calls_of("users.info")) == 1


def test_without_the_sites_wish_nobody_is_linked(desk: Desk) -> None:
    desk.slack.add_user("U0UNLINKED")
    desk.slack.deliver(bodies.message("hello", user="U0UNLINKED"))
    wait_until(lambda: desk.slack.calls_of("users.info"))
    time.sleep(0.2)
    assert [type(each) for each in desk.intake.taken] == [Received]


# linking by e-mail


@pytest.fixture(scope="module")
def linking() -> Iterator[Desk]:
    intake = RecordingIntake()
    with receiving(intake, link_by_email=True) as (slack, channel):
        yield Desk(slack, channel, intake)


def proofs(desk: Desk, user: str) -> list[Proof]:
    """What was proved of ``user``, once Slack has been asked about them."""
    wait_until(lambda: [call for call in desk.slack.calls_of("users.info") if call["user"] == user])
    time.sleep(0.2)
    return [each[1] for each in list(desk.intake.taken) if isinstance(each, tuple) and each[0].external_id == user]


def test_a_members_verified_address_proves_who_they_are(linking: Desk) -> None:
    linking.slack.add_user("U0MEMBER", email="lee@example.com")
    linking.slack.deliver(bodies.message("hello", user="U0MEMBER"))
    assert proofs(linking, "U0MEMBER") == [Proof("email", "lee@example.com")]
    at = [each for each in linking.intake.taken if isinstance(each, tuple)][-1]
    assert at[0] == Sender("slack", TEAM, "U0MEMBER", "mei", "en")


@pytest.mark.parametrize(
    "change",
    [
        {"is_restricted": True},
        {"is_ultra_restricted": True},
        {"is_stranger": True},
        {"is_bot": True},
        {"deleted": True},
        {"is_email_confirmed": False},
        {"team_id": "T0OTHER"},
        {"email": None},
    ],
    ids=str,
)
def test_nobody_else_is_proved_to_be_anyone(linking: Desk, change: dict[str, Any]) -> None:
    user = "U0OUT" + "".join(filter(str.isalnum, str(change)))[:12].upper()
    linking.slack.add_user(user, **change)
    linking.slack.deliver(bodies.message("hello", user=user))
    assert proofs(linking, user) == []


def test_nobody_is_linked_in_public_and_in_private_they_still_are(linking: Desk) -> None:
    linking.slack.add_user("U0PUBLIC", email="kim@example.com")
    linking.slack.deliver(bodies.mention("hello", user="U0PUBLIC"))
    assert proofs(linking, "U0PUBLIC") == []
    linking.slack.deliver(bodies.message("hello", user="U0PUBLIC"))
    wait_until(lambda: proofs(linking, "U0PUBLIC"))
    assert proofs(linking, "U0PUBLIC") == [Proof("email", "kim@example.com")]


def test_a_proof_that_could_not_be_stored_is_brought_with_the_next_message(linking: Desk) -> None:
    linking.slack.add_user("U0AGAIN", email="ann@example.com")

    def refuse_proofs(value: object) -> None:
        if isinstance(value, tuple):
            raise RuntimeError("database is locked")

    linking.intake.weather = refuse_proofs
    linking.slack.deliver(bodies.message("hello", user="U0AGAIN"))
    assert proofs(linking, "U0AGAIN") == []
    linking.intake.weather = lambda value: None
    linking.slack.deliver(bodies.message("hello again", user="U0AGAIN"))
    assert wait_until(lambda: proofs(linking, "U0AGAIN")) == [Proof("email", "ann@example.com")]


# what is logged


@pytest.mark.parametrize("mode", ["socket", "http"])
def test_no_secret_and_no_word_is_logged_at_any_level(
    mode: Literal["socket", "http"], capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("httpx", "httpcore", "uvicorn", "websockets", "uvicorn.error", "asyncio"):  # the other side's
        caplog.set_level(logging.WARNING, logger=name)
    caplog.set_level(logging.DEBUG)  # last: each call sets the level of what is kept, too
    intake = RecordingIntake(weather=fails(1))
    with receiving(intake, mode, link_by_email=True) as (slack, channel):
        slack.patience_s = 0.5
        slack.add_user(USER, display_name="Secretive Name", email="private@example.com")
        slack.deliver(bodies.message("confidential words"))
        if mode == "http":
            slack.post_once(bodies.message("confidential words"), headers={"X-Slack-Signature": "v0=0"})
        slack.deliver(bodies.slash("confidential words"))
        slack.deliver({"type": "event_callback", "team_id": TEAM, "event": ["confidential words"]})
        slack.fail("chat.postMessage", "invalid_blocks", "fatal_error")
        for _ in range(2):
            with pytest.raises(ChannelError):
                list(channel.send(outgoing("confidential words")))
        channel.fetch(slack.add_file("image", b"\x89PNG", name="confidential words.png")["id"])
        if mode == "socket":
            slack.send_raw('{"confidential words')
            slack.fail("apps.connections.open", "internal_error")
            slack.disconnect()
            slack.wait_for_connection(2)
        tickets = [ticket for ticket in slack.tickets if ticket]
        proofs(Desk(slack, channel, intake), USER)
    logged = caplog.text + "".join(capfd.readouterr())
    assert "slack_event_not_stored" in logged
    secrets = (slack.bot_token, slack.app_token, slack.signing_secret, *tickets)
    for secret in (*secrets, "confidential", "Secretive", "private@example.com", "hooks.slack.com"):
        assert secret not in logged


# Socket Mode


def test_messages_are_stored_in_the_order_in_which_they_came() -> None:
    intake, texts = RecordingIntake(), [f"n{number}" for number in range(30)]
    with receiving(intake) as (slack, _):
        for number, text in enumerate(texts):
            envelope = {"envelope_id": f"e{number}", "type": "events_api", "payload": bodies.message(text)}
            slack.send_raw(json.dumps(envelope))
        intake.wait_for(len(texts))
    assert intake.texts() == texts


@pytest.mark.parametrize("reason", ["warning", "refresh_requested", "link_disabled"])
def test_when_slack_asks_for_it_the_app_connects_anew(reason: str) -> None:
    intake = RecordingIntake()
    with receiving(intake) as (slack, _):
        slack.disconnect(reason)
        slack.wait_for_connection(2)
        slack.deliver(bodies.message("still there?"))
        assert intake.texts() == ["still there?"]


def test_a_connection_that_breaks_is_made_anew() -> None:
    intake = RecordingIntake()
    with receiving(intake) as (slack, _):
        slack.break_connections()
        slack.wait_for_connection(2)
        slack.deliver(bodies.message("still there?"))
        assert intake.texts() == ["still there?"]


def test_what_was_not_acknowledged_in_time_comes_again_over_the_new_connection() -> None:
    intake, gate = RecordingIntake(), threading.Event()
    intake.weather = lambda value: gate.wait(5)
    with receiving(intake) as (slack, _):
        slack.patience_s = 1.0
        waiting = threading.Thread(target=slack.deliver, args=(bodies.message("in between"),))
        waiting.start()
        wait_until(lambda: slack.connections == 1)
        slack.break_connections()
        gate.set()
        waiting.join(10)
        assert {each.text for each in intake.taken} == {"in between"}
        assert len({each.channel_message_id for each in intake.taken}) == 1


@pytest.mark.parametrize("code", ["invalid_auth", "internal_error"])
def test_while_slack_does_not_let_us_in_it_tries_again(code: str, capfd: pytest.CaptureFixture[str]) -> None:
    intake = RecordingIntake()
    with fake_slack() as slack:
        slack.fail("apps.connections.open", code, code)
        channel = channel_for(slack)
        began = time.monotonic()
        channel.start(intake)
        assert time.monotonic() - began < 2
        try:
            slack.wait_for_connection()
            slack.deliver(bodies.message("at last"))
        finally:
            channel.close()
        assert intake.texts() == ["at last"]
        logged = "".join(capfd.readouterr())
        assert code in logged
        assert slack.app_token not in logged
        assert slack.bot_token not in logged


def test_an_address_that_has_run_out_is_replaced() -> None:
    """Slack's library goes on trying the address it was given; it is good for one try."""
    intake = RecordingIntake()
    with fake_slack() as slack:
        slack.tickets_refused = 1
        channel = channel_for(slack)
        channel.start(intake)
        try:
            slack.wait_for_connection()
            slack.deliver(bodies.message("at last"))
        finally:
            channel.close()
        assert intake.texts() == ["at last"]


def test_starting_and_ending_do_not_need_slack() -> None:
    slack = FakeSlack()
    slack.base_url = "http://127.0.0.1:9"  # nobody is there
    channel = channel_for(slack)
    channel.start(RecordingIntake())
    time.sleep(0.1)
    began = time.monotonic()
    channel.close()
    channel.close()
    assert time.monotonic() - began < 4


def test_a_channel_that_never_started_can_be_closed() -> None:
    channel_for(FakeSlack()).close()


@pytest.mark.parametrize(
    ("mode", "missing"), [("socket", "app_token"), ("http", "signing_secret")], ids=["socket", "http"]
)
def test_a_mode_without_its_secret_is_refused_with_a_clear_line(mode: Literal["socket", "http"], missing: str) -> None:
    channel = channel_for(FakeSlack(mode), **{missing: None})
    with pytest.raises(SetupError, match=f"CRMBOT_SLACK_{missing.upper()}"):
        channel.start(RecordingIntake())


# HTTP


@pytest.fixture(scope="module")
def by_http() -> Iterator[Desk]:
    intake = RecordingIntake()
    with receiving(intake, "http") as (slack, channel):
        yield Desk(slack, channel, intake)


def test_slack_s_challenge_is_answered(by_http: Desk) -> None:
    body = {
        "token": "x",
        "challenge": "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P",
        "type": "url_verification",
    }
    response = by_http.slack.post_once(body)
    assert (response.status_code, response.json()) == (200, {"challenge": body["challenge"]})


def test_forged_stale_and_unsigned_requests_are_refused_and_leave_nothing(by_http: Desk) -> None:
    slack = by_http.slack
    raw = json.dumps(bodies.message("let me in")).encode()
    other = json.dumps(bodies.message("something else")).encode()
    attempts: dict[str, dict[str, str]] = {
        "forged": slack.signature(raw, secret="0" * 32),
        "of another body": slack.signature(other),
        "stale": slack.signature(raw, at=time.time() - 310),
        "from the future": slack.signature(raw, at=time.time() + 310),
        "unsigned": {"X-Slack-Signature": ""},
        "no time": slack.signature(raw) | {"X-Slack-Request-Timestamp": "now"},
        "another version": {**slack.signature(raw), "X-Slack-Signature": "v1=" + "0" * 64},
        "strange letters": slack.signature(raw) | {"X-Slack-Signature": "v0=é"},
    }
    answers = {name: _post(slack, raw, headers) for name, headers in attempts.items()}
    assert answers == dict.fromkeys(attempts, 401)
    assert httpx.post(slack.request_url, content=raw).status_code == 401
    assert httpx.post(slack.request_url, content=b"ssl_check=1&token=x").status_code == 401
    assert _post(slack, b"\xff\xfe", {"X-Slack-Signature": "v0=0"}) == 401
    assert by_http.intake.taken == []
    assert _post(slack, raw, slack.signature(raw, at=time.time() - 290)) == 200
    assert by_http.intake.texts() == ["let me in"]


def _post(slack: FakeSlack, raw: bytes, headers: dict[str, str]) -> int:
    encoded = {key: value.encode("latin-1") for key, value in headers.items()}
    return httpx.post(slack.request_url, content=raw, headers=encoded).status_code  # type: ignore[arg-type]


@pytest.mark.parametrize("raw", [b"{", b"", b"payload=%7B", b"payload=[]", b"[1]", b"{}", b"a=b"])
def test_a_signed_body_that_is_no_event_is_acknowledged(by_http: Desk, raw: bytes) -> None:
    assert by_http.slack.post_once(raw).status_code == 200


def test_nothing_is_served_in_socket_mode_nor_before_the_start() -> None:
    assert channel_for(FakeSlack()).routes() is None
    with fake_slack("http") as slack:
        assert channel_for(slack).routes() is not None
