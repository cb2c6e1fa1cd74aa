"""Staff accounts: who may sign in to the console, with which password, and for how long.

Owns password hashing (Argon2id), the password policy, sign-in throttling, sessions and the audit entries of
all of these. Sends nothing and shows nothing: a generated password is returned once and kept nowhere.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from limits import RateLimitItemPerSecond
from limits.storage import MemoryStorage, Storage
from limits.storage.base import MovingWindowSupport
from limits.strategies import MovingWindowRateLimiter
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from crm.errors import AlreadyExists, InvalidValue, NotFound, SignInRefused, SignInThrottled, WeakPassword
from crm.models import AuditEntry, Staff, StaffSession, utc_now

MIN_PASSWORD_LENGTH = 12
MAX_PASSWORD_LENGTH = 256
"""Longer input is refused unread, so that hashing cannot be made to work on megabytes."""
MAX_EMAIL_LENGTH = 254
MAX_NAME_LENGTH = 200
SESSION_LIFETIME = timedelta(hours=12)
_READABLE = "abcdefghjkmnpqrstuvwxyz23456789"


@dataclass(frozen=True, slots=True)
class StaffAccount:
    id: int
    email: str
    name: str
    created_at: datetime
    disabled_at: datetime | None


@dataclass(frozen=True, slots=True)
class NewPassword:
    """An account and the password it has from now on, to be shown once."""

    account: StaffAccount
    password: str


@dataclass(frozen=True, slots=True)
class Proven:
    """Someone whose password was right. ``new_hash`` is set where the stored one has outdated parameters."""

    account: StaffAccount
    new_hash: str | None


class Passwords:
    """Hashes and compares passwords. An absent account takes as long as a wrong password."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()

    def hash(self, password: str) -> str:
        return self._hasher.hash(_normal_password(password))

    def match(self, stored: str | None, password: str) -> bool:
        """Whether ``password`` belongs to ``stored``; without a stored hash the same work is done for a no."""
        try:
            self._hasher.verify(stored or self._dummy, _normal_password(password))
        except (VerificationError, InvalidHashError):
            return False
        return stored is not None

    def outdated(self, stored: str) -> bool:
        return self._hasher.check_needs_rehash(stored)

    @cached_property
    def _dummy(self) -> str:
        return self._hasher.hash(secrets.token_urlsafe(32))


class SignInThrottle:
    """At most ``failures`` failed sign-ins per ``window_s`` seconds, for each account and for each address.

    An attempt is counted before its password is looked at, so that many at once cannot slip through; a
    success forgets what was counted. The counts live in ``storage`` (``limits``), in memory by default.
    """

    def __init__(self, storage: Storage | None = None, *, failures: int = 5, window_s: int = 900) -> None:
        storage = storage if storage is not None else MemoryStorage()
        if not isinstance(storage, MovingWindowSupport):
            raise TypeError("sign-in throttling needs a storage with moving windows")
        self._limiter = MovingWindowRateLimiter(storage)
        self._item = RateLimitItemPerSecond(failures, window_s, namespace="sign-in")
        self._lock = threading.Lock()

    def attempt(self, email: str, address: str) -> None:
        """Counts an attempt. Raises SignInThrottled when the account or the address has none left."""
        keys = _throttle_keys(email, address)
        with self._lock:
            for key in keys:
                if not self._limiter.test(self._item, *key):
                    raise SignInThrottled(self._wait_s(key))
            for key in keys:
                self._limiter.hit(self._item, *key)

    def forget(self, email: str, address: str) -> None:
        for key in _throttle_keys(email, address):
            self._limiter.clear(self._item, *key)

    def _wait_s(self, key: tuple[str, str]) -> int:
        reset_time = self._limiter.get_window_stats(self._item, *key).reset_time
        return max(1, round(reset_time - time.time()))


def generate_password() -> str:
    """Sixteen random characters in four groups, without look-alikes; 79 bits."""
    return "-".join("".join(secrets.choice(_READABLE) for _ in range(4)) for _ in range(4))


def normal_email(email: str) -> str:
    """The one spelling of a sign-in e-mail. Raises InvalidValue(``email``) for what cannot be one.

    It names an account and nothing is ever sent to it, so an intranet's ``ana@office.local`` is fine.
    """
    normal = unicodedata.normalize("NFKC", email).strip().casefold()
    local, at, domain = normal.rpartition("@")
    unprintable = any(character.isspace() or not character.isprintable() for character in normal)
    if not (local and at and domain) or "@" in local or unprintable or len(normal) > MAX_EMAIL_LENGTH:
        raise InvalidValue("email", "this is not an e-mail address")
    return normal


def add_staff(
    session: Session,
    passwords: Passwords,
    *,
    email: str,
    name: str,
    password: str | None = None,
    by: int | None = None,
) -> NewPassword:
    """Opens an account, with a generated password unless one is given. ``by`` is the acting staff, if any.

    Raises InvalidValue, WeakPassword, AlreadyExists.
    """
    email = normal_email(email)
    name = " ".join(name.split())
    if not name or len(name) > MAX_NAME_LENGTH:
        raise InvalidValue("name", "a name is needed, of 200 characters at most")
    if session.scalar(select(Staff.id).where(Staff.email == email)) is not None:
        raise AlreadyExists(email)
    password = _chosen(password, email)
    staff = Staff(email=email, name=name, password_hash=passwords.hash(password))
    session.add(staff)
    session.flush()
    _audit(session, by, "staff.add", staff.id)
    return NewPassword(_account(staff), password)


def list_staff(session: Session) -> list[StaffAccount]:
    return [_account(staff) for staff in session.scalars(select(Staff).order_by(Staff.email))]


