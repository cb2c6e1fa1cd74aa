"""Files that people share: fetched with the bot's token from Slack's own file server, and from nowhere else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.channels.base import FileTooLarge, MediaRefused, MediaUnavailable
from bot.channels.slack import SlackChannel
from tests.vendors.slack import Failure, FakeSlack, fake_slack, rate_limited
from tests.vendors.slack_channel import channel_for

PICTURE = b"\x89PNG a picture"


@pytest.fixture(scope="module")
def shared() -> Iterator[tuple[FakeSlack, SlackChannel]]:
    with fake_slack() as slack:
        channel = channel_for(slack, media_limit_bytes=1000, fetch_timeout_s=5.0)
        yield slack, channel
        channel.close()


@pytest.fixture
def slack(shared: tuple[FakeSlack, SlackChannel]) -> Iterator[FakeSlack]:
    slack, _ = shared
    scopes = set(slack.scopes)
    yield slack
    slack.scopes, slack.login_instead_of_redirect = scopes, False


@pytest.fixture
def channel(shared: tuple[FakeSlack, SlackChannel]) -> SlackChannel:
    return shared[1]


@pytest.mark.parametrize("kind", ["image", "voice"])
def test_a_file_is_fetched_with_the_bots_token(slack: FakeSlack, channel: SlackChannel, kind: str) -> None:
    assert channel.fetch(slack.add_file(kind, PICTURE)["id"]) == PICTURE


@pytest.mark.parametrize("as_page", [True, False], ids=["200 with a page", "redirect to a page"])
def test_a_page_to_sign_in_on_is_no_file(
    slack: FakeSlack, channel: SlackChannel, capfd: pytest.CaptureFixture[str], as_page: bool
) -> None:
    file = slack.add_file("image", PICTURE)
    slack.login_instead_of_redirect = as_page
    slack.bot_token, token = "xoxb-another", slack.bot_token
    slack.fail("files.info", Failure("", more={"ok": True, "file": file}))
    try:
        with pytest.raises(MediaRefused):
            channel.fetch(file["id"])
    finally:
        slack.bot_token = token
    logged = "".join(capfd.readouterr())
    assert "files:read" in logged
    assert token not in logged


def test_without_the_permission_nothing_is_fetched_and_the_log_names_it(
    slack: FakeSlack, channel: SlackChannel, capfd: pytest.CaptureFixture[str]
) -> None:
    file = slack.add_file("image", PICTURE)
    slack.scopes -= {"files:read"}
    with pytest.raises(MediaRefused):
        channel.fetch(file["id"])
    assert "files:read" in "".join(capfd.readouterr())


def test_a_file_that_was_deleted_is_refused(slack: FakeSlack, channel: SlackChannel) -> None:
    file = slack.add_file("image", PICTURE)
    slack.remove_file(file["id"])
    with pytest.raises(MediaRefused):
        channel.fetch(file["id"])


@pytest.mark.parametrize("size", [1001, 10], ids=["as Slack says", "though Slack says otherwise"])
def test_a_file_that_is_too_large_is_refused(slack: FakeSlack, channel: SlackChannel, size: int) -> None:
    with pytest.raises(FileTooLarge, match="larger"):
        channel.fetch(slack.add_file("image", b"x" * 1001, size=size)["id"])


@pytest.mark.parametrize(
    "failure", [rate_limited(3), Failure("internal_error"), Failure(status=503), Failure(drop=True)]
)
def test_what_may_pass_is_tried_again(slack: FakeSlack, channel: SlackChannel, failure: Failure) -> None:
    file = slack.add_file("image", PICTURE)
    slack.fail("files.info", failure)
    with pytest.raises(MediaUnavailable):
        channel.fetch(file["id"])
    assert channel.fetch(file["id"]) == PICTURE


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/a.png", "http://169.254.169.254/latest/meta-data", None])
def test_an_address_elsewhere_is_refused(slack: FakeSlack, channel: SlackChannel, url: str | None) -> None:
    file = slack.add_file("image", PICTURE) | {"url_private": url, "url_private_download": None}
    slack.fail("files.info", Failure("", more={"ok": True, "file": file}))
    with pytest.raises(MediaRefused):
        channel.fetch(file["id"])


@pytest.mark.parametrize("remote", ["", "https://files.slack.com/a.png", "F0/../../etc/passwd"])
def test_what_is_no_file_of_slacks_is_refused_unasked(slack: FakeSlack, channel: SlackChannel, remote: str) -> None:
    slack.calls.clear()
    with pytest.raises(MediaRefused):
        channel.fetch(remote)
    assert slack.calls == []


def test_after_the_end_nothing_is_fetched() -> None:
    channel = channel_for(FakeSlack())
    channel.close()
    with pytest.raises(MediaUnavailable):
        channel.fetch("F0ANY")
