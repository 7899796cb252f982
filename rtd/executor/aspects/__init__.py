"""The surroundings of a run, an aspect a module: limits, usage, title, board, output.

To add one, say for a new policy: a subclass of `rtd.executor.core.run_aspect.RunAspect` in a
module here, and a line in `rtd.executor.aspects.run_aspects.serial_aspects`. An aspect of a
policy says in `applies` which runs it is for; the policy itself is a row in
`rtd.model.policies.POLICY_OPTIONS`.
"""