def reset_password(
    session: Session, passwords: Passwords, *, email: str, password: str | None = None, by: int | None = None
) -> NewPassword:
    """Gives an account a new password and signs it out everywhere. Raises NotFound, WeakPassword."""
    staff = _by_email(session, email)
    password = _chosen(password, staff.email)
    staff.password_hash = passwords.hash(password)
    _end_all_sessions(session, staff.id)
    _audit(session, by, "staff.reset_password", staff.id)
    return NewPassword(_account(staff), password)


def disable_staff(session: Session, *, email: str, by: int | None = None) -> StaffAccount:
    """Bars an account from signing in and throws it out at once. Raises NotFound."""
    staff = _by_email(session, email)
    if staff.disabled_at is None:
        staff.disabled_at = utc_now()
        _audit(session, by, "staff.disable", staff.id)
    _end_all_sessions(session, staff.id)
    return _account(staff)


def enable_staff(session: Session, *, email: str, by: int | None = None) -> StaffAccount:
    """Lets a disabled account sign in again. Raises NotFound."""
    staff = _by_email(session, email)
    if staff.disabled_at is not None:
        staff.disabled_at = None
        _audit(session, by, "staff.enable", staff.id)
    return _account(staff)


def prove(
    session: Session, passwords: Passwords, throttle: SignInThrottle, *, email: str, password: str, address: str
) -> Proven:
    """Checks a password; reads only, as hashing takes long and must not hold the write lock.

    ``address`` is where the attempt comes from. Raises SignInThrottled, SignInRefused.
    """
    email = email[: 2 * MAX_EMAIL_LENGTH]
    throttle.attempt(email, address)
    staff = _find(session, email)
    stored = staff.password_hash if staff is not None and staff.disabled_at is None else None
    right = passwords.match(stored, password[: MAX_PASSWORD_LENGTH + 1])
    if staff is None or not right or len(password) > MAX_PASSWORD_LENGTH:
        raise SignInRefused
    throttle.forget(email, address)
    new_hash = passwords.hash(password) if passwords.outdated(staff.password_hash) else None
    return Proven(_account(staff), new_hash)


def start_session(session: Session, proven: Proven, *, now: datetime | None = None) -> str:
    """Opens a session for someone proven and returns its token, which only the browser keeps.

    Raises SignInRefused when the account was disabled in between.
    """
    now = now or utc_now()
    staff = session.get(Staff, proven.account.id)
    if staff is None or staff.disabled_at is not None:
        raise SignInRefused
    if proven.new_hash is not None:
        staff.password_hash = proven.new_hash
    session.execute(delete(StaffSession).where(StaffSession.expires_at <= now))
    token = secrets.token_urlsafe(32)
    session.add(
        StaffSession(
            token_hash=_token_hash(token), staff_id=staff.id, started_at=now, expires_at=now + SESSION_LIFETIME
        )
    )
    _audit(session, staff.id, "staff.sign_in", staff.id)
    return token


def signed_in(session: Session, token: str, *, now: datetime | None = None) -> StaffAccount | None:
    """Whose session ``token`` opens, or None when it has ended, expired, or its account is disabled."""
    found = session.scalar(
        select(Staff)
        .join(StaffSession, StaffSession.staff_id == Staff.id)
        .where(
            StaffSession.token_hash == _token_hash(token),
            StaffSession.expires_at > (now or utc_now()),
            Staff.disabled_at.is_(None),
        )
    )
    return None if found is None else _account(found)


def end_session(session: Session, token: str) -> None:
    """Ends a session; an unknown or already ended one is left in peace."""
    row = session.scalar(select(StaffSession).where(StaffSession.token_hash == _token_hash(token)))
    if row is not None:
        _audit(session, row.staff_id, "staff.sign_out", row.staff_id)
        session.delete(row)


def _chosen(password: str | None, email: str) -> str:
    if password is None:
        return generate_password()
    normal = _normal_password(password)
    if not MIN_PASSWORD_LENGTH <= len(normal) <= MAX_PASSWORD_LENGTH:
        raise WeakPassword(f"a password has {MIN_PASSWORD_LENGTH} to {MAX_PASSWORD_LENGTH} characters")
    if normal.casefold() == email:
        raise WeakPassword("the e-mail address is no password")
    if len(set(normal.casefold())) < MIN_PASSWORD_LENGTH // 3:
        raise WeakPassword("a password needs more than three different characters")
    return password


def _find(session: Session, email: str) -> Staff | None:
    try:
        return session.scalar(select(Staff).where(Staff.email == normal_email(email)))
    except InvalidValue:
        return None


def _by_email(session: Session, email: str) -> Staff:
    staff = _find(session, email)
    if staff is None:
        raise NotFound("no staff account of that e-mail")
    return staff


def _end_all_sessions(session: Session, staff_id: int) -> None:
    session.execute(delete(StaffSession).where(StaffSession.staff_id == staff_id))


def _audit(session: Session, by: int | None, action: str, staff_id: int) -> None:
    session.add(AuditEntry(staff_id=by, action=action, target=f"staff:{staff_id}"))


def _account(staff: Staff) -> StaffAccount:
    return StaffAccount(staff.id, staff.email, staff.name, staff.created_at, staff.disabled_at)


def _throttle_keys(email: str, address: str) -> tuple[tuple[str, str], tuple[str, str]]:
    return (("account", unicodedata.normalize("NFKC", email).strip().casefold()), ("address", address))


def _normal_password(password: str) -> str:
    """One spelling of what different keyboards compose differently."""
    return unicodedata.normalize("NFKC", password)


def _token_hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
