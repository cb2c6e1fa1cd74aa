"""Laws of perception: any bytes end in facts or in one of its own errors, and spelled numbers never lose words."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from functools import cache

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from perception import wire
from perception.audio import SAMPLE_RATE, decode
from perception.errors import PerceptionError
from perception.facts import Code, Field, Photo, TextLine
from perception.fields import fields_of
from perception.media import TAKEN, MediaLimits, identify
from perception.numbers_in_text import order_numbers_in
from perception.picture import clean_photo, open_upright
from perception.spoken import written_form
from perception.worker import PerceptionService
from tests.unit.perception.pictures import encoded, noise, qr_code
from tests.unit.perception.sounds import media

LIMITS = MediaLimits(max_bytes=200_000, max_audio_s=10, max_pixels=100_000)
SLOWEST_S = 5.0
PATTERN = r"A\d{4,8}"

# damaged metadata is the subject here; Pillow warns of it
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")


@cache
def seeds() -> list[bytes]:
    picture = noise(90, 70)
    photos = [encoded(picture, form) for form in ("JPEG", "PNG", "GIF", "WEBP")]
    photos += [encoded(picture, "JPEG", progressive=True), encoded(qr_code("A1024"), "PNG")]
    names = ("ogg", "webm", "m4a", "mp3", "wav")
    return photos + [media(f"where_is_my_order.{name}") for name in names]


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A good file with bytes changed, cut out, doubled or put before it; the head is hit more often than the rest."""
    data = bytearray(draw(st.sampled_from(seeds())))
    for _ in range(draw(st.integers(1, 8))):
        reach = draw(st.sampled_from([64, 512, len(data)]))
        at = draw(st.integers(0, max(min(reach, len(data)) - 1, 0)))
        match draw(st.sampled_from(["change", "cut", "drop", "double", "insert"])):
            case "change":
                data[at : at + 1] = draw(st.binary(min_size=1, max_size=4))
            case "cut":
                del data[at:]
            case "drop":
                del data[at : at + draw(st.integers(1, 200))]
            case "double":
                data[at:at] = data[at : at + draw(st.integers(1, 2000))]
            case "insert":
                data[at:at] = draw(st.binary(max_size=20))
    return bytes(data)


def within_time(started: float) -> bool:
    return time.process_time() - started < SLOWEST_S


@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.one_of(damaged(), st.binary(max_size=200)))
def test_any_bytes_decode_or_end_in_our_own_error(data: bytes) -> None:
    started = time.process_time()
    try:
        kind = identify(data, limits=LIMITS)
    except PerceptionError:
        return
    assert kind in TAKEN
    try:
        if kind.kind == "image":
            picture = open_upright(data, limits=LIMITS)
            assert picture.mode == "RGB"
            assert picture.width * picture.height <= LIMITS.max_pixels
            assert identify(clean_photo(data, limits=LIMITS)).kind == "image"
        else:
            samples = decode(data, limits=LIMITS)
            assert 0 < len(samples) <= LIMITS.max_audio_s * SAMPLE_RATE
            assert samples.dtype == np.float32
            assert np.isfinite(samples).all()
            assert np.abs(samples).max() <= 1
    except PerceptionError:
        pass
    assert within_time(started)


@pytest.fixture(scope="module")
def service() -> Iterator[PerceptionService]:
    service = PerceptionService(limits=LIMITS, timeout_s=60)
    yield service
    service.close()


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=damaged())
def test_any_bytes_leave_the_service_standing(service: PerceptionService, data: bytes) -> None:
    for sense in (service.clean_photo, service.duration_s):
        with contextlib.suppress(PerceptionError):
            assert sense(data)


english = "a a. b t alpha order number is it's one two zero oh ten twenty thirty four thousand hundred and double"
others = "at dot com plus A1024 1024 7 , . ? 一零二四 A幺零 七七八八 诶 艾特 点 我的订单 是 example email 😀 \u202e"
words = st.sampled_from(f"{english} {others}".split(" "))
sentences = st.lists(words, max_size=14).map(" ".join) | st.text(max_size=40)


@settings(max_examples=500, deadline=None)
@given(sentences)
def test_the_written_form_is_stable_and_invents_no_letters(text: str) -> None:
    written = written_form(text)
    assert len(written) <= 2 * len(text) + 8
    if not any(character.isalnum() for character in text):
        assert written == text


@given(st.integers(1000, 99_999_999))
def test_a_number_spelled_digit_by_digit_is_written_as_that_number(number: int) -> None:
    english = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
    spelled = " ".join(english[int(digit)] for digit in str(number))
    assert written_form(f"where is my order a {spelled}") == f"where is my order A{number}"
    chinese = "".join("零一二三四五六七八九"[int(digit)] for digit in str(number))
    assert written_form(f"我的订单A{chinese}到哪里了") == f"我的订单A{number}到哪里了"


@given(st.integers(1000, 99_999_999), st.sampled_from(["?order={}", "/o/{}/x", "{}", " {}。", "#{}", "No.{}"]))
def test_an_order_number_is_found_in_any_address(number: int, place: str) -> None:
    assert order_numbers_in(place.format(f"A{number}"), PATTERN) == [f"A{number}"]


boxes = st.tuples(*[st.integers(0, 4000)] * 4)
lines = st.builds(
    TextLine, st.text(min_size=1, max_size=30) | st.from_regex(r"[A-Z]{3,8} \d{1,4}\.\d{2}"), boxes, st.floats(0, 1)
)
codes = st.builds(Code, st.just("QRCode"), st.text(max_size=60), boxes)


@settings(deadline=None)
@given(st.lists(codes, max_size=3), st.lists(lines, max_size=30))
def test_fields_come_from_any_lines_and_each_value_once(found: list[Code], read: list[TextLine]) -> None:
    fields = fields_of(found, read, order_number_pattern=PATTERN)
    assert len({(field.name, field.value) for field in fields}) == len(fields)
    assert all(0 <= field.confidence <= 1 for field in fields)
    assert {field.name for field in fields} <= {"order_number", "tracking_number", "date", "total", "merchant"}


fields = st.builds(Field, st.text(max_size=9), st.text(max_size=30), boxes, st.floats(0, 1))
photos = st.builds(
    Photo,
    kind=st.sampled_from(["receipt", "photo"]),
    width=st.integers(1, 9000),
    height=st.integers(1, 9000),
    codes=st.lists(codes, max_size=3).map(tuple),
    lines=st.lists(lines, max_size=3).map(tuple),
    fields=st.lists(fields, max_size=3).map(tuple),
)


@given(photos)
def test_a_photo_crosses_to_the_server_unchanged(photo: Photo) -> None:
    assert wire.photo_from_json(wire.facts_to_json(photo)) == photo
