"""What every page of the console has around it: the head, the bar at the top, the language and the light.

A page asks for its frame once, builds inside it, and calls ``Frame.still_signed_in`` before every act.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import quote

from fastapi import Request
from nicegui import ui

from console.access import Access, session_token, staff_of
from console.markup import announce, chip, link, tag
from console.sign_in import words_for
from console.words import Words
from crm.staff import StaffAccount

BUILD_S = 30.0
"""How long a page may take to be built before the browser is told that it failed: a search may read a lot."""


class Page(Protocol):
    """What a section of the console is: routes of NiceGUI pages, registered by site.py."""

    def register(self) -> None: ...


@dataclass(slots=True)
class Frame:
    """One page in one browser: who looks at it, in which language, and how many customers wait."""

    request: Request
    words: Words
    staff: StaffAccount
    root: str
    access: Access
    waiting: WaitingCount

    async def still_signed_in(self) -> bool:
        """Asks the database; sends the browser to the sign-in page when the session has ended."""
        account = await self.access.account(session_token(self.request))
        if account is not None and account.id == self.staff.id:
            return True
        announce(self.words("session.ended"), problem=True)
        ui.navigate.to("/sign-in")  # the browser puts the root before it
        return False


class WaitingCount:
    """How many customers wait for a person, in the bar; leads to them."""

    def __init__(self, root: str, words: Words) -> None:
        self._words = words
        self._link = link(f"{root}/?state=waiting", classes="waiting", role="status")
        with self._link:
            self._text = chip("")
        self.show(0)

    def show(self, count: int) -> None:
        text = self._words("list.waiting", count=count) if count else self._words("list.waiting_none")
        if text != self._text.text:
            self._text.set_text(text)
            self._text.classes(replace=f"chip {'chip-alert' if count else 'chip-quiet'}")


@contextmanager
def framed(request: Request, access: Access, title: str, classes: str = "") -> Iterator[Frame]:
    """Builds the frame and enters its main part. ``title`` is a key of the catalogue."""
    words = words_for(request)
    root: str = request.scope.get("root_path", "")
    _speak(words, request.session.get("theme"))
    ui.page_title(f"{words(title)} · crmbot")
    ui.add_head_html(f'<link rel="stylesheet" href="{root}/static/console.css">')
    ui.add_head_html(f'<script src="{root}/static/console.js" defer></script>')
    ui.colors(primary="#0f766e", secondary="#0b3b40", positive="#15803d", negative="#b42318", warning="#b45309")
    link("#main", words("skip"), "skip")
    with tag("header", classes="bar"):
        with link(f"{root}/", classes="brand"):
            tag("span", classes="brand-mark", aria_hidden="true")
            tag("span", "crmbot")
            tag("span", words("app"), "brand-app")
        with tag("nav", aria_label=words("app")):
            link(f"{root}/", words("nav.conversations"), "nav-link")
        tag("span", classes="spacer")
        waiting = WaitingCount(root, words)
        _preferences(request, words, root)
        tag("span", staff_of(request).name, "who", title=staff_of(request).email)
        with tag("form", method="post", action=f"{root}/sign-out"):
            tag("button", words("nav.sign_out"), "bar-button", type="submit")
    with tag("main", classes=f"page {classes}", id="main", tabindex="-1"):
        yield Frame(request, words, staff_of(request), root, access, waiting)


def _speak(words: Words, theme: object) -> None:
    """Gives this one page its language and light, which NiceGUI otherwise fixes for all visitors alike."""
    client = ui.context.client
    client.page = copy.copy(client.page)
    client.page.language = words.tag
    client.page.dark = {"dark": True, "light": False}.get(str(theme))


def _preferences(request: Request, words: Words, root: str) -> None:
    here = request.scope["path"] + (f"?{request.url.query}" if request.url.query else "")
    back = f"next={quote(here)}"
    other = "en" if words.language == "zh" else "zh"
    target = f"{root}/preferences?language={other}&{back}"
    link(target, words("nav.language"), "bar-button", lang=other, title=words("nav.language_hint"))
    for theme in ("dark", "light"):
        target = f"{root}/preferences?theme={theme}&{back}"
        link(target, words(f"nav.{theme}"), f"bar-button to-{theme}", title=words("nav.theme_hint"))
