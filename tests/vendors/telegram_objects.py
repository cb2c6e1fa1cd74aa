"""Any update that python-telegram-bot has classes for, by Hypothesis: built from the classes' own signatures.

Nothing is listed here: a class, a field or a kind of update that a new version brings is drawn as well.
"""

from __future__ import annotations

import inspect
import sys
import types
import typing
import warnings
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from enum import Enum
from functools import cache
from typing import Any, Literal

import telegram
import telegram._utils.types as aliases
from hypothesis import strategies as st
from telegram import TelegramObject, Update
from telegram.warnings import PTBDeprecationWarning

UPDATE_FIELDS = sorted(
    name for name in inspect.signature(Update.__init__).parameters if name not in ("self", "update_id", "api_kwargs")
)
_MOST_OPTIONAL = 4
"""Of the optional fields of one object, so many are set at most."""
_DEPTH = 4
_IDS = st.integers(1, 2**52)
_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12) | st.sampled_from(
    ["/start x", "/help@example_shop_bot", "private", "group", "zh-hans", "image/png", "+14155550134"]
)
_PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    int: _IDS,
    float: st.floats(-180, 180),
    bool: st.booleans(),
    str: _TEXTS,
    datetime: st.datetimes(datetime(2015, 6, 24), datetime(2100, 1, 1), timezones=st.just(UTC)).map(
        lambda moment: moment.replace(microsecond=0)
    ),
    timedelta: st.integers(0, 10**6).map(lambda seconds: timedelta(seconds=seconds)),
    object: st.none(),
}


@st.composite
def updates(draw: st.DrawFn, kind: str) -> dict[str, Any]:
    """An update of that kind as JSON, half of the time of a person in their private chat."""
    content = draw(_values(_hints(Update)[kind], _DEPTH))
    data = Update(draw(_IDS), **{kind: content}).to_dict()
    if draw(st.booleans()):
        _made_private(data[kind])
    return dict(data)


@st.composite
def messages_with(draw: st.DrawFn, attribute: str) -> dict[str, Any]:
    """A person's message that holds this, as JSON."""
    person = telegram.User(7, "Li", False)
    value = draw(_values(_hints(telegram.Message)[attribute], _DEPTH).filter(bool))
    message = telegram.Message(5, datetime.now(UTC), telegram.Chat(7, "private"), person, **{attribute: value})
    return dict(Update(1, message=message).to_dict())


def mangled(data: Any) -> st.SearchStrategy[Any]:
    """The same with parts of it replaced by anything, or missing."""
    return st.composite(_mangle)(data)


def _mangle(draw: st.DrawFn, data: Any) -> Any:
    match data:
        case dict() if data and draw(st.integers(0, 9)):
            spoilt = draw(st.sampled_from(sorted(data)))
            rest = {key: value for key, value in data.items() if key != spoilt}
            return rest if not draw(st.integers(0, 3)) else rest | {spoilt: _mangle(draw, data[spoilt])}
        case list() if data and draw(st.integers(0, 9)):
            return [_mangle(draw, data[0]), *data[1:]]
    return draw(ANY_JSON)


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def _made_private(content: Any) -> None:
    person = {"id": 7, "is_bot": False, "first_name": "Li"}
    chat = {"id": 7, "type": "private"}
    for holder in (content, content.get("message")):
        if isinstance(holder, dict):
            holder.update({key: value for key, value in (("from", person), ("chat", chat)) if key in holder})


@cache
def _hints(cls: type) -> dict[str, Any]:
    known = {**vars(aliases), **vars(typing), **vars(telegram), **vars(sys.modules[cls.__module__])}
    return typing.get_type_hints(cls.__init__, globalns=known, localns={})


@cache
def _kinds(cls: type) -> list[type]:
    """The class itself, or those that it stands for."""
    return [kind for child in cls.__subclasses__() for kind in _kinds(child)] or [cls]


@cache
def _values(hint: Any, depth: int) -> st.SearchStrategy[Any]:
    """What a parameter of this type may be; objects within objects end at ``depth`` 0."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if hint in _PLAIN:
        return _PLAIN[hint]
    if origin in (typing.Union, types.UnionType):
        return st.one_of([_values(each, depth) for each in _preferred(arguments)])
    if origin is Literal:
        return st.sampled_from(arguments)
    if isinstance(origin, type) and issubclass(origin, Sequence):
        return st.lists(_values(arguments[0], depth - 1), min_size=1, max_size=2 if depth > 0 else 1)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return st.sampled_from(list(hint))
    if isinstance(hint, type) and issubclass(hint, TelegramObject):
        return st.sampled_from(_kinds(hint)).flatmap(lambda cls: _objects(cls, depth))
    raise TypeError(f"{hint} is nothing that can be drawn yet")


def _preferred(arguments: tuple[Any, ...]) -> list[Any]:
    """Of ``X | None`` the X: whether a field is there at all is decided with its object. Of a time no bare number."""
    if timedelta in arguments:
        return [timedelta]
    return [each for each in arguments if each is not type(None) and "DefaultValue" not in str(each)]


@cache
def _objects(cls: type, depth: int) -> st.SearchStrategy[Any]:
    hints = _hints(cls)
    parameters = {
        name: parameter
        for name, parameter in inspect.signature(cls.__init__).parameters.items()
        if name in hints and name != "api_kwargs"
    }
    needed = [name for name, parameter in parameters.items() if parameter.default is parameter.empty]
    optional = [name for name in parameters if name not in needed]

    @st.composite
    def build(draw: st.DrawFn) -> Any:
        wished = draw(st.lists(st.sampled_from(optional), max_size=_MOST_OPTIONAL, unique=True)) if optional else []
        wished = wished if depth > 0 else []
        fields = {name: draw(_values(hints[name], depth - 1)) for name in [*needed, *wished]}
        return _built(draw, cls, fields, hints, depth)

    return build()


def _built(draw: st.DrawFn, cls: type, fields: dict[str, Any], hints: dict[str, Any], depth: int) -> Any:
    """Some fields are optional by signature only, until the next major version: those it asks for are added."""
    while True:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter(
                    "ignore", PTBDeprecationWarning
                )  # fields that are on their way out are drawn, too
                return cls(**fields)
        except TypeError as error:
            missing = str(error).split("`")[1:2]
            if not missing or missing[0] in fields or missing[0] not in hints:
                raise
            fields[missing[0]] = draw(_values(hints[missing[0]], depth - 1))
