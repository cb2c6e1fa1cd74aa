"""What the program counts of itself, for Prometheus. Labels never carry anything about a customer."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.process_collector import ProcessCollector

_SECONDS = (0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_PARSE_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Metrics:
    """All metrics, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.messages = Counter(
            "crmbot_messages", "Messages stored, by channel and author.", ["channel", "author"], registry=self.registry
        )
        self.refusals = Counter(
            "crmbot_refusals", "Requests refused, by code.", ["channel", "code"], registry=self.registry
        )
        self.turns = Counter("crmbot_turns", "Turns finished, by outcome.", ["outcome"], registry=self.registry)
        self.turn_seconds = Histogram(
            "crmbot_turn_seconds",
            "From a message's storing to its answer's.",
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.stage_seconds = Histogram(
            "crmbot_stage_seconds", "Time in one stage of a turn.", ["stage"], buckets=_SECONDS, registry=self.registry
        )
        self.action_failures = Counter(
            "crmbot_action_failures", "Custom actions that failed.", ["action"], registry=self.registry
        )
        self.engine_restarts = Counter("crmbot_engine_restarts", "Times Rasa was restarted.", registry=self.registry)
        self.closings = Counter(
            "crmbot_closings", "Conversations closed, by reason.", ["reason"], registry=self.registry
        )
        self.deliveries = Counter(
            "crmbot_deliveries",
            "Attempts to send a message to a chat app, by outcome.",
            ["channel", "outcome"],
            registry=self.registry,
        )
        self.parses = Counter(
            "crmbot_parses", "Texts that Rasa asked about, by outcome.", ["outcome"], registry=self.registry
        )
        self.parse_seconds = Histogram(
            "crmbot_parse_seconds",
            "From Rasa's asking what a text means to the answer.",
            buckets=_PARSE_SECONDS,
            registry=self.registry,
        )
        self.parses_waiting = Gauge(
            "crmbot_parses_waiting", "Texts that Rasa waits for the meaning of.", registry=self.registry
        )
        self.streams = Gauge("crmbot_streams", "Open web streams.", registry=self.registry)

    def parses_held(self, texts: int) -> None:
        """As ``nlu.parse_pool.Watch`` has it."""
        self.parses_waiting.set(texts)

    def parse_ended(self, outcome: str, seconds: float) -> None:
        self.parses.labels(outcome).inc()
        if outcome == "understood":
            self.parse_seconds.observe(seconds)
