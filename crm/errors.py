"""What can go wrong with the records.

CrmError
├── NotFound          not_found           no such record (or not theirs to see: the answer is the same)
├── MatchFailed       match_failed        order number and contact do not belong together
├── MatchLocked       match_locked        too many failed matches; carries ``retry_after_s``
├── InvalidValue      invalid_value       a phone, e-mail, address or rating that cannot be; carries ``field``
├── AlreadyClosed     already_closed      the conversation has ended
├── HeldByOther       held_by_other       another staff member answers this conversation, or nobody does yet
├── NotReachable      not_reachable       nothing that is proven to be the customer's can be written to
├── FileRefused       file_refused        a file from staff that cannot be sent; ``code`` is perception's and says why
├── AlreadyExists     already_exists      a staff account of that e-mail is there; carries ``target``
├── WeakPassword      weak_password       shorter than allowed, or trivially guessed; carries ``reason``
├── SignInRefused     sign_in_refused     unknown e-mail, wrong password or disabled account: never said which
├── SignInThrottled   sign_in_throttled   too many failed sign-ins; carries ``retry_after_s``
└── BrokenReferences  broken_references   a migration would leave rows that refer to nothing; carries ``tables``
"""

from __future__ import annotations


class CrmError(Exception):
    """Root of the records' errors; ``code`` is stable."""

    code = "crm_error"


class NotFound(CrmError):
    code = "not_found"


class MatchFailed(CrmError):
    code = "match_failed"


class MatchLocked(CrmError):
    code = "match_locked"

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(f"matching is locked for {retry_after_s} s")
        self.retry_after_s = retry_after_s


class InvalidValue(CrmError):
    code = "invalid_value"

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class AlreadyClosed(CrmError):
    code = "already_closed"


class HeldByOther(CrmError):
    code = "held_by_other"


class NotReachable(CrmError):
    code = "not_reachable"


class FileRefused(CrmError):
    code = "file_refused"

    def __init__(self, code: str) -> None:
        super().__init__(f"the file cannot be sent: {code}")
        self.code = code


class AlreadyExists(CrmError):
    code = "already_exists"

    def __init__(self, target: str) -> None:
        super().__init__(f"{target} exists already")
        self.target = target


class WeakPassword(CrmError):
    code = "weak_password"

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class SignInRefused(CrmError):
    code = "sign_in_refused"


class SignInThrottled(CrmError):
    code = "sign_in_throttled"

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(f"too many failed sign-ins; try again in {retry_after_s} s")
        self.retry_after_s = retry_after_s


class BrokenReferences(CrmError):
    code = "broken_references"

    def __init__(self, tables: frozenset[str]) -> None:
        super().__init__(f"rows refer to what is not there, in: {', '.join(sorted(tables))}")
        self.tables = tables
