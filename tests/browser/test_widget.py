"""The widget against a small server of protocol v1: every way of talking, in both languages, and what goes wrong."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.fake_server import BARE_POLICY, FakeChatServer, Refusal
from tests.browser.widget_page import PHONE, WidgetPage


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "label.png"
    Image.new("RGB", (320, 200), (28, 90, 85)).save(path)
    return path


@pytest.fixture(autouse=True)
def no_page_errors(page: Page) -> Any:
    """No test may leave an uncaught error on the page."""
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield
    assert errors == []


def eventually(condition: Callable[[], Any], page: Page, timeout_s: float = 8) -> None:
    """Waits for what the page itself does not show."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        page.wait_for_timeout(50)


# -- talking


def test_nothing_is_asked_of_the_server_before_the_visitor_writes(widget: WidgetPage, server: FakeChatServer) -> None:
    widget.open()
    expect(widget.log).to_contain_text("Hello! I can look up an order")
    assert server.calls == ["GET /page", "GET /widget.js"]


def test_a_message_is_sent_and_answered(widget: WidgetPage, server: FakeChatServer) -> None:
    server.answer = lambda message: server.say(f"You wrote: {message['text']}")
    widget.open().send("Where is my order?")
    widget.expect_own("Where is my order?")
    widget.expect_bot("You wrote: Where is my order?")
    assert [body["text"] for body in server.received] == ["Where is my order?"]
    assert server.last.language == "en"
    expect(widget.messages()).to_have_count(2)


def test_messages_stand_in_the_order_of_seq_and_repeats_are_ignored(widget: WidgetPage, server: FakeChatServer) -> None:
    widget.open().send("one")
    widget.expect_own("one")
    last = server.say("two")
    server.change(last)
    server.say("three")
    server.change(last)
    widget.expect_bot("three")
    expect(widget.messages().locator(".text")).to_have_text(["one", "two", "three"])


def test_a_gap_in_the_stream_is_read_again(widget: WidgetPage, server: FakeChatServer) -> None:
    widget.open().send("one")
    widget.expect_own("one")
    thread, token = server.last, server.last_token
    thread.messages.append(thread.messages[0] | {"seq": 2, "message_id": "missed", "author": "bot", "text": "two"})
    server.say("three", token=token)
    widget.expect_bot("three")
    expect(widget.messages().locator(".text")).to_have_text(["one", "two", "three"])


def test_typing_is_shown_until_the_answer(widget: WidgetPage, server: FakeChatServer) -> None:
    widget.open().send("hello")
    widget.expect_own("hello")
    eventually(lambda: server._streams, widget.page)
    server.type()
    expect(widget.root.get_by_text("The assistant is writing")).to_be_visible()
    server.say("Hello!")
    widget.expect_bot("Hello!")
    expect(widget.root.get_by_text("The assistant is writing")).to_be_hidden()


def test_buttons_send_their_payload_once(widget: WidgetPage, server: FakeChatServer) -> None:
    widget.open().send("cancel it")
    widget.expect_own("cancel it")
    server.say(
        "Shall I?", buttons=[{"title": "Yes, please", "payload": "/affirm"}, {"title": "No", "payload": "/deny"}]
    )
    widget.choose("Yes, please")
    widget.expect_own("Yes, please")
    assert server.received[-1]["payload"] == "/affirm"
    assert "text" not in server.received[-1]
    for title in ("Yes, please", "No"):
        expect(widget.log.get_by_role("button", name=title, exact=True)).to_be_disabled()
    expect(widget.input).to_be_focused()


def test_buttons_stay_used_after_a_reload(widget: WidgetPage, server: FakeChatServer) -> None:
    widget.open().send("cancel it")
    widget.expect_own("cancel it")
    server.say("Shall I?", buttons=[{"title": "Yes", "payload": "/affirm"}])
    widget.choose("Yes")
    widget.expect_own("Yes")
    widget.page.reload()
    expect(widget.log.get_by_role("button", name="Yes", exact=True)).to_be_disabled()


def test_staff_are_told_from_the_assistant(widget: WidgetPage, server: FakeChatServer) -> None:
    widget.open().send("a person, please")
    widget.expect_own("a person, please")
    server.say("Hello, this is Anna.", author="staff")
    expect(widget.expect_staff("this is Anna").get_by_text("Team member")).to_be_visible()


def test_starters_are_ordinary_messages(widget: WidgetPage, server: FakeChatServer) -> None:
    widget.open().root.get_by_role("button", name="Where is my order?").click()
    widget.expect_own("Where is my order?")
    assert server.received[-1]["text"] == "Where is my order?"
    expect(widget.root.get_by_role("button", name="Where is my order?")).to_be_hidden()


# -- photos and voice


def test_a_photo_is_previewed_sent_and_shown(widget: WidgetPage, server: FakeChatServer, photo: Path) -> None:
    widget.open().attach(photo)
    expect(widget.root.get_by_role("img", name="Preview of label.png")).to_be_visible()
    widget.input.fill("the label")
    widget.press_send()
    own = widget.expect_own("the label")
    expect(own.get_by_role("img", name="Photo you sent")).to_be_visible()
    assert server.uploads == [("label.png", "image/png", photo.read_bytes())]
    assert server.received[-1]["text"] == "the label"
    expect(widget.root.locator(".pending")).to_have_count(0)


