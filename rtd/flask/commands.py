"""`flask rtd`: the daemon of a Flask app, and the commands of `rtctl` for it.

Flask's own command finds this by the entry point `flask.commands`, so that the program is imported
when `flask rtd` is known to be the command: its `task_worker.start()` starts nothing then.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, Final, NoReturn

import click
from flask import Flask, current_app
from flask.cli import AppGroup

from rtctl.core.daemon_commands import FLASK_VARIABLE, URL_VARIABLE
from rtd.common.errors import RtdError
from rtd.config.python_command import module_command
from rtd.flask.base_task_worker import BaseTaskWorker
from rtd.flask.core.command_context import GROUP
from rtd.flask.core.settings import FlaskSettings, read_settings
from rtd.flask.daemon.daemon_paths import daemon_environment, is_of_others, paths_of
from rtd.flask.daemon.foreground_start import start_in_foreground

#: All words go on to the program that carries the command out, `--help` included.
_PASSED_ON: Final = {
    "ignore_unknown_options": True,
    "allow_interspersed_args": False,
    "help_option_names": [],
}


def _silence_flask() -> None:
    """Keep Flask from printing, among the output, that it ignores the program's `app.run()`."""
    os.environ["WERKZEUG_RUN_MAIN"] = "true"


class _RtdGroup(AppGroup):
    """Lists some commands of `rtctl`, and has all that are about a daemon."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        found = super().get_command(ctx, cmd_name)
        if found is not None:
            return found
        from rtctl.generated.verb_table import ALIASES, COMMANDS  # lazy: few calls need it

        if cmd_name not in COMMANDS and cmd_name not in ALIASES:
            return None
        _pass_on(cmd_name, "Do the same")
        return super().get_command(ctx, cmd_name)


rtd = _RtdGroup(
    GROUP,
    help="The tasks of this app: their daemon, and their runs. All commands of `rtctl` work here,"
    " also those that are not listed (`flask rtd queue ls`); `rtctl help` has them.",
    callback=_silence_flask,
)


def _words(function: Any) -> Any:
    return click.argument("words", nargs=-1, type=click.UNPROCESSED)(function)


@rtd.command("run", context_settings={"ignore_unknown_options": True})
@_words
def run(words: Sequence[str]) -> None:
    """Run the daemon in the foreground. WORDS are flags of `rtd run`."""
    worker, app = _worker()
    try:
        start_in_foreground(worker, app, read_settings(app.config), words)
    except RtdError as error:
        raise click.ClickException(error.sentence) from None


@rtd.command("start", context_settings={"ignore_unknown_options": True})
@_words
def start(words: Sequence[str]) -> None:
    """Start the daemon in the background, unless it runs. WORDS are flags of `rtd start`."""
    worker, app = _worker()
    settings = read_settings(app.config)
    _refuse_url(settings)
    from rtd.flask.daemon.background_start import start_by_command  # lazy: few commands start it

    try:
        click.echo(start_by_command(worker, app, settings, words))
    except RtdError as error:
        raise click.ClickException(error.sentence) from None


def _pass_on(verb: str, what: str) -> None:
    """Add a command that is a verb of `rtctl`."""

    @rtd.command(verb, context_settings=_PASSED_ON, help=f"{what}, as `rtctl {verb}`.")
    @_words
    def command(words: Sequence[str]) -> None:
        _rtctl(verb, words)


for _verb, _what in {
    "ls": "List runs", "show": "Show a run: parameters, attempts, tracebacks",
    "logs": "Print the output of a run", "result": "Print the result of a run",
    "wait": "Wait for runs", "cancel": "Withdraw runs that wait", "kill": "End runs",
    "tasks": "List the tasks", "why": "Explain why a task does not start",
    "status": "Show how the daemon is", "reload": "Let the daemon import the program again",
}.items():  # fmt: skip
    _pass_on(_verb, _what)


@rtd.command("submit", context_settings=_PASSED_ON)
@_words
def submit(words: Sequence[str]) -> None:
    """Queue a run of a task for this app, as `rtctl submit`."""
    worker, _ = _worker()
    current: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    headers = worker.apps.headers_for(current) if len(worker.apps.all()) > 1 else {}
    flags = [word for name in headers for word in ("--header", f"{name}={headers[name]}")]
    _rtctl("submit", [*flags, *words])


@rtd.command("stop", context_settings=_PASSED_ON)
@_words
def stop(words: Sequence[str]) -> None:
    """Stop the daemon, as `rtd stop`."""
    _, app = _worker()
    settings = read_settings(app.config)
    _refuse_url(settings)
    env = daemon_environment(paths_of(app, settings), settings)
    _become(module_command("rtd", "stop", *words), env)


def _refuse_url(settings: FlaskSettings) -> None:
    """Raise ClickException where others start and stop the daemon."""
    if settings.url is not None and settings.redis is None:
        raise click.ClickException(
            f"the daemon at TASKER_URL ({settings.url}) is not one of this app's: start and stop it"
            " where it belongs"
        )


def _worker() -> tuple[BaseTaskWorker, Flask]:
    """Return the task worker of the current app, and its first app, whose daemon it is."""
    worker = current_app.extensions.get("rtd")
    if not isinstance(worker, BaseTaskWorker):
        raise click.ClickException(
            f"the Flask app {current_app.name!r} has no task worker: BackgroundTaskWorker(app), or"
            " task_worker.init_app(app)"
        )
    return worker, worker.apps.first()


def _rtctl(verb: str, words: Sequence[str]) -> NoReturn:
    _, app = _worker()
    settings = read_settings(app.config)
    paths = paths_of(app, settings)
    env = daemon_environment(paths, settings)
    env.pop("RTD_URL", None)
    if settings.redis is not None and not paths.socket.exists():
        # By the environment: other users see the words of a command, and the URL has a password.
        env["RTD_URL"] = settings.url or ""
        env.pop("RTD_SOCKET", None)
    elif settings.url is not None and settings.redis is None:
        env["RTD_SOCKET"] = env[URL_VARIABLE] = settings.url
    elif not is_of_others():
        env[FLASK_VARIABLE] = os.path.abspath(paths.socket)
    _become(module_command("rtctl", verb, *words), env)


def _become(command: list[str], env: dict[str, str]) -> NoReturn:
    """Replace this process by a program: signals, streams and exit codes are those of it."""
    os.execve(command[0], command, env)
