"""The durable engine forgets what is long done, and does not do it again for that."""

from datetime import timedelta

from dbos import DBOS

from tests.serving import Serving, wait_until


def finished(server: Serving) -> int:
    return len(DBOS.list_workflows(status="SUCCESS", name="turn", load_input=False, load_output=False))


def test_finished_work_is_forgotten_after_its_time_and_stays_done(server: Serving) -> None:
    visitor = server.visitor()
    visitor.ask("hello")
    wait_until(lambda: finished(server))
    server.site.durable.forget_finished(timedelta(days=1))
    assert finished(server)
    server.site.durable.forget_finished(timedelta(seconds=-60))
    assert not finished(server)
    server.site.inbox.requeue()
    assert visitor.ask("again") == "You said: again"
    assert [message["author"] for message in visitor.messages()] == ["customer", "bot"] * 2
