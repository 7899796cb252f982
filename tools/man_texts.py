"""The parts of the manual pages that no declaration has: introductions, files, examples."""

from collections.abc import Mapping
from typing import Final, NamedTuple


class ManText(NamedTuple):
    """The prose of one page.

    Attributes:
        name: of the command.
        summary: the line that `apropos` shows.
        description: paragraphs.
        files: the meaning of each path in `rtd.config.paths.DaemonPaths`.
        examples: command lines by what they do.
        see_also: references in troff.
    """

    name: str
    summary: str
    description: tuple[str, ...]
    files: Mapping[str, str]
    examples: Mapping[str, list[str]]
    see_also: str


#: Variables of systemd and of the XDG base directories, with what each does here.
SERVICE_VARIABLES: Final = {
    "RUNTIME_DIRECTORY": "of systemd: the runtime directory, if RTD_RUNTIME_DIR is not set",
    "STATE_DIRECTORY": "of systemd: the state directory, if RTD_STATE_DIR is not set",
    "FLASK_APP": "of Flask: the program that a task worker of rtd.flask lets the daemon import",
    "WERKZEUG_RUN_MAIN": "of Flask: the web server reloads itself, which means debug",
    "NOTIFY_SOCKET": "of systemd: where rtd reports that its control socket answers",
    "RTD_URL": "of rtctl: `flask rtd` names the Redis of the workers in it",
    "PWD": "the working directory by its name, which may be a link; the app is found there",
    "JOURNAL_STREAM": "of systemd: lines of the log have no time of their own in the journal",
    "XDG_RUNTIME_DIR": "for users other than root: the runtime directory is `rtd` in it",
    "XDG_STATE_HOME": "for users other than root: the state directory is `rtd` in it",
}
#: Variables of rtd's in the environment of a run. With `user` a command has only the first two.
RUN_VARIABLES: Final = {
    "RTD_RUN_ID": "the id of the run",
    "RTD_ATTEMPT": "the number of the attempt, from 1",
    "RTD_HEADERS": "the headers of the run as JSON, if it has some",
    "RTD_RUNTIME_DIR": "the runtime directory, in which rtctl finds this daemon",
    "RTD_SOCKET": "the control socket, if it is elsewhere",
}
#: Variables of rtctl that the daemon does not read.
CLIENT_VARIABLES: Final = {
    "RTD_URL": "instead of a daemon the Redis that workers share, as `--url`; its password is seen"
    " by no other user, while `ps` shows that of a flag",
}
DAEMON: Final = ManText(
    name="rtd",
    summary="a daemon that runs an app's tasks and shell commands",
    description=(
        """rtd queues tasks in Redis (by default one of its own), runs them in processes, threads,
        coroutines or as commands, watches them, and stops them down to the last process. Each run
        has a record with its output, its result, and how it ended.""",
        """An APP is a module or a file with a session of tasks: `package.module:session`,
        `package.module` or `app.py`; or a Flask app with a task worker of rtd.flask, or a call that
        returns one: `shop:create_app('dev')`. Without an APP rtd runs shell commands only.""",
        """SIGTERM and SIGINT end the daemon in order: running runs have the grace to end, then they
        are killed. A second signal kills them at once. SIGHUP imports the app again. SIGQUIT,
        SIGUSR1 and SIGUSR2 are ignored, with a line in the log.""",
        "Settings come from a file, the environment and flags; the later have precedence.",
    ),
    files={
        "socket": "the control socket; for users other than root in `$XDG_RUNTIME_DIR/rtd`, else"
        " in `/tmp/rtd-UID`",
        "pid_file": "the process id of the daemon",
        "log_file": "the log of `rtd start`; for users other than root in `$XDG_STATE_HOME/rtd`,"
        " else in `~/.local/state/rtd`",
        "redis_dir": "the data of the embedded Redis",
        "output_dir": "the output of runs",
        "lock_file": "locked while a daemon uses the directory",
    },
    examples={
        "Run an app in the foreground, with at most four processes:": [
            "rtd run app.py --set lanes.process.max=4"
        ],
        "Start a daemon in the background, and end it with one minute for the runs:": [
            "rtd start shop.tasks:session",
            "rtd stop --grace 1m",
        ],
        "Import an app and list its problems:": ["rtd check app.py"],
    },
    see_also=r"\fBrtctl\fR(1), \fBsystemd.service\fR(5), \fBredis\-server\fR(1)",
)
CLIENT: Final = ManText(
    name="rtctl",
    summary="submits, shows and ends the runs of rtd",
    description=(
        """rtctl talks to the daemon rtd over its control socket. Without a verb it is `rtctl ls`.
        Standard output is data, standard error is messages.""",
        """A target of a verb is a run: its id, four or more characters of its start or end, or the
        key that its submit gave it (`--key`).""",
        """With `--url` or RTD_URL rtctl needs no daemon: it submits, shows, waits for, cancels and
        retries the runs of all workers of a Redis, follows their events and changes their queues.
        What needs a daemon, such as logs and kill, is refused.""",
        "A parameter of a task is `name=text` or `name:=JSON`.",
    ),
    files={},
    examples={
        "Run a shell command, and read its output:": [
            "rtctl submit --key hi --wait -- echo hello",
            "rtctl logs hi",
        ],
        "Run a task with its output on the terminal, and end with its exit code:": [
            "rtctl run count to:=3"
        ],
        "The failed runs, for a program:": ["rtctl ls --state failed -o jsonl"],
        "End a run with every process that it started:": ["rtctl kill hi --grace 5s"],
        "Say why a task does not start:": ["rtctl why report"],
    },
    see_also=r"\fBrtd\fR(1)",
)
