"""Reads the standard input for a command, and no more of it than the daemon takes."""

from __future__ import annotations

import sys

from rtctl.client.connection import CLIENT
from rtd.common.errors import TooLarge
from rtd.protocol import frames

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rtctl.cli.context import CommandContext

#: The default of `limits.params`: only a longer input costs another request.
_USUAL_BYTES = 1 << 20


def read_input(context: CommandContext) -> bytes:
    """Return the whole standard input. Stops soon after the limit of the daemon: the input may be
    endless.

    Raises:
        TooLarge: there is more than the daemon takes.
    """
    stream = sys.stdin.buffer
    data = stream.read(_USUAL_BYTES + 1)
    if len(data) <= _USUAL_BYTES:
        return data
    limit = _limit_bytes(context)
    data += stream.read(max(limit + 1 - len(data), 0))
    if len(data) > limit:
        from rtd.common.format_units import format_bytes  # lazy: only an error needs it

        raise TooLarge(
            f"{context.verb}: --stdin: the standard input is too long, the limit is"
            f" {format_bytes(limit)}; pass large data by file, or raise limits.params"
        )
    return data


def _limit_bytes(context: CommandContext) -> int:
    """Return how many bytes the parameters of a run may have."""
    hello = {"version": frames.VERSION, "client": CLIENT}
    answer = context.pool.call("hello", hello)
    # An older daemon names only the limit of a whole request, and refuses what is between.
    return int(answer.get("params_limit_bytes", answer["frame_limit_bytes"]))
