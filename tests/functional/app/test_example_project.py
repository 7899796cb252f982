"""The example project of Red Engine's guide, from its own files, however it is started."""

import csv
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from rtctl import Client
from tests.helpers.daemon import BIN, Daemon
from tests.helpers.deadline import until
from tests.helpers.running import client, until_output, until_running
from tests.helpers.source import ROOT

WAYS = ("python -m project.main", "rtd run project/main.py", "rtd start project.main")


def zone_where_it_is(hour: int) -> str:
    """A time zone in which it is this hour now."""
    ahead = (hour - datetime.now(UTC).hour) % 24
    ahead = ahead - 24 if ahead > 14 else ahead
    return f"Etc/GMT{-ahead:+d}" if ahead else "Etc/GMT"


class Project(Daemon):
    """A copy of the project, and a daemon of it that is started in one of three ways."""

    def __init__(self, folder: Path, way: str) -> None:
        shutil.copytree(
            ROOT / "examples" / "project",
            folder / "project",
            ignore=shutil.ignore_patterns("__pycache__"),
        )
        # In the afternoon: check_messages is ended.
        super().__init__(cwd=folder, env={"TZ": zone_where_it_is(17)})
        self.data = folder / "project" / "data"
        program, *words = way.split()
        self.detached = "start" in words
        self.executable = Path(sys.executable) if program == "python" else BIN / program
        self.command = [str(self.executable), *words]
        self.lock = self.data / "mail" / "lock"

    def runs(self, rt: Client, task: str) -> list[str]:
        """The states of a task's runs."""
        return [run.state for run in rt.ls(task=task)]

    def close(self) -> list:  # type: ignore[type-arg]
        if self.detached:
            subprocess.run([BIN / "rtd", "stop"], env=self.env, check=False, capture_output=True)
        return super().close()


@pytest.fixture(scope="module", params=WAYS, ids=["module", "file", "start"])
def project(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Project]:
    """The project's daemon, shared by the tests of one way to start it."""
    found = Project(tmp_path_factory.mktemp("example"), request.param)
    found.lock.touch()
    found.start() if not found.detached else start_detached(found)
    yield found
    found.lock.unlink(missing_ok=True)
    assert found.close() == []


