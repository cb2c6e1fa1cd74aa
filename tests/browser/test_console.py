"""The staff console in a real browser against a real server: reading, live updates, answering, both languages."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from crm.models import Attachment, Conversation, Message, SatisfactionScore, utc_now

from .conftest import LAPTOP
from .console_pages import add, begin, entry
from .console_site import PASSWORD, Site, open_conversation, say, serve

TABLET = {"width": 820, "height": 1180}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Its pages are told what changed, or do not find out."""
    with serve(tmp_path_factory.mktemp("console"), failures=100, poll_s=3600) as running:
        yield running


def sign_in(page: Page, email: str, password: str = PASSWORD) -> None:
    page.locator("#email").fill(email)
    page.locator("#password").fill(password)
    page.locator("button[type=submit]").click()


@pytest.fixture
def fresh(site: Site) -> str:
    return begin(site)


# signing in


def test_a_wrong_password_is_told_in_plain_words_and_keeps_the_email(site, new_context):
    page = new_context().new_page()
    page.goto(f"{site.url}/console/")
    sign_in(page, "ana@shop.example", "not the password")
    expect(page.get_by_role("alert")).to_contain_text("don't belong together")
    expect(page.locator("#email")).to_have_value("ana@shop.example")
    expect(page.locator("#password")).to_have_value("")
    expect(page.locator("#password")).to_be_focused()


