"""Traits of a process: a change is seen, and put back where that is allowed."""

import os
import signal
from pathlib import Path

from rtd.model.output_files import file_place
from rtd.process.events.posix_timer import TIMER_SIGNAL, PosixTimer
from rtd.process.traits.descriptors import DescriptorReserve, are_lost, is_nearly_used_up
from rtd.process.traits.signal_traits import SIGNAL_TRAITS
from rtd.process.traits.trait import Trait, TraitSet
from tests.helpers.deadline import until


def refuse(_were: object) -> None:
    raise PermissionError


def test_a_change_is_put_back_or_said_to_be_stuck() -> None:
    values = {"easy": 1, "stuck": 1, "other": 1}
    traits = TraitSet(
        [
            Trait("easy", lambda: values["easy"], lambda were: values.update(easy=were)),
            Trait("stuck", lambda: values["stuck"], refuse),
            Trait("other", lambda: values["other"], refuse),
        ]
    )
    assert traits.changed() == []
    values.update(easy=2, stuck=2)
    changed = traits.changed()
    assert [trait.name for trait in changed] == ["easy", "stuck"]
    assert [trait.name for trait in traits.restore(changed)] == ["stuck"]
    assert values == {"easy": 1, "stuck": 2, "other": 1}


def test_a_trait_that_cannot_be_read_any_more_has_changed() -> None:
    values = [1]
    traits = TraitSet([Trait("gone", lambda: values[0], values.append)])
    values.clear()
    assert traits.restore(traits.changed()) == []
    assert values == [1]


def test_handlers_masks_and_timers_are_as_before() -> None:
    before = signal.getsignal(signal.SIGUSR1)
    traits = TraitSet(SIGNAL_TRAITS)
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    signal.setitimer(signal.ITIMER_VIRTUAL, 100)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR2})
    changed = traits.changed()
    assert [trait.name for trait in changed] == ["timers", "signal handlers", "blocked signals"]
    assert traits.restore(changed) == []
    assert signal.getsignal(signal.SIGUSR1) == before
    assert signal.getitimer(signal.ITIMER_VIRTUAL)[0] == 0


def test_a_descriptor_is_lost_when_it_is_closed_or_another_file(tmp_path: Path) -> None:
    fd = os.open(tmp_path / "one", os.O_CREAT)
    other = os.open(tmp_path / "other", os.O_CREAT)
    places = {fd: file_place(fd), other: file_place(other)}
    assert not are_lost(lambda: places)
    os.dup2(other, fd)
    assert are_lost(lambda: places)
    os.close(fd)
    assert are_lost(lambda: places)
    os.close(other)


def test_the_reserve_gives_descriptors_back_and_none_that_is_not_its_own() -> None:
    before = set(os.listdir("/proc/self/fd"))
    reserve = DescriptorReserve()
    own = {int(fd) for fd in set(os.listdir("/proc/self/fd")) - before}
    assert len(own) >= 4
    reader, writer = os.pipe()
    stolen = min(own)
    os.dup2(writer, stolen)
    reserve.release()
    os.fstat(stolen)
    for fd in (stolen, reader, writer):
        os.close(fd)
    assert set(os.listdir("/proc/self/fd")) == before
    assert not is_nearly_used_up()


def test_the_timer_comes_once_whatever_becomes_of_alarms() -> None:
    seen: list[int] = []
    before = signal.signal(TIMER_SIGNAL, lambda number, _frame: seen.append(number))
    try:
        timer = PosixTimer()
        timer.set(0)
        timer.set(0.01)
        signal.alarm(0)
        until(lambda: seen, what="the signal")
        timer.set(100)
        timer.set(0)
        assert seen == [TIMER_SIGNAL]
    finally:
        signal.signal(TIMER_SIGNAL, before)


def test_a_fork_does_not_inherit_the_timer() -> None:
    timer = PosixTimer()
    timer.set(100)
    pid = os.fork()
    if pid == 0:
        timer.set(0)  # not its own: nothing to cancel
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0
    timer.set(0)
