"""The worker process: does the jobs of ``senses`` one at a time, and may be killed at any moment.

Started by ``worker`` with its end of a socket. It bounds its own memory, gives way to the server on a busy processor,
ignores Ctrl-C (the server decides when it ends), and ends when the server is gone, even by ``kill -9``.
"""

from __future__ import annotations

import os
import resource
import select
import signal
import socket
import sys
import threading
from typing import Any

import structlog

from perception import wire
from perception.errors import PerceptionError, UnreadableMedia
from perception.facts import Photo, Speech
from perception.senses import Senses, Setup

_NICE = 5
_GRACE_S = 10.0
"""So long after its time a job is ended by the kernel, should the server not have done so."""

log = structlog.wrap_logger(structlog.PrintLogger(sys.stderr), processors=[structlog.processors.JSONRenderer()])


def main(fd: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    connection = socket.socket(fileno=fd)
    threading.Thread(target=_end_with_server, args=(fd,), daemon=True).start()
    try:
        setup, _ = wire.receive(connection, max_payload=0)
        _serve(connection, Setup.from_json(setup))
    except (wire.ConnectionClosed, OSError):
        return


def _end_with_server(fd: int) -> None:
    """Waits for the other end to close; polling for nothing still reports that. Needs no running interpreter loop."""
    poll = select.poll()
    poll.register(fd, 0)
    poll.poll()
    os._exit(0)


def _serve(connection: socket.socket, setup: Setup) -> None:
    os.nice(_NICE)
    if setup.memory_limit_mb:
        limit = setup.memory_limit_mb * 1024 * 1024
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    senses = Senses(setup)
    wire.send(connection, {"ready": True})
    while True:
        job, data = wire.receive(connection, max_payload=setup.limits.max_bytes)
        wire.send(connection, {"begun": True})
        signal.setitimer(signal.ITIMER_REAL, job["timeout_s"] + _GRACE_S)  # SIGALRM is left to end the process
        header, payload = _answer(senses, job, data)
        signal.setitimer(signal.ITIMER_REAL, 0)
        wire.send(connection, header, payload)


def _answer(senses: Senses, job: dict[str, Any], data: bytes) -> tuple[dict[str, Any], bytes]:
    """Header and payload of the answer; ``spent`` tells the server to replace this process."""
    try:
        facts = _do(senses, job, data)
    except PerceptionError as error:
        return {"error": wire.error_to_json(error)}, b""
    except MemoryError:
        return _spent("needs more memory than is allowed"), b""
    except Exception as trouble:  # the one broad except of this process: recorded, answered, and the process replaced
        place = trouble.__traceback__
        while place is not None and place.tb_next is not None:
            place = place.tb_next
        where = f"{place.tb_frame.f_code.co_filename}:{place.tb_lineno}" if place else ""
        log.error("perception_job_failed", job=job["job"], error=type(trouble).__name__, where=where)
        return _spent("the file could not be made out"), b""
    if isinstance(facts, bytes):
        return {"facts": None}, facts
    return {"facts": wire.facts_to_json(facts)}, b""


def _spent(message: str) -> dict[str, Any]:
    return {"error": wire.error_to_json(UnreadableMedia(message)), "spent": True}


def _do(senses: Senses, job: dict[str, Any], data: bytes) -> Speech | Photo | bytes | float | None:
    match job["job"]:
        case "transcribe":
            return senses.transcribe(data, job["language_hint"])
        case "look":
            return senses.look(data)
        case "clean_photo":
            return senses.clean_photo(data)
        case "duration_s":
            return senses.duration_s(data)
        case "warm_up":
            senses.warm_up()
            return None
        case unknown:
            raise ValueError(f"no such job: {unknown}")