def test_a_preview_can_be_removed(widget: WidgetPage, server: FakeChatServer, photo: Path) -> None:
    widget.open().attach(photo)
    widget.root.get_by_role("button", name="Remove label.png").click()
    expect(widget.root.locator(".pending")).to_have_count(0)
    expect(widget.button("send")).to_be_disabled()


@pytest.mark.parametrize("how", ["paste", "drop"])
def test_photos_are_pasted_and_dropped(widget: WidgetPage, server: FakeChatServer, photo: Path, how: str) -> None:
    widget.open()
    target = widget.input if how == "paste" else widget.panel
    target.evaluate(
        """(node, {how, bytes}) => {
            const data = new DataTransfer();
            data.items.add(new File([new Uint8Array(bytes)], "pasted.png", {type: "image/png"}));
            const options = {bubbles: true, cancelable: true, composed: true};
            node.dispatchEvent(how === "paste"
                ? new ClipboardEvent("paste", {...options, clipboardData: data})
                : new DragEvent("drop", {...options, dataTransfer: data}));
        }""",
        {"how": how, "bytes": list(photo.read_bytes())},
    )
    expect(widget.root.get_by_role("img", name="Preview of pasted.png")).to_be_visible()
    widget.press_send()
    widget.expect_own("")
    expect(widget.log.get_by_role("img", name="Photo you sent")).to_be_visible()
    assert server.uploads[0][2] == photo.read_bytes()


def test_several_photos_are_several_messages(widget: WidgetPage, server: FakeChatServer, photo: Path) -> None:
    widget.open().attach(photo)
    widget.attach(photo)
    widget.input.fill("both sides")
    widget.press_send()
    expect(widget.log.get_by_role("img", name="Photo you sent")).to_have_count(2)
    eventually(lambda: len(server.received) == 2, widget.page)
    assert [body.get("text") for body in server.received] == ["both sides", None]


def test_a_photo_is_shown_again_after_a_reload_with_the_token(
    widget: WidgetPage, server: FakeChatServer, photo: Path
) -> None:
    widget.open().attach(photo)
    widget.press_send()
    widget.expect_own("")
    widget.page.reload()
    image = widget.log.get_by_role("img", name="Photo you sent")
    expect(image).to_be_visible()
    eventually(lambda: image.evaluate("image => image.naturalWidth") == 320, widget.page)
    assert any(call.startswith("GET /v1/chat/attachments/") for call in server.calls)


def test_a_photo_of_ours_can_be_enlarged_by_keyboard(widget: WidgetPage, server: FakeChatServer, photo: Path) -> None:
    widget.open().send("show me")
    widget.expect_own("show me")
    server.say("Here it is.", attachments=[server.add_media("image", "image/png", photo.read_bytes())])
    image = widget.log.get_by_role("img", name="Photo we sent you")
    expect(image).to_be_visible()
    widget.log.get_by_role("button", name="Photo we sent you").press("Enter")
    expect(widget.root.locator("dialog.lightbox")).to_be_visible()
    widget.page.keyboard.press("Escape")
    expect(widget.root.locator("dialog.lightbox")).to_be_hidden()
    expect(widget.panel).to_be_visible()


def test_a_voice_note_is_recorded_heard_again_and_sent(widget: WidgetPage, server: FakeChatServer) -> None:
    widget.open().record(1.5)
    expect(widget.root.locator(".pending.audio .player-time")).to_have_text(re.compile("0:0[12]"))
    widget.press_send()
    expect(widget.messages("customer").get_by_role("button", name="Play")).to_be_visible()
    eventually(lambda: server.uploads, widget.page)
    name, kind, data = server.uploads[0]
    assert (name, kind) == ("voice-note.webm", "audio/webm")
    assert data.startswith(b"\x1aE\xdf\xa3")
    assert len(data) > 2000
    server.hear("where is my order")
    expect(widget.messages("customer")).to_contain_text("I heard: “where is my order”")
    expect(widget.messages("customer")).to_have_count(1)


def test_a_transcript_arrives_by_long_polling_too(widget: WidgetPage, server: FakeChatServer) -> None:
    server.sockets_allowed = False
    widget.open().record(1)
    widget.press_send()
    eventually(lambda: server.last.messages if server.threads else None, widget.page)
    server.last.messages[0]["attachments"][0]["transcript"] = "hello"
    server.say("Hello to you.")
    widget.expect_bot("Hello to you.", timeout_s=15)
    expect(widget.messages("customer")).to_contain_text("I heard: “hello”", timeout=15_000)


def test_the_send_button_ends_a_recording_and_sends_it(widget: WidgetPage, server: FakeChatServer) -> None:
    widget.open().button("record").click()
    expect(widget.root.get_by_role("timer")).to_have_text("0:01")
    widget.press_send()
    expect(widget.messages("customer").get_by_role("button", name="Play")).to_be_visible()


