"""Slack: direct messages, mentions in channels, buttons, files and a slash command, by Socket Mode or by HTTP.

Nothing outside of this package knows Slack's libraries. ``events`` and ``blocks`` say what Slack's bodies mean and what
ours look like there; ``receiving`` and ``sending`` speak with Slack; ``channel`` joins them.
"""

from bot.channels.slack.channel import SlackChannel

__all__ = ["SlackChannel"]
