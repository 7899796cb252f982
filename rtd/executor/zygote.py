"""The zygote: has imported the app, forks executors, is their parent, and hears their end.

One thread, one loop. It obeys the supervisor's notifications and keeps what the supervisor
has not acknowledged, so a supervisor may die and another one come: each new link begins with
a hello that says everything. Nobody else can end it in passing: SIGTERM, SIGINT and SIGHUP are
for the supervisor to answer, and are ignored here.
"""

import os
import selectors
import time
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from rtd.executor.zygote_app import App
from rtd.executor.zygote_brood import Brood, ExecutorMain, Living, NoRoom
from rtd.executor.zygote_keeper import Keeper
from rtd.executor.zygote_link import SupervisorLink
from rtd.model.ids import to_words
from rtd.process.board import Board
from rtd.process.children import own_children
from rtd.process.hunt import Ended, Hunted, hunt
from rtd.process.signals import SIGCHLD, SIGHUP, SIGINT, SIGTERM, SignalInbox
from rtd.process.status import Exit, reap_any
from rtd.process.ticks import start_ticks

__all__ = ["Zygote", "ZygoteOptions"]

#: Forks of kept lanes between two looks at what else has happened.
_FORKS_PER_TURN: Final = 4
#: How long the last words to the supervisor may take.
_FAREWELL_S: Final = 2.0
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


