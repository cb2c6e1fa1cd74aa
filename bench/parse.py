"""``crmbot bench parse``: what understanding costs when it serves: time, throughput, the event loop, memory, start.

It measures the trained models that are there, on our own examples. The peers are ours too: one core against itself
under load, remembered against not, batches against one by one. ``crmbot bench nlu`` has the comparison with DIET.
"""

from __future__ import annotations

import asyncio
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.encoder_batches import Batching, batched
from bench.nlu_arms import Served
from bench.parse_load import Times, answer_times, answers_a_second, loop_times, serving
from bench.parse_texts import Kind, Texts, held_out
from bot.settings import PROJECT, Settings
from nlu.understander import Understander

SEED = 20
SHORT, LONG_ONES = 150, 20
AT_ONCE = (1, 8, 32)
ASKED = 192
"""Texts for each throughput in each round."""
ROUNDS = 3
BATCHES = (1, 2, 4, 8, 16, 32)
WARM_UP = ("hello there", "is it far from here", "什么时候", "tomorrow at 5", "march 3", "(312) 555-0164", "下周二三点")

_START = """
import json, sys, time
from pathlib import Path
began = time.perf_counter(), time.process_time()
from nlu.understander import Understander
imported = time.perf_counter(), time.process_time()
understander = Understander.load(Path(sys.argv[1]), encoder_dir=Path(sys.argv[2]))
loaded = time.perf_counter(), time.process_time()
understander.parse("where is my order A1024?")
parsed = time.perf_counter(), time.process_time()
steps = began, imported, loaded, parsed
print(json.dumps([[after[clock] - before[clock] for before, after in zip(steps, steps[1:])] for clock in (0, 1)]))
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """One kind of text: processor time in the process, and the answer over HTTP, new and asked a second time."""

    kind: str
    cpu: Times
    new: Times
    again: Times


@dataclass(frozen=True, slots=True)
class Start:
    """Seconds of imports, loading and the first parse: by the clock and of the processor; medians."""

    clock: tuple[float, ...]
    processor: tuple[float, ...]


def run(settings: Settings, *, json_path: Path | None) -> None:
    """Prints the tables, and writes JSON where a path is given. Raises NluError where nothing is trained yet."""
    console, texts = Console(), Texts(SEED)
    model, encoder = settings.nlu_dir, settings.encoder_dir
    understander = Understander.load(model, encoder_dir=encoder)
    understander.parse_many(WARM_UP)
    kinds = [texts.short("en", SHORT), texts.short("zh", SHORT)]
    kinds += [texts.long("en", LONG_ONES), texts.long("zh", LONG_ONES)]
    with serving(encoder, model) as (served, url):
        for text in WARM_UP:
            served.ask(text)
        costs = [
            Cost(
                kind.name,
                _cpu(understander.parse, kind),
                answer_times(served, kind.texts),
                answer_times(served, kind.texts),
            )
            for kind in kinds
        ]
        rates = _rates(url, texts)
        alone, meanwhile = asyncio.run(loop_times(url, texts.mixed(2 * ASKED), max(AT_ONCE)))
        peak_mb = served.peak_mb()
    start = _start(model, encoder)
    batches = batched(encoder, model, held_out(), BATCHES)
    report = {
        "ran": _ran(),
        "texts": [asdict(one) for one in costs],
        "answers_a_second": rates,
        "loop": {"alone": asdict(alone), "while_32_wait": asdict(meanwhile)},
        "peak_mb": peak_mb,
        "start_s": asdict(start),
        "batches": [asdict(one) for one in batches],
    }
    console.print(", ".join(f"{key} {value}" for key, value in _ran().items()))
    for table in (_costs(costs), _throughput(rates), _batches(batches)):
        console.print(table)
    for line in _lines(alone, meanwhile, peak_mb, start):
        console.print(line)
    if json_path is not None:
        json_path.write_text(json.dumps(report, indent=2))


def _cost(kind: Kind, parse: Callable[[str], object], served: Served) -> Cost:
    return Cost(kind.name, _cpu(parse, kind), answer_times(served, kind.texts), answer_times(served, kind.texts))


def _cpu(parse: Callable[[str], object], kind: Kind) -> Times:
    """Of this thread: what others do on the machine does not count."""
    times = []
    for text in kind.texts:
        began = time.thread_time()
        parse(text)
        times.append((time.thread_time() - began) * 1000)
    return Times.of(times)


def _rates(url: str, texts: Texts) -> dict[int, float]:
    """Answers a second; rounds alternate, and the median counts."""
    rounds = [
        [asyncio.run(answers_a_second(url, texts.mixed(ASKED), at_once)) for at_once in AT_ONCE] for _ in range(ROUNDS)
    ]
    return {at_once: median(one[place] for one in rounds) for place, at_once in enumerate(AT_ONCE)}


def _start(model: Path, encoder: Path) -> Start:
    command = [sys.executable, "-c", _START, str(model), str(encoder)]
    runs = []
    for _ in range(ROUNDS):
        done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True)  # noqa: S603
        runs.append(json.loads(done.stdout))
    clock, processor = (tuple(median(run[which][step] for run in runs) for step in range(3)) for which in (0, 1))
    return Start(clock, processor)


def _ran() -> dict[str, Any]:
    return {
        "crmbot": version("crmbot"),
        "python": platform.python_version(),
        "onnxruntime": version("onnxruntime"),
        "cores": os.cpu_count(),
        "seed": SEED,
    }


def _costs(costs: Sequence[Cost]) -> Table:
    table = Table("", "processor p50", "p95", "HTTP, new p50", "p95", "HTTP, again p50", "p95", title="One text, ms")
    for one in costs:
        times = (one.cpu, one.new, one.again)
        table.add_row(one.kind, *(f"{value:.2f}" for each in times for value in (each.p50, each.p95)))
    return table


def _throughput(rates: dict[int, float]) -> Table:
    table = Table("at once", "answers a second", "against one", title="New short texts over HTTP, server on one core")
    for at_once, rate in rates.items():
        table.add_row(str(at_once), f"{rate:.0f}", f"{rate / rates[min(rates)]:.2f}")
    return table


def _batches(batches: Sequence[Batching]) -> Table:
    title = "The encoder, several texts in one run (not how it is served)"
    other = f"other intent, of {len(held_out())}"
    table = Table("texts", "ms for each", "against one by one", "least cosine", other, title=title)
    for one in batches:
        ratio = one.ms / batches[0].ms
        table.add_row(str(one.size), f"{one.ms:.2f}", f"{ratio:.2f}", f"{one.least_cosine:.3f}", str(one.otherwise))
    return table


def _lines(alone: Times, meanwhile: Times, peak_mb: float | None, start: Start) -> list[str]:
    imports, load, first = start.clock
    return [
        f"a page without understanding: alone {_told(alone)}, while {max(AT_ONCE)} texts wait {_told(meanwhile)}",
        "peak memory of the serving process: " + ("unknown" if peak_mb is None else f"{peak_mb:.0f} MB"),
        f"start: imports {imports:.2f} s, loading {load:.2f} s, first parse {first * 1000:.0f} ms"
        f" (processor {start.processor[0]:.2f}, {start.processor[1]:.2f} s, {start.processor[2] * 1000:.0f} ms)",
    ]


def _told(times: Times) -> str:
    return f"p50 {times.p50:.1f} p95 {times.p95:.1f} most {times.most:.1f} ms"
