"""``crmbot``: the program's command line.

JSON goes to standard output, progress and logs to standard error. Exit status 0 on success, 2 on bad usage or bad
input with one clear line, 1 on failure.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from dataclasses import asdict
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec

import click
from pydantic import ValidationError
from sqlalchemy.exc import OperationalError

from bot.errors import BotError
from bot.logs import configure_logs
from bot.settings import Settings
from crm.errors import CrmError
from nlu.errors import NluError
from perception.errors import PerceptionError
from satisfaction.errors import SatisfactionError

BAD_INPUT, FAILURE = 2, 1


P = ParamSpec("P")


def reported(command: Callable[P, None]) -> Callable[P, None]:
    """Turns our errors into one line and an exit status."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except BotError as error:
            _fail(str(error), FAILURE)
        except (CrmError, NluError, PerceptionError, SatisfactionError) as error:
            _fail(str(error), BAD_INPUT)
        except OperationalError as error:
            _fail(f"the database does not answer: {error.orig}", FAILURE)

    return run


def _fail(message: str, status: int) -> None:
    click.echo(f"crmbot: {message}", err=True)
    sys.exit(status)


def show(value: Any) -> None:
    click.echo(json.dumps(value, ensure_ascii=False, indent=2, default=str))


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


@main.group()
def models() -> None:
    """Models from the Hugging Face hub: encoders, Whisper, a detector."""


@models.command("list")
@click.option("--verify", is_flag=True, help="Read every byte of what is there; else sizes are compared.")
@click.pass_obj
@reported
def models_list(settings: Settings, verify: bool) -> None:
    """Print the catalogue and what of it is here."""
    from bot.model_store import CHANGED, ModelStore

    states = ModelStore(settings.models_dir, settings.models_lock).states(verify=verify)
    show([asdict(state) for state in states])
    if any(state.state == CHANGED for state in states):
        sys.exit(FAILURE)


@models.command("pull")
@click.argument("names", nargs=-1)
@click.option(
    "--from",
    "directory",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Take the files out of this directory; nothing is fetched.",
)
@click.pass_obj
@reported
def models_pull(settings: Settings, names: tuple[str, ...], directory: Path | None) -> None:
    """Fetch each NAME, check it and put it in place; without a NAME what the settings ask for."""
    from bot.installation import Steps, make_data_directory, pull_model
    from bot.model_store import ModelStore, configured_names, named_model

    wanted = [named_model(name) for name in names or configured_names(settings.encoder, settings.whisper_model)]
    if directory is not None and len(wanted) != 1:
        raise click.UsageError("--from takes the NAME of one model")
    make_data_directory(settings)
    store = ModelStore(settings.models_dir, settings.models_lock)
    for model in wanted:
        state = pull_model(store, model, Steps()) if directory is None else store.place(model, directory)
        show(asdict(state))


@main.group()
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


def _database(settings: Settings) -> Any:
    from bot.installation import make_data_directory
    from crm.schema import migrate
    from crm.unit_of_work import Database

    make_data_directory(settings)
    database = Database(settings.crm_url)
    migrate(database)
    return database


@main.group()
def bench() -> None:
    """Side-by-side measurements."""


@bench.command("turn")
@click.option("--turns", default=200, show_default=True, type=click.IntRange(20), help="Turns in each arm.")
@click.option("--json", "json_path", type=click.Path(path_type=Path, dir_okay=False), help="Also write JSON here.")
@click.pass_obj
@reported
def bench_turn(settings: Settings, turns: int, json_path: Path | None) -> None:
    """Request to reply, ours against the same Rasa spoken to directly."""
    from bench.turn import run

    run(settings, turns=turns, json_path=json_path)


