"""Facts of the verbs that rtctl needs before any answer.

Made by `python -m tools.generate_client` from what `rtd/protocol` declares.
"""

from __future__ import annotations

#: Commands in the order of the help: a summary, and what the shell completes.
COMMANDS: dict[str, tuple[str, str]] = {
    "submit": ("queue a run of a task, or a command", "task_call"),
    "ls": ("list runs (the default, without a verb)", "task"),
    "show": ("show everything that rtd knows about a run", "run"),
    "logs": ("print the output of a run", "run"),
    "wait": ("wait until runs have ended", "live_run"),
    "result": ("print the value that a run returned", "run"),
    "kill": ("stop runs and every process that they started", "live_run"),
    "reload-run": ("stop a running run and start it again, with the current code", "live_run"),
    "cancel": ("cancel runs that have not started", "queued_run"),
    "retry": ("submit ended runs again", "run"),
    "tasks": ("list the tasks of the app", "task"),
    "next": ("show when tasks start next", "task"),
    "why": ("explain why a task starts or does not", "task"),
    "misses": ("list scheduled starts that were late, skipped or missed, and why", "task"),
    "enable": ("schedule tasks again", "task"),
    "disable": ("stop scheduling tasks; they can still be submitted", "task"),
    "trigger": ("start a task now, without regard to its condition", "task_call"),
    "graph": ("which task waits for which: as a tree, for mermaid, as SVG", "task"),
    "params": ("list, read and change the parameters of the app: ls, get, set, unset", ""),
    "queue": ("list and manage queues: ls, pause, resume, priority, purge", ""),
    "forget": ("remove the records of ended runs", "run"),
    "leases": ("list runs whose executor is gone", ""),
    "events": ("print the events of runs and queues", ""),
    "tasklog": ("print the app's task log: each run and how it ended", "task"),
    "status": ("show the state of the daemon, its app and its schedule, and what has failed", ""),
    "info": ("show the daemon and its parts", ""),
    "reload": ("import the app again: new runs get the new code", ""),
    "ping": ("check that the daemon answers", ""),
    "shutdown": ("stop the daemon", ""),
}
#: Commands with a second word, and what the shell completes behind that.
SUBCOMMANDS: dict[str, dict[str, str]] = {
    "params": {"ls": "", "get": "parameter", "set": "parameter_value", "unset": "parameter"},
    "queue": {
        "ls": "queue",
        "pause": "queue",
        "resume": "queue",
        "priority": "queue",
        "purge": "queue",
    },
}
#: Other words for a command.
ALIASES: dict[str, str] = {
    "add": "submit",
    "enqueue": "submit",
    "call": "submit",
    "ps": "ls",
    "list": "ls",
    "inspect": "show",
    "log": "logs",
    "tail": "logs",
    "stop": "kill",
    "revoke": "cancel",
    "requeue": "retry",
    "parameters": "params",
    "param": "params",
    "queues": "queue",
}
#: Verbs whose answer may take longer than others', in seconds; None: any time.
ANSWERS_WITHIN_S: dict[str, float | None] = {
    "wait": None,
    "kill": None,
    "reload_run": None,
    "queue_purge": None,
    "collect": None,
    "reload": None,
}
