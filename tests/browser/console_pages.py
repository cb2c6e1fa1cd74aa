"""What tests of the console do behind its back, and where they look for it on the page."""

from __future__ import annotations

import time
from typing import Any

from playwright.sync_api import Locator, Page

from bot.installation import FIRST_STAFF_EMAIL
from crm.models import Conversation
from tests.whole import Whole

from .console_site import Site, open_conversation, say, understood


def begin(site: Site) -> str:
    """A conversation of one test alone."""
    with site.database.writing() as session:
        conversation = open_conversation(session, f"visitor-{time.monotonic_ns()}")
        say(session, conversation, "customer", "hello there", **understood("greet", 0.9, 0.1))
        return conversation.id


def add(site: Site, conversation_id: str, author: str, text: str, *, tell: bool = True, **more: Any) -> str:
    """Says something there; ``tell`` open pages of it."""
    with site.database.writing() as session:
        message = say(session, session.get_one(Conversation, conversation_id), author, text, **more)
    if tell:
        site.live.publish(conversation_id)
    return message.id


def change(site: Site, table: type, id_: object, conversation_id: str, **values: object) -> None:
    """Changes a row and tells open pages."""
    with site.database.writing() as session:
        row = session.get_one(table, id_)
        for name, value in values.items():
            setattr(row, name, value)
    site.live.publish(conversation_id)


def entry(page: Page, conversation_id: str) -> Locator:
    """The conversation's line in the list."""
    return page.locator(f'.entry[href$="/c/{conversation_id}"]')


def message(page: Page, text: str) -> Locator:
    """The message in a transcript that has these words."""
    return page.locator(".message").filter(has_text=text)


def sign_in(page: Page, program: Whole) -> None:
    """Into the whole program's console, as its first staff member, up to the list."""
    page.goto(f"{program.base_url}/console")
    page.locator("#email").fill(FIRST_STAFF_EMAIL)
    page.locator("#password").fill(program.staff_password)
    page.locator("button[type=submit]").click()
    page.locator(".entry").first.wait_for()
