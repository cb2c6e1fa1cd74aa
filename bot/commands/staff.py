"""``crmbot staff``: accounts of the console."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from bot.commands.reporting import reported, show
from bot.settings import Settings

if TYPE_CHECKING:
    from crm.unit_of_work import Database


@click.group()
def staff() -> None:
    """Staff accounts of the console."""


@staff.command("add")
@click.argument("email")
@click.option("--name", default="", help="Shown to customers and colleagues.")
@click.pass_obj
@reported
def staff_add(settings: Settings, email: str, name: str) -> None:
    """Make an account; its password is printed once."""
    from crm.staff import Passwords, add_staff

    with _database(settings).writing() as session:
        added = add_staff(session, Passwords(), email=email, name=name or email.partition("@")[0])
    show({"email": added.account.email, "password": added.password})


@staff.command("list")
@click.pass_obj
@reported
def staff_list(settings: Settings) -> None:
    """Print all accounts."""
    from crm.staff import list_staff

    with _database(settings).reading() as session:
        show([asdict(account) for account in list_staff(session)])


@staff.command("reset")
@click.argument("email")
@click.pass_obj
@reported
def staff_reset(settings: Settings, email: str) -> None:
    """Give an account a new password, printed once, and end its sessions."""
    from crm.staff import Passwords, reset_password

    with _database(settings).writing() as session:
        changed = reset_password(session, Passwords(), email=email)
    show({"email": changed.account.email, "password": changed.password})


@staff.command("disable")
@click.argument("email")
@click.pass_obj
@reported
def staff_disable(settings: Settings, email: str) -> None:
    """Close an account and end its sessions."""
    from crm.staff import disable_staff

    with _database(settings).writing() as session:
        disable_staff(session, email=email)
    show({"email": email, "disabled": True})


@staff.command("enable")
@click.argument("email")
@click.pass_obj
@reported
def staff_enable(settings: Settings, email: str) -> None:
    """Open a closed account again."""
    from crm.staff import enable_staff

    with _database(settings).writing() as session:
        enable_staff(session, email=email)
    show({"email": email, "disabled": False})


def _database(settings: Settings) -> Database:
    from bot.installation import make_data_directory
    from crm.schema import migrate
    from crm.unit_of_work import Database

    make_data_directory(settings)
    database = Database(settings.crm_url)
    migrate(database)
    return database
