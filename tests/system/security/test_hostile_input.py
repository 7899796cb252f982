"""Valid and hostile: names in pictures, large conditions, contradictory crons, clients."""

import asyncio
import contextlib
import subprocess
import time
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from rtctl.aio.client import AsyncClient
from rtctl.cli.graph import mermaid, svg, tree
from rtd.common.errors import RtdError
from rtd.language.core.errors import ConditionError
from rtd.language.grammar import GRAMMAR
from rtd.language.parser import parse
from tests.helpers.daemon import BIN, Daemon, shared_daemon
from tests.helpers.deadline import until
from tests.helpers.running import client

NAMES = [
    "<script>alert(1)</script>", "]]><x/>", "&lt;&#0;&bogus;", '"onload="x', "'--><!--",
    "\x1b[2J\x00\x07", "\ud800\udc9b\ufffe\uffff", "a]:::missing", "t1 --> t2", "%%{init}%%",
    "click t0 href 'x'", "line\nbreak", "#quot;#35;", "界" * 200, "\u202ereversed", "end",
]  # fmt: skip


def graph_of(names: list[str]) -> Any:
    """The answer of the daemon for tasks of these names, each after the one before."""
    nodes = [{"task": name, "missing": at % 2 == 1, "lane": name, "condition": name,
              "end_condition": name, "enabled": True}
             for at, name in enumerate(names)]  # fmt: skip
    edges = [{"source": one, "target": other, "kind": "after", "text": f"{one} {other}"}
             for one, other in pairwise(names)]  # fmt: skip
    return {"nodes": nodes, "edges": edges}


def test_pictures_are_valid_xml_whatever_the_names() -> None:
    drawn = svg.draw(graph_of(NAMES))
    root = ET.fromstring(drawn.encode("utf-8"))
    tags = {one.tag.rpartition("}")[2] for one in root.iter()}
    assert tags <= {"svg", "style", "g", "rect", "text", "title", "path", "defs", "marker", "tspan"}
    attributes = {name for one in root.iter() for name in one.attrib}
    assert not [name for name in attributes if name.startswith("on") or "href" in name]


def test_mermaid_has_one_line_for_each_thing_whatever_the_names() -> None:
    drawn = mermaid.draw(graph_of(NAMES))
    lines = drawn.split("\n")
    assert len(lines) == 1 + len(NAMES) + len(NAMES) - 1 + 1
    assert all(c.isprintable() for c in drawn.replace("\n", ""))
    for line in lines[1:-1]:
        assert line.count('"') == 2
        inside = line.split('"')[1]
        assert not set(inside) & set('<>"`')


def test_trees_are_lines_whatever_the_names() -> None:
    drawn = tree.draw(graph_of(NAMES), is_ascii=False)
    assert all(c.isprintable() or c == "\n" for c in drawn)


def nested(depth: int) -> str:
    """A condition of so many negations."""
    return "~(" * depth + "true" + ")" * depth


@pytest.mark.parametrize(
    "text",
    [
        " & ".join(["daily after 08:00"] * 2000),
        " | ".join(f"daily between 08:{n % 60:02d} and 09:00" for n in range(2000)),
        nested(2000),
        "(" * 5000 + "true" + ")" * 5000,
        "(true & false) | " * 3000 + "true",
        "x" * 1_000_000,
        "daily after " + "0" * 100_000,
    ],
    ids=["and", "or", "not", "brackets", "mixed", "word", "digits"],
)
def test_large_conditions_are_read_or_refused_quickly(text: str) -> None:
    began = time.process_time()
    with contextlib.suppress(ConditionError):
        str(parse(text, GRAMMAR))
    assert time.process_time() - began < 10  # a tenth of it, on an idle machine


