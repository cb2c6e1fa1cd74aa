"""What customers do on any channel: each deed is stored once and answered once, whatever the vendor makes of it."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import func, select

from bot.inbox import PAYLOAD_MEMORY
from crm.conversations import add_message
from crm.models import Conversation, Identity, Message, utc_now
from perception.errors import UnreadableMedia
from tests.contract.channels.driver import Customer, Driver, expect_refusal, noise, photo
from tests.serving import wait_until

LIMIT = 500
SETTINGS = {"burst_window_s": 0, "text_limit": LIMIT, "media_limit_bytes": 60_000}
TORTURE = [
    "😀👩‍👩‍👧‍👦🇨🇳",
    "مرحبا بالعالم שלום",
    "a\u202eb\u2066c",
    "two\nlines",
    "e\u0301" * 40,
    "\u200bzero\u200dwidth\ufeff",
    "<b>&amp;</b> *bold* _it_ `code` [a](http://b)",
    "<!channel> <@U123> <https://example.com|words>",
    "我的订单A1024到哪里了",
]
A_MOMENT_S = 0.4
"""As long as a second answer would take to come, were there one."""


def only(customer: Customer, count: int = 1) -> list[str]:
    """The answers' texts, once there are ``count``, and that there are no more."""
    customer.wait_for(count)
    time.sleep(A_MOMENT_S)
    texts = customer.texts()
    assert len(texts) == count, texts
    return texts


def test_a_text_is_stored_once_and_answered_once(driver: Driver, customer: Customer) -> None:
    customer.send_text("hello")
    assert only(customer) == ["You said: hello"]
    question, answer = customer.messages()
    assert (question.author, question.text, question.state) == ("customer", "hello", "answered")
    assert (answer.author, answer.text, answer.answers_id) == ("bot", "You said: hello", question.id)
    assert customer.conversation().channel == driver.channel


def test_ten_quick_messages_are_answered_in_order(driver: Driver, customer: Customer) -> None:
    overlaps = driver.server.dialogue.overlaps
    for number in range(10):
        customer.send_text(f"n{number}")
    assert only(customer, 10) == [f"You said: n{number}" for number in range(10)]
    assert driver.server.dialogue.overlaps == overlaps


def test_customers_who_write_at_once_do_not_mix(driver: Driver) -> None:
    people = [driver.customer() for _ in range(4)]

    def chat(index: int) -> None:
        for number in range(4):
            people[index].send_text(f"{index}-{number}")

    with ThreadPoolExecutor(len(people)) as pool:
        list(pool.map(chat, range(len(people))))
    for index, person in enumerate(people):
        assert only(person, 4) == [f"You said: {index}-{number}" for number in range(4)]


def test_what_a_vendor_repeats_is_answered_once(driver: Driver) -> None:
    people = [driver.customer() for _ in range(3)]
    for person in people:
        person.send_text("one")
        person.send_photo(photo(), "two")
        person.wait_for(2)
    driver.replay(times=3)
    for person in people:
        assert only(person, 2) == ["You said: one", "You said: two"]
        assert [message.text for message in person.own()] == ["one", "two"]


def test_a_photo_and_its_words_are_one_question(driver: Driver, customer: Customer) -> None:
    customer.send_photo(photo(), "it came broken")
    assert only(customer) == ["You said: it came broken"]
    (message,) = customer.own()
    (attachment,) = message.attachments
    assert (attachment.kind, attachment.mime, attachment.error_code) == ("image", "image/jpeg", None)
    assert attachment.facts is not None
    assert attachment.facts["kind"] == "receipt"
    assert driver.server.site.media.read(attachment.key or "")[:3] == b"\xff\xd8\xff"
    assert driver.server.dialogue.heard[-1][2]["attachments"] == [attachment.id]


def test_a_photo_alone_tells_what_was_seen_on_it(driver: Driver, customer: Customer) -> None:
    customer.send_photo(photo())
    assert len(only(customer)) == 1
    heard = driver.server.dialogue.heard[-1][1]
    assert heard.startswith("/send_photo")
    assert "A1024" in heard


def test_a_voice_note_is_heard_and_answered(driver: Driver, customer: Customer) -> None:
    customer.send_voice()
    heard = "" if not driver.pushed else "I heard: “where is my order”\n\n"  # the widget shows it with the note
    assert only(customer) == [f"{heard}You said: where is my order"]
    (message,) = customer.own()
    (attachment,) = message.attachments
    assert (attachment.kind, attachment.transcript, attachment.engine) == ("audio", "where is my order", "fake")
    assert driver.server.site.media.read(attachment.key or "")[:4] == b"OggS"


def test_a_voice_note_that_cannot_be_opened_is_told(driver: Driver, customer: Customer) -> None:
    driver.server.senses.speech = UnreadableMedia("cut off")
    customer.send_voice()
    assert "could not open that voice note" in only(customer)[0]


def test_an_album_is_one_turn(driver: Driver, customer: Customer) -> None:
    photos = [photo("red"), photo("green"), photo("blue")]
    if "album" in driver.refuses:
        assert expect_refusal(lambda: customer.send_album(photos, "all broken")).status == 400
        assert customer.own() == []
        return
    customer.send_album(photos, "all broken")
    assert only(customer) == ["You said: all broken"]
    kept = [attachment for message in customer.own() for attachment in message.attachments]
    assert len(kept) == 3
    assert all(attachment.facts for attachment in kept)
    assert {message.state for message in customer.own()} == {"answered"}
    assert sorted(driver.server.dialogue.heard[-1][2]["attachments"]) == sorted(each.id for each in kept)


