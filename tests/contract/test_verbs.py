"""The clients, the command and the handlers follow the declared verbs."""

import asyncio
import inspect
from collections.abc import Iterator
from pkgutil import iter_modules
from typing import Any

import pytest

from rtctl import AsyncClient, AsyncRun, Client, Run, commands
from rtctl.cli.command_table import COMMANDS, SUMMARIES
from rtctl.commands import load_command
from rtctl.generated.async_verbs import AsyncVerbs
from rtctl.generated.verbs import Verbs
from rtd.protocol.schema import REQUIRED
from rtd.protocol.verbs import VERBS, check_request
from rtd.rpc import dispatcher
from rtd.rpc.core.verb_handlers import HANDLERS, handles


def public(kind: type) -> dict[str, Any]:
    bases = [base for base in reversed(kind.__mro__) if base is not object]
    found = {name: member for base in bases for name, member in vars(base).items()}
    return {name: member for name, member in found.items() if not name.startswith("_")}


def parameters(function: Any) -> list[tuple[str, Any]]:
    return [(p.name, p.default) for p in inspect.signature(function).parameters.values()]


def test_every_verb_has_a_handler_and_a_method_on_both_sides() -> None:
    assert dispatcher.HANDLERS is HANDLERS
    assert set(HANDLERS) == set(VERBS)
    assert set(public(Verbs)) == set(public(AsyncVerbs)) == set(VERBS) - {"hello"}


def test_a_verb_has_one_handler() -> None:
    with pytest.raises(ImportError, match="the verb ping has two handlers"):
        handles(VERBS["ping"])(HANDLERS["ping"])


def test_every_verb_has_a_command_and_every_command_a_module() -> None:
    unreachable = {v.name for v in VERBS.values() if not v.words} - {"hello"}
    silent = {v.words[0] for v in VERBS.values() if v.words} - set(SUMMARIES)
    assert (unreachable, silent) == (set(), set())
    modules = {module.name for module in iter_modules(commands.__path__)}
    assert modules == {name.replace("-", "_") for name in COMMANDS}, (
        "rtctl/commands and the table of commands differ"
    )
    for name in COMMANDS:
        module = load_command(name)
        missing = {"USAGE", "FLAGS", "MORE", "run"} - set(vars(module))
        assert not missing, f"rtctl.commands.{name}"


@pytest.mark.parametrize("verb", [name for name in VERBS if name != "hello"])
def test_a_method_sends_a_right_request(verb: str) -> None:
    sent: list[tuple[str, dict[str, Any]]] = []

    def call(method: str, params: dict[str, Any], repeatable: bool = True) -> None:
        assert repeatable is VERBS[method].repeatable
        sent.append((method, params))

    example = dict(VERBS[verb].example[0])
    getattr(Verbs(call, call), verb)(**example)
    assert parameters(getattr(Verbs, verb)) == parameters(getattr(AsyncVerbs, verb))
    ((method, params),) = sent
    assert method == verb
    checked = check_request(verb, params)
    assert {name: checked[name] for name in example} == example
    assert checked == check_request(verb, example)


class Awaited:
    """An answer that may be awaited."""

    def __await__(self) -> Iterator[None]:
        yield from ()


@pytest.mark.parametrize("verb", [name for name in VERBS if name != "hello"])
@pytest.mark.parametrize("kind", [Verbs, AsyncVerbs])
def test_an_optional_parameter_is_sent_only_if_it_was_given(kind: Any, verb: str) -> None:
    sent: list[dict[str, Any]] = []

    def call(_method: str, params: dict[str, Any], repeatable: bool = True) -> Awaited:
        sent.append(params)
        return Awaited()

    def send(**params: Any) -> dict[str, Any]:
        result = getattr(kind(call, call), verb)(**params)
        if inspect.iscoroutine(result):
            asyncio.run(result)
        return sent.pop()

    needed = {p.name: "x" for p in VERBS[verb].params if p.default is REQUIRED}
    assert send(**needed) == needed
    for param in VERBS[verb].params:
        if param.default is not REQUIRED:
            assert send(**needed, **{param.name: param.default}) == needed
            other = not param.default if isinstance(param.default, bool) else ["given"]
            assert send(**needed, **{param.name: other}) == {**needed, param.name: other}


@pytest.mark.parametrize(("one", "other"), [(Client, AsyncClient), (Run, AsyncRun)])
def test_the_two_clients_are_the_same(one: type, other: type) -> None:
    renamed = {"close": "aclose"}
    mine = {renamed.get(name, name): member for name, member in public(one).items()}
    theirs = public(other)
    assert set(mine) == set(theirs)
    for name, member in mine.items():
        if inspect.isfunction(member):
            assert parameters(member) == parameters(theirs[name]), name
