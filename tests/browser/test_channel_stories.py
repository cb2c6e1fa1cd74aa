"""Whole stories on Telegram and on Slack, in both languages: text, voice note and photo, then what staff see of them.

Everything of ours is real, and so are the vendors' libraries; the vendors are played on loopback.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from sqlalchemy import select

from bot.settings import PROJECT
from crm.models import Conversation, Identity, IdentityLink, Ticket
from tests.browser.console_pages import sign_in
from tests.browser.parcel_label import label_with
from tests.contract.channels.driver import MEDIA, Customer
from tests.contract.channels.slack import SlackDriver
from tests.contract.channels.telegram import TelegramCustomer, TelegramDriver
from tests.serving import wait_until
from tests.vendors.slack import FakeSlack
from tests.vendors.telegram import FakeTelegram
from tests.whole import Whole

pytestmark = pytest.mark.timeout(1500)

SLOW_S = 60
"""Patience for hearing and seeing on a busy machine."""
TRANSCRIPTS = PROJECT / "build" / "transcripts"
"""The stories as their customers lived them, to be read."""
ENGLISH_NOTE = (MEDIA / "where_is_my_order.ogg").read_bytes()
CHINESE_NOTE = (MEDIA / "where_is_my_order_zh.ogg").read_bytes()


@dataclass
class Talk:
    """A customer's conversation as they live it; ``lines`` is what was said."""

    customer: Customer
    lines: list[str] = field(default_factory=list)
    read: int = 0

    def says(self, text: str) -> None:
        self.lines.append(f"> {text}")
        self.customer.send_text(text)

    def presses(self, title: str) -> None:
        self.lines.append(f"> [{title}]")
        self.customer.press(title)

    def sends_voice(self, data: bytes) -> None:
        self.lines.append("> (voice note)")
        self.customer.send_voice(data)

    def sends_photo(self, data: bytes) -> None:
        self.lines.append("> (photo)")
        self.customer.send_photo(data)

    def hears(self, pattern: str) -> str:
        """What the shop answers, once it has said what is awaited."""
        deadline = time.monotonic() + SLOW_S
        heard = ""
        while time.monotonic() < deadline:
            fresh = self.customer.seen()[self.read :]
            heard = "\n".join(each.text for each in fresh)
            if re.search(pattern, heard, re.IGNORECASE | re.DOTALL):
                self.read += len(fresh)
                self.lines += [f"< {each.text}  {list(each.buttons) or ''}" for each in fresh]
                return heard
            time.sleep(0.05)
        raise AssertionError(f"{pattern!r} was awaited after:\n" + "\n".join(self.lines) + f"\ngot: {heard}")


def english_on_telegram(talk: Talk) -> None:
    assert isinstance(talk.customer, TelegramCustomer)
    talk.says("/start")
    talk.hears("assistant")
    talk.says("where is my order A1024?")
    talk.hears("e-?mail|phone")
    assert talk.customer.seen()[-1].buttons == ("Share my phone number", "Talk to a person", "Stop")
    talk.lines.append("> (own contact)")
    talk.customer.person.contact("447700900123")
    talk.hears("A1024.*on its way")
    the_rest_in_english(talk)


def english_on_slack(talk: Talk) -> None:
    talk.says("hello")
    talk.hears("assistant")
    talk.says("where is my order A1024?")
    talk.hears("e-?mail|phone")
    talk.says("mia.turner@example.com")
    talk.hears("A1024.*on its way")
    the_rest_in_english(talk)


def the_rest_in_english(talk: Talk) -> None:
    talk.sends_voice(ENGLISH_NOTE)
    talk.hears("A1024")
    talk.sends_photo(label_with("A1024"))
    talk.hears("A1024.*is it about this one")
    talk.presses("Report a problem")
    talk.hears("what happened")
    talk.says("the box arrived crushed and the kettle leaks")
    talk.hears(r"T-\d+")
    talk.says("goodbye")
    talk.hears("bye|day")


def chinese_on_telegram(talk: Talk) -> None:
    talk.says("/start")
    talk.hears("您好")
    chinese(talk)


def chinese_on_slack(talk: Talk) -> None:
    talk.says("你好")
    talk.hears("您好")
    chinese(talk)


def chinese(talk: Talk) -> None:
    talk.says("我的订单A2031到哪里了")
    talk.hears("邮箱|手机|电话")
    talk.says("li.xiaoyu@example.com")
    talk.hears("A2031.*运输途中")
    talk.sends_voice(CHINESE_NOTE)
    talk.hears("语音")
    talk.sends_photo(label_with("A2031"))
    talk.hears("A2031")
    talk.presses("反映问题")
    talk.hears("发生了什么")
    talk.says("吹风机坏了，不出热风")
    talk.hears(r"T-\d+")
    talk.says("再见")
    talk.hears("再见|祝您")