def test_a_recording_can_be_discarded(widget: WidgetPage, server: FakeChatServer) -> None:
    widget.open().button("record").click()
    widget.button("discard").click()
    expect(widget.input).to_be_visible()
    expect(widget.root.locator(".pending")).to_have_count(0)
    widget.button("record").click()
    expect(widget.button("stop")).to_be_focused()
    widget.page.keyboard.press("Escape")
    expect(widget.button("record")).to_be_focused()
    expect(widget.panel).to_be_visible()


@pytest.mark.parametrize(
    ("error", "words"),
    [("NotAllowedError", "The microphone is blocked."), ("NotFoundError", "No microphone was found.")],
)
def test_a_missing_microphone_is_said_plainly(page: Page, server: FakeChatServer, error: str, words: str) -> None:
    refuse = f'navigator.mediaDevices.getUserMedia = async () => {{ throw new DOMException("", "{error}"); }}'
    page.add_init_script(refuse)
    widget = WidgetPage(page).visit(f"{server.url}/page").open()
    widget.button("record").click()
    expect(widget.root.get_by_role("status").filter(has_text=words)).to_be_visible()
    expect(widget.input).to_be_visible()


def test_a_browser_that_cannot_record_says_so(page: Page, server: FakeChatServer) -> None:
    page.add_init_script("delete window.MediaRecorder")
    widget = WidgetPage(page).visit(f"{server.url}/page").open()
    widget.button("record").click()
    expect(widget.root.get_by_text("This browser cannot record sound")).to_be_visible()


def test_a_recording_ends_after_two_minutes(page: Page, server: FakeChatServer) -> None:
    page.clock.install()
    widget = WidgetPage(page).visit(f"{server.url}/page").open()
    widget.button("record").click()
    expect(widget.button("stop")).to_be_visible()
    page.wait_for_timeout(1500)
    page.clock.fast_forward(121_000)
    expect(widget.root.get_by_text("A voice note can be two minutes long")).to_be_visible()
    expect(widget.root.locator(".pending.audio")).to_be_visible()


# -- trouble


def test_a_failed_message_is_sent_again_under_the_same_name(widget: WidgetPage, server: FakeChatServer) -> None:
    server.refusals = [Refusal(503, "not_ready")] * 2
    widget.open().send("do not lose me")
    expect(widget.root.get_by_text("Not sent yet.")).to_be_visible()
    widget.root.get_by_role("button", name="Try again").click()
    widget.expect_own("do not lose me", timeout_s=15)
    assert len(server.received) == 1
    expect(widget.messages()).to_have_count(1)


def test_a_lost_answer_does_not_double_the_message(widget: WidgetPage, server: FakeChatServer) -> None:
    page, names = widget.page, []

    def lose_first(route: Any) -> None:
        names.append(route.request.post_data_json["client_message_id"])
        if len(names) > 1:
            route.continue_()
        else:
            route.fetch()
            route.abort()

    page.route("**/v1/chat/messages", lose_first)
    widget.open().send("only once")
    widget.expect_own("only once", timeout_s=15)
    eventually(lambda: len(names) == 2, page)
    assert names[0] == names[1]
    assert len(server.last.messages) == 1
    expect(widget.messages()).to_have_count(1)


def test_what_is_written_offline_is_sent_in_order_later(widget: WidgetPage, server: FakeChatServer) -> None:
    widget.open().send("first")
    widget.expect_own("first")
    widget.page.context.set_offline(True)
    expect(widget.root.get_by_text("You are offline.")).to_be_visible()
    widget.send("second")
    widget.send("third")
    expect(widget.root.get_by_text("It will be sent when you are connected again")).to_be_visible()
    widget.page.context.set_offline(False)
    widget.expect_own("third", timeout_s=15)
    expect(widget.root.get_by_text("You are offline.")).to_be_hidden()
    assert [body["text"] for body in server.received] == ["first", "second", "third"]


def test_what_was_unsent_survives_a_reload(widget: WidgetPage, server: FakeChatServer) -> None:
    server.refusals = [Refusal(503, "not_ready")] * 3
    widget.open().send("sent after the reload")
    expect(widget.root.get_by_text("Not sent yet.")).to_be_visible()
    widget.input.fill("a half-written thou")
    server.refusals = []
    widget.page.reload()
    widget.expect_own("sent after the reload")
    expect(widget.input).to_have_value("a half-written thou")


def test_the_words_of_an_unsent_photo_survive_a_reload(widget: WidgetPage, server: FakeChatServer, photo: Path) -> None:
    server.refusals = [Refusal(503, "not_ready")] * 3
    widget.open().attach(photo)
    widget.input.fill("the label")
    widget.press_send()
    expect(widget.root.get_by_text("Not sent yet.")).to_be_visible()
    widget.page.reload()
    expect(widget.input).to_have_value("the label")
    widget.page.reload()
    expect(widget.input).to_have_value("the label")


