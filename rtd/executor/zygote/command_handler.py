"""What the supervisor may tell a zygote to do: a notification each, carried out at once."""

from collections.abc import Callable
from typing import Any

from rtd.common.ids import to_words
from rtd.executor.zygote.executor_manager import Household
from rtd.executor.zygote.executor_table import Living
from rtd.process.tree.kill_tree import hunt

__all__ = ["Orders"]


class Orders:
    """Obeys.

    Args:
        household: what the orders are about.
        quit: called after everything below has been ended by `quit`.
    """

    def __init__(self, household: Household, quit: Callable[[], None]) -> None:
        self._household = household
        self._quit_loop = quit
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

    def obey(self, method: str, params: dict[str, Any]) -> None:
        """Carry out one order. One that makes no sense is complained of and changes nothing."""
        verb = self._verbs.get(method)
        if verb is None:
            self._household.complain(f"the zygote knows no {method!r}")
            return
        try:
            verb(params)
        except (KeyError, TypeError, ValueError) as error:
            self._household.complain(f"{method} {params}: {error!r}")

    def _spawn(self, params: dict[str, Any]) -> None:
        if self._household.refuses(params["lane"]):
            return
        for _ in range(int(params.get("count", 1))):
            if not self._household.fork(params["lane"], params["options"], kept=False):
                return

    def _keep(self, params: dict[str, Any]) -> None:
        count = int(params["count"])
        if count == 0 or not self._household.refuses(params["lane"]):
            self._household.keeper.keep(params["lane"], count, params["options"])

    def _living(self, params: dict[str, Any]) -> Living | None:
        """The executor an order is about. One that has ended is reported once more."""
        living = self._household.brood.get(params["exec"])
        if living is None:
            self._household.repeat_end(params["exec"])
        return living

    def _ask(self, params: dict[str, Any]) -> None:
        living = self._living(params)
        if living is not None:
            slot = int(params["slot"])
            if not self._household.brood.ask(living, slot, to_words(params["run"])[1]):
                self._household.complain(f"slot {slot} is not of executor {living.exec_id}")

    def _retire(self, params: dict[str, Any]) -> None:
        living = self._living(params)
        if living is not None:
            self._household.brood.retire(living)

    def _kill(self, params: dict[str, Any]) -> None:
        living = self._living(params)
        if living is not None:
            self._household.end(living)

    def _ack(self, params: dict[str, Any]) -> None:
        self._household.brood.acknowledge(params["exec"])

    def _drain(self, _params: dict[str, Any]) -> None:
        """Fork nothing more; end when the last executor is gone and acknowledged."""
        self._household.drain()

    def _quit(self, _params: dict[str, Any]) -> None:
        """End everything below, then this process."""
        self._household.keeper.stop()
        for living in self._household.brood:
            self._household.end(living)
        hunt(None, ())
        self._quit_loop()