@bench.command("satisfaction")
@click.option("--data", "sets", required=True, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--json", "json_path", type=click.Path(path_type=Path, dir_okay=False), help="Also write JSON here.")
@reported
def bench_satisfaction(sets: Path, json_path: Path | None) -> None:
    """Predicted satisfaction against what people judged, on public dialogues."""
    from bench.satisfaction import run

    run(sets, json_path)


@bench.command("nlu")
@click.option("--data", "sets", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Public sets.")
@click.option("--train", default=2000, show_default=True, type=click.IntRange(10), help="Examples to learn from.")
@click.option("--full", is_flag=True, help="Learn from whole sets; DIET takes hours.")
@click.option("--epochs", default=100, show_default=True, type=click.IntRange(1), help="DIET's.")
@click.option("--only", multiple=True, help="Name of a set; may be given several times.")
@click.option("--folds", type=click.IntRange(1), help="At most so many folds of a set.")
@click.option("--without-diet", is_flag=True, help="Ours alone.")
@click.option("--keep", "kept", type=click.Path(path_type=Path, file_okay=False), help="Keep DIET's models here.")
@click.option("--json", "json_path", type=click.Path(path_type=Path, dir_okay=False), help="Also write JSON here.")
@click.pass_obj
@reported
def bench_nlu(
    settings: Settings,
    sets: Path | None,
    train: int,
    full: bool,
    epochs: int,
    only: tuple[str, ...],
    folds: int | None,
    without_diet: bool,
    kept: Path | None,
    json_path: Path | None,
) -> None:
    """Our understanding against Rasa's DIET, on public sets and our own examples."""
    from bench.nlu import run

    run(
        settings,
        sets,
        train=train,
        full=full,
        epochs=epochs,
        only=only,
        most_folds=folds,
        without_diet=without_diet,
        kept=kept,
        json_path=json_path,
    )


@bench.command("sentiment")
@click.option("--data", "sets", required=True, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--in-domain", is_flag=True, help="Also fit to each set itself, by five folds: an upper bound.")
@click.option("--json", "json_path", type=click.Path(path_type=Path, dir_okay=False), help="Also write JSON here.")
@click.pass_obj
@reported
def bench_sentiment(settings: Settings, sets: Path, in_domain: bool, json_path: Path | None) -> None:
    """The sentiment told of tweets and reviews against their labels, on public sets and our own sentences."""
    from bench.sentiment import run

    run(settings, sets, in_domain=in_domain, json_path=json_path)


@bench.command("entities")
@click.option(
    "--data", "sets", required=True, type=click.Path(exists=True, file_okay=False, path_type=Path), help="Public sets."
)
@click.option("--json", "json_path", type=click.Path(path_type=Path, dir_okay=False), help="Write the figures here.")
@click.pass_obj
@reported
def bench_entities(settings: Settings, sets: Path, json_path: Path | None) -> None:
    """Measure entities on CLUENER and WNUT17, learnt from each set and as served."""
    from bench.entities import run

    run(settings, sets, json_path=json_path)


@bench.command("heldout")
@click.option("--examples", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Other files to ask.")
@click.option("--json", "json_path", type=click.Path(path_type=Path, dir_okay=False), help="Also write JSON here.")
@click.pass_obj
@reported
def bench_heldout(settings: Settings, examples: Path | None, json_path: Path | None) -> None:
    """Our understanding on utterances of our own that it never learns from."""
    from bench.nlu_heldout import run

    run(settings, examples, json_path)


@bench.command("knowledge")
@click.argument("questions", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "json_path", type=click.Path(path_type=Path, dir_okay=False), help="Also write JSON here.")
@click.pass_obj
@reported
def bench_knowledge(settings: Settings, questions: tuple[Path, ...], json_path: Path | None) -> None:
    """How well questions are answered from data/knowledge; without QUESTIONS, the held-out ones."""
    from bench.knowledge import run

    run(settings, questions, json_path)


@bench.command("parse")
@click.option("--json", "json_path", type=click.Path(path_type=Path, dir_okay=False), help="Also write JSON here.")
@click.pass_obj
@reported
def bench_parse(settings: Settings, json_path: Path | None) -> None:
    """What understanding costs when it serves: time, throughput, memory, start."""
    from bench.parse import run

    run(settings, json_path=json_path)


if __name__ == "__main__":
    main()
