"""``crmbot models``: what there is in the catalogue, and fetching it."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path

import click

from bot.commands.reporting import FAILURE, reported, show
from bot.settings import Settings


@click.group()
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
