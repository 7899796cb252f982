"""What the supervisor may tell a zygote to do: a notification each, carried out at once."""

from collections.abc import Callable
from typing import Any

from rtd.common.ids import to_words
from rtd.executor.zygote.executor_manager import ExecutorManager
from rtd.executor.zygote.executor_table import ExecutorProcess
from rtd.process.tree.kill_tree import kill_tree

__all__ = ["CommandHandler"]


class CommandHandler:
    """Obeys.

    Args:
        household: what the orders are about.
        quit: called after everything below has been ended by `quit`.
    """

    def __init__(self, household: ExecutorManager, quit: Callable[[], None]) -> None:
        self._manager = household
        self._quit_loop = quit
        self._verbs: dict[str, Callable[[dict[str, Any]], None]] = {
            "spawn": self._spawn,
            "keep": self._keep,
            "ask": self._stop,
            "retire": self._retire,
            "kill": self._kill,
            "ack": self._ack,
            "drain": self._drain,
            "quit": self._quit,
        }

    def handle(self, method: str, params: dict[str, Any]) -> None:
        """Carry out one order. One that makes no sense is complained of and changes nothing."""
        verb = self._verbs.get(method)
        if verb is None:
            self._manager.report_error(f"the zygote knows no {method!r}")
            return
        try:
            verb(params)
        except (KeyError, TypeError, ValueError) as error:
            self._manager.report_error(f"{method} {params}: {error!r}")

    def _spawn(self, params: dict[str, Any]) -> None:
        if self._manager.refuses_lane(params["lane"]):
            return
        for _ in range(int(params.get("count", 1))):
            if not self._manager.fork(params["lane"], params["options"], kept=False):
                return

    def _keep(self, params: dict[str, Any]) -> None:
        count = int(params["count"])
        if count == 0 or not self._manager.refuses_lane(params["lane"]):
            self._manager.spares.set_target(params["lane"], count, params["options"])

    def _find_executor(self, params: dict[str, Any]) -> ExecutorProcess | None:
        """The executor an order is about. One that has ended is reported once more."""
        living = self._manager.table.get(params["exec"])
        if living is None:
            self._manager.resend_exit(params["exec"])
        return living

    def _stop(self, params: dict[str, Any]) -> None:
        living = self._find_executor(params)
        if living is not None:
            slot = int(params["slot"])
            if not self._manager.table.request_stop(living, slot, to_words(params["run"])[1]):
                self._manager.report_error(f"slot {slot} is not of executor {living.exec_id}")

    def _retire(self, params: dict[str, Any]) -> None:
        living = self._find_executor(params)
        if living is not None:
            self._manager.table.retire(living)

    def _kill(self, params: dict[str, Any]) -> None:
        living = self._find_executor(params)
        if living is not None:
            self._manager.kill(living)

    def _ack(self, params: dict[str, Any]) -> None:
        self._manager.table.acknowledge(params["exec"])

    def _drain(self, _params: dict[str, Any]) -> None:
        """Fork nothing more; end when the last executor is gone and acknowledged."""
        self._manager.drain()

    def _quit(self, _params: dict[str, Any]) -> None:
        """End everything below, then this process."""
        self._manager.spares.stop()
        for living in self._manager.table:
            self._manager.kill(living)
        kill_tree(None, ())
        self._quit_loop()