def test_the_stream_is_taken_up_again(widget: WidgetPage, server: FakeChatServer) -> None:
    widget.open().send("hello")
    widget.expect_own("hello")
    eventually(lambda: server._streams, widget.page)
    server.drop_sockets()
    eventually(lambda: not server._streams, widget.page)
    server.say("said while nobody listened")
    widget.expect_bot("said while nobody listened")


def test_long_polling_stands_in_for_the_socket(widget: WidgetPage, server: FakeChatServer) -> None:
    server.sockets_allowed = False
    server.answer = lambda message: server.say(f"You wrote: {message['text']}")
    widget.open().send("no sockets here")
    widget.expect_bot("You wrote: no sockets here")
    expect(widget.messages()).to_have_count(2)


def test_history_is_shown_again_after_a_reload(widget: WidgetPage, server: FakeChatServer) -> None:
    server.answer = lambda message: server.say("Noted.")
    widget.open().send("remember me")
    widget.expect_bot("Noted.")
    widget.page.reload()
    widget.expect_own("remember me")
    widget.expect_bot("Noted.")
    assert len(server.threads) == 1


def test_a_forgotten_visitor_begins_anew_and_is_told(widget: WidgetPage, server: FakeChatServer) -> None:
    widget.open().send("the old conversation")
    widget.expect_own("the old conversation")
    server.forget_visitors()
    expect(widget.root.get_by_text("Your earlier conversation has expired")).to_be_visible()
    widget.send("the new conversation")
    widget.expect_own("the new conversation")
    expect(widget.messages()).to_have_count(1)
    assert len(server.threads) == 1


def test_a_message_refused_with_401_goes_into_the_new_conversation(widget: WidgetPage, server: FakeChatServer) -> None:
    widget.open().send("one")
    widget.expect_own("one")
    server.refusals = [Refusal(401, "unauthorized")]
    widget.send("two")
    widget.expect_own("two")
    expect(widget.root.get_by_text("Your earlier conversation has expired")).to_be_visible()
    assert len(server.threads) == 2


@pytest.mark.parametrize(
    ("refusal", "words"),
    [
        (Refusal(413, "too_large"), "this message is too long"),
        (Refusal(422, "unprocessable"), "we could not accept this message"),
        (Refusal(422, "empty_message"), "the message is empty"),
    ],
)
def test_a_refused_text_can_be_changed(
    widget: WidgetPage, server: FakeChatServer, refusal: Refusal, words: str
) -> None:
    server.refusals = [refusal]
    widget.open().send("my words")
    expect(widget.root.get_by_text(words)).to_be_visible()
    widget.root.get_by_role("button", name="Change").click()
    expect(widget.input).to_have_value("my words")
    expect(widget.input).to_be_focused()
    expect(widget.messages()).to_have_count(0)


@pytest.mark.parametrize(
    ("refusal", "words"),
    [
        (Refusal(413, "too_large"), "this file is too large"),
        (Refusal(415, "unsupported_media"), "we cannot open this kind of file"),
        (Refusal(422, "unreadable_media"), "this file seems to be damaged"),
    ],
)
def test_a_refused_photo_comes_back_with_its_words(
    widget: WidgetPage, server: FakeChatServer, photo: Path, refusal: Refusal, words: str
) -> None:
    server.refusals = [refusal]
    widget.open().attach(photo)
    widget.input.fill("the label")
    widget.press_send()
    expect(widget.root.get_by_text(words)).to_be_visible()
    widget.root.get_by_role("button", name="Change").click()
    expect(widget.input).to_have_value("the label")
    expect(widget.root.get_by_role("img", name="Preview of label.png")).to_be_visible()


def test_a_refused_message_does_not_hold_up_the_next(widget: WidgetPage, server: FakeChatServer) -> None:
    server.refusals = [Refusal(422, "unprocessable")]
    widget.open().send("refused")
    expect(widget.root.get_by_text("we could not accept this message")).to_be_visible()
    widget.send("accepted")
    widget.expect_own("accepted")


def test_too_many_messages_are_sent_when_the_server_allows(widget: WidgetPage, server: FakeChatServer) -> None:
    server.refusals = [Refusal(429, "too_many_requests", retry_after_s=1)]
    widget.open().send("in a hurry")
    expect(widget.root.get_by_text("That was quick!")).to_be_visible()
    widget.expect_own("in a hurry")


def test_files_of_other_kinds_are_not_taken(widget: WidgetPage, tmp_path: Path) -> None:
    document, empty = tmp_path / "order.pdf", tmp_path / "empty.png"
    document.write_bytes(b"%PDF-1.7")
    empty.write_bytes(b"")
    chooser = widget.open().root.locator("input[type=file]").first
    chooser.set_input_files(str(document))
    expect(widget.root.get_by_text("Only photos and sound files can be sent here.")).to_be_visible()
    chooser.set_input_files(str(empty))
    expect(widget.root.get_by_text("This file is empty")).to_be_visible()
    expect(widget.root.locator(".pending")).to_have_count(0)


