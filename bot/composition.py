"""Builds the program's objects and joins them: the one place where parts meet.

Nothing here has behaviour of its own; what a part needs, it is given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from zoneinfo import ZoneInfo

import structlog
from rasa_sdk.interfaces import Action
from sqlalchemy import select

from actions.registry import build_actions
from bot.catalogue import FreshCatalogue, NamesProducts
from bot.channels.base import Channel
from bot.channels.thread import Thread
from bot.channels.web import Limits, WebChannel
from bot.closing import Closing
from bot.collecting import Collecting
from bot.delivering import Delivering
from bot.dialogue import Conversing, Dialogue
from bot.durable import PROMPT_S, SOON_S, UNHURRIED_S, Durable, Ending
from bot.engine import Engine
from bot.handover import Handover
from bot.inbox import Inbox
from bot.intake import ChannelIntake
from bot.keys import Keys
from bot.live import Live
from bot.media_intake import MediaIntake
from bot.media_store import MediaStore
from bot.messages import Queued
from bot.metrics import Metrics
from bot.outbox import Delivery, Outbox
from bot.outreach import Outreach
from bot.perceiving import Perceiving, Senses
from bot.settings import KNOWLEDGE, NLU_EXAMPLES, PROJECT, Settings
from bot.turn import Parser, Turn, TurnLimits
from bot.visitors import Visitors
from crm.models import Product, utc_now
from crm.unit_of_work import Database
from nlu.encoder import SentenceEncoder
from nlu.examples import read_directory
from nlu.knowledge import Knowledge
from nlu.language import detect
from nlu.understander import Understander
from perception.media import MediaLimits
from perception.worker import PerceptionService
from satisfaction.scorer import Scorer

log = structlog.get_logger(__name__)

TURNS, DELIVERIES, CLOSINGS = "turns", "deliveries", "closings"
EVERY_HALF_MINUTE, EVERY_HOUR = "*/30 * * * * *", "0 17 * * * *"
GROWTH = 4
"""How many times larger than what was sent a photo may be once it is cleaned."""
MEDIA_ATTEMPTS = 6
"""Tries to fetch a file, over some four seconds and what the fetches take: the customer waits for the answer."""
FINISHED_KEPT = timedelta(days=1)
"""How long the durable engine remembers work that ended well."""


@dataclass(frozen=True, slots=True)
class Site:
    """All that serves one site."""

    settings: Settings
    keys: Keys = field(repr=False)
    database: Database
    metrics: Metrics
    live: Live
    media: MediaStore
    durable: Durable
    dialogue: Conversing
    parser: Parser
    inbox: Inbox
    intake: ChannelIntake
    channels: Mapping[str, Channel]
    outbox: Outbox
    delivering: Delivering
    closing: Closing
    outreach: Outreach
    handover: Handover
    web: WebChannel
    visitors: Visitors
    thread: Thread


def build_site(
    settings: Settings,
    keys: Keys,
    *,
    dialogue: Conversing,
    parser: NamesProducts,
    senses: Senses,
    products: Sequence[str] = (),
    channels: Mapping[str, Channel] = MappingProxyType({}),
) -> Site:
    """A site with its dialogue engine, understanding and senses; nothing of it runs yet.

    ``channels`` are those that must be pushed to, by name; ``products`` the names that the parser knows already.
    """
    database = Database(settings.crm_url)
    fresh = FreshCatalogue(parser, lambda: product_names(database), known=products)
    metrics, live, media = Metrics(), Live(), MediaStore(settings.media_dir)
    durable = Durable(settings.dbos_url)

    def enqueue_turn(message: Queued, has_media: bool, *, again: str = "", delay_s: float = 0) -> None:
        durable.enqueue(
            TURNS,
            "turn",
            f"turn-{message.id}{again}",
            message.id,
            has_media,
            key=message.conversation_id,
            order=message.seq,
            delay_s=delay_s,
        )

    def enqueue_delivery(delivery: Delivery) -> None:
        durable.enqueue(
            DELIVERIES,
            "delivery",
            f"delivery-{delivery.message_id}{delivery.again}",
            delivery.message_id,
            key=str(delivery.identity_id),
            order=delivery.seq,
            delay_s=delivery.delay_s,
        )

    def enqueue_scoring(conversation_id: str) -> None:
        hour = f"{utc_now():%Y%m%d%H}"  # one that failed is tried again in another hour
        durable.enqueue(CLOSINGS, "scoring", f"scoring-{conversation_id}-{hour}", conversation_id, key=conversation_id)

    media_intake = MediaIntake(media, senses.clean_photo, media_limits(settings))
    outbox = Outbox(channels, enqueue_delivery, media_intake)
    delivering = Delivering(
        database,
        channels,
        enqueue_delivery,
        media,
        live,
        metrics,
        attempts=settings.delivery_attempts,
        running=lambda: not durable.ending,
    )
    live.listen(delivering.show_typing)
    closing = Closing(
        database,
        live,
        Scorer.load(),
        metrics,
        enqueue_scoring,
        idle_close=timedelta(seconds=settings.idle_close_s),
    )
    inbox = Inbox(
        database,
        media_intake,
        live,
        enqueue_turn,
        text_limit=settings.text_limit,
        burst_window_s=settings.web_burst_window_s,
    )
    intake = ChannelIntake(
        database,
        inbox,
        live,
        metrics,
        site_key=keys.site,
        text_limit=settings.text_limit,
        most_bytes=settings.media_limit_bytes,
        burst_window_s=settings.burst_window_s,
    )
    collecting = Collecting(database, channels, media_intake, live, metrics)
    perceiving = Perceiving(database, media, live, senses, metrics)

    def collect_and_perceive(message_id: str) -> None:
        collecting.collect(message_id)
        perceiving.perceive(message_id)

    turn = Turn(
        database,
        outbox,
        live,
        dialogue,
        fresh,
        metrics,
        limits=TurnLimits(settings.audio_limit_s, settings.text_limit, settings.session_turns),
        burst_window=lambda channel: burst_window(settings, channel),
        perceive=collect_and_perceive,
        on_close=closing.closed,
    )
    _register(durable, turn, collecting, perceiving, delivering, closing, inbox, settings)
    visitors, thread = Visitors(database, keys.site), Thread(database, media)
    limits = Limits(visitors=settings.rate_visitors, messages=settings.rate_messages, uploads=settings.rate_uploads)
    origins = frozenset(settings.allowed_origins.split())
    web = WebChannel(visitors, inbox, thread, closing, live, limits, metrics, allowed_origins=origins)
    outreach = Outreach(database, outbox, live, metrics)
    return Site(
        settings=settings,
        keys=keys,
        database=database,
        metrics=metrics,
        live=live,
        media=media,
        durable=durable,
        dialogue=dialogue,
        parser=fresh,
        inbox=inbox,
        intake=intake,
        channels=channels,
        outbox=outbox,
        delivering=delivering,
        closing=closing,
        outreach=outreach,
        handover=Handover(database, outbox, outreach, live, closing),
        web=web,
        visitors=visitors,
        thread=thread,
    )


def _register(
    durable: Durable,
    turn: Turn,
    collecting: Collecting,
    perceiving: Perceiving,
    delivering: Delivering,
    closing: Closing,
    inbox: Inbox,
    settings: Settings,
) -> None:
    """Gives the durable work its names and queues. The broad excepts are these workflows' last resort."""

    def collect(message_id: str) -> None:
        try:
            durable.step("collect", collecting.collect, message_id, attempts=MEDIA_ATTEMPTS)
        except Exception as error:
            if durable.ending:
                raise Ending from None
            # what perceives notes that they never came; the error itself may name the vendor's address for the file
            log.warning("media_given_up", message_id=message_id, error=type(error).__name__)

    def run_turn(message_id: str, has_media: bool) -> None:
        try:
            if has_media:
                collect(message_id)
                durable.step("perceive", perceiving.perceive, message_id, attempts=3)
            durable.step("answer", turn.answer, message_id, attempts=settings.turn_attempts)
        except Exception:
            if durable.ending:  # the next process goes on with this turn
                raise Ending from None
            log.exception("turn_given_up", message_id=message_id)
            durable.step("give_up", turn.give_up, message_id, attempts=settings.turn_attempts)

    def run_delivery(message_id: str) -> None:
        try:
            durable.step("deliver", delivering.deliver, message_id, attempts=3)
        except Exception:
            if durable.ending:
                raise Ending from None
            log.exception("delivery_given_up", message_id=message_id)
            durable.step("bury", delivering.bury, message_id, "internal", attempts=3)

    def run_scoring(conversation_id: str) -> None:
        durable.step("score", closing.score, conversation_id, attempts=3)

    durable.workflow("turn", run_turn)
    durable.workflow("delivery", run_delivery)
    durable.workflow("scoring", run_scoring)
    durable.queue(TURNS, polling_s=PROMPT_S)
    durable.queue(DELIVERIES, polling_s=SOON_S)
    durable.queue(CLOSINGS, polling_s=UNHURRIED_S)
    durable.schedule("close_silent", EVERY_HALF_MINUTE, closing.close_silent)
    durable.schedule("requeue", EVERY_HALF_MINUTE, lambda: _requeue(inbox, delivering))
    durable.schedule("forget_finished", EVERY_HOUR, lambda: durable.forget_finished(FINISHED_KEPT))


