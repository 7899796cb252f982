"""Whether tasks start by themselves on this node: one value that the parts of it share."""

from enum import StrEnum


class GatePhase(StrEnum):
    """Where a daemon is between its start and its end, as its schedule sees it."""

    #: The daemon was started without a schedule: it runs only what is submitted. Hooks and tasks
    #: on startup may have come first.
    OFF = "off"
    #: The startup hooks and the startup tasks come first.
    STARTING = "starting"
    OPEN = "open"
    #: The daemon ends and takes no new work.
    DRAINING = "draining"


class ScheduleGate:
    """May tasks start? Off, or starting, then open; in any phase a drain may begin, which is final.

    A pause or a halt of the whole schedule is not a phase: it lies in Redis for all nodes, any
    phase may have it, and `rtd.planner.planner.Planner` holds it with the conditions that it stops.

    Args:
        is_on: False: the app's tasks, hooks and cycle never start by themselves.
        opens: False: hooks and tasks run on startup and on shutdown, and nothing starts by itself
            in between.

    Attributes:
        phase: see `GatePhase`; only the methods change it.
        has_opened: the gate was opened; stays so during a drain.
        waits_for: in words, what the gate waits for before it opens. None: it does not wait.
            Stays during a drain that begins in this phase.
    """

    def __init__(self, is_on: bool = True, opens: bool = True) -> None:
        self.is_on = is_on
        self._opens = opens
        self.phase = GatePhase.STARTING if is_on else GatePhase.OFF
        self.has_opened = False
        self.waits_for: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether tasks start by themselves now."""
        return self.phase is GatePhase.OPEN

    @property
    def may_open(self) -> bool:
        """Whether tasks may ever start by themselves between its start and its end."""
        return self.is_on and self._opens

    @property
    def is_draining(self) -> bool:
        """Whether the daemon ends."""
        return self.phase is GatePhase.DRAINING

    def wait_for(self, what: str) -> None:
        """Say what comes before the schedule; without effect unless it is starting."""
        if self.phase is GatePhase.STARTING:
            self.waits_for = what

    def open(self) -> None:
        """Let tasks start; without effect unless the schedule is starting."""
        if self.phase is GatePhase.STARTING:
            self.phase = GatePhase.OPEN if self._opens else GatePhase.OFF
            self.has_opened, self.waits_for = self._opens, None

    def drain(self) -> None:
        """Let nothing start any more."""
        self.phase = GatePhase.DRAINING
