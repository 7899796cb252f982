"""The lanes, in one table: everything that tells one lane from another reads it.

A new lane is a module in `rtd.executor.lanes`, a row here and a row in docs/guides/lanes.md.
"""

from typing import Final, NamedTuple


class Lane(NamedTuple):
    """One way to carry out runs.

    Attributes:
        name: as tasks, the configuration, the board and Redis call it.
        number: on the board. Never used twice; 6 was kept for a lane that never came.
        strategy: the class that carries out the runs, `module:class` in `rtd.executor.lanes`.
        for_tasks: a task may name it (`lane=`); the others are chosen by rtd.
        configurable: it has settings (`lanes.NAME.max`).
        concurrent: one executor carries out several runs at once, and its main thread none.
        own_tree: each run has a process tree for itself, so that its memory, its CPU time and
            what it leaves behind can be measured and ended.
        coroutines: its tasks are `async def`.
        single: it has one executor at most.
        needs_app: its runs are code of the app, so an app that does not import stops them.
        preloaded: its module is imported once, in the zygote; else by each of its executors.
        patched: each executor is a Python of its own, in which gevent patches the standard library
            before the app is imported.
        min: executors kept by default.
        max: most executors by default, or `max_per_core` for each core if that is more.
        concurrency: runs at once in one executor by default.
    """

    name: str
    number: int
    strategy: str
    for_tasks: bool = True
    configurable: bool = True
    concurrent: bool = False
    own_tree: bool = False
    coroutines: bool = False
    single: bool = False
    needs_app: bool = True
    preloaded: bool = True
    patched: bool = False
    min: int = 0
    max: int = 1
    max_per_core: int = 0
    concurrency: int = 1


LANES: Final = (
    Lane("process", 1, "process:ProcessLane", own_tree=True, min=1, max=2, max_per_core=1),
    # Tasks of lane `process` with fresh=True.
    Lane(
        "fresh", 2, "fresh:FreshLane",
        for_tasks=False, own_tree=True, min=2, max=4, max_per_core=2,
    ),
    Lane("thread", 3, "thread:ThreadLane", concurrent=True, concurrency=8),
    Lane("main", 4, "process:ProcessLane", own_tree=True, single=True),
    # asyncio would make every fork of the zygote dearer.
    Lane(
        "async", 5, "async_:AsyncLane",
        concurrent=True, coroutines=True, preloaded=False, concurrency=100,
    ),
    Lane(
        "command", 7, "command:CommandLane",
        own_tree=True, needs_app=False, max=4, max_per_core=2,
    ),
    # The app is imported again for each executor, so one of them stays.
    Lane(
        "greenlet", 9, "greenlet:GreenletLane",
        concurrent=True, preloaded=False, patched=True, min=1, concurrency=100,
    ),
    # One process that writes the task log (`rtd.executor.task_log_writer`); it has no runs.
    Lane("log", 8, "", for_tasks=False, configurable=False),
)  # fmt: skip
#: So many runs of all lanes may go on at once in one generation of an app.
MAX_RUNS_AT_ONCE: Final = 32_768
LANE_OF: Final = {lane.name: lane for lane in LANES}
#: Lanes that a task may name.
TASK_LANES: Final = tuple(lane.name for lane in LANES if lane.for_tasks)
#: Lanes with settings.
CONFIG_LANES: Final = tuple(lane.name for lane in LANES if lane.configurable)
#: Lanes in which what a whole process tree uses can be measured for each run.
TREE_LANES: Final = frozenset(lane.name for lane in LANES if lane.own_tree)
#: The lane of hooks and custom conditions.
MAIN_LANE: Final = "main"
#: The lanes in which rtd itself runs code of the app: in the latter, middleware hears of attempts
#: that rtd has ended.
INTERNAL_LANES: Final = (MAIN_LANE, "process")
#: The process that writes the task log: one where runs are logged, none elsewhere.
LOG_LANE: Final = "log"


def find_lane(name: str) -> Lane:
    """Return the lane of that name. Raises ValueError."""
    lane = LANE_OF.get(name)
    if lane is None:
        raise ValueError(f"there is no lane {name!r}")
    return lane
