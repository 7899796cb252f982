"""The verbs on queues."""

from typing import Final

from rtd.protocol.run_verbs import REASON
from rtd.protocol.schema import Field, Verb

_QUEUES: Final = Field("queues", "list[str]", "their names; a new queue is created")

QUEUE_LS: Final = Verb(
    name="queue_ls",
    summary="list and manage queues: ls, pause, resume, priority, purge",
    aliases=("queues",),
    completes="queue",
    doc="List all queues.",
    result=(Field("queues", "list[QueueRow]", "the highest priority first"),),
    example=(
        {},
        {"queues": [{"queue": "default", "priority": 0, "paused": False, "queued": 3,
                     "running": 1}]},
    ),
)  # fmt: skip

QUEUE_PAUSE: Final = Verb(
    name="queue_pause",
    changes=True,
    completes="queue",
    doc="Pause these queues: no more runs start from them. Running runs continue, and submits "
    "are accepted.",
    params=(_QUEUES, REASON),
    result=(Field("queues", "list[QueueRow]", "as they are now"),),
    example=({"queues": ["slow"]}, {"queues": [{"queue": "slow", "paused": True, "...": "..."}]}),
)

QUEUE_RESUME: Final = Verb(
    name="queue_resume",
    changes=True,
    completes="queue",
    doc="Start runs from these queues again.",
    params=(_QUEUES,),
    result=(Field("queues", "list[QueueRow]", "as they are now"),),
    example=({"queues": ["slow"]}, {"queues": [{"queue": "slow", "paused": False, "...": "..."}]}),
)

QUEUE_PRIORITY: Final = Verb(
    name="queue_priority",
    changes=True,
    completes="queue",
    doc="Set the priority of these queues, also for the runs that wait in them. It counts before "
    "the priorities of the runs.",
    params=(_QUEUES, Field("priority", "int", "-100 to 100, higher first")),
    result=(Field("queues", "list[QueueRow]", "as they are now"),),
    example=(
        {"queues": ["mail"], "priority": 10},
        {"queues": [{"queue": "mail", "priority": 10, "...": "..."}]},
    ),
)

QUEUE_PURGE: Final = Verb(
    name="queue_purge",
    changes=True,
    completes="queue",
    answers_within_s=None,
    doc="Cancel all runs that wait in a queue.",
    params=(Field("queue", "str", "its name"), REASON),
    result=(Field("cancelled", "int", "how many"),),
    example=({"queue": "slow"}, {"cancelled": 120}),
)