@pytest.fixture(scope="module")
def talks(
    program: Whole, telegram_vendor: FakeTelegram, slack_vendor: FakeSlack, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Talk]:
    """The four stories, lived at the same time; each ended as its customer wished."""
    telegram = TelegramDriver(tmp_path_factory.mktemp("telegram"), vendor=telegram_vendor)
    slack = SlackDriver(tmp_path_factory.mktemp("slack"), vendor=slack_vendor)
    slack_vendor.wait_for_connection()
    stories: dict[str, tuple[Callable[[Talk], None], Talk]] = {
        "telegram en": (english_on_telegram, Talk(telegram.newcomer("en"))),
        "telegram zh": (chinese_on_telegram, Talk(telegram.newcomer("zh-hans"))),
        "slack en": (english_on_slack, Talk(slack.newcomer("en-GB"))),
        "slack zh": (chinese_on_slack, Talk(slack.newcomer("zh-CN"))),
    }
    with ThreadPoolExecutor(len(stories)) as pool:
        for lived in [pool.submit(story, talk) for story, talk in stories.values()]:
            lived.result()
    TRANSCRIPTS.mkdir(parents=True, exist_ok=True)
    for name, (_, talk) in stories.items():
        (TRANSCRIPTS / f"{name.replace(' ', '-')}.txt").write_text("\n".join(talk.lines), "utf-8")
    return {name: talk for name, (_, talk) in stories.items()}


@pytest.mark.parametrize("name", ["telegram en", "telegram zh", "slack en", "slack zh"])
def test_a_story_leaves_an_order_told_a_ticket_and_a_score(program: Whole, talks: dict[str, Talk], name: str) -> None:
    channel, language = name.split()
    with program.database() as database, database.reading() as session:
        conversation = session.scalars(
            select(Conversation)
            .join(Identity, Identity.id == Conversation.identity_id)
            .where(talks[name].customer.identity())
        ).one()
        assert (conversation.channel, conversation.language) == (channel, language)
        assert conversation.close_reason == "goodbye"
        customer = conversation.customer or conversation.identity.customer
        assert customer is not None
        assert customer.ref == ("C-1001" if language == "en" else "C-2001")
        done = {message.done for message in conversation.messages}
        assert {"order_status_told", "ticket_opened", "goodbye"} <= done
        ticket = session.scalars(select(Ticket).where(Ticket.conversation_id == conversation.id)).one()
        assert [attachment.kind for attachment in ticket.attachments].count("image") == 1
        heard = [each for message in conversation.messages for each in message.attachments if each.kind == "audio"]
        assert [bool(each.transcript) for each in heard] == [language == "en"]
        if channel == "telegram" and language == "en":
            links = session.scalars(select(IdentityLink).where(IdentityLink.identity_id == conversation.identity_id))
            assert [link.proof for link in links] == ["phone"]


def test_every_story_is_scored(program: Whole, talks: dict[str, Talk]) -> None:
    def scores() -> list[int]:
        with program.database() as database, database.reading() as session:
            found = []
            for talk in talks.values():
                query = select(Conversation).join(Identity, Identity.id == Conversation.identity_id)
                found.append(len(session.scalars(query.where(talk.customer.identity())).one().scores))
            return found

    wait_until(lambda: min(scores()) >= 1)


@pytest.mark.parametrize(
    ("channel", "customer", "said"),
    [("Telegram", "Mia Turner", "where is my order A1024?"), ("Slack", "李晓雨", "我的订单A2031到哪里了")],
    ids=["telegram en", "slack zh"],
)
def test_staff_read_the_story_in_the_console(
    program: Whole,
    talks: dict[str, Talk],
    browser: Browser,
    screenshots: Path,
    channel: str,
    customer: str,
    said: str,
) -> None:
    context = browser.new_context(locale="en-GB", viewport={"width": 1440, "height": 1100})
    page = context.new_page()
    sign_in(page, program)
    page.screenshot(path=screenshots / f"channel-story-list-{channel.lower()}.png")
    page.locator(".entry").filter(has_text=customer).filter(has_text=channel).first.click()
    log = page.get_by_role("log")
    expect(log.get_by_text(said)).to_be_visible()
    expect(log.locator(".photo").first).to_be_visible()
    expect(log.locator(".voice").first).to_be_visible()
    page.screenshot(path=screenshots / f"channel-story-{channel.lower()}.png", full_page=True)
    context.close()
