"""What is acknowledged when: Telegram forgets an update once a later one is asked for, or the web hook says 200."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import structlog

from bot.channels.base import Edited, OutgoingButton, Proof, Received
from bot.channels.telegram import TelegramChannel
from bot.channels.telegram.words import BUTTON_CLOSED, COMMANDS
from bot.logs import configure_logs
from tests.serving import wait_until
from tests.unit.bot.channels.telegram_bot import QUICK, SECRET, channel, hooked, outgoing, polling
from tests.vendors.intake import RecordingIntake
from tests.vendors.telegram import TOKEN, FakeTelegram, Sent, payload, telegram

SECRET_HEADER = {"X-Telegram-Bot-Api-Secret-Token": SECRET}


@pytest.fixture
def fake() -> Iterator[FakeTelegram]:
    with telegram() as running:
        yield running


@pytest.fixture
def intake() -> RecordingIntake:
    return RecordingIntake()


@pytest.fixture(scope="module")
def quiet_hook() -> Iterator[tuple[str, RecordingIntake]]:
    """The hook's URL, and an intake that nothing should reach."""
    untouched = RecordingIntake()
    with telegram() as fake, hooked(fake, untouched) as url:
        yield url, untouched


class Broken(Exception):
    """The database cannot be written to."""


def always(text: str) -> Any:
    def weather(value: object) -> None:
        if isinstance(value, Received) and value.text == text:
            raise Broken

    return weather


# --- long polling


def test_everything_comes_in_order_and_is_then_acknowledged(fake: FakeTelegram, intake: RecordingIntake) -> None:
    person = fake.person(language="zh-hans")
    person.text("one")
    sent = person.text("two")
    person.edit(sent, "two and a half")
    with polling(fake, intake):
        person.blocks()
        taken = intake.wait_for(4)
        wait_until(lambda: not fake.waiting)
    assert intake.texts() == ["one", "two"]
    assert isinstance(taken[2], Edited)
    assert taken[3] == (taken[0].sender, False)
    assert taken[0].sender.language == "zh"
    assert len(fake.acknowledged) == 4


def test_updates_that_are_counted_anew_after_a_quiet_week_are_taken_once(
    fake: FakeTelegram, intake: RecordingIntake
) -> None:
    person = fake.person()
    with polling(fake, intake):
        person.text("before")
        wait_until(lambda: not fake.waiting and intake.texts())
        fake.after_a_quiet_week(first_id=17)
        person.text("after")
        person.text("and on")
        wait_until(lambda: not fake.waiting)
    assert intake.texts() == ["before", "after", "and on"]


def test_what_is_not_stored_is_not_acknowledged(fake: FakeTelegram, intake: RecordingIntake) -> None:
    person = fake.person()
    storing, go_on = threading.Event(), threading.Event()

    def slow_disk(_: object) -> None:
        storing.set()
        go_on.wait(10)

    intake.weather = slow_disk
    ids = [person.text("one")["update_id"], person.text("two")["update_id"]]
    with polling(fake, intake):
        assert storing.wait(10)
        assert fake.waiting == ids
        assert fake.acknowledged == []
        go_on.set()
        wait_until(lambda: not fake.waiting)
    assert intake.texts() == ["one", "two"]


def test_what_a_process_had_not_acknowledged_comes_to_the_next_one(fake: FakeTelegram, intake: RecordingIntake) -> None:
    intake.weather = always("one")
    update = fake.person().text("one")
    with polling(fake, intake):
        wait_until(lambda: len(fake.calls_of("getUpdates")) > 1)
    assert intake.taken == []
    assert fake.waiting == [update["update_id"]]
    second = RecordingIntake()
    with polling(fake, second):
        second.wait_for(1)
        wait_until(lambda: not fake.waiting)
    assert second.texts() == ["one"]


def test_while_nothing_can_be_stored_nothing_is_skipped(fake: FakeTelegram, intake: RecordingIntake) -> None:
    people = [fake.person() for _ in range(5)]

    def down(_: object) -> None:
        raise Broken

    intake.weather = down
    for number, person in enumerate(people):
        person.text(str(number))
    with polling(fake, intake):
        wait_until(lambda: len(fake.calls_of("getUpdates")) > 3 * QUICK.tries)
        assert fake.acknowledged == []
        intake.weather = lambda _: None
        wait_until(lambda: not fake.waiting)
    assert set(intake.texts()) == {"0", "1", "2", "3", "4"}


