"""What can go wrong on the way of a message.

BotError
├── ChannelError              what a channel tells its client: ``status`` is HTTP's, ``code`` is stable
│   ├── BadRequest            400 bad_request         not the protocol's form
│   ├── Unauthorized          401 unauthorized        token or signature missing, forged or expired
│   ├── UnknownRecord         404 not_found           no such thing, or not theirs
│   ├── TooLarge              413 too_large           text or file over the limit
│   ├── UnsupportedFile       415 unsupported_media   the bytes are no picture and no sound taken here
│   ├── Unprocessable         422 …                   empty_message, unknown_payload, invalid_rating, unreadable_media
│   └── TooManyRequests       429 too_many_requests   carries ``retry_after_s``
├── EngineError               Rasa
│   ├── EngineUnavailable     engine_unavailable      it does not answer; trying again helps
│   └── EngineRefused         engine_refused          it answered with an error
├── ModelError                model_error             a model to be fetched, placed or checked; each is one clear line
│   ├── UnknownModel          model_unknown           no such model: not in the catalogue, or not on the hub
│   ├── ModelRefused          model_refused           the hub gives it only to accounts that may have it
│   ├── HubUnreachable        hub_unreachable         the hub does not answer, or may not be asked
│   ├── ModelIncomplete       model_incomplete        a folder lacks files of the model
│   ├── ChecksumMismatch      model_checksum          a file has other bytes than it must have
│   ├── DiskFull              disk_full               no room for it
│   └── PullUnderWay          model_busy              another process fetches the same model
└── SetupError                setup                   a clear line for the person who runs the program
"""

from __future__ import annotations


class BotError(Exception):
    """Root of the conversation server's errors; ``code`` is stable."""

    code = "bot_error"


class ChannelError(BotError):
    status = 500
    code = "channel_error"


class BadRequest(ChannelError):
    status = 400
    code = "bad_request"


class Unauthorized(ChannelError):
    status = 401
    code = "unauthorized"


class UnknownRecord(ChannelError):
    status = 404
    code = "not_found"


class TooLarge(ChannelError):
    status = 413
    code = "too_large"


class UnsupportedFile(ChannelError):
    status = 415
    code = "unsupported_media"


class Unprocessable(ChannelError):
    status = 422
    code = "unprocessable"

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class TooManyRequests(ChannelError):
    status = 429
    code = "too_many_requests"

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(f"Too many at once. Try again in {retry_after_s} s.")
        self.retry_after_s = retry_after_s


class EngineError(BotError):
    code = "engine_error"


class EngineUnavailable(EngineError):
    code = "engine_unavailable"


class EngineRefused(EngineError):
    code = "engine_refused"


class SetupError(BotError):
    code = "setup"


class ModelError(BotError):
    code = "model_error"


class UnknownModel(ModelError):
    code = "model_unknown"


class ModelRefused(ModelError):
    code = "model_refused"


class HubUnreachable(ModelError):
    code = "hub_unreachable"


class ModelIncomplete(ModelError):
    code = "model_incomplete"


class ChecksumMismatch(ModelError):
    code = "model_checksum"


class DiskFull(ModelError):
    code = "disk_full"


class PullUnderWay(ModelError):
    code = "model_busy"
