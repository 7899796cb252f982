"""The planner on the clock: load it, drive it, and send its decisions to Redis.

`TaskScheduler` holds the planner and the clock, `Dispatcher` sends occurrences in order,
`ScheduleEvents` hands notifications and switches to the planner, `CustomConditionCycle` evaluates
custom conditions.
"""
