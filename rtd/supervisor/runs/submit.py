"""Submits runs: checks them against the app's manifest, packs them, sends them in chunks."""

import asyncio
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from rtd.common.errors import (
    BadRequest,
    Conflict,
    ParameterError,
    ShuttingDown,
    StoreGone,
    StoreRefusal,
    TooLarge,
)
from rtd.common.format_units import format_count
from rtd.common.ids import id_for_key, new_ids
from rtd.common.text_of import show_value
from rtd.common.units import format_bytes
from rtd.model.internal_tasks import FOR_NODE
from rtd.model.manifest import COMMAND, TaskInfo
from rtd.model.policies import DECLARED
from rtd.model.run_record import RunSpec
from rtd.model.run_template import RunTemplate
from rtd.protocol import frames
from rtd.store.commands import keys
from rtd.store.commands.arguments import Submission
from rtd.store.connection.command import RedisCommand
from rtd.supervisor.core.clock import now_ms
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.core.run_helpers import existing_record
from rtd.supervisor.runs.app_tasks import wait_tasks_written
from rtd.supervisor.runs.check_command import check_command
from rtd.supervisor.runs.submit_options import check_expiry, check_submitted, read_options

#: Runs in one call of the script; while Redis executes one, the next is packed.
CHUNK: Final = 500
_ID: Final = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")
_KEY_MAX: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitRequest:
    """A request of a client: `many` holds the parameters of each run; `ids` are ULIDs."""

    task: str
    many: Sequence[Mapping[str, Any]]
    ids: Sequence[str] | None
    key: str | None
    options: Mapping[str, Any]
    by: str


@dataclass(frozen=True, slots=True)
class SubmitPlan:
    """The facts that the runs of one request share."""

    info: TaskInfo
    spec: RunSpec
    template: RunTemplate
    place: str
    max_concurrency: int | None
    due_ms: int
    expires_ms: int
    params_limit: int


async def submit(
    context: SupervisorContext,
    request: SubmitRequest,
    *,
    lane_suffix: str = "",
    for_node: bool = False,
) -> tuple[list[str], list[bool]]:
    """Queue the runs. Returns their ids, and which of them are new.

    Args:
        context: what the parts of the supervisor share.
        request: of the client.
        lane_suffix: of the lane; only executors started with this suffix take the runs. With
            one, runs are also queued while the daemon ends.
        for_node: only this node carries them out.

    Raises:
        UnknownTask, NotPermitted, ParameterError, PolicyError, TooLarge, BadRequest: nothing was
            queued of the chunk with the fault and of those after it; with several thousand runs,
            earlier chunks may have been. It is safe to send the same ids again.
        Conflict: the run with this key is of another task or has other parameters.
        StoreGone: Redis does not answer; the same holds.
    """
    if context.gate.is_draining and not lane_suffix:
        raise ShuttingDown("the daemon is shutting down and takes no new runs")
    plan = plan_of(context, request, lane_suffix, for_node)
    await wait_tasks_written(context)
    ids = _ids(request)
    many = request.many
    if len(ids) <= CHUNK:
        flags = await context.execute(_pack(context, plan, ids, many, 0 if len(ids) > 1 else -1))
        if request.key is not None and flags[0] != 1:
            await _check_same(context, request, ids[0])
        return ids, [flag == 1 for flag in flags]
    created: list[int] = []
    in_flight: asyncio.Future[Any] | None = None
    for start in range(0, len(ids), CHUNK):
        end = start + CHUNK
        call = _pack(context, plan, ids[start:end], many[start:end], start)
        if in_flight is not None:
            created += await in_flight
        in_flight = asyncio.ensure_future(context.execute(call))
    if in_flight is not None:
        created += await in_flight
    return ids, [flag == 1 for flag in created]


async def _check_same(context: SupervisorContext, request: SubmitRequest, run_id: str) -> None:
    """Check that the run that has the key of a request is the run that it describes."""
    blob = await context.execute(context.commands.get_record(run_id))
    if blob is None:
        return  # it went in between: too old
    spec, key = existing_record(run_id, blob).spec, show_value(request.key)
    if spec.task != request.task:
        raise Conflict(f"the key {key} is taken: run {run_id} is one of task {spec.task!r}")
    before, now = frames.load(spec.params), dict(request.many[0])
    now = frames.load(frames.dump_value(now, "params"))
    if before != now:
        before = before if isinstance(before, dict) else {}  # another program has written it
        names = {name for name in (*before, *now) if before.get(name, ...) != now.get(name, ...)}
        raise Conflict(
            f"the key {key} is taken: run {run_id} has other parameters"
            f" ({', '.join(sorted(names))}); use another key for another run"
        )


