"""Takes what Slack sends: stores it, and only then lets it be acknowledged; all else follows later.

Bolt's listeners are acknowledged before they run, or run apart from it; a middleware answers when it has done its work.
So everything is taken by one middleware behind bolt's own (signature, challenge), which answers 200 once the intake has
it and 503 where that failed: then Slack sends it again, by HTTP as in Socket Mode, where only a 200 is acknowledged.

Bolt would ask Slack for the app's permission first (``auth.test``), and acknowledge when Slack says no: it is told that
all is well instead, so that nothing is lost while Slack's API is away. One event is stored at a time, in the order in
which they came.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import replace
from typing import Any, TypeVar

import anyio.to_thread
import structlog
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.middleware.async_middleware import AsyncMiddleware
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot.channels.base import Edited, Intake, Proof, Received, Sender
from bot.channels.slack import blocks
from bot.channels.slack.events import Asked, Chosen, HomeOpened, Nothing, Place, Said, convert
from bot.channels.slack.library_log import library_logger
from bot.channels.slack.people import People
from bot.channels.slack.sending import Sending
from bot.channels.slack.words import word

log = structlog.get_logger(__name__)

T = TypeVar("T")
_ODD = (AttributeError, IndexError, KeyError, TypeError, ValueError, RecursionError)
"""What bolt raises over a body that is none of Slack's; its own middleware's failures are a 500."""


class _NotStored(Exception):
    """The intake could not take it now."""


class Receiving:
    """Used on the event loop alone."""

    def __init__(
        self,
        client: AsyncWebClient,
        people: People,
        sending: Sending,
        intake: Intake,
        *,
        signing_secret: str,
        link_by_email: bool,
    ) -> None:
        self._people = people
        self._sending = sending
        self._link_by_email = link_by_email
        self._intake = intake
        self._one_at_a_time = asyncio.Lock()
        self._later: set[asyncio.Task[None]] = set()
        self.app = AsyncApp(
            name="crmbot",
            logger=library_logger(),
            client=AsyncWebClient(base_url=client.base_url, logger=library_logger()),
            authorize=_permitted,
            signing_secret=signing_secret,
            ignoring_self_events_enabled=False,  # ``events`` knows what is ours
            attaching_function_token_enabled=False,
        )
        self.app.use(_Taking(self._take))

    async def dispatch(self, make_request: Callable[[], AsyncBoltRequest]) -> BoltResponse:
        """Bolt's answer: 200, 401, or 503 when it could not be stored. An odd body is acknowledged: it stays odd."""
        try:
            response = await self.app.async_dispatch(make_request())
        except _ODD as error:
            log.warning("slack_event_odd", error=type(error).__name__)
            return BoltResponse(status=200)
        if response.status in (404, 500):
            log.warning("slack_event_odd", error="refused by bolt")
            return BoltResponse(status=200)
        return response

    async def end(self) -> None:
        """Ends what follows later."""
        for task in list(self._later):
            task.cancel()
        await asyncio.gather(*self._later, return_exceptions=True)

    async def _take(self, body: Mapping[str, Any]) -> BoltResponse:
        event = convert(body)
        try:
            match event:
                case Nothing("app_rate_limited"):
                    log.error("slack_events_withheld", advice="Slack sends no more than 30,000 events in an hour")
                case Nothing(why):
                    log.debug("slack_event_without_effect", why=why)
                case Said(place, team, brought):
                    for each in brought:
                        await self._store(each)
                    self._soon(self._meet(place, team))
                case Asked(place, team, received):
                    await self._store(received)
                    self._soon(self._meet(place, team))
                    return self._answered_in_private(event)
                case Chosen():
                    await self._press(event)
                case HomeOpened(place, team):
                    self._soon(self._put_up_home(place, team))
        except _NotStored:
            return BoltResponse(status=503)
        return BoltResponse(status=200)

    async def _store(self, brought: Received | Edited) -> None:
        if isinstance(brought, Edited):
            await self._stored(self._intake.edit, replace(brought, message=self._introduced(brought.message)))
        else:
            await self._stored(self._intake.message, self._introduced(brought))

    async def _press(self, chosen: Chosen) -> None:
        sender = self._named(chosen.pressed.sender, chosen.place.user)
        is_open = await self._stored(self._intake.press, replace(chosen.pressed, sender=sender))
        self._soon(self._tell_choice(chosen, is_open))

    async def _stored(self, bring: Callable[..., T], *args: Any) -> T:
        """Brings something to the intake, from a thread. Raises _NotStored, whatever stood in the way."""
        try:
            async with self._one_at_a_time:
                return await anyio.to_thread.run_sync(bring, *args)
        except Exception as error:  # the one place where all that may befall a store ends: Slack sends it again
            log.error("slack_event_not_stored", error=type(error).__name__)  # its text may hold what was written
            raise _NotStored from error

    def _introduced(self, received: Received) -> Received:
        return replace(received, sender=self._named(received.sender, Place.of(received.sender.external_id).user))

    def _named(self, sender: Sender, user: str) -> Sender:
        known = self._people.known(user)
        return replace(sender, name=known.name, language=known.language)

    def _answered_in_private(self, asked: Asked) -> BoltResponse:
        chinese = any("\u4e00" <= char <= "\u9fff" for char in asked.received.text)
        language = "zh" if chinese else self._people.known(asked.place.user).language
        return BoltResponse(
            status=200, body={"response_type": "ephemeral", "text": word("answered_in_private", language)}
        )

    # what follows later

    def _soon(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(_safely(work))
        self._later.add(task)
        task.add_done_callback(self._later.discard)

    async def _meet(self, place: Place, team: str) -> None:
        """Asks who it is; where the site wants it, their verified e-mail address proves it, though never in public."""
        found = await self._people.news(place.user, team)
        if found is None:
            return
        sender = self._named(Sender("slack", team, place.external_id), place.user)
        email = found.email if self._link_by_email else None
        try:
            await self._stored(self._intake.introduce, sender)
            if email is not None and not place.is_public:
                await self._stored(self._intake.prove, sender, Proof("email", email))
        except _NotStored:
            self._people.ask_again(place.user)
        if email is not None and place.is_public:
            self._people.ask_again(place.user)  # for when they write in private

    async def _tell_choice(self, chosen: Chosen, is_open: bool) -> None:
        if is_open:
            composed = blocks.chosen(chosen.message, chosen.title)
            await self._sending.update(chosen.channel, chosen.ts, composed, chosen.message.get("metadata"))
        else:
            language = self._people.known(chosen.place.user).language
            await self._sending.whisper(chosen.place, chosen.channel, word("closed_question", language))

    async def _put_up_home(self, place: Place, team: str) -> None:
        await self._people.news(place.user, team)
        await self._sending.put_up_home(place.user, blocks.home(self._people.known(place.user).language))


class _Taking(AsyncMiddleware):
    """The last of bolt's middleware: it answers, and nothing comes after."""

    def __init__(self, take: Callable[[Mapping[str, Any]], Awaitable[BoltResponse]]) -> None:
        self._take = take

    async def async_process(
        self,
        *,
        req: AsyncBoltRequest,
        resp: BoltResponse,
        next: Callable[[], Awaitable[BoltResponse]],
    ) -> BoltResponse:
        return await self._take(req.body)


async def _permitted() -> AuthorizeResult:
    return AuthorizeResult(enterprise_id=None, team_id=None)


async def _safely(work: Awaitable[None]) -> None:
    """Whatever goes wrong after the acknowledgement is logged: nobody waits for it."""
    try:
        await work
    except Exception as error:
        code = getattr(error, "code", type(error).__name__)
        log.warning("slack_follow_up_failed", code=code)
