"""`session["x"].disabled = True` in a run: takes effect at once, for all processes."""

from rtctl.client.client import Client


def switch_task(name: str, on: bool) -> None:
    """Let a task start by its condition, or stop that, as `rtctl enable` and `rtctl disable` do.

    Raises:
        RtdError: the daemon does not answer, or has no such task.
    """
    with Client() as client:
        if on:
            client.rpc.enable(tasks=[name])
        else:
            client.rpc.disable(tasks=[name])
