"""Durable work: what is started here survives a crash and is finished by the next process.

A thin dress over DBOS that keeps its vocabulary out of the other modules. Workflows carry ids only. The
application version is pinned, so that work queued by an older build is still finished by a newer one. Several
processes may share one SQLite database: each runs in a slot of its own, and takes over the work of slots whose
process has died. On any other database only one process may run.
"""

from __future__ import annotations

import contextvars
import heapq
import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import structlog
from dbos import DBOS, DBOSConfig, SetEnqueueOptions, SetWorkflowID
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import make_url

from bot.slots import Slots

log = structlog.get_logger(__name__)

APPLICATION = "crmbot"
APPLICATION_VERSION = "1"
PROMPT_S, SOON_S, UNHURRIED_S = 0.01, 0.1, 0.5
"""How often a queue is looked at. Looking costs, so only what a customer waits for is looked at often."""

LOOK_FOR_THE_DEAD_S = 5.0
"""How often a process looks for work that another has left behind by dying."""
CLOCK_GRAIN_S = 0.002
"""The durable engine counts whole milliseconds: a little after the time, a delay is over for certain."""
FORGET_AT_ONCE = 500

Workflow = Callable[..., None]
T = TypeVar("T")


class Ending(BaseException):
    """Leaves a workflow where it is because the program is ending; the next process goes on with it.

    Not an ``Exception``: the durable engine would record one as the outcome of the step or the workflow.
    """


class Durable:
    """Register workflows and queues, launch, then enqueue. One per process, as DBOS itself is."""

    def __init__(self, url: str) -> None:
        logging.getLogger("dbos").setLevel(logging.WARNING)
        self._url = url
        self._slots = _slots(url)
        self._queues: dict[str, float] = {}
        self._workflows: dict[str, Workflow] = {}
        self._schedules: list[tuple[str, str]] = []
        self._watch = _Watch()
        self.launched = False

    @property
    def ending(self) -> bool:
        """Whether the work is being stopped: what fails now is left to the next process.

        Not the opposite of ``launched``: what the last process left may be under way before ``launch`` returns.
        """
        return self._watch.ended.is_set()

    def workflow(self, name: str, run: Workflow) -> None:
        """Makes ``run`` durable under ``name``; its arguments are ids."""
        self._workflows[name] = DBOS.workflow(name=name)(run)

    def schedule(self, name: str, cron: str, run: Callable[[], None]) -> None:
        """Runs ``run`` at the times of a cron line with seconds, once however many processes there are."""

        def tick(_scheduled_at: datetime, _context: Any) -> None:
            DBOS.run_step({"name": name}, run)

        self.workflow(name, tick)
        self._schedules.append((name, cron))

    def queue(self, name: str, *, polling_s: float) -> None:
        """A queue that runs one workflow at a time for each key, and keys in parallel."""
        self._queues[name] = polling_s

    def launch(self) -> None:
        """Starts work, beginning with what processes that have ended left behind."""
        slot = self._slots.take() if self._slots is not None else 0
        dbos = DBOS(
            config=DBOSConfig(
                name=APPLICATION,
                system_database_url=self._url,
                system_database_engine=_sqlite_engine(self._url),
                application_version=APPLICATION_VERSION,
                executor_id=_executor(slot),
                enable_otlp=False,
                log_level="WARNING",
                console_log_level="WARNING",
                scheduler_polling_interval_sec=1.0,
            )
        )
        DBOS.launch()
        for name, polling_s in self._queues.items():
            DBOS.register_queue(name, partition_concurrency=1, polling_interval_sec=polling_s)
        DBOS.apply_schedules(
            [
                {"schedule_name": name, "workflow_fn": self._workflows[name], "schedule": cron, "context": None}
                for name, cron in self._schedules
            ]
        )
        self.launched = True
        # DBOS itself looks once a second for delays that are over: too coarse for a pause in a chat.
        self._watch.start(end_delays=dbos._sys_db.transition_delayed_workflows, take_over=self._take_over)

    def enqueue(
        self,
        queue: str,
        workflow: str,
        workflow_id: str,
        *args: str | bool,
        key: str,
        order: int = 1,
        delay_s: float = 0,
    ) -> None:
        """Queues a workflow; the same ``workflow_id`` again does nothing. May be called within a step, too.

        Before ``launch`` and after ``stop`` it does nothing: what is stored is queued at the next start.
        Among those of one ``key`` the least ``order`` (from 1) runs first; DBOS's own clock is too coarse to tell.
        After ``delay_s`` it joins the queue; until then it keeps none of its key waiting.
        """
        options = SetEnqueueOptions(queue_partition_key=key, priority=order, delay_seconds=delay_s or None)

        def enqueue() -> None:
            with SetWorkflowID(workflow_id), options:
                DBOS.enqueue_workflow(queue, self._workflows[workflow], *args)

        if not self.launched:
            return
        # In an empty context: DBOS takes no new work from inside a step, and this is no part of the step.
        contextvars.Context().run(enqueue)
        if delay_s:
            self._watch.remind(delay_s)

    def step(self, name: str, run: Callable[..., T], *args: str, attempts: int = 1) -> T:
        """As the function ``step``, but what fails while the program ends is no outcome: the next process tries again.

        Raises Ending then, without the failure: its words may be a vendor's.
        """

        def run_or_leave(*given: str) -> T:
            try:
                return run(*given)
            except Exception:
                if self.ending:
                    raise Ending from None
                raise

        return step(name, run_or_leave, *args, attempts=attempts)

    def pause(self, seconds: float) -> None:
        """Within a workflow: waits, also across a restart, which finds out how long it has waited already."""
        until = step("pause", lambda: time.time() + seconds)
        if self._watch.ended.wait(max(0.0, until - time.time())):
            raise Ending

    def forget_finished(self, older_than: timedelta) -> None:
        """Drops the records of work that ended well long ago; what failed is kept to be looked at."""
        before = (datetime.now(UTC) - older_than).isoformat()

        def forget() -> None:
            while finished := DBOS.list_workflows(
                status="SUCCESS", completed_before=before, limit=FORGET_AT_ONCE, load_input=False, load_output=False
            ):
                DBOS.delete_workflows([each.workflow_id for each in finished])

        contextvars.Context().run(forget)  # as in enqueue: not a part of the step that may call this

    def stop(self, wait_s: int = 5) -> None:
        """Stops taking work and waits a little for what is under way; the rest is finished after the next start.

        The slot is kept until the process ends: what is under way still may reach a customer until then, and another
        process that took it over would say the same beside it.
        """
        self._watch.ended.set()
        self.launched = False
        self._watch.end()
        DBOS.destroy(destroy_registry=True, workflow_completion_timeout_sec=wait_s)

    def close(self, wait_s: int = 5) -> None:
        """Stops, and lets go of the slot: for a process that lives on and has nothing under way any more."""
        self.stop(wait_s)
        if self._slots is not None:
            self._slots.release()

    def _take_over(self) -> None:
        """Queues again, in its old place, what ran in a process that has died: its key would wait for ever."""
        if self._slots is None:
            return
        with self._slots.abandoned() as slots:
            for slot in slots:
                recovered = DBOS._recover_pending_workflows([_executor(slot)])
                if recovered:
                    log.warning("durable_work_taken_over", slot=slot, workflows=len(recovered))


