"""All that can be asked of the store: `Calls(namespace)` builds it, a link sends it."""

from rtd.store.commands.faults import Faults
from rtd.store.commands.node_claim import Presence
from rtd.store.commands.parameters import Parameters
from rtd.store.commands.reads import Reads
from rtd.store.commands.run_transitions import Transitions
from rtd.store.commands.schedule import Scheduling
from rtd.store.commands.task_log import TaskLog


class Calls(Faults, Presence, Transitions, Reads, Scheduling, Parameters, TaskLog):
    """The calls of one namespace. Has no state but the prefix of its keys."""
