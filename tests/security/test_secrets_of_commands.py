"""What `show` tells of an ad-hoc command: neither values of its environment nor its input."""

from collections.abc import Iterator

import pytest

from tests.helpers.daemon import Daemon, shared_daemon
from tests.helpers.running import client


@pytest.fixture(scope="module")
def daemon() -> Iterator[Daemon]:
    """A daemon without an app."""
    with shared_daemon() as daemon:
        yield daemon


@pytest.mark.parametrize("stdin", ["a secret line", b"a secret \xff line"])
def test_show_tells_the_names_alone(daemon: Daemon, stdin: str | bytes) -> None:
    with client(daemon) as rt:
        run = rt.command("cat", env={"TOKEN": "secret"}, stdin=stdin)
        run.wait(10)
        assert "secret" in "".join(map(str, run.logs()))
        for words in (["show"], ["-j", "show"], ["ls"], ["-j", "ls"], ["wait"], ["result"]):
            found = daemon.rtctl(*words, *([] if "ls" in words else [run.id]))
            assert "secret" not in found.stdout + found.stderr, words
        assert "TOKEN" in daemon.ok("show", run.id)
        failed = rt.command("cat", env={"TOKEN": "secret"}, stdin="secret", cwd="/nowhere")
        failed.wait(10)
        assert "secret" not in daemon.ok("show", failed.id)
    events = daemon.ok("-j", "events")
    assert "secret" not in events
    assert "secret" not in daemon.log.read_text()


def test_refused_parameters_are_not_told(daemon: Daemon) -> None:
    with client(daemon) as rt:
        for how in ({"env": {"TOKEN": ["secret"]}}, {"env": ["secret"]}, {"stdin": ["secret"]}):
            with pytest.raises(Exception, match="command: ") as refusal:
                rt.command("cat", **how)
            assert "secret" not in str(refusal.value)
