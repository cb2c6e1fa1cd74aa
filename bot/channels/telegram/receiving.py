"""Receiving: each update is stored first, and only then is Telegram told that it arrived.

Owns the order of things, and what happens when one fails. The library's own ``Updater`` puts updates into a queue in
memory and acknowledges them at once, so it is not used. While an update cannot be stored the line waits: nothing is
skipped for a fault of ours. Only one that still fails after ``Pauses.tries``, while another can be stored, is to
blame itself: it is set aside, counted and logged by its id. To a web hook the answer is then 503, Telegram posts
it again, and gives up by itself in the end.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import anyio
import structlog
from anyio.abc import TaskGroup
from telegram import BotCommand, Update
from telegram.error import BadRequest, Conflict, InvalidToken, RetryAfter

from bot.channels.base import Edited, Intake, Received
from bot.channels.telegram.client import LONG_POLL_S, Client, seconds
from bot.channels.telegram.updates import Captioned, Event, GroupCall, Press, Reach, Reading
from bot.channels.telegram.words import BUTTON_CLOSED, COME_TO_PRIVATE_CHAT, COMMANDS, words

log = structlog.get_logger(__name__)


_PATIENCE = 2
"""So many times the tries are made before an update may be passed by what its own sender wrote later."""


@dataclass(frozen=True, slots=True)
class Pauses:
    """How long to wait after which trouble, in seconds. The first doubles up to ``longest_s``.

    ``conflict_s`` is between two tries to take over from another process that polls; ``token_s`` after the token was
    refused. ``tries`` is how often one update is tried before it may be to blame itself.
    """

    first_s: float = 0.5
    longest_s: float = 60.0
    conflict_s: float = 5.0
    token_s: float = 60.0
    tries: int = 6

    def after(self, failures: int) -> float:
        longest: float = min(self.longest_s, self.first_s * 2.0 ** min(failures - 1, 20))
        return longest * random.uniform(0.7, 1.0)


class Receiver:
    """Receives for one bot; all its methods run on one event loop, ``store`` in threads.

    ``set_aside`` counts the updates that were given up.
    """

    def __init__(self, client: Client, intake: Intake, reading: Reading, pauses: Pauses) -> None:
        self._bot = client.bot
        self._intake = intake
        self._reading = reading
        self._pauses = pauses
        self._offset: int | None = None
        self._failing: tuple[int, int] = (0, 0)
        self._trouble: str | None = None
        self.set_aside = 0

    async def prepare(self) -> None:
        """Learns the bot's name, and sets its menu of commands."""
        await self.insist(self._learn_name)
        await self.insist(self._set_commands)

    async def poll(self, tasks: TaskGroup) -> None:
        """Asks for updates for ever. What need not be waited for is started in ``tasks``."""
        await self.insist(self._bot.delete_webhook)
        failures = 0
        while True:
            try:
                updates = await self._bot.get_updates(
                    offset=self._offset, timeout=LONG_POLL_S, allowed_updates=Update.ALL_TYPES
                )
            except Exception as error:  # the network's, most likely; whatever it is, receiving goes on
                failures += 1
                await anyio.sleep(self._noted(error, failures))
                continue
            failures = 0
            self._recovered()
            if not await self._store_in_order(updates, tasks):
                await anyio.sleep(self._pauses.after(self._failing[1]))

    def store(self, update: Update) -> Callable[[], Awaitable[None]] | None:
        """Brings the update to the intake, on the disk; returns what is left to do at Telegram, if anything.

        Blocks on the database. Raises what the intake raises.
        """
        event = self.understood(update)
        match event:
            case Received():
                self._intake.message(event)
            case Captioned():
                self._intake.message(event.unread)
                self._intake.message(event.words)
            case Edited():
                self._intake.edit(event)
            case Reach():
                self._intake.reachable(event.sender, reachable=event.reachable)
            case Press():
                is_open = event.pressed is not None and self._intake.press(event.pressed)
                return lambda: self._answer_press(event, is_open=is_open)
            case GroupCall():
                return lambda: self._answer_group(event)
        return None

    def understood(self, update: Update) -> Event | None:
        try:
            return self._reading.event(update)
        except Exception as error:  # it should not, on anything; if it does, no update may stop those behind it
            log.error("telegram_update_not_understood", update_id=update.update_id, error=type(error).__name__)
            return None

    async def _store_in_order(self, updates: Sequence[Update], tasks: TaskGroup) -> bool:
        """Stores them one after the other and moves the offset along; False when one could not be."""
        for place, update in enumerate(updates):
            failed = await self._failed(update, tasks)
            if failed and not await self._to_blame(update, updates[place + 1 :], tasks):
                return False
            if update.update_id > 0:  # the latest, not the highest: after a quiet week they are counted from anywhere
                self._offset = update.update_id + 1
        return True

    async def _failed(self, update: Update, tasks: TaskGroup) -> bool:
        try:
            left_to_do = await anyio.to_thread.run_sync(self.store, update)
        except Exception as error:  # the database's, most likely: recorded, and tried again
            tries = self._failing[1] + 1 if self._failing[0] == update.update_id else 1
            self._failing = (update.update_id, tries)
            log.error("telegram_update_not_stored", update_id=update.update_id, error=type(error).__name__, tries=tries)
            return True
        if left_to_do is not None:
            tasks.start_soon(attempt, left_to_do)
        return False

    async def _to_blame(self, update: Update, later: Sequence[Update], tasks: TaskGroup) -> bool:
        """Whether it fails again and again, and others do not. Those are stored by this, before their turn.

        Only people other than its sender are let past it at first: each conversation keeps its order.
        """
        failing = self._failing
        if failing[1] < self._pauses.tries:
            return False
        patient = failing[1] < self._pauses.tries * _PATIENCE
        stored = [other for other in later if isinstance(self.understood(other), Received | Captioned | Edited)]
        for other in stored:
            if patient and other.effective_chat == update.effective_chat:
                continue
            if not await self._failed(other, tasks):
                break
        else:
            self._failing = failing
            return False
        if await self._failed(update, tasks):
            self.set_aside += 1
            log.critical("telegram_update_set_aside", update_id=update.update_id, total=self.set_aside)
        return True

    async def insist(self, step: Callable[[], Awaitable[Any]]) -> None:
        """Does the step, again and again until it has worked."""
        failures = 0
        while True:
            try:
                await step()
                self._recovered()
                return
            except BadRequest as error:  # a web hook's address, say, which Telegram finds no way to
                log.error("telegram_setup_refused", reason=error.message)
                await anyio.sleep(self._pauses.longest_s)
            except Exception as error:  # as in poll
                failures += 1
                await anyio.sleep(self._noted(error, failures))

    async def _learn_name(self) -> None:
        self._reading = replace(self._reading, username=(await self._bot.get_me()).username)

    async def _set_commands(self) -> None:
        for language, commands in COMMANDS.items():
            await self._bot.set_my_commands(
                [BotCommand(name, said) for name, said in commands],
                language_code=None if language == "en" else language,
            )

    async def _answer_press(self, press: Press, *, is_open: bool) -> None:
        closed = None if is_open else words(BUTTON_CLOSED, press.language)
        answer = partial(self._bot.answer_callback_query, press.query_id, text=closed, show_alert=not is_open)
        await attempt(answer)
        if press.pressed is not None:
            await self._bot.edit_message_reply_markup(int(press.pressed.sender.external_id), press.message_id)

    async def _answer_group(self, call: GroupCall) -> None:
        said = words(COME_TO_PRIVATE_CHAT, call.language).format(username=self._reading.username)
        await self._bot.send_message(call.chat_id, said)

    def _noted(self, error: Exception, failures: int) -> float:
        """Logs trouble of a new kind, and returns how long to wait. Its words are left out: they may hold anything."""
        kind = type(error).__name__
        if kind != self._trouble:
            self._trouble = kind
            log.error(_TROUBLES.get(type(error), "telegram_unreachable"), error=kind)
        match error:
            case RetryAfter():
                return seconds(error)
            case InvalidToken():
                return self._pauses.token_s
            case Conflict():
                return self._pauses.conflict_s
        return self._pauses.after(failures)

    def _recovered(self) -> None:
        if self._trouble is not None:
            self._trouble = None
            log.info("telegram_reached_again")


_TROUBLES: dict[type[Exception], str] = {
    InvalidToken: "telegram_token_refused",
    Conflict: "telegram_other_receiver",
    RetryAfter: "telegram_rate_limited",
}


async def attempt(deed: Callable[[], Awaitable[Any]]) -> None:
    """Does what nobody waits for: an alert, a typing sign. Too late or refused, it is logged and left."""
    try:
        await deed()
    except Exception as error:  # nobody is there to be told
        log.info("telegram_courtesy_failed", error=type(error).__name__)
