"""All that can be asked of the store: `Calls(namespace)` builds it, a link sends it."""

from rtd.store.faults import Faults
from rtd.store.parameters import Parameters
from rtd.store.presence import Presence
from rtd.store.reads import Reads
from rtd.store.scheduling import Scheduling
from rtd.store.tasklog import TaskLog
from rtd.store.transitions import Transitions


class Calls(Faults, Presence, Transitions, Reads, Scheduling, Parameters, TaskLog):
    """The calls of one namespace. Has no state but the prefix of its keys."""
