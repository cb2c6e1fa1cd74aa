"""Where staff take a conversation over, write, hand it back and end it. Every act asks first who is there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

from nicegui import ui

from console.acting import Acting, button
from console.frame import Frame
from console.markup import announce, tag
from console.photo_picker import PhotoPicker
from console.ports import StaffDesk
from crm.views import ConversationSummary

REPLY_LIMIT = 4000
SEND_KEYS = "(event) => { if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) emit(); }"


class ReplyBox:
    """Shows what may be done now; ``acted`` is awaited after every act, to read the page anew."""

    def __init__(
        self, frame: Frame, desk: StaffDesk, conversation_id: str, acted: Callable[[], Awaitable[bool]]
    ) -> None:
        self._frame = frame
        self._desk = desk
        self._id = conversation_id
        self._acting = Acting(frame, acted)
        words = frame.words
        with tag("section", classes="reply", aria_label=words("reply.label")):
            self._status = tag("p", "", "reply-status", role="status")
            with tag("div", classes="reply-write") as self._write:
                self._text = ui.textarea(label=words("reply.label")).props("autogrow outlined").classes("reply-text")
                self._text.props["hint"] = words("reply.hint")
                self._text.props["maxlength"] = REPLY_LIMIT
                self._text.on("keydown", self._send, js_handler=SEND_KEYS)
                self._send_button = button(words("reply.send"), self._send, main=True)
            self._photo = PhotoPicker(words)
            with tag("div", classes="reply-acts"):
                self._take = button(words("reply.take_over"), self._take_over, main=True)
                self._hand = button(words("reply.hand_back"), self._hand_back)
                self._end = button(words("reply.close"), self._ask_close)
        with ui.dialog() as self._sure, ui.card():
            tag("p", words("reply.close_sure"))
            with tag("div", classes="reply-acts"):
                button(words("reply.cancel"), self._sure.close)
                button(words("reply.close"), self._close, main=True)

    def show(self, conversation: ConversationSummary) -> None:
        words = self._frame.words
        mine = conversation.mode == "staff" and conversation.staff_id == self._frame.staff.id
        name = conversation.staff_name or words("author.staff")
        if not conversation.is_open:
            status = words("reply.closed")
        elif mine:
            status = words("reply.you_answer")
        elif conversation.mode == "staff":
            status = words("reply.other_answers", name=name)
        else:
            status = words("reply.waiting" if conversation.wants_human else "reply.bot_answers")
        self._status.set_text(status)
        self._write.set_visibility(conversation.is_open and mine)
        self._photo.element.set_visibility(conversation.is_open and mine)
        self._take.set_visibility(conversation.is_open and not mine)
        taken = conversation.mode == "staff" and not mine
        self._take.set_text(words("reply.take_over_from", name=name) if taken else words("reply.take_over"))
        self._hand.set_visibility(conversation.is_open and mine)
        self._end.set_visibility(conversation.is_open and mine)

    async def _take_over(self) -> None:
        if await self._act(self._desk.take_over, "reply.taken"):
            self._text.run_method("focus")

    async def _send(self) -> None:
        text = (self._text.value or "").strip()
        photos = () if self._photo.photo is None else (self._photo.photo,)
        if not text and not photos:
            return
        if len(text) > REPLY_LIMIT:
            announce(self._frame.words("reply.too_long", limit=REPLY_LIMIT), problem=True)
            return
        if await self._act(partial(self._desk.reply, text=text, media=photos), "reply.sent"):
            self._text.set_value("")
            self._photo.clear()

    async def _hand_back(self) -> None:
        await self._act(self._desk.hand_back, "reply.handed_back")

    def _ask_close(self) -> None:
        self._sure.open()

    async def _close(self) -> None:
        self._sure.close()
        await self._act(self._desk.close, "reply.ended")

    async def _act(self, act: Callable[[str, int], Awaitable[None]], done: str) -> bool:
        return await self._acting.do(partial(act, self._id, self._frame.staff.id), done, conversation_id=self._id)
