"""What every command prints and how it ends: JSON to standard output; 2 on bad input with one clear line, else 1."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec

import click
from sqlalchemy.exc import OperationalError

from bot.errors import BotError
from crm.errors import CrmError
from nlu.errors import NluError
from perception.errors import PerceptionError
from satisfaction.errors import SatisfactionError

BAD_INPUT, FAILURE = 2, 1

P = ParamSpec("P")


def reported(command: Callable[P, None]) -> Callable[P, None]:
    """Turns our errors into one line and an exit status."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except BotError as error:
            _fail(str(error), FAILURE)
        except (CrmError, NluError, PerceptionError, SatisfactionError) as error:
            _fail(str(error), BAD_INPUT)
        except OperationalError as error:
            _fail(f"the database does not answer: {error.orig}", FAILURE)

    return run


def _fail(message: str, status: int) -> None:
    click.echo(f"crmbot: {message}", err=True)
    sys.exit(status)


def show(value: Any) -> None:
    click.echo(json.dumps(value, ensure_ascii=False, indent=2, default=str))
