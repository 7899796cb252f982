"""The surroundings of a run, an aspect a module: limits, usage, title, board, output.

To add one, say for a new policy: a subclass of `rtd.executor.core.run_aspect.RunAspect` in a
module here, and a line in `rtd.executor.aspects.run_aspects.serial_aspects`. An aspect of a
policy says in `applies` which runs it is for; the policy itself is a field of
`rtd.model.policies.Policies`. An aspect that changes the process of the run does so in
`enter_child`, too: lane `fresh` forks that process before the run is known.
"""
