"""Prepares a data directory so that the program can serve: each step is skipped when it is done already.

Secrets, database, demo shop, first staff account, sentence encoder, trained understanding, trained dialogue.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from sqlalchemy import func, select

from bot.composition import rasa_environment
from bot.engine import rasa_executable
from bot.errors import SetupError, UnknownModel
from bot.keys import Keys, load_or_create_keys
from bot.model_catalogue import HubModel, find_model
from bot.model_store import Advance as FileAdvance
from bot.model_store import ModelState, ModelStore
from bot.settings import NLU_EXAMPLES, PROJECT, Settings
from crm.demo import seed_demo_shop
from crm.models import Customer, Staff, utc_now
from crm.schema import migrate
from crm.staff import Passwords, add_staff
from crm.unit_of_work import Database
from nlu.encoder_export import PACKAGED, export_encoder
from nlu.provenance import is_current

if TYPE_CHECKING:
    from nlu.training import TrainingReport

FIRST_STAFF_EMAIL = "admin@example.com"
DIALOGUE_MODEL = "dialogue.tar.gz"
_DIALOGUE_SOURCES = ("config.yml", "domain", "data/rules", "engine/requirements.lock")

Advance = Callable[[int, int], None]
"""Called with how much is done and how much there is."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a start needs to know; ``first_password`` only when the account was made now."""

    keys: Keys
    first_password: str | None


class Steps:
    """Shows each long step with its progress, on standard error."""

    def __init__(self) -> None:
        self._console = Console(stderr=True)

    @contextmanager
    def step(self, title: str) -> Iterator[Advance]:
        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
        with Progress(*columns, console=self._console) as progress:
            task = progress.add_task(title, total=None)

            def advance(done: int, total: int) -> None:
                progress.update(task, completed=done, total=total)

            yield advance
            progress.update(task, completed=1, total=1)

    @contextmanager
    def fetching(self) -> Iterator[FileAdvance]:
        """A bar for each file, with its size, its speed and the time it still takes."""
        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
        with Progress(*columns, TimeRemainingColumn(), console=self._console) as progress:
            tasks: dict[str, TaskID] = {}

            def advance(name: str, done: int, total: int | None) -> None:
                if name not in tasks:
                    tasks[name] = progress.add_task(name, total=total)
                progress.update(tasks[name], completed=done)

            yield advance


def prepare(settings: Settings, steps: Steps) -> Prepared:
    """Does what is missing. Raises SetupError with one clear line when it cannot."""
    make_data_directory(settings)
    keys = load_or_create_keys(settings.secrets_path)
    database = Database(settings.crm_url)
    try:
        with steps.step("Preparing the database"):
            migrate(database)
        if settings.demo:
            seed_demo(database)
        first_password = add_first_staff(database)
    finally:
        database.close()
    train_understanding(settings, steps)
    train_dialogue(settings, steps)
    return Prepared(keys, first_password)


def make_data_directory(settings: Settings) -> None:
    try:
        settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        settings.media_dir.mkdir(exist_ok=True, mode=0o700)
        settings.models_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SetupError(f"cannot write to the data directory {settings.data}: {error.strerror}") from error


def seed_demo(database: Database) -> bool:
    """The demo shop, in a database without customers only; True when it was added."""
    with database.writing() as session:
        if session.scalar(select(func.count()).select_from(Customer)):
            return False
        return seed_demo_shop(session, utc_now())


def add_first_staff(database: Database) -> str | None:
    """The first staff account with a generated password, which is returned; None when there is one already."""
    with database.writing() as session:
        if session.scalar(select(func.count()).select_from(Staff)):
            return None
        return add_staff(session, Passwords(), email=FIRST_STAFF_EMAIL, name="Admin").password


def train_understanding(settings: Settings, steps: Steps, *, force: bool = False) -> TrainingReport | None:
    """Exports the sentence encoder once and trains on ``data/nlu``; None when nothing had changed."""
    source = encoder_source(settings, steps)
    with steps.step("Preparing the sentence encoder"):
        export_encoder(settings.encoder_dir, source=source)
    if not force and is_current(NLU_EXAMPLES, settings.encoder_dir, settings.nlu_dir):
        return None
    from nlu.training import train  # brings scikit-learn: only who trains needs it

    with steps.step("Training the understanding") as advance:
        return train(
            NLU_EXAMPLES,
            settings.encoder_dir,
            settings.nlu_dir,
            progress=lambda _step, done: advance(round(done * 100), 100),
        )


def encoder_source(settings: Settings, steps: Steps) -> str:
    """What the encoder is exported from: ``packaged`` or a directory, fetched from the hub first where it is not here.
    Raises ModelError."""
    setting = settings.encoder
    if setting == PACKAGED or Path(setting).expanduser().is_dir():
        return setting
    model = find_model(setting)
    if model is None:
        raise UnknownModel(
            f"CRMBOT_ENCODER is {setting!r}, which is no directory here, no name that crmbot models list shows, and "
            "no owner/model[@revision] of the hub"
        )
    store = ModelStore(settings.models_dir, settings.models_lock)
    directory = store.checked_directory(model)
    if directory is None:
        pull_model(store, model, steps)
        directory = store.directory(model)
    return str(directory)


def pull_model(store: ModelStore, model: HubModel, steps: Steps) -> ModelState:
    """Fetches a model from the hub, showing how far it is. Raises ModelError."""
    from bot.model_hub import Hub  # only who fetches needs the hub's library

    with steps.fetching() as advance:
        return store.pull(model, Hub(), advance)


def train_dialogue(settings: Settings, steps: Steps, *, force: bool = False) -> bool:
    """Trains Rasa's dialogue model; False when nothing had changed."""
    fingerprint = dialogue_fingerprint()
    mark = settings.dialogue_dir / "fingerprint"
    model = settings.dialogue_dir / DIALOGUE_MODEL
    if not force and model.exists() and mark.exists() and mark.read_text() == fingerprint:
        return False
    settings.dialogue_dir.mkdir(parents=True, exist_ok=True)
    with steps.step("Training the dialogue"):
        _run_rasa(settings, [
            "train", "--domain", "domain", "--data", "data/rules", "--config", "config.yml",
            "--out", str(settings.dialogue_dir), "--fixed-model-name", DIALOGUE_MODEL.removesuffix(".tar.gz"),
        ])  # fmt: skip
    mark.write_text(fingerprint)
    return True


def dialogue_fingerprint() -> str:
    """Changes whenever anything does that Rasa is trained from."""
    digest = hashlib.sha256()
    for source in _DIALOGUE_SOURCES:
        path = PROJECT / source
        for file in sorted(path.rglob("*.yml")) if path.is_dir() else [path]:
            digest.update(str(file.relative_to(PROJECT)).encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()


def _run_rasa(settings: Settings, arguments: list[str]) -> None:
    executable = rasa_executable(PROJECT)
    log_path: Path = settings.data / "rasa-train.log"
    environment = {**os.environ, **rasa_environment(settings, "http://127.0.0.1:9")}
    with log_path.open("wb") as output:
        status = subprocess.run(  # noqa: S603  (our own command line)
            [str(executable), *arguments],
            cwd=PROJECT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        ).returncode
    if status != 0:
        raise SetupError(f"rasa {arguments[0]} failed with status {status}; its output is in {log_path}")
