"""`rtd simulate APP FROM TO`: what the app's conditions would start, a line of JSON each."""

import argparse
import json
import sys

from rtd.conditions.spans import SECOND
from rtd.model.errors import BadRequest
from rtd.model.manifest import Manifest
from rtd.model.timezone import local_timezone
from rtd.session.loader import load
from rtd.supervisor.parameters import overlaid
from rtd.supervisor.schedule.simulate import simulate as occurrences

#: Lines beyond which something is amiss with the conditions, or with the span.
MOST = 1_000_000


def unasked(manifest: Manifest) -> str:
    """A sentence on the custom conditions, which nobody answers here."""
    texts = ", ".join(f"`{text}`" for text in sorted(manifest.info.custom))
    return f"custom conditions are not asked, and nothing that they decide starts: {texts}"


def simulate(options: argparse.Namespace) -> int:
    """Print the occurrences in their order.

    Raises:
        AppError: the app does not import.
        UnknownTask: it has no task of the name that was given.
        BadRequest: there are more than a million.
    """
    manifest = load(options.app).manifest(options.app)
    if options.task is not None:
        manifest.find(options.task)
    if manifest.info.custom:
        print(f"rtd: {unasked(manifest)}", file=sys.stderr)
    host = local_timezone()
    found = occurrences(
        manifest.tasks,
        round(options.since * SECOND),
        round(options.until * SECOND),
        host,
        round(options.run_time * SECOND),
        overlaid(manifest.info.parameters, {}),
    )
    for number, one in enumerate(found):
        if number == MOST:
            raise BadRequest(f"more than {MOST:,} occurrences: simulate a shorter time")
        if options.task is not None and one.task != options.task:
            continue
        row = {
            "task": one.task,
            "at": one.due_us / SECOND,
            "timezone": manifest.tasks[one.task].schedule.timezone or host,
            "verdict": one.verdict,
            "reason": one.reason,
        }
        sys.stdout.write(json.dumps(row) + "\n")
    return 0
