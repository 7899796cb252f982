"""The leaves of the language. This is the one place where a leaf is registered."""

from __future__ import annotations

from rtd.conditions.base import Leaf
from rtd.conditions.leaves.after import After
from rtd.conditions.leaves.constant import Constant
from rtd.conditions.leaves.cron import Cron
from rtd.conditions.leaves.every import Every
from rtd.conditions.leaves.has import Has
from rtd.conditions.leaves.host import HostLoadAbove, HostMemoryAbove
from rtd.conditions.leaves.param import Env, Param
from rtd.conditions.leaves.periodic import Periodic
from rtd.conditions.leaves.running import Running
from rtd.conditions.leaves.scheduler import SchedulerCycles, SchedulerRan
from rtd.conditions.leaves.silence import NoOutputPast, RunningPast
from rtd.conditions.leaves.time_of import TimeOf
from rtd.conditions.leaves.usage import CpuAbove, CpuTimeAbove, MemoryAbove

LEAVES: tuple[type[Leaf], ...] = (
    Periodic,
    TimeOf,
    Every,
    Has,
    After,
    Running,
    SchedulerRan,
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
