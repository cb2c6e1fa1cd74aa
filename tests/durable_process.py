"""``python -m tests.durable_process DIRECTORY NAME``: durable work in a process of its own, to be killed by a test.

Its lines on stdin are ``KEY WORK SECONDS``: work to queue. ``DIRECTORY/ran`` gets a line ``NAME begins|ends WORK`` for
what runs in it; work that finds the file ``DIRECTORY/quick`` takes no time.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from bot.durable import Durable, step


def main(directory: Path, name: str) -> None:
    durable = Durable(f"sqlite:///{directory / 'durable.sqlite'}")

    def tell(what: str, work: str) -> None:
        with open(os.open(directory / "ran", os.O_WRONLY | os.O_APPEND | os.O_CREAT), "w") as file:
            file.write(f"{name} {what} {work}\n")

    def labour(work: str, seconds: str) -> None:
        tell("begins", work)
        until = time.monotonic() + float(seconds)
        while time.monotonic() < until and not (directory / "quick").exists():
            time.sleep(0.02)
        tell("ends", work)

    def run(work: str, seconds: str) -> None:
        step("labour", labour, work, seconds)

    durable.workflow("work", run)
    durable.queue("works", polling_s=0.02)
    durable.launch()
    print("launched", flush=True)
    for line in sys.stdin:
        key, work, seconds = line.split()
        durable.enqueue("works", "work", work, work, seconds, key=key)
    durable.close(1)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
