"""All that a zygote looks after: the app, its executors, and what the supervisor must hear of."""

import os
import time
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from rtd.executor.zygote.executor_table import Brood, ExecutorMain, Living, NoRoom
from rtd.executor.zygote.import_app import App
from rtd.executor.zygote.spare_pool import Keeper
from rtd.executor.zygote.supervisor_connection import SupervisorLink
from rtd.process.board.board import Board
from rtd.process.tree.children import own_children
from rtd.process.tree.exit_status import Exit, reap_any
from rtd.process.tree.kill_tree import Ended, Hunted, hunt
from rtd.process.tree.process_identity import start_ticks

__all__ = ["Household", "ZygoteOptions"]

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


class Household:
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
        app: App,
        main: ExecutorMain,
        board: Board,
        link: SupervisorLink,
        leave: Callable[[], None],
    ) -> None:
        self._options = options
        self._app = app
        self._link = link
        self.brood = Brood(board, options.slots, app.session, main, leave)
        self.keeper = Keeper()
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
            "error_at": app.where,
            "warnings": app.warnings,
            "slots": list(self._options.slots),
            "executors": [living.frame() for living in self.brood],
            "exits": self.brood.exits,
            "keeps": self.keeper.frames(),
            "draining": self.draining,
        }

    def complain(self, message: str) -> None:
        """Something that the supervisor's log should say."""
        self._link.send("error", {"message": message})

    def repeat_end(self, exec_id: str) -> None:
        """Say once more how an executor ended, or that there was none of this id."""
        frame = self.brood.exit_of(exec_id)
        if frame is None:
            self.complain(f"there is no executor {exec_id} below this zygote")
        else:
            self._link.send("gone", frame)

    # -- births -----------------------------------------------------------------------------

    def refuses(self, lane: str) -> bool:
        """Whether nothing may be forked for a lane; the supervisor is told why."""
        if self.draining:
            self.complain(f"no executor for lane {lane}: this zygote is draining")
        elif self._app.error is not None and lane != "command":
            self.complain(f"no executor for lane {lane}: {self._app.error}")
        else:
            return False
        return True

    def fork(self, lane: str, options: Mapping[str, Any], kept: bool) -> bool:
        """Bring an executor to life. False: it could not be; the supervisor is told why."""
        try:
            living = self.brood.fork(lane, options, kept)
        except NoRoom as error:
            self.complain(f"no executor for lane {lane}: {error}")
        except OSError as error:
            self.complain(f"no executor for lane {lane}: fork failed: {error.strerror}")
        except (TypeError, ValueError) as error:
            self.complain(f"no executor for lane {lane!r}: {error}")
        else:
            self._link.send("born", living.frame())
            return True
        return False

    def fork_kept(self, now_s: float) -> None:
        """Fork what lanes that are kept at strength lack: a few, the rest at the next turn."""
        for _ in range(_FORKS_PER_TURN):
            due = self.keeper.due(now_s)
            if due is None:
                return
            if self.fork(*due, kept=True):
                self.keeper.born(due[0])
            else:
                self.keeper.failed(due[0], now_s + _NO_MEMORY_PAUSE_S)

    # -- deaths -----------------------------------------------------------------------------

    def bury_dead(self) -> None:
        """Take all statuses; end what dead executors have left behind."""
        while (ended := reap_any()) is not None:
            living = self.brood.of_pid(ended[0])
            if living is not None:  # else a stray: it fell to us and has ended by itself
                self._bury(living, ended[1], [], self._hunt_strays())

    def end(self, living: Living) -> None:
        """Kill an executor and everything below it; the supervisor is told what it was."""
        living.leaving = True
        hunted = hunt(living.pid, (self.brood.pids | self._app.helpers) - {living.pid})
        if hunted.root is not None:
            self._bury(living, hunted.root, hunted.ended, [])
        if hunted.alive:
            self.complain(f"cannot end {_those_alive(hunted)}; asked for {living.exec_id}")

    def drain(self) -> None:
        """Fork nothing more."""
        self.draining = True
        self.keeper.stop()

    def _hunt_strays(self) -> list[Ended]:
        spare = self.brood.pids | self._app.helpers
        if spare.issuperset(own_children()):
            return []
        return hunt(None, spare).ended

    def _bury(self, living: Living, status: Exit, killed: list[Ended], strays: list[Ended]) -> None:
        now_s = time.monotonic()
        ran_nothing = self.brood.ran_nothing(living)
        self._link.send("gone", self.brood.bury(living, status, killed, strays))
        if living.kept:
            pause_s = self.keeper.gone(living, ran_nothing, now_s)
            if pause_s is not None:
                self.complain(
                    f"an executor of lane {living.lane} ended with {status} before it took"
                    f" a run; the next one comes in {pause_s:.2f} s"
                )


def _those_alive(hunted: Hunted) -> str:
    return ", ".join(
        f"{ended.pid} ({ended.name}: {ended.how})"
        for ended in hunted.ended
        if ended.pid in hunted.alive
    )
