"""What the dialogue's files say agrees: domain, rules, examples and actions name the same things, in both languages."""

import ast
import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from actions.forms import Form
from actions.registry import DEFAULT_OPENING_HOURS, build_actions
from crm.unit_of_work import Database
from nlu.passages import Passage, read_knowledge
from nlu.payloads import parse_payload

PROJECT = Path(__file__).parents[2]
CHINESE = re.compile(r"[\u3400-\u9fff]")
LATIN = re.compile(r"[A-Za-z]")
#: Those with actions of their own; a site may add others that only say something.
GOALS = {"conversation", "orders", "contact", "tickets", "human", "feedback", "shop", "privacy", "media"}
#: Never understood from words: the turn sends the first two, the intake the third; too low a confidence is the last.
WITHOUT_EXAMPLES = {"send_photo", "send_voice", "identified", "nlu_fallback"}
ZH_CONDITION = [{"type": "slot", "name": "language", "value": "zh"}]
#: Said in the language that was asked for, whatever the conversation's was.
IN_ONE_LANGUAGE = {"utter_now_in_english", "utter_now_in_chinese", "utter_languages_only"}


def files(folder: str) -> dict[str, dict[str, Any]]:
    return {path.stem: yaml.safe_load(path.read_text("utf-8")) for path in (PROJECT / folder).glob("*.yml")}


DOMAIN = files("domain")
RULES = files("data/rules")
EXAMPLES = files("data/nlu")
KNOWLEDGE = read_knowledge(PROJECT / "data" / "knowledge")


def everywhere(key: str) -> list[Any]:
    return [each for content in DOMAIN.values() for each in content.get(key, [])]


def responses() -> dict[str, list[dict[str, Any]]]:
    return {
        name: variations for content in DOMAIN.values() for name, variations in content.get("responses", {}).items()
    }


def intents() -> list[str]:
    return [next(iter(each)) if isinstance(each, dict) else each for each in everywhere("intents")]


def rule_steps() -> Iterator[dict[str, Any]]:
    for content in RULES.values():
        for rule in content["rules"]:
            yield from rule["steps"]


@pytest.fixture(scope="module")
def actions() -> Iterator[list[Any]]:
    database = Database("sqlite://")
    yield build_actions(database)
    database.close()


def test_a_goal_has_the_same_file_name_everywhere() -> None:
    assert set(DOMAIN) == set(RULES) >= GOALS
    assert set(EXAMPLES) - {"entities", "names"} == set(DOMAIN) - {"media"}
    assert {path.stem for path in (PROJECT / "actions").glob("*.py")} >= GOALS


def test_no_name_is_defined_twice() -> None:
    for key in ("intents", "entities", "actions", "slots", "forms", "responses"):
        names = [next(iter(each)) if isinstance(each, dict) else each for each in everywhere(key)]
        assert len(names) == len(set(names)), key


def test_every_action_has_a_class_and_the_reverse(actions: list[Any]) -> None:
    assert sorted(each.name() for each in actions) == sorted(everywhere("actions"))


def test_every_form_asks_for_the_slots_its_action_fills(actions: list[Any]) -> None:
    forms = {name: form for content in DOMAIN.values() for name, form in content.get("forms", {}).items()}
    built = {each.form: each for each in actions if isinstance(each, Form)}
    assert set(forms) == set(built)
    for name, form in forms.items():
        assert form["required_slots"] == [each.name for each in dataclasses.fields(built[name].fields_type)], name
        started = {rule["steps"][0]["intent"] for rule in _rules_starting(name)}
        assert started == built[name].triggers, name


@pytest.mark.parametrize(("name", "variations"), sorted(responses().items()))
def test_every_response_is_in_both_languages(name: str, variations: list[dict[str, Any]]) -> None:
    assert [each.get("condition") for each in variations] == [None, ZH_CONDITION]
    english, chinese = variations
    if name in IN_ONE_LANGUAGE:
        assert english["text"] == chinese["text"]
        return
    assert LATIN.search(english["text"])
    assert not CHINESE.search(english["text"])
    assert CHINESE.search(chinese["text"])
    assert _blanks(english["text"]) >= _blanks(chinese["text"]) - {"tracking"}
    assert _payloads(english) == _payloads(chinese)
    assert english.get("custom") == chinese.get("custom")
    assert "\n\n" not in english["text"] + chinese["text"]  # Rasa would cut the message in two there


def test_every_button_says_an_intent_that_exists() -> None:
    entities = set(everywhere("entities"))
    for name, variations in responses().items():
        for payload in sorted(_payloads(variations[0])):
            understood = parse_payload(payload.replace("{{", "{").replace("}}", "}"))
            assert understood is not None, (name, payload)
            assert understood.intent.name in intents(), (name, payload)
            assert {each.name for each in understood.entities} <= entities, (name, payload)


def test_every_intent_has_a_rule_and_the_reverse() -> None:
    assert {step["intent"] for step in rule_steps() if "intent" in step} == set(intents())


