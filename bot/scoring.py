"""``crmbot score``: the satisfaction of a transcript file or of a stored conversation."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

from bot.closing import Closing
from bot.live import Live
from bot.metrics import Metrics
from bot.settings import Settings
from crm.errors import NotFound
from crm.schema import is_current
from crm.unit_of_work import Database
from satisfaction.formats import read_transcripts, score_to_json
from satisfaction.scorer import Scorer

_CONVERSATION_ID = re.compile(r"[0-9a-f]{32}")


def scores_of(settings: Settings, source: str) -> Any:
    """One score, or a list for a file with many. Raises NotFound and SatisfactionError."""
    scorer = Scorer.load()
    path = Path(source)
    if path.is_file():
        scores = [score_to_json(scorer.score(transcript)) for transcript in read_transcripts(path)]
        return scores[0] if len(scores) == 1 else scores
    if not _CONVERSATION_ID.fullmatch(source):
        raise NotFound(f"{source} is neither a file nor the id of a conversation")
    database = Database(settings.crm_url)
    try:
        if not is_current(database):
            raise NotFound(f"there is no database at {settings.data} yet; run: crmbot up")
        closing = Closing(database, Live(), scorer, Metrics(), lambda _: None, idle_close=timedelta(0))
        return score_to_json(scorer.score(closing.transcript(source)))
    finally:
        database.close()
