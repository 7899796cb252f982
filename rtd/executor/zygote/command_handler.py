"""Carries out the supervisor's commands, and reports what becomes of the executors."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from rtd.common.errors import RtdError
from rtd.common.format_units import format_count
from rtd.common.ids import to_words
from rtd.common.stdlib.originals import os, time
from rtd.executor.zygote.board_slots import NoFreeSlots
from rtd.executor.zygote.executor_table import ExecutorProcess, ExecutorTable, ExitRecord
from rtd.executor.zygote.import_app import ImportedApp
from rtd.executor.zygote.spare_pool import SparePool
from rtd.executor.zygote.supervisor_connection import SupervisorConnection
from rtd.model.lanes import find_lane
from rtd.process.tree.kill_tree import KillReport, kill_tree
from rtd.process.tree.process_identity import start_ticks
from rtd.protocol import zygote_messages as messages

__all__ = ["CommandHandler"]

#: Spares that are forked before the loop looks at what else has happened.
_FORKS_PER_TURN: Final = 4
_NO_MEMORY_PAUSE_S: Final = 0.1


class CommandHandler:
    """Carries out each command at once.

    Attributes:
        table: the executors.
        spares: the lanes whose executors are replaced as soon as they end.
        draining: nothing more is forked, and the zygote ends when the last executor has.
        quitting: everything below the zygote has been ended by a command.
    """

    def __init__(
        self, app: ImportedApp, table: ExecutorTable, connection: SupervisorConnection
    ) -> None:
        self._app = app
        self._connection = connection
        self.table = table
        self.spares = SparePool()
        self.draining = self.quitting = False
        self._handlers: dict[Any, Callable[[Any], None]] = {
            messages.SpawnCommand: self._spawn,
            messages.SparesCommand: self._set_spares,
            messages.StopCommand: self._stop,
            messages.RetireCommand: self._retire,
            messages.KillCommand: self._kill,
            messages.ForgetCommand: self._forget,
            messages.DrainCommand: self._drain,
            messages.QuitCommand: self._quit,
        }

    def handle(self, name: str, params: dict[str, Any]) -> None:
        """Carry out a command. One that makes no sense changes nothing and is reported."""
        try:
            command = messages.decode(messages.COMMANDS, name, params)
            self._handlers[type(command)](command)
        except RtdError as error:
            self._report_error(error.sentence)
        except (TypeError, ValueError) as error:
            self._report_error(f"{name} {params}: {error!r}")

    def _spawn(self, command: messages.SpawnCommand) -> None:
        if self._refuses_lane(command.lane):
            return
        for _ in range(int(command.number)):
            if not self._fork(command.lane, command.options, spare=False):
                return

    def _set_spares(self, command: messages.SparesCommand) -> None:
        number = int(command.number)
        if number == 0 or not self._refuses_lane(command.lane):
            self.spares.set_target(command.lane, number, command.options)

    def _find_executor(self, exec_id: str) -> ExecutorProcess | None:
        """Return the executor of a command. The exit of one that has ended is sent again."""
        executor = self.table.get(exec_id)
        if executor is None:
            report = self.table.find_exit(exec_id)
            if report is None:
                self._report_error(f"there is no executor {exec_id} below this zygote")
            else:
                self._connection.send(report)
        return executor

    def _stop(self, command: messages.StopCommand) -> None:
        if executor := self._find_executor(command.exec_id):
            targets = [(command.slot, command.run_id), *command.others]
            runs = [(int(slot), to_words(run_id)[1]) for slot, run_id in targets]
            for slot in self.table.request_stops(executor, runs):
                self._report_error(f"slot {slot} is not of executor {executor.exec_id}")

    def _retire(self, command: messages.RetireCommand) -> None:
        if executor := self._find_executor(command.exec_id):
            self.table.retire(executor)

    def _kill(self, command: messages.KillCommand) -> None:
        if executor := self._find_executor(command.exec_id):
            self._kill_executor(executor)

    def _kill_executor(self, executor: ExecutorProcess) -> None:
        ended, killed = self.table.kill(executor)
        if ended is not None:
            self._on_exit(ended)
        if killed.alive:
            alive = _describe_alive(killed)
            self._report_error(f"cannot end {alive}, below executor {executor.exec_id}")

    def _forget(self, command: messages.ForgetCommand) -> None:
        self.table.forget_exit(command.exec_id)

    def _drain(self, _command: messages.DrainCommand) -> None:
        self.drain()

    def drain(self) -> None:
        """Fork nothing more."""
        self.draining = True
        self.spares.stop()

    def _quit(self, _command: messages.QuitCommand) -> None:
        self.spares.stop()
        for executor in self.table:
            self._kill_executor(executor)
        kill_tree(None, ())
        self.quitting = True

    # -- executors ----------------------------------------------------------------------------

    def _refuses_lane(self, lane: str) -> bool:
        """Return whether nothing may be forked for a lane; reports the reason."""
        if self.draining:
            self._report_error(f"no executor for lane {lane}: this zygote is draining")
        elif self._app.error is not None and find_lane(lane).needs_app:
            self._report_error(f"no executor for lane {lane}: {self._app.error}")
        else:
            return False
        return True

    def _fork(self, lane: str, options: Mapping[str, Any], spare: bool) -> bool:
        """Fork an executor. Returns False when it cannot be, and reports the reason."""
        try:
            executor = self.table.fork(lane, options, spare)
        except NoFreeSlots as error:
            count = f"({format_count(len(self.table), 'executor')} now)"
            self._report_error(f"no executor for lane {lane}: {error.sentence} {count}")
        except OSError as error:
            self._report_error(f"no executor for lane {lane}: fork failed: {error.strerror}")
        except (TypeError, ValueError) as error:
            self._report_error(f"no executor for lane {lane!r}: {error}")
        else:
            self._connection.send(executor.start_report())
            return True
        return False

    def fork_spares(self, now_s: float) -> None:
        """Fork the spares that are missing: a few, the rest at the next turn of the loop."""
        for _ in range(_FORKS_PER_TURN):
            due = self.spares.next_lane(now_s)
            if due is None:
                return
            if self._fork(*due, spare=True):
                self.spares.on_forked(due[0])
            else:
                self.spares.on_failed(due[0], now_s + _NO_MEMORY_PAUSE_S)

    def reap(self) -> None:
        """Take all exit statuses and report them."""
        for ended in self.table.reap():
            self._on_exit(ended)

    def _on_exit(self, ended: ExitRecord) -> None:
        self._connection.send(ended.report)
        if ended.executor.spare:
            lane = ended.executor.lane
            pause_s = self.spares.on_exit(ended.executor, ended.ran_nothing, time.monotonic())
            if pause_s is not None:
                self._report_error(
                    f"an executor of lane {lane} ended with {ended.status} before it took a run;"
                    f" the next one comes in {pause_s:.2f} s"
                )

    # -- reports ------------------------------------------------------------------------------

    def hello(self, generation: int, slots: tuple[int, int]) -> messages.HelloReport:
        """Return the first report of a connection: everything that the supervisor must know."""
        app = self._app
        return messages.HelloReport(
            pid=os.getpid(),
            ticks=start_ticks(os.getpid()) or 0,
            generation=generation,
            slots=slots,
            app=app.name,
            manifest=app.manifest,
            error=app.error,
            error_place=app.error_place,
            warnings=app.warnings,
            executors=tuple(executor.start_report() for executor in self.table),
            exits=self.table.exits,
            spares=self.spares.reports(),
            draining=self.draining,
        )

    def _report_error(self, message: str) -> None:
        self._connection.send(messages.ErrorReport(message))


def _describe_alive(killed: KillReport) -> str:
    return ", ".join(
        f"{ended.pid} ({ended.name}: {ended.how})"
        for ended in killed.ended
        if ended.pid in killed.alive
    )
