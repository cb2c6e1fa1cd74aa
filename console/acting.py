"""How an act of staff is done from a page: only while they are signed in, once however often they click, and said.

Knows no act: the reply box, the customer's card and their dialogs hand theirs in.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import structlog
from nicegui import ui
from sqlalchemy.exc import SQLAlchemyError

from console.frame import Frame
from console.markup import announce
from crm.errors import CrmError

_log = structlog.get_logger(__name__)


class Acting:
    """One at a time. ``acted`` is awaited after an act, and after one that was refused, to read the page anew."""

    def __init__(self, frame: Frame, acted: Callable[[], Awaitable[bool]]) -> None:
        self._frame = frame
        self._acted = acted
        self._busy = False

    async def do(self, act: Callable[[], Awaitable[None]], done: str = "", **ids: int | str) -> bool:
        """Does ``act`` and says ``done`` (a key of the catalogue; nothing of a mere look), or why not.

        ``ids`` are for the log.
        """
        if self._busy:
            return False
        self._busy = True
        try:
            if not await self._frame.still_signed_in():
                return False
            await act()
        except CrmError as error:
            announce(self._frame.words.error(error.code), problem=True)
            await self._acted()
            return False
        except SQLAlchemyError as error:
            _log.warning("staff_act_failed", act=done or "look", error=type(error).__name__, **ids)
            announce(self._frame.words("error.database"), problem=True)
            return False
        finally:
            self._busy = False
        if done:
            announce(self._frame.words(done))
            await self._acted()
        return True


def button(text: str, act: Callable[[], object], *, main: bool = False) -> ui.button:
    """``main`` is what most will want to do here."""
    return ui.button(text, on_click=act).props("no-caps unelevated" if main else "no-caps outline")
