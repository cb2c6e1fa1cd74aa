"""English sets of utterances in their original formats, each as examples to learn from and examples to be asked.

BANKING77 (csv under ``text,category``), CLINC150 (``data_full.json``,
with what is out of scope), HWU64 (``KFold_N_{train,test}.md``, Rasa's Markdown), SNIPS (``seq.in``, ``label`` and
``seq.out``, parallel lines); and our own ``data/nlu``, by five folds in each language. A set's own test part is used
where it is there, else its validation part, else a stratified fifth of what is there. No models here.
"""

from __future__ import annotations

import csv
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from nlu.errors import TrainingDataError
from nlu.examples import Annotation, Example, TrainingData, read_directory, read_marked
from nlu.language import detect
from nlu.utterance import scale_of

OUT_OF_SCOPE = "oos"
"""CLINC150's own name of what belongs to no intent; learnt as one of them, by both sides alike."""
FOLDS = 5
HELD_OUT = 0.2

_HEADING = re.compile(r"##\s*(intent|synonym|regex|lookup):\s*(.+?)\s*$")


@dataclass(frozen=True, slots=True)
class Part:
    """One side-by-side run: ``train`` to learn from and ``test`` to be asked; ``language`` is ``en`` or ``zh``.

    ``fold`` counts from 1 where a set is run several times. ``split`` says in words where the test part is from;
    ``listed`` holds the synonyms, lookups and regexes that go with the examples.
    """

    name: str
    language: str
    split: str
    train: tuple[Example, ...]
    test: tuple[Example, ...]
    fold: int = 1
    listed: TrainingData = field(default_factory=TrainingData)

    def entities(self) -> frozenset[str]:
        """Those annotated for training: no other is asked for."""
        return frozenset(note.entity for one in self.train for note in one.annotations)


def read_csv(path: Path, *, seed: int) -> Part:
    """BANKING77: ``train.csv`` and, beside it, ``test.csv``."""
    train, test = _csv_rows(path), path.with_name("test.csv")
    if test.exists():
        return Part(path.parent.name, "en", "its own test part", train, _csv_rows(test))
    return Part(path.parent.name, "en", "a stratified fifth of train", *_held_out(train, seed))


def read_clinc(path: Path) -> Part:
    """CLINC150: lists of ``[text, intent]`` under train, val, test and oos_train, oos_val, oos_test."""
    content = _json(path)
    asked = "test" if "test" in content else "val"

    def rows(*keys: str) -> tuple[Example, ...]:
        return tuple(
            plain_example(intent, text, path, number)
            for key in keys
            for number, (text, intent) in enumerate(content.get(key, []), start=1)
        )

    return Part(
        path.parent.name, "en", f"its own {asked} part", rows("train", "oos_train"), rows(asked, f"oos_{asked}")
    )


def read_markdown_fold(path: Path) -> Part:
    """HWU64 as the DIET paper cut it: ``KFold_N_train.md`` and ``KFold_N_test.md``; regexes are passed over."""
    fold = int(path.name.split("_")[1])
    train, test = read_markdown(path), read_markdown(path.with_name(path.name.replace("train", "test")))
    return Part(path.parent.name, "en", f"its own fold {fold}", train, test, fold)


def read_markdown(path: Path) -> tuple[Example, ...]:
    """The examples of a file in Rasa's former Markdown format; synonyms, lookups and regexes are passed over."""
    examples: list[Example] = []
    intent: str | None = None
    for number, line in enumerate(_lines(path), start=1):
        if line.startswith("#"):
            heading = _HEADING.match(line)
            if heading is None:
                raise TrainingDataError("a heading must read '## intent:name'", path=path, line=number)
            intent = heading[2] if heading[1] == "intent" else None
        elif line.strip() and intent is not None:
            if line[0] not in "-*+":
                raise TrainingDataError("an example line must read '- text'", path=path, line=number)
            examples.append(read_marked(intent, line[1:].strip(), path, number))
    return tuple(examples)


def read_parallel_lines(train: Path, *, seed: int) -> Part:
    """SNIPS: folders train and test (else valid) with ``seq.in``, ``label`` and, where there are slots, ``seq.out``."""
    name, examples = train.parent.name, _parallel_lines(train)
    for asked in ("test", "valid"):
        if (train.with_name(asked) / "seq.in").exists():
            return Part(name, "en", f"its own {asked} part", examples, _parallel_lines(train.with_name(asked)))
    return Part(name, "en", "a stratified fifth of train", *_held_out(examples, seed))


def own_parts(directory: Path, *, seed: int) -> list[Part]:
    """Our own examples: five folds in each language."""
    parts = []
    by_language: defaultdict[str, list[Example]] = defaultdict(list)
    data = read_directory(directory)
    for one in data.examples:
        by_language[scale_of(detect(one.text))].append(one)
    for language, examples in sorted(by_language.items()):
        fold_of = np.empty(len(examples), dtype=np.intp)
        order = stratified_order([one.intent for one in examples], seed)
        fold_of[order] = np.arange(len(examples)) % FOLDS
        for fold in range(FOLDS):
            train = tuple(one for one, place in zip(examples, fold_of, strict=True) if place != fold)
            test = tuple(one for one, place in zip(examples, fold_of, strict=True) if place == fold)
            parts.append(Part(f"own, {language}", language, f"{FOLDS} folds", train, test, fold + 1, data))
    return parts


def reduced(part: Part, count: int, *, seed: int) -> Part:
    """With at most ``count`` training examples, the intents in the same proportions."""
    if len(part.train) <= count:
        return part
    chosen = sorted(stratified_order([one.intent for one in part.train], seed)[:count])
    return replace(part, train=tuple(part.train[place] for place in chosen))


