"""What Slack says when it does not do as asked, as the errors of a channel. The codes are those of its reference.

The causes are cut off: their texts repeat requests and answers.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.channels.base import DeliveryDelayed, DeliveryRefused, Unreachable
from bot.errors import ChannelError

log = structlog.get_logger(__name__)

_GONE = {
    "user_not_found", "users_not_found", "user_disabled", "user_not_visible", "cannot_dm_bot", "channel_not_found",
    "not_in_channel", "is_archived", "invalid_user_combination",
}  # fmt: skip
_NEVER = {
    "msg_too_long", "msg_blocks_too_long", "no_text", "invalid_blocks", "invalid_blocks_format", "invalid_arguments",
    "invalid_arg_name", "cannot_reply_to_message", "restricted_action", "restricted_action_read_only_channel",
    "restricted_action_thread_only_channel", "restricted_action_thread_locked",
    "restricted_action_non_threadable_channel", "metadata_too_large", "metadata_must_be_sent_from_app",
    "file_upload_size_restricted", "file_uploads_disabled", "file_uploads_except_images_disabled", "malware_detected",
}  # fmt: skip
_SETUP = {
    "not_authed", "invalid_auth", "account_inactive", "token_revoked", "token_expired", "no_permission",
    "missing_scope", "not_allowed_token_type", "org_login_required", "ekm_access_denied", "team_access_not_granted",
    "messages_tab_disabled",
}  # fmt: skip
_BUSY = {"ratelimited", "rate_limited", "message_limit_exceeded"}
_DEFAULT_WAIT_S = 5.0

UNREACHED = (aiohttp.ClientError, SlackClientError, TimeoutError, OSError, ValueError)
"""How a call ends that Slack did not answer as it should; ValueError is an answer that is no JSON."""


@contextmanager
def channel_errors() -> Iterator[None]:
    """Turns errors of Slack's libraries into DeliveryDelayed, DeliveryRefused, Unreachable or ChannelError."""
    try:
        yield
    except SlackApiError as error:
        raise _meaning(error) from None
    except UNREACHED as error:
        raise ChannelError(f"Slack cannot be reached: {type(error).__name__}") from None


def code_of(error: SlackApiError) -> str:
    """Slack's code, or HTTP's where there is none."""
    data = getattr(error.response, "data", None)
    code = data.get("error") if isinstance(data, dict) else None
    return str(code or f"http_{_status_of(error)}")


def needed_scope(error: SlackApiError) -> str:
    """The permission that is missing, if that is what Slack says."""
    data = getattr(error.response, "data", None)
    return str(data.get("needed", "")) if isinstance(data, dict) else ""


def _meaning(error: SlackApiError) -> ChannelError:
    code, status = code_of(error), _status_of(error)
    if code in _BUSY or status == 429:
        return DeliveryDelayed(_retry_after_s(error))
    if code in _SETUP:
        log.error("slack_setup_refused", code=code, needed=needed_scope(error))
        return ChannelError(f"Slack refuses the app: {code}")
    if code in _GONE:
        return Unreachable(f"Slack: {code}")
    if code in _NEVER:
        log.error("slack_message_refused", code=code)
        return DeliveryRefused(f"Slack: {code}")
    return ChannelError(f"Slack: {code}")


def _status_of(error: SlackApiError) -> int:
    status = getattr(error.response, "status_code", getattr(error.response, "status", 0))
    return status if isinstance(status, int) else 0


def _retry_after_s(error: SlackApiError) -> float:
    given = (getattr(error.response, "headers", None) or {}).get("Retry-After", "")
    return max(float(given), 1.0) if str(given).isdecimal() else _DEFAULT_WAIT_S
