"""Checks the parameters of the built-in task `command` before it is queued."""

from collections.abc import Mapping
from typing import Any

from rtd.common.errors import ParameterError
from rtd.common.text_of import is_utf8, show_value
from rtd.common.units import parse_umask


def check_command(params: Mapping[str, Any]) -> None:
    """Check that a command can be started with these parameters.

    Raises:
        ParameterError: names the wrong parameter, and says what it should be.
    """
    argv = params["argv"]
    if not isinstance(argv, list) or not argv or not all(isinstance(a, str) for a in argv):
        raise ParameterError(
            f"command: argv must be a list of texts, not {show_value(argv)}; in Python the words"
            ' are separate arguments: rt.command("make", "-j2")'
        )
    if not argv[0]:
        raise ParameterError("command: argv starts with an empty text; name the program")
    if any("\0" in part for part in argv):
        raise ParameterError("command: an argument of a program cannot hold a NUL character")
    for name in ("cwd", "user"):
        value = params.get(name)
        if value is not None and (not isinstance(value, str) or not value):
            raise ParameterError(f"command: {name} must be a text, not {show_value(value)}")
    if not is_utf8(params.get("user") or ""):
        raise ParameterError(f"command: user: {show_value(params['user'])} is not UTF-8")
    _check_env(params.get("env"))
    stdin = params.get("stdin")
    if stdin is not None and not isinstance(stdin, str | bytes):
        raise ParameterError(f"command: stdin must be text or bytes, not {type(stdin).__name__}")
    if params.get("umask") is not None:
        try:
            parse_umask(params["umask"])
        except ValueError as error:
            raise ParameterError(f"command: umask: {error}") from None


def _check_env(env: Any) -> None:
    if env is None:
        return
    good = isinstance(env, dict) and all(
        isinstance(k, str) and k and "=" not in k and isinstance(v, str) for k, v in env.items()
    )
    if not good:
        # No values: they may be secrets, and this goes to logs.
        names = (
            [k for k, v in env.items() if not (isinstance(k, str) and isinstance(v, str))]
            if isinstance(env, dict)
            else []
        )
        of = f" ({', '.join(map(repr, names[:3]))})" if names else ""
        raise ParameterError(f"command: env must be a map of texts to texts{of}")
