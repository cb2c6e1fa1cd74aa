"""When the shop's knowledge answers, and with which passage."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from nlu.knowledge import LIKELY, SURE, Knowledge
from nlu.passages import read_knowledge
from nlu.payloads import parse_payload
from nlu.understanding import Answer, Entity, IntentScore, Language, Part, Understanding
from tests.unit.nlu.small_knowledge import GIFTS, WordEncoder, written

PROJECT = Path(__file__).parents[3]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return written(tmp_path)


@pytest.fixture
def knowledge(folder: Path) -> Knowledge:
    return Knowledge.load(folder, WordEncoder())


def understood(
    text: str, intent: str = "ask_shipping", confidence: float = 0.9, language: Language = "en"
) -> Understanding:
    score = IntentScore(intent, confidence)
    return Understanding(text, language, score, (score,))


def answer_to(knowledge: Knowledge, understanding: Understanding) -> Answer | None:
    return knowledge.answering(understanding).answer


def test_a_question_is_answered_in_its_language(knowledge: Knowledge) -> None:
    english = answer_to(knowledge, understood("can I use a parcel locker?"))
    assert english is not None
    assert (english.topic, english.title, english.exact) == ("Shipping", "Lockers", True)
    chinese = answer_to(knowledge, understood("可以放快遞櫃嗎", language="mixed"))
    assert chinese is not None
    assert chinese.title == "快递柜"


@pytest.mark.parametrize("intent", ["nlu_fallback", "out_of_scope"])
@pytest.mark.parametrize("question", ["who won the game last night", "", "  ", "???", "谁赢了"])
def test_what_is_not_written_down_has_no_answer(knowledge: Knowledge, question: str, intent: str) -> None:
    sense = IntentScore(intent, 0.4)
    understanding = Understanding(question, "en", sense, (sense, IntentScore("out_of_scope", 0.9)))
    assert knowledge.answering(understanding) == understanding


def test_a_button_gets_the_opening_of_the_intents_file(knowledge: Knowledge) -> None:
    pressed = parse_payload("/ask_shipping")
    assert pressed is not None
    told = answer_to(knowledge, replace(pressed, language="zh"))
    assert told is not None
    assert (told.title, told.exact, told.score) == ("配送", True, 1.0)
    other = parse_payload("/greet")
    assert other is not None
    assert answer_to(knowledge, other) is None


def test_a_passage_of_another_file_may_answer(folder: Path) -> None:
    (folder / "gifts.md").write_text(GIFTS, "utf-8")
    knowledge = Knowledge.load(folder, WordEncoder())
    told = answer_to(knowledge, understood("do you wrap gifts"))
    assert told is not None
    assert (told.title, told.exact) == ("Gift wrapping", True)


def test_a_request_keeps_its_intent_unless_a_passage_is_sure_to_answer(folder: Path) -> None:
    (folder / "gifts.md").write_text(GIFTS, "utf-8")
    knowledge = Knowledge.load(folder, WordEncoder())
    request = understood("the locker is broken", "report_problem", 0.6)
    assert knowledge.answering(request) == request
    asked = knowledge.answering(understood("Can I use a parcel locker?", "report_problem", 0.1))
    assert asked.answer is not None
    assert (asked.answer.title, asked.answer.exact, asked.intent.name) == ("Lockers", True, "ask_shipping")
    assert asked.ranking[0] == asked.intent
    assert asked.ranking[1].name == "report_problem"
    untied = knowledge.answering(understood("Do you wrap gifts?", "report_problem", 0.1))
    assert untied.answer is not None
    assert (untied.answer.title, untied.intent.name) == ("Gift wrapping", "nlu_fallback")


def test_who_names_an_order_wants_something_done(knowledge: Knowledge) -> None:
    entity = Entity("order_number", "A1024", "A1024", 0, 5)
    request = replace(understood("Can I use a parcel locker?", "report_problem", 0.1), entities=(entity,))
    assert knowledge.answering(request) == request


def test_a_text_is_not_encoded_again(folder: Path) -> None:
    class Counting(WordEncoder):
        asked = 0

        def encode(self, texts):  # type: ignore[no-untyped-def]
            self.asked += len(texts)
            return super().encode(texts)

    encoder = Counting()
    knowledge = Knowledge.load(folder, encoder)
    before = encoder.asked
    first = answer_to(knowledge, understood("can I use a parcel locker?"))
    assert encoder.asked == before + 1
    vector = encoder.encode(["can i use a parcel locker?"])[0].astype(np.float32)
    assert answer_to(knowledge, replace(understood("can I use a parcel locker?"), vector=vector)) == first
    assert encoder.asked == before + 2


def test_the_shops_own_questions_lead_to_their_passages() -> None:
    passages = read_knowledge(PROJECT / "data" / "knowledge")
    knowledge = Knowledge(passages, WordEncoder())
    for each in passages:
        for question in each.questions[::4]:  # all of them take long
            asked = understood(
                question, each.intent or "out_of_scope", language="zh" if each.language == "zh" else "en"
            )
            answer = answer_to(knowledge, replace(asked, ranking=(IntentScore(each.intent or "none", 0.9),)))
            assert answer is not None, question
            assert answer.title == each.title, question
            assert answer.exact == (answer.score >= SURE) or answer.score == pytest.approx(SURE, abs=1e-4)
            assert answer.score >= LIKELY


def test_a_language_without_files_has_no_answers(folder: Path) -> None:
    (folder / "zh.md").unlink()
    knowledge = Knowledge.load(folder, WordEncoder())
    assert answer_to(knowledge, understood("可以放快递柜吗", language="zh")) is None


def test_nothing_written_down_is_no_fault(tmp_path: Path) -> None:
    assert answer_to(Knowledge.load(tmp_path, WordEncoder()), understood("anything")) is None


def test_each_of_several_requests_is_looked_up_by_itself(knowledge: Knowledge) -> None:
    asked, wanted = IntentScore("ask_shipping", 0.9), IntentScore("cancel_order", 0.9)
    parts = (Part("cancel A1024", 0, 12, wanted), Part("can I use a parcel locker?", 17, 43, asked))
    whole = Understanding("cancel A1024 and can I use a parcel locker?", "en", wanted, (wanted,), parts=parts)
    found = knowledge.answering(whole)
    assert (found.answer, found.intent) == (None, wanted)
    assert [each.answer and each.answer.title for each in found.parts] == [None, "Lockers"]