def test_long_texts_are_counted_and_never_cut(widget: WidgetPage, server: FakeChatServer) -> None:
    widget.open().input.fill("好" * 3600)
    expect(widget.root.get_by_text("3,600 of 4,000 characters")).to_be_visible()
    widget.input.fill("😀" * 4001)
    expect(widget.root.get_by_text("Too long by 1.")).to_be_visible()
    expect(widget.button("send")).to_be_disabled()
    widget.input.press("Enter")
    expect(widget.input).to_have_value("😀" * 4001)
    assert server.received == []
    widget.input.fill("😀" * 4000)
    widget.press_send()
    widget.expect_own("😀" * 10)


# -- what others write


MARKUP = "<img src=x onerror=\"document.title='stolen'\"><script>document.title='stolen'</script><b>bold</b>"


def test_markup_is_shown_as_text(widget: WidgetPage, server: FakeChatServer) -> None:
    buttons = [{"title": MARKUP, "payload": "/affirm"}]
    widget.open().send(MARKUP)
    widget.expect_own(MARKUP)
    server.say(MARKUP, buttons=buttons)
    widget.expect_bot(MARKUP)
    expect(widget.log.get_by_role("button", name=MARKUP)).to_be_visible()
    expect(widget.log.locator("img, script, b")).to_have_count(0)
    expect(widget.page).to_have_title("A shop")


def test_only_web_addresses_become_links(widget: WidgetPage, server: FakeChatServer) -> None:
    widget.open().send("links?")
    widget.expect_own("links?")
    server.say("See https://shop.example/a?b=1. Not javascript:alert(1) nor data:text/html,x")
    links = widget.expect_bot("See https").get_by_role("link")
    expect(links).to_have_count(1)
    expect(links).to_have_attribute("href", "https://shop.example/a?b=1")
    expect(links).to_have_attribute("rel", re.compile("noopener"))


def test_the_token_is_not_sent_to_other_servers(widget: WidgetPage, server: FakeChatServer) -> None:
    foreign: list[str] = []
    widget.page.on("request", lambda each: foreign.append(each.url) if "elsewhere" in each.url else None)
    widget.open().send("show me")
    widget.expect_own("show me")
    attachment = {"kind": "image", "url": "https://elsewhere.example/a.png", "mime": "image/png"}
    server.say("Here.", attachments=[attachment])
    expect(widget.expect_bot("Here.")).to_contain_text("This could not be loaded.")
    assert foreign == []


def test_right_to_left_text_runs_right_to_left(widget: WidgetPage, server: FakeChatServer) -> None:
    words = "أين طلبي A1024؟"
    widget.open().input.fill(words)
    assert widget.input.evaluate("node => getComputedStyle(node).direction") == "rtl"
    widget.press_send()
    text = widget.expect_own(words).locator(".text")
    assert text.evaluate("node => getComputedStyle(node).direction") == "rtl"
    server.say("It is on its way.")
    text = widget.expect_bot("on its way").locator(".text")
    assert text.evaluate("node => getComputedStyle(node).direction") == "ltr"


# -- rating, badge, languages


def test_the_conversation_is_rated_once(widget: WidgetPage, server: FakeChatServer) -> None:
    widget.open().send("bye")
    widget.expect_own("bye")
    server.say("Goodbye! How was it?", survey=True)
    widget.expect_bot("How was it?")
    expect(widget.log.get_by_role("radio", name="4 stars: satisfied")).to_have_count(1)
    widget.log.get_by_role("button", name="Send rating").click()
    expect(widget.log.get_by_role("alert")).to_have_text("Please choose from one to five stars.")
    widget.rate(4, "quick and kind")
    expect(widget.log.get_by_text("Thank you for your rating.")).to_be_visible()
    assert server.ratings == [{"score": 4, "comment": "quick and kind"}]
    widget.page.reload()
    expect(widget.log.get_by_text("Thank you for your rating.")).to_be_visible()
    expect(widget.log.get_by_role("radio")).to_have_count(0)


def test_answers_to_a_closed_panel_are_counted(widget: WidgetPage, server: FakeChatServer) -> None:
    widget.open().send("tell me later")
    widget.expect_own("tell me later")
    widget.close()
    expect(widget.launcher).to_be_focused()
    server.say("one")
    server.say("two")
    expect(widget.launcher).to_have_accessible_name("Open chat (2 new messages)")
    widget.page.reload()
    expect(widget.launcher).to_have_accessible_name("Open chat (2 new messages)")
    widget.open()
    widget.close()
    expect(widget.launcher).to_have_accessible_name("Open chat")


def test_every_word_is_there_in_both_languages(widget: WidgetPage) -> None:
    """The panel's words change with the language, and every name of a control with them."""
    widget.open()
    english = spoken_words(widget)
    widget.switch_language()
    expect(widget.log).to_contain_text("您好！")
    chinese = spoken_words(widget)
    assert len(english) == len(chinese)
    assert [pair for pair in zip(english, chinese, strict=True) if pair[0] == pair[1]] == []
    assert not any(re.search("[\u4e00-\u9fff]", words) for words in english if words != "中文")
    assert all(re.search("[\u4e00-\u9fff]", words) for words in chinese if words != "English")
    widget.page.reload()
    expect(widget.log).to_contain_text("您好！")


