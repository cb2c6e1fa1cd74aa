"""The service with its real worker processes: bounded in time and memory, and alone when the server dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from perception.audio import decode
from perception.errors import (
    EmptyMedia,
    MediaTooLarge,
    NoRecogniser,
    PerceptionTimeout,
    UnreadableMedia,
    UnsupportedMedia,
)
from perception.media import MediaLimits, identify
from perception.worker import PerceptionService, ServiceClosed
from tests.unit.perception.pictures import encoded, noise, qr_code, written
from tests.unit.perception.sounds import media, wav

NOTE = media("where_is_my_order.ogg")
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def service() -> Iterator[PerceptionService]:
    service = PerceptionService(limits=MediaLimits(max_audio_s=60))
    yield service
    service.close()


def workers_of(pid: int) -> list[int]:
    """Worker processes of ours whose parent is ``pid``."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            command = (entry / "cmdline").read_bytes()
        except OSError:
            continue
        if parent == pid and b"perception.worker_process" in command:
            found.append(int(entry.name))
    return found


def lives(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False


def wait_until(condition: Callable[[], object], timeout_s: float = 20.0) -> bool:
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.05)
    return False


def test_a_voice_note_is_heard(service: PerceptionService) -> None:
    speech = service.transcribe(NOTE, language_hint="en")
    assert speech.text == "where is my order A1024"
    assert speech.duration_s == pytest.approx(3.5, abs=0.1)
    assert service.duration_s(NOTE) == speech.duration_s


def test_silence_is_heard_as_silence_in_any_language(service: PerceptionService) -> None:
    assert not service.transcribe(media("silence.wav"), language_hint="zh").has_speech


def test_a_photo_is_looked_at(service: PerceptionService) -> None:
    picture = written(["GREEN LEAF", "Order A1024"])
    picture.paste(qr_code("https://shop.example/?order=A1024", scale=2), (400, 20))
    photo = service.look(encoded(picture, "PNG"))
    assert [code.format for code in photo.codes] == ["QRCode"]
    assert {line.text for line in photo.lines} >= {"GREEN LEAF", "Order A1024"}
    assert [(field.name, field.value) for field in photo.fields] == [("order_number", "A1024")]


def test_a_photo_is_cleaned(service: PerceptionService) -> None:
    exif = Image.Exif()
    exif[0x0110] = "Phone of Li Ming"
    cleaned = service.clean_photo(encoded(noise(300, 200), "JPEG", exif=exif))
    assert identify(cleaned).mime == "image/jpeg"
    assert b"Li Ming" not in cleaned


def test_errors_cross_the_boundary_as_they_are(service: PerceptionService) -> None:
    with pytest.raises(EmptyMedia):
        service.look(b"")
    with pytest.raises(UnsupportedMedia):
        service.transcribe(encoded(noise(20, 20), "PNG"))
    with pytest.raises(UnsupportedMedia):
        service.look(NOTE)
    with pytest.raises(UnreadableMedia):
        service.look(encoded(noise(200, 200), "PNG")[:5000])
    with pytest.raises(UnreadableMedia):
        service.transcribe(wav(np.zeros(0)))
    with pytest.raises(NoRecogniser):
        service.transcribe(NOTE, language_hint="zh")
    with pytest.raises(MediaTooLarge) as caught:
        service.transcribe(wav(np.zeros(61 * 16_000)))
    assert caught.value.limit == 60


def test_many_threads_may_ask_at_once(service: PerceptionService) -> None:
    pictures = [encoded(qr_code(f"A{1000 + at}"), "PNG") for at in range(6)]
    with ThreadPoolExecutor(6) as pool:
        photos = list(pool.map(service.look, pictures))
    assert [photo.codes[0].text for photo in photos] == [f"A{1000 + at}" for at in range(6)]


@pytest.fixture
def fresh() -> Iterator[PerceptionService]:
    """A service of the test's own; its first worker is the only one that is not there yet."""
    service = PerceptionService(timeout_s=3.0)
    yield service
    service.close()


@pytest.fixture
def before(service: PerceptionService) -> set[int]:
    return set(workers_of(os.getpid()))


def only_new(before: set[int]) -> int:
    (worker,) = set(workers_of(os.getpid())) - before
    return worker


def test_the_worker_loads_no_torch(service: PerceptionService) -> None:
    """Every library in use stands in a process's memory map by its file name."""
    service.transcribe(NOTE)
    service.look(encoded(qr_code("A1024"), "PNG"))
    maps = [Path(f"/proc/{worker}/maps").read_text() for worker in workers_of(os.getpid())]
    assert any("onnxruntime" in each and "pocketsphinx" in each for each in maps)
    assert not any("torch" in each or "tensorflow" in each for each in maps)


