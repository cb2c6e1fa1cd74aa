"""How a form of ours takes a turn. Knows no goal: each goal's form subclasses ``Form`` with its own fields.

A Rasa form calls its ``validate_…`` action on every turn. Ours does the whole turn in that one call: it reads
what the message brings, checks it, asks the next question or, when nothing is missing, does the deed and says
so. When the message is no answer at all, the action sets no slot; Rasa then lets another rule answer the
message and calls the form again, which repeats its question.
"""

from __future__ import annotations

import dataclasses
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from actions.base import CrmAction, Desk
from actions.outcome import Outcome, Say
from actions.several import carried_on
from actions.turn import Moment, Turn

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

F = TypeVar("F", bound="DataclassInstance")  # a frozen dataclass; each field is a slot of the same name


@dataclass(frozen=True, slots=True)
class Taken(Generic[F]):
    """The message was an answer: the fields as they stand now, and anything to remark before going on."""

    fields: F
    notes: tuple[Say, ...] = ()
    slots: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Asking(Generic[F]):
    """The form waits for ``slot``; ``says`` ends with the question."""

    fields: F
    slot: str
    says: tuple[Say, ...]


@dataclass(frozen=True, slots=True)
class Ending:
    """The form is over: the deed is done, or cannot or shall not be done. ``slots`` outlive the form."""

    says: tuple[Say, ...]
    slots: Mapping[str, Any] = field(default_factory=dict)


class Form(CrmAction, Generic[F]):
    """A form's validation action. ``fields_type`` is its dataclass of slots, ``triggers`` the intents that start it."""

    form: ClassVar[str]
    fields_type: ClassVar[type[Any]]
    triggers: ClassVar[frozenset[str]]

    def name(self) -> str:
        return f"validate_{self.form}"

    @abstractmethod
    def open(self, desk: Desk) -> Taken[F]:
        """What the message that started the form already brings."""

    @abstractmethod
    def take(self, desk: Desk, held: F) -> Taken[F] | Asking[F] | Ending | None:
        """What a message brings while the form waits; None when it is no answer to what was asked.

        Never None for an intent in ``triggers``: Rasa would call this form again for the same message.
        """

    @abstractmethod
    def proceed(self, desk: Desk, fields: F) -> Asking[F] | Ending:
        """The next question, or the deed. Must ask the same again when called twice with the same fields."""

    def takes_whole(self, turn: Turn) -> bool:
        """An answer to the form's question is one, however much it seems to ask for; the form's own request is not."""
        return turn.moment(self.form) is Moment.ANSWERING and turn.intent not in self.triggers

    def goes_on(self, turn: Turn, outcome: Outcome) -> Outcome:
        """While the form asks, other requests wait; a message that was taken as an answer makes none."""
        if outcome == Outcome():
            return outcome  # no answer: another rule sees to the message
        return carried_on(
            turn,
            outcome,
            makes_request=not self.takes_whole(turn),
            asks=outcome.slots.get("requested_slot") is not None,
        )

    def act(self, desk: Desk) -> Outcome:
        taken = self._listen(desk)
        if taken is None:
            return Outcome()
        if not isinstance(taken, Taken):
            return self._outcome(desk.turn, taken)
        return self._outcome(desk.turn, self.proceed(desk, taken.fields), taken.notes, taken.slots)

    def _listen(self, desk: Desk) -> Taken[F] | Asking[F] | Ending | None:
        moment = desk.turn.moment(self.form)
        if moment is Moment.OPENING:
            return self.open(desk)
        held = self._held(desk.turn)
        return Taken(held) if moment is Moment.RETURNING else self.take(desk, held)

    def _held(self, turn: Turn) -> F:
        names = [each.name for each in dataclasses.fields(self.fields_type)]
        held: F = self.fields_type(**{name: turn.slots.get(name) for name in names})
        return held

    def _outcome(
        self, turn: Turn, step: Asking[F] | Ending, notes: tuple[Say, ...] = (), slots: Mapping[str, Any] | None = None
    ) -> Outcome:
        fields = step.fields if isinstance(step, Asking) else self.fields_type()
        lasting = {} if isinstance(step, Asking) else step.slots
        wanted = step.slot if isinstance(step, Asking) else None
        changed = _changed({**(slots or {}), **dataclasses.asdict(fields), **lasting}, turn)
        return Outcome(notes + step.says, {**changed, "requested_slot": wanted})


def _changed(slots: dict[str, Any], turn: Turn) -> dict[str, Any]:
    """The slots that get another value, to keep Rasa's memory small.

    At least one is set in any case: a form that sets none tells Rasa that the message was no answer.
    """
    changed = {name: value for name, value in slots.items() if turn.slots.get(name) != value}
    return changed or dict(list(slots.items())[:1])
