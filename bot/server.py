"""Runs a site: its two ports, Rasa beside them, durable work behind them; ends them all in order."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import structlog
import uvicorn
from fastapi import FastAPI

from bot.channels.base import Channel, Intake
from bot.delivering import Delivering
from bot.durable import Durable
from bot.engine import Engine
from bot.errors import SetupError
from bot.inbox import Inbox

log = structlog.get_logger(__name__)

BACKLOG = 512
LONGEST_START_S = 120.0


@dataclass(frozen=True, slots=True)
class Ports:
    """Listening sockets, bound before anything slow begins so that a taken port is told at once."""

    public: socket.socket
    internal: socket.socket

    @property
    def internal_url(self) -> str:
        return f"http://127.0.0.1:{self.internal.getsockname()[1]}"


def bind(host: str, port: int) -> socket.socket:
    """A listening socket. Raises SetupError when the port is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise SetupError(f"cannot listen on {host}:{port} ({error.strerror}); choose another with --port") from error
    listening.listen(BACKLOG)
    return listening


def free_port() -> int:
    """A loopback port that nobody listens on just now."""
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class _Server(uvicorn.Server):
    """Leaves signals to ``Program``, which ends more than one server."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@dataclass(slots=True)
class Program:
    """Everything that runs. ``run`` returns after SIGINT, SIGTERM or ``stop``."""

    public: FastAPI
    internal: FastAPI
    ports: Ports
    engine: Engine
    durable: Durable
    inbox: Inbox
    delivering: Delivering
    channels: Iterable[Channel]
    intake: Intake
    forwarded_allow_ips: str
    on_ready: Callable[[], None]
    on_close: Callable[[], None]
    _told_to_stop: threading.Event = field(default_factory=threading.Event, init=False)
    _launching: threading.Lock = field(default_factory=threading.Lock, init=False)
    _failure: Exception | None = field(default=None, init=False)

    def run(self) -> None:
        """Raises SetupError when the work could not be taken up: nothing would ever be answered."""
        asyncio.run(self._run())
        if self._failure is not None:
            raise SetupError(f"could not start: {self._failure}") from self._failure

    def stop(self) -> None:
        """Ends ``run`` from any thread."""
        self._told_to_stop.set()

    async def _run(self) -> None:
        if threading.current_thread() is threading.main_thread():
            loop = asyncio.get_running_loop()
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.add_signal_handler(number, self.stop)
        public = self._server(self.public, lifespan="on", proxy_headers=True)
        internal = self._server(self.internal, lifespan="on", proxy_headers=False)
        self.engine.start()
        serving = [
            asyncio.create_task(internal.serve(sockets=[self.ports.internal])),
            asyncio.create_task(public.serve(sockets=[self.ports.public])),
        ]
        starting = asyncio.create_task(asyncio.to_thread(self._start))
        try:
            told = asyncio.create_task(asyncio.to_thread(self._told_to_stop.wait))
            await asyncio.wait([told, *serving], return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.stop()
            # No request is taken any more; turns under way are finished, with Rasa, the port it calls and the channels
            # that send their answers. What these still receive is stored, and answered after the next start.
            log.info("stopping")
            public.should_exit = True
            await asyncio.to_thread(self._stop_work)
            await asyncio.to_thread(self._close_channels)
            await asyncio.to_thread(self.engine.stop)
            internal.should_exit = True
            await asyncio.gather(*serving, starting, return_exceptions=True)
            await asyncio.to_thread(self.on_close)

    def _start(self) -> None:
        try:
            self._take_up()
        except Exception as error:
            log.exception("start_failed")
            self._failure = error
            self.stop()

    def _take_up(self) -> None:
        """Takes up what was left, once Rasa can answer it; messages that arrive before are stored and wait.

        So channels begin at once: what their vendors hold is safer here, and some hold it for minutes only.
        """
        for channel in self.channels:
            channel.start(self.intake)
        ready = self.engine.wait_ready(LONGEST_START_S)
        if not ready:
            log.error("engine_not_ready", waited_s=LONGEST_START_S)
        with self._launching:
            if self._told_to_stop.is_set():
                return
            self.durable.launch()
        self.inbox.requeue(at_start=True)
        self.delivering.requeue(at_start=True)
        if ready:
            self.on_ready()

    def _stop_work(self) -> None:
        with self._launching:  # what is half launched cannot be stopped
            self.durable.stop()

    def _close_channels(self) -> None:
        for channel in self.channels:
            try:
                channel.close()
            except Exception:  # the others are to be closed, too
                log.exception("channel_close_failed", channel=channel.name)

    def _server(self, app: FastAPI, *, lifespan: str, proxy_headers: bool) -> _Server:
        config = uvicorn.Config(
            app,
            lifespan=lifespan,  # type: ignore[arg-type]
            log_config=None,
            access_log=False,
            proxy_headers=proxy_headers,
            forwarded_allow_ips=self.forwarded_allow_ips,
            ws_max_size=64 * 1024,
            timeout_graceful_shutdown=3,
            server_header=False,
        )
        return _Server(config)
