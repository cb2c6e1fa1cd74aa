"""A video note on Telegram, from the app to the stored sound: nothing of the picture is looked at."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import select

from crm.models import Attachment
from tests.serving import serving, wait_until
from tests.unit.bot.channels.telegram_bot import channel
from tests.unit.perception.sounds import recorded
from tests.vendors.telegram import telegram


def test_a_video_note_is_heard_like_a_voice_note(tmp_path: Path) -> None:
    film = recorded("mp4", "aac", video=True)
    with telegram() as fake, channel(fake) as ours, serving(tmp_path, channels={"telegram": ours}) as server:
        person = fake.person()
        person.video_note(film)
        wait_until(lambda: person.seen)
        with server.database.reading() as session:
            note = session.scalars(select(Attachment)).one()
    assert (note.kind, note.mime, note.size_bytes) == ("audio", "audio/mp4", len(film))
    assert note.transcript == "where is my order"
    assert [shown.text for shown in person.seen] == ["I heard: “where is my order”\n\nYou said: where is my order"]