@pytest.mark.parametrize("same", [True, False])
def test_one_update_that_can_never_be_stored_does_not_stop_the_rest(
    fake: FakeTelegram, intake: RecordingIntake, same: bool
) -> None:
    intake.weather = always("poison")
    person = fake.person()
    person.text("before")
    poison = person.text("poison")
    with structlog.testing.capture_logs() as logs, polling(fake, intake):
        intake.wait_for(1)
        wait_until(lambda: len(fake.calls_of("getUpdates")) > 2 * QUICK.tries)
        assert fake.waiting == [poison["update_id"]]  # it stands in nobody's way
        (person if same else fake.person()).text("after")
        wait_until(lambda: not fake.waiting)
    assert list(dict.fromkeys(intake.texts())) == ["before", "after"]
    (aside,) = [line for line in logs if line["event"] == "telegram_update_set_aside"]
    assert (aside["update_id"], aside["total"]) == (poison["update_id"], 1)


def test_an_update_that_the_library_cannot_parse_does_not_stop_the_rest(
    fake: FakeTelegram, intake: RecordingIntake
) -> None:
    person = fake.person()
    fake.deliver({"message": {"message_id": "?", "chat": 5}})
    person.text("after")
    with polling(fake, intake):
        wait_until(lambda: not fake.waiting)
    assert intake.texts() == ["after"]


def test_trouble_with_telegram_is_waited_out(fake: FakeTelegram, intake: RecordingIntake) -> None:
    for name in ("server_error", "rate_limited", "unauthorized", "other_poller", "webhook_active"):
        fake.fail("getUpdates", name, 2)
    fake.fail("deleteWebhook", "server_error", 2)
    fake.person().text("at last")
    with structlog.testing.capture_logs() as logs, polling(fake, intake):
        intake.wait_for(1)
        wait_until(lambda: not fake.waiting)
    events = [line["event"] for line in logs]
    for event in ("unreachable", "rate_limited", "token_refused", "other_receiver", "reached_again"):
        assert f"telegram_{event}" in events
    assert intake.texts() == ["at last"]


def test_a_start_needs_no_telegram_and_an_end_is_prompt(intake: RecordingIntake) -> None:
    began = time.monotonic()
    with polling(FakeTelegram(), intake, api_url="http://127.0.0.1:9"):
        pass
    assert time.monotonic() - began < 5


def test_an_end_does_not_wait_for_the_long_poll(fake: FakeTelegram, intake: RecordingIntake) -> None:
    with polling(fake, intake):
        wait_until(lambda: fake.calls_of("getUpdates"))
        began = time.monotonic()
    assert time.monotonic() - began < 5


def test_a_second_process_takes_over(fake: FakeTelegram) -> None:
    """Telegram ends the older request: the two take turns, and when one ends the other has all."""
    first, second = RecordingIntake(), RecordingIntake()
    person = fake.person()
    with polling(fake, second):
        with polling(fake, first):
            for number in range(10):
                person.text(str(number))
                time.sleep(0.03)
            wait_until(lambda: not fake.waiting)
        person.text("last")
        wait_until(lambda: "last" in second.texts())
        wait_until(lambda: not fake.waiting)
    assert {*first.texts(), *second.texts()} == {*map(str, range(10)), "last"}


def test_a_web_hook_that_is_set_is_removed_and_what_waits_is_kept(fake: FakeTelegram, intake: RecordingIntake) -> None:
    fake.hook = {"url": "https://elsewhere.example/hook", "secret": "", "error": None, "error_at": None}
    fake.fail("deleteWebhook", "server_error")
    fake.redeliver(payload("text"))
    fake.hook["url"] = "http://127.0.0.1:9/"
    with polling(fake, intake):
        intake.wait_for(1)
    assert fake.hook == {}


