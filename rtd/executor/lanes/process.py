"""The lanes `process` and `main`: the task's code is called in the executor itself."""

from rtd.executor.lanes.base_lane import LaneParts
from rtd.executor.lanes.serial import SerialLane
from rtd.executor.runs.python_caller import PythonCaller


class ProcessLane(SerialLane):
    """Calls functions and classes in the main thread of this process."""

    def __init__(self, parts: LaneParts) -> None:
        super().__init__(parts, PythonCaller(parts.context.options.result_limit_bytes))
