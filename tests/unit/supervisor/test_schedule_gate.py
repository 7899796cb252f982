"""The one value that says whether tasks start by themselves."""

from rtd.supervisor.core.schedule_gate import GatePhase, ScheduleGate


def test_a_gate_waits_then_opens_then_drains() -> None:
    gate = ScheduleGate()
    gate.wait_for("a hook")
    assert (gate.phase, gate.waits_for, gate.has_opened) == (GatePhase.STARTING, "a hook", False)
    gate.open()
    assert (gate.is_open, gate.waits_for, gate.has_opened) == (True, None, True)
    gate.drain()
    assert (gate.is_open, gate.is_draining, gate.has_opened) == (False, True, True)


def test_a_gate_that_is_off_never_opens() -> None:
    gate = ScheduleGate(is_on=False)
    gate.wait_for("a hook")
    gate.open()
    assert (gate.phase, gate.waits_for, gate.has_opened) == (GatePhase.OFF, None, False)


def test_a_gate_that_does_not_open_is_off_after_the_start() -> None:
    gate = ScheduleGate(opens=False)
    gate.wait_for("a hook")
    assert (gate.phase, gate.waits_for) == (GatePhase.STARTING, "a hook")
    gate.open()
    assert (gate.phase, gate.waits_for, gate.has_opened) == (GatePhase.OFF, None, False)


def test_a_drain_is_final() -> None:
    gate = ScheduleGate()
    gate.drain()
    gate.open()
    assert (gate.is_draining, gate.has_opened) == (True, False)


def test_a_drain_remembers_what_the_schedule_still_waited_for() -> None:
    gate = ScheduleGate()
    gate.wait_for("a hook")
    gate.drain()
    gate.wait_for("a task")
    assert gate.waits_for == "a hook"


def test_an_open_gate_waits_for_nothing() -> None:
    gate = ScheduleGate()
    gate.open()
    gate.wait_for("a hook")
    assert (gate.is_open, gate.waits_for) == (True, None)
