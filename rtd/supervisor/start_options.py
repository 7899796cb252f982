"""The options with which a daemon starts."""

from dataclasses import dataclass

from rtd.config.config import Config
from rtd.config.paths import DaemonPaths


@dataclass(frozen=True, slots=True)
class StartOptions:
    """The options of the command line.

    Attributes:
        scheduling: see `ScheduleGate`.
        until_idle: works off what is queued, then ends.
        umask: of the processes that carry out runs.
    """

    config: Config
    places: DaemonPaths
    app: str | None
    scheduling: bool = True
    umask: int = 0o022
    until_idle: bool = False
