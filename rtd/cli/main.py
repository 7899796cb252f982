"""The command `rtd`: run, start, stop, simulate, check. Called by people and by systemd.

The exit codes are those of `rtd.cli.exit_codes`.
"""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from rtd.cli.parser import RtdParser, print_whole, say_interrupted
from rtd.common.errors import EXIT_CODE, RtdError, StoreGone
from rtd.common.units import parse_duration_s
from rtd.common.version import VERSION
from rtd.config.log_level import LEVELS
from rtd.config.python_command import ensure_utf8
from rtd.config.system_errors import describe_system_error

_APP_HELP: Final = (
    "package.module:session, a module, a file, or a Flask app (shop:create_app()); without it only"
    " shell commands are run"
)
#: What goes on after a Ctrl-C.
_INTERRUPTED: Final = {
    "stop": "the daemon is still stopping, `rtd stop` waits for it again",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line. Returns the exit code."""
    if argv is None:
        ensure_utf8()
    options = build_parser().parse_args(argv)
    if options.verb == "run" and os.getpid() == 1:  # in a container
        from rtd.process.fork.init_process import run_under_init  # lazy: see `_find_verb`

        return run_under_init(lambda: _run_verb(options))
    code = _run_verb(options)
    if options.verb == "simulate":  # the only one that imports an app here
        from rtd.cli.exit_app_process import exit_app_process  # lazy: see above

        return exit_app_process(code)
    return code


def _run_verb(options: argparse.Namespace) -> int:
    try:
        if options.verb != "stop":
            from rtd.config.paths import check_working_directory  # lazy: see `_find_verb`

            check_working_directory()
        return _find_verb(options.verb)(options)
    except RtdError as error:
        print(f"rtd: {error.sentence}", file=sys.stderr)
        # 3 is the code of rtctl for a daemon that goes on without Redis.
        return 1 if isinstance(error, StoreGone) else EXIT_CODE.get(error.code, 1)
    except OSError as error:
        if options.verb == "run":  # a daemon that has run: its log is to have the traceback
            raise
        print(f"rtd: {describe_system_error(error)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        say_interrupted(_INTERRUPTED.get(options.verb, f"{options.verb} was interrupted"))
        return 130


def _find_verb(name: str) -> Callable[[argparse.Namespace], int]:
    """Return the verb's function. Each verb imports only what it needs, `rtd --help` nothing."""
    if name == "run":
        from rtd.cli.run import run  # lazy: see above

        return run
    if name == "start":
        from rtd.cli.start import start  # lazy: see above

        return start
    if name == "stop":
        from rtd.cli.stop import stop  # lazy: see above

        return stop
    if name == "simulate":
        from rtd.cli.simulate import simulate  # lazy: see above

        return simulate
    from rtd.cli.check import check  # lazy: see above

    return check


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line, which the help and the reference describe."""
    parser = RtdParser(
        prog="rtd", description="A daemon that runs an app's tasks and shell commands."
    )
    parser.add_argument(
        "--version", action=_VersionAction, nargs=0, help="show the version and exit"
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    run = verbs.add_parser("run", help="run in the foreground, the log on stderr")
    _add_app(run)
    run.add_argument(
        "--until-idle",
        action="store_true",
        help="execute what is queued, then end; no task starts by its condition",
    )
    run.add_argument("--ready-fd", type=int, help=argparse.SUPPRESS)
    run.add_argument("--detach", action="store_true", help=argparse.SUPPRESS)
    run.add_argument("--parent", type=int, help=argparse.SUPPRESS)
    run.add_argument("--only-submitted", action="store_true", help=argparse.SUPPRESS)
    start = verbs.add_parser("start", help="start a daemon in the background; wait until it is up")
    _add_app(start)
    start.add_argument(
        "--wait", type=_duration, default=60.0, metavar="TIME", help="give up after (default 60s)"
    )
    stop = verbs.add_parser("stop", help="stop the daemon; wait until it is gone")
    stop.add_argument(
        "--grace", type=_duration, metavar="TIME", help="how long running runs may continue"
    )
    stop.add_argument(
        "--keep-running",
        action="store_true",
        help="leave executors and Redis running for the next daemon",
    )
    stop.add_argument(
        "--wait", type=_duration, default=120.0, metavar="TIME", help="give up after (default 2m)"
    )
    simulate = verbs.add_parser("simulate", help="what `rtctl simulate` shows, as JSON lines")
    simulate.add_argument("app", metavar="APP", help=_APP_HELP.partition(";")[0])
    simulate.add_argument("since", type=float, metavar="FROM", help="epoch seconds")
    simulate.add_argument("until", type=float, metavar="TO", help="epoch seconds")
    simulate.add_argument(
        "--run-time", type=float, default=1.0, metavar="SECONDS", help="of each run (default 1)"
    )
    simulate.add_argument("--task", metavar="TASK", help="print only this one's")
    check = verbs.add_parser("check", help="import an app and list its tasks and problems")
    check.add_argument("app", metavar="APP", help=_APP_HELP.partition(";")[0])
    return parser


def _add_app(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("app", nargs="?", metavar="APP", help=_APP_HELP)
    parser.add_argument("--config", type=Path, metavar="FILE", help="read this rtd.toml")
    parser.add_argument("--name", help="the namespace in Redis (default rtd)")
    parser.add_argument("--redis", metavar="URL", help="embedded, redis://, rediss:// or unix://")
    parser.add_argument(
        "--durability",
        choices=("process", "always"),
        help="what a power cut may cost: about a second (process, the default) or nothing",
    )
    parser.add_argument("--group", help="a group whose members may use the socket")
    parser.add_argument(
        "--set", action="append", default=[], type=_assignment, metavar="NAME=VALUE",
        help="any setting, e.g. lanes.process.max=4",
    )  # fmt: skip
    parser.add_argument("--log-level", choices=LEVELS, default=None, help="default info")


def _assignment(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign or not name:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, value


def _duration(text: str) -> float:
    try:
        return parse_duration_s(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


class _VersionAction(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        print_whole(f"rtd {VERSION}\n")
        parser.exit()


if __name__ == "__main__":
    sys.exit(main())
