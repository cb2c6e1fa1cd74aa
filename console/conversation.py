"""One conversation: its transcript, what is known beside it, and the reply box; kept up to date while open."""

from __future__ import annotations

import asyncio

from fastapi import Request
from nicegui import ui
from nicegui.elements.mixins.text_element import TextElement

from console.access import Access
from console.conversations import state_chip, who
from console.customer_acts import UnlinkDialog, WriteDialog
from console.customer_card import CardActs
from console.frame import BUILD_S, Frame, framed
from console.markup import LocalTime, chip, link, tag
from console.messages import Bubble, anchor, show_bubble
from console.ports import LiveUpdates, StaffDesk
from console.refresh import POLL_S, keep_fresh
from console.reply_box import ReplyBox
from console.side_panel import show_side
from crm.errors import NotFound
from crm.transcripts import TranscriptView, view_transcript
from crm.unit_of_work import Database
from crm.views import ConversationSummary, count_waiting

MESSAGES_AT_FIRST = 200


class ConversationPage:
    """The page ``/c/{conversation_id}``."""

    def __init__(
        self, database: Database, live: LiveUpdates, desk: StaffDesk, access: Access, poll_s: float = POLL_S
    ) -> None:
        self._database = database
        self._live = live
        self._desk = desk
        self._access = access
        self._poll_s = poll_s

    def register(self) -> None:
        ui.page("/c/{conversation_id}", response_timeout=BUILD_S)(self.show)

    async def show(self, request: Request, conversation_id: str) -> None:
        try:
            first, waiting = await self.read(conversation_id, MESSAGES_AT_FIRST)
        except NotFound:
            with framed(request, self._access, "list.title", "list-page") as frame:
                tag("p", frame.words("transcript.not_found"), "empty", role="alert")
                link(f"{frame.root}/", frame.words("transcript.back"))
            ui.context.client.status_code = 404
            return
        with framed(request, self._access, "list.title", "conversation-page") as frame:
            view = _ConversationView(self, frame, self._desk, self._database, conversation_id)
            view.build()
            view.show(first, waiting)
        keep_fresh(ui.context.client, self._live, view.refresh, conversation_id=conversation_id, poll_s=self._poll_s)

    async def read(self, conversation_id: str, limit: int) -> tuple[TranscriptView, int]:
        return await asyncio.to_thread(self._read, conversation_id, limit)

    def _read(self, conversation_id: str, limit: int) -> tuple[TranscriptView, int]:
        with self._database.reading() as session:
            return view_transcript(session, conversation_id, limit=limit), count_waiting(session)


class _ConversationView:
    """The conversation in one browser. Messages that did not change are left alone: a player plays on."""

    def __init__(
        self, page: ConversationPage, frame: Frame, desk: StaffDesk, database: Database, conversation_id: str
    ) -> None:
        self._page = page
        self._frame = frame
        self._desk = desk
        self._database = database
        self._id = conversation_id
        self._limit = MESSAGES_AT_FIRST
        self._shown: TranscriptView | None = None
        self._bubbles: dict[str, tuple[Bubble, TextElement]] = {}

    def build(self) -> None:
        words = self._frame.words
        with tag("div", classes="conversation"):
            link(f"{self._frame.root}/", f"← {words('transcript.back')}", "back")
            self._head = tag("div", classes="conversation-head")
            self._earlier = ui.button("", on_click=self._show_earlier).props("flat no-caps").classes("more")
            self._log = tag(
                "div", classes="log", role="log", aria_label=words("transcript.label"), tabindex="0", id="log"
            )
            self._empty = tag("p", words("transcript.no_messages"), "empty")
            self._reply = ReplyBox(self._frame, self._desk, self._id, self.refresh)
        self._side = tag("aside", classes="side", aria_label=words("customer.title"))
        write = WriteDialog(self._frame, self._desk, self.refresh)
        unlink = UnlinkDialog(self._frame, self._database, self.refresh)
        self._acts = CardActs(write.ask, unlink.ask)

    async def refresh(self) -> bool:
        if not await self._frame.still_signed_in():
            return False
        try:
            view, waiting = await self._page.read(self._id, self._limit)
        except NotFound:  # erased while it was open
            ui.navigate.to("/")
            return False
        self.show(view, waiting)
        return True

    def show(self, view: TranscriptView, waiting: int) -> None:
        self._frame.waiting.show(waiting)
        before, self._shown = self._shown, view
        if before == view:
            return
        if before is None or before.conversation != view.conversation:
            self._show_head(view.conversation)
            self._reply.show(view.conversation)
        if before is None or _beside(before) != _beside(view):
            self._side.clear()
            with self._side:
                show_side(view, self._frame.words, self._frame.root, self._acts)
        self._show_messages(view)

    async def _show_earlier(self) -> None:
        self._limit += 2 * MESSAGES_AT_FIRST
        await self.refresh()

    def _show_head(self, conversation: ConversationSummary) -> None:
        words = self._frame.words
        self._head.clear()
        with self._head:
            tag("h1", who(conversation, words), dir="auto")
            with tag("div", classes="chips"):
                state_chip(conversation, words)
                chip(words.name("channel", conversation.channel), "chip-outline")
                chip(words.name("language", conversation.language), "chip-outline")
                with tag("span", classes="pending"):
                    tag("span", f"{words('transcript.started')} ")
                    LocalTime(conversation.opened_at, words)
                if conversation.close_reason:
                    tag("span", words.name("closed", conversation.close_reason), "pending")

    def _show_messages(self, view: TranscriptView) -> None:
        reasons = view.conversation.score.reasons if view.conversation.score else ()
        for id_ in self._bubbles.keys() - {message.id for message in view.messages}:
            self._bubbles.pop(id_)[1].delete()
        for index, message in enumerate(view.messages):
            bubble = Bubble(message, tuple(reason for reason in reasons if reason.message_id == message.id))
            before, element = self._bubbles.get(message.id, (None, None))
            if before == bubble:
                continue
            if element is None:
                with self._log:
                    element = tag(
                        "article", classes=f"message from-{message.author}", id=anchor(message.id), tabindex="-1"
                    )
                if index < len(self._bubbles):
                    element.move(target_index=index)
            element.clear()
            with element:
                show_bubble(bubble, self._frame.words, self._frame.root)
            self._bubbles[message.id] = (bubble, element)
        self._empty.set_visibility(not view.messages)
        self._earlier.set_text(self._frame.words("transcript.earlier", count=view.omitted))
        self._earlier.set_visibility(view.omitted > 0)


def _beside(view: TranscriptView) -> object:
    return view.conversation.score, view.rating, view.tickets, view.customer, view.identities, view.identity_count
