"""When tasks start: decided here from a clock that is given, without I/O.

`Planner` holds the tasks with conditions, what is remembered of their past runs, a heap of the
next moments at which time alone can change a condition, and an index from events to the tasks
whose conditions they can change. The live scheduler and the simulation drive the same planner.

Times are UTC microseconds (`_us`).
"""
