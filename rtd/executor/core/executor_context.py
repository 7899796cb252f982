"""What every lane of an executor works with."""

from typing import NamedTuple

from rtd.executor.core.executor_options import ExecutorOptions
from rtd.process.events.executor_signals import ExecutorSignals


class ExecutorContext(NamedTuple):
    """Shared by the parts of one executor. `pool` is the lane's name, or `fresh`."""

    pool: str
    exec_id: str
    options: ExecutorOptions
    signals: ExecutorSignals
