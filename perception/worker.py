"""The perception service: hears and sees in processes that can be killed.

Owns the worker processes, their time limits and their replacement. A file that hangs or crashes a decoder costs one
worker and one typed error, never the server. Quick jobs (cleaning a photo, measuring a note) have a worker of their
own, so that they do not wait behind a voice note.
"""

from __future__ import annotations

import contextlib
import os
import queue
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from perception import wire
from perception.errors import PerceptionTimeout, UnreadableMedia
from perception.facts import Photo, Speech
from perception.media import DEFAULT_LIMITS, MediaLimits, identify
from perception.senses import Setup
from perception.spoken import ORDER_NUMBER

_START_TIMEOUT_S = 60.0
_WARM_UP_TIMEOUT_S = 120.0
_QUICK_TIMEOUT_S = 30.0
_MAX_ANSWER_BYTES = 256 * 1024 * 1024
"""A cleaned photo may be larger than it came; 40 megapixels are at most 120 MB before compression."""
_BOOTSTRAP = """
import sys
sys.path.append(sys.argv[2])
from perception.worker_process import main
main(int(sys.argv[1]))
"""
_PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH", "SYSTEMROOT")
"""A worker gets no other part of the environment: the server's secrets are none of a decoder's business."""


class ServiceClosed(RuntimeError):
    """The service was closed before the job was done; the media is not to blame, ask again after the next start."""


class PerceptionService:
    """Blocking and thread-safe; every method raises PerceptionError, and ServiceClosed after ``close``.

    ``timeout_s`` bounds one job of hearing or looking, counted from its start and not from its place in the queue.
    ``memory_limit_mb`` bounds a worker's address space, of which a loaded library takes much more than memory; 0 for
    none. ``more_phrases`` are English sentences of customers of this shop, for pocketsphinx.
    """

    def __init__(
        self,
        *,
        whisper_dir: Path | None = None,
        limits: MediaLimits = DEFAULT_LIMITS,
        order_number_pattern: str = ORDER_NUMBER,
        more_phrases: Iterable[str] = (),
        timeout_s: float = 120.0,
        workers: int = 1,
        threads: int = 1,
        memory_limit_mb: int = 4096,
    ) -> None:
        self._limits = limits
        self._timeout_s = timeout_s
        setup = Setup(
            limits=limits,
            order_number_pattern=order_number_pattern,
            whisper_dir=str(whisper_dir) if whisper_dir else None,
            more_phrases=tuple(more_phrases),
            threads=threads,
            memory_limit_mb=memory_limit_mb,
        )
        self._thinking = _Pool([_Worker(setup) for _ in range(workers)])
        self._quick = _Pool([_Worker(setup)])

    def transcribe(self, data: bytes, *, language_hint: str | None = None) -> Speech:
        """What is said in a voice note. The hint is the conversation's language (``en``, ``zh``)."""
        identify(data, limits=self._limits, films=True)
        header, _ = self._thinking.do(
            {"job": "transcribe", "language_hint": language_hint}, data, timeout_s=self._timeout_s
        )
        return wire.speech_from_json(header["facts"])

    def look(self, data: bytes) -> Photo:
        """What is to be seen in a photo."""
        identify(data, limits=self._limits)
        header, _ = self._thinking.do({"job": "look"}, data, timeout_s=self._timeout_s)
        return wire.photo_from_json(header["facts"])

    def clean_photo(self, data: bytes) -> bytes:
        """The photo upright and without metadata (see ``picture.clean_photo``)."""
        identify(data, limits=self._limits)
        _, cleaned = self._quick.do({"job": "clean_photo"}, data, timeout_s=min(self._timeout_s, _QUICK_TIMEOUT_S))
        return cleaned

    def duration_s(self, data: bytes) -> float:
        """Length of a voice note in seconds."""
        identify(data, limits=self._limits, films=True)
        header, _ = self._quick.do({"job": "duration_s"}, data, timeout_s=min(self._timeout_s, _QUICK_TIMEOUT_S))
        return float(header["facts"])

    def warm_up(self) -> None:
        """Starts every worker and loads the models now rather than at the first customer's file."""
        self._thinking.do_everywhere({"job": "warm_up"}, timeout_s=_WARM_UP_TIMEOUT_S)
        self._quick.start()

    def close(self) -> None:
        """Ends all workers, busy ones too. May be called again."""
        self._thinking.close()
        self._quick.close()


