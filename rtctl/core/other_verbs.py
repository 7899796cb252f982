"""Verbs of other programs, and the verbs of rtctl in their place. Imported only for a mistake."""

from __future__ import annotations

import os
import shlex

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Sequence

_WORKER = "a daemon has its own workers: `rtd run APP` (or `rtd start APP`, in the background)"
_BEAT = "the daemon has its own scheduler: `rtd run APP`; `rtctl next` lists the coming starts"
_START = "a task starts by `rtctl submit TASK`, the daemon by `rtd start APP`"
_FILES = "`rtctl reload` imports the app again"
_REMOVE = "`rtctl cancel RUN` withdraws a queued run, `rtctl forget RUN` removes a record"
_PAUSE = "`rtctl queue pause QUEUE` holds a queue, `rtctl disable TASK` a schedule"
_RESUME = "`rtctl queue resume QUEUE` or `rtctl enable TASK`"
_LISTS = "`rtctl ls` lists the runs, `rtctl tasks` the tasks"
_FOLLOW = "`rtctl logs -f RUN`"
_LIMIT = "`max_concurrency` of a task, or the setting `lanes.process.max`, limits runs at once"

#: By verbs of supervisorctl, circusctl, pueue, celery, rq, dramatiq, huey, systemctl, journalctl.
OTHER_VERBS: dict[str, str] = {
    "apply": "`rtctl submit TASK name=text`; " + _FILES,
    "async": "`rtctl submit TASK name=text`",
    "avail": "`rtctl tasks`",
    "beat": _BEAT,
    "cat": "`rtctl show RUN`, or `rtctl tasks TASK`",
    "clean": _REMOVE,
    "clear": _REMOVE,
    "command": "`rtctl run -- COMMAND ARGS`",
    "consumer": _WORKER,
    "control": "`rtctl cancel RUN`, `rtctl kill RUN`, `rtctl queue pause QUEUE`",
    "cron": _BEAT,
    "crontab": _BEAT,
    "daemon-reload": _FILES,
    "dashboard": "`rtctl status` and `rtctl ls`",
    "decr": _LIMIT,
    "defer": "`rtctl submit TASK --in 10m name=text`",
    "delay": "`rtctl submit TASK name=text`; `--in 10m` delays the run",
    "delete": _REMOVE,
    "dequeue": _REMOVE,
    "edit": "`rtctl cancel RUN`, then submit it again",
    "empty": "`rtctl queue purge QUEUE`",
    "exec": "`rtctl run -- COMMAND ARGS`",
    "fg": _FOLLOW,
    "failed": "`rtctl ls --state unsuccessful`",
    "flower": "`rtctl status` and `rtctl ls`",
    "flush": "`rtctl queue purge QUEUE`",
    "follow": _FOLLOW,
    "history": "`rtctl ls` lists runs that have ended, too",
    "incr": _LIMIT,
    "is-active": "`rtctl ls --task TASK --state running`",
    "is-failed": "`rtctl ls --task TASK --state unsuccessful`",
    "jobs": _LISTS,
    "journal": "`rtctl logs RUN`; `rtctl events` lists what happened",
    "journalctl": "`rtctl logs RUN`; `rtctl events` lists what happened",
    "list-timers": "`rtctl next`",
    "list-units": _LISTS,
    "maintail": "the daemon has a log file of its own: `rtctl info` says where",
    "monitor": "`rtctl events -f`",
    "multi": _WORKER,
    "numprocesses": _LIMIT,
    "parallel": _LIMIT,
    "pause": _PAUSE,
    "pid": "`rtctl show RUN` lists the processes of a run",
    "pool": _LIMIT,
    "purge": "`rtctl queue purge QUEUE`",
    "quit": "`rtd stop`",
    "remove": _REMOVE,
    "reread": _FILES,
    "reset-failed": "`rtctl retry RUN`, or `rtctl forget RUN`",
    "restart": "`rtctl reload` for the app, `rtctl reload-run RUN` for a run,"
    " `rtd stop` and `rtd start APP` for the daemon",
    "resume": _RESUME,
    "rm": _REMOVE,
    "schedule": "`rtctl next` lists the coming starts; `rtctl submit TASK --in 10m` delays a run",
    "scheduler": _BEAT,
    "send": "`rtctl submit TASK name=text`",
    "shell": "in Python: `from rtctl import Client`",
    "signal": "`rtctl kill RUN` asks a run to end, and forces it",
    "stash": _PAUSE,
    "start": _START,
    "stats": "`rtctl status`, or `rtctl info`",
    "suspend": _PAUSE,
    "terminate": "`rtctl kill RUN`",
    "timers": "`rtctl next`",
    "top": "`rtctl ls --state running -o wide`, or `rtctl status`",
    "unpause": _RESUME,
    "update": _FILES,
    "upgrade": "install it, then `rtd stop --keep-running` and `rtd start APP`",
    "watch": "`rtctl events -f`",
    "work": _WORKER,
    "worker": _WORKER,
    "workers": _WORKER + "; `rtctl info` lists the executors",
}
#: What `celery inspect WORD` shows.
_INSPECT = {
    "active": "`rtctl ls --state running`",
    "active_queues": "`rtctl queue ls`",
    "conf": "`rtctl info`",
    "ping": "`rtctl ping`",
    "registered": "`rtctl tasks`",
    "report": "`rtctl status`",
    "reserved": "`rtctl ls --state queued`",
    "revoked": "`rtctl ls --state cancelled`",
    "scheduled": "`rtctl ls --state queued`; `rtctl next` lists the coming starts of the schedule",
    "stats": "`rtctl info`",
}


def instead_of(verb: str, words: Sequence[str] = ()) -> str:
    """Return what to write instead of a verb of another program; empty: nothing is known.

    Args:
        verb: the unknown word.
        words: those that follow it.
    """
    if verb == "inspect":
        return next((_INSPECT[word] for word in words if word in _INSPECT), "")
    return OTHER_VERBS.get(verb.lower(), "")


def as_command(verb: str, words: Sequence[str]) -> str:
    """Return `; a command goes behind --: ...` for words that are a command of this host, without
    the `--` before it; else an empty text.

    Args:
        verb: `run` or `submit`.
        words: those of the command line that are no flags of rtctl, or follow the first such word.
    """
    if not words or "--" in words or not _is_program(words[0]):
        return ""
    return f"; a command goes behind `--`: `rtctl {verb} -- {shlex.join(words)}`"


def after_flags(words: Sequence[str], takes_value: Container[str]) -> Sequence[str]:
    """Return the words from the first one on that is neither a flag nor the value of one.

    Args:
        takes_value: the flags that have values.
    """
    for at, word in enumerate(words):
        if not word.startswith("-") and not (at and words[at - 1] in takes_value):
            return words[at:]
    return ()


def _is_program(word: str) -> bool:
    from shutil import which  # lazy: it costs 3 ms

    return not os.path.isdir(word) and which(word) is not None
