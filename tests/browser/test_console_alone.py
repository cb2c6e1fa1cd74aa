"""Open pages of the console that nobody tells anything: they find out by themselves, also that they must close."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta

import pytest
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import expect

from crm.models import Message, StaffSession, utc_now
from crm.staff import disable_staff, enable_staff

from .console_pages import add, begin, entry
from .console_site import Site, serve


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with serve(tmp_path_factory.mktemp("console"), failures=100, poll_s=0.5) as running:
        yield running


@pytest.fixture
def fresh(site: Site) -> str:
    return begin(site)


def test_without_notices_the_list_finds_out_by_itself(site, visit, fresh):
    page = visit()
    expect(entry(page, fresh)).to_be_visible()
    add(site, fresh, "customer", "nobody told you", tell=False)
    expect(entry(page, fresh)).to_contain_text("nobody told you")


def test_a_disabled_account_is_thrown_out_of_an_open_page_and_cannot_act(site, visit, fresh):
    page = visit(f"/c/{fresh}", email="wei@shop.example")
    page.get_by_role("button", name="Take over").click()
    page.get_by_role("textbox", name="Your reply").fill("after the end")
    send = page.get_by_role("button", name="Send").element_handle()
    with site.database.writing() as session:
        disable_staff(session, email="wei@shop.example")
    with suppress(PlaywrightError):  # the page's own clock may have sent it away before the click
        send.evaluate("button => button.click()")
    expect(page).to_have_url(f"{site.url}/console/sign-in")
    with site.database.writing() as session:
        enable_staff(session, email="wei@shop.example")
        assert session.query(Message).filter_by(conversation_id=fresh, author="staff").count() == 0


def test_an_expired_session_leaves_an_idle_page_without_a_click(site, visit):
    page = visit()
    with site.database.writing() as session:
        session.query(StaffSession).update({StaffSession.expires_at: utc_now() - timedelta(seconds=1)})
    expect(page).to_have_url(f"{site.url}/console/sign-in")
