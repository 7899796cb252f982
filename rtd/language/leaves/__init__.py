"""The leaves of the language, a file each (or a file for a few of one kind).

To add one: make a subclass of `rtd.language.core.leaf.Leaf`, a frozen dataclass, in a file here.
Give it `forms`, `evaluate`, `fact`, `__str__` and `events` or `polled`, and add it to `LEAVES`.
Give it a builder in one of the files `rtd/language/*_conditions.py`, exported by `rtd.conditions`.
"""

from __future__ import annotations

from rtd.language.core.leaf import Leaf
from rtd.language.leaves.after import After
from rtd.language.leaves.constant import Constant
from rtd.language.leaves.cron import Cron
from rtd.language.leaves.every import Every
from rtd.language.leaves.has import Has
from rtd.language.leaves.host import HostLoadAbove, HostMemoryAbove
from rtd.language.leaves.no_output import NoOutputPast, RunningPast
from rtd.language.leaves.param import Env, Param
from rtd.language.leaves.periodic import Periodic
from rtd.language.leaves.running import TaskRunning
from rtd.language.leaves.scheduler import SchedulerCycles, SchedulerUptime
from rtd.language.leaves.time_of_day import TimeOf
from rtd.language.leaves.usage import CpuAbove, CpuTimeAbove, MemoryAbove

LEAVES: tuple[type[Leaf], ...] = (
    Periodic,
    TimeOf,
    Every,
    Has,
    After,
    TaskRunning,
    SchedulerUptime,
    SchedulerCycles,
    Cron,
    Param,
    Env,
    Constant,
    RunningPast,
    NoOutputPast,
    MemoryAbove,
    CpuTimeAbove,
    CpuAbove,
    HostMemoryAbove,
    HostLoadAbove,
)
