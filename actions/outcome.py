"""What an action answers, as values: things to say, slots to set. Knows neither Rasa nor the database.

The words themselves stand in ``domain/``, in both languages; an action names a response and gives it values.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Button:
    """``title`` is shown; pressing it sends ``payload``."""

    title: str
    payload: str


@dataclass(frozen=True, slots=True)
class Say:
    """One message: the response ``utter_…`` filled with ``values``, and buttons beside the response's own.

    ``done`` names what the message got done for the customer; ``offer`` the thing a plain "yes" would accept;
    ``asks_for`` what the customer's app may let them share by a tap (``phone``).
    """

    response: str
    values: Mapping[str, str] = field(default_factory=dict)
    buttons: tuple[Button, ...] = ()
    done: str | None = None
    offer: str | None = None
    asks_for: str | None = None

    @property
    def custom(self) -> dict[str, str]:
        """The data that travels beside the text."""
        beside = {"done": self.done, "offer": self.offer, "asks_for": self.asks_for}
        return {key: value for key, value in beside.items() if value}


@dataclass(frozen=True, slots=True)
class Outcome:
    """Everything an action did to the dialogue. ``leaves_form`` ends the running form; ``then`` is run next.

    ``as_if_said`` is an understanding in JSON: Rasa goes on as if the customer had just said it. ``pauses`` lets
    requests that wait be, instead of going on with them.
    """

    says: tuple[Say, ...] = ()
    slots: Mapping[str, Any] = field(default_factory=dict)
    leaves_form: bool = False
    then: str | None = None
    as_if_said: Mapping[str, Any] | None = None
    pauses: bool = False


def say(
    response: str,
    *buttons: Button,
    done: str | None = None,
    offer: str | None = None,
    asks_for: str | None = None,
    **values: str,
) -> Say:
    """A ``Say`` in one line."""
    return Say(response, values, buttons, done, offer, asks_for)


def payload(intent: str, **entities: str) -> str:
    """What a button sends: ``/intent{"entity": "value"}``."""
    return f"/{intent}{json.dumps(entities, ensure_ascii=False)}" if entities else f"/{intent}"
