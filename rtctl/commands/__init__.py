"""The verbs of the command, one file each. Here: their names, for the help and the completion.

A verb's module has `USAGE` (what follows `rtctl`), `FLAGS`, `run(context) -> exit code`, and
may have `MORE` (further help) and `TAKES_TAIL` (what follows `--` is a command).
"""

SUMMARIES = {
    "submit": "queue a run of a task, or a command",
    "run": "submit, follow the output, return the task's exit code",
    "ls": "list runs (also when no verb is given)",
    "show": "everything that is known of a run",
    "logs": "a run's output",
    "wait": "until runs are over",
    "result": "what a run returned",
    "kill": "end runs and everything they started",
    "cancel": "withdraw runs that have not started",
    "retry": "submit ended runs once more",
    "tasks": "what can be submitted",
    "cond": "what a condition means: its value, why, and its next changes",
    "next": "when tasks start next",
    "why": "why a task starts or does not",
    "misses": "due moments at which a task did not just start in time",
    "enable": "let tasks start by their conditions again",
    "disable": "let tasks start no more by their conditions",
    "trigger": "start a task now, whatever its condition says",
    "graph": "which task waits for which: as a tree, for mermaid, as SVG",
    "simulate": "when the tasks of an app would start, on a virtual clock",
    "params": "what tasks are given besides a submit's parameters: ls, get, set, unset",
    "tasklog": "what the app's task log holds: each run and how it ended",
    "queue": "ls, pause, resume, purge",
    "events": "what happens, as it happens",
    "status": "how the daemon, its app and its schedule are, and what has failed",
    "info": "the daemon and its parts",
    "reload": "import the app anew and serve it",
    "ping": "whether the daemon answers",
    "shutdown": "end the daemon",
    "completion": "the shell's completion: bash, zsh or fish",
    "help": "this, or a verb's flags",
    "version": "of rtctl and of the daemon",
    "complete": "",
}

#: What fingers know from elsewhere.
ALIASES = {
    "add": "submit", "enqueue": "submit", "call": "submit",
    "ps": "ls", "list": "ls",
    "log": "logs", "tail": "logs",
    "inspect": "show",
    "revoke": "cancel",
    "requeue": "retry",
    "queues": "queue",
    "parameters": "params", "param": "params",
    "stop": "kill",
}  # fmt: skip
