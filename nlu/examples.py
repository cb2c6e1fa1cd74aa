"""Training examples, read from files in Rasa's YAML format (version "3.1").

Understood are intents with annotated examples (as one block of ``- `` lines or as a list of ``text:``), synonyms,
lookups and regexes; Rasa's other top-level keys (responses, rules …) are somebody else's and passed over. A fault is
a TrainingDataError with file and line, never a warning that scrolls by. No models and no normalisation here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from nlu.errors import TrainingDataError

FORMAT_VERSIONS = ("3.0", "3.1")

_KEYS = "version nlu responses rules stories intents entities slots forms actions session_config e2e_actions"
_RASA_KEYS = frozenset(_KEYS.split())
# Rasa's own definition (rasa.shared.nlu.training_data.entities_parser, 3.6): [text](entity:value), [text]{json} and
# [text][{json}, {json}].
_ANNOTATION = re.compile(
    r"\[(?P<text>[^\]]+?)\]"
    r"(?:\((?P<entity>[^:)]+?)(?::(?P<value>[^)]+))?\)|\{(?P<one>[^}]+?)\}|\[(?P<many>.*?)\])"
)
_ONE_OF_MANY = re.compile(r"\{([^}]+?)\}")
_STRIPPED = "\n\r "  # as Rasa has it: no other white space is taken off an example


@dataclass(frozen=True, slots=True)
class Annotation:
    """An entity marked in an example; ``start`` and ``end`` are offsets into the example's plain text."""

    entity: str
    start: int
    end: int
    text: str
    value: str
    role: str | None = None
    group: str | None = None


@dataclass(frozen=True, slots=True)
class Example:
    """An utterance with the intent it expresses; ``text`` is plain, without the annotation marks."""

    intent: str
    text: str
    annotations: tuple[Annotation, ...]
    path: Path
    line: int


@dataclass(frozen=True, slots=True)
class Synonym:
    """Ways of saying ``value``."""

    value: str
    variants: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Lookup:
    """Things that an entity may be called, known beforehand."""

    entity: str
    elements: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Regex:
    """Patterns of an entity."""

    entity: str
    patterns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TrainingData:
    """All that the files say, in the order of the files."""

    examples: tuple[Example, ...] = ()
    synonyms: tuple[Synonym, ...] = ()
    lookups: tuple[Lookup, ...] = ()
    regexes: tuple[Regex, ...] = ()

    def intents(self) -> tuple[str, ...]:
        return tuple(sorted({example.intent for example in self.examples}))

    def joined(self, other: TrainingData) -> TrainingData:
        return TrainingData(
            self.examples + other.examples,
            self.synonyms + other.synonyms,
            self.lookups + other.lookups,
            self.regexes + other.regexes,
        )


def read_directory(directory: Path) -> TrainingData:
    """All ``*.yml`` and ``*.yaml`` directly in the directory, by name; sub-directories are not read."""
    paths = sorted(path for path in directory.glob("*.y*ml") if path.suffix in {".yml", ".yaml"})
    if not paths:
        raise TrainingDataError("no .yml file with examples here", path=directory)
    data = TrainingData()
    for path in paths:
        data = data.joined(read_file(path))
    return data


def read_file(path: Path) -> TrainingData:
    """Raises TrainingDataError for what is no YAML, no Rasa training data, or wrongly annotated."""
    content = _load(path)
    for key in content:
        if key not in _RASA_KEYS:
            raise _fault(f"unknown key '{key}'", path, content, key)
    version = content.get("version")
    if version is not None and str(version) not in FORMAT_VERSIONS:
        raise _fault(f"version {version!r} is not one of {', '.join(FORMAT_VERSIONS)}", path, content, "version")
    blocks = content.get("nlu") or CommentedSeq()
    if not isinstance(blocks, CommentedSeq):
        raise _fault("'nlu' must be a list", path, content, "nlu")
    data = TrainingData()
    for index, block in enumerate(blocks):
        if not isinstance(block, CommentedMap):
            raise TrainingDataError("each item under 'nlu' must be a mapping", path=path, line=_line(blocks, index))
        data = data.joined(_read_block(block, path, _line(blocks, index)))
    return data


def _load(path: Path) -> CommentedMap:
    try:
        content = YAML(typ="rt").load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise TrainingDataError(f"cannot be read ({error.strerror})", path=path) from error
    except UnicodeDecodeError as error:
        raise TrainingDataError("is not UTF-8", path=path) from error
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise TrainingDataError(f"is not valid YAML: {error.problem}", path=path, line=line) from error
    except YAMLError as error:
        raise TrainingDataError("is not valid YAML", path=path) from error
    if not isinstance(content, CommentedMap):
        raise TrainingDataError("must be a mapping with 'version' and 'nlu'", path=path, line=1)
    return content


