"""Keeps Rasa running as a child process on loopback: starts it, waits for it, restarts it, ends it.

Rasa is an appliance: it runs in its own environment (``engine/``) and is spoken to over HTTP alone. The child is
tied to this process (see ``child.py``), so that it is gone too after a ``kill -9``.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import structlog

from bot.errors import SetupError

log = structlog.get_logger(__name__)

RESTART_PAUSE_S = 0.5
LONGEST_RESTART_PAUSE_S = 30.0
STABLE_AFTER_S = 60.0
STOP_TIMEOUT_S = 5.0


class Engine:
    """A supervised command. ``is_ready`` is asked until it says yes."""

    def __init__(
        self,
        command: list[str],
        *,
        environment: Mapping[str, str],
        cwd: Path,
        log_path: Path,
        is_ready: Callable[[], bool],
        on_restart: Callable[[], None] = lambda: None,
    ) -> None:
        self._command = [sys.executable, "-m", "bot.child", str(os.getpid()), *command]
        self._environment = {**os.environ, **environment}
        self._cwd = cwd
        self._log_path = log_path
        self._is_ready = is_ready
        self._on_restart = on_restart
        self._process: subprocess.Popen[bytes] | None = None
        self._stopping = threading.Event()
        self._started = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="engine", daemon=True)

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Starts the child; returns at once."""
        self._watcher.start()
        self._started.wait()

    def wait_ready(self, timeout_s: float) -> bool:
        """Whether the child became ready in time."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline and not self._stopping.is_set():
            if self._is_ready():
                return True
            self._stopping.wait(0.2)
        return False

    def stop(self) -> None:
        """Ends the child and its watcher."""
        self._stopping.set()
        process = self._process
        if process is None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self._watcher.join(STOP_TIMEOUT_S)

    def _watch(self) -> None:
        # The child dies with the thread that started it: this one lives as long as the program.
        pause_s = RESTART_PAUSE_S
        while not self._stopping.is_set():
            began = time.monotonic()
            try:
                self._spawn()
            except OSError as error:
                log.error("engine_not_started", error=error.strerror)
                self._started.set()
                pause_s = min(pause_s * 2, LONGEST_RESTART_PAUSE_S)
                self._stopping.wait(pause_s)
                continue
            self._started.set()
            assert self._process is not None
            status = self._process.wait()
            if self._stopping.is_set():
                return
            lived_s = time.monotonic() - began
            pause_s = RESTART_PAUSE_S if lived_s > STABLE_AFTER_S else min(pause_s * 2, LONGEST_RESTART_PAUSE_S)
            log.warning(
                "engine_ended",
                status=status,
                lived_s=round(lived_s, 1),
                restart_in_s=pause_s,
                output=str(self._log_path),
            )
            self._on_restart()
            self._stopping.wait(pause_s)

    def _spawn(self) -> None:
        with self._log_path.open("ab") as output:
            self._process = subprocess.Popen(  # noqa: S603  (our own command line)
                self._command,
                cwd=self._cwd,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        log.info("engine_started", pid=self._process.pid)


def rasa_executable(project: Path) -> Path:
    """Rasa's command in the engine's environment; raises SetupError when it is not installed."""
    path = project / "engine" / ".venv" / "bin" / "rasa"
    if not path.exists():
        raise SetupError("Rasa's environment is missing; run: make engine")
    return path
