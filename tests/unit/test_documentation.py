"""What the documents say agrees with the code: settings, commands, error codes, metrics, links, examples to type."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import pytest
from pydantic_core import PydanticUndefined
from sqlalchemy import select

from bot.cli import main
from bot.metrics import Metrics
from bot.settings import PROJECT, Settings
from crm.demo import seed_demo_shop
from crm.models import Base, Customer, Order
from crm.unit_of_work import Database

DOCUMENTS = [
    *(PROJECT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "data/nlu/README.md")),
    *sorted((PROJECT / "docs").glob("*.md")),
]
REFERENCE = (PROJECT / "docs" / "reference.md").read_text("utf-8")
#: Written as ``invalid_{field}`` where a CRM error becomes the web channel's; and what a shared contact's may be.
COMPOSED_CODES = {"invalid_rating", "contact_of_another", "contact_unknown"}
each_document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(PROJECT)))
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
CODE_SPAN = re.compile(r"`([^`\n]+)`")
FENCE = re.compile(r"^```[a-z]*\n(.*?)^```", re.MULTILINE | re.DOTALL)


def section(title: str, level: int = 2, text: str = REFERENCE) -> str:
    """What stands under a heading, up to the next of its level or above."""
    found = re.search(
        rf"^{'#' * level} {re.escape(title)}\n(.*?)(?=^#{{1,{level}}} |\Z)", text, re.MULTILINE | re.DOTALL
    )
    assert found, f"no section {title}"
    return found[1]


def rows(text: str) -> list[list[str]]:
    """The cells of a section's table, without its heading."""
    lines = [line for line in text.splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def spans(cell: str) -> list[str]:
    return CODE_SPAN.findall(cell)


def first_spans(text: str) -> list[str]:
    """What each row of a table is about; a row that says something twice shows."""
    return [spans(row[0])[0] for row in rows(text)]


def commands(group: click.Group, path: str = "crmbot") -> Iterator[tuple[str, click.Command]]:
    yield path, group
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command


def options_of(command: click.Command) -> set[str]:
    return {name for each in command.params if isinstance(each, click.Option) for name in each.opts}


def arguments_of(command: click.Command) -> list[str]:
    return [str(each.name).upper().rstrip("S") for each in command.params if isinstance(each, click.Argument)]


COMMANDS = dict(commands(main))
CALLABLE = {path: each for path, each in COMMANDS.items() if each is main or not isinstance(each, click.Group)}


# --- settings


def shown_default(value: Any) -> str:
    assert value is not PydanticUndefined
    match value:
        case None:
            return "unset"
        case bool():
            return str(value).lower()
        case float():
            return f"{value:g}"
        case Path():
            return str(value.relative_to(PROJECT))
        case _:
            return str(value)


def test_every_setting_is_documented_with_its_default() -> None:
    documented = {spans(row[0])[0]: row[1].strip("`") for row in rows(section("Settings"))}
    assert documented == {
        f"CRMBOT_{name.upper()}": shown_default(field.default) for name, field in Settings.model_fields.items()
    }


@each_document
def test_settings_that_documents_name_exist(document: Path) -> None:
    named = set(re.findall(r"CRMBOT_[A-Z_]*[A-Z]", document.read_text("utf-8")))
    assert named <= {f"CRMBOT_{name.upper()}" for name in Settings.model_fields}


# --- commands


def test_every_command_is_documented_with_its_options_and_arguments() -> None:
    documented = {}
    for row in rows(section("Commands")):
        words = spans(row[0])[0].split()
        name = " ".join(word for word in words if word.islower())
        documented[name] = (set(spans(row[1])), [word.rstrip("…") for word in words if word.isupper()])
    assert documented == {path: (options_of(each), arguments_of(each)) for path, each in CALLABLE.items()}


def typed_commands(document: Path) -> list[list[str]]:
    """Every ``crmbot …`` that a reader may type: lines of fenced blocks, and code within the text."""
    text = document.read_text("utf-8")
    fenced = [line for block in FENCE.findall(text) for line in block.splitlines()]
    inline = [span for span in CODE_SPAN.findall(FENCE.sub("", text)) if span.startswith("crmbot ")]
    typed = (re.match(r"(?:\S*/|\$ )?crmbot (.*)", line) for line in [*fenced, *inline])
    return [found[1].partition(" #")[0].split() for found in typed if found]


@each_document
def test_commands_in_documents_exist(document: Path) -> None:
    for words in typed_commands(document):
        command: click.Command = main
        allowed = options_of(main)
        rest = iter(words)
        for word in rest:
            if word.startswith("--"):
                assert word in allowed, f"crmbot {' '.join(words)}"
                if not is_flag(command, word):
                    next(rest, None)
            elif isinstance(command, click.Group) and word != "…":
                assert word in command.commands, f"crmbot {' '.join(words)}"
                command = command.commands[word]
                allowed = options_of(command)


def is_flag(command: click.Command, option: str) -> bool:
    found = next(each for each in command.params if option in each.opts)
    return isinstance(found, click.Option) and (found.is_flag or option == "--version")


@each_document
def test_make_targets_in_documents_exist(document: Path) -> None:
    makefile = (PROJECT / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"^([\w./-]+):(?!=)", makefile, re.MULTILINE))
    text = document.read_text("utf-8")
    fenced = [line for block in FENCE.findall(text) for line in block.splitlines()]
    inline = [span for span in CODE_SPAN.findall(FENCE.sub("", text)) if span.startswith("make ")]
    calls = (re.search(r"(?:^|&& )make ((?:[\w./-]+ ?)+)", line.partition(" #")[0]) for line in [*fenced, *inline])
    assert {target for call in calls if call for target in call[1].split()} <= targets | {"ARGS"}