def test_the_menu_of_commands_is_set_in_both_languages(fake: FakeTelegram, intake: RecordingIntake) -> None:
    fake.fail("setMyCommands", "server_error", 2)
    with polling(fake, intake):
        wait_until(lambda: len(fake.commands) == 2)
    assert [each["command"] for each in fake.commands[""]] == [name for name, _ in COMMANDS["en"]]
    assert [each["description"] for each in fake.commands["zh"]] == [said for _, said in COMMANDS["zh"]]


def test_an_address_that_telegram_refuses_is_logged_and_holds_up_nothing(
    fake: FakeTelegram, intake: RecordingIntake
) -> None:
    with structlog.testing.capture_logs() as logs, hooked(fake, intake, public_url="http://shop.example"):
        wait_until(lambda: len(fake.commands) == 2 and len(fake.calls_of("setWebhook")) > 1)
    reasons = {line["reason"] for line in logs if line["event"] == "telegram_setup_refused"}
    assert len(reasons) == 1
    assert "https url must be provided" in reasons.pop()


# --- what is done at Telegram besides


def test_a_press_is_answered_and_its_keyboard_goes(fake: FakeTelegram, intake: RecordingIntake) -> None:
    person = fake.person()
    with polling(fake, intake) as ours:
        list(ours.send(outgoing(person, "Which?", buttons=(OutgoingButton("This one", "m1:0"),))))
        person.press("This one")
        wait_until(lambda: person.notices and not person.seen[-1].inline)
    assert [(notice.text, notice.alert) for notice in person.notices] == [("", False)]
    assert intake.taken[0].ref == "m1:0"


@pytest.mark.parametrize(("language", "said"), [("en", BUTTON_CLOSED["en"]), ("zh-hans", BUTTON_CLOSED["zh"])])
def test_a_press_too_late_is_told_so(fake: FakeTelegram, intake: RecordingIntake, language: str, said: str) -> None:
    intake.open_buttons = False
    person = fake.person(language=language)
    with polling(fake, intake) as ours:
        list(ours.send(outgoing(person, "Which?", buttons=(OutgoingButton("This one", "m1:0"),))))
        update = person.press("This one")
        wait_until(lambda: person.notices and not person.seen[-1].inline)
        fake.redeliver(update)
        intake.wait_for(2)
        wait_until(lambda: len(fake.calls_of("answerCallbackQuery")) == 2)  # the query is too old by now: no harm
        person.text("still there?")
        intake.wait_for(3)
    assert [(notice.text, notice.alert) for notice in person.notices] == [(said, True)]


def test_in_a_group_the_way_to_the_private_chat_is_told_and_nothing_kept(
    fake: FakeTelegram, intake: RecordingIntake
) -> None:
    group = payload("group_command")["message"]["chat"]["id"]
    fake.open_group(group)
    with polling(fake, intake):
        wait_until(lambda: fake.calls_of("setMyCommands"))  # it knows its name by now
        fake.deliver(payload("group_text"))
        fake.deliver(payload("group_command"))
        wait_until(lambda: fake.sent and not fake.waiting)
    assert [(sent.chat_id, "https://t.me/example_shop_bot" in sent.text) for sent in fake.sent] == [(group, True)]
    assert intake.taken == []


# --- the web hook


def test_the_hook_sets_itself_and_takes_what_comes(fake: FakeTelegram, intake: RecordingIntake) -> None:
    fake.fail("setWebhook", "server_error", 2)
    person = fake.person()
    person.text("/start AWhs")
    with hooked(fake, intake) as url:
        person.text("hello")
        intake.wait_for(2)
        wait_until(lambda: not fake.waiting)
        assert fake.hook["url"] == url
    assert intake.texts() == ["/start", "hello"]
    assert intake.taken[0].proof == Proof("start_link", "AWhs")
    assert set(fake.hook_answers) == {200}
    assert "chat_member" in fake.calls_of("setWebhook")[-1].parameters["allowed_updates"]


