"""Commands for the manifests of nodes, which clients without a daemon check submits against."""

from collections.abc import Iterable, Sequence
from typing import Final

from rtd.store.connection.command import RedisCommand

#: So long, at least, it is known that a client waits for a run.
AWAITED_S: Final = 7 * 86_400
#: So long the runs of a task that only a client declares wait.
DECLARED_MS: Final = 30 * 86_400_000


def _by_node(reply: Sequence[bytes]) -> dict[str, bytes]:
    fields = iter(reply)
    return {node.decode(): blob for node, blob in zip(fields, fields, strict=True)}


class ManifestCommands:
    """Builds the commands about manifests. Mixed into `StoreCommands`.

    They go when the tasks of the node no longer count (`merge_tasks`).
    """

    prefix: str

    def set_manifest(self, node: str, blob: bytes) -> RedisCommand:
        """Write the manifest of a node, unless it stands there. Gives whether it did not."""
        return RedisCommand(("1", self.prefix, node, blob), bool, "manifest")

    def set_offer(self, node: str, name: str | None) -> RedisCommand:
        """Write the name of what the node offers to clients that queue runs here by themselves;
        None: it takes back what it has offered."""
        key = f"{self.prefix}offer:{node}"
        return RedisCommand(("DEL", key) if name is None else ("SET", key, name))

    def manifests_count(self) -> RedisCommand:
        """Read how many manifests have been written; None: no node ever has."""
        return RedisCommand(("GET", f"{self.prefix}manifests_count"))

    def get_manifests(self) -> RedisCommand:
        """Read the manifests of all nodes, by node."""
        return RedisCommand(("HGETALL", f"{self.prefix}manifests"), _by_node)

    def declare_task(self, task: str) -> list[RedisCommand]:
        """Let the runs of a task that no node has wait for one that will have it."""
        key = f"{self.prefix}declared"
        return [RedisCommand(("SADD", key, task)), RedisCommand(("PEXPIRE", key, DECLARED_MS))]

    def await_runs(self, ids: Iterable[str]) -> list[RedisCommand]:
        """Let the end of each of these runs be published in its `end_channel`. Subscribe, send
        these commands, then read the records."""
        key = f"{self.prefix}awaited"
        return [RedisCommand(("SADD", key, *ids)), RedisCommand(("EXPIRE", key, AWAITED_S))]

    def end_channel(self, run_id: str) -> str:
        """Return the channel of a run. None of those that `listened` looks for."""
        return f"over:{self.prefix}{run_id}"
