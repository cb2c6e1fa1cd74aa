"""What can go wrong with understanding.

NluError
├── TrainingDataError     training_data         an example file that cannot be used; carries ``path`` and ``line``
├── EncoderMissing        encoder_missing       no encoder to export from, or none exported where one was looked for
├── EncoderExportFailed   encoder_export        the export ended without a usable encoder
├── ModelMissing          model_missing         no trained model in the directory
├── ModelDamaged          model_damaged         the model's files do not belong together or cannot be read
├── KnowledgeDamaged      knowledge_damaged     a file of knowledge that cannot be used; carries ``path`` and ``line``
├── InvalidRequest        invalid_request       a request to understand that holds no text
└── Overloaded            overloaded            too many texts wait, or one waited too long; carries ``retry_after_s``

A text that means nothing is no error: it is understood as such.
"""

from __future__ import annotations

from pathlib import Path


class NluError(Exception):
    """Root of understanding's errors; ``code`` is stable."""

    code = "nlu_error"


class TrainingDataError(NluError):
    """``line`` counts from 1; 0 where the fault is the file's as a whole."""

    code = "training_data"

    def __init__(self, message: str, *, path: Path, line: int = 0) -> None:
        super().__init__(message)
        self.path = path
        self.line = line

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}" if self.line else str(self.path)
        return f"{place}: {self.args[0]}"


class EncoderMissing(NluError):
    code = "encoder_missing"


class EncoderExportFailed(NluError):
    code = "encoder_export"


class ModelMissing(NluError):
    code = "model_missing"


class ModelDamaged(NluError):
    code = "model_damaged"


class KnowledgeDamaged(NluError):
    """``line`` counts from 1; 0 where the fault is the file's as a whole."""

    code = "knowledge_damaged"

    def __init__(self, message: str, path: Path, line: int = 0) -> None:
        super().__init__(f"{path}:{line}: {message}" if line else f"{path}: {message}")
        self.path = path
        self.line = line


class InvalidRequest(NluError):
    code = "invalid_request"


class Overloaded(NluError):
    """``retry_after_s`` is a guess at when there is room again, in whole seconds."""

    code = "overloaded"

    def __init__(self, message: str, *, retry_after_s: int = 1) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s
