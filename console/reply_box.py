"""Where staff take a conversation over, write, hand it back and end it. Every act asks first who is there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

import structlog
from nicegui import ui
from sqlalchemy.exc import SQLAlchemyError

from console.frame import Frame
from console.markup import announce, tag
from console.ports import StaffDesk
from crm.errors import CrmError
from crm.views import ConversationSummary

_log = structlog.get_logger(__name__)

REPLY_LIMIT = 4000
_SEND_KEYS = "(event) => { if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) emit(); }"


class ReplyBox:
    """Shows what may be done now; ``acted`` is awaited after every act, to read the page anew."""

    def __init__(
        self, frame: Frame, desk: StaffDesk, conversation_id: str, acted: Callable[[], Awaitable[bool]]
    ) -> None:
        self._frame = frame
        self._desk = desk
        self._id = conversation_id
        self._acted = acted
        self._busy = False
        words = frame.words
        with tag("section", classes="reply", aria_label=words("reply.label")):
            self._status = tag("p", "", "reply-status", role="status")
            with tag("div", classes="reply-write") as self._write:
                self._text = ui.textarea(label=words("reply.label")).props("autogrow outlined").classes("reply-text")
                self._text.props["hint"] = words("reply.hint")
                self._text.props["maxlength"] = REPLY_LIMIT
                self._text.on("keydown", self._send, js_handler=_SEND_KEYS)
                self._send_button = _button(words("reply.send"), self._send, main=True)
            with tag("div", classes="reply-acts"):
                self._take = _button(words("reply.take_over"), self._take_over, main=True)
                self._hand = _button(words("reply.hand_back"), self._hand_back)
                self._end = _button(words("reply.close"), self._ask_close)
        with ui.dialog() as self._sure, ui.card():
            tag("p", words("reply.close_sure"))
            with tag("div", classes="reply-acts"):
                _button(words("reply.cancel"), self._sure.close)
                _button(words("reply.close"), self._close, main=True)

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
        if not text or self._busy:
            return
        if len(text) > REPLY_LIMIT:
            announce(self._frame.words("reply.too_long", limit=REPLY_LIMIT), problem=True)
            return
        if await self._act(partial(self._desk.reply, text=text), "reply.sent"):
            self._text.set_value("")

    async def _hand_back(self) -> None:
        await self._act(self._desk.hand_back, "reply.handed_back")

    def _ask_close(self) -> None:
        self._sure.open()

    async def _close(self) -> None:
        self._sure.close()
        await self._act(self._desk.close, "reply.ended")

    async def _act(self, act: Callable[[str, int], Awaitable[None]], done: str) -> bool:
        """Does ``act`` if the session still stands; says in words how it went. Two clicks do it once."""
        if self._busy:
            return False
        self._busy = True
        try:
            if not await self._frame.still_signed_in():
                return False
            await act(self._id, self._frame.staff.id)
        except CrmError as error:
            announce(self._frame.words.error(error.code), problem=True)
            await self._acted()
            return False
        except SQLAlchemyError as error:
            _log.warning("staff_act_failed", act=done, conversation_id=self._id, error=type(error).__name__)
            announce(self._frame.words("error.database"), problem=True)
            return False
        finally:
            self._busy = False
        announce(self._frame.words(done))
        await self._acted()
        return True


def _button(text: str, act: Callable[[], object], *, main: bool = False) -> ui.button:
    return ui.button(text, on_click=act).props("no-caps unelevated" if main else "no-caps outline")
