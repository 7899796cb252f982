"""Which tasks this node has, for other nodes, which leave it the runs that they cannot start, and
for clients that have only Redis."""

from rtd.config.config import EMBEDDED
from rtd.model.internal_tasks import node_marker
from rtd.model.manifest import COMMAND
from rtd.store.connection.async_protocol import IS_PROMPT
from rtd.store.manifests.node_manifest import NodeManifest
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.core.jobs import SingleFlight
from rtd.supervisor.runs.node_tasks import set_tasks


class AppTasks:
    """The tasks of the serving app, as Redis has them.

    Args:
        context: what the parts of the supervisor share.
    """

    def __init__(self, context: SupervisorContext) -> None:
        self._context = context
        self._updater = SingleFlight(
            context.jobs, "writing which tasks there are", lambda: context.retry(self.update)
        )

    def on_app_change(self) -> None:
        """Write the tasks of the app that serves now; also to another Redis. New runs wait for it:
        else a node that takes one would find no node that has its task."""
        if self._context.config.redis != EMBEDDED:
            self._context.tasks_written.clear()
        self._updater.request()

    async def update(self) -> None:
        """Write which tasks there are. An embedded Redis has no other node that would read it; its
        clients may queue runs by themselves, as of now by the facts of this app.

        Raises:
            StoreGone: Redis does not answer; the call can be repeated.
        """
        config = self._context.config
        if config.redis == EMBEDDED:
            await self._context.renew_offer()
        else:
            tasks = {*self._context.manifest.tasks, node_marker(config.node)}
            if not config.allow_commands:
                tasks.discard(COMMAND)
            await set_tasks(self._context, "having", tasks)
            await self._context.execute(
                self._context.commands.set_manifest(config.node, self._manifest())
            )
            self._context.tasks_written.set()

    def _manifest(self) -> bytes:
        """Return the manifest for clients that have only Redis."""
        config = self._context.config
        manifest = NodeManifest.of(
            config.node,
            self._context.manifest,
            params_limit=config.limits.params_bytes,
            history=config.history,
            commands=config.allow_commands,
        )
        return manifest.pack()


async def wait_tasks_written(context: SupervisorContext) -> None:
    """Wait until other nodes know the tasks of this one. Raises StoreGone, if a client waits."""
    if context.tasks_written.is_set():
        return
    if IS_PROMPT.get():
        await context.redis.wait_unless_silent(context.tasks_written.wait())
    else:
        await context.tasks_written.wait()
