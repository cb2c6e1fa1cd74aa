"""``crmbot doctor``: looks at everything the program stands on and says what is missing and how to get it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError

from bot.engine import rasa_executable
from bot.errors import SetupError
from bot.installation import DIALOGUE_MODEL
from bot.keys import load_or_create_keys
from bot.settings import PROJECT, Settings
from crm.schema import is_current
from crm.unit_of_work import Database
from perception.whisper import has_model


@dataclass(frozen=True, slots=True)
class Check:
    """``needed`` things must be there; of the others the program goes without, as ``advice`` says."""

    name: str
    ok: bool
    needed: bool
    advice: str


def examine(settings: Settings) -> list[Check]:
    """All checks; none changes anything."""
    return [
        _check("engine", lambda: rasa_executable(PROJECT).exists(), "run: make engine"),
        _check("data directory", settings.data.is_dir, "run: crmbot up"),
        _check("secrets", lambda: _secrets(settings), f"run: chmod 600 {settings.secrets_path}, or crmbot up"),
        _check("database", lambda: _database(settings), "run: crmbot up, which migrates it"),
        _check("sentence encoder", lambda: any(settings.encoder_dir.glob("*.onnx")), "run: crmbot train"),
        _check("understanding", lambda: any(settings.nlu_dir.glob("*")), "run: crmbot train"),
        _check("dialogue", (settings.dialogue_dir / DIALOGUE_MODEL).exists, "run: crmbot train"),
        _check(
            "whisper",
            lambda: has_model(settings.whisper_dir),
            "without it English voice notes are recognised by pocketsphinx and Chinese ones are left to staff",
            needed=False,
        ),
    ]


def _check(name: str, look: Callable[[], bool], advice: str, *, needed: bool = True) -> Check:
    ok = look()
    return Check(name, ok, needed, "" if ok else advice)


def _secrets(settings: Settings) -> bool:
    if not settings.secrets_path.exists():
        return False
    try:
        load_or_create_keys(settings.secrets_path)
    except SetupError:
        return False
    return True


def _database(settings: Settings) -> bool:
    if settings.database_url is None and not (settings.data / "crm.sqlite").exists():
        return False
    database = Database(settings.crm_url)
    try:
        return is_current(database)
    except SQLAlchemyError:
        return False
    finally:
        database.close()