def _requeue(inbox: Inbox, delivering: Delivering) -> None:
    inbox.requeue(older_than=timedelta(seconds=10))
    delivering.requeue()


def build_parser(settings: Settings, products: Sequence[str] = ()) -> Understander:
    """``products`` are names to look for. Raises NluError when nothing has been trained yet."""
    return Understander.load(
        settings.nlu_dir,
        encoder_dir=settings.encoder_dir,
        products=products,
        order_number_pattern=settings.order_number_pattern,
        phone_regions=settings.phone_regions.split(),
        now=lambda: datetime.now(ZoneInfo(settings.timezone)),
    )


def build_knowledge(encoder: SentenceEncoder) -> Knowledge:
    """What the shop has written down to be told. Raises NluError for a file that cannot be used."""
    return Knowledge.load(KNOWLEDGE, encoder)


def product_names(database: Database) -> list[str]:
    """What the shop sells, in both languages."""
    with database.reading() as session:
        rows = session.execute(select(Product.name_en, Product.name_zh)).all()
    return [name for row in rows for name in row]


def build_dialogue(settings: Settings, keys: Keys, rasa_url: str) -> Dialogue:
    return Dialogue(
        rasa_url, keys.engine, timeout_s=settings.rasa_timeout_s, restart_wait_s=settings.rasa_restart_wait_s
    )