def spoken_words(widget: WidgetPage) -> list[str]:
    script = """host => {
        const seen = [];
        for (const node of host.shadowRoot.querySelectorAll(".panel *, .launcher")) {
            for (const name of ["aria-label", "title", "placeholder", "alt"]) seen.push(node.getAttribute(name));
            for (const child of node.childNodes) if (child.nodeType === Node.TEXT_NODE) seen.push(child.data.trim());
        }
        return seen.filter(words => words && /\\p{L}/u.test(words));
    }"""
    words: list[str] = widget.root.evaluate(script)
    return words


def test_a_chinese_browser_is_met_in_chinese(
    new_context: Callable[..., BrowserContext], server: FakeChatServer
) -> None:
    page = new_context(locale="zh-CN").new_page()
    widget = WidgetPage(page, "zh").visit(f"{server.url}/page").open()
    widget.send("我的订单A1024到哪里了？")
    widget.expect_own("我的订单A1024到哪里了？")
    assert server.last.language == "zh"
    server.say("已经在路上了。", survey=True)
    widget.expect_bot("已经在路上了。")
    widget.rate(5, "很好")
    expect(widget.log.get_by_text("感谢您的评价。")).to_be_visible()


def test_the_page_may_choose_language_and_title(page: Page, server: FakeChatServer) -> None:
    server.page_attributes = 'data-language="zh" data-title="松港 &lt;b&gt;客服&lt;/b&gt;"'
    widget = WidgetPage(page, "zh").visit(f"{server.url}/page").open()
    expect(widget.panel).to_have_accessible_name("松港 <b>客服</b>")
    expect(widget.log).to_contain_text("您好！")


# -- who the visitor is


def identity_attribute(ref: str, signature: str = "good") -> str:
    return f"""data-identity='{{"customer_ref": "{ref}", "expires": 4102444800, "signature": "{signature}"}}'"""


def test_a_signed_identity_is_given_to_the_server(page: Page, server: FakeChatServer) -> None:
    server.page_attributes = identity_attribute("C-1")
    WidgetPage(page).visit(f"{server.url}/page").open().send("it is me")
    eventually(lambda: server.received, page)
    assert server.last.customer_ref == "C-1"


def test_another_customer_never_sees_the_first_ones_conversation(page: Page, server: FakeChatServer) -> None:
    server.page_attributes = identity_attribute("C-1")
    widget = WidgetPage(page).visit(f"{server.url}/page").open()
    widget.send("my secret")
    widget.expect_own("my secret")
    for attributes in (identity_attribute("C-2"), ""):
        server.page_attributes = attributes
        widget.visit(f"{server.url}/page").open()
        widget.send("who am I?")
        widget.expect_own("who am I?")
        expect(widget.log.get_by_text("my secret")).to_have_count(0)
    assert [thread.customer_ref for thread in server.threads.values()] == ["C-1", "C-2", None]


def test_a_refused_identity_leaves_the_visitor_anonymous(page: Page, server: FakeChatServer) -> None:
    server.page_attributes = identity_attribute("C-1", "forged")
    widget = WidgetPage(page).visit(f"{server.url}/page").open()
    widget.send("hello")
    widget.expect_own("hello")
    expect(widget.root.get_by_text("We could not confirm who you are")).to_be_visible()
    assert server.last.customer_ref is None


def test_two_tabs_share_one_conversation(widget: WidgetPage, server: FakeChatServer) -> None:
    other = WidgetPage(widget.page.context.new_page()).visit(f"{server.url}/page").open()
    widget.open().send("from the first tab")
    widget.expect_own("from the first tab")
    other.expect_own("from the first tab")
    other.send("from the second")
    widget.expect_own("from the second")
    assert len(server.threads) == 1


# -- ways of use


def test_everything_can_be_done_by_keyboard(widget: WidgetPage, server: FakeChatServer) -> None:
    page, keys = widget.page, widget.page.keyboard
    keys.press("Tab")
    expect(widget.launcher).to_be_focused()
    keys.press("Enter")
    expect(widget.input).to_be_focused()
    keys.type("first line")
    keys.press("Shift+Enter")
    keys.type("second line")
    keys.press("Enter")
    widget.expect_own("second line")
    assert server.received[0]["text"] == "first line\nsecond line"
    server.say("Shall I?", buttons=[{"title": "Yes", "payload": "/affirm"}])
    widget.expect_bot("Shall I?")
    tab_to(page, "Yes", backwards=True)
    keys.press("Space")
    widget.expect_own("Yes")
    expect(widget.input).to_be_focused()
    server.say("How was it?", survey=True)
    widget.expect_bot("How was it?")
    tab_to(page, "5 stars: very satisfied", backwards=True)
    keys.press("ArrowRight")
    expect(widget.log.get_by_role("radio", name="1 star: very dissatisfied")).to_be_checked()
    keys.press("ArrowLeft")
    tab_to(page, "Send rating")
    keys.press("Enter")
    expect(widget.log.get_by_text("Thank you for your rating.")).to_be_visible()
    assert server.ratings == [{"score": 5}]
    keys.press("Escape")
    expect(widget.panel).to_be_hidden()
    expect(widget.launcher).to_be_focused()


