"""Chinese sets for the bench of understanding, in their original formats: what customers of a large shop wrote, and
what travellers asked.

JDDC as ASAP cut it (``valid_jddc.txt`` beside ``act_jddc.txt``): a line holds the customer's messages so far and the
after-sales intent of each. CrossWOZ (``val.json.zip``): dialogues whose messages are marked with acts. Neither is a set
of intents by itself; what is taken for one is said below. Parts of one dialogue never stand on both sides.
"""

from __future__ import annotations

import ast
import json
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bench.nlu_sets import HELD_OUT, OUT_OF_SCOPE, Part, plain_example
from nlu.errors import TrainingDataError
from nlu.examples import Example

LEAST_DIALOGUES = 5
"""Of JDDC's 234 intents only those that stand in so many dialogues are asked for; most of the others stand in one."""

Dialogue = tuple[Example, ...]

_NO_INTENT = "OTHER"
_ACTS = ("Request", "Select", "Inform", "General")


def is_jddc(path: Path) -> bool:
    """Whether this file stands for the set; further parts beside it are found from it."""
    return path.name == "valid_jddc.txt" and path.with_name("act_jddc.txt").exists()


def is_crosswoz(path: Path) -> bool:
    return path.name == "val.json.zip"


def read_jddc(path: Path, *, seed: int) -> Part:
    """Learnt from ``train_jddc.txt`` where it is there, else from ``valid_jddc.txt``; asked the last of train, valid
    and test that is there, or, where there is one alone, a fifth of its dialogues.

    JDDC's ``OTHER`` (thanks, answers to questions, talk) belongs to no intent and is what is out of scope.
    """
    parts = {name: path.with_name(f"{name}_jddc.txt") for name in ("train", "valid", "test")}
    there = {name: _jddc_dialogues(each) for name, each in parts.items() if each.exists()}
    common = _common(each for dialogues in there.values() for each in dialogues)
    kept = {name: [_with_intents(each, common) for each in dialogues] for name, dialogues in there.items()}
    return _part("jddc", kept, seed)


def read_crosswoz(path: Path, *, seed: int) -> Part:
    """The customers' messages; parts as with JDDC.

    The intent is what the message asks for ("Request 电话"), else what it chooses or tells of ("Select 酒店"), else the
    courtesy ("General thank"): the first act of the first of these kinds.
    """
    parts = {name: path.with_name(f"{name}.json.zip") for name in ("train", "val", "test")}
    return _part(path.parent.name, {name: _acted(each) for name, each in parts.items() if each.exists()}, seed)


def _part(name: str, parts: dict[str, list[Dialogue]], seed: int) -> Part:
    """``parts`` in the order train, validation, test."""
    names = list(parts)
    if len(names) > 1:
        train, test = parts[names[0]], parts[names[-1]]
        return Part(name, "zh", f"its own {names[-1]} part", tuple(_flat(train)), tuple(_flat(test)))
    train, test = _by_dialogue(parts[names[0]], seed)
    return Part(name, "zh", f"a fifth of {names[0]}, by dialogue", tuple(_flat(train)), tuple(_flat(test)))


def _by_dialogue(dialogues: Sequence[Dialogue], seed: int) -> tuple[list[Dialogue], list[Dialogue]]:
    order = np.random.default_rng(seed).permutation(len(dialogues)).tolist()
    held = set(order[: round(len(dialogues) * HELD_OUT)])
    train = [each for place, each in enumerate(dialogues) if place not in held]
    return train, [dialogues[place] for place in sorted(held)]


def _flat(dialogues: Iterable[Dialogue]) -> Iterator[Example]:
    for dialogue in dialogues:
        yield from dialogue


def _jddc_dialogues(path: Path) -> list[Dialogue]:
    """A line goes on with the dialogue of the line before where it has the same messages and one more; of long ones the
    first messages fall away. A dialogue's last line, OVERALL, is no message."""
    actions = _jddc_actions(path.with_name("act_jddc.txt"))
    dialogues: list[list[Example]] = []
    before: list[str] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        messages, numbers = _jddc_line(line, path, number)
        written = [
            plain_example(actions.get(action, ""), text, path, number)
            for text, action in zip(messages, numbers, strict=True)
        ]
        if messages[:-1] in (before, before[1:]):
            dialogues[-1].append(written[-1])
        else:
            dialogues.append(written)
        before = messages
    return [tuple(each for each in dialogue if each.intent) for dialogue in dialogues]


def _jddc_actions(path: Path) -> dict[int, str]:
    lines = (line.partition("\t") for line in path.read_text(encoding="utf-8").splitlines())
    return {int(number): name for number, _, name in lines if number}


def _jddc_line(line: str, path: Path, number: int) -> tuple[list[str], list[int]]:
    """The customer's messages, without what the system said after each, and the number of each one's intent."""
    try:
        turns, actions, _ = line.split("\t")
        messages = [turn.partition("|||")[0] for turn in ast.literal_eval(turns)]
        numbers = [int(action) for action in ast.literal_eval(actions)]
    except (ValueError, SyntaxError) as error:
        raise TrainingDataError("a line needs turns, actions and a label", path=path, line=number) from error
    if len(messages) != len(numbers):
        raise TrainingDataError("as many actions as turns are needed", path=path, line=number)
    return messages, numbers


def _common(dialogues: Iterable[Dialogue]) -> frozenset[str]:
    among: defaultdict[str, int] = defaultdict(int)
    for dialogue in dialogues:
        for intent in {each.intent for each in dialogue}:
            among[intent] += 1
    return frozenset(intent for intent, count in among.items() if count >= LEAST_DIALOGUES)


def _with_intents(dialogue: Dialogue, common: frozenset[str]) -> Dialogue:
    return tuple(
        plain_example(OUT_OF_SCOPE if each.intent == _NO_INTENT else each.intent, each.text, each.path, each.line)
        for each in dialogue
        if each.intent in common
    )


def _acted(path: Path) -> list[Dialogue]:
    try:
        with zipfile.ZipFile(path) as packed:
            content: dict[str, Any] = json.loads(packed.read(path.name.removesuffix(".zip")))
        return [_acted_dialogue(each["messages"], path) for each in content.values()]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, zipfile.BadZipFile) as error:
        raise TrainingDataError("is not a set of CrossWOZ's form", path=path) from error


def _acted_dialogue(messages: Sequence[dict[str, Any]], path: Path) -> Dialogue:
    return tuple(
        plain_example(intent, each["content"], path, number)
        for number, each in enumerate(messages, start=1)
        if each["role"] == "usr" and (intent := main_act(each["dialog_act"])) is not None
    )


def main_act(acts: Sequence[Sequence[str]]) -> str | None:
    """Of acts such as ``["Request", "餐馆", "地址", ""]``: kind and slot (酒店设施-温泉 is 酒店设施), or kind and
    domain."""
    for kind in _ACTS:
        for act, domain, slot, _ in acts:
            if act == kind:
                return f"{kind} {slot.partition('-')[0] if kind == 'Request' else domain}"
    return None