def test_signing_in_leads_where_one_wanted_to_go_and_out_again(site, new_context):
    page = new_context().new_page()
    page.goto(f"{site.url}/console/c/{site.ids['good']}")
    sign_in(page, "Ana@Shop.example")
    expect(page).to_have_url(f"{site.url}/console/c/{site.ids['good']}")
    expect(page.get_by_role("heading", name="Maria Lindqvist")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(f"{site.url}/console/sign-in")
    page.goto(f"{site.url}/console/")
    expect(page.locator("#email")).to_be_visible()


def test_the_sign_in_page_speaks_chinese_to_a_chinese_browser(site, new_context, screenshots):
    page = new_context(locale="zh-CN").new_page()
    page.goto(f"{site.url}/console/sign-in")
    expect(page.get_by_role("heading", name="登录")).to_be_visible()
    page.screenshot(path=screenshots / "console-sign-in-zh.png")
    page.get_by_role("link", name="English").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


# the list


def test_the_list_shows_newest_first_with_scores_in_numbers_and_words(site, visit, screenshots):
    page = visit(viewport=LAPTOP)
    expect(entry(page, site.ids["good"])).to_contain_text("4.6")
    expect(entry(page, site.ids["good"])).to_contain_text("Satisfied")
    expect(entry(page, site.ids["good"])).to_contain_text("Rated 5 of 5")
    expect(entry(page, site.ids["bad"])).to_contain_text("Unhappy")
    expect(entry(page, site.ids["bad"])).to_contain_text("Telegram")
    expect(entry(page, site.ids["chinese"])).to_contain_text("李晓梅")
    hrefs = page.locator(".entry").evaluate_all("rows => rows.map(row => row.getAttribute('href').split('/').pop())")
    mine = [id_ for id_ in hrefs if id_ in site.ids.values()]
    assert mine == [site.ids[name] for name in ("hostile", "waiting", "chinese", "bad", "good", "pushed")]
    page.screenshot(path=screenshots / "console-list-en.png")


def test_those_who_want_a_person_are_counted_and_lead_to_themselves(site, visit):
    page = visit()
    expect(entry(page, site.ids["waiting"])).to_contain_text("Wants a person")
    page.get_by_role("status").get_by_text("1 waiting for a person").click()
    page.wait_for_url("**/console/?state=waiting")
    expect(page.locator(".entry")).to_have_count(1)
    expect(entry(page, site.ids["waiting"])).to_be_visible()


def test_searching_and_filtering_narrow_the_list_and_its_address(site, visit):
    page = visit()
    page.get_by_label("Search names").fill("broken parcel")
    expect(page.locator(".entry")).to_have_count(1)
    expect(entry(page, site.ids["bad"])).to_be_visible()
    expect(page).to_have_url(re.compile(r"q=broken\+parcel"))
    page.reload()
    expect(page.locator(".entry")).to_have_count(1)
    page.get_by_label("Search names").fill("nothing like this")
    expect(page.get_by_text("Nothing matches.")).to_be_visible()
    page.get_by_label("Search names").fill("")
    page.get_by_role("button", name="Closed").click()
    expect(page.locator(".entry")).to_have_count(3)
    page.get_by_label("Channel").click()
    page.get_by_role("option", name="Telegram").click()
    expect(page.locator(".entry")).to_have_count(1)
    expect(page).to_have_url(re.compile(r"state=closed&channel=telegram"))


def test_the_list_follows_what_happens_without_a_reload_and_keeps_the_focus(site, visit, fresh):
    page = visit()
    page.evaluate("window.notReloaded = true")
    entry(page, site.ids["good"]).focus()
    add(site, fresh, "customer", "something quite new")
    expect(entry(page, fresh)).to_contain_text("something quite new")
    expect(page.locator(".entry").first).to_have_attribute("href", re.compile(fresh))
    expect(entry(page, site.ids["good"])).to_be_focused()
    assert page.evaluate("window.notReloaded")


def test_older_conversations_are_shown_on_demand(site, visit):
    with site.database.writing() as session:
        for n in range(55):
            conversation = open_conversation(session, f"old-{n}", language="zh", channel="pigeon")
            say(session, conversation, "customer", f"pigeon {n}", minutes_ago=9000 + n)
    page = visit("/?channel=pigeon")
    expect(page.locator(".entry")).to_have_count(50)
    page.get_by_role("button", name="Show older").click()
    expect(page.locator(".entry")).to_have_count(55)
    expect(page.get_by_role("button", name="Show older")).to_be_hidden()


# one conversation


def test_a_good_conversation_shows_what_was_understood_seen_and_heard(site, visit, screenshots):
    page = visit(f"/c/{site.ids['good']}", viewport={"width": 1366, "height": 1240})
    log = page.get_by_role("log")
    expect(log.get_by_text("Says yes")).to_be_visible()
    expect(log.get_by_text("94 % sure")).to_be_visible()
    expect(log.locator(".photo")).to_contain_text("Receipt")
    expect(log.locator(".photo .chip-entity").filter(has_text="Code128")).to_contain_text("A1024")
    expect(log.locator(".voice")).to_contain_text("Heard: that is wonderful thank you very much")
    expect(log.locator(".voice")).to_contain_text("pocketsphinx")
    expect(log.get_by_text("Feels positive +0.9")).to_be_visible()
    expect(log.get_by_text("Done: order state told")).to_be_visible()
    side = page.get_by_role("complementary")
    expect(side).to_contain_text("4.6 of 5")
    expect(side).to_contain_text("between 4.1 and 4.9")
    expect(side).to_contain_text("Quick and friendly.")
    expect(side).to_contain_text("+46701234567")
    expect(side).to_contain_text("51.90 USD")
    page.wait_for_function("document.querySelector('.photo img').naturalWidth === 420")
    page.screenshot(path=screenshots / "console-conversation-en.png")


def test_a_bad_conversation_says_what_went_wrong_and_where(site, visit):
    page = visit(f"/c/{site.ids['bad']}")
    log = page.get_by_role("log")
    expect(log.get_by_text("No speech engine here knows this language")).to_be_visible()
    expect(log.get_by_text("The file is damaged")).to_be_visible()
    expect(log.get_by_text("Not answered: The dialogue engine did not answer.")).to_be_visible()
    expect(log.get_by_text("Not understood", exact=True)).to_be_visible()
    expect(page.get_by_role("complementary")).to_contain_text("T-1001")
    reason = page.locator("#score").get_by_role("link", name="The customer had to say it twice")
    reason.click()
    target = page.locator(":target")
    expect(target).to_contain_text("I said it's BROKEN")
    expect(target).to_be_in_viewport()
    target.get_by_role("link", name="The customer had to say it twice").click()
    expect(page.locator("#score:target")).to_be_in_viewport()


def test_a_voice_note_can_be_played_from_the_middle(site, visit):
    page = visit(f"/c/{site.ids['good']}")
    audio = page.locator("audio")
    expect(audio).to_be_visible()
    page.wait_for_function("document.querySelector('audio').duration > 2.9")
    heard = audio.evaluate(
        """audio => new Promise((done, fail) => {
            audio.muted = true;
            audio.onerror = () => fail(audio.error.message);
            audio.ontimeupdate = () => { if (audio.currentTime > 2.1) done(audio.currentTime); };
            audio.currentTime = 2;
            audio.play().catch(fail);
        })"""
    )
    assert 2.1 < heard <= 3.1


def test_what_a_customer_writes_is_never_run_or_formatted(site, visit):
    page = visit(f"/c/{site.ids['hostile']}")
    bubbles = page.locator(".bubble")
    expect(bubbles).to_have_count(2)
    expect(bubbles.first).to_contain_text('<img src=x onerror="window.hacked=1"><b>bold</b> **md**')
    assert bubbles.first.evaluate("bubble => bubble.childElementCount") == 0
    assert page.evaluate("window.hacked") is None
    page.goto(f"{site.url}/console/")
    expect(entry(page, site.ids["hostile"])).to_contain_text("</script><script>")
    assert page.evaluate("window.hacked") is None


def test_a_transcript_grows_and_changes_while_it_is_open(site, visit, fresh):
    page = visit(f"/c/{fresh}")
    expect(page.locator(".message")).to_have_count(1)
    page.evaluate("window.first = document.querySelector('.message')")
    voice = add(site, fresh, "customer", "", state="received")
    with site.database.writing() as session:
        note = {"kind": "audio", "mime": "audio/wav", "key": "tone", "size_bytes": 1}
        session.add(Attachment(id=f"v{voice}", message_id=voice, **note))
    site.live.publish(fresh)
    expect(page.get_by_text("Being listened to…")).to_be_visible(timeout=2500)
    expect(page.get_by_text("Being answered…")).to_be_visible()
    with site.database.writing() as session:
        note = session.get_one(Attachment, f"v{voice}")
        note.transcript, note.transcript_confidence, note.engine = "where is my order", 0.8, "whisper"
        message = session.get_one(Message, voice)
        message.text, message.state, message.intent, message.confidence = (
            note.transcript,
            "answered",
            "ask_order_status",
            0.7,
        )
    add(site, fresh, "bot", "It is on its way.")
    expect(page.get_by_text("Heard: where is my order")).to_be_visible(timeout=2500)
    expect(page.get_by_text("It is on its way.")).to_be_visible()
    expect(page.get_by_text("Being answered…")).to_be_hidden()
    with site.database.writing() as session:
        why = {"turn_id": voice, "signal": "s", "effect": -0.3, "words_en": "It took long", "words_zh": "耗时较长"}
        score = {"phase": "final", "mean": 2.9, "low": 2.0, "high": 3.8, "distribution": [0.2] * 5, "reasons": [why]}
        session.add(SatisfactionScore(conversation_id=fresh, model_version="m", **score))
    site.live.publish(fresh)
    expect(page.locator("#score")).to_contain_text("2.9 of 5")
    expect(page.get_by_role("log").get_by_text("It took long")).to_be_visible()
    assert page.evaluate("window.first === document.querySelector('.message')")


def test_the_newest_message_stays_in_view_unless_one_reads_above(site, visit, fresh):
    for n in range(30):
        add(site, fresh, "bot", f"line {n}", tell=False)
    page = visit(f"/c/{fresh}")
    expect(page.get_by_text("line 29", exact=True)).to_be_in_viewport()
    add(site, fresh, "customer", "and one more")
    expect(page.get_by_text("and one more")).to_be_in_viewport()
    page.locator("#log").evaluate(
        """log => new Promise(done => {
            log.addEventListener("scroll", () => requestAnimationFrame(done), { once: true });
            log.scrollTop = 0;
        })"""
    )
    add(site, fresh, "customer", "unseen for now")
    expect(page.get_by_text("unseen for now")).to_be_attached()
    expect(page.get_by_text("line 2", exact=True)).to_be_in_viewport()
    expect(page.get_by_text("unseen for now")).not_to_be_in_viewport()


def test_a_long_transcript_shows_its_newest_part_and_the_rest_on_demand(site, visit, fresh):
    with site.database.writing() as session:
        conversation = session.get_one(Conversation, fresh)
        for n in range(230):
            say(session, conversation, "bot", f"line {n}")
    page = visit(f"/c/{fresh}")
    expect(page.locator(".message")).to_have_count(200)
    page.get_by_role("button", name="Show 31 earlier messages").click()
    expect(page.locator(".message")).to_have_count(231)
    expect(page.locator(".message").first).to_contain_text("hello there")
    expect(page.locator(".message").nth(1)).to_contain_text("line 0")
    expect(page.locator(".message").last).to_contain_text("line 229")


def test_an_unknown_conversation_is_told_and_leads_back(site, visit, new_context):
    page = visit()
    response = page.context.new_page().goto(f"{site.url}/console/c/{'0' * 32}")
    assert response is not None
    assert response.status == 404
    assert "There is no such conversation." in response.text()


# answering


def test_taking_over_answering_and_handing_back(site, visit, fresh, screenshots):
    page = visit(f"/c/{fresh}")
    other = visit(f"/c/{fresh}", email="wei@shop.example", locale="zh-CN")
    box = page.get_by_role("textbox", name="Your reply")
    expect(box).to_be_hidden()
    page.get_by_role("button", name="Take over").click()
    expect(box).to_be_focused()
    expect(other.get_by_text("目前由Ana Reyes回复。")).to_be_visible()
    box.fill("Hello, this is Ana.")
    page.screenshot(path=screenshots / "console-reply-en.png")
    box.press("Control+Enter")
    expect(page.locator(".from-staff")).to_contain_text("Hello, this is Ana.")
    expect(page.locator(".from-staff")).to_contain_text("Ana Reyes")
    expect(box).to_have_value("")
    expect(other.locator(".from-staff")).to_contain_text("Hello, this is Ana.")
    box.fill("   ")
    page.get_by_role("button", name="Send").click()
    box.fill("And a second line\nwith a break.")
    page.get_by_role("button", name="Send").click()
    expect(page.locator(".from-staff")).to_have_count(2)
    page.get_by_role("button", name="Hand back to the bot").click()
    expect(page.get_by_text("The bot answers. Take over to write yourself.")).to_be_visible()
    expect(box).to_be_hidden()


def test_whoever_takes_over_last_answers_and_the_other_is_told(site, visit, fresh):
    page = visit(f"/c/{fresh}")
    page.get_by_role("button", name="Take over").click()
    page.get_by_role("textbox", name="Your reply").fill("too late")
    other = visit(f"/c/{fresh}", email="wei@shop.example")
    with site.database.writing() as session:  # behind the first page's back, and nobody tells it
        session.get_one(Conversation, fresh).staff_id = 2
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("Someone else answers this conversation now.")).to_be_visible()
    expect(page.get_by_role("button", name="Take over from 王伟")).to_be_visible()
    expect(other.locator(".from-staff")).to_have_count(0)


