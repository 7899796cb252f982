"""The command line: flags declared once, for the parser, the help and the completion.

`argparse` would cost every `rtctl` 10 ms, and its errors are a page long.
"""

from __future__ import annotations

from rtd.common.errors import BadRequest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any

SWITCH = "switch"


class UsageError(BadRequest):
    """The command line is wrong; the sentence says where."""


class Flag:
    """One flag.

    Args:
        names: `-n/--limit`; the last long name is its attribute.
        doc: one line of help.
        kind: `switch`, `text`, `int`, `number`, `duration`, `size`, or the allowed words,
            separated by `|`.
        metavar: the name of the value in the help; none for a switch.
        many: the flag may be given several times; the value is a list.
    """

    __slots__ = ("dest", "doc", "kind", "many", "metavar", "names")

    def __init__(
        self, names: str, doc: str, kind: str = SWITCH, metavar: str = "", many: bool = False
    ) -> None:
        self.names = names.split("/")
        self.doc = doc
        self.kind = kind
        self.metavar = metavar or (kind if "|" in kind else kind.upper())
        self.many = many
        self.dest = self.names[-1].lstrip("-").replace("-", "_")

    @property
    def default(self) -> Any:
        """The value of a flag that is not given."""
        return False if self.kind == SWITCH else [] if self.many else None

    def read(self, text: str) -> Any:
        """Turn a text into a value. Raises ValueError with a sentence."""
        if self.kind == "text":
            return text
        if "|" in self.kind:
            if text not in self.kind.split("|"):
                raise ValueError(f"{text!r} is none of {', '.join(self.kind.split('|'))}")
            return text
        return _READ[self.kind](text)


class Args:
    """The parsed command line: an attribute for each flag, `targets`, and `tail` after `--`."""

    def __init__(self) -> None:
        self.targets: list[str] = []
        self.tail: list[str] | None = None

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name)


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ValueError(f"{text!r} is no whole number") from None


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"{text!r} is no number") from None


def _duration(text: str) -> float:
    from rtd.common.units import parse_duration_s  # lazy: it needs re and datetime

    return parse_duration_s(text)


def _size(text: str) -> int:
    from rtd.common.units import parse_bytes  # lazy: it needs re and datetime

    return parse_bytes(text)


_READ: dict[str, Callable[[str], Any]] = {
    "int": _whole,
    "number": _number,
    "duration": _duration,
    "size": _size,
}


class FlagParser:
    """Reads words against the flags of one verb.

    Args:
        where: the name of the verb in errors, e.g. `ls`.
        flags: the flags that it takes.
    """

    def __init__(self, where: str, flags: Iterable[Flag]) -> None:
        self._where = where
        self._by_name = {name: flag for flag in flags for name in flag.names}

    def parse(self, words: Sequence[str]) -> Args:
        """Parse the words. Flags may stand anywhere before `--`; `-5` is a number, no flag.

        Raises:
            UsageError: names the flag and what is wrong with it.
        """
        args = Args()
        for flag in self._by_name.values():
            setattr(args, flag.dest, flag.default)
        rest = list(reversed(words))
        while rest:
            word = rest.pop()
            if word == "--":
                args.tail = rest[::-1]
                break
            if word.startswith("--"):
                name, equals, value = word.partition("=")
                self._set(args, name, [value] if equals else None, rest)
            elif word.startswith("-") and not (word == "-" or word[1:].isdecimal()):
                self._short(args, word, rest)
            else:
                args.targets.append(word)
        return args

    def _short(self, args: Args, word: str, rest: list[str]) -> None:
        """Parse short flags: `-n5`, `-n 5`, `-jq`."""
        for at in range(1, len(word)):
            name = "-" + word[at]
            flag = self._find(name)
            if flag.kind != SWITCH:
                value = word[at + 1 :].removeprefix("=")
                self._set(args, name, [value] if value else None, rest)
                return
            self._set(args, name, None, rest)

    def _set(self, args: Args, name: str, given: list[str] | None, rest: list[str]) -> None:
        flag = self._find(name)
        if flag.kind == SWITCH:
            if given is not None:
                raise UsageError(f"{self._where}: {name} takes no value")
            setattr(args, flag.dest, True)
            return
        if given is None and not rest:
            raise UsageError(f"{self._where}: {name} needs a value ({flag.metavar})")
        try:
            value = flag.read(given[0] if given is not None else rest.pop())
        except ValueError as error:
            raise UsageError(f"{self._where}: {name}: {error}") from None
        if flag.many:
            value = [*getattr(args, flag.dest), value]
        setattr(args, flag.dest, value)

    def _find(self, name: str) -> Flag:
        flag = self._by_name.get(name)
        if flag is None:
            raise UsageError(
                f"{self._where}: unknown flag {name}{self._hint(name)} "
                f"(`rtctl help {self._where}` lists them)"
            )
        return flag

    def _hint(self, name: str) -> str:
        """Return what to write instead of an unknown flag."""
        if "--max-concurrency" in self._by_name:  # a submit
            from rtd.model.words.other_options import rtd_flags  # lazy: only for a mistake

            if hint := rtd_flags(name):
                return hint
        return suggest(name, self._by_name)


def suggest(word: str, known: Iterable[str]) -> str:
    """Return `; did you mean ...?` with the closest known word, or an empty text."""
    from rtd.common.did_you_mean import did_you_mean  # lazy: only a mistake needs it

    return did_you_mean(word, known, quoted=False)