class _Pool:
    """Workers, each lent to one job at a time."""

    def __init__(self, workers: list[_Worker]) -> None:
        self._workers = workers
        self._idle: queue.SimpleQueue[_Worker] = queue.SimpleQueue()
        for worker in workers:
            self._idle.put(worker)

    def do(self, job: dict[str, Any], data: bytes, *, timeout_s: float) -> tuple[dict[str, Any], bytes]:
        with self._lent() as worker:
            return worker.do(job, data, timeout_s=timeout_s)

    def do_everywhere(self, job: dict[str, Any], *, timeout_s: float) -> None:
        with contextlib.ExitStack() as stack:
            for worker in [stack.enter_context(self._lent()) for _ in self._workers]:
                worker.do(job, b"", timeout_s=timeout_s)

    def start(self) -> None:
        with self._lent() as worker:
            worker.start()

    def close(self) -> None:
        for worker in self._workers:
            worker.close()

    @contextlib.contextmanager
    def _lent(self) -> Iterator[_Worker]:
        worker = self._idle.get()
        try:
            yield worker
        finally:
            self._idle.put(worker)


class _Worker:
    """One process and the socket to it; started when first needed and again after every end."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: socket.socket | None = None
        self._closed = False
        self._lock = threading.Lock()
        """Held while the process is started or ended, never while it works."""

    def do(self, job: dict[str, Any], data: bytes, *, timeout_s: float) -> tuple[dict[str, Any], bytes]:
        """The worker's answer. Raises PerceptionTimeout, UnreadableMedia after a crash, or the worker's own error."""
        try:
            header, payload = self._asked(job | {"timeout_s": timeout_s}, data, timeout_s)
        except TimeoutError:
            self._end()
            raise PerceptionTimeout(f"took longer than {timeout_s:g} s") from None
        except (wire.ConnectionClosed, OSError):
            self._end()
            if self._closed:
                raise ServiceClosed("the perception service was closed") from None
            raise UnreadableMedia("the file brought its decoder down") from None
        if "spent" in header:
            self._end()
        if "error" in header:
            raise wire.error_from_json(header["error"])
        return header, payload

    def start(self) -> socket.socket:
        """The socket to a living process. Raises ServiceClosed."""
        with self._lock:
            if self._closed:
                raise ServiceClosed("the perception service is closed")
            if self._process is not None and self._process.poll() is not None:
                self._end_unlocked()
            if self._connection is None:
                self._process, self._connection = _spawn(self._setup)
            return self._connection

    def close(self) -> None:
        self._closed = True
        self._end()

    def _asked(self, job: dict[str, Any], data: bytes, timeout_s: float) -> tuple[dict[str, Any], bytes]:
        try:
            connection, deadline = self._handed(job, data, timeout_s)
        except (wire.ConnectionClosed, OSError) as trouble:
            if isinstance(trouble, TimeoutError) or self._closed:
                raise
            self._end()  # it had died before it saw the file, which is therefore not to blame
            connection, deadline = self._handed(job, data, timeout_s)
        return wire.receive(connection, max_payload=_MAX_ANSWER_BYTES, deadline=deadline)

    def _handed(self, job: dict[str, Any], data: bytes, timeout_s: float) -> tuple[socket.socket, float]:
        """The connection to a worker that has begun on the job, and when its time is up."""
        connection = self.start()
        deadline = time.monotonic() + timeout_s
        connection.settimeout(timeout_s)
        wire.send(connection, job, data)
        wire.receive(connection, max_payload=0, deadline=deadline)
        return connection, deadline

    def _end(self) -> None:
        with self._lock:
            self._end_unlocked()

    def _end_unlocked(self) -> None:
        process, connection = self._process, self._connection
        self._process = self._connection = None
        if process is not None:
            process.kill()
            process.wait()
        if connection is not None:
            connection.close()


def _spawn(setup: Setup) -> tuple[subprocess.Popen[bytes], socket.socket]:
    """A process that has said it is ready, and the socket to it. Raises PerceptionTimeout."""
    ours, theirs = socket.socketpair()
    with theirs:
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and our own module
            [sys.executable, "-EP", "-c", _BOOTSTRAP, str(theirs.fileno()), str(Path(__file__).parents[1])],
            pass_fds=(theirs.fileno(),),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,  # a library's chatter must not reach the output of ``crmbot look``
            start_new_session=True,
            env={name: os.environ[name] for name in _PASSED_ON if name in os.environ}
            | {"OMP_NUM_THREADS": str(setup.threads), "PYTHONUTF8": "1"},
        )
    try:
        ours.settimeout(_START_TIMEOUT_S)
        wire.send(ours, setup.to_json())
        wire.receive(ours, max_payload=0, deadline=time.monotonic() + _START_TIMEOUT_S)
    except (wire.ConnectionClosed, OSError) as trouble:
        process.kill()
        process.wait()
        ours.close()
        raise PerceptionTimeout("the perception worker does not start") from trouble
    return process, ours