def _read_block(block: CommentedMap, path: Path, line: int) -> TrainingData:
    kinds = [kind for kind in ("intent", "synonym", "lookup", "regex") if kind in block]
    if len(kinds) != 1:
        raise TrainingDataError("needs exactly one of intent, synonym, lookup, regex", path=path, line=line)
    kind, name = kinds[0], block[kinds[0]]
    if not isinstance(name, str) or not name.strip():
        raise _fault(f"the {kind} needs a name", path, block, kind)
    items = list(_items(block, path, line))
    if not items:
        raise TrainingDataError(f"{kind} '{name}' has no examples", path=path, line=line)
    if kind == "intent":
        return TrainingData(examples=tuple(read_marked(name, text, path, at) for text, at in items))
    texts = tuple(text for text, _ in items)
    if kind == "synonym":
        return TrainingData(synonyms=(Synonym(name, texts),))
    if kind == "lookup":
        return TrainingData(lookups=(Lookup(name, texts),))
    for text, at in items:
        _check_regex(text, path, at)
    return TrainingData(regexes=(Regex(name, texts),))


def _items(block: CommentedMap, path: Path, line: int) -> Iterator[tuple[str, int]]:
    """The block's example texts with their lines."""
    examples = block.get("examples")
    if isinstance(examples, str):
        yield from _lines(examples, path, block.lc.value("examples")[0] + 2)
    elif isinstance(examples, CommentedSeq):
        for index, item in enumerate(examples):
            text = item.get("text") if isinstance(item, CommentedMap) else item
            if not isinstance(text, str) or not text.strip():
                raise TrainingDataError("an example needs a text", path=path, line=_line(examples, index))
            yield text.strip(_STRIPPED), _line(examples, index)
    else:
        raise TrainingDataError("needs 'examples'", path=path, line=line)


def _lines(examples: str, path: Path, first: int) -> Iterator[tuple[str, int]]:
    for number, raw in enumerate(examples.splitlines(), start=first):
        if not raw.strip():
            continue
        if not raw.startswith("-") or not raw[1:].strip():
            raise TrainingDataError("an example line must read '- text'", path=path, line=number)
        yield raw[1:].strip(_STRIPPED), number


def read_marked(intent: str, marked: str, path: Path, line: int) -> Example:
    """An example from its marked text: ``to [SF]{"entity": "city", "role": "to"}``. Raises TrainingDataError."""
    plain: list[str] = []
    annotations: list[Annotation] = []
    here = length = 0
    for match in _ANNOTATION.finditer(marked):
        before = marked[here : match.start()]
        start = length + len(before)
        end = start + len(match["text"])
        annotations.extend(_annotations(match, start, end, path, line))
        plain += (before, match["text"])
        here, length = match.end(), end
    plain.append(marked[here:])
    return Example(intent, "".join(plain), tuple(annotations), path, line)


def _annotations(match: re.Match[str], start: int, end: int, path: Path, line: int) -> Iterator[Annotation]:
    text = match["text"]
    if match["entity"]:
        yield Annotation(match["entity"], start, end, text, match["value"] or text)
        return
    bodies: Sequence[str] = [match["one"]] if match["one"] else _ONE_OF_MANY.findall(match["many"] or "")
    for body in bodies:
        described = _described(body, path, line)
        yield Annotation(
            described["entity"],
            start,
            end,
            text,
            described.get("value", text),
            described.get("role"),
            described.get("group"),
        )


def _described(body: str, path: Path, line: int) -> dict[str, str]:
    try:
        described = json.loads("{" + body + "}")
    except ValueError as error:
        raise TrainingDataError(f"the annotation {{{body}}} is not JSON", path=path, line=line) from error
    unknown = set(described) - {"entity", "value", "role", "group"}
    if unknown or not described.get("entity"):
        raise TrainingDataError(
            "an annotation has 'entity' and may have 'value', 'role' and 'group'", path=path, line=line
        )
    return {key: str(value) for key, value in described.items()}


def _check_regex(pattern: str, path: Path, line: int) -> None:
    try:
        re.compile(pattern)
    except re.error as error:
        raise TrainingDataError(f"the regex is not valid: {error}", path=path, line=line) from error


def _line(sequence: Any, index: int) -> int:
    return int(sequence.lc.item(index)[0]) + 1


def _fault(message: str, path: Path, mapping: Any, key: str) -> TrainingDataError:
    return TrainingDataError(message, path=path, line=int(mapping.lc.key(key)[0]) + 1)