class _Watch:
    """A thread that wakes when a delay is over, and now and then to look for the dead."""

    def __init__(self) -> None:
        self.ended = threading.Event()
        self._changed = threading.Condition()
        self._due: list[float] = []  # a heap, by time.monotonic
        self._thread: threading.Thread | None = None

    def start(self, *, end_delays: Callable[[], None], take_over: Callable[[], None]) -> None:
        run = (end_delays, take_over)
        self._thread = threading.Thread(target=self._run, args=run, name="durable-watch", daemon=True)
        self._thread.start()

    def remind(self, delay_s: float) -> None:
        with self._changed:
            heapq.heappush(self._due, time.monotonic() + delay_s + CLOCK_GRAIN_S)
            self._changed.notify()

    def end(self) -> None:
        with self._changed:
            self.ended.set()
            self._changed.notify()
        if self._thread is not None:
            self._thread.join()

    def _run(self, end_delays: Callable[[], None], take_over: Callable[[], None]) -> None:
        look_at = time.monotonic()
        while not self.ended.is_set():
            now = time.monotonic()
            try:
                if self._over(now):
                    end_delays()
                if now >= look_at:
                    look_at = now + LOOK_FOR_THE_DEAD_S
                    take_over()
            except Exception:  # DBOS ends delays by itself, and the dead are looked for again
                log.exception("the look at durable work failed")
            with self._changed:
                wake_at = min([look_at, *self._due[:1]])
                if not self.ended.is_set():
                    self._changed.wait(max(0.0, wake_at - time.monotonic()))

    def _over(self, now: float) -> bool:
        """Whether a delay has ended since the last look."""
        with self._changed:
            over = 0
            while self._due and self._due[0] <= now:
                heapq.heappop(self._due)
                over += 1
            return over > 0


def step(name: str, run: Callable[..., T], *args: str, attempts: int = 1) -> T:
    """Runs one step of the workflow in hand and remembers that it is done, and what it returned.

    With several ``attempts`` a failing step is tried again after 0.5, 1, 2 … s; the last failure is raised.
    """
    return DBOS.run_step(
        {
            "name": name,
            "retries_allowed": attempts > 1,
            "max_attempts": attempts,
            "interval_seconds": 0.5,
            "backoff_rate": 2.0,
        },
        run,
        *args,
    )


def _executor(slot: int) -> str:
    """How the durable engine names the process in a slot; the first as before there were slots."""
    return f"local-{slot}" if slot else "local"


def _slots(url: str) -> Slots | None:
    """The slots beside a SQLite database, None for any other and for one in memory."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or parsed.database in (None, "", ":memory:"):
        return None
    return Slots(Path(parsed.database))


def _sqlite_engine(url: str) -> Engine | None:
    """An engine for a SQLite system database, None for any other.

    As DBOS's own, but with a write-ahead log and without waiting for the disk at every commit: what a power failure
    takes from it is queued again from the CRM database, which does wait.
    """
    if make_url(url).get_backend_name() != "sqlite":
        return None
    engine = create_engine(url)

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: object) -> None:
        connection.isolation_level = "IMMEDIATE"
        for pragma in ("busy_timeout=30000", "foreign_keys=ON", "journal_mode=WAL", "synchronous=NORMAL"):
            connection.execute(f"PRAGMA {pragma}")

    return engine
