"""What can go wrong when satisfaction is judged.

SatisfactionError
├── InvalidTranscript     invalid_transcript   a conversation file that cannot be read; carries ``where``
├── InvalidParameters     invalid_parameters   a parameter file that is damaged or of another version
└── TrainingDataMissing   training_data        the public data that the parameters are fitted on is not there

A conversation in which nobody said anything is no error: it gets the prior and a wide interval.
"""

from __future__ import annotations


class SatisfactionError(Exception):
    """Root of satisfaction's errors; ``code`` is stable."""

    code = "satisfaction_error"


class InvalidTranscript(SatisfactionError):
    """``where`` names the place in the file, such as ``[3].turns[1].author``."""

    code = "invalid_transcript"

    def __init__(self, where: str, message: str) -> None:
        super().__init__(f"{where}: {message}" if where else message)
        self.where = where


class InvalidParameters(SatisfactionError):
    code = "invalid_parameters"


class TrainingDataMissing(SatisfactionError):
    code = "training_data"
