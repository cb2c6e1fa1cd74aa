"""The widget as a visitor meets it: by roles and names, in either language. Knows no server."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 860}

NAMES = {
    "en": {
        "open": re.compile("^Open chat"),
        "close": "Close chat",
        "write": "Write a message",
        "send": "Send",
        "record": "Record a voice note",
        "stop": "Stop and listen to it",
        "discard": "Discard the recording",
        "log": "Conversation",
        "rate": "Send rating",
        "comment": re.compile("^Anything you would like to add"),
    },
    "zh": {
        "open": re.compile("^打开聊天"),
        "close": "关闭聊天",
        "write": "请输入消息",
        "send": "发送",
        "record": "录制语音",
        "stop": "停止并试听",
        "discard": "放弃录音",
        "log": "对话内容",
        "rate": "提交评价",
        "comment": re.compile("^您还有什么想补充的吗"),
    },
}


class WidgetPage:
    """One browser page with the widget on it. ``language`` is the one the widget shows."""

    def __init__(self, page: Page, language: str = "en") -> None:
        self.page = page
        self.language = language
        self.root = page.locator("#crmbot-widget")

    def name(self, key: str) -> str | re.Pattern[str]:
        return NAMES[self.language][key]

    def button(self, key: str) -> Locator:
        return self.root.get_by_role("button", name=self.name(key), exact=True)

    @property
    def launcher(self) -> Locator:
        return self.root.locator(".launcher")

    @property
    def panel(self) -> Locator:
        return self.root.get_by_role("dialog").first

    @property
    def log(self) -> Locator:
        return self.root.get_by_role("log", name=self.name("log"))

    @property
    def input(self) -> Locator:
        return self.root.get_by_role("textbox", name=self.name("write"))

    def messages(self, author: str | None = None) -> Locator:
        """The messages shown, oldest first; the welcome is not one of them."""
        return self.log.locator(f".message{'.' + author if author else ''}:not(.welcome)")

    # -- what a visitor does

    def visit(self, url: str) -> WidgetPage:
        self.page.goto(url)
        self.launcher.wait_for()
        return self

    def open(self) -> WidgetPage:
        if not self.panel.is_visible():
            self.button("open").click()
        expect(self.input).to_be_visible()
        return self

    def close(self) -> None:
        self.panel.get_by_role("button", name=self.name("close"), exact=True).click()

    def switch_language(self) -> WidgetPage:
        """Presses the panel's language button."""
        self.panel.locator(".switch").click()
        self.language = "zh" if self.language == "en" else "en"
        return self

    def send(self, text: str) -> None:
        self.input.fill(text)
        self.button("send").click()
        expect(self.input).to_have_value("")

    def choose(self, title: str) -> None:
        """Presses a button of a bot message."""
        self.log.get_by_role("button", name=title, exact=True).last.click()

    def attach(self, path: Path | str) -> None:
        """Adds a photo or sound file to what is sent next."""
        self.root.locator("input[type=file]").first.set_input_files(str(path))
        expect(self.root.locator(".pending").last).to_be_visible()

    def record(self, seconds: float) -> None:
        """Records a voice note of this length; it waits, ready to be sent."""
        self.button("record").click()
        expect(self.button("stop")).to_be_visible()
        self.page.wait_for_timeout(seconds * 1000)
        self.button("stop").click()
        expect(self.root.locator(".pending.audio")).to_be_visible()

    def press_send(self) -> None:
        self.button("send").click()

    def rate(self, score: int, comment: str = "") -> None:
        self.log.get_by_role("radio").nth(score - 1).check(force=True)
        if comment:
            self.log.get_by_role("textbox", name=self.name("comment")).fill(comment)
        self.log.get_by_role("button", name=self.name("rate")).click()

    # -- what a visitor sees

    def expect_bot(self, text: str | re.Pattern[str], timeout_s: float = 10) -> Locator:
        """Waits for a message of the bot with this text in it."""
        return self._expect("bot", text, timeout_s)

    def expect_staff(self, text: str | re.Pattern[str], timeout_s: float = 10) -> Locator:
        return self._expect("staff", text, timeout_s)

    def expect_own(self, text: str | re.Pattern[str], timeout_s: float = 10) -> Locator:
        """Waits until a message of the visitor's own with this text is shown as sent."""
        found = self._expect("customer", text, timeout_s)
        expect(found).to_have_class(re.compile(r"\bsent\b"), timeout=timeout_s * 1000)
        return found

    def _expect(self, author: str, text: str | re.Pattern[str], timeout_s: float) -> Locator:
        found = self.messages(author).filter(has_text=text).last
        expect(found).to_be_visible(timeout=timeout_s * 1000)
        return found
