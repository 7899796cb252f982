"""Which package may import which."""

import ast
import re
from collections.abc import Iterable

from tests.helpers.source import (
    IMPORTERS,
    ROOT,
    Import,
    Module,
    folder,
    import_graph,
    imports,
    modules,
    our_module,
    place,
)
from tests.unit.structure.known import CORE_IMPORTS

#: What a package may import of ours, beside itself. Imports only point down.
ALLOWED = {
    "rtd.common": set(),
    "rtd.model": {"rtd.common"},
    "rtd.config": {"rtd.model", "rtd.common"},
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
    "rtd.redis_client": {
        "rtd.rpc", "rtd.supervisor", "rtd.store", "rtd.process", "rtd.protocol", "rtd.model",
        "rtd.config", "rtd.common",
    },
    "rtctl": {"rtd.protocol", "rtd.model", "rtd.config", "rtd.common"},
}  # fmt: skip
#: Single modules that may import more. `rtctl cond` reads a condition without a daemon; nothing
#: else of the client's may pull the language in, so that every other verb starts as before.
#: A client of a Redis without a daemon needs what a daemon does; these modules are imported lazily.
#: `session.start()` waits for a daemon in the foreground, `session.run()` is a client of one;
#: nothing else that users import makes processes or talks to a daemon.
#: How SIGINT is handled tells a Ctrl-C from a KeyboardInterrupt that the app raises itself.
BESIDE = {
    "rtctl.commands.cond": {"rtd.language"},
    "rtctl.client.redis_pool": {"rtd.redis_client"},
    "rtctl.aio.redis_pool": {"rtd.redis_client"},
    "rtctl.aio.redis_part_stream": {"rtd.redis_client"},
    "rtd.session.start_daemon": {"rtd.process"},
    "rtd.session.core.app_errors": {"rtd.process"},
    "rtd.session.app.load_app": {"rtd.process"},
    "rtd.session.task_log.redis_handler": {"rtctl"},
    "rtd.session.run_tasks": {"rtctl"},
    "rtd.session.switch_task": {"rtctl"},
    "rtd.session.parameters.cause": {"rtctl"},
}
#: Packages above all layers: they may import everything.
ABOVE = {"rtd.cli", "rtd.flask", "rtd.tasks", "rtd.testing"}
#: Modules that import by a name which the source does not hold: the app's modules and files,
#: the class of a lane, the file of a verb, the public names of the client.
BY_NAME = {
    "rtctl", "rtctl.commands", "rtd.common.stdlib.originals", "rtd.executor.executor",
    "rtd.rpc.dispatcher",
    "rtd.session.app.load_app", "rtd.session.core.import_file",
    "rtd.session.core.import_name",
}  # fmt: skip
#: The parts of the supervisor from top to bottom. Each may use those below it, none of its row.
SUPERVISOR = [
    {"lifecycle"},
    {"scheduler", "explain"},
    {"ending"},
    {"runs", "pools", "events"},
    {"lending"},
    {"core"},
]
#: The modules that users import. Our own code imports what it needs where it is defined.
PUBLIC = {
    "rtd", "rtd.args", "rtd.arguments", "rtd.cleanup", "rtd.conditions", "rtd.conds", "rtd.conf",
    "rtd.core", "rtd.flask", "rtd.log", "rtd.monitor", "rtd.parameters", "rtd.session", "rtd.tasks",
    "rtd.tasks.loaders", "rtd.testing", "rtctl",
}  # fmt: skip
#: The app's own process is a client like any other: it uses the public client.
CLIENTS = {"rtd.session.run_tasks", "rtd.session.task_log.redis_handler"}


def package(name: str) -> str:
    """The package whose rules hold for a module: `rtd.store`, `rtctl`, or `rtd` for its ends."""
    parts = name.split(".")
    if parts[0] == "rtctl":
        return "rtctl"
    two = ".".join(parts[:2])
    return two if two in ALLOWED else "rtd"


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


def core_imports(graph: dict[str, set[str]]) -> set[str]:
    """What a module in a `core` imports of the package around it."""
    return {
        f"{name} imports {target}"
        for name, targets in graph.items()
        for target in targets
        if (around := name.partition(".core.")[0]) != name
        and target.startswith(f"{around}.")
        and not target.startswith(f"{around}.core.")
    }


