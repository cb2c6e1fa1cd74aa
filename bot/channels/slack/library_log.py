"""What Slack's libraries log, without what they would tell: their lines hold customers' words, tickets and URLs.

Of a warning or an error there remain its place in the library, the kind of error and Slack's code for it.
"""

from __future__ import annotations

import logging
import time

import structlog
from slack_sdk.errors import SlackApiError

from bot.channels.slack.refusals import code_of

log = structlog.get_logger(__name__)

REPEAT_S = 60.0
"""A line that was just logged is not logged again for so long."""


class _Retold(logging.Filter):
    """Logs a record in its own words and stops it; a filter, as bolt copies those, and its loggers propagate."""

    def __init__(self) -> None:
        super().__init__()
        self._told: dict[tuple[str, str, str], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        kind = type(error).__name__ if error else ""
        code = code_of(error) if isinstance(error, SlackApiError) else ""
        told, now = (record.funcName, kind, code), time.monotonic()
        if now - self._told.get(told, -REPEAT_S) >= REPEAT_S:
            self._told[told] = now
            log.warning("slack_library_trouble", place=record.funcName, error=kind, code=code)
        return False


def library_logger() -> logging.Logger:
    """A logger to give to Slack's libraries; outside of the hierarchy, so that nobody sets another level."""
    logger = logging.Logger("slack", logging.WARNING)
    logger.addFilter(_Retold())
    return logger
