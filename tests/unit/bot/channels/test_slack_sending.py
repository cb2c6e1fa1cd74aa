"""What is sent to Slack: through its own library, to a server that keeps its limits and makes its errors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from bot.channels.base import DeliveryDelayed, DeliveryRefused, OutgoingButton, OutgoingFile, Unreachable
from bot.channels.slack import SlackChannel
from bot.errors import ChannelError
from tests.vendors.slack import Failure, FakeSlack, fake_slack, rate_limited
from tests.vendors.slack_bodies import CHANNEL, DM, TEAM, USER
from tests.vendors.slack_channel import MESSAGE_ID, channel_for, outgoing

THREAD_TS = "1599616881.000800"
THREAD = f"{USER}/{CHANNEL}/{THREAD_TS}"
PHOTO = OutgoingFile("image", "image/png", "parcel.png", b"\x89PNG picture")
LONG = "A sentence that says little. " * 1500


@pytest.fixture(scope="module")
def shared() -> Iterator[tuple[FakeSlack, SlackChannel]]:
    with fake_slack() as slack:
        channel = channel_for(slack)
        yield slack, channel
        channel.close()


@pytest.fixture
def slack(shared: tuple[FakeSlack, SlackChannel]) -> Iterator[FakeSlack]:
    slack, _ = shared
    scopes = set(slack.scopes)
    yield slack
    slack.scopes = scopes
    slack.posts.clear()
    slack.calls.clear()
    slack.uploads.clear()


@pytest.fixture
def channel(shared: tuple[FakeSlack, SlackChannel]) -> SlackChannel:
    return shared[1]


def test_a_message_goes_into_the_direct_messages(slack: FakeSlack, channel: SlackChannel) -> None:
    names = list(channel.send(outgoing("Your order is on its way.")))
    (post,) = slack.posts
    assert names == [f"{DM}:{post['ts']}"]
    assert (post["channel"], post["text"]) == (DM, "Your order is on its way.")
    assert "thread_ts" not in post
    assert post["metadata"] == {"event_type": "crmbot_message", "event_payload": {"message_id": MESSAGE_ID, "part": 0}}


def test_in_a_channel_it_goes_into_the_thread(slack: FakeSlack, channel: SlackChannel) -> None:
    list(channel.send(outgoing("We ship to Canada.", to=THREAD)))
    (post,) = slack.posts
    assert (post["channel"], post["thread_ts"]) == (CHANNEL, THREAD_TS)


def test_buttons_stand_under_the_last_part(slack: FakeSlack, channel: SlackChannel) -> None:
    list(channel.send(outgoing(LONG, buttons=(OutgoingButton("Yes", "r:0"), OutgoingButton("No", "r:1")))))
    assert len(slack.posts) == 2
    assert [[block["type"] for block in post["blocks"]].count("actions") for post in slack.posts] == [0, 1]


def test_photos_follow_the_words(slack: FakeSlack, channel: SlackChannel) -> None:
    names = list(channel.send(outgoing("Like this?", files=(PHOTO,), to=THREAD)))
    ((file_id, upload),) = slack.uploads.items()
    assert (upload["data"], upload["title"], upload["channel"]) == (PHOTO.data, "parcel.png", CHANNEL)
    assert upload["name"] == f"parcel-{MESSAGE_ID}-1.png"
    assert slack.posts[1]["thread_ts"] == THREAD_TS
    assert names[1] == f"{CHANNEL}:{file_id}"


def test_only_the_parts_that_are_missing_are_sent(slack: FakeSlack, channel: SlackChannel) -> None:
    names = list(channel.send(outgoing(LONG, parts=("D0:1",), attempt=2)))
    assert len(names) == len(slack.posts) == 1
    assert slack.posts[0]["metadata"]["event_payload"]["part"] == 1


def test_who_is_asked_for_something_personal_in_public_is_told_that_others_read(
    slack: FakeSlack, channel: SlackChannel
) -> None:
    list(
        channel.send(
            outgoing("Your phone number?", asks_for="phone", to=THREAD, buttons=(OutgoingButton("Stop", "r:0"),))
        )
    )
    list(channel.send(outgoing("您的手机号？", asks_for="phone", to=THREAD, language="zh")))
    list(channel.send(outgoing("Your phone number?", asks_for="phone")))
    english, chinese, private = (post["blocks"][0]["text"]["text"] for post in slack.posts)
    assert "direct message" in english
    assert "phone number" not in english
    assert len(slack.posts[0]["blocks"]) == 1
    assert "私信" in chinese
    assert private == "Your phone number?"


def test_a_message_that_slack_took_before_we_could_record_it_is_not_sent_again(
    slack: FakeSlack, channel: SlackChannel
) -> None:
    for place in (USER, THREAD):
        slack.fail("chat.postMessage", Failure(drop=True, after=True))
        with pytest.raises(ChannelError):
            list(channel.send(outgoing("Once.", to=place)))
        names = list(channel.send(outgoing("Once.", to=place, attempt=2)))
        assert names == [f"{slack.posts[-1]['channel']}:{slack.posts[-1]['ts']}"]
    assert len(slack.posts) == 2


def test_a_photo_that_slack_took_before_we_could_record_it_is_not_sent_again(
    slack: FakeSlack, channel: SlackChannel
) -> None:
    slack.fail("files.completeUploadExternal", Failure(status=502, after=True))
    message = outgoing("", files=(PHOTO,))
    with pytest.raises(ChannelError):
        list(channel.send(message))
    assert len(list(channel.send(replace(message, attempt=2)))) == 1
    assert len(slack.posts) == 1


def test_a_later_attempt_sends_what_is_not_there(slack: FakeSlack, channel: SlackChannel) -> None:
    list(channel.send(replace(outgoing("Another."), message_id="f" * 32)))
    list(channel.send(outgoing("This one.", attempt=3)))
    assert [post["text"] for post in slack.posts] == ["Another.", "This one."]


def test_where_we_may_not_look_it_is_sent(slack: FakeSlack, channel: SlackChannel) -> None:
    slack.scopes -= {"im:history", "channels:history", "groups:history"}
    list(channel.send(outgoing("Hello", attempt=2)))
    list(channel.send(outgoing("Hello", attempt=2, to=THREAD)))
    assert len(slack.posts) == 2


@pytest.mark.parametrize("method", ["chat.postMessage", "conversations.history"])
def test_slacks_wish_to_wait_is_passed_on(slack: FakeSlack, channel: SlackChannel, method: str) -> None:
    slack.fail(method, rate_limited(17))
    with pytest.raises(DeliveryDelayed) as raised:
        list(channel.send(outgoing("Hello", attempt=2)))
    assert raised.value.retry_after_s == 17
    assert slack.posts == []


@pytest.mark.parametrize("code", ["channel_not_found", "is_archived", "not_in_channel", "cannot_dm_bot"])
def test_who_cannot_be_reached(slack: FakeSlack, channel: SlackChannel, code: str) -> None:
    slack.fail("chat.postMessage", code)
    with pytest.raises(Unreachable):
        list(channel.send(outgoing()))


@pytest.mark.parametrize(("user", "changes"), [("U0GONE", {"deleted": True}), ("U0NOBODY", None)])
def test_who_has_left_the_workspace(
    slack: FakeSlack, channel: SlackChannel, user: str, changes: dict[str, bool] | None
) -> None:
    if changes:
        slack.add_user(user, **changes)
    with pytest.raises(Unreachable):
        list(channel.send(outgoing(to=user)))


@pytest.mark.parametrize("code", ["msg_too_long", "invalid_blocks", "restricted_action"])
def test_what_slack_will_never_take(slack: FakeSlack, channel: SlackChannel, code: str) -> None:
    slack.fail("chat.postMessage", code)
    with pytest.raises(DeliveryRefused) as raised:
        list(channel.send(outgoing()))
    assert not isinstance(raised.value, Unreachable)


@pytest.mark.parametrize(
    "failure",
    [
        Failure("internal_error"),
        Failure("invalid_auth"),
        Failure("token_revoked"),
        Failure("account_inactive"),
        Failure("missing_scope", more={"needed": "chat:write", "provided": "commands"}),
        Failure(status=500),
        Failure(status=503),
        Failure(drop=True),
    ],
    ids=lambda failure: failure.error or str(failure.status) + str(failure.drop),
)
def test_what_may_pass_is_tried_again_by_us_and_not_by_the_library(
    slack: FakeSlack, channel: SlackChannel, failure: Failure
) -> None:
    slack.fail("chat.postMessage", failure)
    with pytest.raises(ChannelError) as raised:
        list(channel.send(outgoing("my secret words")))
    assert not isinstance(raised.value, DeliveryRefused | DeliveryDelayed)
    assert "my secret words" not in repr(raised.value)
    assert len(slack.calls_of("chat.postMessage")) == 1


def test_a_refusal_of_the_app_is_logged_with_what_is_missing_and_without_the_token(
    slack: FakeSlack, channel: SlackChannel, capfd: pytest.CaptureFixture[str]
) -> None:
    slack.scopes -= {"chat:write"}
    with pytest.raises(ChannelError):
        list(channel.send(outgoing("my secret words")))
    logged = "".join(capfd.readouterr())
    assert "chat:write" in logged
    assert slack.bot_token not in logged
    assert "my secret words" not in logged


def test_a_place_that_is_none_is_refused(channel: SlackChannel) -> None:
    with pytest.raises(DeliveryRefused):
        list(channel.send(outgoing(to="nobody")))


def test_nobody_there() -> None:
    slack = FakeSlack()
    slack.base_url = "http://127.0.0.1:9"
    channel = channel_for(slack)
    with pytest.raises(ChannelError):
        list(channel.send(outgoing()))
    channel.close()
    with pytest.raises(ChannelError, match="closed"):
        list(channel.send(outgoing()))


def test_the_shop_may_write_first_in_private_alone(channel: SlackChannel) -> None:
    assert channel.can_start(USER)
    assert not channel.can_start(THREAD)
    assert not channel.can_start("nobody")


def test_it_says_nothing_of_typing(slack: FakeSlack, channel: SlackChannel) -> None:
    channel.typing(TEAM, USER)
    assert slack.calls == []
