"""Holds the stop of a run back while a task does what must not be torn."""

from typing import Any, Self

from rtd.session.context.run_context import CurrentRun, find_run


class PostponeShutdown:
    """A block that no stop of the run interrupts: it waits for the end of the block.

    ```python
    with rtd.unstoppable():
        move_money(source, target)
    ```

    When a stop came meanwhile, leaving the outermost block raises `rtd.Stopped` (`CancelledError`
    at the next `await` in the async lane), or calls the `stop` of a class task. The grace goes on
    meanwhile: a run that is in its block at the end of its grace is killed. Outside of a run the
    block does nothing.

    Raises:
        RuntimeError: on entering it in a thread that the run has started.
    """

    def __init__(self) -> None:
        self._runs: list[CurrentRun | None] = []

    def activate(self) -> None:
        """Enter the block."""
        run = find_run()
        if run is not None and run.stops is not None and not run.ended:
            run.stops.postpone()
        else:
            run = None
        self._runs.append(run)

    def deactivate(self) -> None:
        """Leave the block. Raises Stopped when a stop came meanwhile."""
        run = self._runs.pop()
        if run is not None and run.stops is not None:
            run.stops.resume()

    def __enter__(self) -> Self:
        self.activate()
        return self

    def __exit__(self, *_raised: Any) -> None:
        self.deactivate()


def unstoppable() -> PostponeShutdown:
    """Return a block that no stop of the run interrupts, see `PostponeShutdown`."""
    return PostponeShutdown()