def test_the_servers_environment_is_not_passed_on(
    fresh: PerceptionService, before: set[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRMBOT_SECRET", "hush")
    fresh.clean_photo(encoded(noise(30, 30), "PNG"))
    assert b"hush" not in Path(f"/proc/{only_new(before)}/environ").read_bytes()


def test_a_job_that_takes_too_long_ends_its_worker_and_the_next_finds_another(
    fresh: PerceptionService, before: set[int]
) -> None:
    long_note = wav(np.tile(decode(NOTE), 60))
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(fresh.transcribe, long_note)
        assert wait_until(lambda: set(workers_of(os.getpid())) - before)
        slow = only_new(before)
        with pytest.raises(PerceptionTimeout):
            asked.result()
    assert not lives(slow)
    with pytest.raises(UnreadableMedia):
        fresh.look(encoded(noise(200, 200), "PNG")[:5000])
    assert only_new(before) != slow


def test_a_worker_that_dies_at_work_costs_one_typed_error(fresh: PerceptionService, before: set[int]) -> None:
    long_note = wav(np.tile(decode(NOTE), 60))
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(fresh.transcribe, long_note)
        assert wait_until(lambda: set(workers_of(os.getpid())) - before)
        time.sleep(0.5)
        os.kill(only_new(before), signal.SIGSEGV)
        with pytest.raises(UnreadableMedia):
            asked.result()
    with pytest.raises(UnsupportedMedia):
        fresh.look(NOTE)


def test_a_worker_that_died_between_jobs_is_replaced_without_an_error(
    fresh: PerceptionService, before: set[int]
) -> None:
    assert fresh.duration_s(NOTE) > 3
    dead = only_new(before)
    os.kill(dead, signal.SIGKILL)
    assert wait_until(lambda: not lives(dead))
    assert fresh.duration_s(NOTE) > 3


def test_closing_does_not_blame_the_media(before: set[int]) -> None:
    service = PerceptionService()
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(service.transcribe, wav(np.tile(decode(NOTE), 60)))
        assert wait_until(lambda: set(workers_of(os.getpid())) - before)
        time.sleep(0.5)
        service.close()
        with pytest.raises(ServiceClosed):
            asked.result()
    with pytest.raises(ServiceClosed):
        service.look(encoded(noise(30, 30), "PNG"))
    service.close()
    assert set(workers_of(os.getpid())) == before


def test_a_worker_that_needs_more_memory_than_allowed_answers_with_a_typed_error() -> None:
    service = PerceptionService(memory_limit_mb=260)
    try:
        with pytest.raises(UnreadableMedia):
            service.clean_photo(encoded(Image.new("RGB", (6300, 6300)), "PNG"))
        assert identify(service.clean_photo(encoded(noise(30, 30), "PNG"))).mime == "image/png"
    finally:
        service.close()


def test_ctrl_c_at_the_terminal_does_not_reach_a_worker(fresh: PerceptionService, before: set[int]) -> None:
    assert fresh.duration_s(NOTE) > 3
    worker = only_new(before)
    assert os.getpgid(worker) != os.getpgid(0)
    os.kill(worker, signal.SIGINT)
    assert fresh.duration_s(NOTE) > 3
    assert only_new(before) == worker


SERVER = """
import sys, time
from pathlib import Path
from perception.worker import PerceptionService
service = PerceptionService()
note = Path(sys.argv[1]).read_bytes()
service.duration_s(note)
print("ready", flush=True)
service.transcribe(note)
"""


@pytest.mark.parametrize("busy", [False, True])
def test_workers_end_with_the_server_even_by_kill_9(tmp_path: Path, busy: bool) -> None:
    note = tmp_path / "note.wav"
    note.write_bytes(wav(np.tile(decode(NOTE), 60)))
    with subprocess.Popen([sys.executable, "-c", SERVER, str(note)], cwd=ROOT, stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        assert server.stdout.readline() == b"ready\n"
        if busy:
            assert wait_until(lambda: len(workers_of(server.pid)) == 2)
            time.sleep(3)
        workers = workers_of(server.pid)
        assert workers
        server.kill()
    assert wait_until(lambda: not any(lives(worker) for worker in workers), timeout_s=10)


def test_warming_up_loads_the_models(before: set[int]) -> None:
    service = PerceptionService()
    try:
        service.warm_up()
        maps = [Path(f"/proc/{worker}/maps").read_text() for worker in set(workers_of(os.getpid())) - before]
        assert len(maps) == 2
        assert sum("pocketsphinx" in each and "onnxruntime" in each for each in maps) == 1
    finally:
        service.close()
