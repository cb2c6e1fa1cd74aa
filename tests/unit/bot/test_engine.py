"""The supervised child: started, restarted, ended, and gone when its parent is killed."""

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from bot.engine import Engine, rasa_executable
from bot.errors import SetupError
from bot.settings import PROJECT
from tests.serving import wait_until

SLEEPER = [sys.executable, "-c", "import time; time.sleep(600)"]


def engine_of(tmp_path: Path, command: list[str], restarts: list[int]) -> Engine:
    return Engine(
        command,
        environment={"ENGINE_TEST": "1"},
        cwd=PROJECT,
        log_path=tmp_path / "engine.log",
        is_ready=lambda: True,
        on_restart=lambda: restarts.append(1),
    )


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_killed_child_is_started_again_and_stop_ends_it(tmp_path: Path) -> None:
    restarts: list[int] = []
    engine = engine_of(tmp_path, SLEEPER, restarts)
    engine.start()
    first = engine.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    second = wait_until(lambda: engine.pid if engine.pid != first else None)
    assert restarts == [1]
    assert engine.wait_ready(1)
    engine.stop()
    assert not alive(second)
    assert restarts == [1]


def test_its_output_goes_to_the_log(tmp_path: Path) -> None:
    engine = engine_of(tmp_path, [sys.executable, "-c", "import os; print('out', os.environ['ENGINE_TEST'])"], [])
    engine.start()
    wait_until(lambda: "out 1" in (tmp_path / "engine.log").read_text())
    engine.stop()


def test_a_child_that_is_never_ready_is_told_so(tmp_path: Path) -> None:
    engine = Engine(
        SLEEPER, environment={}, cwd=PROJECT, log_path=tmp_path / "l", is_ready=lambda: False, on_restart=lambda: None
    )
    engine.start()
    assert not engine.wait_ready(0.3)
    engine.stop()


@pytest.mark.skipif(sys.platform != "linux", reason="the tie between parent and child is Linux's")
def test_the_child_does_not_outlive_a_killed_parent(tmp_path: Path) -> None:
    program = textwrap.dedent(
        f"""
        import sys, time
        from pathlib import Path
        from bot.engine import Engine
        engine = Engine({SLEEPER!r}, environment={{}}, cwd=Path({str(PROJECT)!r}),
                        log_path=Path({str(tmp_path / "log")!r}), is_ready=lambda: True)
        engine.start()
        print("child", engine.pid, flush=True)
        time.sleep(600)
        """
    )
    parent = subprocess.Popen([sys.executable, "-c", program], cwd=PROJECT, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = next(int(line.split()[1]) for line in parent.stdout if line.startswith("child"))
    wait_until(lambda: b"sleep" in Path(f"/proc/{child}/cmdline").read_bytes())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    wait_until(lambda: not alive(child))


def test_a_missing_environment_is_named(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="make engine"):
        rasa_executable(tmp_path)
