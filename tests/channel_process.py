"""``python -m tests.channel_process DATA RASA_URL SETTINGS``: a server with pushed channels in a process of its own.

``SETTINGS`` is JSON. Several may run on one data directory, to be killed by a test. Real channels, intake, turn, outbox
and HTTP to a Rasa stand-in; only parser and senses are fakes.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from bot.channels.registry import build_channels
from bot.dialogue import Dialogue
from tests.serving import KEYS, serving, settings_for


def main(directory: Path, rasa_url: str, changes: dict[str, Any]) -> None:
    settings = settings_for(directory, **changes)
    dialogue = Dialogue(rasa_url, KEYS.engine, timeout_s=settings.rasa_timeout_s)
    with serving(directory, dialogue=dialogue, channels=build_channels(settings, KEYS), **changes) as server:
        server.site.inbox.requeue(at_start=True)
        server.site.delivering.requeue(at_start=True)
        print("serving", server.base_url, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], json.loads(sys.argv[3]))
