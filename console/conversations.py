"""The list of conversations: newest first, searched, filtered, and kept up to date while it is open."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from fastapi import Request
from nicegui import ui
from nicegui.elements.mixins.text_element import TextElement

from console.access import Access
from console.frame import BUILD_S, Frame, framed
from console.markup import LocalTime, chip, link, tag
from console.ports import LiveUpdates
from console.refresh import POLL_S, keep_fresh
from console.scores import rating_chip, score_chip
from console.words import Words
from crm.unit_of_work import Database
from crm.views import (
    ConversationPage,
    ConversationState,
    ConversationSummary,
    count_waiting,
    list_channels,
    list_conversations,
)

PAGE_SIZE = 50
SEARCH_AGAIN_S = 15.0
"""A search may read every message there is: while one stands, the list is read again this often at most."""
STATES: tuple[ConversationState, ...] = ("open", "waiting", "staff", "closed", "undelivered")
_STATE_WORDS = {
    "open": "state.open",
    "waiting": "state.waiting",
    "staff": "state.staff_filter",
    "closed": "state.closed",
    "undelivered": "state.undelivered",
}


@dataclass(frozen=True, slots=True)
class Filters:
    """What the list is narrowed to; it stands in the page's address, so that it survives a reload."""

    search: str = ""
    state: ConversationState | None = None
    channel: str | None = None
    language: str | None = None
    limit: int = PAGE_SIZE

    @property
    def narrowed(self) -> bool:
        return bool(self.search.strip() or self.state or self.channel or self.language)

    def query(self) -> str:
        values = {"q": self.search, "state": self.state, "channel": self.channel, "language": self.language}
        return urlencode({key: value for key, value in values.items() if value})


class ConversationsPage:
    """The page ``/``."""

    def __init__(self, database: Database, live: LiveUpdates, access: Access, poll_s: float = POLL_S) -> None:
        self._database = database
        self._live = live
        self._access = access
        self._poll_s = poll_s

    def register(self) -> None:
        ui.page("/", response_timeout=BUILD_S)(self.show)

    async def show(self, request: Request, q: str = "", state: str = "", channel: str = "", language: str = "") -> None:
        filters = Filters(
            search=q[:200],
            state=next((known for known in STATES if known == state), None),
            channel=channel or None,
            language=language if language in ("en", "zh") else None,
        )
        with framed(request, self._access, "list.title", "list-page") as frame:
            view = _ListView(self, frame, filters)
            await view.build()
        keep_fresh(ui.context.client, self._live, view.refresh, poll_s=self._poll_s)

    async def read(self, filters: Filters) -> tuple[ConversationPage, int]:
        return await asyncio.to_thread(self._read, filters)

    async def waiting(self) -> int:
        return await asyncio.to_thread(self._waiting)

    async def channels(self) -> tuple[str, ...]:
        return await asyncio.to_thread(self._channels)

    def _read(self, filters: Filters) -> tuple[ConversationPage, int]:
        with self._database.reading() as session:
            page = list_conversations(
                session,
                search=filters.search,
                state=filters.state,
                channel=filters.channel,
                language=filters.language,
                limit=filters.limit,
            )
            return page, count_waiting(session)

    def _waiting(self) -> int:
        with self._database.reading() as session:
            return count_waiting(session)

    def _channels(self) -> tuple[str, ...]:
        with self._database.reading() as session:
            return list_channels(session)


