"""What is counted of predicted sentiments against the true ones. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from nlu.understanding import Sentiment, SentimentLabel


@dataclass(frozen=True, slots=True)
class Confusion:
    """How often each true label was told as each label. ``labels`` are the true ones; others may be told too
    (``neutral`` of a review that is good or bad), which is wrong."""

    labels: tuple[SentimentLabel, ...]
    counts: Counter[tuple[SentimentLabel, SentimentLabel]]

    @classmethod
    def of(
        cls, labels: tuple[SentimentLabel, ...], pairs: Iterable[tuple[SentimentLabel, SentimentLabel]]
    ) -> Confusion:
        """``pairs`` are the true label and the told one."""
        return cls(labels, Counter(pairs))

    @property
    def total(self) -> int:
        return self.counts.total()

    @property
    def accuracy(self) -> float:
        """0–1; 0 of nothing."""
        return sum(self.counts[label, label] for label in self.labels) / self.total if self.total else 0.0

    @property
    def macro_f1(self) -> float:
        """The plain mean of the true labels' F1 (0–1)."""
        return sum(map(self.f1, self.labels)) / len(self.labels)

    def f1(self, label: SentimentLabel) -> float:
        true = sum(count for (truth, _), count in self.counts.items() if truth == label)
        told = sum(count for (_, guess), count in self.counts.items() if guess == label)
        return 2 * self.counts[label, label] / (true + told) if true + told else 0.0


def by_sign(sentiment: Sentiment) -> SentimentLabel:
    """Where only good and bad are known, the score's sign says which; exactly 0 counts as bad."""
    return "positive" if sentiment.score > 0 else "negative"
