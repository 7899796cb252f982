"""Options of other programs: the error names rtd's own with an example, and that can be used."""

import re
from datetime import datetime
from typing import Any

import pytest

from rtctl.cli.command_table import COMMANDS
from rtctl.cli.flags import FlagParser, UsageError
from rtctl.commands import submit as submit_command
from rtd import App
from rtd.common.errors import ConfigError, PolicyError
from rtd.language.parser import parse
from rtd.model.manifest import TaskInfo
from rtd.model.words.other_options import OTHER_OPTIONS, rtd_flags, rtd_option
from rtd.session.tasks.define_task import TASK_OPTIONS
from rtd.supervisor.runs.submit_options import read_options
from rtd.tasks import CommandTask
from tests.helpers.source import ROOT

NAMES = {"datetime": datetime}
#: Options of commands alone.
OF_COMMANDS = {"cwd", "env"}
NAMED = [
    "time_limit", "soft_time_limit", "rate_limit", "retry", "max_retries", "autoretry_for", "cron",
    "schedule", "crontab", "max_instances", "unique", "on_failure", "on_success", "countdown",
    "eta", "expires_in", "queue_name", "bind", "ignore_result", "acks_late", "trigger",
    "misfire_grace_time", "coalesce", "numprocs", "autorestart", "stopwaitsecs", "concurrency",
]  # fmt: skip


def values(example: str) -> dict[str, Any]:
    """The options of an example."""
    found: dict[str, Any] = eval(f"dict({example})", NAMES)
    return found


@pytest.mark.parametrize("name", NAMED)
def test_a_task_with_an_option_of_another_program(name: str) -> None:
    with pytest.raises(PolicyError) as caught:
        App().task(name="t", **{name: 3})(print)
    assert f"unknown option {name!r}; " in str(caught.value)
    assert "did you mean" not in str(caught.value)
    assert rtd_option(name, "task").split("; ")[-1] in str(caught.value) or "start_cond" in str(
        caught.value
    )


@pytest.mark.parametrize("name", NAMED)
def test_a_submit_with_an_option_of_another_program(name: str) -> None:
    with pytest.raises(PolicyError) as caught:
        read_options(TaskInfo("t"), {name: 3})
    assert f"unknown policy {name!r}{rtd_option(name, 'submit')}" in str(caught.value)


@pytest.mark.parametrize("name", OTHER_OPTIONS)
def test_what_is_suggested_can_be_used(name: str) -> None:
    found = OTHER_OPTIONS[name]
    assert found.example or found.note
    assert name not in TASK_OPTIONS
    options = values(found.example)
    if "task" in found.places and options.keys() & OF_COMMANDS:
        CommandTask("true", name="t", session=App(as_default=False), **options)
    elif "task" in found.places and "name" not in options:
        App().task(name="t", **options)(lambda day="": None)
    if "submit" in found.places:
        options.pop("key", None)
        if "at" in options:
            options["at"] = options["at"].timestamp()
        read_options(TaskInfo("t"), options)


@pytest.mark.parametrize("name", OTHER_OPTIONS)
def test_flags_of_other_programs(name: str) -> None:
    flag = f"--{name.replace('_', '-')}"
    with pytest.raises(UsageError) as caught:
        FlagParser("submit", submit_command.FLAGS).parse([f"{flag}=3"])
    assert f"unknown flag {flag}{rtd_flags(flag)}" in str(caught.value)
    found = OTHER_OPTIONS[name]
    if "submit" in found.places and found.example:
        import shlex

        words = shlex.split(rtd_flags(flag).removeprefix("; write ").partition(";")[0])
        FlagParser("submit", submit_command.FLAGS).parse(words)


def test_a_schedule_is_translated() -> None:
    for options, instead in (
        ({"cron": "30 4 * * *"}, "start_cond='cron 30 4 * * *'"),
        ({"schedule": 90}, "start_cond='every 90 seconds'"),
        ({"trigger": "every weekday"}, "start_cond='daily & time of week between"),
        ({"run_every": "daily"}, "start_cond='daily'"),
    ):
        with pytest.raises(PolicyError) as caught:
            App().task(name="t", **options)(print)
        assert instead in str(caught.value)


@pytest.mark.parametrize("name", ["delay", "apply_async", "send", "enqueue"])
def test_calls_of_other_libraries_say_how_a_run_is_queued(name: str) -> None:
    task = App().task(name="report")(print)
    with pytest.raises(AttributeError, match=r"Client\(\)\.submit\('report', name=value\)"):
        getattr(task, name)


def test_an_app_has_no_name_and_no_broker() -> None:
    with pytest.raises(
        ConfigError, match=r"'shop' is no mapping .*an app has no name: write App\(\)"
    ):
        App("shop")  # type: ignore[arg-type]


def test_the_page_of_words_names_what_there_is() -> None:
    page = (ROOT / "docs" / "reference" / "words.md").read_text()
    _, _, options, verbs, schedules = page.split("\n## ")
    found = re.findall(r"(\w+)=", "".join(re.findall(r"^\| (.*?) \|", options, re.MULTILINE)))
    assert len(found) > 15
    assert {*found} <= {*TASK_OPTIONS, "key", "delay", "at", "lane"}
    for verb in re.findall(r"`rtctl (\w+)", verbs):
        assert verb in COMMANDS
    for row in re.findall(r"^\| (`.*?) \|", schedules, re.MULTILINE):
        for text in re.findall(r"`([^`]+)`", row):
            parse(text)
