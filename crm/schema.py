"""Brings a CRM database to the tables of ``models`` by Alembic migrations, and tells whether it is there."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from crm.unit_of_work import Database

MIGRATIONS = Path(__file__).parent / "migrations"


def migrate(database: Database) -> bool:
    """Applies what is missing; True when there was anything."""
    if is_current(database):
        return False
    with database.engine.begin() as connection:
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    return True


def is_current(database: Database) -> bool:
    """Whether the database has every migration."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    with database.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() == head


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config