class Zygote:
    """The loop. Construct it after the app was imported, then `run`.

    Args:
        app: what became of the import. main: what executors do.
        board: mapped. link: to the supervisor, not yet connected.
    """

    def __init__(
        self,
        options: ZygoteOptions,
        app: App,
        main: ExecutorMain,
        board: Board,
        link: SupervisorLink,
    ) -> None:
        self._options = options
        self._app = app
        self._link = link
        self._brood = Brood(board, options.slots, app.session, main, self._leave)
        self._keeper = Keeper()
        self._inbox = SignalInbox(SIGCHLD, SIGTERM, SIGINT, SIGHUP)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._inbox, selectors.EVENT_READ)
        self._watched_link = -1
        self._draining = False
        self._done = False
        self._connect_at_s = 0.0
        self._alone_since_s = time.monotonic()
        self._verbs: dict[str, Callable[[dict[str, Any]], None]] = {
            "spawn": self._spawn,
            "keep": self._keep,
            "ask": self._ask,
            "retire": self._retire,
            "kill": self._kill,
            "ack": self._ack,
            "drain": self._drain,
            "quit": self._quit,
        }

    def run(self) -> None:
        """Serve until `quit`, or until a drained or orphaned zygote has nobody left."""
        while not self._done:
            self._connect(time.monotonic())
            self._watch_link()
            for key, _ in self._selector.select(self._timeout_s(time.monotonic())):
                if key.fileobj is self._inbox:
                    self._inbox.take()
                else:
                    self._hear()
            self._bury_dead()
            self._fork_kept(time.monotonic())
            self._consider_end(time.monotonic())
        self._link.finish(_FAREWELL_S)

    # -- the loop's parts -------------------------------------------------------------------

    def _timeout_s(self, now_s: float) -> float | None:
        """How long nothing needs to be done by the clock."""
        moments = []
        if not self._link.connected:
            moments.append(self._connect_at_s)
            if self._options.orphan_s is not None and not self._draining:
                moments.append(self._alone_since_s + self._options.orphan_s)
        due_s = self._keeper.next_due_s()
        if due_s is not None:
            moments.append(due_s)
        return max(0.0, min(moments) - now_s) if moments else None

    def _connect(self, now_s: float) -> None:
        if self._link.connected or now_s < self._connect_at_s:
            return
        if self._link.connect():
            self._link.send("hello", self._hello())
        else:
            self._connect_at_s = now_s + self._link.retry_s

    def _watch_link(self) -> None:
        """Have the selector follow what the link is: gone, new, or with unsent bytes."""
        if self._watched_link >= 0:
            self._selector.unregister(self._watched_link)
            self._watched_link = -1
        if self._link.connected:
            events = selectors.EVENT_READ
            if self._link.wants_write:
                events |= selectors.EVENT_WRITE
            self._watched_link = self._link.fileno()
            self._selector.register(self._watched_link, events)

    def _hear(self) -> None:
        self._link.flush()
        for message in self._link.receive():
            verb = self._verbs.get(message.method)
            if verb is None:
                self._complain(f"the zygote knows no {message.method!r}")
                continue
            try:
                verb(message.params)
            except (KeyError, TypeError, ValueError) as error:
                self._complain(f"{message.method} {message.params}: {error!r}")
        if not self._link.connected:
            self._alone_since_s = self._connect_at_s = time.monotonic()

    def _bury_dead(self) -> None:
        """Take all statuses; end what dead executors have left behind."""
        while (ended := reap_any()) is not None:
            living = self._brood.of_pid(ended[0])
            if living is not None:  # else a stray: it fell to us and has ended by itself
                self._bury(living, ended[1], [], self._hunt_strays())

    def _hunt_strays(self) -> list[Ended]:
        spare = self._brood.pids | self._app.helpers
        if spare.issuperset(own_children()):
            return []
        return hunt(None, spare).ended

    def _bury(self, living: Living, status: Exit, killed: list[Ended], strays: list[Ended]) -> None:
        now_s = time.monotonic()
        ran_nothing = self._brood.ran_nothing(living)
        self._link.send("gone", self._brood.bury(living, status, killed, strays))
        if living.kept:
            pause_s = self._keeper.gone(living, ran_nothing, now_s)
            if pause_s is not None:
                self._complain(
                    f"an executor of lane {living.lane} ended with {status} before it took"
                    f" a run; the next one comes in {pause_s:.2f} s"
                )

    def _fork_kept(self, now_s: float) -> None:
        for _ in range(_FORKS_PER_TURN):
            due = self._keeper.due(now_s)
            if due is None:
                return
            if self._fork(*due, kept=True):
                self._keeper.born(due[0])
            else:
                self._keeper.failed(due[0], now_s + _NO_MEMORY_PAUSE_S)

    def _fork(self, lane: str, options: Any, kept: bool) -> bool:
        try:
            living = self._brood.fork(lane, options, kept)
        except NoRoom as error:
            self._complain(f"no executor for lane {lane}: {error}")
        except OSError as error:
            self._complain(f"no executor for lane {lane}: fork failed: {error.strerror}")
        except (TypeError, ValueError) as error:
            self._complain(f"no executor for lane {lane!r}: {error}")
        else:
            self._link.send("born", living.frame())
            return True
        return False

    def _consider_end(self, now_s: float) -> None:
        orphan_s = self._options.orphan_s
        alone_s = 0.0 if self._link.connected else now_s - self._alone_since_s
        orphaned = orphan_s is not None and alone_s >= orphan_s
        if orphaned and not self._draining:
            self._draining = True
            self._keeper.stop()
            for living in self._brood:
                self._brood.retire(living)
        if self._draining and not self._brood and (orphaned or not self._brood.exits):
            self._done = True

    def _leave(self) -> None:
        """In a forked child: let go of what is the zygote's."""
        self._link.close()
        self._selector.close()
        self._inbox.close()

    # -- what is said -----------------------------------------------------------------------

    def _hello(self) -> dict[str, Any]:
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
            "executors": [living.frame() for living in self._brood],
            "exits": self._brood.exits,
            "keeps": self._keeper.frames(),
            "draining": self._draining,
        }

    def _complain(self, message: str) -> None:
        self._link.send("error", {"message": message})

    # -- what is obeyed ---------------------------------------------------------------------

    def _spawn(self, params: dict[str, Any]) -> None:
        if self._refuses(params["lane"]):
            return
        for _ in range(int(params.get("count", 1))):
            if not self._fork(params["lane"], params["options"], kept=False):
                return

    def _keep(self, params: dict[str, Any]) -> None:
        if int(params["count"]) == 0 or not self._refuses(params["lane"]):
            self._keeper.keep(params["lane"], int(params["count"]), params["options"])

    def _refuses(self, lane: str) -> bool:
        if self._draining:
            self._complain(f"no executor for lane {lane}: this zygote is draining")
        elif self._app.error is not None and lane != "command":
            self._complain(f"no executor for lane {lane}: {self._app.error}")
        else:
            return False
        return True

    def _living(self, params: dict[str, Any]) -> Living | None:
        """The executor an order is about. One that has ended is reported once more."""
        living = self._brood.get(params["exec"])
        if living is None:
            frame = self._brood.exit_of(params["exec"])
            if frame is None:
                self._complain(f"there is no executor {params['exec']} below this zygote")
            else:
                self._link.send("gone", frame)
        return living

    def _ask(self, params: dict[str, Any]) -> None:
        living = self._living(params)
        if living is not None:
            slot = int(params["slot"])
            if not self._brood.ask(living, slot, to_words(params["run"])[1]):
                self._complain(f"slot {slot} is not of executor {living.exec_id}")

    def _retire(self, params: dict[str, Any]) -> None:
        living = self._living(params)
        if living is not None:
            self._brood.retire(living)

    def _kill(self, params: dict[str, Any]) -> None:
        living = self._living(params)
        if living is not None:
            self._end(living)

    def _end(self, living: Living) -> None:
        living.leaving = True
        hunted = hunt(living.pid, (self._brood.pids | self._app.helpers) - {living.pid})
        if hunted.root is not None:
            self._bury(living, hunted.root, hunted.ended, [])
        if hunted.alive:
            self._complain(f"cannot end {_those_alive(hunted)}; asked for {living.exec_id}")

    def _ack(self, params: dict[str, Any]) -> None:
        self._brood.acknowledge(params["exec"])

    def _drain(self, _params: dict[str, Any]) -> None:
        """Fork nothing more; end when the last executor is gone and acknowledged."""
        self._draining = True
        self._keeper.stop()

    def _quit(self, _params: dict[str, Any]) -> None:
        """End everything below, then this process."""
        self._keeper.stop()
        for living in self._brood:
            self._end(living)
        hunt(None, ())
        self._done = True


def _those_alive(hunted: Hunted) -> str:
    return ", ".join(
        f"{ended.pid} ({ended.name}: {ended.how})"
        for ended in hunted.ended
        if ended.pid in hunted.alive
    )