def plan_of(
    context: SupervisorContext,
    request: SubmitRequest,
    lane_suffix: str = "",
    for_node: bool = False,
) -> SubmitPlan:
    """Return the facts that a request's runs share. Raises RtdError, as `submit` does."""
    info = context.find_task(request.task)
    opts, due_at, texts = read_options(info, request.options)
    policies = info.policies.overlay(opts)
    limit = opts.get("max_concurrency", info.concurrency_limit)
    if for_node and info.never_overlaps:
        limit = None  # each node has a run of its own
    if limit is not None:
        opts[DECLARED] = [name for name in ("max_concurrency",) if name not in opts]
        opts["max_concurrency"] = limit
    opts |= texts
    if for_node:
        opts[FOR_NODE] = context.config.node
    now_at, lane = time.time(), info.pool + lane_suffix
    check_expiry(info.name, due_at, policies.expires_s, now_at)
    spec = RunSpec(
        id="", task=info.name, params=b"", lane=lane, queue=policies.queue,
        priority=policies.priority, submitted_at=now_at, opts=opts, by=request.by,
        key=request.key,
    )  # fmt: skip
    expires_at = None if policies.expires_s is None else now_at + policies.expires_s
    return SubmitPlan(
        info=info,
        spec=spec,
        template=RunTemplate(spec),
        place=keys.place(lane, policies.queue, policies.priority),
        max_concurrency=limit,
        due_ms=0 if due_at is None else int(due_at * 1000),
        expires_ms=0 if expires_at is None else max(1, int(expires_at * 1000)),
        params_limit=context.config.limits.params_bytes,
    )


def _ids(request: SubmitRequest) -> list[str]:
    count = len(request.many)
    if request.key is not None:
        if count != 1 or request.ids is not None:
            raise BadRequest("a key is for one run, and instead of its id")
        if not request.key or len(request.key) > _KEY_MAX:
            raise BadRequest(f"a key is a text of 1 to {_KEY_MAX} characters")
        return [id_for_key(request.key)]
    if request.ids is None:
        return new_ids(count)
    if len(request.ids) != count:
        raise BadRequest(f"{format_count(len(request.ids), 'id')} for {format_count(count, 'run')}")
    for run_id in request.ids:
        if _ID.fullmatch(run_id) is None:
            raise BadRequest(f"{run_id!r:.60} is no run id (a ULID); use `key` for your own names")
    return list(request.ids)


def _pack(
    context: SupervisorContext,
    plan: SubmitPlan,
    ids: Sequence[str],
    many: Sequence[Mapping[str, Any]],
    first: int,
) -> RedisCommand:
    """Return one chunk as a command; `first`: position of its first run, -1 for a single run."""
    record, info, limit = plan.template.record, plan.info, plan.params_limit
    names = frozenset(name for name, _ in info.parameters)
    required = info.required
    runs = []
    for offset, (run_id, params) in enumerate(zip(ids, many, strict=True)):
        given = params.keys()
        if not (required <= given and (info.any_parameters or given <= names)):
            _refuse(info, params, first, offset)
        if info.name == COMMAND:
            check_command(params)
        blob = frames.dump_value(params, "params")
        if len(blob) > limit:
            raise TooLarge(
                f"{_which(first, offset)}the parameters have {format_bytes(len(blob))}, the limit"
                f" is {format_bytes(limit)}; pass large data by file, or raise limits.params"
            )
        item = keys.item(run_id, plan.max_concurrency, info.name)
        runs.append(Submission(run_id, record(run_id, blob), item, plan.due_ms, plan.expires_ms))
    return context.commands.submit(context.config.node, plan.place, info.name, now_ms(), runs)


def _refuse(info: TaskInfo, params: Mapping[str, Any], first: int, offset: int) -> None:
    try:
        check_submitted(info, params)
    except ParameterError as error:
        raise ParameterError(f"{_which(first, offset)}{error.sentence}") from None


def _which(first: int, offset: int) -> str:
    return "" if first < 0 else f"run {first + offset + 1}: "


def without_reply(request: SubmitRequest, error: StoreGone) -> StoreGone:
    """Return the error with whether the runs may have been queued all the same."""
    count, key = len(request.many), request.key
    if isinstance(error, StoreRefusal):
        return error
    if not error.maybe_done:
        return StoreGone(f"{error.sentence}; nothing was queued" if count <= CHUNK else str(error))
    if key is not None:
        again = f"the same submit with the same key {show_value(key)} makes no second one"
        return StoreGone(f"{error.sentence}; the run may be queued all the same: {again}")
    which = f"run {request.ids[0]}" if count == 1 and request.ids else "the run"
    if count > 1:
        which = f"some of the {count:,} runs"
    return StoreGone(f"{error.sentence}; {which} may be queued all the same")
