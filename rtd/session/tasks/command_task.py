"""A task that is a command of the operating system: `CommandTask`."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from rtd.common.errors import PolicyError
from rtd.common.text_of import text_of
from rtd.common.units import parse_umask
from rtd.session.core.signature import TaskSignature, caller_location, first_line
from rtd.session.core.task_definition import TaskDefinition
from rtd.session.parameters.argument import Argument, Private, SimpleArg
from rtd.session.tasks.shell_words import shell_sign
from rtd.session.tasks.task import Task

_FORMS: Final = {"--": "--", "long": "--", "-": "-", "short": "-", None: "--"}
_SHELL: Final = "/bin/sh"


class CommandFailed(Exception):
    """How a command ended that failed; hooks and `process_failure` of a `CommandTask` get it."""


@dataclass(frozen=True, slots=True)
class Command:
    """The command that an executor runs.

    Attributes:
        words: the command and its arguments; one text for a shell.
        shell: a shell reads the text.
        dashes: put before a parameter's name to make an option: `-` or `--`.
        options: `cwd`, `env`, `user`, `umask`, `stdin`, where they were given.
        shell_sign: what a shell would understand, in a text that no shell reads.
    """

    words: str | tuple[str, ...]
    shell: bool
    dashes: str
    options: Mapping[str, Any] = field(default_factory=dict)
    shell_sign: str = ""

    def invocation(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """Return what to run: each parameter becomes an option with its value."""
        added: list[str] = []
        for name, value in params.items():
            added += [name if name.startswith("-") else f"{self.dashes}{name}", text_of(value)]
        if isinstance(self.words, tuple):
            argv = [*self.words, *added]
        else:
            argv = [_SHELL, "-c", " ".join([self.words, *map(shlex.quote, added)])]
        return {**self.options, "argv": argv}


class CommandTask(Task):
    """A command as a task. Each run is a process of its own, in lane `command`.

    ```python
    CommandTask("pg_dump shop", start_cond="daily after 02:00")
    CommandTask(["make", "report"], cwd="/srv/shop", parameters={"jobs": 4})
    ```

    The second one runs `make report --jobs 4`. A run has failed when the command ends with
    another code than 0; the record shows the end of the standard error. The result is the
    standard output, up to 64 KB.

    Attributes:
        command: as it was given.
    """

    _fixed = frozenset({"command"})

    def __init__(
        self,
        command: str | Sequence[str],
        *,
        shell: bool = False,
        cwd: str | os.PathLike[str] | None = None,
        env: Mapping[str, str] | None = None,
        argform: str | None = None,
        **options: Any,
    ) -> None:
        """
        Args:
            command: words, or one text, which is split into words as a shell does it.
            shell: give the text to a shell instead, so that `|`, `>` and `*` have a meaning.
            cwd: the command's working directory; default: the daemon's.
            env: variables beside those of the daemon and `PYTHONUNBUFFERED=1`. Secrets belong here
                or into `stdin`, not into a parameter: every user of the host can read the words of
                a command. A `Private` is accepted, for its value.
            argform: put before a parameter's name: `--` (`long`, the default) or `-` (`short`).
            options: see `rtd.core.Task`; and `user`, `umask`, `stdin` as for `rtctl run`. A
                umask is an octal text as in a shell (`"027"`) or a number (`0o027`).

        Raises:
            PolicyError: an option, a name or a condition that cannot be used.
        """
        run_options: dict[str, Any] = {
            "cwd": None if cwd is None else os.fspath(cwd),
            "env": _environment(env),
        }
        run_options.update({name: options.pop(name, None) for name in ("user", "umask", "stdin")})
        run_options["stdin"] = _one_of(_known_value(run_options["stdin"], "stdin"), "stdin", bytes)
        run_options["user"] = _one_of(run_options["user"], "user", int)
        run_options["umask"] = _umask(run_options["umask"])
        self.command = command
        self._template = Command(
            words=_words(command, shell),
            shell=shell,
            dashes=_dashes(argform),
            options={name: value for name, value in run_options.items() if value is not None},
            shell_sign=shell_sign(command) if isinstance(command, str) and not shell else "",
        )
        super().__init__(**options)

    def get_default_name(self) -> str:
        """Return the command itself."""
        return self._text()

    def _text(self) -> str:
        return self.command if isinstance(self.command, str) else shlex.join(self.command)

    def _define(self, name: str, options: dict[str, Any]) -> TaskDefinition:
        return replace(super()._define(name, options), command=self._template)

    def _signature(self, where: str) -> TaskSignature:
        doc = first_line(self._text())
        return TaskSignature(
            any_parameters=True, is_command=True, doc=doc, source=caller_location()
        )


def _words(command: Any, shell: bool) -> str | tuple[str, ...]:
    if isinstance(command, str):
        try:
            words = tuple(shlex.split(command))
        except ValueError as error:
            raise PolicyError(f"CommandTask({command!r}): {error}") from None
        if not words:
            raise PolicyError("CommandTask: the command is empty")
        return command if shell else words
    if not isinstance(command, Sequence) or not all(isinstance(word, str) for word in command):
        raise PolicyError(f"CommandTask: {command!r:.80} is neither a text nor a list of texts")
    if not command:
        raise PolicyError("CommandTask: the command is empty")
    return shlex.join(command) if shell else tuple(command)


def _environment(env: Any) -> dict[str, Any] | None:
    if env is None:
        return None
    if not isinstance(env, Mapping):
        raise PolicyError(f"CommandTask: env: {env!r:.80} is no mapping of names to texts")
    found = {text_of(name): _known_value(value, f"env: {name}") for name, value in env.items()}
    for name, value in found.items():
        if value is None:
            raise PolicyError(f"CommandTask: env: {name}: None is no text; leave the name out")
    return found


def _known_value(value: Any, where: str) -> Any:
    """Return a value, or that of a `Private`. Raises PolicyError for one that only a run knows."""
    if isinstance(value, Private):
        value = value.inner
        value = value.value if isinstance(value, SimpleArg) else value
    if isinstance(value, Argument):
        raise PolicyError(
            f"CommandTask: {where}: {value!r} is known only at a run; only parameters can be found"
            " then"
        )
    return value


def _one_of(value: Any, where: str, other: type) -> Any:
    """Return a value that is a text, of this other type, or None. Raises PolicyError."""
    if value is None or (isinstance(value, str | other) and not isinstance(value, bool)):
        return value
    raise PolicyError(f"CommandTask: {where}: {value!r:.80} is neither str nor {other.__name__}")


def _umask(value: Any) -> int | None:
    try:
        return None if value is None else parse_umask(value)
    except ValueError as error:
        raise PolicyError(f"CommandTask: umask: {error}") from None


def _dashes(argform: str | None) -> str:
    if argform not in _FORMS:
        raise PolicyError(
            f"CommandTask: argform: {argform!r} is none of '--', '-', 'long', 'short'"
        )
    return _FORMS[argform]