def test_a_button_is_shown_and_pressed(driver: Driver, customer: Customer) -> None:
    customer.send_text("buttons")
    (offer,) = customer.wait_for(1)
    assert (offer.text, offer.buttons) == ("Which?", ("The first",))
    customer.press("The first")
    customer.wait_for(2)
    assert driver.server.dialogue.heard[-1][1] == '/choose{"which": "1"}'
    assert [message.text for message in customer.own()] == ["buttons", "The first"]


def test_a_button_that_is_pressed_twice_counts_twice_at_most_and_repeats_never(
    driver: Driver, customer: Customer
) -> None:
    customer.send_text("buttons")
    customer.wait_for(1)
    customer.press("The first")
    customer.wait_for(2)
    driver.replay(times=3)
    assert len(only(customer, 2)) == 2
    assert len(customer.own()) == 2


def test_a_button_whose_question_is_long_past_says_so(driver: Driver, customer: Customer) -> None:
    customer.send_text("buttons")
    customer.wait_for(1)
    with driver.server.database.writing() as session:
        conversation = session.get_one(Conversation, customer.conversation().id)
        for number in range(PAYLOAD_MEMORY):
            add_message(session, conversation, author="bot", text=f"later {number}", at=utc_now())
    if "stale press" in driver.refuses:
        assert expect_refusal(lambda: customer.press("The first")).code == "unknown_payload"
    else:
        customer.press("The first")
        told = wait_until(customer.notices)
        assert len(told) == 1
        assert len(told[0]) > 10
    assert [message.text for message in customer.own()] == ["buttons"]


def test_changed_words_replace_the_old_ones_and_are_not_answered_again(driver: Driver, customer: Customer) -> None:
    name = customer.send_text("where is A1024")
    assert only(customer) == ["You said: where is A1024"]
    if "edit" in driver.refuses:
        assert expect_refusal(lambda: customer.edit(name, "where is A2031")).status == 405
        assert [message.text for message in customer.own()] == ["where is A1024"]
        return
    customer.edit(name, "where is A2031")
    message = wait_until(lambda: next((each for each in customer.own() if each.edited_at), None))
    assert (message.text, message.first_text) == ("where is A2031", "where is A1024")
    assert only(customer) == ["You said: where is A1024"]
    driver.replay(times=2)
    assert only(customer) == ["You said: where is A1024"]
    assert [each.text for each in customer.own()] == ["where is A2031"]


def test_any_words_are_kept_and_come_back_unchanged(customer: Customer) -> None:
    for text in TORTURE:
        customer.send_text(text)
    assert only(customer, len(TORTURE)) == [f"You said: {text}" for text in TORTURE]
    assert [message.text for message in customer.own()] == TORTURE


def test_what_nobody_means_to_send_is_dropped(driver: Driver, customer: Customer) -> None:
    sent = {"a\x00b\x07c": "abc"}
    if "half a character" not in driver.refuses:  # Telegram's own servers let none through
        sent["half \ud83d"] = "half \ufffd"
    for text in sent:
        customer.send_text(text)
    assert only(customer, len(sent)) == [f"You said: {text}" for text in sent.values()]
    assert [message.text for message in customer.own()] == list(sent.values())


def test_typed_payloads_stay_mere_words(driver: Driver, customer: Customer) -> None:
    customer.send_text('please /change_contact{"email": "x@example.com"}')
    customer.send_text('//restart{"a": 1}')
    customer.wait_for(2)
    assert not any(text.startswith("/") for _, text, _ in driver.server.dialogue.heard[-2:])


def test_too_long_a_text_is_told_and_kept(driver: Driver, customer: Customer) -> None:
    text = "words " * LIMIT
    if "long text" in driver.refuses:
        assert (refusal := expect_refusal(lambda: customer.send_text(text))).status == 413
        assert refusal.code == "too_large"
    else:
        customer.send_text(text)
        (told,) = only(customer)
        assert "long" in told
        (message,) = customer.own()
        assert (message.kind, message.state) == ("too_long", "answered")
        assert message.text.startswith("words words")
    customer.send_text("short")
    assert wait_until(customer.seen)
    assert wait_until(lambda: customer.texts()[-1:] == ["You said: short"])


def test_too_large_a_file_is_told_and_the_words_kept(driver: Driver, customer: Customer) -> None:
    large = noise(300)
    assert len(large) > SETTINGS["media_limit_bytes"]
    if "large file" in driver.refuses:
        assert expect_refusal(lambda: customer.send_photo(large, "look")).code == "too_large"
        assert customer.own() == []
        return
    customer.send_photo(large)
    (told,) = only(customer)
    assert "too" in told or "large" in told
    customer.send_photo(large, "look at this")
    customer.wait_for(2)
    assert [message.text for message in customer.own()][-1] == "look at this"
    assert customer.own()[-1].attachments[0].error_code == "media_too_large"


def test_a_file_that_is_no_picture_is_told(driver: Driver, customer: Customer) -> None:
    if "text file" in driver.refuses:
        assert expect_refusal(lambda: customer.send_photo(b"only words")).code == "unsupported_media"
        assert customer.own() == []
        return
    customer.send_photo(b"only words")
    (told,) = only(customer)
    assert "picture" in told or "photo" in told


def test_who_is_not_the_vendor_leaves_no_trace(driver: Driver) -> None:
    with driver.server.database.reading() as session:
        before = (
            session.scalar(select(func.count()).select_from(Message)),
            session.scalar(select(func.count()).select_from(Identity)),
        )
    assert driver.forge().status_code == driver.forged_status
    time.sleep(A_MOMENT_S)
    with driver.server.database.reading() as session:
        after = (
            session.scalar(select(func.count()).select_from(Message)),
            session.scalar(select(func.count()).select_from(Identity)),
        )
    assert after == before
