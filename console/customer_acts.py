"""What staff do for a customer from their card: write to them first, and undo a link that was wrong.

Each is a dialog that says beforehand what will happen. The dialogs stand outside the card, which is built anew
whenever something in it changes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from nicegui import ui
from nicegui.elements.mixins.text_element import TextElement

from console.acting import Acting, button
from console.customer_card import FETCHED
from console.frame import Frame
from console.markup import announce, tag
from console.ports import StaffDesk
from console.reply_box import REPLY_LIMIT, SEND_KEYS
from crm.linking import unlink
from crm.models import utc_now
from crm.transcripts import CustomerView, IdentityView
from crm.unit_of_work import Database


class UnlinkDialog:
    """Asks whether an identity shall no longer be the customer's, says what that does, and does it."""

    def __init__(self, frame: Frame, database: Database, acted: Callable[[], Awaitable[bool]]) -> None:
        self._frame = frame
        self._database = database
        self._acting = Acting(frame, acted)
        self._identity_id = 0
        words = frame.words
        with ui.dialog() as self._dialog, ui.card().classes("asking"):
            self._title = tag("h2")
            for key in ("unlink.does", "unlink.keeps", "unlink.noted"):
                tag("p", words(key))
            with tag("div", classes="reply-acts"):
                button(words("reply.cancel"), self._dialog.close)
                button(words("channels.unlink"), self._unlink, main=True)

    def ask(self, customer: CustomerView, identity: IdentityView) -> None:
        words = self._frame.words
        self._identity_id = identity.id
        channel = words.name("channel", identity.channel)
        _call(self._dialog, self._title, words("unlink.title", channel=channel, name=customer.name))
        self._dialog.open()

    async def _unlink(self) -> None:
        self._dialog.close()
        await self._acting.do(self._write, "unlink.done", identity_id=self._identity_id)

    async def _write(self) -> None:
        await asyncio.to_thread(self._unlink_now, self._identity_id, self._frame.staff.id)

    def _unlink_now(self, identity_id: int, staff_id: int) -> None:
        with self._database.writing() as session:
            unlink(session, identity_id, staff_id, utc_now())


class WriteDialog:
    """Writes to a customer who did not write just now, and leads to the conversation that this starts."""

    def __init__(self, frame: Frame, desk: StaffDesk, acted: Callable[[], Awaitable[bool]]) -> None:
        self._frame = frame
        self._desk = desk
        self._acting = Acting(frame, acted)
        self._customer_id = 0
        self._conversation_id = ""
        self._channel: str | None = None
        words = frame.words
        with ui.dialog() as self._dialog, ui.card().classes("asking"):
            self._title = tag("h2")
            self._way = tag("p", role="status")
            with tag("div", classes="asking-write") as self._writing:
                self._text = ui.textarea(label=words("write.text")).props("autogrow outlined autofocus")
                self._text.props["hint"] = words("reply.hint")
                self._text.props["maxlength"] = REPLY_LIMIT
                self._text.on("keydown", self._send, js_handler=SEND_KEYS)
                tag("p", words("write.then"), "pending")
            with tag("div", classes="reply-acts"):
                button(words("reply.cancel"), self._dialog.close)
                self._send_button = button(words("reply.send"), self._send, main=True)

    async def ask(self, customer: CustomerView) -> None:
        """Opens with the way that a message would take, or says that there is none."""
        words = self._frame.words
        self._customer_id = customer.id
        if not await self._acting.do(self._find_way, customer_id=customer.id):
            return
        _call(self._dialog, self._title, words("write.title", name=customer.name))
        if self._channel is None:
            self._way.set_text(words("write.no_way"))
        elif self._channel == FETCHED:
            self._way.set_text(words("write.waits_on_web"))
        else:
            self._way.set_text(words("write.goes_by", channel=words.name("channel", self._channel)))
        self._writing.set_visibility(self._channel is not None)
        self._send_button.set_visibility(self._channel is not None)
        self._dialog.open()

    async def _send(self) -> None:
        text = (self._text.value or "").strip()
        if not text:
            return
        if len(text) > REPLY_LIMIT:
            announce(self._frame.words("reply.too_long", limit=REPLY_LIMIT), problem=True)
            return
        if await self._acting.do(self._start, "write.sent", customer_id=self._customer_id):
            self._text.set_value("")
            self._dialog.close()
            ui.navigate.to(f"/c/{self._conversation_id}")

    async def _find_way(self) -> None:
        self._channel = await self._desk.way_to(self._customer_id)

    async def _start(self) -> None:
        text = (self._text.value or "").strip()
        self._conversation_id = await self._desk.start(self._customer_id, self._frame.staff.id, text)


def _call(dialog: ui.dialog, title: TextElement, text: str) -> None:
    """Gives a dialog its title, on the page and for screen readers."""
    title.set_text(text)
    dialog.props["aria-label"] = text
