"""The common base of the folders of `rtd.session`, which imports none of them: the state of a
session, a task's definition, signatures, options, hooks, the current run."""
