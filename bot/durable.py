"""Durable work: what is started here survives a crash and is finished by the next process.

A thin dress over DBOS that keeps its vocabulary out of the other modules. Workflows carry ids only. The
application version is pinned, so that work queued by an older build is still finished by a newer one.
"""

from __future__ import annotations

import contextvars
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from dbos import DBOS, DBOSConfig, SetEnqueueOptions, SetWorkflowID
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import make_url

APPLICATION = "crmbot"
APPLICATION_VERSION = "1"
PROMPT_S, UNHURRIED_S = 0.01, 0.5
"""How often a queue is looked at. Looking costs, so only what a customer waits for is looked at often."""

FORGET_AT_ONCE = 500

Workflow = Callable[..., None]


class Durable:
    """Register workflows and queues, launch, then enqueue. One per process, as DBOS itself is."""

    def __init__(self, url: str) -> None:
        logging.getLogger("dbos").setLevel(logging.WARNING)
        self._dbos = DBOS(
            config=DBOSConfig(
                name=APPLICATION,
                system_database_url=url,
                system_database_engine=_sqlite_engine(url),
                application_version=APPLICATION_VERSION,
                executor_id="local",
                enable_otlp=False,
                log_level="WARNING",
                console_log_level="WARNING",
                scheduler_polling_interval_sec=1.0,
            )
        )
        self._queues: dict[str, float] = {}
        self._workflows: dict[str, Workflow] = {}
        self._schedules: list[tuple[str, str]] = []
        self.launched = False

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
        """Starts work, beginning with what an earlier process left behind."""
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

        Before ``launch`` and after ``close`` it does nothing: what is stored is queued at the next start.
        Among those of one ``key`` the least ``order`` (from 1) runs first; DBOS's own clock is too coarse to tell.
        After ``delay_s``, or up to a second later, it joins the queue; until then it keeps none of its key waiting.
        """
        options = SetEnqueueOptions(queue_partition_key=key, priority=order, delay_seconds=delay_s or None)

        def enqueue() -> None:
            with SetWorkflowID(workflow_id), options:
                DBOS.enqueue_workflow(queue, self._workflows[workflow], *args)

        if not self.launched:
            return
        # In an empty context: DBOS takes no new work from inside a step, and this is no part of the step.
        contextvars.Context().run(enqueue)

    def forget_finished(self, older_than: timedelta) -> None:
        """Drops the records of work that ended well long ago; what failed is kept to be looked at."""
        before = (datetime.now(UTC) - older_than).isoformat()

        def forget() -> None:
            while finished := DBOS.list_workflows(
                status="SUCCESS", completed_before=before, limit=FORGET_AT_ONCE, load_input=False, load_output=False
            ):
                DBOS.delete_workflows([each.workflow_id for each in finished])

        contextvars.Context().run(forget)  # as in enqueue: not a part of the step that may call this

    def close(self, wait_s: int = 5) -> None:
        """Stops taking work and waits a little for what is under way; the rest is finished after the next start."""
        self.launched = False
        DBOS.destroy(destroy_registry=True, workflow_completion_timeout_sec=wait_s)


def step(name: str, run: Callable[..., None], *args: str, attempts: int = 1) -> None:
    """Runs one step of the workflow in hand and remembers that it is done.

    With several ``attempts`` a failing step is tried again after 0.5, 1, 2 … s; the last failure is raised.
    """
    DBOS.run_step(
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
