"""The context of one command line: its arguments, the daemon, and the output."""

from __future__ import annotations

import os
import sys
from contextlib import suppress

from rtctl.cli.flags import Args, Flag, UsageError
from rtctl.cli.screen import Screen
from rtctl.client.connection_pool import ConnectionPool
from rtd.common.errors import ConfigError
from rtd.config.socket_path import is_socket_named

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, TypeVar

    Row = TypeVar("Row")

    from rtctl.generated.verbs import Verbs

#: Flags with the same meaning for every command.
GLOBAL = (
    Flag("-s/--socket", "the daemon's socket (default: RTD_SOCKET, RTD_RUNTIME_DIR)", "text",
         "PATH"),
    Flag("--url", "the Redis of the workers, without a daemon (default: RTD_URL)", "text",
         "URL"),
    Flag("-o/--output", "output format (default: table)", "table|wide|json|jsonl"),
    Flag("-j/--json", "short for -o json"),
    Flag("-q/--quiet", "only ids, or nothing"),
    Flag("--color", "colours (default: auto, on a terminal)", "auto|always|never"),
)  # fmt: skip


class CommandContext:
    """One call of one command.

    Attributes:
        verb: the name of the command.
        args: the flags and targets of the command line.
        format: table, wide, json or jsonl.
        quiet: only ids, or nothing.
        screen: prints for people.
        goes_on: what goes on after a Ctrl-C now, and how to see it; empty: nothing does.
    """

    def __init__(self, verb: str, args: Args) -> None:
        self.verb = verb
        self.args = args
        self.format: str = args.output or ("json" if args.json else "table")
        self.quiet: bool = args.quiet
        self.screen = Screen(args.color or "auto")
        self.screen.is_wide = self.format == "wide"
        self._pool: ConnectionPool | None = None
        self._last_words = ""
        self.goes_on = ""
        self._is_interrupted = False

    @property
    def pool(self) -> ConnectionPool:
        """The connections to the daemon, or to the Redis; the first use connects."""
        if self._pool is None:
            if self.args.socket == "":
                raise UsageError(f"{self.verb}: --socket is empty: name the daemon's socket")
            if self.url is None:
                self._pool = ConnectionPool(self.args.socket)
            else:
                from rtctl.cli.url_pool import open_url  # lazy: few calls have a URL

                is_flag = self.args.url is not None
                self._pool = pool = open_url(self.url, "--url" if is_flag else "RTD_URL")
                if is_flag and pool.has_password and not self.quiet:
                    self.screen.print_err(
                        "rtctl: all users of this host can read the password of Redis on the"
                        " command line: set RTD_URL instead"
                    )
        return self._pool

    @property
    def url(self) -> str | None:
        """The URL of the workers' Redis; None: there is a daemon. Raises RtdError."""
        args, env = self.args, os.environ
        if args.url == "":
            raise UsageError(f"{self.verb}: --url is empty: name the workers' Redis")
        if args.url is not None and args.socket is not None:
            raise UsageError(f"{self.verb}: --socket and --url: name a daemon or a Redis, not both")
        if args.url is not None or args.socket is not None:
            url: str | None = args.url
            return url
        if env.get("RTD_URL") and is_socket_named():
            raise ConfigError(
                "RTD_SOCKET and RTD_URL are both set: unset one of them, or pass --socket or --url"
            )
        return env.get("RTD_URL") or None

    def need_output(self) -> None:
        """Raise UsageError if the output of runs is out of reach."""
        if self.url is not None:
            raise UsageError(
                f"{self.verb}: the output of runs stays on the workers' hosts, out of reach of a"
                " URL; use `rtctl submit --wait` and `rtctl result`"
            )

    @property
    def rpc(self) -> Verbs:
        """The verbs of the daemon as methods."""
        return self.pool.rpc

    @property
    def is_json(self) -> bool:
        """Whether a program reads the answer."""
        return self.format in ("json", "jsonl")

    def close(self) -> None:
        """Close the connections."""
        if self._pool is not None:
            self._pool.close()

    def targets(self, least: int = 1, most: int | None = None, what: str = "RUN") -> list[str]:
        """Return the targets. Raises UsageError when there are too few or too many."""
        found = self.args.targets
        if len(found) < least:
            hint = "a list such as `$(rtctl ls -q)` may be empty; " if what == "RUN" else ""
            raise UsageError(f"{self.verb}: which {what}? ({hint}`rtctl help {self.verb}`)")
        if most is not None and len(found) > most:
            extra = " ".join(found[most:])
            takes = f"{most} {what}" if most else "flags only"
            raise UsageError(f"{self.verb}: what is {extra!r}? It takes {takes}")
        return found

    def list_limit(self, usual: int) -> int | None:
        """Return how many rows a list may have; None: all.

        A program that reads ids or JSON must not miss any. Of a table `say_cut` says what is left
        out.

        Args:
            usual: the limit where none is given.
        """
        if self.args.limit is not None:
            return int(self.args.limit)
        whole = (self.quiet or self.is_json) and not self.screen.is_terminal
        return None if whole else usual

    def cut(self, rows: Sequence[Row], limit: int | None, from_end: bool = False) -> list[Row]:
        """Return at most so many rows, from the start or the end; `say_cut` if some are left out.

        To find that out, request one more than `limit`.
        """
        if limit is None or len(rows) <= limit:
            return list(rows)
        self.say_cut(limit)
        return list(rows[-limit:] if from_end else rows[:limit])

    def say_cut(self, shown: int) -> None:
        """At the end, say that a list has more rows than were shown, unless the caller set the
        limit."""
        if self.args.limit is None:
            more = f"--limit {2 * shown} shows more"
            self._last_words = f"rtctl: there are more; only {shown:,} are shown ({more})"

    def print_last_words(self) -> None:
        """Print what is said after all data, if the data could be written."""
        sys.stdout.flush()
        if self._last_words:
            self.screen.print_err(self._last_words)

    def say_interrupted(self, text: str = "") -> None:
        """Print one line at the first Ctrl-C, below the `^C` that a terminal shows.

        Args:
            text: in the place of `goes_on`.
        """
        if self._is_interrupted:
            return
        self._is_interrupted = True
        head = "\n" if self.screen.stderr_is_terminal else ""
        with suppress(OSError):  # the terminal may be gone: then only the exit code is left
            if not self.quiet:
                text = text or self.goes_on or f"{self.verb} was interrupted"
                self.screen.print_err(f"{head}rtctl: {text}")
            elif head:
                self.screen.print_err("")

    def print_json(self, answer: Any, rows: str = "", is_line: bool = False) -> None:
        """Print an answer for programs.

        Args:
            answer: the daemon's answer.
            rows: the list in the answer that `-o jsonl` prints, one entry a line.
            is_line: print one line on terminals, too, since other lines of JSON precede it.
        """
        from rtctl.cli import json_output  # lazy: json and base64 cost 7 ms

        if self.format == "jsonl":
            for entry in answer[rows] if rows else [answer]:
                self.screen.print_out(json_output.dump_line(entry))
            return
        indent = 2 if self.screen.is_terminal and not is_line else None
        self.screen.print_out(json_output.envelope(self.verb.replace(" ", "."), answer, indent))
