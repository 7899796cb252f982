"""The lane `command`: each run forks and executes a command of the operating system."""

from rtd.executor.commands.command_caller import CommandCaller
from rtd.executor.lanes.base_lane import LaneParts
from rtd.executor.lanes.serial import SerialLane


class CommandLane(SerialLane):
    """Runs commands, one at a time."""

    def __init__(self, parts: LaneParts) -> None:
        limit_bytes = parts.context.options.result_limit_bytes
        super().__init__(parts, CommandCaller(parts.captures[0].scratch, limit_bytes))