def tab_to(page: Page, name: str, *, backwards: bool = False) -> None:
    """Presses Tab until the control of this name has the focus."""
    focused = """() => {
        const node = document.activeElement?.shadowRoot?.activeElement;
        return node && (node.getAttribute("aria-label") || node.textContent);
    }"""
    for _ in range(25):
        page.keyboard.press("Shift+Tab" if backwards else "Tab")
        if page.evaluate(focused) == name:
            return
    pytest.fail(f"{name} cannot be reached by Tab")


def test_enter_within_an_input_method_does_not_send(widget: WidgetPage, server: FakeChatServer) -> None:
    widget.open().input.fill("ni hao")
    widget.input.dispatch_event("keydown", {"key": "Enter", "isComposing": True, "bubbles": True, "cancelable": True})
    widget.page.wait_for_timeout(200)
    expect(widget.input).to_have_value("ni hao")
    assert server.received == []


def test_roles_and_names_for_screen_readers(widget: WidgetPage, server: FakeChatServer) -> None:
    expect(widget.launcher).to_have_attribute("aria-expanded", "false")
    widget.open().send("hello")
    widget.expect_own("hello")
    server.say("Hello!")
    expect(widget.expect_bot("Hello!")).to_contain_text("Assistant: ")
    expect(widget.launcher).to_have_attribute("aria-expanded", "true")
    expect(widget.log).to_have_attribute("aria-live", "polite")
    nameless = widget.root.evaluate(
        """host => [...host.shadowRoot.querySelectorAll("button, textarea, input:not([type=file])")]
            .filter(node => !(node.getAttribute("aria-label") || node.textContent).trim())
            .map(node => node.className)"""
    )
    assert nameless == []


def test_on_a_phone_the_panel_fills_the_screen(
    new_context: Callable[..., BrowserContext], server: FakeChatServer
) -> None:
    page = new_context(viewport=PHONE, has_touch=True, is_mobile=True, reduced_motion="reduce").new_page()
    widget = WidgetPage(page).visit(f"{server.url}/page").open()
    assert widget.panel.bounding_box() == pytest.approx({"x": 0, "y": 0, **PHONE}, abs=0.5)
    expect(widget.launcher).to_be_hidden()
    expect(widget.root.get_by_role("button", name="Take a photo")).to_be_visible()
    small = widget.panel.evaluate(
        """panel => [...panel.querySelectorAll("button")].filter(node => node.offsetParent)
            .filter(node => node.offsetWidth < 38 || node.offsetHeight < 38).map(node => node.className)"""
    )
    assert small == [], "a finger needs room"
    widget.send("w" * 300)
    widget.expect_own("w" * 300)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert widget.log.evaluate("log => log.scrollWidth <= log.clientWidth")
    widget.close()
    expect(widget.launcher).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_ground(
    new_context: Callable[..., BrowserContext], server: FakeChatServer, scheme: str
) -> None:
    """Every text of the panel has a contrast of 4.5:1 or more (WCAG 2.2, 1.4.3)."""
    page = new_context(color_scheme=scheme, reduced_motion="reduce").new_page()
    widget = WidgetPage(page).visit(f"{server.url}/page").open()
    server.refusals = [Refusal(422, "unprocessable")]
    widget.send("refused")
    expect(widget.root.get_by_text("we could not accept")).to_be_visible()
    widget.send("hello")
    widget.expect_own("hello")
    server.say("Choose.", buttons=[{"title": "Yes", "payload": "/affirm"}])
    server.say("How was it?", survey=True)
    server.say("Anna here.", author="staff")
    widget.expect_staff("Anna here.")
    widget.input.fill("x" * 4001)
    weak = [each for each in widget.root.evaluate(CONTRAST) if each["ratio"] < 4.5]
    assert weak == []


CONTRAST = """host => {
    const channels = colour => colour.match(/[\\d.]+/g).map(Number);
    const light = ([r, g, b]) => {
        const [x, y, z] = [r, g, b].map(c => (c /= 255) <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4);
        return .2126 * x + .7152 * y + .0722 * z;
    };
    const over = ([r, g, b, a = 1], ground) => [r, g, b].map((c, i) => c * a + ground[i] * (1 - a));
    const ground = node => {
        if (!node || node === host.shadowRoot) return [255, 255, 255];
        const own = channels(getComputedStyle(node).backgroundColor);
        return own[3] === 0 ? ground(node.parentNode) : over(own, ground(node.parentNode));
    };
    const found = [];
    for (const node of host.shadowRoot.querySelectorAll(".panel *")) {
        const texts = [...node.childNodes].filter(each => each.nodeType === Node.TEXT_NODE);
        const words = texts.map(each => each.data).join("").trim();
        if (!(words || node.tagName === "TEXTAREA") || !node.offsetParent) continue;
        if (node.closest(".hidden") || node.disabled) continue; // not seen, or exempt
        const below = ground(node);
        const [a, b] = [light(over(channels(getComputedStyle(node).color), below)), light(below)].sort((x, y) => y - x);
        found.push({ words: words.slice(0, 30), ratio: (a + .05) / (b + .05) });
    }
    return found;
}"""


