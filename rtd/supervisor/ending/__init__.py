"""Ends of runs: deadlines and limits, end conditions, stops, and runs of dead executors.

`LimitWatcher` and `EndConditionWatch` find what must end, `Stops` ends it, `Settler` writes the
outcome where the executor cannot.
"""
