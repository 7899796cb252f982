"""Reads the options of a submit: policies, labels, headers, when its runs are due."""

import time
from collections.abc import Mapping
from typing import Any, Final

from rtd.common.errors import BadRequest, ParameterError
from rtd.common.format_units import format_duration
from rtd.common.text_of import is_utf8, show_value
from rtd.common.units import parse_duration_s
from rtd.model.manifest import TaskInfo, check_params
from rtd.model.policies import POLICY_OPTIONS, read_policies
from rtd.model.run_record import HEADERS
from rtd.protocol.headers import headers_fault

_LABELS_MAX: Final = 20
#: Flags of `rtctl submit` that are not called as their option.
_FLAGS: Final = {"headers": "header", "labels": "label", "delay": "in", "at": "at", "key": "key"}
#: The year 9999 in epoch seconds; no date goes further.
_END_AT: Final = 253_402_300_800


def check_expiry(task: str, due_at: float | None, expires_s: float | None, now_at: float) -> None:
    """Raise BadRequest for a run that would be cancelled before it may start."""
    if due_at is None or expires_s is None or due_at < now_at + expires_s:
        return
    raise BadRequest(
        f"submit of {task!r}: it would never start: it expires {format_duration(expires_s)} after"
        f" its submit, and is due {format_duration(due_at - now_at)} after it; set a longer expires"
    )


def read_options(
    info: TaskInfo, options: Mapping[str, Any]
) -> tuple[dict[str, Any], float | None, dict[str, Any]]:
    """Return the policies that a submit overrides, when it is due, and its labels and headers.

    Raises:
        BadRequest, PolicyError: one of them is unknown or cannot be used.
    """
    where, rest = f"submit of {info.name!r}", dict(options)
    due_at = _due_at(rest.pop("at", None), rest.pop("delay", None), where)
    texts: dict[str, Any] = {}
    if labels := _labels(rest.pop("labels", None) or [], where):
        texts["labels"] = labels
    headers = rest.pop(HEADERS, None)
    if headers is not None and (fault := headers_fault(headers)):
        raise BadRequest(f"{where}: {fault}")
    if headers:
        texts[HEADERS] = headers
    opts = read_policies(rest, info.lane, where)  # refuses an unknown option
    return {name: _plain(value) for name, value in opts.items()}, due_at, texts


def check_submitted(info: TaskInfo, params: Mapping[str, Any]) -> None:
    """As `check_params`; an option of the run in the place of a parameter gets a hint."""
    try:
        check_params(info, params)
    except ParameterError as error:
        known = {name for name, _ in info.parameters}
        options = [n for n in params if n not in known and (n in (*POLICY_OPTIONS, *_FLAGS, "id"))]
        if not options:
            raise
        name = "key" if options[0] == "id" else options[0]
        flag = _FLAGS.get(name, name).replace("_", "-")
        raise ParameterError(
            f"{error.sentence}; {name} is an option of the run: rt.task({info.name!r},"
            f" {name}=...).submit(...), or rtctl submit --{flag}"
        ) from None


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _due_at(at: Any, delay: Any, where: str) -> float | None:
    if at is not None and delay is not None:
        raise BadRequest(f"{where}: give `at` or `delay`, not both")
    if at is not None:
        good = isinstance(at, int | float) and not isinstance(at, bool)
        if not good or not abs(at) < _END_AT:
            raise BadRequest(f"{where}: at: {show_value(at)} is no time up to 9999, epoch seconds")
        return float(at)
    if delay is None:
        return None
    try:
        return time.time() + parse_duration_s(delay)
    except ValueError as error:
        raise BadRequest(f"{where}: delay: {error}") from None


def _labels(labels: Any, where: str) -> list[str]:
    good = isinstance(labels, list) and all(isinstance(x, str) and x for x in labels)
    if not good or len(labels) > _LABELS_MAX or any(len(x) > 100 for x in labels):
        raise BadRequest(f"{where}: labels are up to {_LABELS_MAX} texts of 1 to 100 characters")
    if not all(map(is_utf8, labels)):
        raise BadRequest(f"{where}: labels must be UTF-8, not {show_value(labels)}")
    return list(labels)
