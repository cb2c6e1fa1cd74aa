"""The whole story, as a customer and as staff live it: text, photo and voice note, in both languages, then the console.

Everything is real: the program as ``make run`` starts it, Rasa, the models, the browser. ``make pictures`` puts two of
the pictures taken here into the documents.
"""

from __future__ import annotations

import re
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from perception.audio import decode as decode_audio
from tests.browser.console_pages import sign_in
from tests.browser.parcel_label import label_with
from tests.browser.widget_page import DESKTOP, PHONE, WidgetPage
from tests.whole import Whole

pytestmark = pytest.mark.timeout(1500)

MEDIA = Path(__file__).parents[1] / "media"
SLOW_S = 60
"""Patience for hearing and seeing on a busy machine."""


@pytest.fixture
def label(tmp_path: Path) -> Path:
    """A photo of a parcel label whose QR code holds an order number."""
    path = tmp_path / "label.png"
    path.write_bytes(label_with("A1024"))
    return path


@pytest.fixture
def chinese_note(tmp_path: Path) -> Path:
    """A Chinese voice note in the form that a fake microphone takes."""
    samples = decode_audio((MEDIA / "where_is_my_order_zh.ogg").read_bytes())
    path = tmp_path / "zh.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return path


def visit(context: BrowserContext, program: Whole, language: str) -> WidgetPage:
    page = context.new_page()
    widget = WidgetPage(page, "en" if page.evaluate("navigator.language").startswith("en") else "zh")
    widget.visit(program.base_url).open()
    return widget if widget.language == language else widget.switch_language()


def settle(widget: WidgetPage) -> None:
    """Lets what has just appeared come to rest, for the picture."""
    widget.page.wait_for_timeout(400)


def test_an_english_customer_writes_shows_and_speaks(
    program: Whole, launch: Callable[[Path], Browser], label: Path, screenshots: Path
) -> None:
    context = launch(MEDIA / "where_is_my_order.wav").new_context(locale="en-GB", viewport=DESKTOP)
    widget = visit(context, program, "en")
    widget.send("hello")
    widget.expect_bot(re.compile("."))
    widget.send("where is my order A1024?")
    widget.expect_bot(re.compile("e-?mail|phone", re.IGNORECASE))
    widget.send("mia.turner@example.com")
    widget.expect_bot(re.compile("A1024.*on its way", re.DOTALL))
    settle(widget)
    widget.page.screenshot(path=screenshots / "widget.png")

    widget.attach(label)
    widget.press_send()
    widget.expect_bot(re.compile("A1024.*is it about this one", re.IGNORECASE | re.DOTALL), timeout_s=SLOW_S)
    widget.page.screenshot(path=screenshots / "story-en-photo.png")

    widget.record(5)
    widget.press_send()
    expect(widget.log.get_by_text(re.compile("I heard: .+"))).to_be_visible(timeout=SLOW_S * 1000)
    widget.page.screenshot(path=screenshots / "story-en-voice.png")

    widget.send("goodbye")
    widget.expect_bot(re.compile("bye|day", re.IGNORECASE), timeout_s=SLOW_S)
    widget.rate(5, "quick and clear")
    expect(widget.panel.get_by_role("heading").first).to_be_in_viewport()
    assert widget.panel.evaluate("panel => panel.scrollTop") == 0
    widget.page.screenshot(path=screenshots / "story-en-end.png")
    context.close()


def test_a_chinese_customer_writes_shows_and_speaks_on_a_phone(
    program: Whole, launch: Callable[[Path], Browser], label: Path, chinese_note: Path, screenshots: Path
) -> None:
    context = launch(chinese_note).new_context(locale="zh-CN", viewport=PHONE)
    widget = visit(context, program, "zh")
    widget.send("你好")
    widget.expect_bot(re.compile("您好"))
    widget.send("我的订单A2031到哪里了")
    widget.expect_bot(re.compile("邮箱|手机|电话"))
    widget.send("li.xiaoyu@example.com")
    widget.expect_bot(re.compile("A2031.*运输途中", re.DOTALL))
    settle(widget)
    widget.page.screenshot(path=screenshots / "story-zh-text.png")

    widget.attach(label)
    widget.press_send()
    widget.expect_bot(re.compile("A1024"), timeout_s=SLOW_S)
    widget.record(4)
    widget.press_send()
    widget.expect_bot(re.compile("语音"), timeout_s=SLOW_S)
    widget.page.screenshot(path=screenshots / "story-zh-voice.png")
    widget.send("转人工")
    widget.expect_bot(re.compile("人工|同事|客服"))
    widget.page.screenshot(path=screenshots / "story-zh-human.png")
    context.close()


def test_staff_find_both_conversations_with_what_was_said_seen_and_heard(
    program: Whole, browser: Browser, screenshots: Path
) -> None:
    context = browser.new_context(locale="en-GB", viewport={"width": 1440, "height": 900})
    page = context.new_page()
    sign_in(page, program)
    page.screenshot(path=screenshots / "story-console-list.png")
    rated = page.locator(".entry").filter(has_text="Mia Turner").first
    expect(rated).to_be_visible()
    rated.click()
    log = page.get_by_role("log")
    expect(log.get_by_text("where is my order A1024?")).to_be_visible()
    expect(log.locator(".photo").first).to_contain_text("A1024")
    expect(log.locator(".voice").first).to_contain_text("Heard")
    page.screenshot(path=screenshots / "console.png")
    page.go_back()
    page.locator(".entry").filter(has_text="李").first.click()
    expect(page.get_by_role("log").locator(".voice").first).to_be_visible()
    page.screenshot(path=screenshots / "story-console-zh.png")
    context.close()


def test_staff_take_over_and_the_customer_reads_their_answer(
    program: Whole, browser: Browser, new_context: Callable[..., BrowserContext]
) -> None:
    widget = visit(new_context(), program, "en")
    widget.send("I want to talk to a human")
    widget.expect_bot(re.compile("colleague|human|person", re.IGNORECASE))
    desk = browser.new_context(locale="en-GB", viewport={"width": 1440, "height": 900})
    page = desk.new_page()
    sign_in(page, program)
    page.locator(".entry").first.click()
    page.get_by_role("button", name=re.compile("^Take over")).click()
    page.get_by_role("textbox").last.fill("Hello, this is Ana. How can I help?")
    page.get_by_role("button", name=re.compile("^Send")).click()
    widget.expect_staff("this is Ana", timeout_s=SLOW_S)
    widget.send("thank you Ana")
    expect(page.get_by_role("log").get_by_text("thank you Ana")).to_be_visible(timeout=SLOW_S * 1000)
    desk.close()
