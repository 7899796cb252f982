"""The tasks that a client with only Redis knows: those of the workers, and those of its own app."""

from collections.abc import Mapping
from datetime import UTC
from socket import gethostname
from time import monotonic, time
from typing import Any, Final, Protocol

from rtd.common.errors import ParameterError, StoreError, UnknownTask, VersionMismatch
from rtd.common.format_units import format_time
from rtd.model.app_info import AppInfo
from rtd.model.manifest import Manifest, TaskInfo, check_params
from rtd.redis_client.connections import RedisConnections
from rtd.store.commands.commands import StoreCommands
from rtd.store.manifests.node_manifest import OURS, NodeManifest, read_format, read_manifest

#: So long the tasks count as known: a client may miss a change for this long.
VALID_S: Final = 1.0
#: So long a client does not declare a task again.
DECLARED_S: Final = 60.0


class TaskSource(Protocol):
    """A `Session`: the client's code is below the app's and cannot import it."""

    def declared_tasks(self) -> Mapping[str, TaskInfo]:
        """Return what its tasks declare, by name."""
        ...


class TaskDirectory:
    """The manifests of all nodes as one; of several with a task, the one imported last counts.

    Args:
        links: to Redis.
        commands: of the namespace.
        name: of the namespace, for people.
        session: of the calling app; None: it declares no tasks.

    Attributes:
        manifest: the tasks of the workers.
        nodes: the manifests by node.
    """

    def __init__(
        self,
        links: RedisConnections,
        commands: StoreCommands,
        name: str,
        session: TaskSource | None,
    ) -> None:
        self._links = links
        self._commands = commands
        self._name = name
        self._session = session
        self._until = 0.0
        self._declared: dict[str, float] = {}
        self._count: bytes | None = b""
        self.manifest = Manifest(None, {})
        self.nodes: dict[str, NodeManifest] = {}
        self._node_of: dict[str, str] = {}

    async def refresh(self) -> bool:
        """Read the manifests again where they may have changed. Returns whether they have.

        Raises:
            VersionMismatch: a worker that is there keeps its records in another format.
            StoreGone: Redis does not answer.
        """
        if monotonic() < self._until:
            return False
        count = await self._links.execute(self._commands.manifests_count())
        changed: bool = count != self._count
        if changed:
            await self._read()
        self._count, self._until = count, monotonic() + VALID_S
        return changed

    @property
    def count(self) -> bytes | None:
        """How many manifests had been written when they were read; None: no node ever has."""
        return self._count

    def note_count(self, count: bytes | None) -> None:
        """Take the count of the manifests that came with another reply: the tasks are known for
        so much longer, or `refresh` reads them again."""
        self._until = monotonic() + VALID_S if count == self._count else 0.0

    def find(self, name: str) -> TaskInfo:
        """Return a task, as the workers declare it; if none has it, as this app does.

        Raises:
            UnknownTask: no app has it.
        """
        info = self.manifest.tasks.get(name)
        if info is not None:
            return info
        own = self._own_tasks().get(name)
        if own is None:
            raise self._unknown(name)
        return own

    async def declare(self, name: str) -> None:
        """Before a submit: let the runs of a task that only this app has wait for a worker with
        it. The nodes that are there show a fault.

        Raises:
            StoreGone: Redis does not answer.
        """
        if name in self.manifest.tasks or self._declared.get(name, 0.0) > monotonic():
            return
        if name not in self._own_tasks():
            return
        await self._links.execute_all(*self._commands.declare_task(name))
        if self.nodes:
            here = await self._links.execute(self._commands.nodes_here(sorted(self.nodes)))
            why = (
                f"a client on {gethostname()} has queued it, and no worker has it: this app is"
                " older, or its worker has not started; bring this one up to date and reload it"
            )
            for node in here:
                call = self._commands.record_fault(node, "task", name, why, time())
                await self._links.execute(call)
        self._declared[name] = monotonic() + DECLARED_S

    def explain_refusal(self, error: ParameterError, name: str, params: Any) -> ParameterError:
        """Return the refusal of parameters with whose declaration it comes from."""
        node = self.nodes.get(self._node_of.get(name, ""))
        if node is None:
            return error
        told = f"{error.sentence} (as the app on node {node.node!r} declares it, {_since(node)})"
        own = self._own_tasks().get(name)
        if own is not None and own.signature() != self.manifest.tasks[name].signature():
            told += f"; this app declares {own.signature()}: "
            try:
                check_params(own, params)
                told += "the worker's app is older, or newer; bring both to the same version"
            except ParameterError:
                told += "bring both to the same version"
        return ParameterError(told)

    def _own_tasks(self) -> Mapping[str, TaskInfo]:
        # Each time: it may have got more.
        return {} if self._session is None else self._session.declared_tasks()

    def _unknown(self, name: str) -> UnknownTask:
        where = f"{self._links.address}, name {self._name!r}"
        if not self.nodes:
            instead = ", or pass the session that declares the task: Client(url, session=session)"
            if self._session is not None:
                instead = "; this app does not declare the task either"
            return UnknownTask(
                f"there is no task {name!r}: no worker has ever used this Redis ({where}); start"
                f" one with these settings `redis` and `name`{instead}"
            )
        nodes = ", ".join(sorted(self.nodes))
        try:
            self.manifest.find(name, f"the workers are {nodes} at {where}")
        except UnknownTask as error:
            return error
        raise AssertionError(name)

    async def _read(self) -> None:
        blobs: Mapping[str, bytes] = await self._links.execute(self._commands.get_manifests())
        found: list[NodeManifest] = []
        others: dict[str, str] = {}
        for node, blob in blobs.items():
            try:
                form = read_format(blob)
                if form.is_ours:
                    found.append(read_manifest(node, blob))
                else:
                    others[node] = str(form)
            except ValueError as error:
                raise StoreError(
                    f"Redis at {self._links.address}: the tasks of node {node!r} cannot be read:"
                    f" {error}"
                ) from None
        await self._refuse(others, not blobs)
        found.sort(key=lambda one: one.imported_at)
        tasks = {name: info for one in found for name, info in one.tasks.items()}
        private = [param for one in found for param in one.private_parameters]
        self.manifest = Manifest(None, tasks, AppInfo(parameters=tuple(private)))
        self.nodes = {one.node: one for one in found}
        self._node_of = {name: one.node for one in found for name in one.tasks}

    async def _refuse(self, others: dict[str, str], none_kept: bool) -> None:
        """Refuse workers of other versions, as far as they are there. Raises VersionMismatch."""
        if none_kept:  # an rtd before this one keeps none
            known: list[str] = await self._links.execute(self._commands.task_nodes("having"))
            others = dict.fromkeys(known, "an rtd that keeps no format (older)")
        if not others:
            return
        here = await self._links.execute(self._commands.nodes_here(sorted(others)))
        if here:
            raise VersionMismatch(
                f"node {here[0]!r} at {self._links.address} runs {others[here[0]]}, this is"
                f" {OURS}: install the same version of rtd on both sides"
            )


def _since(node: NodeManifest) -> str:
    return f"imported {format_time(node.imported_at, UTC)}"