def stratified_order(labels: Sequence[str], seed: int) -> list[int]:
    """Places of the labels, shuffled, such that every beginning of it has the labels in nearly the same proportions."""
    totals, seen = Counter(labels), Counter[str]()
    ranks: list[tuple[float, int]] = []
    for turn, place in enumerate(np.random.default_rng(seed).permutation(len(labels)).tolist()):
        label = labels[place]
        ranks.append(((seen[label] + 0.5) / totals[label] + turn * 1e-9, place))
        seen[label] += 1
    return [place for _, place in sorted(ranks)]


def to_rasa_yaml(examples: Iterable[Example], listed: TrainingData) -> str:
    """A file that Rasa and ``nlu.examples`` read alike; with the synonyms, lookups and regexes of ``listed``."""
    by_intent: defaultdict[str, list[str]] = defaultdict(list)
    for one in examples:
        by_intent[one.intent].append(marked(one))
    blocks = [("intent", name, lines) for name, lines in sorted(by_intent.items())]
    blocks += [("synonym", one.value, list(one.variants)) for one in listed.synonyms]
    blocks += [("lookup", one.entity, list(one.elements)) for one in listed.lookups]
    blocks += [("regex", one.entity, list(one.patterns)) for one in listed.regexes]
    lines = ['version: "3.1"', "nlu:"]
    for kind, name, items in blocks:
        lines += [f"- {kind}: {json.dumps(name, ensure_ascii=False)}", "  examples: |"]
        lines += [f"    - {item}" for item in items]
    return "\n".join(lines) + "\n"


def marked(example: Example) -> str:
    """The text with its annotations in Rasa's marks; of two that overlap, the first."""
    pieces: list[str] = []
    here = 0
    for note in sorted(example.annotations, key=lambda note: note.start):
        if note.start >= here:
            described = {"entity": note.entity, "value": note.value, "role": note.role, "group": note.group}
            kept = {
                key: value
                for key, value in described.items()
                if value is not None and (key, value) != ("value", note.text)
            }
            pieces += (example.text[here : note.start], f"[{note.text}]{json.dumps(kept, ensure_ascii=False)}")
            here = note.end
    pieces.append(example.text[here:])
    return "".join(pieces)


def _held_out(examples: tuple[Example, ...], seed: int) -> tuple[tuple[Example, ...], tuple[Example, ...]]:
    order = stratified_order([one.intent for one in examples], seed)
    held = set(order[: round(len(examples) * HELD_OUT)])
    train = tuple(one for place, one in enumerate(examples) if place not in held)
    return train, tuple(examples[place] for place in sorted(held))


def is_labelled(path: Path) -> bool:
    """Whether it is a csv of BANKING77's form."""
    with path.open(encoding="utf-8", newline="") as file:
        return next(csv.reader(file), []) == ["text", "category"]


def _csv_rows(path: Path) -> tuple[Example, ...]:
    with path.open(encoding="utf-8", newline="") as file:
        return tuple(
            plain_example(row["category"], row["text"], path, number)
            for number, row in enumerate(csv.DictReader(file), start=2)
        )


def _json(path: Path) -> dict[str, list[tuple[str, str]]]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise TrainingDataError("is not JSON", path=path) from error
    if not isinstance(content, dict) or "train" not in content:
        raise TrainingDataError("must be an object with 'train'", path=path)
    return content


def _parallel_lines(directory: Path) -> tuple[Example, ...]:
    texts, labels = _lines(directory / "seq.in"), _lines(directory / "label")
    slots = _lines(directory / "seq.out") if (directory / "seq.out").exists() else [""] * len(texts)
    if not len(texts) == len(labels) == len(slots):
        raise TrainingDataError("seq.in, label and seq.out must have as many lines", path=directory)
    path = directory / "seq.in"
    return tuple(
        _tagged(label.strip(), text.split(), tags.split(), path, number)
        for number, (text, label, tags) in enumerate(zip(texts, labels, slots, strict=True), start=1)
        if text.strip()
    )


def _tagged(intent: str, words: Sequence[str], tags: Sequence[str], path: Path, line: int) -> Example:
    """An example of words with a BIO tag each (or none at all), joined by single spaces."""
    if tags and len(tags) != len(words):
        raise TrainingDataError("as many tags as words are needed", path=path, line=line)
    words = [_printable(word) for word in words]
    text = " ".join(words)
    starts = np.cumsum([0, *(len(word) + 1 for word in words)]).tolist()
    notes = []
    for name, first, last in _stretches(tags):
        start, end = starts[first], starts[last] - 1
        notes.append(Annotation(name, start, end, text[start:end], text[start:end]))
    return Example(intent, text, tuple(notes), path, line)


def _stretches(tags: Sequence[str]) -> Iterator[tuple[str, int, int]]:
    first, name = 0, ""
    for place, tag in enumerate([*tags, "O"]):
        if name and tag != f"I-{name}":
            yield name, first, place
            name = ""
        if tag != "O" and not name:
            first, name = place, tag[2:]


def plain_example(intent: str, text: str, path: Path, line: int) -> Example:
    """Without annotations, on one line, and without the marks of Rasa's format."""
    return Example(intent, " ".join(_printable(text).split()), (), path, line)


def _printable(text: str) -> str:
    """Without what the marks of the format would take for theirs, and what no YAML file may hold."""
    kept = "".join(character if character.isprintable() else " " for character in text)
    return kept.replace("[", "(").replace("]", ")")


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()
