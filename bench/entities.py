"""``crmbot bench entities``: entities in public sets, by our tagger learnt from each and by the model that is served.

The tagger learns a set's train part and is asked its development part, for all of its entities. The served model, which
learnt from our own examples alone, is asked the same texts, for those entities of the set that ours mean too. An
entity is right with its name and both ends. Nothing is tuned here.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rich.table import Table

from bench.entity_sets import MarkedSet, MarkedText, Span, find_sets
from bench.printing import tables
from bot.composition import build_parser
from bot.settings import Settings
from nlu.preparation import prepare
from nlu.tagger import ClassesOf, Tagged, Tagger, train_tagger
from nlu.tokens import new_vocabulary, tokenise
from nlu.understander import Understander

Find = Callable[[str], Iterable[Span]]


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts by entity."""

    right: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    marked: Counter[str] = field(default_factory=Counter)

    def f1(self, entity: str | None = None) -> float:
        """Of one entity, or micro-averaged over all; 0 where nothing was found or marked."""
        right, found, marked = (
            sum(each.values()) if entity is None else each[entity] for each in (self.right, self.found, self.marked)
        )
        return 2 * right / (found + marked) if found + marked else 0.0


def run(settings: Settings, sets: Path, *, json_path: Path | None = None) -> None:
    """Prints a table for each set. Raises TrainingDataError, ModelMissing."""
    served = build_parser(settings)
    console = tables()
    documents = []
    for one in find_sets(sets):
        began = time.perf_counter()
        find = learnt(one.train, served.encoder.word_classes)
        took = time.perf_counter() - began
        tally, shipped = count(one.asked, find), count(one.asked, serving(served), one.ours)
        console.print(_table(one, tally, took, shipped))
        documents.append(
            {
                "set": one.name, "trained_on": len(one.train), "asked": len(one.asked), "training_s": took,
                "learnt": _described(tally), "served": _described(shipped),
            }
        )  # fmt: skip
    if json_path is not None:
        content = {"crmbot": version("crmbot"), "sets": documents}
        json_path.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def learnt(examples: Iterable[MarkedText], classes_of: ClassesOf) -> Find:
    """Our tagger, trained on the examples and on nothing else, with the encoder's classes of words."""
    vocabulary = new_vocabulary()
    tagged = (Tagged(tokenise(one.text, vocabulary), (), tuple(sorted(one.spans))) for one in examples)
    tagger = Tagger(train_tagger(tagged, classes_of), classes_of)

    def find(text: str) -> Iterable[Span]:
        prepared = prepare(text)
        for one in tagger.find(tokenise(prepared.text, vocabulary), ()):
            yield (one.name, *prepared.original_span(one.start, one.end))

    return find


def serving(understander: Understander) -> Find:
    """The entities of the model that is served."""

    def find(text: str) -> Iterable[Span]:
        return ((one.name, one.start, one.end) for one in understander.parse(text).entities)

    return find


def count(asked: Iterable[MarkedText], find: Find, names: dict[str, str] | None = None) -> Tally:
    """``names`` maps the marked entities to those that are counted; all else is left out, marked or found."""
    tally = Tally()
    counted = None if names is None else set(names.values())
    for one in asked:
        marked = {
            (name if names is None else names[name], start, end)
            for name, start, end in one.spans
            if names is None or name in names
        }
        found = {span for span in find(one.text) if counted is None or span[0] in counted}
        for counter, spans in ((tally.right, marked & found), (tally.found, found), (tally.marked, marked)):
            counter.update(name for name, _, _ in spans)
    return tally


def _table(one: MarkedSet, tally: Tally, took: float, shipped: Tally) -> Table:
    title = f"{one.name}: {len(one.asked)} texts asked, tagger learnt from {len(one.train)} in {took:.1f} s"
    table = Table("entity", "marked", "learnt F1", "served F1", title=title)
    names = [*one.entities(), *sorted(set(one.ours.values()) - set(one.entities()))]
    for name in names:
        marked = tally.marked[name] or shipped.marked[name]
        table.add_row(name, str(marked), _cell(tally, name), _cell(shipped, name))
    table.add_row("all (micro)", str(sum(tally.marked.values())), f"{tally.f1():.4f}", f"{shipped.f1():.4f}")
    return table


def _cell(tally: Tally, name: str) -> str:
    return f"{tally.f1(name):.4f}" if tally.marked[name] else "–"


def _described(tally: Tally) -> dict[str, Any]:
    return {"f1": tally.f1(), "by_entity": {name: tally.f1(name) for name in sorted(tally.marked)}}
