"""`graph`: which task waits for which."""

from typing import Any

from rtd.rpc.context import Ask
from rtd.supervisor.graph import graph_of


async def handle(ask: Ask) -> dict[str, Any]:
    """The tasks of the serving app as boxes, and the lines between them."""
    core = ask.core
    graph = graph_of(core.manifest, core.read, ask.params["task"])
    nodes = [
        {
            "task": info.name,
            "missing": False,
            "lane": info.pool,
            "condition": info.schedule.start,
            "end_condition": info.schedule.end,
            "doc": info.doc,
        }
        for info in graph.tasks
    ]
    nodes += [
        {"task": name, "missing": True, "lane": "", "doc": "",
         "condition": None, "end_condition": None}
        for name in graph.missing
    ]  # fmt: skip
    return {"nodes": nodes, "edges": [edge._asdict() for edge in graph.edges]}
