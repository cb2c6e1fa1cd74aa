"""``crmbot score``: the satisfaction of a transcript file or of a stored conversation."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any

from bot.closing import Closing
from bot.live import Live
from bot.metrics import Metrics
from bot.settings import Settings
from crm.unit_of_work import Database
from satisfaction.formats import read_transcripts
from satisfaction.scorer import Scorer


def scores_of(settings: Settings, source: str) -> Any:
    """One score, or a list for a file with many. Raises NotFound and SatisfactionError."""
    scorer = Scorer.load()
    path = Path(source)
    if path.is_file():
        scores = [asdict(scorer.score(transcript)) for transcript in read_transcripts(path)]
        return scores[0] if len(scores) == 1 else scores
    database = Database(settings.crm_url)
    try:
        closing = Closing(database, Live(), scorer, Metrics(), lambda _: None, idle_close=timedelta(0))
        return asdict(scorer.score(closing.transcript(source)))
    finally:
        database.close()