def start_detached(project: Project) -> None:
    done = subprocess.run(
        project.command, executable=project.executable,
        cwd=project.cwd, env=project.env, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    project.log.write_text(done.stderr)


@pytest.fixture
def rt(project: Project) -> Iterator[Client]:
    with client(project) as found:
        yield found


def test_all_tasks_are_there_from_their_files(project: Project, rt: Client) -> None:
    tasks = {task["name"]: task["source"] for task in rt.tasks() if task["name"] != "command"}
    assert {name: Path(source).parent.name for name, source in tasks.items()} == {
        "wake_up": "scrapers", "wash_teeth": "scrapers", "go_to_work": "scrapers",
        "get_data": "pipelines", "transform_data": "pipelines", "store_data": "pipelines",
        "report_errors": "pipelines", "process_data": "pipelines",
        "check_pulse": "checks", "check_emails": "checks", "check_mail": "checks",
        "check_messages": "checks", "archive mail": "checks",
        "report_news": "send", "announce": "send",
    }  # fmt: skip


def test_the_pipeline(project: Project, rt: Client) -> None:
    """In the order of the story: nothing has run yet, then it succeeds, then it fails."""
    first = rt.submit("process_data").wait(timeout=20)
    assert (first.state, first.result()) == ("succeeded", None)
    until_output(first, "my_data is None")

    assert rt.submit("get_data").wait(timeout=20).state == "succeeded"
    until(lambda: project.runs(rt, "store_data") == ["succeeded"], within_s=20)
    assert json.loads((project.data / "shares.json").read_text())["home"] == 0.663
    assert project.runs(rt, "transform_data") == ["succeeded"]
    assert project.runs(rt, "report_errors") == []
    assert rt.submit("process_data").wait(timeout=20).result() == 181

    (project.data / "visits.csv").rename(project.data / "away.csv")
    failed = rt.submit("get_data").wait(timeout=20)
    assert (failed.state, "visits.csv" in str(failed.error)) == ("exception", True)
    until(lambda: project.runs(rt, "report_errors") == ["succeeded"], within_s=20)
    assert (project.data / "errors.txt").read_text() == "get_data failed\n"
    assert project.runs(rt, "transform_data") == ["succeeded"]
    assert project.runs(rt, "store_data") == ["succeeded"]
    # What was returned last stays.
    assert rt.submit("process_data").wait(timeout=20).result() == 181


def test_each_lane_runs_where_it_should(project: Project, rt: Client) -> None:
    for task, lane, is_main in (("check_pulse", "main", True), ("check_emails", "thread", False)):
        run = until(lambda name=task: rt.ls(task=name, state="succeeded"), within_s=20)[0]
        assert run.row["lane"] == lane
        assert run.result()["main"] is is_main
    assert until(lambda: rt.ls(task="check_mail"), within_s=20)[0].row["lane"] == "process"


def test_the_end_condition_ends_its_task(project: Project, rt: Client) -> None:
    run = until(lambda: rt.ls(task="check_messages"), within_s=20)[-1].wait(timeout=20)
    assert run.state == "terminated"
    assert "time of day between 16:00 and 20:00" in str(run.error)
    assert "time of day between" in project.ok("show", run.id)


def test_the_timeout_ends_its_task(project: Project, rt: Client) -> None:
    assert "7200" in project.ok("tasks", "check_mail")
    going = until_running(until(lambda: rt.ls(task="check_mail"), within_s=20)[-1])
    run = (
        rt.task("check_mail", timeout=0.3, stop_grace=0.5, max_concurrency=2)
        .submit()
        .wait(timeout=20)
    )
    assert run.state == "terminated"
    assert "timeout" in str(run.error)
    assert "timeout" in project.ok("show", run.id)
    assert going.state == "running", "its own timeout is two hours"
    project.lock.unlink(missing_ok=True)
    assert going.wait(timeout=20).result() == 1


def test_parameters_arrive(project: Project, rt: Client) -> None:
    assert rt.submit("report_news").wait(timeout=20).result() == ["me@example.com"]
    assert rt.submit("report_news", receivers=["you"]).wait(timeout=20).result() == ["you"]
    friends = ["anna@example.com", "bert@example.com"]
    assert rt.submit("announce").wait(timeout=20).result() == friends
    with (project.data / "friends.txt").open("a") as file:
        file.write("carl@example.com\n")
    assert rt.submit("announce").wait(timeout=20).result() == [*friends, "carl@example.com"]


def test_tasks_due_by_the_clock_have_run(project: Project, rt: Client) -> None:
    """It is five in the afternoon."""
    until(lambda: project.runs(rt, "wake_up") == ["succeeded"], within_s=20)
    assert project.runs(rt, "wash_teeth") == []
    assert project.runs(rt, "go_to_work") == []
    run = rt.ls(task="wake_up")[0]
    until_output(run, "good morning, it is 17:")


def test_hooks_are_called_around_runs(project: Project, rt: Client) -> None:
    run = rt.submit("report_news").wait(timeout=20)
    until_output(run, "report_news: done after 0.")


def test_a_condition_and_a_kind_of_task_of_the_projects_own(project: Project, rt: Client) -> None:
    assert "archive mail" not in [run.task for run in rt.ls()]
    for number in (2, 3, 4):
        shutil.copy(project.data / "mail" / "001.eml", project.data / "mail" / f"00{number}.eml")
    run = until(lambda: rt.ls(task="archive mail", state="succeeded"), within_s=20)[0]
    assert run.result() == ["001.eml", "002.eml", "003.eml", "004.eml"]
    until_output(run, "4 letters moved to archive")
    assert len(list((project.data / "archive").iterdir())) == 4


def test_each_run_is_logged_on_the_terminal_and_in_a_file(project: Project, rt: Client) -> None:
    rt.submit("report_news").wait(timeout=20)
    log = project.home / "state" / "rtd.log" if project.detached else project.log
    until(lambda: "report_news Task 'report_news' status: 'success'" in log.read_text())
    with (project.cwd / "log" / "tasks.csv").open() as file:
        logged = {(row["task_name"], row["action"]) for row in csv.DictReader(file)}
    assert {("report_news", "run"), ("report_news", "success")} <= logged


def test_nothing_of_the_projects_has_failed(project: Project, rt: Client) -> None:
    assert rt.rpc.status()["faults"] == []


def test_prints_of_a_scheduler_hook_are_in_the_daemons_log(project: Project) -> None:
    log = project.home / "state" / "rtd.log" if project.detached else project.log
    until(lambda: "good morning: 15 tasks" in log.read_text())


def test_the_days_of_a_week(tmp_path: Path) -> None:
    """The tasks that a virtual clock starts, from a Monday to the next."""
    project = Project(tmp_path, WAYS[0])
    project.env["TZ"] = "UTC"
    words = ["simulate", "project.main", "--from", "2026-11-23 00:00", "--to", "2026-11-30 00:00"]
    starts: dict[str, list[str]] = {}
    for line in project.ok(*words, "-o", "jsonl").splitlines():
        row = json.loads(line)
        starts.setdefault(row["task"], []).append(row["at"][8:16])
    assert project.close() == []
    assert starts["wake_up"] == [f"{day}T08:00" for day in range(23, 30)]
    assert starts["wash_teeth"] == [
        f"{day}T{hour}:00" for day in range(23, 30) for hour in ("08", 22)
    ]
    assert starts["go_to_work"] == [f"{day}T09:00" for day in range(23, 28)]
    assert len(starts["check_pulse"]) == 7 * 24 * 60
