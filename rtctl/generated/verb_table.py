"""Facts of the verbs that rtctl needs before any answer.

Made by `python -m tools.generate_client` from what `rtd/protocol` declares.
"""

from __future__ import annotations

#: Commands in the order of the help: a summary, and what the shell completes.
COMMANDS: dict[str, tuple[str, str]] = {
    "submit": ("queue a run of a task, or a command", "task_call"),
    "ls": ("list runs (also when no verb is given)", "task"),
    "show": ("everything that rtd knows of a run", "run"),
    "logs": ("a run's output", "run"),
    "wait": ("until runs are over", "live_run"),
    "result": ("the value that a run returned", "run"),
    "kill": ("end runs and everything they started", "live_run"),
    "reload-run": ("stop a running run and begin the same run again", "live_run"),
    "cancel": ("withdraw runs that have not started", "queued_run"),
    "retry": ("submit ended runs once more", "run"),
    "tasks": ("the tasks that can be submitted", "task"),
    "next": ("when tasks start next", "task"),
    "why": ("why a task starts or does not", "task"),
    "misses": ("due moments at which a task did not just start in time", "task"),
    "enable": ("let tasks start by their conditions again", "task"),
    "disable": ("stop starting tasks by their conditions", "task"),
    "trigger": ("start a task now, without regard to its condition", "task_call"),
    "graph": ("which task waits for which: as a tree, for mermaid, as SVG", "task"),
    "params": ("the parameters that tasks get besides those of a submit: ls, get, set, unset", ""),
    "queue": ("ls, pause, resume, priority, purge", ""),
    "forget": ("remove the records of ended runs", "run"),
    "leases": ("runs that executors have, and those whose executor is gone", ""),
    "events": ("the events of runs and queues, as they happen", ""),
    "tasklog": ("the app's task log: each run and how it ended", "task"),
    "status": ("the state of the daemon, its app and its schedule, and what has failed", ""),
    "info": ("the daemon and its parts", ""),
    "reload": ("import the app again and serve it", ""),
    "ping": ("whether the daemon answers", ""),
    "shutdown": ("end the daemon", ""),
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
