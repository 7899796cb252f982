"""All commands of the store: `StoreCommands(namespace)` builds them, a connection sends them."""

from rtd.store.commands.app_reports import AppReportCommands
from rtd.store.commands.ended_runs import EndedRunCommands
from rtd.store.commands.node_claim import NodeCommands
from rtd.store.commands.node_tasks import NodeTaskCommands
from rtd.store.commands.parameters import ParameterCommands
from rtd.store.commands.reads import ReadCommands
from rtd.store.commands.run_places import PlaceCommands
from rtd.store.commands.run_transitions import RunCommands
from rtd.store.commands.schedule import ScheduleCommands
from rtd.store.commands.task_log import TaskLogCommands
from rtd.store.events.event_commands import EventCommands
from rtd.store.manifests.manifest_commands import ManifestCommands


class StoreCommands(
    AppReportCommands,
    NodeCommands,
    ManifestCommands,
    NodeTaskCommands,
    RunCommands,
    ReadCommands,
    PlaceCommands,
    ScheduleCommands,
    ParameterCommands,
    TaskLogCommands,
    EndedRunCommands,
    EventCommands,
):
    """Builds the commands of one namespace. Its only state is the prefix of the keys."""
