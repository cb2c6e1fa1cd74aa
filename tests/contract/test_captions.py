"""Words under a file that the bot does not read are answered all the same, and once."""

from __future__ import annotations

from pathlib import Path
from random import Random

from sqlalchemy import select

from crm.models import Identity, Message
from tests.serving import Serving, serving, wait_until
from tests.unit.bot.channels.telegram_bot import channel
from tests.vendors.telegram import Person, telegram


def test_the_caption_of_a_document_is_answered_beside_the_remark_on_it(tmp_path: Path) -> None:
    with telegram() as fake, channel(fake) as ours, serving(tmp_path, channels={"telegram": ours}) as server:
        person = fake.person()
        sent = person.does("document")
        wait_until(lambda: len(person.seen) >= 2)
        edit = {"edited_message": sent["message"] | {"caption": "Is that covered?", "edit_date": 1751800100}}
        again = [sent, {"update_id": sent["update_id"] + 1, **edit}] * 3
        Random(3).shuffle(again)
        fake.redeliver(*again)
        wait_until(lambda: not fake.waiting)
        remark, answer = (each.text for each in person.seen)
        assert "can't open documents" in remark
        assert answer == "You said: Is this covered?"
        file, words = _own(server, person)
        assert (file.kind, file.text, file.state, file.burst_id) == ("document", "warranty.pdf", "answered", words.id)
        assert (words.text, words.first_text, words.state) == ("Is that covered?", "Is this covered?", "answered")


def _own(server: Serving, person: Person) -> list[Message]:
    with server.database.reading() as session:
        return list(
            session.scalars(
                select(Message)
                .join(Identity, Identity.id == Message.identity_id)
                .where(Identity.external_id == str(person.id), Message.author == "customer")
                .order_by(Message.seq)
            )
        )
