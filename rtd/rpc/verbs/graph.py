"""`graph`: which task waits for which."""

import asyncio
from functools import partial
from typing import Any, Final

from rtd.model.manifest import Manifest
from rtd.protocol import schedule_verbs
from rtd.rpc.core.request import ClientRequest
from rtd.rpc.core.verb_handlers import handles
from rtd.supervisor.explain.task_graph import TaskEdge, edges_of, graph_of

#: How many tasks are read before the event loop gets its turn.
_SLICE: Final = 500


@handles(schedule_verbs.GRAPH)
async def handle(request: ClientRequest) -> dict[str, Any]:
    """Return the tasks of the serving app as nodes, and the edges between them."""
    manifest = request.context.manifest
    graph = graph_of(manifest, await _edges(request, manifest), request.params["task"])
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


async def _edges(request: ClientRequest, manifest: Manifest) -> list[TaskEdge]:
    """Return the edges. An app may have very many tasks, and may be reloaded meanwhile."""
    found: list[TaskEdge] = []
    for at, edges in enumerate(
        edges_of(manifest, partial(request.context.condition_parser.parse, manifest)), 1
    ):
        found += edges
        if at % _SLICE == 0:
            await asyncio.sleep(0)
    return found
