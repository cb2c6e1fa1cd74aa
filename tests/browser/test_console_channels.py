"""What pushed channels bring into the console: deliveries, kinds, edits, merged customers, writing first."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, expect

from crm.linking import link
from crm.models import Attachment, AuditEntry, Conversation, Customer, Identity, Message, OutboxRow, utc_now

from .conftest import LAPTOP
from .console_pages import change, entry, message
from .console_site import Site, open_conversation, receipt_png, say, serve
from .widget_page import PHONE


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with serve(tmp_path_factory.mktemp("console"), failures=100) as running:
        yield running


@dataclass(frozen=True)
class Linked:
    """A customer of this test alone, on Telegram and on Slack, with a conversation on either."""

    customer_id: int
    telegram_id: int
    telegram: str
    slack: str


@pytest.fixture
def linked(site: Site) -> Iterator[Linked]:
    nth = time.monotonic_ns()
    with site.database.writing() as session:
        customer = Customer(ref=f"C{nth}", name="Rosa Blanco", email=f"rosa{nth}@example.com")
        session.add(customer)
        slack = open_conversation(session, f"U{nth}", channel="slack")
        say(session, slack, "customer", "hello from slack")
        telegram = open_conversation(session, f"{nth}", channel="telegram")
        say(session, telegram, "customer", "hello from telegram")
        for conversation, proof in ((slack, "email"), (telegram, "phone")):
            link(session, session.get_one(Identity, conversation.identity_id), customer, proof, utc_now())
        made = Linked(customer.id, telegram.identity_id, telegram.id, slack.id)
    yield made
    site.desk.way = "telegram"


# what did not arrive


def test_undelivered_messages_are_counted_in_the_list_and_can_be_looked_for(site, visit):
    page = visit()
    expect(entry(page, site.ids["pushed"])).to_contain_text("2 not delivered")
    page.get_by_role("button", name="Undelivered").click()
    expect(entry(page, site.ids["good"])).to_have_count(0)
    expect(entry(page, site.ids["pushed"])).to_be_visible()
    expect(page).to_have_url(re.compile(r"state=undelivered"))
    page.reload()
    expect(entry(page, site.ids["pushed"])).to_be_visible()
    expect(entry(page, site.ids["good"])).to_have_count(0)


def test_a_message_says_why_it_did_not_arrive_or_that_it_is_on_its_way(site, visit):
    page = visit(f"/c/{site.ids['pushed']}")
    expect(message(page, "Where is it now?")).to_contain_text("Not delivered: Every attempt to send it failed.")
    expect(message(page, "Please stay a moment.")).to_contain_text("Not delivered: The customer has blocked the bot")
    expect(message(page, "I look into it.")).to_contain_text("Sending…")
    expect(page.get_by_text("Sending…")).to_have_count(1)


def test_what_has_arrived_is_no_longer_sending(site, visit, linked):
    with site.database.writing() as session:
        said = say(session, session.get_one(Conversation, linked.telegram), "bot", "Good morning!")
        row = OutboxRow(message_id=said.id, channel="telegram", state="pending")
        session.add(row)
    page = visit(f"/c/{linked.telegram}")
    expect(message(page, "Good morning!")).to_contain_text("Sending…")
    change(site, OutboxRow, row.id, linked.telegram, state="sent")
    expect(message(page, "Good morning!")).not_to_contain_text("Sending…")
    change(site, OutboxRow, row.id, linked.telegram, state="dead", error_code="delivery_refused")
    expect(message(page, "Good morning!")).to_contain_text("Not delivered: The channel refused it.")


# what customers send


def test_an_edited_message_shows_its_first_words_on_demand(site, visit):
    page = visit(f"/c/{site.ids['pushed']}")
    edited = message(page, "my parcel A1099")
    expect(edited).to_contain_text("Edited")
    expect(edited.get_by_text("A1009")).to_be_hidden()
    edited.locator("summary", has_text="Edited").click()
    expect(edited.get_by_text("At first: my parcel A1009 is at the wrong door")).to_be_visible()


def test_a_message_that_was_read_with_a_later_one_leads_there(site, visit):
    page = visit(f"/c/{site.ids['pushed']}")
    page.get_by_role("link", name="Read together with a later message").click()
    expect(page.locator(":target")).to_contain_text("my parcel A1099")


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("59.3293, 18.0686", "Location"),
        ("Anna Weber", "Shared contact"),
        ("😀", "Sticker"),
        ("clip.mp4", "Video"),
        ("invoice.pdf", "Document"),
    ],
)
def test_what_is_no_words_is_named(site, visit, text, label):
    page = visit(f"/c/{site.ids['pushed']}")
    expect(message(page, text).locator(".message-head")).to_contain_text(label)
    why = page.get_by_text("The contact is not vouched to be the sender's own")
    expect(why).to_have_count(1)
    expect(message(page, "Anna Weber")).to_contain_text("The contact is not vouched to be the sender's own")


def test_a_file_that_did_not_come_says_why_and_one_that_comes_is_shown(site, visit, linked):
    with site.database.writing() as session:
        said = say(session, session.get_one(Conversation, linked.telegram), "customer", "look", state="received")
        photo = {"kind": "image", "mime": "image/png", "remote": "AgAC", "size_bytes": 9}
        session.add_all(Attachment(id=f"{name}{said.id}", message_id=said.id, **photo) for name in ("a", "b"))
    page = visit(f"/c/{linked.telegram}")
    mine = message(page, "look")
    expect(mine.get_by_text("Being fetched…")).to_have_count(2)
    expect(mine.locator("img")).to_have_count(0)
    change(site, Attachment, f"a{said.id}", linked.telegram, error_code="media_refused")
    change(site, Attachment, f"b{said.id}", linked.telegram, key="receipt", facts={"kind": "receipt"})
    expect(mine.get_by_text("Not fetched: The channel does not give the file")).to_be_visible()
    expect(mine.locator("img")).to_have_count(1)
    expect(mine.get_by_text("Being fetched…")).to_have_count(0)


# one customer, many channels


def test_the_card_tells_on_which_channels_a_customer_is_known(site, visit):
    page = visit(f"/c/{site.ids['pushed']}")
    telegram, slack = (page.locator(".channel").nth(n) for n in (0, 1))
    expect(telegram).to_contain_text("Telegram")
    expect(telegram).to_contain_text("Jonas")
    expect(telegram).to_contain_text("This conversation")
    expect(telegram).to_contain_text("Shared a phone number that is on file")
    expect(telegram).to_contain_text("Can be reached")
    expect(slack).to_contain_text("jonas.weber")
    expect(slack).to_contain_text("Verified e-mail that is on file")
    expect(slack).to_contain_text("Cannot be reached")
    expect(slack).to_contain_text("Asked not to be written to first")


def test_both_histories_lead_to_each_other(site, visit, linked):
    page = visit(f"/c/{linked.telegram}")
    side = page.get_by_role("complementary")
    side.get_by_role("link", name="Slack").click()
    expect(page).to_have_url(f"{site.url}/console/c/{linked.slack}")
    expect(page.get_by_role("log")).to_contain_text("hello from slack")
    side.get_by_role("link", name="Telegram").click()
    expect(page.get_by_role("log")).to_contain_text("hello from telegram")


def test_a_visitor_nobody_knows_goes_by_the_name_of_their_channel(site, visit):
    with site.database.writing() as session:
        one = open_conversation(session, f"{time.monotonic_ns()}", channel="telegram")
        say(session, one, "customer", "hello")
        session.get_one(Identity, one.identity_id).name = "Kim from Telegram"
    page = visit(f"/c/{one.id}")
    expect(page.get_by_role("heading", name="Kim from Telegram")).to_be_visible()
    expect(page.locator(".channel")).to_contain_text("Not linked to a customer")
    expect(page.get_by_role("button", name="Unlink")).to_have_count(0)
    expect(page.get_by_role("button", name="Write to customer")).to_have_count(0)


def test_unlinking_says_what_it_does_and_asks_first(site, visit, linked):
    page = visit(f"/c/{linked.telegram}")
    opener = page.get_by_role("button", name="Unlink Telegram")
    opener.press("Enter")
    dialog = page.get_by_role("dialog", name="Unlink Telegram from Rosa Blanco?")
    expect(dialog).to_contain_text("No message is deleted.")
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_be_hidden()
    expect(opener).to_be_focused()
    with site.database.reading() as session:
        assert session.get_one(Identity, linked.telegram_id).customer_id == linked.customer_id


def test_unlinking_takes_the_customer_from_the_conversation_and_is_noted(site, visit, linked):
    page = visit(f"/c/{linked.telegram}")
    page.get_by_role("button", name="Unlink Telegram").click()
    page.get_by_role("dialog").get_by_role("button", name="Unlink").click()
    expect(page.get_by_text("Unlinked.")).to_be_visible()
    expect(page.locator(".channel")).to_have_count(1)
    expect(page.locator(".channel")).to_contain_text("Not linked to a customer")
    expect(page.get_by_role("heading", name="Rosa Blanco")).to_have_count(0)
    with site.database.reading() as session:
        assert session.get_one(Identity, linked.telegram_id).customer_id is None
        entry = session.query(AuditEntry).filter_by(target=f"identity:{linked.telegram_id}").one()
        assert (entry.action, entry.staff_id) == ("identity.unlink", 1)
    page.goto(f"{site.url}/console/c/{linked.slack}")
    expect(page.get_by_role("heading", name="Rosa Blanco")).to_be_visible()
    expect(page.locator(".channel")).to_have_count(1)


def test_a_link_that_another_has_undone_is_told_to_be_gone(site, visit, linked):
    page = visit(f"/c/{linked.telegram}")
    page.get_by_role("button", name="Unlink Slack").click()
    other = visit(f"/c/{linked.slack}", email="wei@shop.example")
    other.get_by_role("button", name="Unlink Slack").click()
    other.get_by_role("dialog").get_by_role("button", name="Unlink").click()
    expect(other.get_by_text("Unlinked.")).to_be_visible()
    expect(page.get_by_role("button", name="Unlink Slack")).to_have_count(0)
    page.get_by_role("dialog").get_by_role("button", name="Unlink").click()
    expect(page.get_by_text("It is no longer there.")).to_be_visible()


# writing first


def test_writing_first_tells_the_way_and_leads_to_the_conversation(site, visit, linked):
    page = visit(f"/c/{linked.slack}")
    page.get_by_role("button", name="Write to customer").click()
    dialog = page.get_by_role("dialog", name="Write to Rosa Blanco")
    expect(dialog.get_by_role("status")).to_have_text("It goes out on Telegram.")
    text = dialog.get_by_role("textbox", name="Your message")
    expect(text).to_be_focused()
    dialog.get_by_role("button", name="Send").click()  # nothing to send
    text.fill("Your parcel is here, Rosa.")
    text.press("Control+Enter")
    expect(message(page, "Your parcel is here, Rosa.")).to_contain_text("Sending…")
    expect(page).not_to_have_url(re.compile(linked.slack))
    expect(page.get_by_text("You answer; the bot is silent.")).to_be_visible()
    with site.database.reading() as session:
        started = session.query(Message).filter_by(text="Your parcel is here, Rosa.").one()
        assert page.url == f"{site.url}/console/c/{started.conversation_id}"
        assert (started.author, started.identity_id) == ("staff", linked.telegram_id)


def test_who_cannot_be_reached_is_said_plainly(site, visit, linked):
    site.desk.way = None
    page = visit(f"/c/{linked.slack}")
    page.get_by_role("button", name="Write to customer").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("This customer cannot be reached")
    expect(dialog.get_by_role("button", name="Send")).to_be_hidden()
    expect(dialog.get_by_role("textbox")).to_be_hidden()


def test_a_message_on_the_web_waits_for_the_next_visit(site, visit, linked):
    site.desk.way = "web"
    page = visit(f"/c/{linked.slack}")
    page.get_by_role("button", name="Write to customer").click()
    expect(page.get_by_role("dialog")).to_contain_text("they see it on their next visit")


def test_what_was_written_is_kept_when_the_way_was_lost_meanwhile(site, visit, linked):
    page = visit(f"/c/{linked.slack}")
    page.get_by_role("button", name="Write to customer").click()
    text = page.get_by_role("dialog").get_by_role("textbox", name="Your message")
    text.fill("Are you there?")
    site.desk.way = None
    page.get_by_role("dialog").get_by_role("button", name="Send").click()
    expect(page.get_by_text("This customer cannot be reached now.")).to_be_visible()
    expect(text).to_have_value("Are you there?")


def test_a_dialog_stays_open_while_the_card_changes_behind_it(site, visit, linked):
    page = visit(f"/c/{linked.slack}")
    page.get_by_role("button", name="Write to customer").click()
    text = page.get_by_role("dialog").get_by_role("textbox", name="Your message")
    text.fill("half a")
    change(site, Identity, linked.telegram_id, linked.slack, unreachable_at=utc_now())
    expect(page.locator(".channel").filter(has_text="Telegram")).to_contain_text("Cannot be reached")
    text.press_sequentially(" sentence")
    expect(text).to_have_value("half a sentence")


# a photo with a reply


@pytest.fixture
def answering(site, visit, linked) -> Page:
    page = visit(f"/c/{linked.telegram}")
    page.get_by_role("button", name="Take over").click()
    expect(page.get_by_role("textbox", name="Your reply")).to_be_focused()
    return page


def choose(page: Page, name: str, mime: str, data: bytes) -> None:
    with page.expect_file_chooser() as opened:
        page.get_by_role("button", name="Add a photo").click()
    opened.value.set_files({"name": name, "mimeType": mime, "buffer": data})


def test_a_photo_goes_along_with_a_reply_even_without_words(answering):
    choose(answering, "label.png", "image/png", receipt_png())
    expect(answering.get_by_text("Goes along: label.png")).to_be_visible()
    answering.get_by_role("button", name="Send").click()
    photo = answering.locator(".from-staff").get_by_role("img", name="Photo to the customer")
    expect(photo).to_be_visible()
    expect(answering.locator(".from-staff")).not_to_contain_text("Being looked at")
    expect(answering.get_by_text("Goes along: label.png")).to_be_hidden()
    expect(answering.get_by_role("button", name="Add a photo")).to_be_visible()


def test_a_photo_can_be_left_out_again(answering):
    choose(answering, "label.png", "image/png", receipt_png())
    answering.get_by_role("button", name="Leave it out").click()
    expect(answering.get_by_text("Goes along: label.png")).to_be_hidden()
    answering.get_by_role("textbox", name="Your reply").fill("words alone")
    answering.get_by_role("button", name="Send").click()
    expect(answering.locator(".from-staff")).to_contain_text("words alone")
    expect(answering.locator(".from-staff").get_by_role("img")).to_have_count(0)


def test_a_file_that_is_no_photo_is_refused_and_the_words_are_kept(answering):
    choose(answering, "notes.txt", "text/plain", b"no photo")
    expect(answering.get_by_text("A photo is a JPEG, PNG or WebP of 10 MB at most.")).to_be_visible()
    choose(answering, "broken.png", "image/png", b"nothing of the kind")
    expect(answering.get_by_text("Goes along: broken.png")).to_be_visible()
    box = answering.get_by_role("textbox", name="Your reply")
    box.fill("here it is")
    answering.get_by_role("button", name="Send").click()
    expect(answering.get_by_text("The file is damaged and could not be read.")).to_be_visible()
    expect(box).to_have_value("here it is")
    expect(answering.locator(".from-staff")).to_have_count(0)


# looks

WORDS = {
    "en": ("Unlink Telegram", "Write to customer", "Undelivered", "Sending…"),
    "zh": ("解除Telegram关联", "主动联系客户", "未送达", "发送中……"),
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", ["phone", "laptop"])
@pytest.mark.parametrize("locale", ["en-GB", "zh-CN"])
def test_all_of_it_fits_in_both_languages(site, visit, screenshots, locale, width, scheme):
    viewport = PHONE if width == "phone" else LAPTOP
    unlink, write, undelivered, sending = WORDS[locale[:2]]
    names = iter(f"console-channels-{locale[:2]}-{width}-{scheme}-{n}.png" for n in range(1, 5))
    page = visit(viewport=viewport, locale=locale, color_scheme=scheme, reduced_motion="reduce")

    def picture(*, whole: bool = False) -> None:
        page.screenshot(path=screenshots / next(names), full_page=whole)
        assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]

    page.get_by_role("button", name=undelivered).click()
    expect(entry(page, site.ids["good"])).to_have_count(0)
    picture()
    page.goto(f"{site.url}/console/c/{site.ids['pushed']}")
    expect(page.get_by_text(sending)).to_be_visible()
    page.locator("details.edited summary").click()
    picture(whole=True)
    for opener in (unlink, write):
        page.get_by_role("button", name=opener).click()
        dialog = page.get_by_role("dialog")
        expect(dialog.get_by_role("button").last).to_be_in_viewport(ratio=1)
        picture()
        page.keyboard.press("Escape")
        expect(dialog).to_be_hidden()