def supervisor_row(name: str) -> int:
    """The row of a module in `SUPERVISOR`; the files beside the folders are above all rows."""
    part = name.removeprefix("rtd.supervisor.").split(".")[0]
    return next((row for row, parts in enumerate(SUPERVISOR) if part in parts), -1)


def upward(graph: dict[str, set[str]]) -> list[str]:
    """The imports in the supervisor that do not point down."""
    return [
        f"{name} imports {target}"
        for name, targets in graph.items()
        for target in targets
        if name.startswith("rtd.supervisor.") and target.startswith("rtd.supervisor.")
        and folder(name) != folder(target)
        and supervisor_row(target) <= supervisor_row(name)
    ]  # fmt: skip


def documented(page: str) -> dict[str, set[str]]:
    """The table of packages in docs/design.md: what each may import."""
    rows = re.findall(r"^\| `([\w.]+)` \| ([^|]*) \| [^|]+ \|$", page, re.MULTILINE)
    return {name: set(re.findall(r"`([\w.]+)`", allowed)) for name, allowed in rows}


def test_the_design_page_has_these_layers() -> None:
    assert documented((ROOT / "docs" / "design.md").read_text()) == ALLOWED


def test_every_package_and_every_module_beside_them_has_a_place() -> None:
    top = {name for name in modules() if name.count(".") == 1 and name.startswith("rtd.")}
    packages = {name for name in top if modules()[name].is_package}
    assert packages - ABOVE - {"rtctl"} == ALLOWED.keys() - {"rtctl"}
    assert top - packages - {"rtd.__main__"} <= PUBLIC, "a module beside the packages is public"


def test_every_folder_of_modules_is_a_package() -> None:
    folders = {module.path.parent for module in modules().values()}
    assert [str(path) for path in folders if not (path / "__init__.py").exists()] == []


def importers(found: Iterable[Module]) -> set[str]:
    """The modules that import something by a name."""
    return {
        module.name
        for module in found
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Name | ast.Attribute | ast.alias)
        and (node.name if isinstance(node, ast.alias) else ast.unparse(node)).rpartition(".")[2]
        in IMPORTERS
    }


def test_few_modules_import_name() -> None:
    assert importers(modules().values()) == BY_NAME


def test_core_imports_none_of_its_siblings() -> None:
    assert sorted(core_imports(import_graph()) - CORE_IMPORTS) == []


def test_every_part_of_the_supervisor_has_a_row() -> None:
    folders = {path.parent.name for path in (ROOT / "rtd" / "supervisor").glob("*/__init__.py")}
    assert folders == set().union(*SUPERVISOR)


def test_the_supervisors_parts_only_import_downwards() -> None:
    assert upward(import_graph()) == []


def test_our_own_code_does_not_import_the_public_modules() -> None:
    wrong = [
        f"{name} imports {target}"
        for name, targets in import_graph().items()
        for target in targets & PUBLIC
        if name not in PUBLIC | CLIENTS
    ]
    assert wrong == []


def test_the_rules_see_a_wrong_import() -> None:
    source = "def late():\n    from rtd.store.commands import keys\n    return keys\n"
    module = Module("rtctl.x", ROOT / "rtctl" / "x.py", source, ast.parse(source))
    assert [(i.target, i.in_function) for i in imports(module)] == [
        ("rtd.store.commands.keys", True)
    ]
    assert core_imports({"rtd.x.core.a": {"rtd.x.core.b", "rtd.x.y.c", "rtd.z"}}) == {
        "rtd.x.core.a imports rtd.x.y.c"
    }
    source = "import importlib as i\ni.import_module('rtd.cli')\n__import__(f'rtd.rpc.{x}')\n"
    module = Module("rtd.x", ROOT / "rtd" / "x.py", source, ast.parse(source))
    assert [found.target for found in imports(module)] == ["importlib", "rtd.cli", "rtd.rpc"]
    assert importers([module]) == {"rtd.x"}
    above, below = "rtd.supervisor.lifecycle.a", "rtd.supervisor.core.b"
    node = "rtd.supervisor.node"
    assert upward({node: {above}, above: {below}}) == []
    assert upward({below: {above}}) == [f"{below} imports {above}"]
    assert upward({above: {node}}) == [f"{above} imports {node}"]
