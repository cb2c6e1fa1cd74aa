"""``crmbot bench heldout``: how well utterances are understood that were written apart and are never learnt.

Reads ``data/nlu/heldout``, a file for each language, and asks the model that ``crmbot train`` made; where that is not
the one of today's examples, a fresh one is trained beside it. Shows figures only, no utterance and no confusion: who
mends the training examples by the errors made here has no measure left.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.table import Table

from bench.nlu_figures import Answer, Counts, count
from bench.nlu_several import Message, Several, measure_several, read_several, several_row, several_table
from bench.printing import tables
from bot.settings import PROJECT, Settings
from nlu.encoder import Manifest
from nlu.encoder_export import export_encoder
from nlu.errors import TrainingDataError
from nlu.examples import Example, read_directory, read_file
from nlu.provenance import is_current
from nlu.rasa_format import to_rasa
from nlu.training import train
from nlu.understander import Understander

OUT_OF_SCOPE = "out_of_scope"
EXAMPLES = PROJECT / "data" / "nlu"


@dataclass(frozen=True, slots=True)
class HeldOut:
    """A file of held-out utterances and what came of them; ``name`` is the file's, without its ending."""

    name: str
    asked: int
    counts: Counts


def run(settings: Settings, directory: Path | None, json_path: Path | None) -> None:
    """Prints a table, and writes JSON where a path is given. Raises TrainingDataError, EncoderMissing."""
    files = read_held_out(directory or EXAMPLES / "heldout")
    messages = read_several(directory or EXAMPLES / "heldout")
    entities = frozenset(note.entity for one in read_directory(EXAMPLES).examples for note in one.annotations)
    export_encoder(settings.encoder_dir)
    outcomes, several = _measured(settings, files, entities, messages)
    tables().print(_table(outcomes))
    if several:
        tables().print(several_table(several))
    if json_path is not None:
        content = {
            "encoder": Manifest.read(settings.encoder_dir).source,
            "held_out": [row(one) for one in outcomes],
            "several": [several_row(one) for one in several],
        }
        json_path.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def read_held_out(directory: Path) -> dict[str, tuple[Example, ...]]:
    """The utterances of each file, by its name. Raises TrainingDataError where there is no file."""
    found = {path.stem: read_file(path).examples for path in sorted(directory.glob("*.yml"))}
    if not found:
        raise TrainingDataError("holds no .yml files", path=directory)
    return found


def measure(
    understander: Understander, files: Mapping[str, Sequence[Example]], entities: frozenset[str]
) -> list[HeldOut]:
    """File by file; ``entities`` are those asked for."""
    outcomes = []
    for name, examples in files.items():
        answers: list[Answer] = [to_rasa(understander.parse(one.text)) for one in examples]
        outcomes.append(HeldOut(name, len(examples), count(examples, answers, entities, outside=OUT_OF_SCOPE)))
    return outcomes


def row(outcome: HeldOut) -> dict[str, Any]:
    """JSON-ready; shares run from 0 to 1."""
    counts = outcome.counts
    return {
        "name": outcome.name,
        "asked": outcome.asked,
        "intent_accuracy": counts.accuracy,
        "intent_accuracy_refusals_wrong": counts.acted_accuracy,
        "falsely_refused": counts.falsely_refused,
        "out_of_scope_recall": counts.out_of_scope_recall,
        "entity_f1": counts.entity_f1,
        "counts": asdict(counts),
    }


def _measured(
    settings: Settings,
    files: Mapping[str, Sequence[Example]],
    entities: frozenset[str],
    messages: Mapping[str, Sequence[Message]],
) -> tuple[list[HeldOut], list[Several]]:
    with tempfile.TemporaryDirectory(prefix="crmbot-heldout-") as fresh:
        model = settings.nlu_dir
        if not is_current(EXAMPLES, settings.encoder_dir, model):
            model = Path(fresh)
            train(EXAMPLES, settings.encoder_dir, model)
        understander = Understander.load(model, encoder_dir=settings.encoder_dir)
        return measure(understander, files, entities), measure_several(understander, messages)


_COLUMNS = (
    ("intents", "intent_accuracy"),
    ("refusals wrong", "intent_accuracy_refusals_wrong"),
    ("falsely refused", "falsely_refused"),
    ("out of scope", "out_of_scope_recall"),
    ("entity F1", "entity_f1"),
)


def _table(outcomes: Sequence[HeldOut]) -> Table:
    table = Table("", "asked", *(heading for heading, _ in _COLUMNS), title="held out")
    for each in map(row, outcomes):
        shares = ("–" if each[key] is None else f"{each[key]:.4f}" for _, key in _COLUMNS)
        table.add_row(each["name"], str(each["asked"]), *shares)
    return table