@pytest.mark.parametrize(
    "headers", [{}, {"X-Telegram-Bot-Api-Secret-Token": ""}, {"X-Telegram-Bot-Api-Secret-Token": "ü"}]
)
def test_who_does_not_know_the_secret_is_turned_away(
    quiet_hook: tuple[str, RecordingIntake], headers: dict[str, str]
) -> None:
    url, intake = quiet_hook
    given = {key: value.encode("latin-1") for key, value in headers.items()}
    answer = httpx.post(url, json=payload("text"), headers=given)
    assert (answer.status_code, answer.content) == (401, b"")
    assert intake.taken == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"", 400),
        (b"\xff\xfe", 400),
        (b"[" * 100_000, 400),
        (b"[]", 200),
        (b"null", 200),
        (b"{}", 200),
        (b'{"update_id": "x"}', 200),
        (b'{"update_id": 1}', 200),
        (b'{"update_id": 1, "teleported": {"to": 3}}', 200),
        (b'{"update_id": 1, "message": 3}', 200),
    ],
)
def test_odd_bodies(quiet_hook: tuple[str, RecordingIntake], body: bytes, status: int) -> None:
    url, intake = quiet_hook
    assert httpx.post(url, content=body, headers=SECRET_HEADER).status_code == status
    assert intake.taken == []


def test_what_could_not_be_stored_is_posted_again(fake: FakeTelegram, intake: RecordingIntake) -> None:
    storms = iter([True, True])

    def weather(_: object) -> None:
        if next(storms, False):
            raise Broken

    intake.weather = weather
    fake.person().text("hello")
    with hooked(fake, intake):
        intake.wait_for(1)
        wait_until(lambda: not fake.waiting)
    assert fake.hook_answers == [503, 503, 200]
    assert intake.texts() == ["hello"]


def test_before_it_is_started_the_hook_asks_to_come_again(fake: FakeTelegram) -> None:
    with hooked(fake, None) as url:
        assert httpx.post(url, json=payload("text"), headers=SECRET_HEADER).status_code == 503


def test_a_press_by_the_hook_is_answered_too(fake: FakeTelegram, intake: RecordingIntake) -> None:
    person = fake.person()
    with hooked(fake, intake):
        wait_until(lambda: fake.hook)
        message = _shown_with_button(fake, person.id)
        person.press_data("m1:0", message)
        wait_until(lambda: person.notices and not message.inline)


def test_while_polling_there_is_no_hook(fake: FakeTelegram) -> None:
    with channel(fake) as ours:
        assert ours.routes() is None


# --- what gets out


@pytest.fixture
def logs_to_stderr(capsys: pytest.CaptureFixture[str]) -> Iterator[pytest.CaptureFixture[str]]:
    """The program's own logging at its loudest."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    configure_logs("debug", as_json=True)
    yield capsys
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def test_neither_the_token_nor_words_are_logged(
    fake: FakeTelegram, intake: RecordingIntake, logs_to_stderr: pytest.CaptureFixture[str]
) -> None:
    intake.weather = always("my secret illness")
    for name in ("server_error", "unauthorized", "not_found", "other_poller"):
        fake.fail("", name, 3)
    person = fake.person()
    person.text("my secret illness")
    person.text("another secret")
    with polling(fake, intake) as ours:
        wait_until(lambda: not fake.waiting)
        _fetch_and_send(ours, fake)
    with polling(fake, RecordingIntake(), token="700000001:wrong"), polling(fake, intake, api_url="http://127.0.0.1:9"):
        time.sleep(0.3)
    said = logs_to_stderr.readouterr()
    assert "telegram_update_set_aside" in said.err
    assert "telegram_token_refused" in said.err
    for secret in (TOKEN, TOKEN.partition(":")[2], "700000001:wrong", "secret illness", "another secret", "Li Wen"):
        assert secret not in said.err + said.out


def _fetch_and_send(ours: TelegramChannel, fake: FakeTelegram) -> None:
    person = fake.person()
    fake.fail("download", "server_error")
    voice = person.voice(b"OggS")["message"]["voice"]["file_id"]
    for deed in (lambda: ours.fetch(voice), lambda: ours.fetch(voice), lambda: list(ours.send(outgoing(person, "x")))):
        try:
            deed()
        except Exception as error:
            logging.getLogger("whoever").exception("it failed", exc_info=error)


def _shown_with_button(fake: FakeTelegram, chat_id: int) -> Sent:
    sent = Sent("sendMessage", chat_id, 7, "Which?", [[{"text": "This", "callback_data": "m1:0"}]])
    fake.sent.append(sent)
    return sent
