"""rtctl help, completion, and words that are no verb."""

import re
import shutil
import subprocess
import sys

import pytest

from rtctl.cli.command_table import ALIASES, COMMANDS
from rtctl.main import main
from tests.helpers.daemon import Daemon
from tests.helpers.rows import submit


def complete(daemon: Daemon, *words: str) -> list[str]:
    return daemon.ok("complete", "--", *words).splitlines()


@pytest.mark.parametrize("verb", [*COMMANDS, *ALIASES])
def test_every_verb_has_help(jobs: Daemon, verb: str) -> None:
    text = jobs.ok("help", verb)
    assert text.startswith("rtctl ")
    assert jobs.ok(verb, "--help") == text


def test_the_overview_lists_verbs_and_exit_codes(jobs: Daemon) -> None:
    text = jobs.ok("--help")
    assert text == jobs.ok("-h") == jobs.ok("help")
    assert "kill" in text
    assert "124 timed out" in text


@pytest.mark.parametrize("columns", [60, 80, 120])
@pytest.mark.parametrize("verb", [None, *COMMANDS])
def test_help_fits_the_terminal(
    verb: str | None,
    columns: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert main(["help", *([verb] if verb else [])]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert not [line for line in lines if len(re.sub(r"\x1b\[\d*m", "", line)) > columns]


def test_an_unknown_verb_is_one_line(jobs: Daemon) -> None:
    for words in (["kil", "x"], ["help", "kil"]):
        done = jobs.rtctl(*words)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
        assert "did you mean kill?" in done.stderr


def test_completion_knows_verbs_flags_tasks_parameters_queues_and_runs(jobs: Daemon) -> None:
    run = submit(jobs, "add", "a:=1", "-Q", "complete-me", "--wait")
    assert complete(jobs, "ki") == ["kill"]
    assert complete(jobs, "ls", "--li") == ["--limit"]
    assert complete(jobs, "submit", "ad") == ["add"]
    assert complete(jobs, "submit", "add", "") == ["a=", "b="]
    assert complete(jobs, "queue", "pa") == ["pause"]
    assert complete(jobs, "queue", "pause", "complete") == ["complete-me"]
    assert run in complete(jobs, "show", run[:4])
    assert complete(jobs, "submit", "--", "ls", "x") == []


def test_completion_is_silent_without_a_daemon() -> None:
    daemon = Daemon()
    done = daemon.rtctl("complete", "--", "submit", "x")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    daemon.close()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_is_one_that_the_shell_takes(jobs: Daemon, shell: str) -> None:
    script = jobs.ok("completion", shell)
    assert "rtctl complete" in script
    if shutil.which(shell):
        subprocess.run([shell, "-n"], input=script, text=True, check=True)


def test_bash_completes_with_it(jobs: Daemon) -> None:
    script = jobs.ok("completion", "bash") + (
        "\nCOMP_WORDS=(rtctl submit ad); COMP_CWORD=2; _rtctl; echo ${COMPREPLY[@]}"
    )
    done = subprocess.run(
        ["bash"], input=script, text=True, env=jobs.env, capture_output=True, check=True
    )
    assert done.stdout.strip() == "add"


def test_an_unknown_shell_is_one_line(jobs: Daemon) -> None:
    done = jobs.rtctl("completion", "tcsh")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)


def test_a_word_too_many_is_named(jobs: Daemon) -> None:
    for verb, takes in (("status", "flags only"), ("graph", "1 TASK")):
        done = jobs.rtctl(verb, *(["one"] if verb == "graph" else []), "more")
        assert done.returncode == 2
        assert done.stderr == f"rtctl: {verb}: what is 'more'? It takes {takes}\n"
