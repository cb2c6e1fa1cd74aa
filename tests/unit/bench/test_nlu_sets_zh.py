from __future__ import annotations

import json
import zipfile
from collections import Counter
from pathlib import Path

import pytest

from bench.nlu_figures import commonest_share
from bench.nlu_sets_zh import LEAST_DIALOGUES, main_act, read_crosswoz, read_jddc
from nlu.errors import TrainingDataError

ACTS = "0\tOTHER\n1\t如何取消订单\n5\t\n7\t配送周期\n"


def jddc_line(turns: list[tuple[str, int]]) -> str:
    return "\t".join((str([f"{text}|||您好" for text, _ in turns]), str([action for _, action in turns]), "1"))


def jddc_lines(dialogues: list[list[tuple[str, int]]], longest: int = 3) -> str:
    """As the set has them: from the fourth message on a line each, the oldest falling away, and OVERALL at the end."""
    lines = []
    for dialogue in dialogues:
        whole = [*dialogue, ("OVERALL", 5)]
        lines += [jddc_line(whole[max(0, end - longest) : end]) for end in range(2, len(whole) + 1)]
    return "\n".join(lines) + "\n"


def dialogue(number: int) -> list[tuple[str, int]]:
    return [(f"怎么取消{number}", 1), ("[数字x]", 0), (f"几天到{number}", 7), ("谢谢", 0)]


def jddc_set(directory: Path, *, part: str = "valid", count: int = 10) -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "act_jddc.txt").write_text(ACTS, encoding="utf-8")
    path = directory / f"{part}_jddc.txt"
    path.write_text(jddc_lines([dialogue(number) for number in range(count)]), encoding="utf-8")
    return path


def crosswoz_set(directory: Path, *parts: str) -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    for part in parts:
        messages = [
            {"role": "usr", "content": f"{part}地址在哪", "dialog_act": [["Request", "餐馆", "地址", ""]]},
            {"role": "sys", "content": "北京", "dialog_act": [["Inform", "餐馆", "地址", "北京"]]},
            {"role": "usr", "content": "谢谢", "dialog_act": [["General", "thank", "none", "none"]]},
            {"role": "usr", "content": "嗯", "dialog_act": []},
        ]
        with zipfile.ZipFile(directory / f"{part}.json.zip", "w") as packed:
            packed.writestr(f"{part}.json", json.dumps({str(n): {"messages": messages} for n in range(5)}))
    return directory / "val.json.zip"


def test_each_message_of_a_customer_counts_once_and_no_dialogue_is_on_both_sides(tmp_path: Path) -> None:
    part = read_jddc(jddc_set(tmp_path), seed=20)
    texts = Counter(one.text for one in part.train + part.test)
    assert texts["怎么取消3"] == texts["几天到3"] == 1
    assert texts["(数字x)"] == 10  # not a mark of Rasa's format
    assert "OVERALL" not in texts
    assert Counter(one.intent for one in part.test) == {"如何取消订单": 2, "配送周期": 2, "oos": 4}
    asked = {one.text[-1] for one in part.test if one.intent != "oos"}
    assert asked.isdisjoint(one.text[-1] for one in part.train if one.intent != "oos")
    assert read_jddc(tmp_path / "valid_jddc.txt", seed=20) == part
    assert part.entities() == frozenset()


def test_intents_of_few_dialogues_are_not_asked_for(tmp_path: Path) -> None:
    part = read_jddc(jddc_set(tmp_path, count=LEAST_DIALOGUES - 1), seed=20)
    assert part.train == part.test == ()


def test_further_parts_are_learnt_and_asked(tmp_path: Path) -> None:
    jddc_set(tmp_path, part="test", count=5)
    part = read_jddc(jddc_set(tmp_path), seed=20)
    assert (part.split, len(part.train), len(part.test)) == ("its own test part", 40, 20)


@pytest.mark.parametrize("line", ["", "['a|||b']\t[1]", "['a|||b']\tx\t1", "['a|||b']\t[1, 0]\t1"])
def test_a_faulty_line_is_named(tmp_path: Path, line: str) -> None:
    path = jddc_set(tmp_path)
    path.write_text(jddc_line(dialogue(1)) + "\n" + line + "\n", encoding="utf-8")
    with pytest.raises(TrainingDataError) as caught:
        read_jddc(path, seed=20)
    assert caught.value.line == 2


@pytest.mark.parametrize(
    ("acts", "intent"),
    [
        ([["General", "greet", "", ""],
          ["Inform", "餐馆", "评分", ""], ["Request", "餐馆", "名称", ""]], "Request 名称"),
        ([["Inform", "景点", "评分", "5"], ["Select", "景点", "源领域", "餐馆"]], "Select 景点"),
        ([["Request", "酒店", "酒店设施-温泉", ""]], "Request 酒店设施"),
        ([["General", "thank", "none", "none"]], "General thank"),
        ([], None),
    ],
)  # fmt: skip
def test_the_main_act_is_what_is_asked_for(acts: list[list[str]], intent: str | None) -> None:
    assert main_act(acts) == intent


def test_crosswoz_gives_the_customers_messages(tmp_path: Path) -> None:
    part = read_crosswoz(crosswoz_set(tmp_path / "woz", "val"), seed=20)
    assert (part.name, part.language, part.split) == ("woz", "zh", "a fifth of val, by dialogue")
    assert [(one.text, one.intent) for one in part.test] == [("val地址在哪", "Request 地址"), ("谢谢", "General thank")]
    assert len(part.train) == 8
    part = read_crosswoz(crosswoz_set(tmp_path / "woz", "train", "test"), seed=20)
    assert (part.train[0].text, part.test[0].text, part.split) == ("train地址在哪", "test地址在哪", "its own test part")


@pytest.mark.parametrize("content", [b"no zip", b""])
def test_what_is_not_of_the_form(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "val.json.zip").write_bytes(content)
    with pytest.raises(TrainingDataError, match="CrossWOZ"):
        read_crosswoz(tmp_path / "val.json.zip", seed=20)


def test_the_commonest_intent_alone(tmp_path: Path) -> None:
    part = read_jddc(jddc_set(tmp_path), seed=20)
    assert commonest_share(part.train, part.test) == 0.5
    assert commonest_share((), part.test) == 0.0
