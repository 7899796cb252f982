"""Commands for the tasks whose runs concern a node: each node has its own sets of them.

Scripts find the tasks that concern some node in one common set of each kind.
"""

from collections.abc import Iterable
from typing import Final, Literal

from rtd.store.commands.replies import parse_ids
from rtd.store.connection.command import RedisCommand

#: `watched`: each start and end of a run rings, an end `task|<task>|<state char>|<id>|<ms>`.
#: `asked`: each run rings `task|<task>|b|<id>|0` when an executor has it. `returning`: the latest
#: result is kept. `having`: the node has the task, so it can take runs that others decline.
TaskSetKind = Literal["watched", "asked", "returning", "having"]
#: So long the sets of a node that is away count. If it comes back later, it begins without the
#: history of that time.
AWAY_MS: Final = 30 * 24 * 3_600_000


class NodeTaskCommands:
    """Builds the commands about the sets of a node. Mixed into `StoreCommands`.

    A change takes effect with `merge_tasks`.
    """

    prefix: str

    def own_tasks(self, kind: TaskSetKind, node: str) -> RedisCommand:
        """Read the tasks in the set of a node."""
        return RedisCommand(("SMEMBERS", self._set(kind, node)), parse_ids)

    def add_tasks(self, kind: TaskSetKind, node: str, tasks: Iterable[str]) -> RedisCommand:
        """Add tasks to the set of a node."""
        return RedisCommand(("SADD", self._set(kind, node), *tasks), int)

    def remove_tasks(self, kind: TaskSetKind, node: str, tasks: Iterable[str]) -> RedisCommand:
        """Remove tasks from the set of a node."""
        return RedisCommand(("SREM", self._set(kind, node), *tasks), int)

    def merge_tasks(self, kind: TaskSetKind, node: str, now_ms: int) -> RedisCommand:
        """Let the set of a node, as it is now, count. Gives how many tasks concern some node."""
        args = ("1", self.prefix, node, kind, now_ms, now_ms + AWAY_MS)
        return RedisCommand(args, int, "merge")

    def call_for_strays(self, node: str) -> RedisCommand:
        """Call executors for runs that nodes without their task have declined; give up those whose
        task no node has any more. Gives how many groups of such runs there were."""
        return RedisCommand(("1", self.prefix, node), int, "strays")

    def merged_tasks(self, kind: TaskSetKind) -> RedisCommand:
        """Read the tasks that concern some node."""
        return RedisCommand(("SMEMBERS", self.prefix + kind), parse_ids)

    def task_nodes(self, kind: TaskSetKind) -> RedisCommand:
        """Read the nodes that have a set of this kind."""
        return RedisCommand(("ZRANGE", f"{self.prefix}known:{kind}", 0, -1), parse_ids)

    def _set(self, kind: TaskSetKind, node: str) -> str:
        return f"{self.prefix}{kind}:{node}"
