"""Submits many runs at once: ids made in bulk, several chunks under way at a time."""

from __future__ import annotations

from collections import deque
from itertools import islice

from rtctl.client.connection import ANSWER_S, ConnectionLost
from rtctl.client.submit_options import read_key
from rtctl.core.check_argument import check_list, check_map
from rtctl.core.deadline import Deadline
from rtd.common.errors import PolicyError, RtdError, UnserialisableError
from rtd.common.format_units import format_count
from rtd.common.ids import new_ids
from rtd.protocol import frames

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any

    from rtctl.client.connection_pool import ConnectionPool

#: Runs in a chunk. Small enough that the daemon answers others in between.
CHUNK = 500
#: A larger chunk is halved, so that large parameters stay below the limit on frames.
CHUNK_BYTES = 1 << 20
#: Chunks under way at once: the daemon has the next one when it has finished one.
WINDOW = 3
#: How often in a row a connection may be lost before the submit fails.
LOSSES = 3


def check_options(options: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the options.

    Raises:
        BadRequest: they are no dict.
        PolicyError: one of them only a single run can have.
    """
    check_map("options", options)
    if read_key(options) is not None:
        raise PolicyError("key: one key cannot stand for many runs; submit them one by one")
    return options


def chunks(
    task: str, params: Iterable[Mapping[str, Any]], options: dict[str, Any]
) -> Iterator[dict[str, Any]]:
    """Return an iterator over the parameters of each submit request.

    Raises:
        BadRequest: what is no list of dicts.
        UnserialisableError: names the path of what cannot be stored: `params[3].n`.
    """
    check_list("params", params, "a list of dicts")
    return _chunks(task, iter(params), options)


def _chunks(
    task: str, rest: Iterator[Mapping[str, Any]], options: dict[str, Any]
) -> Iterator[dict[str, Any]]:
    begin = 0
    while many := list(islice(rest, CHUNK)):
        for at, one in enumerate(many, begin):
            check_map(f"params[{at}]", one)
        many = [dict(one) for one in many]
        try:
            yield from _sized({"task": task, "many": many, "ids": new_ids(len(many)),
                               "options": options})  # fmt: skip
        except UnserialisableError:
            for at, one in enumerate(many, begin):
                frames.dump(one, f"params[{at}]")  # finds it, too, and knows its number
            raise
        begin += len(many)


def _sized(chunk: dict[str, Any]) -> Iterator[dict[str, Any]]:
    many, ids = chunk["many"], chunk["ids"]
    if len(frames.dump(many, "params")) <= CHUNK_BYTES or len(many) == 1:
        yield chunk
        return
    half = len(many) // 2
    yield from _sized({**chunk, "many": many[:half], "ids": ids[:half]})
    yield from _sized({**chunk, "many": many[half:], "ids": ids[half:]})


def with_count(error: RtdError, made: int) -> RtdError:
    """Add to an error how many runs were queued before it."""
    error.sentence += (
        f" (at least {format_count(made, 'run was', 'runs were')} queued before)" if made else ""
    )
    return error


def submit_all(
    pool: ConnectionPool, task: str, params: Iterable[Mapping[str, Any]], options: dict[str, Any]
) -> list[tuple[str, bool]]:
    """Submit all runs. Returns (id, created) of each. Resends unanswered chunks after a restart."""
    made: list[tuple[str, bool]] = []
    waiting: deque[dict[str, Any]] = deque()
    coming = chunks(task, params, options)
    connection = pool.acquire()
    losses = 0
    try:
        sent: deque[int] = deque()
        while True:
            try:
                while len(sent) < WINDOW and (chunk := next(coming, None)) is not None:
                    waiting.append(chunk)
                    sent.append(connection.send("submit", chunk))
                if not sent:
                    return made
                answer = connection.receive_answer(sent[0], Deadline(ANSWER_S))
            except ConnectionLost:
                losses += 1
                if losses > LOSSES:
                    raise
                connection.close()
                connection = pool.reconnect()
                sent = deque(connection.send("submit", chunk) for chunk in waiting)
                continue
            losses = 0
            sent.popleft()
            waiting.popleft()
            made += zip(answer["ids"], answer["created"], strict=True)
    except RtdError as error:
        raise with_count(error, len(made)) from None
    finally:
        pool.release(connection)
