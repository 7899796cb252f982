"""How many runs, tasks or queues one request may name, and the requests of one connection."""

import contextlib
from collections.abc import Iterator, Sequence

from rtd.common.errors import TooLarge
from rtd.rpc.core.request import ClientRequest
from rtd.supervisor.core.context import SupervisorContext


def check_targets(request: ClientRequest, targets: Sequence[object], noun: str) -> None:
    """Check that a request does not name too many. Raises TooLarge."""
    check_count(request.context, targets, noun)


def check_count(context: SupervisorContext, targets: Sequence[object], noun: str) -> None:
    """As `check_targets`, without the request."""
    limit = context.config.limits.targets
    if len(targets) > limit:
        raise TooLarge(
            f"{len(targets):,} {noun} in one request, the limit is {limit:,}; send several"
            " requests, or raise limits.targets"
        )


@contextlib.contextmanager
def reserved_targets(request: ClientRequest, *, owner_is_free: bool = False) -> Iterator[None]:
    """Count the runs of a request among those of its connection, until it is answered.

    Args:
        owner_is_free: root and the daemon's user may name any number.

    Raises:
        TooLarge: too many in this request, or together with the others that go on.
    """
    targets: list[str] = request.params["runs"]
    if owner_is_free and request.client.is_owner:
        yield
        return
    check_targets(request, targets, "runs")
    client, limit = request.client, request.context.config.limits.targets
    if client.targets + len(targets) > limit:
        raise TooLarge(
            f"the open requests of this connection name {client.targets:,} runs, and this"
            f" one {len(targets):,}; the limit is {limit:,}: wait for their answers, or raise"
            " limits.targets"
        )
    client.targets += len(targets)
    try:
        yield
    finally:
        client.targets -= len(targets)