def test_every_step_of_a_rule_exists() -> None:
    known = {*everywhere("actions"), *responses(), "action_deactivate_loop"}
    known |= {name for content in DOMAIN.values() for name in content.get("forms", {})}
    assert {step["action"] for step in rule_steps() if "action" in step} <= known


def test_every_intent_has_examples_in_both_languages() -> None:
    examples: dict[str, list[str]] = {}
    for content in EXAMPLES.values():
        for block in content["nlu"]:
            if "intent" in block:
                lines = [line[2:] for line in block["examples"].splitlines() if line.startswith("- ")]
                examples.setdefault(block["intent"], []).extend(lines)
    assert set(examples) == set(intents()) - WITHOUT_EXAMPLES
    for intent, lines in examples.items():
        assert sum(bool(CHINESE.search(line)) for line in lines) >= 25, intent
        assert sum(not CHINESE.search(line) for line in lines) >= 25, intent


def test_every_response_is_said_somewhere_and_none_is_missing() -> None:
    said = set(_said_by_rules())
    for name, pattern in _said_by_actions():
        matching = {each for each in responses() if re.fullmatch(pattern, each)}
        assert matching, f"{name} names no response"
        said |= matching
    assert set(responses()) - said == {"utter_default"}  # Rasa itself says that one


def test_the_hours_told_are_the_hours_kept() -> None:
    assert (DEFAULT_OPENING_HOURS.weekdays, DEFAULT_OPENING_HOURS.opens.hour, DEFAULT_OPENING_HOURS.closes.hour) == (
        frozenset({0, 1, 2, 3, 4}),
        9,
        18,
    )
    english, chinese = (each["text"] for each in responses()["utter_handed_over_closed"])
    told = {each.language: each.text for each in KNOWLEDGE if each.opening and each.intent == "ask_opening_hours"}
    for text in (english, told["en"]):
        assert "Monday to Friday, 9:00 to 18:00 (UTC)" in text
    for text in (chinese, told["zh"]):
        assert "周一至周五 9:00–18:00（UTC）" in text


def test_every_intent_that_the_knowledge_answers_has_a_file_in_both_languages() -> None:
    answered = {
        rule["steps"][0]["intent"]
        for content in RULES.values()
        for rule in content["rules"]
        if {"action": "action_tell_knowledge"} in rule["steps"]
    }
    for language in ("en", "zh"):
        assert {each.intent for each in KNOWLEDGE if each.language == language} - {None} == answered


def test_the_knowledge_says_the_same_in_both_languages() -> None:
    english, chinese = ([each for each in KNOWLEDGE if each.language == language] for language in ("en", "zh"))
    assert [_outline(each) for each in english] == [_outline(each) for each in chinese]
    for each in english:
        assert not CHINESE.search(each.title + each.text + "".join(each.questions)), each.title
    for each in chinese:
        assert CHINESE.search(each.title), each.title
        assert CHINESE.search(each.text), each.title
    known = set(intents())
    for each in KNOWLEDGE:
        for _, payload in each.buttons:
            pressed = parse_payload(payload)
            assert pressed is not None, payload
            assert pressed.intent.name in known, payload


def _outline(passage: Passage) -> tuple[str, str | None, list[str], set[str], list[str]]:
    """File, intent, payloads, sums of money and numbers: all that a translation keeps."""
    payloads = [payload for _, payload in passage.buttons]
    sums = set(re.findall(r"\$[\d.]+\d", passage.text))
    return passage.path.name, passage.intent, payloads, sums, re.findall(r"\d+:\d+", passage.text)


def _rules_starting(form: str) -> list[dict[str, Any]]:
    rules = [rule for content in RULES.values() for rule in content["rules"]]
    return [rule for rule in rules if "condition" not in rule and {"active_loop": form} in rule["steps"]]


def _said_by_rules() -> Iterator[str]:
    for step in rule_steps():
        if str(step.get("action", "")).startswith("utter_"):
            yield step["action"]


def _said_by_actions() -> Iterator[tuple[str, str]]:
    """Every ``utter_…`` string in the actions, with a pattern where a part of it is computed."""
    for path in (PROJECT / "actions").glob("*.py"):
        nodes = list(ast.walk(ast.parse(path.read_text("utf-8"))))
        computed = [node for node in nodes if isinstance(node, ast.JoinedStr)]
        parts = {id(part) for node in computed for part in node.values}
        plain = [node for node in nodes if isinstance(node, ast.Constant) and id(node) not in parts]
        for node in [*computed, *plain]:
            pattern = _pattern(node)
            if re.match(r"utter_[a-z_\[]", pattern):
                yield f"{path.name}:{node.lineno}", pattern


def _pattern(node: ast.expr) -> str:
    if isinstance(node, ast.JoinedStr):
        return "".join(map(_pattern, node.values))
    return str(node.value) if isinstance(node, ast.Constant) else "[a-z_]*"


def _blanks(text: str) -> set[str]:
    return set(re.findall(r"\{([a-z_]+)\}", text))


def _payloads(variation: dict[str, Any]) -> set[str]:
    return {button["payload"] for button in variation.get("buttons", [])}
