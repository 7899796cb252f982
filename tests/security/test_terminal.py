"""On a terminal nothing that a task, a client or Redis has written changes the terminal."""

import re
from collections.abc import Iterator

import pytest

from rtctl import Client
from rtd.model.run_record import decode_record, encode_record
from rtd.store.commands import keys
from rtd.store.connection.command import RedisCommand
from tests.helpers.daemon import Daemon, shared_daemon
from tests.helpers.occurrences import connect_redis
from tests.helpers.running import client
from tests.helpers.terminal import Terminal

PREFIX = keys.prefix("rtd")
EVIL = "\x1b]0;evil\x07\x1b[2J\x9b5n\u202e"
APP = f"""
from rtd import Session

session = Session(scheme="log_memory")
EVIL = {EVIL!r}


@session.task(name="fails")
def fails():
    raise ValueError("first" + EVIL + "\\nsecond" + EVIL)


@session.task(name="speaks", description="does " + EVIL)
def speaks():
    print("spoken" + EVIL)
    return "returned" + EVIL
"""
#: What rtctl itself may send: colours, and the end of the line of progress.
OURS = re.compile(r"\x1b\[(?:[0-9;]*m|K)")


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """A daemon whose app, runs and records want to change terminals."""
    folder = tmp_path_factory.mktemp("evil")
    (folder / "evil_app.py").write_text(APP)
    with shared_daemon("evil_app:session", cwd=folder) as daemon:
        yield daemon


@pytest.fixture(scope="module")
def runs(daemon: Daemon) -> dict[str, str]:
    """Ended runs, by what is evil about them."""
    with client(daemon) as rt:
        fails, speaks = rt.submit("fails"), rt.submit("speaks")
        missing = rt.command(f"no-{EVIL}")
        labelled = rt.submit_with("speaks", {}, {"labels": [f"l{EVIL}"], "id": f"k{EVIL}"})
        rt.wait([fails, speaks, missing, labelled])
        spoilt = _spoil(daemon, rt)
    return {"fails": fails.id, "speaks": speaks.id, "missing": missing.id,
            "labelled": labelled.id, "spoilt": spoilt}  # fmt: skip


def _spoil(daemon: Daemon, rt: Client) -> str:
    """Write names into a record that rtd itself would refuse."""
    run = rt.submit("speaks")
    run.wait(10)
    key = f"{PREFIX}r:{run.id}"
    with connect_redis(daemon) as store:
        record = decode_record(store.execute(RedisCommand(("GET", key))))
        spec = record.spec._replace(queue=f"q{EVIL}\nfake", lane=f"l{EVIL}", by=f"by{EVIL}\nfake")
        assert record.end is not None
        end = record.end._replace(by=f"b{EVIL}", why=f"w{EVIL}", pids=[[7, f"n{EVIL}", f"h{EVIL}"]])
        changed = encode_record(record._replace(spec=spec, end=end))
        store.execute(RedisCommand(("SET", key, changed)))
    return run.id


def shown(daemon: Daemon, *words: str) -> str:
    """What a command shows on a terminal, which may hold no control characters but ours."""
    text, _ = Terminal(["rtctl", *words], daemon.env, 120).finish()
    rest = OURS.sub("", text)
    bad = {c for c in rest if not c.isprintable() and c not in "\n\t\r"}
    assert not bad, (words, bad, text)
    return rest


@pytest.mark.parametrize("which", ["fails", "speaks", "missing", "spoilt"])
@pytest.mark.parametrize(
    "words", ["show", "logs", "logs -t", "result --traceback", "-j show", "wait"]
)
def test_commands_about_runs_are_clean(
    daemon: Daemon, runs: dict[str, str], which: str, words: str
) -> None:
    shown(daemon, *words.split(), runs[which])


@pytest.mark.parametrize(
    "words",
    [
        "ls",
        "-j ls",
        "events",
        "-j events",
        "tasklog",
        "tasks",
        "-j tasks",
        "queue ls",
        "graph",
        "graph -o mermaid",
        "graph -o svg",
        "status",
        "info",
        "simulate --hours 1",
        "next",
        "misses",
        "params",
    ],
)
def test_lists_are_clean(daemon: Daemon, runs: dict[str, str], words: str) -> None:
    shown(daemon, *words.split())


@pytest.mark.parametrize(
    "words",
    [["show", EVIL], ["ls", EVIL], ["submit", EVIL], [EVIL], ["ls", f"--{EVIL}"], ["kill", EVIL],
     ["queue", "purge", "--yes", EVIL], ["cond", EVIL], ["why", EVIL], ["params", EVIL],
     ["run", "--", EVIL], ["-s", f"/nowhere/{EVIL}", "ping"], ["logs", "x", "--since", EVIL]],
)  # fmt: skip
def test_errors_are_clean(daemon: Daemon, words: list[str]) -> None:
    assert shown(daemon, *words)


def test_the_text_itself_is_shown(daemon: Daemon, runs: dict[str, str]) -> None:
    assert "spoken" in shown(daemon, "logs", runs["speaks"])
    assert "returned" in shown(daemon, "result", runs["speaks"])
    assert "second" in shown(daemon, "show", runs["fails"])
    assert "\nfake" not in shown(daemon, "show", runs["spoilt"])


def test_raw_and_pipes_get_the_bytes_as_they_are(daemon: Daemon, runs: dict[str, str]) -> None:
    assert f"spoken{EVIL}" in daemon.ok("logs", runs["speaks"])
    assert f"returned{EVIL}" in daemon.ok("result", runs["speaks"])
    for verb in ("logs", "result"):
        text, _ = Terminal(["rtctl", verb, "--raw", runs["speaks"]], daemon.env, 120).finish()
        assert EVIL in text
    text, _ = Terminal(["rtctl", "run", "--raw", "speaks"], daemon.env, 120).finish()
    assert f"spoken{EVIL}" in text
