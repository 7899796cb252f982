"""Who imports the packages of others, makes processes, and imports late."""

import ast
import subprocess
import sys

import pytest

from tests.helpers.source import ROOT, Module, attributes, imports, modules, place
from tests.unit.structure.test_layers import every_import, package

#: Packages of others, and the only ones of ours that may import them.
OWNED = {
    "redis": {"rtd.store"},
    "hiredis": {"rtd.store"},
    "psutil": {"rtd.process"},
    "setproctitle": {"rtd.process"},
    "signal": {"rtd.process", "rtctl"},
    "multiprocessing": set(),
    "pickle": set(),
    "daemon": {"rtd.process"},
    "gevent": {"rtd.executor"},
    "sqlalchemy": set(),
}
#: Packages that get the time as an argument, and what they therefore do not import.
NO_CLOCK = {
    "rtd.planner": {"time", "socket", "os", "io", "pathlib", "asyncio", "threading", "logging"},
    "rtd.language": {"time", "socket", "os", "io", "pathlib", "asyncio", "threading", "logging"},
    "rtd.model": {"time", "socket", "asyncio", "threading"},
}
ORIGINALS = "rtd.common.stdlib.originals."
#: Calls that make, signal or reap processes.
PROCESS_CALLS = {
    f"os.{name}"
    for name in (
        "fork", "forkpty", "posix_spawn", "posix_spawnp", "kill", "killpg", "pidfd_open",
        "wait", "wait3", "wait4", "waitid", "waitpid", "setsid", "setpgid", "setpgrp",
    )
}  # fmt: skip


#: Code that runs beside an app's, which may patch these modules.
BESIDE_APPS = ("rtd.executor.", "rtd.process.", "rtd.store.connection.", "rtd.session.context.")
PATCHED = {"os", "queue", "select", "selectors", "signal", "socket", "subprocess", "threading"}
#: This reads and sets what belongs to the app in the module itself.
READS_THE_APPS = {("rtd.process.traits.python_traits", "threading")}


def statement(module: Module, line: int) -> str:
    """The text of an import statement, with its comment."""
    rest = module.text.splitlines()[line - 1 :]
    end = next(i for i, text in enumerate(rest) if ")" in text) if "(" in rest[0] else 0
    return "\n".join(rest[: end + 1])


@pytest.mark.parametrize("foreign", sorted(OWNED))
def test_a_foreign_package_is_imported_only_by_its_owner(foreign: str) -> None:
    wrong = [
        f"{place(module, found.line)}: {package(module.name)} imports {foreign}"
        for module, found in every_import()
        if found.target.removeprefix(ORIGINALS).split(".")[0] == foreign
        and module.name != ORIGINALS.rstrip(".")
        and package(module.name) not in OWNED[foreign]
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", NO_CLOCK)
def test_a_package_without_a_clock_imports_none(name: str) -> None:
    wrong = [
        f"{place(module, found.line)}: {found.target}"
        for module, found in every_import()
        if package(module.name) == name and found.target.split(".")[0] in NO_CLOCK[name]
    ]
    assert not wrong, "\n".join(wrong)


def test_a_package_without_a_clock_reads_none() -> None:
    wrong = [
        place(module, line)
        for module in modules().values()
        if package(module.name) in NO_CLOCK
        for use, line in attributes(module)
        if use in {"datetime.now", "datetime.today", "datetime.utcnow", "date.today"}
    ]
    assert not wrong, "\n".join(wrong)


def test_code_beside_an_app_takes_the_originals_of_what_the_app_may_patch() -> None:
    wrong = [
        f"{place(module, found.line)}: {found.target}: import it from rtd.common.stdlib.originals"
        for module, found in every_import()
        if module.name.startswith(BESIDE_APPS)
        and not module.name.endswith(".__main__")
        and found.target.split(".")[0] in PATCHED
        and (module.name, found.target) not in READS_THE_APPS
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
        if found.in_function
        and not found.by_name
        and "# lazy: " not in statement(module, found.line)
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("heavy", ["redis", "hiredis", "asyncio", "psutil", "rtd.session"])
def test_importing_the_client_pulls_in_nothing_heavy(heavy: str) -> None:
    program = f"import sys, rtctl; sys.exit({heavy!r} in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], check=False, cwd=ROOT)
    assert done.returncode == 0, f"import rtctl pulls in {heavy}"


def test_the_rules_see_a_process_call_and_a_late_import() -> None:
    source = (
        "import os\n\n\ndef late():\n    from rtd.store import (\n        keys,  # lazy: x\n    )\n"
    )
    source += "    os.fork()\n"
    module = Module("rtctl.x", ROOT / "rtctl" / "x.py", source, ast.parse(source))
    assert ("os.fork", 8) in set(attributes(module))
    assert "os.fork" in PROCESS_CALLS
    assert "# lazy: " in statement(module, 5)
    assert "# lazy: " not in statement(module, 1)
