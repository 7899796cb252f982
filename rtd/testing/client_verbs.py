"""Answers the requests of clients from the runs of a `TWorker`, as a daemon would."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from rtd.common.errors import BadRequest, Conflict, RtdError, WrongState
from rtd.common.ids import id_for_key, new_id, new_ids
from rtd.common.msgpack_values import unpack
from rtd.common.text_of import show_value
from rtd.model.run_record import HEADERS, RunEnd, RunRecord, encode_record, with_end
from rtd.model.run_states import RunState
from rtd.testing.new_run import new_run
from rtd.testing.prepared_app import PreparedApp
from rtd.testing.queue_executor import QueueExecutor
from rtd.testing.run_queue import QueuedRun, RunQueue
from rtd.testing.run_rows import row_of

#: The answer to a request, given its parameters.
Verb = Callable[[Mapping[str, Any]], dict[str, Any]]
_BY: Final = "rtd.testing"


class ClientVerbs:
    """The verbs that clients can call.

    Args:
        app: of the tasks.
        queue: of the runs.
        executor: carries out what a client waits for.
    """

    def __init__(self, app: PreparedApp, queue: RunQueue, executor: QueueExecutor) -> None:
        self._app = app
        self._queue = queue
        self._executor = executor
        self._verbs: Final[dict[str, Verb]] = {
            "submit": self._submit,
            "wait": self._wait,
            "result": self._result,
            "show": self._show,
            "ls": self._ls,
            "cancel": lambda params: self._for_each(params, self._cancel),
            "retry": lambda params: self._for_each(params, self._retry),
            "ping": lambda _params: {"pid": os.getpid(), "at": time.time()},
        }

    def answer(self, method: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """Return the answer to a request. Raises RtdError."""
        verb = self._verbs.get(method)
        if verb is None:
            raise BadRequest(
                f"rtd.testing.TWorker cannot answer {method!r}: it knows {', '.join(self._verbs)};"
                " rtd.testing.daemon_of starts a real daemon"
            )
        return verb(params)

    def _submit(self, params: Mapping[str, Any]) -> dict[str, Any]:
        key, many = params.get("key"), params.get("many")
        many = [params.get("params") or {}] if many is None else many
        ids = [id_for_key(key)] if key is not None else params.get("ids") or new_ids(len(many))
        runs = []
        for number, (run_id, one) in enumerate(zip(ids, many, strict=True), 1):
            try:
                made = new_run(
                    self._app, params["task"], run_id, one, params.get("options") or {}, key
                )
            except RtdError as error:
                if len(many) > 1:
                    error.sentence = f"run {number}: {error.sentence}"
                raise
            runs.append(QueuedRun(*made))
        created = [self._queue.add(run) for run in runs]
        if key is not None and not created[0]:
            self._check_same(key, runs[0])
        return {"ids": list(ids), "created": created, "shortcut": None}

    def _check_same(self, key: str, run: QueuedRun) -> None:
        before, now = self._queue.find(run.id).record.spec, run.record.spec
        if (before.task, before.params) != (now.task, now.params):
            raise Conflict(
                f"the key {show_value(key)} is taken: run {run.id} is one of task {before.task!r}"
                " with other parameters; use another key for another run"
            )

    def _wait(self, params: Mapping[str, Any]) -> dict[str, Any]:
        runs = [self._queue.find(one) for one in params["runs"]]
        if not runs:
            raise BadRequest("wait: name at least one run")
        self._executor.wait(runs, params.get("timeout_s"), bool(params.get("any")))
        return {"runs": [row_of(self._app, run) for run in runs]}

    def _result(self, params: Mapping[str, Any]) -> dict[str, Any]:
        run = self._queue.find(params["run"])
        row, end = row_of(self._app, run), run.record.end
        blob = None if end is None else end.result
        last = run.record.attempts[-1] if run.record.attempts else None
        return {
            "id": run.id,
            "state": row["state"],
            "value": None if blob is None else unpack(blob),
            "error": last.error if last else None,
            "why": row["why"],
            "exit": None,
        }

    def _show(self, params: Mapping[str, Any]) -> dict[str, Any]:
        run = self._queue.find(params["run"])
        spec = run.record.spec
        options = {name: v for name, v in spec.opts.items() if name not in (HEADERS, "labels")}
        return {
            "row": row_of(self._app, run),
            "params": unpack(spec.params),
            "options": options,
            "headers": spec.opts.get(HEADERS) or {},
            "policies": {},
            "node": None,
            "waits": "",
            "submitted_by": spec.by,
            "private": False,
            "attempts": [one._asdict() for one in run.record.attempts],
            "pids": [],
        }

    def _ls(self, params: Mapping[str, Any]) -> dict[str, Any]:
        rows = [row_of(self._app, run) for run in reversed(self._queue.runs)]
        totals = {str(state): 0 for state in RunState}
        for row in rows:
            totals[row["state"]] += 1
        wanted = [
            row
            for row in rows
            if params.get("task") in (None, row["task"])
            and params.get("queue") in (None, row["queue"])
            and (not params.get("state") or row["state"] in params["state"])
        ]
        limit = params.get("limit")
        shown = wanted if limit is None else wanted[:limit]
        return {"runs": shown, "totals": totals, "more": len(wanted) > len(shown), "next": None}

    def _for_each(
        self, params: Mapping[str, Any], change: Callable[[QueuedRun, Mapping[str, Any], int], Any]
    ) -> dict[str, Any]:
        outcomes = []
        for at, target in enumerate(params["runs"]):
            outcome = {"run": target, "id": None, "state": None, "pids": [], "new": None}
            outcome["error"] = None
            try:
                run = self._queue.find(target)
                outcome["id"] = run.id
                outcome |= change(run, params, at)
            except RtdError as error:
                outcome["error"] = [error.code, error.sentence]
            outcomes.append(outcome)
        return {"runs": outcomes}

    def _cancel(self, run: QueuedRun, params: Mapping[str, Any], _at: int) -> dict[str, Any]:
        reason = params.get("reason")
        why = f"cancelled by {_BY}" + (f": {reason}" if reason else "")
        with self._queue.changed:
            if run.is_over:
                raise WrongState(f"run {run.id} has ended already: {run.record.state}")
            if run.record.state is RunState.RUNNING:
                raise WrongState(f"run {run.id} is running; `rtctl kill` ends it")
            end = RunEnd(time.time(), by=_BY, why=why)
            self._queue.put(run, encode_record(with_end(run.record, RunState.CANCELLED, end)))
        return {"state": str(RunState.CANCELLED)}

    def _retry(self, run: QueuedRun, params: Mapping[str, Any], at: int) -> dict[str, Any]:
        if not run.is_over:
            raise WrongState(f"run {run.id} has not ended; it is {run.record.state}")
        ids = params.get("ids")
        spec = run.record.spec._replace(
            id=new_id() if ids is None else ids[at], submitted_at=time.time(), key=None
        )
        self._queue.add(QueuedRun(RunRecord(RunState.QUEUED, spec, (), None), None))
        return {"state": str(RunState.QUEUED), "new": spec.id}
