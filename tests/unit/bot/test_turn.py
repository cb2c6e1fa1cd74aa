"""A turn: what it answers, what it leaves to a later one, and what becomes of it when something dies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from bot.errors import EngineUnavailable
from bot.messages import Reply
from crm.models import Conversation
from crm.unit_of_work import Database
from tests.unit.bot.chat import Chat, failed, note, photo, records


@pytest.fixture(scope="module")
def database() -> Iterator[Database]:
    with records() as empty:
        yield empty


@pytest.fixture
def talk(database: Database) -> Chat:
    return Chat(database)


def test_a_burst_is_left_to_its_last_message_and_answered_once(talk: Chat) -> None:
    first, second, last = talk.says("hi"), talk.says("my order", 1), talk.says("A1024", 2)
    talk.answer(first, second)
    assert (talk.heard, talk.states()) == ([], ["received"] * 3)
    talk.answer(last)
    assert talk.heard == ["hi\nmy order\nA1024"]
    assert talk.told == ["You said: hi\nmy order\nA1024"]
    assert talk.states() == ["answered"] * 3
    assert [talk.message(each).burst_id for each in (first, second, last)] == [last, last, None]
    assert [talk.message(each).intent for each in (first, second, last)] == [None, None, "inform"]
    assert talk.dialogue.heard[0][2]["text"] == "hi\nmy order\nA1024"
    talk.answer(first, second, last)
    assert len(talk.heard) == 1


def test_what_waits_before_is_answered_first_and_in_order(talk: Chat) -> None:
    talk.says("one")
    talk.says("two", 10)
    talk.answer(talk.says("Help", 10.5, payload="/ask_help"))
    assert talk.heard == ["one", "two", "/ask_help"]
    assert talk.states() == ["answered"] * 3


def test_a_command_between_words_divides_them(talk: Chat) -> None:
    first, command, last = talk.says("hi"), talk.says("/human", 0.4, payload="/ask_human"), talk.says("please", 0.8)
    talk.answer(command, first, last)
    assert talk.heard == ["hi", "/ask_human", "please"]


def test_whoever_left_itself_is_taken_along_whatever_died(talk: Chat) -> None:
    """The first message's turn had left itself when the program died; the second's is queued again at the start."""
    talk.answer(talk.says("where is"))
    last = talk.says("my order", 0.5)
    talk.answer(last)
    assert talk.heard == ["where is", "my order"]  # answered before the second came: nothing to join
    third, fourth = talk.says("A1024", 60), talk.says("please", 60.5)
    talk.answer(third)
    talk.answer(fourth)
    assert talk.heard[2:] == ["A1024\nplease"]


@pytest.mark.parametrize("moment", ["fail_before", "fail_after"])
def test_a_turn_tried_again_says_the_same_to_rasa(talk: Chat, moment: str) -> None:
    talk.says("where is")
    leader = talk.says("A1024", 0.5)
    setattr(talk.dialogue, moment, 1)
    with pytest.raises(EngineUnavailable):
        talk.answer(leader)
    assert talk.states() == ["asked", "asked"]
    later = talk.says("hello?", 1)
    talk.answer(later)  # overtakes the turn that is to be tried again
    assert talk.heard == ["where is\nA1024", "hello?"]
    talk.answer(leader)
    assert talk.told == ["You said: where is\nA1024", "You said: hello?"]
    assert talk.states() == ["answered"] * 3


def test_a_parser_that_breaks_leaves_the_burst_open_for_more(talk: Chat) -> None:
    first = talk.says("where")
    talk.parser.broken = True
    with pytest.raises(RuntimeError):
        talk.answer(first)
    talk.parser.broken = False
    talk.answer(talk.says("is it", 1))
    assert talk.heard == ["where\nis it"]


def test_who_writes_on_and_on_is_answered_meanwhile(talk: Chat) -> None:
    flood = [talk.says(f"n{number}", 0.4 * number) for number in range(30)]
    talk.answer(*flood)
    assert [len(each.splitlines()) for each in talk.heard] == [12, 12, 6]
    assert "\n".join(talk.heard).splitlines() == [f"n{number}" for number in range(30)]


def test_giving_up_apologises_once_for_the_burst(talk: Chat) -> None:
    first, last = talk.says("where is"), talk.says("it", 0.5)
    talk.turn.give_up(last)
    assert talk.states() == ["failed", "failed"]
    assert talk.message(first).burst_id == last
    assert [text[:9] for text in talk.told] == ["I'm sorry"]
    with talk.database.reading() as session:
        assert session.get_one(Conversation, talk.conversation_id).mode == "waiting"


def test_what_cannot_be_answered_does_not_hold_up_what_follows(talk: Chat) -> None:
    def answer(text: str, metadata: dict[str, Any]) -> list[Reply]:
        if text == "poison":
            raise EngineUnavailable("poison")
        return [Reply(f"You said: {text}")]

    talk.dialogue.answer = answer
    talk.says("poison")
    last = talk.says("bread", 60)
    with pytest.raises(EngineUnavailable):
        talk.answer(last)
    talk.turn.give_up(last)
    assert talk.states() == ["failed", "answered"]
    assert talk.told[1:] == ["You said: bread"]


def test_giving_up_leaves_a_message_to_its_burst(talk: Chat) -> None:
    first, _ = talk.says("where is"), talk.says("it", 0.5)
    talk.turn.give_up(first)
    assert talk.states() == ["received", "received"]


def test_a_voice_note_joins_the_words_that_follow_it(talk: Chat) -> None:
    heard, last = talk.says("my kettle is broken", files=(note(),)), talk.says("the blue one", 1)
    talk.answer(heard, last)
    assert talk.heard == ["my kettle is broken\nthe blue one"]


def test_a_voice_note_in_which_nothing_is_heard_is_said_beside_the_answer_to_the_words(talk: Chat) -> None:
    talk.says("hello", 0)
    silent = talk.says("", 0.5, files=(failed("audio", "silence"),))
    last = talk.says("are you there", 1)
    talk.answer(silent, last)
    assert talk.told[0] == "You said: hello"
    assert "could not hear anything" in talk.told[1]
    assert talk.told[2] == "You said: are you there"


def test_a_photo_takes_its_number_to_the_words_that_follow(talk: Chat) -> None:
    fields = {"fields": [{"name": "order_number", "value": "A1024"}]}
    seen, last = talk.says(files=(photo(facts=fields),)), talk.says("where is it", 1)
    talk.answer(seen, last)
    assert talk.message(last).entities is not None
    assert [each["value"] for each in talk.message(last).entities or []] == ["A1024"]
    assert talk.dialogue.heard[0][2]["attachments"] == [each.id for each in talk.message(seen).attachments]


def test_photos_of_one_album_are_one_message_even_without_a_window(database: Database) -> None:
    talk = Chat(database, window_s=0)
    album = [talk.says("broken" if not number else "", number, files=(photo(),), album="x") for number in range(3)]
    talk.answer(*album)
    assert talk.heard == ["broken"]
    assert len(talk.dialogue.heard[0][2]["attachments"]) == 3


def test_without_a_window_every_message_is_answered_by_itself(database: Database) -> None:
    talk = Chat(database, window_s=0)
    talk.answer(talk.says("a"), talk.says("b"), talk.says("c"))
    assert talk.heard == ["a", "b", "c"]


def test_who_overtakes_a_photo_has_it_perceived_first(talk: Chat) -> None:
    talk.says(files=(photo(facts=None),))
    command = talk.says("/help", 0.2, payload="/ask_help")
    talk.answer(command)
    assert talk.perceived == [command]
    assert talk.heard == ["/send_photo", "/ask_help"]


@pytest.mark.parametrize(
    ("kind", "code", "english", "chinese"),
    [
        ("location", None, "location", "位置"),
        ("contact", None, "contact", "联系人"),
        ("contact", "contact_of_another", "your own phone number", "您本人"),
        ("contact", "contact_unknown", "no customer with this phone number", "没有找到"),
        ("sticker", None, "sticker", "表情"),
        ("video", None, "videos", "视频"),
        ("document", None, "documents", "文档"),
        ("other", None, "this kind of message", "这种消息"),
        ("too_long", None, "at most 4,000 characters", "4,000 个字符"),
    ],
)
def test_what_is_no_words_is_answered_by_a_phrase_and_rasa_is_not_asked(
    database: Database, kind: str, code: str | None, english: str, chinese: str
) -> None:
    for language, words in (("en", english), ("zh", chinese)):
        talk = Chat(database, language=language)
        talk.answer(talk.says("for staff", kind=kind, error_code=code))
        (told,) = talk.told
        assert words in told
        assert (talk.heard, talk.states()) == ([], ["answered"])


def test_a_contact_that_proves_who_it_is_goes_to_rasa(talk: Chat) -> None:
    talk.answer(talk.says("+1 202 555 0143", kind="contact", payload="/identified"))
    assert talk.heard == ["/identified"]


@pytest.mark.parametrize(
    ("file", "words"),
    [
        (failed("image", "media_unavailable", key=None), "could not fetch that picture"),
        (failed("audio", "media_refused", key=None), "could not fetch that recording"),
        (failed("image", "media_too_large", key=None), "picture is too large"),
        (failed("audio", "media_too_large", key=None), "recording is too large"),
        (failed("audio", "media_too_large"), "under 5 minutes"),
        (failed("image", "unreadable_media"), "could not open that picture"),
        (failed("audio", "unsupported_media"), "could not open that voice note"),
        (failed("image", "timeout"), "took me too long"),
        (failed("audio", "silence"), "could not hear anything"),
    ],
)
def test_a_file_alone_that_could_not_be_made_out_is_said(talk: Chat, file: dict[str, Any], words: str) -> None:
    talk.answer(talk.says(files=(file,)))
    (told,) = talk.told
    assert words in told
    assert (talk.heard, talk.states()) == ([], ["answered"])


def test_a_photo_that_never_came_is_said_beside_the_answer_to_its_words(talk: Chat) -> None:
    talk.answer(talk.says("it is broken", files=(failed("image", "media_refused", key=None), photo())))
    told = talk.told
    assert "could not fetch that picture" in told[0]
    assert told[1:] == ["You said: it is broken"]
    assert len(talk.dialogue.heard[0][2]["attachments"]) == 1  # a report is not told to have got the other


def test_words_beside_a_file_are_answered_and_the_file_is_remarked_on(talk: Chat) -> None:
    talk.says("warranty.pdf", kind="document", album="1")
    talk.answer(talk.says("Is this covered?", album="1"))
    told = talk.told
    assert "documents" in told[0]
    assert told[1:] == ["You said: Is this covered?"]
    assert talk.states() == ["answered", "answered"]


def test_an_album_of_photos_and_films_is_looked_at_whichever_comes_last(talk: Chat) -> None:
    talk.says("It arrived broken", files=(photo(),), album="1")
    talk.answer(talk.says("IMG_0231.mp4", kind="video", album="1"))
    told = talk.told
    assert "videos" in told[0]
    assert told[1:] == ["You said: It arrived broken"]
    assert len(talk.dialogue.heard[0][2]["attachments"]) == 1


def test_several_files_sent_as_one_are_remarked_on_once_for_each_kind(talk: Chat) -> None:
    talk.says("a.pdf", kind="document", album="1")
    talk.says("b.mp4", kind="video", album="1")
    talk.answer(talk.says("c.pdf", kind="document", album="1"))
    first, second = talk.told
    assert ("documents" in first, "videos" in second) == (True, True)
    assert talk.heard == []


def test_a_photo_that_never_came_beside_a_film_is_said_too(talk: Chat) -> None:
    talk.says(files=(failed("image", "media_refused", key=None),), album="1")
    talk.answer(talk.says("b.mp4", kind="video", album="1"))
    first, second = talk.told
    assert ("videos" in first, "could not fetch that picture" in second) == (True, True)


def test_a_note_beside_a_photo_that_never_came_is_a_note(talk: Chat) -> None:
    talk.answer(talk.says(files=(failed("image", "media_refused", key=None), failed("audio", "no_recogniser"))))
    assert talk.heard == ["/send_voice"]
    assert "could not fetch that picture" in talk.told[0]


def test_staff_who_hold_the_conversation_are_not_talked_over(talk: Chat) -> None:
    talk.staff_take_over()
    talk.answer(
        talk.says("hello?"),
        talk.says(kind="sticker", at_s=10),
        talk.says(files=(failed("audio", "silence"),), at_s=20),
        talk.says("look", files=(failed("image", "media_refused", key=None),), at_s=30),
    )
    assert (talk.told, talk.heard, talk.states()) == ([], [], ["answered"] * 4)


def test_staff_who_take_over_while_rasa_thinks_are_not_talked_over_nor_shut_out(talk: Chat) -> None:
    def taken_over_meanwhile(text: str, metadata: dict[str, Any]) -> list[Reply]:
        talk.staff_take_over()
        return [Reply("Bye.", done="goodbye")]

    talk.dialogue.answer = taken_over_meanwhile
    talk.answer(talk.says("thanks"))
    assert (talk.told, talk.closed, talk.states()) == ([], [], ["answered"])


def test_nobody_apologises_beside_staff(talk: Chat) -> None:
    talk.staff_take_over()
    talk.turn.give_up(talk.says("hello"))
    assert (talk.told, talk.states()) == ([], ["failed"])


def test_a_burst_counts_as_one_turn_towards_a_fresh_session(talk: Chat) -> None:
    for number in range(4):
        talk.says(f"a{number}", 10 * number)
        talk.answer(talk.says(f"b{number}", 10 * number + 0.5))
        assert len(talk.dialogue.sessions) == (number == 3)


def test_a_goodbye_in_a_burst_closes_the_conversation(talk: Chat) -> None:
    talk.dialogue.answer = lambda text, metadata: [Reply("Bye.", done="goodbye")]
    talk.says("thanks")
    talk.answer(talk.says("bye", 0.5))
    assert talk.closed == [talk.conversation_id]


def test_what_rasa_asks_to_have_shared_reaches_the_outbox(talk: Chat) -> None:
    talk.dialogue.answer = lambda text, metadata: [Reply("Which number?", asks_for="phone")]
    talk.answer(talk.says("where is it"))
    assert talk.outbox.asked_for == ["phone"]