def build_senses(settings: Settings) -> PerceptionService:
    return PerceptionService(
        whisper_dir=settings.whisper_dir,
        limits=replace(media_limits(settings), max_bytes=GROWTH * settings.media_limit_bytes),
        order_number_pattern=settings.order_number_pattern,
        more_phrases=phrases_of_customers(),
        timeout_s=settings.perception_timeout_s,
        workers=settings.perception_workers,
    )


def phrases_of_customers() -> list[str]:
    """English sentences of the NLU examples: they teach the recogniser what customers say."""
    examples = read_directory(NLU_EXAMPLES).examples
    return [example.text for example in examples if detect(example.text) == "en"]


def burst_window(settings: Settings, channel: str) -> timedelta:
    """The pause after which a customer's messages on a channel are answered together."""
    return timedelta(seconds=settings.web_burst_window_s if channel == "web" else settings.burst_window_s)


def media_limits(settings: Settings) -> MediaLimits:
    return MediaLimits(max_bytes=settings.media_limit_bytes, max_audio_s=settings.audio_limit_s)


def build_actions_for(site: Site) -> list[Action]:
    return build_actions(site.database, order_number_pattern=site.settings.order_number_pattern, now=utc_now)


def build_engine(
    settings: Settings, keys: Keys, rasa: Path, internal_url: str, rasa_port: int, dialogue: Dialogue, metrics: Metrics
) -> Engine:
    """Rasa as our child: loopback only, no telemetry, silent about customers' words."""
    command = [
        str(rasa), "run", "--enable-api", f"--auth-token={keys.engine}",  # joined: a token may begin with a dash
        "--interface", "127.0.0.1", "--port", str(rasa_port),
        "--model", str(settings.dialogue_dir), "--endpoints", "endpoints.yml", "--credentials", "credentials.yml",
    ]  # fmt: skip
    return Engine(
        command,
        environment=rasa_environment(settings, internal_url),
        cwd=PROJECT,
        log_path=settings.data / "rasa.log",
        is_ready=dialogue.ready,
        on_restart=metrics.engine_restarts.inc,
    )


def rasa_environment(settings: Settings, internal_url: str) -> dict[str, str]:
    return {
        "CRMBOT_NLU_URL": internal_url,
        "CRMBOT_ACTION_URL": f"{internal_url}/webhook",
        "CRMBOT_TRACKER_DIALECT": "sqlite",
        "CRMBOT_TRACKER_DB": str(settings.tracker_path),
        "RASA_TELEMETRY_ENABLED": "false",
        "LOG_LEVEL": settings.rasa_log_level.upper(),
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "CUDA_VISIBLE_DEVICES": "",
        "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
        "PYTHONWARNINGS": "ignore",
    }
