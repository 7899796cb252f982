"""All parts of the supervisor together."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from rtd.common.errors import RtdError, WrongState
from rtd.model.lanes import LOG_LANE, MAIN_LANE
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.core.executor_registry import ExecutorPhase
from rtd.supervisor.core.log import detached_log, log, make_log_again
from rtd.supervisor.core.redis_notifications import NotificationHandler
from rtd.supervisor.core.resync import Resync
from rtd.supervisor.core.run_waiters import RunWaiters
from rtd.supervisor.core.unix_socket import is_listening
from rtd.supervisor.ending.failure_log import FailureLog
from rtd.supervisor.ending.limit_watcher import LimitWatcher
from rtd.supervisor.ending.outcome_delivery import OutcomeDelivery
from rtd.supervisor.ending.settle import Settler
from rtd.supervisor.ending.settle_missing import settle_unknown
from rtd.supervisor.ending.stops import Stops
from rtd.supervisor.events.event_tail import EventTail
from rtd.supervisor.events.start_events import StartEvents
from rtd.supervisor.lifecycle.idle_watcher import IdleWatcher
from rtd.supervisor.lifecycle.local_tasks import LocalTasks
from rtd.supervisor.lifecycle.lock_file import LockFile
from rtd.supervisor.lifecycle.redis_files import RedisFiles
from rtd.supervisor.lifecycle.redis_server import RedisServer
from rtd.supervisor.lifecycle.runtime_files import RuntimeFiles
from rtd.supervisor.lifecycle.shutdown_tasks import ShutdownTasks
from rtd.supervisor.lifecycle.startup_tasks import StartupTasks
from rtd.supervisor.pools.earlier_app import EarlierApp
from rtd.supervisor.pools.pools import Pools
from rtd.supervisor.pools.reload import Reloader
from rtd.supervisor.pools.slot_lender import SlotLender
from rtd.supervisor.pools.task_file_watcher import TaskFileWatcher
from rtd.supervisor.pools.zygote_registry import ZygoteRecord
from rtd.supervisor.pools.zygotes import Zygotes
from rtd.supervisor.runs.app_tasks import AppTasks
from rtd.supervisor.runs.delay_and_expiry import RunTimers
from rtd.supervisor.runs.internal_runs import InternalRuns
from rtd.supervisor.runs.kept_results import KeptResults
from rtd.supervisor.runs.task_log import TaskLogMonitor
from rtd.supervisor.scheduler.custom_condition_cycle import CustomConditionCycle
from rtd.supervisor.scheduler.schedule_events import ScheduleEvents
from rtd.supervisor.scheduler.scheduler import TaskScheduler
from rtd.supervisor.shutdown import Shutdown, ShutdownRequest
from rtd.supervisor.zygote_events import ZygoteEvents


class Node:
    """One daemon. Its parts know the context and what they are given, not each other.

    Args:
        context: what the parts of the supervisor share.
        redis_server: Redis as this daemon sees it.
        locks: of its directories.
    """

    #: The app, where this daemon goes on with one that an earlier daemon has imported.
    earlier_app: EarlierApp | None = None

    def __init__(
        self, context: SupervisorContext, redis_server: RedisServer, locks: Sequence[LockFile]
    ) -> None:
        self.context: Final = context
        self.redis_server: Final = redis_server
        self.locks: Final = locks
        # executors
        self.zygotes = Zygotes(context)
        self.pools = Pools(context, self.zygotes)
        self.slot_lender = SlotLender(context, self.pools, self.zygotes)
        self.reloader = Reloader(context, self.zygotes, self.activate_zygote)
        self.task_file_watcher = TaskFileWatcher(context, self.reloader)
        # runs
        self.waiters = RunWaiters(context)
        self.run_timers = RunTimers(context)
        self.internal_runs = InternalRuns(context)
        self.outcome_delivery = OutcomeDelivery(context, self.internal_runs)
        self.kept_results = KeptResults(context)
        self.app_tasks = AppTasks(context)
        self.event_tail, self.start_events = EventTail(context), StartEvents(context)
        self.task_log = TaskLogMonitor(context)
        # their ends
        self.stops = Stops(context, self.zygotes, self.pools.check)
        self.settler = Settler(context, self.stops.intent_of)
        self.failure_log = FailureLog(context)
        self.zygote_events = ZygoteEvents(
            context, self.zygotes, self.pools, self.stops, self.settler, self.activate_zygote
        )
        # the schedule
        self.custom_cycle = CustomConditionCycle(context, self.internal_runs)
        self.scheduler = TaskScheduler(context, on_advance=self.custom_cycle.start_if_due)
        self.schedule_events = ScheduleEvents(context, self.scheduler)
        self.limit_watcher = LimitWatcher(context, self.stops, self.scheduler.view_of_run)
        # the start and the end of the app
        self.startup_tasks = StartupTasks(
            context, self.internal_runs, self.waiters, self.scheduler, self.zygotes.retire_executor
        )
        self.shutdown_tasks = ShutdownTasks(
            context, self.internal_runs, self.waiters, self.zygotes, self.pools
        )
        self.idle_watcher = IdleWatcher(
            context, self.waiters, self.startup_tasks.over, self.outcome_delivery
        )
        self.local_tasks = LocalTasks(context, self.waiters, self.stops)
        self.shutdown_request = ShutdownRequest()
        self.resync = self._new_resync()
        self.redis_files = RedisFiles(redis_server.embedded, context.redis, context.jobs)
        self.runtime_files = self._new_runtime_files()
        context.jobs.on_failure = self.resync.on_failure
        context.redis.on_return = self.resync.request

    def _new_runtime_files(self) -> RuntimeFiles:
        files, paths = RuntimeFiles(self.context), self.context.paths
        for lock in self.locks:
            files.add(lock.path, lock.renew)
        # Before the socket answers: from then on another program may remove them.
        files.add_held(paths.board)
        files.add_held(paths.board_fifo)
        return files

    def _new_resync(self) -> Resync:
        context = self.context
        return Resync(
            context.jobs,
            context.redis,
            [
                self.limit_watcher.check,
                context.faults.resync,
                self.internal_runs.resync,
                self.outcome_delivery.resync,
                self.failure_log.resync,
                self.run_timers.resync,
                self.waiters.resync,
                self.app_tasks.on_app_change,
                self.kept_results.resync,
                self.schedule_events.resync,
                self.pools.check_all,
                lambda: settle_unknown(context, self.settler),
            ],
        )

    def watch_files(self, server_sockets: Mapping[Path, Callable[[], None]]) -> None:
        """Make the files of this daemon again if another program removes them.

        Args:
            server_sockets: those that clients connect to, with what makes each again.
        """
        files, paths = self.runtime_files, self.context.paths
        sockets = {*server_sockets, paths.zygote_socket}
        for path, renew in {**server_sockets, **self.zygotes.watched_files()}.items():
            files.add(path, renew, partial(is_listening, path) if path in sockets else None)
        files.add(paths.output_dir, self._replace_executors)  # made with the other directories
        if (log_file := detached_log()) is not None:
            files.add(log_file, partial(make_log_again, log_file))
        if self.redis_server.socket is not None:
            renew = self.redis_files.renew_socket
            files.add(self.redis_server.socket, renew, self.redis_server.holds_socket)
        files.start()

    def _replace_executors(self) -> None:
        """Let executors end after their runs: the files that they have open, for the output of
        later runs, have no name any more. That of the app's hooks stays, and makes other files
        after its next run; so do all when only files were removed."""
        for executor in self.context.executors:
            if executor.phase is ExecutorPhase.LIVE and executor.lane not in (LOG_LANE, MAIN_LANE):
                self.zygotes.retire_executor(executor)
        self.pools.check_all()

    @property
    def notification_handlers(self) -> dict[str, NotificationHandler]:
        """The part that hears each kind of notification from Redis."""
        return {
            "demand": self.pools.on_demand,
            "passed": self.pools.on_passed_demand,
            "due": self.run_timers.on_due,
            "expire": self.run_timers.on_expire,
            "done": self.waiters.on_notification,
            "task": self.schedule_events.on_run,
            "fired": self.schedule_events.on_fired,
            "switch": self.schedule_events.on_switch,
            "params": self.schedule_events.on_params,
            "fault": self.context.faults.on_notification,
            "halt": self.schedule_events.on_halt,
            "inner": self.internal_runs.on_notification,
            "listen": self.start_events.on_notification,
            "unlogged": self.failure_log.on_notification,
            "outcomes": self.outcome_delivery.on_notification,
        }

    def new_shutdown(self, grace_s: float) -> Shutdown:
        """Return the shutdown of this daemon; see `rtd.supervisor.shutdown.Shutdown`."""
        return Shutdown(
            self.context, self.zygotes, self.pools, self.stops, self.settler,
            self.shutdown_tasks, self.local_tasks, grace_s,
        )  # fmt: skip

    # --- the app

    async def start_app(self) -> None:
        """Start a zygote for the app and fork from it as soon as it is ready.

        Raises:
            AppError: the app does not import.
            InternalError: the zygote ended before it was ready.
        """
        zygote = self.zygotes.spawn(self.context.app)
        await self.zygotes.wait_hello(zygote)
        self.activate_zygote(zygote)

    def reload_soon(self) -> None:
        """Reload the app in the background; the log says how it went."""
        self.context.jobs.start(self._reload(), "reloading")

    async def _reload(self) -> None:
        try:
            await self.reloader.reload()
        except WrongState as error:
            log.info("%s", error)
        except RtdError:
            pass  # it is in the log, and `info` shows it

    def activate_zygote(self, zygote: ZygoteRecord) -> None:
        """Fork new executors from this zygote, unless a newer one serves; the others fork no
        more and end with their last executor."""
        current = self.zygotes.current
        if current is not None and current.generation > zygote.generation:
            self.zygotes.retire(zygote)
            return
        self.zygotes.set_current(zygote)
        is_fresh = zygote.process is not None  # else it is adopted
        if is_fresh and zygote.manifest is not None:
            self.context.faults.reset(zygote.manifest.info.faults)
        self.task_log.on_app_change(fresh=is_fresh)
        self.app_tasks.on_app_change()
        if zygote.manifest is not None:
            self.outcome_delivery.on_app_change()
        self.kept_results.on_app_change()
        self.schedule_events.on_app_change()
        self.startup_tasks.on_app_change()
        self.local_tasks.on_app_change()
        for other in self.zygotes.living:
            if other.generation < zygote.generation and other.greeted.is_set():
                self.zygotes.retire(other)
        self.task_file_watcher.on_app_change()
        if not self.context.gate.is_draining:
            self.pools.check_all()
