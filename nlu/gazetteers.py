"""What the examples list, for finding entities: lookups, names learnt from annotations, synonyms, regexes.

Made once, in training, out of ``nlu.examples``; ``nlu.entities`` uses it. It reads no file and trains nothing.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from nlu.entities import Gazetteer
from nlu.examples import Example, TrainingData
from nlu.listings import Listed
from nlu.patterns import PATTERN_ENTITIES

# Entities whose form alone tells them; the tagger learns all others that are annotated, and the numbers (rating,
# quantity) that only their context tells.
BY_FORM = frozenset(PATTERN_ENTITIES) - {"rating", "quantity"}
_LEARNT = frozenset({"product", "contact_field"})
_SURE_SHARE = 0.8
ENOUGH_TO_TEACH = 20
"""Annotations from which the tagger learns what an entity is."""


def gazetteer(data: TrainingData, taught: frozenset[str] = frozenset()) -> Gazetteer:
    """Lookups, names learnt from annotations, synonyms; regexes only of entities that have no pattern of their own.

    ``taught`` are entities with a pattern that the examples mark otherwise.
    """
    by_form = BY_FORM - taught
    marked = Counter(note.entity for example in data.examples for note in example.annotations)
    synonyms = {variant.casefold(): one.value for one in data.synonyms for variant in one.variants}
    for example in data.examples:
        for note in example.annotations:
            if note.value != note.text and note.entity not in by_form:
                synonyms.setdefault(note.text.casefold(), note.value)
    lists: defaultdict[str, dict[str, str]] = defaultdict(dict)
    hints: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for lookup in data.lookups:
        told = marked[lookup.entity] >= ENOUGH_TO_TEACH and lookup.entity not in _LEARNT
        (hints if told else lists)[lookup.entity].update((element, element) for element in lookup.elements)
    for entity, learnt in _annotated_names(data.examples).items():
        lists[entity].update((name, name) for name in learnt)
    regexes = tuple(
        (one.entity, pattern) for one in data.regexes if one.entity not in by_form for pattern in one.patterns
    )
    return Gazetteer(
        _listed(lists), synonyms, regexes, taught, frozenset(PATTERN_ENTITIES) - frozenset(marked), _listed(hints)
    )


def _listed(names: Mapping[str, Mapping[str, str]]) -> tuple[Listed, ...]:
    return tuple(Listed(entity, listed) for entity, listed in sorted(names.items()))


def _annotated_names(examples: Sequence[Example]) -> dict[str, list[str]]:
    """Products and contact fields that are annotated nearly wherever they stand: what the examples call a kettle is one
    elsewhere too. People's names and addresses are not learnt by heart."""
    annotated: Counter[tuple[str, str]] = Counter()
    for example in examples:
        annotated.update((note.entity, note.text.casefold()) for note in example.annotations if note.entity in _LEARNT)
    everything = "\n".join(example.text.casefold() for example in examples)
    names: defaultdict[str, list[str]] = defaultdict(list)
    for (entity, name), count in sorted(annotated.items()):
        word = rf"(?<![a-z0-9]){re.escape(name)}(?![a-z0-9])" if name.isascii() else re.escape(name)
        if len(name) > 1 and count >= _SURE_SHARE * len(re.findall(word, everything)):
            names[entity].append(name)
    return names
