"""Events of runs as the stream holds them: `[at, run id, task, what, state, detail]`."""

from collections.abc import Iterable
from typing import Any

import msgpack

from rtd.model.internal_tasks import INTERNAL_PREFIX


def pack_events(events: Iterable[list[Any]]) -> bytes:
    """One entry of the event stream; empty, for none, when all are of runs of rtd's own."""
    told = [event for event in events if event[2][0] != INTERNAL_PREFIX]
    blob: bytes = msgpack.packb(told) if told else b""
    return blob
