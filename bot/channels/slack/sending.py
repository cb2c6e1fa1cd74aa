"""Messages of ours on their way into Slack: where they go, in which parts, and whether one has been there before.

Slack keeps with each message whose it is (its ``metadata``; a file's name does the same). So a later attempt finds
what an earlier one sent without living to record it.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.channels.base import DeliveryRefused, Outgoing, OutgoingFile
from bot.channels.slack.blocks import Composed, compose
from bot.channels.slack.events import Place
from bot.channels.slack.refusals import channel_errors, code_of
from bot.channels.slack.words import word

log = structlog.get_logger(__name__)

METADATA_TYPE = "crmbot_message"
LOOK_BACK_S = 86_400.0
LOOK_BACK_MESSAGES = 200
"""Where a later attempt looks for what an earlier one may have sent."""
_CHANNELS_KEPT = 2000

Part = Composed | OutgoingFile


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a message is posted."""

    channel: str
    thread_ts: str | None


def parts_of(outgoing: Outgoing) -> list[Part]:
    """What a message is sent as: its words, with the buttons under the last of them, and then its files.

    In a channel others read along: nobody is asked for anything personal there, but to go on in private.
    """
    if outgoing.asks_for is not None and Place.of(outgoing.external_id).is_public:
        return list(compose(word("public_thread", outgoing.language), ()))
    return [*compose(outgoing.text, outgoing.buttons), *outgoing.files]


class Sending:
    """Used on the event loop alone. Errors are those of ``Channel.send``."""

    def __init__(self, client: AsyncWebClient) -> None:
        self._client = client
        self._channels: OrderedDict[str, str] = OrderedDict()

    async def send(self, outgoing: Outgoing, part: Part, number: int) -> str:
        """Sends the part of that ``number``, unless an earlier attempt has; gives Slack's name for it."""
        with channel_errors():
            spot = await self._spot(outgoing.external_id)
            if outgoing.attempt > 1 and number == len(outgoing.parts):
                found = await self._sent_before(outgoing, part, number, spot)
                if found is not None:
                    log.info("slack_message_found", message_id=outgoing.message_id, part=number)
                    return found
            if isinstance(part, Composed):
                return await self._post(outgoing, part, number, spot)
            return await self._share(outgoing, part, number, spot)

    async def _post(self, outgoing: Outgoing, part: Composed, number: int, spot: Spot) -> str:
        answer = await self._client.chat_postMessage(
            channel=spot.channel,
            thread_ts=spot.thread_ts,
            text=part.text,
            blocks=part.blocks,
            unfurl_links=False,
            unfurl_media=False,
            metadata={
                "event_type": METADATA_TYPE,
                "event_payload": {"message_id": outgoing.message_id, "part": number},
            },
        )
        return f"{spot.channel}:{answer['ts']}"

    async def _share(self, outgoing: Outgoing, part: OutgoingFile, number: int, spot: Spot) -> str:
        answer = await self._client.files_upload_v2(
            channel=spot.channel,
            thread_ts=spot.thread_ts,
            file=part.data,
            filename=_file_name(outgoing, part, number),
            title=part.filename,
        )
        files = answer.get("files") or [{}]
        return f"{spot.channel}:{files[0].get('id', '')}"

    async def update(self, channel: str, ts: str, composed: Composed, metadata: object) -> None:
        """Gives a message that was sent other contents; ``metadata`` are those it has. Raises ChannelError."""
        kept = metadata if isinstance(metadata, dict) else None
        with channel_errors():
            await self._client.chat_update(
                channel=channel, ts=ts, text=composed.text, blocks=composed.blocks, metadata=kept
            )

    async def whisper(self, place: Place, channel: str, text: str) -> None:
        """Tells one person something in passing. Raises ChannelError."""
        with channel_errors():
            await self._client.chat_postEphemeral(
                channel=channel, user=place.user, text=text, thread_ts=place.thread_ts or None
            )

    async def put_up_home(self, user: str, view: Mapping[str, Any]) -> None:
        """Raises ChannelError."""
        with channel_errors():
            await self._client.views_publish(user_id=user, view=dict(view))

    async def _spot(self, external_id: str) -> Spot:
        try:
            place = Place.of(external_id)
        except ValueError:
            raise DeliveryRefused("no place in Slack") from None
        if place.is_public:
            return Spot(place.channel, place.thread_ts)
        if place.user not in self._channels:
            answer = await self._client.conversations_open(users=place.user)
            self._channels[place.user] = str(answer["channel"]["id"])
            while len(self._channels) > _CHANNELS_KEPT:
                self._channels.popitem(last=False)
        return Spot(self._channels[place.user], None)

    async def _sent_before(self, outgoing: Outgoing, part: Part, number: int, spot: Spot) -> str | None:
        for message in await self._lately(spot):
            if isinstance(part, Composed) and _is(message, outgoing.message_id, number):
                return f"{spot.channel}:{message.get('ts')}"
            for file in message.get("files") or ():
                if not isinstance(part, Composed) and file.get("name") == _file_name(outgoing, part, number):
                    return f"{spot.channel}:{file.get('id')}"
        return None

    async def _lately(self, spot: Spot) -> list[dict[str, Any]]:
        """What stands there since yesterday; nothing where we may not read it."""
        wanted: dict[str, Any] = {
            "channel": spot.channel,
            "oldest": f"{time.time() - LOOK_BACK_S:.6f}",
            "limit": LOOK_BACK_MESSAGES,
            "include_all_metadata": True,
        }
        try:
            if spot.thread_ts:
                answer = await self._client.conversations_replies(ts=spot.thread_ts, **wanted)
            else:
                answer = await self._client.conversations_history(**wanted)
        except SlackApiError as error:
            if code_of(error) != "missing_scope":
                raise
            log.info("slack_history_unreadable")
            return []
        return [message for message in answer.get("messages") or () if isinstance(message, dict)]


def _is(message: Mapping[str, Any], message_id: str, number: int) -> bool:
    metadata = message.get("metadata")
    payload = metadata.get("event_payload") if isinstance(metadata, dict) else None
    # Slack may give a number back as text
    return isinstance(payload, dict) and (payload.get("message_id"), str(payload.get("part"))) == (
        message_id,
        str(number),
    )


def _file_name(outgoing: Outgoing, part: OutgoingFile, number: int) -> str:
    """The file's name, made the message's own."""
    path = PurePath(part.filename)
    return f"{path.stem[:60]}-{outgoing.message_id}-{number}{path.suffix}"
