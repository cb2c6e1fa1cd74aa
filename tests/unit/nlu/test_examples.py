from __future__ import annotations

from pathlib import Path

import pytest

from nlu.errors import TrainingDataError
from nlu.examples import Annotation, read_directory, read_file

HEAD = 'version: "3.1"\nnlu:\n'


def write(directory: Path, content: str) -> Path:
    path = directory / "shop.yml"
    path.write_text(content, encoding="utf-8")
    return path


def test_annotations_leave_plain_text_with_offsets(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        HEAD
        + """- intent: move
  examples: |
    - from [Berlin](city) to [SF]{"entity": "city", "role": "to", "value": "San Francisco"}

    - 我的[手机](contact_field:phone)换了
""",
    )
    first, second = read_file(path).examples
    assert first.text == "from Berlin to SF"
    assert first.annotations == (
        Annotation("city", 5, 11, "Berlin", "Berlin"),
        Annotation("city", 15, 17, "SF", "San Francisco", role="to"),
    )
    assert all(first.text[one.start : one.end] == one.text for one in first.annotations)
    assert second.annotations == (Annotation("contact_field", 2, 4, "手机", "phone"),)
    assert (first.intent, first.path, first.line, second.line) == ("move", path, 5, 7)


def test_no_space_is_needed_after_the_dash_and_only_spaces_are_taken_off(tmp_path: Path) -> None:
    path = write(tmp_path, HEAD + "- intent: a\n  examples: |\n    -one\n    -  two  \n    - \u3000three\n")
    assert [one.text for one in read_file(path).examples] == ["one", "two", "\u3000three"]


def test_one_stretch_may_be_two_entities(tmp_path: Path) -> None:
    path = write(
        tmp_path, HEAD + '- intent: a\n  examples: |\n    - in [Paris][{"entity": "city"}, {"entity": "name"}]\n'
    )
    (example,) = read_file(path).examples
    assert [(one.entity, one.start, one.end) for one in example.annotations] == [("city", 3, 8), ("name", 3, 8)]


def test_examples_as_a_list_of_texts(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        HEAD
        + "- intent: a\n  examples:\n  - text: |\n      hi [Tom](person)\n    metadata: {x: 1}\n"
        + '  - text: "- hm"\n',
    )
    first, second = read_file(path).examples
    assert (first.text, first.line) == ("hi Tom", 5)
    assert second.text == "- hm"  # in a list, a dash is the customer's


def test_synonyms_lookups_and_regexes(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        HEAD
        + "- synonym: phone\n  examples: |\n    - cell\n    - 手机\n"
        + "- lookup: city\n  examples: |\n    - Berlin\n"
        + "- regex: code\n  examples: |\n    - X\\d+\n",
    )
    data = read_file(path)
    assert (data.synonyms[0].value, data.synonyms[0].variants) == ("phone", ("cell", "手机"))
    assert (data.lookups[0].entity, data.lookups[0].elements) == ("city", ("Berlin",))
    assert (data.regexes[0].entity, data.regexes[0].patterns) == ("code", ("X\\d+",))


def test_a_directory_is_read_by_name_without_what_lies_below(tmp_path: Path) -> None:
    for name in ("b.yml", "a.yaml"):
        (tmp_path / name).write_text(f"nlu:\n- intent: {name[0]}\n  examples: |\n    - {name}\n", encoding="utf-8")
    (tmp_path / "heldout").mkdir()
    (tmp_path / "heldout" / "c.yml").write_text("nlu:\n- intent: c\n  examples: |\n    - c\n", encoding="utf-8")
    assert [one.intent for one in read_directory(tmp_path).examples] == ["a", "b"]


def test_keys_of_rasa_that_are_not_ours_are_passed_over(tmp_path: Path) -> None:
    assert read_file(write(tmp_path, 'version: "3.1"\nresponses:\n  utter_a:\n  - text: hi\n')).examples == ()


@pytest.mark.parametrize(
    ("content", "line", "words"),
    [
        ("- a\n- b\n", 1, "mapping"),
        ("nlu: [\n", 2, "YAML"),
        ('version: "2.0"\nnlu: []\n', 1, "version"),
        ('version: "3.1"\nnul: []\n', 2, "unknown key 'nul'"),
        (HEAD + "- intent: a\n  examples: |\n    - one\n    two\n", 6, "- text"),
        (HEAD + "- intent: a\n", 3, "examples"),
        (HEAD + "- intent: a\n  examples: |\n\n", 3, "no examples"),
        (HEAD + "- intent:\n  examples: |\n    - x\n", 3, "name"),
        (HEAD + "- intent: a\n  lookup: b\n  examples: |\n    - x\n", 3, "exactly one"),
        (HEAD + "- just text\n", 3, "mapping"),
        (HEAD + '- intent: a\n  examples: |\n    - [x]{"entity": }\n', 5, "JSON"),
        (HEAD + '- intent: a\n  examples: |\n    - fine\n    - [x]{"value": "y"}\n', 6, "entity"),
        (HEAD + "- regex: a\n  examples: |\n    - (\n", 5, "regex"),
        (HEAD + "- intent: a\n  examples:\n  - text: ''\n", 5, "text"),
    ],
)
def test_faults_name_file_and_line(tmp_path: Path, content: str, line: int, words: str) -> None:
    path = write(tmp_path, content)
    with pytest.raises(TrainingDataError, match=words) as caught:
        read_file(path)
    assert (caught.value.path, caught.value.line) == (path, line)
    assert str(caught.value).startswith(f"{path}:{line}: ")
    assert caught.value.code == "training_data"


def test_a_directory_without_examples(tmp_path: Path) -> None:
    with pytest.raises(TrainingDataError, match=r"no \.yml"):
        read_directory(tmp_path)


def test_a_file_that_is_not_utf8(tmp_path: Path) -> None:
    path = tmp_path / "a.yml"
    path.write_bytes(b"nlu: \xff\xfe")
    with pytest.raises(TrainingDataError, match="UTF-8"):
        read_file(path)
