"""Photos and voice notes from staff, on the web: in the thread like any message, and nobody waits for a transcript."""

from __future__ import annotations

import asyncio

import httpx

from bot.channels.thread import awaits_transcript
from crm.models import Staff
from tests.pigeons import a_photo, a_voice_note
from tests.serving import Serving


def test_a_visitor_sees_and_hears_what_staff_send(server: Serving) -> None:
    visitor, stranger = server.visitor(), server.visitor()
    with server.database.writing() as session:
        staff = Staff(email="ana@example.com", name="Ana", password_hash="-")
        session.add(staff)
        session.flush()
        staff_id = staff.id
    desk = server.site.handover
    visitor.ask("hello")
    asyncio.run(desk.take_over(visitor.conversation_id, staff_id))
    asyncio.run(desk.reply(visitor.conversation_id, staff_id, "", [a_photo(), a_voice_note()]))
    answer = visitor.messages()[-1]
    assert (answer["author"], answer["text"]) == ("staff", "")
    assert [(each["kind"], each["mime"]) for each in answer["attachments"]] == [
        ("image", "image/jpeg"),
        ("audio", "audio/ogg"),
    ]
    assert not awaits_transcript(answer)
    note = httpx.get(server.base_url + answer["attachments"][1]["url"], headers=visitor.headers)
    assert (note.status_code, note.content) == (200, a_voice_note())
    assert httpx.get(str(note.url), headers=stranger.headers).status_code == 404