# -- the page around it


def test_a_strict_content_policy_is_kept(page: Page, server: FakeChatServer, photo: Path) -> None:
    server.policy = BARE_POLICY
    complaints: list[str] = []
    page.on("console", lambda each: complaints.append(each.text) if each.type in {"error", "warning"} else None)
    widget = WidgetPage(page).visit(f"{server.url}/page").open()
    widget.attach(photo)
    widget.press_send()
    expect(widget.log.get_by_role("img", name="Photo you sent")).to_be_visible()
    assert widget.launcher.evaluate("node => getComputedStyle(node).borderRadius") == "50%"
    assert [each for each in complaints if "'data:,'" not in each] == []  # the page's own icon


def test_older_browsers_get_their_styles_by_the_nonce(page: Page, server: FakeChatServer) -> None:
    server.policy = f"{BARE_POLICY}; style-src 'nonce-n0nce'"
    server.page_attributes = 'nonce="n0nce"'
    page.add_init_script("CSSStyleSheet.prototype.replaceSync = () => { throw new TypeError(); }")
    widget = WidgetPage(page).visit(f"{server.url}/page").open()
    assert widget.launcher.evaluate("node => getComputedStyle(node).borderRadius") == "50%"


@pytest.mark.parametrize(("accent", "on_accent"), [("#ffd400", "rgb(0, 0, 0)"), ("#5b1a8c", "rgb(255, 255, 255)")])
def test_the_shops_colour_stays_readable(page: Page, server: FakeChatServer, accent: str, on_accent: str) -> None:
    server.page_attributes = f'data-accent="{accent}"'
    widget = WidgetPage(page).visit(f"{server.url}/page").open()
    assert widget.panel.locator("header").evaluate("node => getComputedStyle(node).color") == on_accent
    weak = [each for each in widget.root.evaluate(CONTRAST) if each["ratio"] < 4.5]
    assert weak == []


def test_nothing_is_fetched_from_elsewhere(page: Page, server: FakeChatServer) -> None:
    addresses: list[str] = []
    page.on("request", lambda each: addresses.append(each.url))
    widget = WidgetPage(page).visit(server.url).open()
    widget.send("hello")
    widget.expect_own("hello")
    assert [each for each in addresses if not each.startswith((server.url, "data:", "blob:"))] == []


def test_the_widget_works_where_storage_is_refused(page: Page, server: FakeChatServer) -> None:
    page.add_init_script(
        """for (const area of ["localStorage", "sessionStorage"])
            Object.defineProperty(window, area, { get() { throw new DOMException("", "SecurityError"); } });"""
    )
    widget = WidgetPage(page).visit(f"{server.url}/page").open()
    widget.send("hello")
    widget.expect_own("hello")
    server.say("Hello!")
    widget.expect_bot("Hello!")


def test_blob_addresses_are_given_back(page: Page, server: FakeChatServer, photo: Path) -> None:
    page.add_init_script(
        """window.alive = new Set();
        const make = URL.createObjectURL.bind(URL), drop = URL.revokeObjectURL.bind(URL);
        URL.createObjectURL = blob => { const url = make(blob); window.alive.add(url); return url; };
        URL.revokeObjectURL = url => { window.alive.delete(url); drop(url); };"""
    )
    widget = WidgetPage(page).visit(f"{server.url}/page").open()
    widget.attach(photo)
    widget.press_send()
    widget.expect_own("")
    assert page.evaluate("window.alive.size") == 1
    server.forget_visitors()
    expect(widget.root.get_by_text("Your earlier conversation has expired")).to_be_visible()
    assert page.evaluate("window.alive.size") == 0


def test_the_demo_page_signs_in_and_speaks_both_languages(page: Page, server: FakeChatServer) -> None:
    widget = WidgetPage(page).visit(server.url)
    page.get_by_role("button", name="Where is my order A1024?").click()
    expect(widget.input).to_have_value("Where is my order A1024?")
    widget.press_send()
    widget.expect_own("Where is my order A1024?")
    assert server.last.customer_ref is None
    page.get_by_label("Signed in as").select_option("Jane Miller")
    expect(widget.messages()).to_have_count(0)
    widget.send("it is me")
    widget.expect_own("it is me")
    assert server.last.customer_ref == "C-1"
    page.reload()
    widget.expect_own("it is me")
    page.get_by_role("button", name="中文").first.click()
    expect(page.get_by_role("heading", name="简单的东西，值得长久相伴。")).to_be_visible()
    expect(widget.panel).to_have_accessible_name("港松小店")
