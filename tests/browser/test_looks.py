"""The widget's looks: a whole conversation in both languages, at phone and desktop width, light and dark.

Each is left as a picture in build/screenshots for people to look at; held here is that nothing runs over its edge.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import BrowserContext, Locator, expect

from tests.browser.fake_server import FakeChatServer, Refusal
from tests.browser.widget_page import DESKTOP, PHONE, WidgetPage

STORY = {
    "en": {
        "locale": "en-GB",
        "ask": "Hello, where is my order A1024?",
        "answer": "Your order A1024 left our store on Tuesday and should reach you tomorrow.\n"
        "You can follow it here: https://parcels.example/track/7781",
        "buttons": ["Show what is in it", "Change the address", "Something is wrong"],
        "caption": "It arrived like this.",
        "seen": "I see order A1024. Is it about this one?",
        "heard": "can I return the mug",
        "staff": "Hello, this is Anna. I have sent you a return label.",
        "bye": "Thank you, goodbye",
        "survey": "Thank you for talking to us. How satisfied are you?",
        "draft": "One more thing",
    },
    "zh": {
        "locale": "zh-CN",
        "ask": "您好，我的订单A1024到哪里了？",
        "answer": "您的订单A1024已于周二发出，预计明天送达。\n物流信息：https://parcels.example/track/7781",
        "buttons": ["查看商品", "修改地址", "反映问题"],
        "caption": "收到的时候就是这样。",
        "seen": "我看到订单A1024，是这个订单吗？",
        "heard": "杯子可以退货吗",
        "staff": "您好，我是小安，退货标签已经发给您了。",
        "bye": "谢谢，再见",
        "survey": "感谢您的咨询。您对这次服务满意吗？",
        "draft": "还有一件事",
    },
}


@pytest.fixture
def label(tmp_path: Path) -> Path:
    path = tmp_path / "label.png"
    image = Image.new("RGB", (480, 320), (247, 243, 235))
    draw = ImageDraw.Draw(image)
    draw.rectangle((30, 30, 450, 290), outline=(40, 40, 40), width=4)
    for left in range(60, 420, 14):
        draw.rectangle((left, 180, left + (3 if left % 28 else 8), 270), fill=(20, 20, 20))
    draw.text((60, 60), "HARBOUR & PINE   A1024", fill=(20, 20, 20), font_size=28)
    image.save(path)
    return path


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", ["phone", "desktop"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_conversation_fits(
    new_context: Callable[..., BrowserContext],
    server: FakeChatServer,
    label: Path,
    screenshots: Path,
    language: str,
    width: str,
    scheme: str,
) -> None:
    phone = width == "phone"
    words = STORY[language]
    context = new_context(
        locale=words["locale"],
        viewport=PHONE if phone else DESKTOP,
        has_touch=phone,
        is_mobile=phone,
        color_scheme=scheme,
        reduced_motion="reduce",
        device_scale_factor=2 if phone else 1,
    )
    widget = WidgetPage(context.new_page(), language).visit(server.url)
    names = iter(f"widget-{language}-{width}-{scheme}-{n}-{part}.png" for n, part in enumerate(PARTS, 1))

    def picture() -> None:
        widget.page.screenshot(path=str(screenshots / next(names)))
        assert_fits(widget.panel)

    widget.page.screenshot(path=str(screenshots / next(names)), full_page=True)
    widget.open()
    picture()
    talk_about_an_order(widget, server, words)
    picture()
    send_photo_and_voice(widget, server, words, label, picture)
    picture()
    say_goodbye(widget, server, words)
    picture()
    have_trouble(widget, server, words)
    picture()


PARTS = ["page", "welcome", "order", "composer", "media", "goodbye", "trouble"]


def talk_about_an_order(widget: WidgetPage, server: FakeChatServer, words: dict[str, object]) -> None:
    widget.send(str(words["ask"]))
    widget.expect_own(str(words["ask"]))
    titles = words["buttons"]
    assert isinstance(titles, list)
    server.say(str(words["answer"]), buttons=[{"title": title, "payload": f"/{title}"} for title in titles])
    widget.expect_bot(str(words["answer"]).splitlines()[0])


def send_photo_and_voice(
    widget: WidgetPage, server: FakeChatServer, words: dict[str, object], label: Path, picture: Callable[[], None]
) -> None:
    widget.attach(label)
    widget.record(1.2)
    widget.input.fill(str(words["caption"]))
    picture()
    widget.press_send()
    widget.expect_own(str(words["caption"]))
    expect(widget.messages("customer").locator(".player")).to_be_visible()
    expect(widget.messages("customer").last).to_have_class("message customer sent")
    server.hear(str(words["heard"]))
    server.say(str(words["seen"]))
    widget.expect_bot(str(words["seen"]))
    server.type()
    expect(widget.root.locator(".typing")).to_be_visible()


def say_goodbye(widget: WidgetPage, server: FakeChatServer, words: dict[str, object]) -> None:
    server.say(str(words["staff"]), author="staff")
    widget.expect_staff(str(words["staff"]))
    widget.send(str(words["bye"]))
    widget.expect_own(str(words["bye"]))
    server.say(str(words["survey"]), survey=True)
    widget.expect_bot(str(words["survey"]))
    widget.log.get_by_role("radio").nth(3).check(force=True)


def have_trouble(widget: WidgetPage, server: FakeChatServer, words: dict[str, object]) -> None:
    server.refusals = [Refusal(422, "unprocessable"), Refusal(503, "not_ready")]
    widget.send("…" * 20)
    expect(widget.root.locator(".message.failed")).to_be_visible()
    widget.send(str(words["draft"]))
    expect(widget.root.locator(".message.waiting")).to_be_visible()
    widget.input.fill("w" * 4012)


def assert_fits(panel: Locator) -> None:
    """Nothing of the panel is wider than the panel, and no text runs out of its box."""
    too_wide = panel.evaluate(
        """panel => {
            const edge = panel.getBoundingClientRect();
            return [...panel.querySelectorAll("*:not(.hidden, option)")].filter(node => node.offsetParent)
                .map(node => [node.className, node.getBoundingClientRect()])
                .filter(([, box]) => box.left < edge.left - 1 || box.right > edge.right + 1)
                .map(([name]) => name);
        }"""
    )
    assert too_wide == []
