from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from bench.nlu_sets import (
    own_parts,
    read_clinc,
    read_csv,
    read_markdown,
    read_parallel_lines,
    reduced,
    stratified_order,
    to_rasa_yaml,
)
from nlu.errors import TrainingDataError
from nlu.examples import Annotation, TrainingData, read_file
from tests.unit.nlu.small_shop import write_data


def put(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def csv_set(directory: Path, *, each: int = 10) -> Path:
    rows = [f'"card {n}, please",card_lost\nfee {n}?,fees\n' for n in range(each)]
    return put(directory / "train.csv", "text,category\n" + "".join(rows))


def slot_set(directory: Path, *parts: str) -> Path:
    for part in parts:
        put(directory / part / "seq.in", "play the song\nplay blue train now\n")
        put(directory / part / "label", "PlayMusic\nPlayMusic\n")
        put(directory / part / "seq.out", "O O O\nO B-album I-album O\n")
    return directory / "train"


def test_a_csv_with_train_alone_is_split_evenly_and_for_good(tmp_path: Path) -> None:
    path = csv_set(tmp_path / "bank")
    part = read_csv(path, seed=20)
    assert (part.name, len(part.train), len(part.test)) == ("bank", 16, 4)
    assert Counter(one.intent for one in part.test) == {"card_lost": 2, "fees": 2}
    assert not {one.text for one in part.train} & {one.text for one in part.test}
    assert "card 3, please" in {one.text for one in part.train + part.test}
    assert read_csv(path, seed=20) == part


def test_a_csv_with_a_test_part_is_asked_that(tmp_path: Path) -> None:
    path = csv_set(tmp_path)
    put(tmp_path / "test.csv", "text,category\nwhat fee,fees\n")
    part = read_csv(path, seed=20)
    assert (len(part.train), [one.text for one in part.test]) == (20, ["what fee"])


@pytest.mark.parametrize("asked", ["val", "test"])
def test_clinc_has_what_is_out_of_scope_as_an_intent(tmp_path: Path, asked: str) -> None:
    content = {
        "train": [["say hello in french", "translate"]],
        "oos_train": [["why is the sky", "oos"]],
        "val": [["in spanish", "translate"]],
        "oos_val": [["a show", "oos"]],
    }
    if asked == "test":
        content |= {"test": [["in german", "translate"]], "oos_test": [["a play", "oos"]]}
    part = read_clinc(put(tmp_path / "data_full.json", json.dumps(content)))
    assert [one.intent for one in part.train] == ["translate", "oos"]
    expected = {"val": ["in spanish", "a show"], "test": ["in german", "a play"]}
    assert [one.text for one in part.test] == expected[asked]


def test_markdown_has_intents_with_entities_and_more_that_is_passed_over(tmp_path: Path) -> None:
    path = put(
        tmp_path / "KFold_1_train.md",
        "## intent:alarm_set\n- wake me [today](date)\n- at [ten](time:10:00)\n\n## regex:key\n- alarm\n\n"
        "## synonym: ten\n- 10\n## lookup:date\n- today\n## intent: joke\n* tell one\n",
    )
    first, second, third = read_markdown(path)
    assert (first.intent, first.text, first.line) == ("alarm_set", "wake me today", 2)
    assert first.annotations == (Annotation("date", 8, 13, "today", "today"),)
    assert second.annotations == (Annotation("time", 3, 6, "ten", "10:00"),)
    assert (third.intent, third.text) == ("joke", "tell one")


@pytest.mark.parametrize(("text", "line"), [("## intents\n", 1), ("## intent:a\n- x\nloose\n", 3)])
def test_a_fault_in_markdown_names_its_line(tmp_path: Path, text: str, line: int) -> None:
    with pytest.raises(TrainingDataError) as caught:
        read_markdown(put(tmp_path / "a.md", text))
    assert caught.value.line == line


def test_parallel_lines_give_slots_as_spans(tmp_path: Path) -> None:
    part = read_parallel_lines(slot_set(tmp_path / "snips", "train", "valid"), seed=20)
    assert (part.name, part.split, part.entities()) == ("snips", "its own valid part", {"album"})
    assert part.train[1].annotations == (Annotation("album", 5, 15, "blue train", "blue train"),)
    assert read_parallel_lines(slot_set(tmp_path / "snips", "test"), seed=20).split == "its own test part"


def test_parallel_lines_that_do_not_fit(tmp_path: Path) -> None:
    train = slot_set(tmp_path, "train", "valid")
    put(train / "label", "PlayMusic\n")
    with pytest.raises(TrainingDataError, match="as many lines"):
        read_parallel_lines(train, seed=20)


def test_our_own_examples_are_each_asked_once_in_their_language(tmp_path: Path) -> None:
    parts = own_parts(write_data(tmp_path / "data"), seed=20)
    assert [(part.name, part.fold) for part in parts] == [
        (name, fold) for name in ("own, en", "own, zh") for fold in range(1, 6)
    ]
    chinese = parts[5:]
    assert all(part.listed.synonyms for part in parts)
    asked = [one.text for part in chinese for one in part.test]
    assert len(asked) == len(set(asked))
    assert "取消订单" in asked
    assert all(set(part.test).isdisjoint(part.train) for part in parts)
    assert all(set(part.test) | set(part.train) == {one for each in chinese for one in each.test} for part in chinese)


def test_every_beginning_of_a_stratified_order_has_the_same_proportions() -> None:
    labels = ["a"] * 60 + ["b"] * 30 + ["c"] * 10
    order = stratified_order(labels, 20)
    assert sorted(order) == list(range(100))
    for size in (10, 20, 50):
        counts = Counter(labels[place] for place in order[:size])
        assert all(abs(counts[label] - size * share) <= 1 for label, share in (("a", 0.6), ("b", 0.3), ("c", 0.1)))
    assert stratified_order(labels, 21) != order


def test_a_part_is_reduced_to_a_number_of_examples(tmp_path: Path) -> None:
    part = read_csv(csv_set(tmp_path), seed=20)
    small = reduced(part, 6, seed=20)
    assert Counter(one.intent for one in small.train) == {"card_lost": 3, "fees": 3}
    assert small.test == part.test
    assert reduced(part, 100, seed=20) is part


def test_what_is_written_for_rasa_reads_back(tmp_path: Path) -> None:
    source = read_file(write_data(tmp_path / "data") / "shop.yml")
    odd = put(tmp_path / "odd" / "train.csv", 'text,category\n"a [b](c): ""d""\n\x85 # e",x\n- f,x\n')
    examples = [*source.examples, *read_csv(odd, seed=20).train]
    back = read_file(put(tmp_path / "out.yml", to_rasa_yaml(examples, source)))

    def plain(data: TrainingData) -> list[tuple[object, ...]]:
        return sorted((one.intent, one.text, one.annotations) for one in data.examples)

    assert plain(back) == plain(TrainingData(examples=tuple(examples)))
    assert (back.synonyms, back.lookups, back.regexes) == (source.synonyms, source.lookups, source.regexes)
    assert 'a (b)(c): "d" # e' in {one.text for one in back.examples}
