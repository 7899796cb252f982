"""`rtctl status`: how the daemon, its app and its schedule are, and what has failed."""

from __future__ import annotations

from time import time

from rtctl.cli.flags import Flag
from rtctl.cli.print_answers import redis_text
from rtctl.cli.run_rows import time_text
from rtctl.cli.screen import ago, align_pairs, clean
from rtd.common.format_units import format_count

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from rtctl.cli.context import CommandContext
    from rtctl.generated.answers import StatusResult
    from rtctl.generated.shapes import FaultRow, LaneRow, ScheduleState
    from rtctl.generated.verbs import Verbs

USAGE = "status"
FLAGS = (
    Flag("--timeout", "give up after this long (default 8s; exit code 124)", "duration",
         "DURATION"),
)  # fmt: skip
MORE = """Faults are parts of the app that failed without stopping anything: conditions, functions
of parameters, hooks, files of loaders, log handlers. They are forgotten when the app is imported
again. A fault of kind rtd is a failure inside the daemon in the last minute; its log says more.
Exit code 3: the app does not import, Redis does not answer or takes no writes, the schedule is
halted, or there are faults; 124: the daemon is there and does not answer."""
UNWELL = 3
#: So many names stand before the message that faults share.
NAMED = 3
_HOUR_S = 3600.0
#: So many runs without success are counted.
_MOST_FAILED = 200
#: Of it the daemon may take 4 seconds to find out that Redis is silent.
_LIMIT_S = 8.0


def run(context: CommandContext) -> int:
    """Print the state of the daemon, its app and its schedule."""
    context.targets(0, 0, "target")
    limit_s = _LIMIT_S if context.args.timeout is None else context.args.timeout
    rpc = context.pool.rpc_within(limit_s)
    status = rpc.status()
    if context.is_json:
        context.print_json(status)
    elif not context.quiet:
        context.screen.print_out(align_pairs([*_pairs(status), *_failed(rpc, status)]))
        if status["faults"]:
            context.screen.print_out("")
            rows = [_fault_cells(some) for some in _grouped(status["faults"])]
            context.screen.print_table(("FAULT", "TIMES", "LAST", "WHAT"), rows, wrap=True)
    return 0 if _is_well(status) else UNWELL


def _is_well(status: StatusResult) -> bool:
    halted = status["schedule"]["state"] == "halted"
    away = not status["redis"].get("ok", True)
    return not (status["app_error"] or away or halted or status["faults"])


def _pairs(status: StatusResult) -> list[tuple[str, str]]:
    count = status["tasks"]
    app = f"{status['app']}, {format_count(count, 'task')}"
    drain = ", draining" if status["draining"] else ""
    lanes = ", ".join(
        f"{lane['lane']} {lane['running']}/{lane['executors']}" for lane in status["lanes"]
    )
    pairs = [
        ("rtd", f"{status['version']}, pid {status['pid']}{drain}"),
        ("started", f"{time_text(status['started_at'])} ({ago(status['started_at'])})"),
        ("app", clean(app if status["app"] else "none: commands only")),
        ("app error", clean(status["app_error"] or "")),
        ("redis", redis_text(status["redis"])),
        ("schedule", clean(_schedule(status["schedule"]))),
        ("runs", f"{status['running']:,} running, {status['queued']:,} queued"),
        ("executors", lanes and f"{lanes} (runs/executors)"),
        ("waiting", ", ".join(map(_waiting, (one for one in status["lanes"] if one["waiting"])))),
        *(("busy", _busy(lane)) for lane in status["lanes"] if lane["full"] and lane["queued"]),
    ]
    return [(name, value) for name, value in pairs if value]


def _failed(rpc: Verbs, status: StatusResult) -> list[tuple[str, str]]:
    """Return which tasks had runs without success in the last hour."""
    if not status["redis"].get("ok", True):
        return []
    rows = rpc.ls(state=["unsuccessful"], since=time() - _HOUR_S, limit=_MOST_FAILED)["runs"]
    if not rows:
        return []
    count = format_count(len(rows), "run")
    most = " or more" if len(rows) == _MOST_FAILED else ""
    tasks = list(dict.fromkeys(row["task"] for row in rows))
    names = ", ".join(tasks[:NAMED]) + (", ..." if len(tasks) > NAMED else "")
    text = f"{count}{most} in the last hour: {names}; `rtctl ls --state unsuccessful`"
    return [("failed", clean(text))]


def _waiting(lane: LaneRow) -> str:
    """Return how many runs of a lane wait for other runs."""
    count, lent = lane["waiting"], lane["lent"]
    runs = f"{count:,} run{' waits' if count == 1 else 's wait'} for other runs"
    executors = f"{lent} executor{'' if lent == 1 else 's'}"
    slots = f", and it has lent {executors} beyond its maximum" if lent else ""
    return f"lane {lane['lane']}: {runs}{slots}"


def _busy(lane: LaneRow) -> str:
    """Return that runs wait since all executors of a lane are taken."""
    waiting, count = lane["queued"], lane["executors"]
    name = lane["lane"]
    taken = f"all {count:,} executors of lane {name} are"
    if count == 1:
        taken = f"the only executor of lane {name} is"
    waits = format_count(waiting, "run waits", "runs wait")
    return f"{taken} taken, and {waits}: lanes.{name}.max allows more"


def _schedule(schedule: ScheduleState) -> str:
    state, count = schedule["state"], schedule["tasks"]
    if state == "none":
        return "no task has a condition"
    tasks = format_count(count, "task")
    if state == "halted":
        since = time_text(schedule["halted_at"])
        return f"HALTED since {since}; `rtctl enable --all` resumes it: {schedule['why']}"
    if state == "paused":
        return f"disabled; `rtctl enable --all` enables it ({tasks})"
    if state == "starting":
        return f"waits for {schedule['why']} ({tasks})"
    return f"{state}, {tasks}"


def _grouped(faults: Sequence[FaultRow]) -> list[list[FaultRow]]:
    """Return the faults, those of one kind with the same message together: one broken part of an
    app may fail for each of a hundred tasks."""
    groups: dict[tuple[str, str], list[FaultRow]] = {}
    for fault in faults:
        groups.setdefault((fault["kind"], fault["message"]), []).append(fault)
    return list(groups.values())


def _fault_cells(faults: Sequence[FaultRow]) -> tuple[str, ...]:
    first, times = faults[0], sum(fault["times"] for fault in faults)
    names = ", ".join(fault["what"] for fault in faults[:NAMED])
    names += f" and {len(faults) - NAMED:,} more" if len(faults) > NAMED else ""
    last_at = max(fault["last_at"] for fault in faults)
    return first["kind"], f"{times:,}", ago(last_at), clean(f"{names}: {first['message']}")