# --- error codes


def codes_in(package: str) -> set[str]:
    """Every error code that the package's source can give, without importing its engines."""
    trees = (ast.parse(path.read_text("utf-8")) for path in (PROJECT / package).rglob("*.py"))
    return {code for tree in trees for node in ast.walk(tree) for code in _codes_in(node)}


def _codes_in(node: ast.AST) -> Iterator[str]:
    """A class's ``code``; arguments of ``Unprocessable``, ``answer`` and ``bury``; values of ``error_code``."""
    if isinstance(node, ast.ClassDef):
        assigned = [each for each in node.body if isinstance(each, ast.Assign)]
        yield from (ast.literal_eval(each.value) for each in assigned if ast.unparse(each.targets[0]) == "code")
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        words = [each.value for each in node.args if isinstance(each, ast.Constant) and isinstance(each.value, str)]
        if node.func.id == "Unprocessable":
            yield words[0]
        elif node.func.id == "answer":
            yield from (word for word in words[:1] if re.fullmatch(r"[a-z_]+", word))  # the last is a message
        elif node.func.id == "step" and words[:1] == ["bury"]:
            yield words[1]
    elif isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(key, ast.Constant) and key.value == "error_code" and isinstance(value, ast.Constant):
                yield str(value.value)
    elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in ("_STATUS_CODES", "SILENCE"):
        value = ast.literal_eval(node.value)
        yield from value.values() if isinstance(value, dict) else [value]


@pytest.mark.parametrize("package", ["bot", "crm", "perception", "nlu", "satisfaction"])
def test_every_error_code_is_documented(package: str) -> None:
    documented = first_spans(section(package, 3, section("Error codes")))
    assert len(documented) == len(set(documented)) >= 4
    assert set(documented) == codes_in(package) | (COMPOSED_CODES if package == "bot" else set())


def test_the_protocol_names_only_codes_of_the_reference_with_the_same_status() -> None:
    protocol = (PROJECT / "docs" / "web-protocol.md").read_text("utf-8")
    by_code = {spans(row[0])[0]: row[1] for row in rows(section("bot", 3, section("Error codes")))}
    lines = re.findall(r"^\| (\d{3}) \| `(\w+)` \|", section("Errors", 2, protocol), re.MULTILINE)
    assert len(lines) >= 12
    assert {code: status for status, code in lines}.items() <= by_code.items()


# --- metrics


def test_every_metric_is_documented() -> None:
    families = [each for each in Metrics().registry.collect() if each.name.startswith("crmbot_")]
    exposed = [f"{each.name}_total" if each.type == "counter" else each.name for each in families]
    assert sorted(first_spans(section("Metrics"))) == sorted(exposed)


@each_document
def test_metrics_that_documents_name_exist(document: Path) -> None:
    named = re.findall(r"\bcrmbot_(?!console)[a-z_]+", document.read_text("utf-8"))
    assert set(named) <= set(first_spans(section("Metrics")))


# --- links


def slug(heading: str) -> str:
    """A heading's anchor, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.replace("`", "").lower()).replace(" ", "-")


def relative_links(document: Path) -> list[str]:
    targets = LINK.findall(CODE_SPAN.sub("", FENCE.sub("", document.read_text("utf-8"))))
    paths = (target for target in targets if re.search(r"[./#]", target))  # an example's [Friday](date) is none
    return [target for target in paths if not re.match(r"[a-z]+:", target)]


@each_document
def test_links_and_pictures_are_there(document: Path) -> None:
    for target in relative_links(document):
        name, _, anchor = target.partition("#")
        path = (document.parent / name).resolve() if name else document
        assert path.is_relative_to(PROJECT), f"{document.name}: {target} leaves the project"
        assert path.exists(), f"{document.name}: {target} is missing{how_to_make(path)}"
        if anchor:
            headings = re.findall(r"^#+ (.+)$", path.read_text("utf-8"), re.MULTILINE)
            assert anchor in {slug(each) for each in headings}, f"{document.name}: {target} points to no heading"


def how_to_make(path: Path) -> str:
    """Pictures are taken, never drawn."""
    pictures = path.is_relative_to(PROJECT / "docs" / "images")
    return "; run: make pictures" if pictures else ""


def test_every_document_can_be_reached_from_the_readme() -> None:
    reached: set[Path] = set()
    waiting = [PROJECT / "README.md"]
    while waiting:
        document = waiting.pop()
        if document in reached or not document.exists():
            continue
        reached.add(document)
        linked = ((document.parent / link.partition("#")[0]).resolve() for link in relative_links(document))
        waiting.extend(path for path in linked if path.suffix == ".md")
    assert set(DOCUMENTS) <= reached


# --- what a newcomer is told to try


@pytest.fixture(scope="module")
def demo() -> Iterator[Database]:
    database = Database("sqlite://")
    Base.metadata.create_all(database.engine)
    with database.writing() as session:
        seed_demo_shop(session, datetime.now(UTC))
    yield database
    database.close()


def test_orders_and_addresses_to_try_belong_together(demo: Database) -> None:
    """A number is followed by the e-mail of whose order it is."""
    tried = section("What to try on the demo page", 2, (PROJECT / "README.md").read_text("utf-8"))
    pairs = re.findall(r"(A\d{4})(?:(?!A\d{4}).)*?`([\w.]+@example\.com)`", tried, re.DOTALL)
    assert len(pairs) == len(re.findall(r"@example\.com", tried)) >= 6
    with demo.reading() as session:
        sold = session.execute(select(Order.number, Customer.email).join(Order.customer))
        known = {row.number: row.email for row in sold}
    assert pairs == [(number, known[number]) for number, _ in pairs]
