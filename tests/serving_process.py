"""``python -m tests.serving_process DATA RASA_URL``: the server in a process of its own, to be killed by a test.

Real inbox, durable turn, protocol and HTTP to a Rasa stand-in; only parser and senses are fakes.
"""

import sys
from pathlib import Path

from bot.dialogue import Dialogue
from tests.serving import KEYS, serving, settings_for


def main(directory: Path, rasa_url: str) -> None:
    dialogue = Dialogue(rasa_url, KEYS.engine, timeout_s=settings_for(directory).rasa_timeout_s)
    with serving(directory, dialogue=dialogue) as server:
        server.site.inbox.requeue()
        print("serving", server.base_url, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
