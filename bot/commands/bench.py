"""``crmbot bench``: side-by-side measurements. Nothing of ``bench`` is loaded before one of them is asked for."""

from __future__ import annotations

from pathlib import Path

import click

from bot.commands.reporting import reported
from bot.settings import Settings

_json = click.option(
    "--json", "json_path", type=click.Path(path_type=Path, dir_okay=False), help="Also write JSON here."
)
_sets = click.option(
    "--data",
    "sets",
    required=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Directory of public sets.",
)


@click.group()
def bench() -> None:
    """Side-by-side measurements."""


@bench.command("turn")
@click.option("--turns", default=200, show_default=True, type=click.IntRange(20), help="Turns in each arm.")
@_json
@click.pass_obj
@reported
def bench_turn(settings: Settings, turns: int, json_path: Path | None) -> None:
    """Request to reply, ours against the same Rasa spoken to directly."""
    from bench.turn import run

    run(settings, turns=turns, json_path=json_path)


@bench.command("satisfaction")
@_sets
@_json
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
@_json
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
@_sets
@click.option("--in-domain", is_flag=True, help="Also fit to each set itself, by five folds: an upper bound.")
@_json
@click.pass_obj
@reported
def bench_sentiment(settings: Settings, sets: Path, in_domain: bool, json_path: Path | None) -> None:
    """The sentiment told of tweets and reviews against their labels, on public sets and our own sentences."""
    from bench.sentiment import run

    run(settings, sets, in_domain=in_domain, json_path=json_path)


@bench.command("entities")
@_sets
@_json
@click.pass_obj
@reported
def bench_entities(settings: Settings, sets: Path, json_path: Path | None) -> None:
    """Measure entities on CLUENER and WNUT17, learnt from each set and as served."""
    from bench.entities import run

    run(settings, sets, json_path=json_path)


@bench.command("heldout")
@click.option("--examples", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Other files to ask.")
@_json
@click.pass_obj
@reported
def bench_heldout(settings: Settings, examples: Path | None, json_path: Path | None) -> None:
    """Our understanding on utterances of our own that it never learns from."""
    from bench.nlu_heldout import run

    run(settings, examples, json_path)


@bench.command("knowledge")
@click.argument("questions", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_json
@click.pass_obj
@reported
def bench_knowledge(settings: Settings, questions: tuple[Path, ...], json_path: Path | None) -> None:
    """How well questions are answered from data/knowledge; without QUESTIONS, the held-out ones."""
    from bench.knowledge import run

    run(settings, questions, json_path)


@bench.command("parse")
@_json
@click.pass_obj
@reported
def bench_parse(settings: Settings, json_path: Path | None) -> None:
    """What understanding costs when it serves: time, throughput, memory, start."""
    from bench.parse import run

    run(settings, json_path=json_path)
