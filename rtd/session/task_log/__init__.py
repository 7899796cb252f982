"""The task log of an app: handlers of the logger `rtd.task`, schemes, and reading the log. A new
scheme is a row of `rtd.session.task_log.schemes.SCHEMES`."""
