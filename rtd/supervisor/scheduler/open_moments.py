"""Opens due moments again after the clock was set back."""

from collections.abc import Iterable

from rtd.supervisor.core.context import SupervisorContext

__all__ = ["reopen_moments"]


def reopen_moments(context: SupervisorContext, tasks: Iterable[str], now_us: int) -> None:
    """Let due moments come that were missed while the clock was ahead.

    Those that made a run, or that one run covers, stay as they are: no moment starts two.
    """
    if names := list(tasks):
        command = context.commands.reopen(now_us, names)
        reopening = context.retry(lambda: context.execute(command))
        context.jobs.start(reopening, "opening due moments again after the clock was set back")
