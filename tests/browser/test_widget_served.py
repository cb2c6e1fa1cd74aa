"""The widget spoken to by the real server: its protocol, its inbox and its stream; only the dialogue is given."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, Route, expect

from tests.browser.apart import apart
from tests.browser.widget_page import WidgetPage
from tests.serving import Serving, serving

PAGE = "<!doctype html><html lang=en><title>A shop</title><h1>A shop</h1><script src=/widget.js async></script>"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    with apart(serving(tmp_path_factory.mktemp("site"))) as running:
        yield running


@pytest.fixture
def talk(page: Page, served: Serving) -> WidgetPage:
    def shop(route: Route) -> None:
        route.fulfill(body=PAGE, content_type="text/html")

    page.route(f"{served.base_url}/shop", shop)
    return WidgetPage(page).visit(f"{served.base_url}/shop").open()


def test_words_buttons_and_history(talk: WidgetPage) -> None:
    talk.send("hello there")
    talk.expect_own("hello there")
    talk.expect_bot("You said: hello there")
    talk.send("buttons")
    talk.expect_bot("Which?")
    talk.choose("The first")
    talk.expect_own("The first")
    talk.expect_bot("You said: /choose")
    talk.page.reload()
    talk.expect_bot("You said: /choose")
    texts = ["hello there", "You said: hello there", "buttons", "Which?", "The first"]
    expect(talk.messages().locator(".text")).to_have_text([*texts, 'You said: /choose{"which": "1"}'])


def test_a_voice_note_is_heard(talk: WidgetPage) -> None:
    talk.record(1.2)
    talk.press_send()
    talk.expect_own("I heard: “where is my order”", timeout_s=20)
    talk.expect_bot("You said: where is my order")
    expect(talk.messages("customer").get_by_role("button", name="Play")).to_be_visible()
    talk.page.reload()
    talk.expect_own("I heard: “where is my order”")
    expect(talk.messages("customer").locator(".player-time")).to_have_text("0:01")


def test_a_photo_is_kept_and_a_false_one_refused(talk: WidgetPage, tmp_path: Path) -> None:
    photo, false = tmp_path / "label.png", tmp_path / "false.png"
    Image.new("RGB", (64, 48), (200, 30, 30)).save(photo)
    false.write_bytes(b"this is no picture")
    talk.attach(photo)
    talk.press_send()
    talk.expect_own("")
    talk.page.reload()
    image = talk.log.get_by_role("img", name="Photo you sent")
    expect(image).to_be_visible()
    expect(image).to_have_js_property("naturalWidth", 64)
    talk.root.locator("input[type=file]").first.set_input_files(str(false))
    talk.press_send()
    expect(talk.root.get_by_text("we cannot open this kind of file")).to_be_visible()


def test_a_goodbye_is_rated(talk: WidgetPage) -> None:
    talk.send("goodbye")
    talk.expect_bot("Bye.")
    talk.rate(5, "kind")
    expect(talk.log.get_by_text("Thank you for your rating.")).to_be_visible()
