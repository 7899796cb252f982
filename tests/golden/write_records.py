"""The golden records: runs in every state, values of every type, and what an app declares."""

from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import msgpack

from rtd.common.msgpack_values import pack
from rtd.executor.core.attempt_outcome import AttemptOutcome
from rtd.executor.core.leased_run import LeasedRun
from rtd.model.app_info import (
    AppFault,
    AppInfo,
    CustomConditionInfo,
    LoaderInfo,
    LoggedAction,
    ParameterInfo,
)
from rtd.model.manifest import Manifest, TaskInfo
from rtd.model.policies import Policies
from rtd.model.run_record import Attempt, RunEnd, RunRecord, RunSpec, encode_record, new_record
from rtd.model.run_states import RunState
from rtd.model.run_template import RunTemplate
from rtd.model.schedule import Schedule
from rtd.supervisor.core.stop_request import Intent

#: The golden run's id; `run_id(n)` gives others.
RUN_ID = "01KAJ3V5Q0E7Z4M2T8W6R1X9Y0"
EXECUTOR = "01KAJ3V5Q0E7Z4M2T8W6R1EXEC"
AT = 1_800_000_000.25
PARAMS = pack({"day": date(2026, 11, 29), "limit": 3})
SPEC = RunSpec(
    id=RUN_ID,
    task="report",
    params=PARAMS,
    lane="process",
    queue="nightly",
    priority=7,
    submitted_at=AT,
    opts={"timeout_s": 90.0, "retries": 2, "retry_on": ["ValueError"], "labels": ["eu", "late"]},
    by="uid 1000 (anna) pid 4242",
    key="report-2026-11-29",
)
FAILED = Attempt(
    number=1,
    started_at=AT + 1,
    ended_at=AT + 2.5,
    state=RunState.EXCEPTION,
    executor=EXECUTOR,
    error=["ValueError", "no rows", "Traceback ...\nValueError: no rows\n"],
    output=[f"{EXECUTOR}.1.seg", 28, 21, 32, 4000],
    cpu_s=0.75,
    peak_bytes=50_000_000,
    exit=None,
    note="left a process behind",
)


def run_id(number: int) -> str:
    """An id of the golden data, by its last digit."""
    return f"{RUN_ID[:-1]}{number}"


def run_records() -> dict[str, bytes]:
    """Records of the run in every state, by the name of the case."""
    waiting = {
        "queued": new_record(SPEC),
        "queued_plain": new_record(SPEC._replace(opts={}, key=None)),
        "queued_from_template": RunTemplate(SPEC).record(RUN_ID, PARAMS),
        "queued_again": encode_record(RunRecord(RunState.QUEUED, SPEC, (FAILED,), None)),
        "running": encode_record(RunRecord(RunState.RUNNING, SPEC, (FAILED,), None)),
    }
    ended = {name: encode_record(record) for name, record in ended_records().items()}
    return {**waiting, **ended, **_executor_records()}


def ended_records() -> dict[str, RunRecord]:
    """The run in every terminal state, after a first attempt that failed."""
    pids = [[77, "sh", "killed"], [78, "sleep", "SIGTERM"]]
    last = FAILED._replace(number=2, error=None, note=None, output=None)
    killed = last._replace(state=RunState.LOST, exit=[None, 9], cpu_s=0.0)
    command = last._replace(state=RunState.ERROR, exit=[7, None])
    stopped = last._replace(state=RunState.TERMINATED, note="it did not end when asked")
    cases = [
        (last._replace(state=RunState.SUCCEEDED), pack({"rows": 3}), "task", "", None),
        (command, None, "task", "exit code 7", None),
        (FAILED._replace(number=2), None, "task", "ValueError: no rows", None),
        (stopped, None, "timeout", "it ran longer than 90s", pids),
        (killed, None, "kernel", "its executor (pid 77) was killed by SIGKILL", pids),
    ]
    found = {
        str(attempt.state): RunRecord(
            attempt.state, SPEC, (FAILED, attempt), RunEnd(AT + 2.5, result, by, why, ended_pids)
        )
        for attempt, result, by, why, ended_pids in cases
    }
    withdrawn = RunEnd(AT + 9, None, "uid 0 (root)", "not now", None)
    return {**found, "cancelled": RunRecord(RunState.CANCELLED, SPEC, (), withdrawn)}


