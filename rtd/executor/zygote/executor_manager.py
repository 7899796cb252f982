"""All that a zygote looks after: the app, its executors, and what the supervisor must hear of."""

import os
import time
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from rtd.executor.zygote.executor_table import (
    ExecutorMain,
    ExecutorProcess,
    ExecutorTable,
    NoFreeSlots,
)
from rtd.executor.zygote.import_app import ImportedApp
from rtd.executor.zygote.spare_pool import SparePool
from rtd.executor.zygote.supervisor_connection import SupervisorConnection
from rtd.process.board.board import Board
from rtd.process.tree.children import own_children
from rtd.process.tree.exit_status import ExitStatus, reap_any
from rtd.process.tree.kill_tree import EndedProcess, KillReport, kill_tree
from rtd.process.tree.process_identity import start_ticks

__all__ = ["ExecutorManager", "ZygoteOptions"]

#: Forks of kept lanes between two looks at what else has happened.
_FORKS_PER_TURN: Final = 4
_NO_MEMORY_PAUSE_S: Final = 0.1


class ZygoteOptions(NamedTuple):
    """What a zygote is started with.

    Attributes:
        generation: its number among the zygotes of a daemon.
        slots: (lo, hi): it hands out the slots [lo, hi) of the board.
        orphan_s: retire the executors and end when no supervisor has come for so many
            seconds; None: wait for ever.
    """

    generation: int
    slots: tuple[int, int]
    orphan_s: float | None = None


class ExecutorManager:
    """Births and deaths of executors; each one is told to the supervisor.

    Args:
        options: what the zygote was started with.
        app: what became of the import. main: what executors do.
        board: mapped. link: to the supervisor, not yet connected.
        leave: called first in a forked child: lets go of what is the zygote's.
    """

    def __init__(
        self,
        options: ZygoteOptions,
        app: ImportedApp,
        main: ExecutorMain,
        board: Board,
        link: SupervisorConnection,
        leave: Callable[[], None],
    ) -> None:
        self._options = options
        self._app = app
        self._connection = link
        self.table = ExecutorTable(board, options.slots, app.session, main, leave)
        self.spares = SparePool()
        #: It forks nothing more, and is over when the last executor is.
        self.draining = False

    # -- what is said -----------------------------------------------------------------------

    def hello(self) -> dict[str, Any]:
        """Everything: what each new link begins with."""
        app = self._app
        return {
            "pid": os.getpid(),
            "ticks": start_ticks(os.getpid()) or 0,
            "generation": self._options.generation,
            "app": app.name,
            "manifest": app.manifest,
            "error": app.error,
            "error_at": app.error_place,
            "warnings": app.warnings,
            "slots": list(self._options.slots),
            "executors": [living.frame() for living in self.table],
            "exits": self.table.exits,
            "keeps": self.spares.frames(),
            "draining": self.draining,
        }

    def report_error(self, message: str) -> None:
        """Something that the supervisor's log should say."""
        self._connection.send("error", {"message": message})

    def resend_exit(self, exec_id: str) -> None:
        """Say once more how an executor ended, or that there was none of this id."""
        frame = self.table.find_exit(exec_id)
        if frame is None:
            self.report_error(f"there is no executor {exec_id} below this zygote")
        else:
            self._connection.send("gone", frame)

    # -- births -----------------------------------------------------------------------------

    def refuses_lane(self, lane: str) -> bool:
        """Whether nothing may be forked for a lane; the supervisor is told why."""
        if self.draining:
            self.report_error(f"no executor for lane {lane}: this zygote is draining")
        elif self._app.error is not None and lane != "command":
            self.report_error(f"no executor for lane {lane}: {self._app.error}")
        else:
            return False
        return True

    def fork(self, lane: str, options: Mapping[str, Any], kept: bool) -> bool:
        """Bring an executor to life. False: it could not be; the supervisor is told why."""
        try:
            living = self.table.fork(lane, options, kept)
        except NoFreeSlots as error:
            self.report_error(f"no executor for lane {lane}: {error}")
        except OSError as error:
            self.report_error(f"no executor for lane {lane}: fork failed: {error.strerror}")
        except (TypeError, ValueError) as error:
            self.report_error(f"no executor for lane {lane!r}: {error}")
        else:
            self._connection.send("born", living.frame())
            return True
        return False

    def fork_spares(self, now_s: float) -> None:
        """Fork what lanes that are kept at strength lack: a few, the rest at the next turn."""
        for _ in range(_FORKS_PER_TURN):
            due = self.spares.next_lane(now_s)
            if due is None:
                return
            if self.fork(*due, kept=True):
                self.spares.on_forked(due[0])
            else:
                self.spares.on_failed(due[0], now_s + _NO_MEMORY_PAUSE_S)

    # -- deaths -----------------------------------------------------------------------------

    def reap_executors(self) -> None:
        """Take all statuses; end what dead executors have left behind."""
        while (ended := reap_any()) is not None:
            living = self.table.find_by_pid(ended[0])
            if living is not None:  # else a stray: it fell to us and has ended by itself
                self._record_exit(living, ended[1], [], self._kill_strays())

    def kill(self, living: ExecutorProcess) -> None:
        """Kill an executor and everything below it; the supervisor is told what it was."""
        living.leaving = True
        hunted = kill_tree(living.pid, (self.table.pids | self._app.helpers) - {living.pid})
        if hunted.root_status is not None:
            self._record_exit(living, hunted.root_status, hunted.ended, [])
        if hunted.alive:
            self.report_error(f"cannot end {_those_alive(hunted)}; asked for {living.exec_id}")

    def drain(self) -> None:
        """Fork nothing more."""
        self.draining = True
        self.spares.stop()

    def _kill_strays(self) -> list[EndedProcess]:
        spare = self.table.pids | self._app.helpers
        if spare.issuperset(own_children()):
            return []
        return kill_tree(None, spare).ended

    def _record_exit(
        self,
        living: ExecutorProcess,
        status: ExitStatus,
        killed: list[EndedProcess],
        strays: list[EndedProcess],
    ) -> None:
        now_s = time.monotonic()
        ran_nothing = self.table.ran_nothing(living)
        self._connection.send("gone", self.table.record_exit(living, status, killed, strays))
        if living.spare:
            pause_s = self.spares.on_exit(living, ran_nothing, now_s)
            if pause_s is not None:
                self.report_error(
                    f"an executor of lane {living.lane} ended with {status} before it took"
                    f" a run; the next one comes in {pause_s:.2f} s"
                )


def _those_alive(hunted: KillReport) -> str:
    return ", ".join(
        f"{ended.pid} ({ended.name}: {ended.how})"
        for ended in hunted.ended
        if ended.pid in hunted.alive
    )
