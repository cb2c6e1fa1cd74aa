"""``crmbot``: the program's command line.

Progress and logs go to standard error; ``bot.commands.reporting`` says what a command prints and how it ends.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from pydantic import ValidationError

from bot.commands.bench import bench
from bot.commands.models import models
from bot.commands.reporting import BAD_INPUT, FAILURE, reported, show
from bot.commands.staff import staff
from bot.logs import configure_logs
from bot.settings import Settings
from perception.errors import PerceptionError


@click.group()
@click.option("--data", type=click.Path(path_type=Path, file_okay=False), help="Data directory (default: var).")
@click.version_option(package_name="crmbot")
@click.pass_context
def main(context: click.Context, data: Path | None) -> None:
    """A conversational CRM bot that you host yourself."""
    os.umask(0o077)  # whatever is written is its owner's alone
    try:
        settings = Settings() if data is None else Settings(data=data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        name = "_".join(["CRMBOT", *(str(part).upper() for part in first["loc"])])
        raise click.UsageError(f"{name}: {first['msg'].removeprefix('Value error, ')}") from error
    configure_logs(settings.log_level, as_json=settings.log_json)
    context.obj = settings


for group in (bench, models, staff):
    main.add_command(group)


@main.command()
@click.option("--host", help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on.")
@click.pass_obj
@reported
def up(settings: Settings, host: str | None, port: int | None) -> None:
    """Serve everything on this machine; the first run sets all up."""
    from bot.up import bring_up

    chosen = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    bring_up(settings.model_copy(update=chosen))


@main.command()
@click.option("--force", is_flag=True, help="Train even when nothing has changed.")
@click.pass_obj
@reported
def train(settings: Settings, force: bool) -> None:
    """Train the understanding from data/nlu and the dialogue from domain/ and data/."""
    from bot.installation import Steps, make_data_directory, train_dialogue, train_understanding

    make_data_directory(settings)
    steps = Steps()
    report = train_understanding(settings, steps, force=force)
    dialogue = train_dialogue(settings, steps, force=force)
    show(
        {"understanding": asdict(report) if report else "unchanged", "dialogue": "trained" if dialogue else "unchanged"}
    )


@main.command()
@click.argument("text", nargs=-1, required=True)
@click.pass_obj
@reported
def parse(settings: Settings, text: tuple[str, ...]) -> None:
    """Understand each TEXT and print what it means."""
    from bot.composition import build_parser

    parser = build_parser(settings)
    for understanding in parser.parse_many(list(text)):
        show({name: value for name, value in asdict(understanding).items() if name != "vector"})


@main.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--language", type=click.Choice(["en", "zh"]), help="The language that is expected.")
@click.pass_obj
@reported
def transcribe(settings: Settings, files: tuple[Path, ...], language: str | None) -> None:
    """Recognise the speech of voice notes."""
    from bot.composition import build_senses

    senses = build_senses(settings)
    try:
        _each_file(files, lambda data: asdict(senses.transcribe(data, language_hint=language)))
    finally:
        senses.close()


@main.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.pass_obj
@reported
def look(settings: Settings, files: tuple[Path, ...]) -> None:
    """See what is in photos: codes, text, fields."""
    from bot.composition import build_senses

    senses = build_senses(settings)
    try:
        _each_file(files, lambda data: asdict(senses.look(data)))
    finally:
        senses.close()


def _each_file(files: tuple[Path, ...], examine: Callable[[bytes], dict[str, Any]]) -> None:
    """Prints one JSON object a file; a file that cannot be made out does not stop the others."""
    failed = False
    for path in files:
        try:
            show({"file": str(path), **examine(path.read_bytes())})
        except PerceptionError as error:
            failed = True
            show({"file": str(path), "error": {"code": error.code, "message": str(error)}})
    if failed:
        sys.exit(BAD_INPUT)


@main.command()
@click.argument("source")
@click.pass_obj
@reported
def score(settings: Settings, source: str) -> None:
    """Score the satisfaction of a transcript FILE or of a stored conversation, with reasons."""
    from bot.scoring import scores_of

    show(scores_of(settings, source))


@main.command()
@click.pass_obj
@reported
def demo(settings: Settings) -> None:
    """Fill an empty database with the demo shop."""
    from bot.installation import make_data_directory, seed_demo
    from crm.schema import migrate
    from crm.unit_of_work import Database

    make_data_directory(settings)
    database = Database(settings.crm_url)
    migrate(database)
    show({"demo_shop": "added" if seed_demo(database) else "not added: there are customers already"})


@main.command()
@click.pass_obj
@reported
def doctor(settings: Settings) -> None:
    """Check what is installed, prepared and configured; exit status 1 when something needed is missing."""
    from bot.doctor import examine

    checks = examine(settings)
    show([asdict(check) for check in checks])
    if any(check.needed and not check.ok for check in checks):
        sys.exit(FAILURE)


if __name__ == "__main__":
    main()
