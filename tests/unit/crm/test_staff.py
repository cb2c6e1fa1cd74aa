from __future__ import annotations

import re
from datetime import timedelta

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select

from crm.errors import AlreadyExists, InvalidValue, NotFound, SignInRefused, SignInThrottled, WeakPassword
from crm.models import AuditEntry, Base, Staff, StaffSession, utc_now
from crm.staff import (
    Passwords,
    SignInThrottle,
    add_staff,
    disable_staff,
    enable_staff,
    end_session,
    generate_password,
    list_staff,
    normal_email,
    prove,
    reset_password,
    signed_in,
    start_session,
)
from crm.unit_of_work import Database

GOOD = "correct horse battery"


class CountingHasher(PasswordHasher):
    """Counts how often it has to work, which is what takes the time."""

    def __init__(self, time_cost: int = 1) -> None:
        super().__init__(time_cost=time_cost, memory_cost=8, parallelism=1)
        self.verified = 0

    def verify(self, hash, password):
        self.verified += 1
        return super().verify(hash, password)


@pytest.fixture
def hasher() -> CountingHasher:
    return CountingHasher()


@pytest.fixture
def passwords(hasher) -> Passwords:
    return Passwords(hasher)


@pytest.fixture
def database():
    database = Database("sqlite://")
    Base.metadata.create_all(database.engine)
    yield database
    database.close()


@pytest.fixture
def session(database):
    with database.writing() as session:
        yield session


def sign_in(session, passwords, throttle, password=GOOD, email="ana@shop.example", address="192.0.2.1") -> str:
    proven = prove(session, passwords, throttle, email=email, password=password, address=address)
    return start_session(session, proven)


def actions(session) -> list[tuple[int | None, str]]:
    return [(row.staff_id, row.action) for row in session.scalars(select(AuditEntry).order_by(AuditEntry.id))]


def test_an_account_is_opened_under_one_spelling_of_its_email(session, passwords):
    new = add_staff(session, passwords, email=" Ana@Shop.Example ", name="  Ana   Reyes ", password=GOOD)
    assert (new.account.email, new.account.name, new.password) == ("ana@shop.example", "Ana Reyes", GOOD)
    assert [account.email for account in list_staff(session)] == ["ana@shop.example"]
    with pytest.raises(AlreadyExists):
        add_staff(session, passwords, email="ANA@shop.example", name="Another", password=GOOD)


def test_the_password_itself_is_nowhere_in_the_database(session, passwords):
    add_staff(session, passwords, email="ana@shop.example", name="Ana", password=GOOD)
    stored = session.scalars(select(Staff)).one()
    assert stored.password_hash.startswith("$argon2id$")
    assert GOOD not in stored.password_hash


@pytest.mark.parametrize(
    "password", ["", "short", "elevenchars", "a" * 40, "abababababababab", "x" * 300, "long@shop.example"]
)
def test_a_weak_password_is_refused(session, passwords, password):
    with pytest.raises(WeakPassword):
        add_staff(session, passwords, email="long@shop.example", name="Ana", password=password)
    assert list_staff(session) == []


def test_a_generated_password_is_readable_and_opens_the_account(session, passwords):
    new = add_staff(session, passwords, email="ana@shop.example", name="Ana")
    assert re.fullmatch(r"[a-z2-9]{4}(-[a-z2-9]{4}){3}", new.password)
    assert not set(new.password) & set("ilo01")
    assert sign_in(session, passwords, SignInThrottle(), new.password)
    assert len({generate_password() for _ in range(200)}) == 200


@pytest.mark.parametrize(
    "email", ["", "ana", "@shop.example", "ana@", "a b@shop.example", "a@b@c", "a\x00@b.c", "a" * 251 + "@b.c"]
)
def test_what_cannot_be_an_email_is_refused(session, passwords, email):
    with pytest.raises(InvalidValue) as caught:
        add_staff(session, passwords, email=email, name="Ana", password=GOOD)
    assert caught.value.field == "email"


