"""Files that Telegram holds, and what ``crmbot doctor`` is told."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from typing import Any

import pytest

from bot.channels.base import Finding, MediaRefused, MediaUnavailable
from bot.channels.telegram import TelegramChannel
from bot.errors import ChannelError, SetupError
from tests.unit.bot.channels.telegram_bot import channel
from tests.vendors.telegram import TOKEN, FakeTelegram, telegram


@pytest.fixture
def fake() -> Iterator[FakeTelegram]:
    with telegram() as running:
        yield running


@pytest.fixture
def ours(fake: FakeTelegram) -> Iterator[TelegramChannel]:
    with channel(fake) as made:
        yield made


def refused(ours: TelegramChannel, remote: str) -> ChannelError:
    """Why the file is not to be had; the token is not in it, however it is shown."""
    with pytest.raises(ChannelError) as caught:
        ours.fetch(remote)
    assert TOKEN not in "".join(traceback.format_exception(caught.value))
    return caught.value


@pytest.mark.parametrize("token", ["", "AAFexample", "700000001", ":AAF", "700000001:AAF\n", "bot7:AAF/../x"])
def test_what_is_no_token_is_told_at_once_and_not_repeated(fake: FakeTelegram, token: str) -> None:
    with pytest.raises(SetupError) as caught, channel(fake, token=token):
        pass
    assert "CRMBOT_TELEGRAM_TOKEN" in str(caught.value)
    assert not token or token not in str(caught.value)


def test_a_file_is_fetched_by_its_name(fake: FakeTelegram, ours: TelegramChannel) -> None:
    remote = fake.store_file(b"OggS and so on", "oga")["file_id"]
    assert ours.fetch(remote) == b"OggS and so on"


def test_a_file_that_telegram_does_not_give_is_refused(fake: FakeTelegram, ours: TelegramChannel) -> None:
    large = fake.store_file(b"x", "oga", size=20 * 1024 * 1024 + 1)["file_id"]
    assert refused(ours, large).code == "media_too_large", "or the customer is asked for the same file again"


@pytest.mark.parametrize("declared", [11, 5])
def test_a_file_larger_than_allowed_is_refused_whatever_telegram_says(fake: FakeTelegram, declared: int) -> None:
    remote = fake.store_file(b"x" * 11, "oga", size=declared)["file_id"]
    with channel(fake, media_limit_bytes=10) as ours:
        assert refused(ours, remote).code == "media_too_large"


def test_a_file_that_telegram_has_not_now_may_come(fake: FakeTelegram, ours: TelegramChannel) -> None:
    assert isinstance(refused(ours, "AgACunknown"), MediaUnavailable)


def test_a_file_that_is_gone_by_the_time_it_is_fetched_is_refused(fake: FakeTelegram, ours: TelegramChannel) -> None:
    remote = fake.store_file(b"x", "oga")["file_id"]
    fake.fail("download", "not_found")
    assert isinstance(refused(ours, remote), MediaRefused)


@pytest.mark.parametrize(
    ("method", "name"),
    [
        ("getFile", "server_error"),
        ("getFile", "rate_limited"),
        ("getFile", "unauthorized"),
        ("download", "server_error"),
    ],
)
def test_trouble_on_the_way_may_pass(fake: FakeTelegram, ours: TelegramChannel, method: str, name: str) -> None:
    remote = fake.store_file(b"x", "oga")["file_id"]
    fake.fail(method, name)
    assert isinstance(refused(ours, remote), MediaUnavailable)
    assert ours.fetch(remote) == b"x"


def test_a_server_that_keeps_files_on_its_own_disk_is_not_read_from(fake: FakeTelegram, ours: TelegramChannel) -> None:
    fake.local_paths = True
    remote = fake.store_file(b"x", "oga")["file_id"]
    assert isinstance(refused(ours, remote), MediaRefused)


def test_without_a_network_files_are_unavailable() -> None:
    with channel(FakeTelegram(), api_url="http://127.0.0.1:9") as ours:
        assert isinstance(refused(ours, "AgAC"), MediaUnavailable)


def test_after_the_end_files_are_unavailable(fake: FakeTelegram, ours: TelegramChannel) -> None:
    ours.close()
    assert isinstance(refused(ours, "AgAC"), MediaUnavailable)


def findings(fake: FakeTelegram, **changes: Any) -> dict[str, Finding]:
    with channel(fake, **changes) as ours:
        return {finding.name: finding for finding in ours.check()}


def test_a_bot_that_is_set_up_has_nothing_to_be_told(fake: FakeTelegram) -> None:
    found = findings(fake)
    assert list(found) == ["telegram token", "telegram polling", "telegram privacy"]
    assert all(finding.ok and not finding.advice for finding in found.values())
    found = findings(fake, mode="webhook", public_url="https://shop.example/")
    assert all(finding.ok for finding in found.values())


def test_a_token_that_is_refused_is_named_by_its_setting(fake: FakeTelegram) -> None:
    found = findings(fake, token="700000001:wrong")["telegram token"]
    assert not found.ok
    assert "CRMBOT_TELEGRAM_TOKEN" in found.advice


def test_a_telegram_that_does_not_answer_is_named_by_its_setting() -> None:
    found = findings(FakeTelegram(), api_url="http://127.0.0.1:9")["telegram token"]
    assert not found.ok
    assert "CRMBOT_TELEGRAM_API_URL" in found.advice


def hook(url: str, error_at: int | None = None) -> dict[str, Any]:
    error = "Wrong response from the webhook: 502 Bad Gateway" if error_at else None
    return {"url": url, "secret": "", "error": error, "error_at": error_at}


OURS = "https://shop.example/channels/telegram"


def test_polling_while_a_web_hook_is_set_is_told(fake: FakeTelegram) -> None:
    fake.hook = hook("https://elsewhere.example/hook")
    assert not findings(fake)["telegram polling"].ok


@pytest.mark.parametrize(
    ("public_url", "state", "advice"),
    [
        (None, {}, "CRMBOT_PUBLIC_URL"),
        ("http://shop.example", {}, "CRMBOT_PUBLIC_URL"),
        ("https://shop.example", hook("https://elsewhere.example/hook"), "another address"),
        ("https://shop.example", hook(OURS, error_at=4_000_000_000), "502 Bad Gateway"),
    ],
)
def test_a_web_hook_that_does_not_work_is_told(
    fake: FakeTelegram, public_url: str | None, state: dict[str, Any], advice: str
) -> None:
    fake.hook = state
    found = findings(fake, mode="webhook", public_url=public_url)["telegram web hook"]
    assert not found.ok
    assert advice in found.advice


@pytest.mark.parametrize("state", [{}, hook(OURS), hook(OURS, error_at=1_500_000_000)])
def test_a_web_hook_that_works_is_well(fake: FakeTelegram, state: dict[str, Any]) -> None:
    fake.hook = state
    assert findings(fake, mode="webhook", public_url="https://shop.example")["telegram web hook"].ok


def test_a_bot_that_reads_all_of_a_group_is_told(fake: FakeTelegram) -> None:
    fake.reads_groups = True
    assert "/setprivacy" in findings(fake)["telegram privacy"].advice
