"""Tasks as objects: the base, the kinds, and the options of a declaration. A new kind is a subclass
of `rtd.session.tasks.task.Task` with an `execute`, exported by `rtd.tasks`."""