APP = """
from rtd import Session

session = Session()


@session.task(start_cond={condition!r})
def task(): ...
"""
CONTRADICTIONS = {
    "two crons": "cron 0 0 1 * * & cron 0 0 2 * *",
    "two minutes": "cron 1 * * * * & cron 2 * * * *",
    "times": "daily between 08:00 and 09:00 & daily between 10:00 and 11:00",
    "many crons": " & ".join(f"cron {n} {n % 24} {n % 28 + 1} {n % 12 + 1} *" for n in range(40)),
    "many or": "(" + " | ".join(f"cron {n % 60} {n % 24} 29 2 mon" for n in range(60)) + ")"
    " & cron 0 0 1 * *",
    "not": "every 1 minute & ~every 1 minute",
    "no such day": "cron 0 0 31 2 *",
}


@pytest.mark.parametrize("condition", CONTRADICTIONS.values(), ids=CONTRADICTIONS)
def test_contradictions_hold_up_no_simulation(tmp_path: Path, condition: str) -> None:
    (tmp_path / "odd.py").write_text(APP.format(condition=condition))
    done = subprocess.run(
        [BIN / "rtd", "simulate", "odd:session", "1772000000", "1806000000"], cwd=tmp_path,
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    is_refused = condition == CONTRADICTIONS["no such day"]
    assert done.returncode == (1 if is_refused else 0), done.stderr
    assert len(done.stderr.splitlines()) <= 1, done.stderr


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """A daemon whose tasks start never, by conditions that take long to find that out."""
    folder = tmp_path_factory.mktemp("odd")
    tasks = "".join(
        f"\n\n@session.task(name='t{at}', start_cond={text!r})\ndef t{at}(): ...\n"
        for at, text in enumerate(list(CONTRADICTIONS.values())[:-1])
    )
    (folder / "never.py").write_text(
        "from rtd import Session\nsession = Session()\n\n@session.task(name='echo')\n"
        f"def echo(value): return value\n{tasks}\n\n"
        "@session.task(start_cond='time of minute before 30 | time of minute after 30')\n"
        "def fails(): raise ValueError\n"
    )
    with shared_daemon("never:session", cwd=folder) as daemon:
        yield daemon


@pytest.mark.parametrize("words", ["next", "next fails", "why fails", "why t3", "tasks", "status"])
def test_contradictions_hold_up_no_daemon(daemon: Daemon, words: str) -> None:
    with client(daemon) as rt:
        until(lambda: rt.rpc.ls(task="fails", state=["exception"])["runs"], what="a failed run")
        with subprocess.Popen(
            ["rtctl", *words.split()], executable=BIN / "rtctl", env=daemon.env, cwd=daemon.cwd,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        ) as asking:  # fmt: skip
            while asking.poll() is None:
                began = time.monotonic()
                rt.ping()
                assert time.monotonic() - began < 1
        assert asking.returncode in (0, 3)


def test_the_asyncio_client_is_refused_as_the_other_and_goes_on(daemon: Daemon) -> None:
    async def run() -> None:
        async with AsyncClient(daemon.socket) as rt:
            for bad in (
                rt.submit("echo", value="\ud800"),
                rt.submit("e\udc9b", value=1),
                rt.rpc.kill(runs=["AAAA"] * 10_001),
                rt.rpc.kill(runs=["AAAA"], reason="x" * 501),
                rt.rpc.submit(task="echo", many=[{"value": 1}] * 10_001),
                rt.submit("echo", value=[0] * 200_000),
            ):
                with pytest.raises(RtdError) as refusal:
                    await bad
                assert "\n" not in str(refusal.value)
            runs = [await rt.submit("echo", value=number) for number in range(5)]
            await rt.wait(runs * 300)  # in pages
            assert [await run.result(20) for run in runs] == list(range(5))
            waits = [asyncio.create_task(rt.wait(runs)) for _ in range(100)]
            await asyncio.gather(*waits)

    asyncio.run(run())


def test_the_blocking_client_waits_for_many_runs_in_pages(daemon: Daemon) -> None:
    with client(daemon) as rt:
        runs = rt.submit_many("echo", [{"value": n} for n in range(5)])
        assert len(rt.wait(runs * 500, timeout=30)) == 2500
