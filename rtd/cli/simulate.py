"""`rtd simulate APP FROM TO`: the runs that conditions would start, a line of JSON each."""

import argparse
import json
import os
import sys
from typing import Final, TextIO

from rtd.common.errors import BadRequest
from rtd.common.local_timezone import local_timezone
from rtd.config.load_settings import load_config
from rtd.language.core.durations import SECOND
from rtd.language.core.time_zones import zone_of
from rtd.language.core.view import EARLIEST, LATEST
from rtd.language.time.clock_changes import clock_change
from rtd.model.manifest import Manifest
from rtd.planner.simulate import simulate as occurrences
from rtd.session.app.load_app import load
from rtd.session.app.manifest import manifest_of
from rtd.supervisor.runs.kept_results import overlay_values

#: More lines than this mean that a condition, or the span, is wrong.
MAX_LINES: Final = 1_000_000
#: A century. No run takes longer.
MAX_RUN_S: Final = 100 * 366 * 86400.0
#: 128 + SIGPIPE: what a shell shows when a reader such as `head` has had enough.
PIPE_CLOSED: Final = 141


def custom_conditions_warning(manifest: Manifest) -> str:
    """Return a sentence on the custom conditions, which a simulation cannot evaluate."""
    texts = ", ".join(f"`{text}`" for text in sorted(manifest.info.custom))
    return f"custom conditions are not asked, and nothing that they decide starts: {texts}"


def simulate(options: argparse.Namespace) -> int:
    """Print the occurrences in order.

    Raises:
        AppError: the app does not import.
        UnknownTask: the app has no task of that name.
        BadRequest: the span is empty or not in the years 1900 to 8999, or there are more than a
            million occurrences.
    """
    _check_span(options.since, options.until, options.run_time)
    try:
        with _separate_stdout() as out:
            _write(options, out)
    except BrokenPipeError:
        return PIPE_CLOSED
    return 0


def _check_span(since: float, until: float, run_time_s: float) -> None:
    for name, at in (("FROM", since), ("TO", until)):
        if not EARLIEST <= at * SECOND < LATEST:  # also what is no number
            raise BadRequest(f"simulate: {name}: {at:g} is not in the years 1900 to 8999")
    if until <= since:
        raise BadRequest(f"simulate: TO ({until:g}) must be later than FROM ({since:g})")
    if not 0 <= run_time_s < MAX_RUN_S:
        raise BadRequest(f"simulate: --run-time: {run_time_s:g} is not from 0 to {MAX_RUN_S:g} s")


def _separate_stdout() -> TextIO:
    """Keep stdout for the data: from here on the output of the app, and of processes that it
    starts, goes to stderr."""
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    return out


def _write(options: argparse.Namespace, out: TextIO) -> None:
    session = load(options.app, load_config().middleware)
    manifest = manifest_of(session, options.app)
    if options.task is not None:
        manifest.find(options.task)
    if manifest.info.custom:
        print(f"rtd: {custom_conditions_warning(manifest)}", file=sys.stderr)
    host = local_timezone()
    found = occurrences(
        manifest.tasks,
        round(options.since * SECOND),
        round(options.until * SECOND),
        host,
        round(options.run_time * SECOND),
        overlay_values(manifest.info.parameters, {}),
    )
    rests: dict[tuple[str, str, str, str], str] = {}  # most differ only in their moment
    for number, one in enumerate(found):
        if number == MAX_LINES:
            raise BadRequest(f"more than {MAX_LINES:,} occurrences: simulate a shorter time")
        if options.task is not None and one.task != options.task:
            continue
        zone = manifest.tasks[one.task].schedule.timezone or host
        clocks = clock_change(zone_of(zone), one.due_us)
        alike = (one.task, one.verdict, one.reason, clocks)
        rest = rests.get(alike)
        if rest is None:
            row = {"task": one.task, "timezone": zone, "verdict": one.verdict, "reason": one.reason}
            rest = rests[alike] = json.dumps({**row, "clocks": clocks or None})[1:]
        out.write(f'{{"at": {one.due_us / SECOND!r}, {rest}\n')
