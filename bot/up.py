"""``crmbot up``: prepares what is missing, then serves everything on this machine until it is told to stop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import click
from fastapi import FastAPI
from sqlalchemy.exc import SQLAlchemyError

from bot.channels.base import Channel
from bot.channels.registry import build_channels, names_for_people
from bot.composition import (
    Site,
    build_actions_for,
    build_dialogue,
    build_engine,
    build_knowledge,
    build_parser,
    build_senses,
    build_site,
    product_names,
)
from bot.engine import rasa_executable
from bot.installation import FIRST_STAFF_EMAIL, Prepared, Steps, make_data_directory, prepare
from bot.internal import context_in, internal_app
from bot.keys import load_or_create_keys
from bot.public import add_demo, public_app
from bot.server import Ports, Program, bind, free_port
from bot.settings import PROJECT, Settings
from crm.unit_of_work import Database


def bring_up(settings: Settings) -> None:
    """Runs until SIGINT or SIGTERM. Raises SetupError when it cannot start."""
    ports = Ports(public=bind(settings.host, settings.port), internal=bind("127.0.0.1", settings.internal_port))
    settings = settings.model_copy(update={"port": ports.public.getsockname()[1]})
    make_data_directory(settings)
    channels = build_channels(settings, load_or_create_keys(settings.secrets_path))  # what is missing is told at once
    prepared = prepare(settings, Steps())
    _announce(settings, prepared, names_for_people(settings, channels))
    program = build_program(settings, prepared, ports, channels)
    program.run()


def build_program(settings: Settings, prepared: Prepared, ports: Ports, channels: Mapping[str, Channel]) -> Program:
    """The whole program, not yet running."""
    rasa_port = settings.rasa_port or free_port()
    dialogue = build_dialogue(settings, prepared.keys, f"http://127.0.0.1:{rasa_port}")
    products = _products(settings)
    parser, senses = build_parser(settings, products), build_senses(settings)
    site = build_site(
        settings, prepared.keys, dialogue=dialogue, parser=parser, products=products, senses=senses, channels=channels
    )
    rasa = rasa_executable(PROJECT)
    engine = build_engine(settings, prepared.keys, rasa, ports.internal_url, rasa_port, dialogue, site.metrics)

    def on_ready() -> None:
        click.echo("Ready. Press Ctrl-C to stop.", err=True)
        senses.warm_up()

    def close() -> None:
        senses.close()
        dialogue.close()
        site.database.close()

    return Program(
        public=_public(site),
        internal=internal_app(
            site.parser,
            build_actions_for(site),
            context_in(site.database),
            site.metrics,
            build_knowledge(parser.encoder),
        ),
        ports=ports,
        engine=engine,
        durable=site.durable,
        inbox=site.inbox,
        delivering=site.delivering,
        channels=site.channels.values(),
        intake=site.intake,
        forwarded_allow_ips=settings.forwarded_allow_ips,
        on_ready=on_ready,
        on_close=close,
    )


def _public(site: Site) -> FastAPI:
    settings = site.settings
    app = public_app(
        site.web,
        site.metrics,
        lambda: readiness(site),
        media_limit_bytes=settings.media_limit_bytes,
        allowed_origins=frozenset(settings.allowed_origins.split()),
        channels=site.channels,
    )
    if settings.demo:
        add_demo(app, site.database, site.keys.site)
    from console import mount

    mount(
        app,
        database=site.database,
        storage_secret=site.keys.console,
        media=site.media,
        live=site.live,
        desk=site.handover,
        https=settings.base_url.startswith("https://"),
    )
    return app


def _products(settings: Settings) -> list[str]:
    database = Database(settings.crm_url)
    try:
        return product_names(database)
    finally:
        database.close()


def readiness(site: Site) -> dict[str, bool]:
    """Which parts answer."""
    return {"database": _answers(site), "engine": site.dialogue.ready(), "durable work": site.durable.launched}


def _answers(site: Site) -> bool:
    try:
        site.database.ping()
    except SQLAlchemyError:
        return False
    return True


def _announce(settings: Settings, prepared: Prepared, channels: Sequence[str]) -> None:
    base = settings.base_url
    places = {"Demo page": f"{base}/"} if settings.demo else {}
    places |= {"Console": f"{base}/console", "Metrics": f"{base}/metrics", "Channels": ", ".join(channels)}
    lines = "\n".join(f"  {what:<9}  {where}" for what, where in places.items())
    click.echo(f"\n{lines}\n", err=True)
    if prepared.first_password:
        click.echo(
            f"  First staff account: {FIRST_STAFF_EMAIL}\n  Its password, shown only now: {prepared.first_password}\n",
            err=True,
        )