@pytest.mark.parametrize(
    ("given", "normal"), [("WEI@例子.公司", "wei@例子.公司"), ("ana@office.local", "ana@office.local")]
)
def test_emails_of_other_scripts_and_intranets_are_taken(given, normal):
    assert normal_email(given) == normal


@pytest.mark.parametrize("name", ["", "   ", "x" * 201])
def test_a_name_is_needed(session, passwords, name):
    with pytest.raises(InvalidValue) as caught:
        add_staff(session, passwords, email="ana@shop.example", name=name, password=GOOD)
    assert caught.value.field == "name"


def test_the_right_password_opens_a_session_that_ends_at_sign_out(session, passwords):
    account = add_staff(session, passwords, email="ana@shop.example", name="Ana", password=GOOD).account
    token = sign_in(session, passwords, SignInThrottle(), email="Ana@shop.example")
    assert signed_in(session, token) == account
    assert token not in {row.token_hash for row in session.scalars(select(StaffSession))}
    end_session(session, token)
    end_session(session, token)
    assert signed_in(session, token) is None
    assert actions(session) == [(None, "staff.add"), (account.id, "staff.sign_in"), (account.id, "staff.sign_out")]


def test_passwords_compare_across_unicode_spellings(session, passwords):
    add_staff(session, passwords, email="ana@shop.example", name="Ana", password="cafe\u0301 au lait chaud")
    assert sign_in(session, passwords, SignInThrottle(), "caf\u00e9 au lait chaud")


def test_a_session_expires_after_twelve_hours_and_is_swept_at_the_next_sign_in(session, passwords):
    add_staff(session, passwords, email="ana@shop.example", name="Ana", password=GOOD)
    now = utc_now()
    proven = prove(session, passwords, SignInThrottle(), email="ana@shop.example", password=GOOD, address="-")
    token = start_session(session, proven, now=now)
    assert signed_in(session, token, now=now + timedelta(hours=11, minutes=59)) is not None
    assert signed_in(session, token, now=now + timedelta(hours=12)) is None
    start_session(session, proven, now=now + timedelta(hours=13))
    assert len(session.scalars(select(StaffSession)).all()) == 1


def test_a_forged_token_opens_nothing(session, passwords):
    add_staff(session, passwords, email="ana@shop.example", name="Ana", password=GOOD)
    sign_in(session, passwords, SignInThrottle())
    stored = session.scalars(select(StaffSession.token_hash)).one()
    assert signed_in(session, "") is None
    assert signed_in(session, stored) is None


def test_every_refusal_looks_and_costs_the_same(session, passwords, hasher):
    add_staff(session, passwords, email="ana@shop.example", name="Ana", password=GOOD)
    add_staff(session, passwords, email="off@shop.example", name="Off", password=GOOD)
    disable_staff(session, email="off@shop.example")
    refusals = []
    for email, password in (
        ("ana@shop.example", "wrong password here"),
        ("nobody@shop.example", GOOD),
        ("off@shop.example", GOOD),
        ("not an e-mail", GOOD),
        ("ana@shop.example", GOOD + "x" * 1000),
    ):
        before = hasher.verified
        with pytest.raises(SignInRefused) as caught:
            prove(session, passwords, SignInThrottle(), email=email, password=password, address="192.0.2.1")
        refusals.append((str(caught.value), hasher.verified - before))
    assert refusals == [("", 1)] * 5


def test_five_failures_lock_the_account_from_any_address(session, passwords):
    add_staff(session, passwords, email="ana@shop.example", name="Ana", password=GOOD)
    throttle = SignInThrottle()
    for n in range(5):
        with pytest.raises(SignInRefused):
            sign_in(session, passwords, throttle, "wrong password", email="ANA@shop.example", address=f"192.0.2.{n}")
    with pytest.raises(SignInThrottled) as caught:
        sign_in(session, passwords, throttle, GOOD, address="192.0.2.99")
    assert 890 <= caught.value.retry_after_s <= 900