def test_ending_a_conversation_asks_first(site, visit, fresh):
    page = visit(f"/c/{fresh}")
    page.get_by_role("button", name="Take over").click()
    page.get_by_role("button", name="End conversation").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_be_hidden()
    page.get_by_role("button", name="End conversation").click()
    dialog.get_by_role("button", name="End conversation").click()
    expect(page.get_by_text("Ended by staff")).to_be_visible()
    expect(page.get_by_role("button", name="Take over")).to_be_hidden()


# looks and keyboard


def test_the_console_speaks_chinese_and_switches_to_english_and_back(site, visit, screenshots):
    page = visit(f"/c/{site.ids['bad']}", locale="zh-CN")
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    expect(page.get_by_role("log").get_by_text("未能理解", exact=True)).to_be_visible()
    expect(page.locator("#score")).to_contain_text("客户不得不重复说明")
    page.screenshot(path=screenshots / "console-conversation-zh.png")
    page.get_by_role("link", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en-US")
    expect(page.get_by_role("log").get_by_text("Not understood", exact=True)).to_be_visible()
    page.get_by_role("link", name="All conversations").click()
    expect(page.get_by_role("heading", name="Conversations")).to_be_visible()
    page.get_by_role("link", name="中文").click()
    expect(page.get_by_role("heading", name="会话")).to_be_visible()
    page.screenshot(path=screenshots / "console-list-zh.png")


def test_dark_is_kept_from_page_to_page(site, visit, screenshots):
    page = visit()
    expect(page.locator("body")).to_have_class(re.compile("body--light"))
    page.get_by_role("link", name="Dark").click()
    expect(page.locator("body")).to_have_class(re.compile("body--dark"))
    page.goto(f"{site.url}/console/c/{site.ids['good']}")
    expect(page.locator("body")).to_have_class(re.compile("body--dark"))
    expect(page.get_by_role("link", name="Light")).to_be_visible()
    page.screenshot(path=screenshots / "console-conversation-dark.png")


@pytest.mark.parametrize(
    "viewport", [LAPTOP, TABLET, {"width": 768, "height": 1024}], ids=["laptop", "tablet", "small"]
)
@pytest.mark.parametrize("locale", ["en-GB", "zh-CN"])
def test_nothing_sticks_out_at_any_width(site, visit, screenshots, viewport, locale):
    page = visit(viewport=viewport, locale=locale)
    expect(entry(page, site.ids["hostile"])).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
    page.screenshot(path=screenshots / f"console-list-{locale[:2]}-{viewport['width']}.png")
    for name in ("hostile", "bad"):
        page.goto(f"{site.url}/console/c/{site.ids[name]}")
        expect(page.locator(".message").last).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
        page.screenshot(path=screenshots / f"console-{name}-{locale[:2]}-{viewport['width']}.png", full_page=True)


def test_everything_can_be_reached_by_keyboard(site, visit):
    page = visit("/?state=waiting")
    expect(page.locator(".entry")).to_have_count(1)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    for _ in range(20):
        page.keyboard.press("Tab")
        if entry(page, site.ids["waiting"]).evaluate("row => row === document.activeElement"):
            break
    expect(entry(page, site.ids["waiting"])).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("log")).to_contain_text("Can I talk to a human please?")


def test_times_are_told_in_the_readers_own_zone(site, visit, fresh):
    with site.database.writing() as session:
        message = session.query(Message).filter_by(conversation_id=fresh).one()
        message.at = utc_now().replace(hour=12, minute=34)
    page = visit(f"/c/{fresh}", timezone_id="Asia/Shanghai")
    expect(page.locator(".message time")).to_contain_text("20:34")