class _ListView:
    """The list in one browser. Rows that did not change are left alone, so that focus and place are kept."""

    def __init__(self, page: ConversationsPage, frame: Frame, filters: Filters) -> None:
        self._page = page
        self._frame = frame
        self._filters = filters
        self._read_at = 0.0
        self._shown: dict[str, tuple[ConversationSummary, TextElement]] = {}

    async def build(self) -> None:
        words = self._frame.words
        with tag("div", classes="page-head"):
            tag("h1", words("list.title"))
        self._build_filters(words, await self._page.channels())
        self._list = tag("ul", classes="entries", aria_label=words("list.title"))
        self._empty = tag("p", "", "empty", role="status")
        self._more = ui.button(words("list.more"), on_click=self._show_more).props("flat no-caps").classes("more")
        await self._read()

    async def refresh(self) -> bool:
        if not await self._frame.still_signed_in():
            return False
        if self._filters.search.strip() and time.monotonic() - self._read_at < SEARCH_AGAIN_S:
            self._frame.waiting.show(await self._page.waiting())
        else:
            await self._read()
        return True

    def _build_filters(self, words: Words, channels: tuple[str, ...]) -> None:
        everything = {"": words("list.all")}
        with tag("div", classes="filters", role="search"):
            search = ui.input(
                placeholder=words("list.search"),
                value=self._filters.search,
                on_change=lambda event: self._narrow(search=event.value or ""),
            )
            search.props("outlined dense clearable debounce=300 type=search").classes("filter-search")
            search.props["aria-label"] = words("list.search")
            state = ui.toggle(
                everything | {state: words(_STATE_WORDS[state]) for state in STATES},
                value=self._filters.state or "",
                on_change=lambda event: self._narrow(state=event.value or None),
            )
            state.props("no-caps unelevated").props["aria-label"] = words("list.state")
            ui.select(
                everything | {channel: words.name("channel", channel) for channel in channels},
                label=words("list.channel"),
                value=self._filters.channel if self._filters.channel in channels else "",
                on_change=lambda event: self._narrow(channel=event.value or None),
            ).props("outlined dense").classes("filter-choice")
            ui.select(
                everything | {language: words.name("language", language) for language in ("en", "zh")},
                label=words("list.language"),
                value=self._filters.language or "",
                on_change=lambda event: self._narrow(language=event.value or None),
            ).props("outlined dense").classes("filter-choice")

    async def _narrow(self, **changes: object) -> None:
        self._filters = replace(self._filters, limit=PAGE_SIZE, **changes)  # type: ignore[arg-type]
        query = self._filters.query()
        ui.navigate.history.replace(f"{self._frame.root}/" + (f"?{query}" if query else ""))
        await self._read_again()

    async def _show_more(self) -> None:
        self._filters = replace(self._filters, limit=self._filters.limit + PAGE_SIZE)
        await self._read_again()

    async def _read_again(self) -> None:
        if await self._frame.still_signed_in():
            await self._read()

    async def _read(self) -> None:
        filters, self._read_at = self._filters, time.monotonic()
        page, waiting = await self._page.read(filters)
        if filters != self._filters:  # narrowed again while reading: the later reading shows
            return
        self._frame.waiting.show(waiting)
        self._show(page)

    def _show(self, page: ConversationPage) -> None:
        words = self._frame.words
        wanted = {summary.id for summary in page.conversations}
        for id_ in [id_ for id_ in self._shown if id_ not in wanted]:
            self._shown.pop(id_)[1].delete()
        order = [child.id for child in self._list.default_slot.children]
        for index, summary in enumerate(page.conversations):
            before, row = self._shown.get(summary.id, (None, None))
            if row is None:
                with self._list:
                    row = tag("li")
                order.append(row.id)
            if before != summary:
                row.clear()
                with row:
                    _row(summary, words, self._frame.root)
                self._shown[summary.id] = (summary, row)
            if order[index] != row.id:
                row.move(target_index=index)
                order.remove(row.id)
                order.insert(index, row.id)
        nothing = words("list.nothing_found") if self._filters.narrowed else words("list.empty")
        self._empty.set_text("" if page.conversations else nothing)
        self._empty.set_visibility(not page.conversations)
        self._more.set_visibility(page.more)


def _row(summary: ConversationSummary, words: Words, root: str) -> None:
    known = "" if summary.customer_name else "entry-anonymous"
    highlighted = "entry-waiting" if summary.wants_human else ""
    with link(f"{root}/c/{summary.id}", classes=f"entry {highlighted}"):
        with tag("span", classes="entry-main"):
            with tag("span", classes="entry-head"):
                tag("b", who(summary, words), f"entry-name {known}", dir="auto")
                chip(words.name("channel", summary.channel), "chip-outline")
                chip(words.name("language", summary.language), "chip-outline")
                state_chip(summary, words)
                if summary.undelivered:
                    chip(words("list.undelivered", count=summary.undelivered), "chip-alert")
            with tag("span", classes="entry-preview"):
                if summary.preview_author:
                    author = words(f"author.{summary.preview_author}")
                    tag("span", words("preview.author", author=author), "entry-author")
                if summary.preview_kind:
                    tag("span", f"{words.name('kind', summary.preview_kind)} ", "entry-kind")
                tag("span", summary.preview, dir="auto")
        with tag("span", classes="entry-judged"):
            score_chip(summary.score, words)
            if summary.rating is not None:
                rating_chip(summary.rating, words)
        with tag("span", classes="entry-when"):
            LocalTime(summary.last_at, words)
            count = summary.message_count
            tag("span", words("list.message") if count == 1 else words("list.messages", count=count), "entry-count")


def who(summary: ConversationSummary, words: Words) -> str:
    """The customer's name, else what their channel calls them."""
    return summary.customer_name or summary.visitor_name or words("anonymous")


def state_chip(summary: ConversationSummary, words: Words) -> None:
    """Where the conversation stands, in words."""
    if summary.closed_at is not None:
        reason = words.name("closed", summary.close_reason) if summary.close_reason else None
        chip(words("state.closed"), "chip-quiet", hint=reason)
    elif summary.mode == "waiting":
        chip(words("state.waiting"), "chip-alert")
    elif summary.mode == "staff":
        chip(words("state.staff", name=summary.staff_name or words("author.staff")), "chip-staff")
    else:
        chip(words("state.bot"), "chip-live")