def _executor_records() -> dict[str, bytes]:
    """Records as an executor writes them, which packs them by itself."""
    outcome = AttemptOutcome(LeasedRun(new_record(SPEC), {}))
    outcome.started_at, outcome.ended_at = AT + 1, AT + 2
    outcome.result = pack(("a", 1))
    outcome.output = [f"{EXECUTOR}.1.seg", 28, 21, 32, 0]
    outcome.cpu_s, outcome.peak_bytes = 0.5, 40_000_000
    done = outcome.record(EXECUTOR, "", False)
    outcome.state, outcome.result, outcome.error = "x", None, FAILED.error
    return {"executor_succeeded": done, "executor_again": outcome.record(EXECUTOR, "", True)}


def packed_values() -> dict[str, bytes]:
    """A value of every type that can be stored, and a stop that was asked for."""
    values = {
        "plain": [None, True, -1, 2.5, "ä", b"\xff", {"a": {"b": [1]}}],
        "times": [
            datetime(2026, 11, 29, 2, 30, tzinfo=UTC), date(2026, 11, 29), time(2, 30, 1),
            timedelta(days=1, seconds=2, microseconds=3),
        ],
        "numbers": [Decimal("1.10"), 1 << 70, -(1 << 70)],
        "others": [UUID(int=5), Path("/srv/data")],
        "boxes": [{1}, frozenset({2}), (3, (4,))],
        "zoned": [
            datetime(2026, 10, 25, 3, 30, tzinfo=ZoneInfo("Europe/Helsinki"), fold=1),
            time(2, 30, tzinfo=timezone(timedelta(hours=1), "CET")), bytearray(b"a"),
        ],
    }  # fmt: skip
    blobs = {name: pack(value) for name, value in values.items()}
    intent = Intent("drain", "the daemon ends", AT, requeue=True, note="after its grace")
    return {**blobs, "stop_request": intent.pack()}


def app_records() -> dict[str, bytes]:
    """The manifest of an app, as its zygote sends it."""
    task = TaskInfo(
        name="report",
        lane="thread",
        parameters=(("day", True), ("limit", False)),
        any_parameters=True,
        policies=Policies(queue="nightly", retries=2, retry_on=("ValueError",), timeout_s=90.0),
        doc="Writes the report.",
        source="app.py:12",
        schedule=Schedule(start="daily after 08:00", catch_up="last", timezone="Europe/Helsinki"),
        filled=("day",),
        on_startup=True,
        force_run=True,
    )
    info = AppInfo(
        settings={"lanes.process.max": 4},
        custom={"is holiday fi": CustomConditionInfo("is holiday", {"land": "fi"}, "land", 60.0)},
        parameters=(ParameterInfo("day", "report", "return", PARAMS, True, "note", ("land",)),),
        returned=("land",),
        loaders=(LoaderInfo("/srv/app/tasks", "**/*.py", True, "0a1b2c3d"),),
        hooks={"startup": 1, "cycle": 2},
        cycle_s=0.5,
        logged=True,
        log="csv:/srv/app/log.csv",
        past=(LoggedAction("report", "success", AT),),
        past_at=AT + 1,
        silence_task_prerun=False,
        silence_cond_check=False,
        faults=(AppFault("loader", "tasks/a.py", "SyntaxError at line 3", AT),),
        code={"report": 77},
    )
    return {"manifest": msgpack.packb(Manifest.of("app:session", [task], info).to_dict())}
