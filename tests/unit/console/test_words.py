from __future__ import annotations

import ast
import re
from pathlib import Path
from string import Formatter

import pytest

import console
from console.words import CATALOGUE, Words, spoken_language

PROJECT = Path(console.__file__).parents[1]
SOURCES = sorted(Path(console.__file__).parent.glob("*.py"))


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def spoken_keys() -> set[str]:
    """Every key that a page says outright: ``words("…")``, and the titles of frames."""
    keys = set()
    for source in SOURCES:
        for node in ast.walk(ast.parse(source.read_text())):
            if isinstance(node, ast.Call):
                for argument in node.args:
                    said = isinstance(node.func, ast.Name) and node.func.id in ("words", "framed", "Words")
                    said = said or (isinstance(node.func, ast.Attribute) and node.func.attr == "words")
                    if said and isinstance(argument, ast.Constant) and "." in str(argument.value):
                        keys.add(argument.value)
    return keys


@pytest.mark.parametrize("key", CATALOGUE)
def test_both_languages_say_the_same_things(key):
    english, chinese = CATALOGUE[key]
    assert english.strip()
    assert chinese.strip()
    assert placeholders(english) == placeholders(chinese)


def test_every_key_that_a_page_says_is_in_the_catalogue():
    keys = spoken_keys()
    assert len(keys) > 60
    assert keys <= CATALOGUE.keys()


def test_every_entry_of_the_catalogue_is_said_somewhere():
    """Whole keys, or groups that are looked up by name (``intent.greet`` by ``words.name("intent", …)``)."""
    code = "\n".join(source.read_text() for source in SOURCES if source.name != "words.py")
    code += Path(console.__file__).with_name("words.py").read_text().split("class Words")[1]
    groups = set(re.findall(r"""\.name\(\s*["']([\w.]+)["']""", code)) | set(re.findall(r"""f["']([\w.]+)\.\{""", code))
    said = set(re.findall(r"""["']([\w.]+)["']""", code))
    unsaid = [key for key in CATALOGUE if key not in said and key.rpartition(".")[0] not in groups]
    assert unsaid == []


@pytest.mark.parametrize("key", [key for key, (_, chinese) in CATALOGUE.items() if chinese.isascii()])
def test_only_names_are_the_same_in_chinese(key):
    assert key in {
        "channel.telegram",
        "channel.slack",
        "nav.language",
        "nav.language_hint",
        "score.interval_short",
    } or (not re.search(r"[a-zA-Z]", re.sub(r"\{.*?\}", "", CATALOGUE[key][1])))


@pytest.mark.parametrize(
    ("group", "pattern", "folder"),
    [
        ("intent", r"^- intent: (\w+)", "data/nlu"),
        ("done", r'\bdone="(\w+)"', "actions"),
        ("error", r'^    code = "(\w+)"', "perception"),
    ],
)
def test_what_other_parts_name_has_words(group, pattern, folder):
    files = [path for path in (PROJECT / folder).iterdir() if path.suffix in (".yml", ".py")]
    names = {name for path in files for name in re.findall(pattern, path.read_text(), re.MULTILINE)}
    assert names
    assert sorted(name for name in names - {"perception_error"} if f"{group}.{name}" not in CATALOGUE) == []


def test_words_speak_their_language():
    assert Words("en")("list.messages", count=3) == "3 messages"
    assert Words("zh")("list.messages", count=3) == "3 条消息"
    assert (Words("en").tag, Words("zh").tag) == ("en-US", "zh-CN")


def test_names_of_other_parts_stay_readable_without_words():
    assert Words("zh").name("intent", "ask_human") == "要求人工"
    assert Words("en").name("done", "parcel_traced") == "parcel traced"


def test_an_unknown_error_is_told_by_its_code():
    assert Words("en").error("no_recogniser").startswith("No speech engine")
    assert "strange_thing" in Words("zh").error("strange_thing")


@pytest.mark.parametrize(
    ("kept", "accepted", "spoken"),
    [
        ("zh", "en-GB", "zh"),
        ("en", "zh-CN", "en"),
        (None, "zh-CN,zh;q=0.9", "zh"),
        (None, "en,zh;q=0.9", "en"),
        (None, "", "en"),
        ("xx", "", "en"),
        (["zh"], "", "en"),
    ],
)
def test_the_kept_language_goes_before_the_browsers(kept, accepted, spoken):
    assert spoken_language(kept, accepted) == spoken