def test_five_failures_lock_the_address_for_any_account(session, passwords):
    add_staff(session, passwords, email="ana@shop.example", name="Ana", password=GOOD)
    throttle = SignInThrottle()
    for n in range(5):
        with pytest.raises(SignInRefused):
            sign_in(session, passwords, throttle, "wrong password", email=f"guess{n}@shop.example")
    with pytest.raises(SignInThrottled):
        sign_in(session, passwords, throttle)
    assert sign_in(session, passwords, throttle, address="192.0.2.2")


def test_a_success_forgets_the_failures_before_it(session, passwords):
    add_staff(session, passwords, email="ana@shop.example", name="Ana", password=GOOD)
    throttle = SignInThrottle()
    for _ in range(3):
        for _ in range(4):
            with pytest.raises(SignInRefused):
                sign_in(session, passwords, throttle, "wrong password")
        assert sign_in(session, passwords, throttle)


def test_a_throttled_attempt_does_no_work_and_does_not_prolong_the_lock(session, passwords, hasher):
    throttle = SignInThrottle(failures=1, window_s=1)
    with pytest.raises(SignInRefused):
        sign_in(session, passwords, throttle, "wrong password")
    before = hasher.verified
    with pytest.raises(SignInThrottled) as caught:
        sign_in(session, passwords, throttle)
    assert caught.value.retry_after_s == 1
    assert hasher.verified == before


def test_hashes_of_old_parameters_are_renewed_at_sign_in(session, passwords):
    add_staff(session, passwords, email="ana@shop.example", name="Ana", password=GOOD)
    stronger = Passwords(CountingHasher(time_cost=2))
    sign_in(session, stronger, SignInThrottle())
    renewed = session.scalars(select(Staff)).one().password_hash
    assert "t=2" in renewed
    sign_in(session, stronger, SignInThrottle())
    assert session.scalars(select(Staff)).one().password_hash == renewed


def test_a_reset_changes_the_password_and_throws_out_everyone(session, passwords):
    account = add_staff(session, passwords, email="ana@shop.example", name="Ana", password=GOOD).account
    token = sign_in(session, passwords, SignInThrottle())
    new = reset_password(session, passwords, email="ANA@shop.example", by=account.id)
    assert signed_in(session, token) is None
    with pytest.raises(SignInRefused):
        sign_in(session, passwords, SignInThrottle())
    assert sign_in(session, passwords, SignInThrottle(), new.password)
    assert (account.id, "staff.reset_password") in actions(session)


def test_a_disabled_account_is_out_at_once_until_it_is_enabled(session, passwords):
    add_staff(session, passwords, email="ana@shop.example", name="Ana", password=GOOD)
    throttle = SignInThrottle()
    token = sign_in(session, passwords, throttle)
    proven = prove(session, passwords, throttle, email="ana@shop.example", password=GOOD, address="-")
    assert disable_staff(session, email="ana@shop.example").disabled_at is not None
    assert signed_in(session, token) is None
    with pytest.raises(SignInRefused):
        start_session(session, proven)
    with pytest.raises(SignInRefused):
        sign_in(session, passwords, throttle)
    disable_staff(session, email="ana@shop.example")
    assert enable_staff(session, email="ana@shop.example").disabled_at is None
    assert sign_in(session, passwords, throttle)
    assert [action for _, action in actions(session)].count("staff.disable") == 1


@pytest.mark.parametrize("act", [disable_staff, enable_staff])
def test_acts_on_an_unknown_account_say_so(session, passwords, act):
    with pytest.raises(NotFound):
        act(session, email="nobody@shop.example")
    with pytest.raises(NotFound):
        reset_password(session, passwords, email="nobody@shop.example")
