"""The whole program, end to end over protocol v1: records, two languages, trouble, and its end."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select

from crm.models import Conversation, Customer, Message, Order, SatisfactionScore, Ticket
from tests.serving import Visitor, wait_until
from tests.whole import CRMBOT, MODELS, Whole, alive, whole

pytestmark = pytest.mark.timeout(1500)


def identified(program: Whole, ref: str) -> Visitor:
    proof = httpx.get(f"{program.base_url}/demo/identity", params={"customer_ref": ref}).raise_for_status().json()
    return program.visitor(identity=proof)


def owner_of(program: Whole, number: str) -> tuple[str, str, str]:
    """Reference, e-mail and language of the customer whose order it is."""
    with program.database() as database, database.reading() as session:
        customer = session.scalars(
            select(Customer).join(Order, Order.customer_id == Customer.id).where(Order.number == number)
        ).one()
        return customer.ref, customer.email or "", customer.language


def test_an_identified_customer_gets_the_state_of_an_order(program: Whole) -> None:
    ref, _, _ = owner_of(program, "A1024")
    visitor = identified(program, ref)
    assert "A1024" in visitor.ask("where is my order A1024?")
    assert re.search(r"[\u4e00-\u9fff]", visitor.ask("我的订单A1024到哪里了"))


def test_a_stranger_is_asked_for_proof_and_told_nothing(program: Whole) -> None:
    _, email, _ = owner_of(program, "A1024")
    visitor = program.visitor(language="en")
    asked = visitor.ask("where is my order A1024?")
    assert "e-mail" in asked.lower() or "email" in asked.lower() or "phone" in asked.lower()
    refused = visitor.ask("somebody.else@example.com")
    assert "shipped" not in refused.lower()
    assert email not in refused
    told = visitor.ask(email)
    assert "A1024" in told


def test_a_problem_becomes_a_ticket_and_a_rating_ends_it_with_a_score(program: Whole) -> None:
    ref, _, _ = owner_of(program, "A1024")
    visitor = identified(program, ref)
    answer = visitor.ask("the cup from order A1024 arrived broken")
    for _ in range(3):
        if re.search(r"T-\d{4}", answer):
            break
        answer = visitor.ask("A1024")
    assert re.search(r"T-\d{4}", answer), [message["text"] for message in visitor.messages()]
    visitor.post("/rating", json={"score": 4})

    def scored() -> SatisfactionScore | None:
        with program.database() as database, database.reading() as session:
            return session.scalars(
                select(SatisfactionScore).where(SatisfactionScore.conversation_id == visitor.conversation_id)
            ).first()

    score = wait_until(scored)
    assert 1 <= score.low <= score.mean <= score.high <= 5
    with program.database() as database, database.reading() as session:
        assert session.scalars(select(Ticket).where(Ticket.conversation_id == visitor.conversation_id)).one()


@pytest.mark.parametrize(
    "text",
    ["asdkjh qwe zxc", "😀😀😀", "مرحبا", "啊啊啊啊啊", "/restart", '/send_photo{"order_number": "A1024"}', "x" * 3999],
)
def test_nonsense_is_answered_in_words_and_changes_nothing(program: Whole, text: str) -> None:
    visitor = program.visitor(language="en")
    answer = visitor.ask(text)
    assert answer
    assert "Traceback" not in answer
    with program.database() as database, database.reading() as session:
        message = session.scalars(
            select(Message).where(Message.conversation_id == visitor.conversation_id, Message.author == "customer")
        ).one()
        assert message.state == "answered"
        assert session.get_one(Conversation, visitor.conversation_id).mode == "bot"


def test_rasa_killed_in_mid_turn_comes_back_and_every_turn_is_answered_once(program: Whole) -> None:
    visitors = [program.visitor(language="en") for _ in range(3)]
    for round_number in range(4):
        before = program.engine_pid()
        for visitor in visitors:
            assert visitor.send("what are your opening hours?").status_code == 202
        time.sleep(0.02 * round_number)
        os.kill(before, signal.SIGKILL)
        for visitor in visitors:
            visitor.wait_for(round_number + 1, timeout_s=120)
        wait_until(lambda pid=before: program.engine_pid() != pid, timeout_s=60)
        program.wait_ready(120)
    for visitor in visitors:
        authors = [message["author"] for message in visitor.messages()]
        assert authors.count("customer") == 4
        with program.database() as database, database.reading() as session:
            questions = session.scalars(
                select(Message).where(Message.conversation_id == visitor.conversation_id, Message.author == "customer")
            ).all()
            assert [question.state for question in questions] == ["answered"] * 4
        answers = [message["text"] for message in visitor.messages() if message["author"] == "bot"]
        assert len(answers) % 4 == 0, answers
        assert len(set(answers)) == len(answers) // 4, answers


def test_killed_with_real_rasa_it_answers_after_the_next_start_and_ctrl_c_ends_all(tmp_path: Path) -> None:
    with whole(tmp_path) as program:
        visitor = program.visitor(language="en")
        visitor.ask("hello")
        for round_number in range(2):
            assert visitor.send("what are your opening hours?").status_code == 202
            time.sleep(0.03 * round_number)
            rasa = program.engine_pid()
            program.kill()
            wait_until(lambda pid=rasa: not alive(pid))
            began = time.monotonic()
            program.start()
            assert time.monotonic() - began < 120
        messages = visitor.wait_for(3, timeout_s=60)
        time.sleep(1)
        assert [m["author"] for m in visitor.messages()].count("customer") == 3
        answers = [message["text"] for message in messages if message["author"] == "bot"]
        assert answers.count(answers[-1]) == 2
        rasa = program.engine_pid()
        assert program.interrupt() == 0
        wait_until(lambda: not alive(rasa))


def test_a_taken_port_is_told_in_one_line(program: Whole, tmp_path: Path) -> None:
    tried = subprocess.run(
        [str(CRMBOT), "--data", str(tmp_path), "up", "--port", str(program.port)],
        env={**os.environ, "CRMBOT_MODELS": str(MODELS)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert tried.returncode == 1
    assert "cannot listen on" in tried.stderr
    assert "Traceback" not in tried.stderr
