"""One sampler for limits and end conditions: what a run has used, and how closely it is read."""

import pytest

from rtd.common.ids import new_id, to_words
from rtd.process.board.slot import SlotSnapshot
from rtd.process.tree.process_tree import ProcessInfo, ProcessTree
from rtd.supervisor.ending.run_sampler import (
    FIRST_SIGHT_S,
    NO_BOUND,
    SAMPLE_S,
    RunSampler,
    cpu_before_run_s,
)

SECOND_NS = 10**9


def seen(run_id: str, started_ns: int = 0) -> SlotSnapshot:
    """The first attempt of a run on the board."""
    return SlotSnapshot(
        slot=0, running=True, pid=1, ticks=0, exec_words=(0, 0), run_words=to_words(run_id),
        started_ns=started_ns, deadline_ns=0, flags=0, memory_limit_bytes=0, cpu_limit_ns=0,
        attempt=1, stop_word=0, lane_number=0, retire=False,
    )  # fmt: skip


class Trees:
    """Process trees that a test grows; counts how often each figure is read."""

    def __init__(self) -> None:
        self.cpu_s = 0.0
        self.cheap_bytes = 300
        self.exact_bytes = 100
        self.reads: list[bool] = []

    def read(self, pid: int, exact: bool = False) -> ProcessTree:
        self.reads.append(exact)
        memory = self.exact_bytes if exact else self.cheap_bytes
        return ProcessTree([ProcessInfo(pid, 0, "x", "x", memory, self.cpu_s, 0.0)])


@pytest.mark.parametrize(
    ("age_s", "before_s"),
    [(0.4, 9.6), (FIRST_SIGHT_S, 9.0), (FIRST_SIGHT_S + 0.001, 10.0), (50.0, 10.0)],
)
def test_a_run_seen_within_a_second_of_its_start_may_have_used_that_time(
    age_s: float, before_s: float
) -> None:
    assert cpu_before_run_s(10.0, age_s) == pytest.approx(before_s)
    assert cpu_before_run_s(0.1, age_s) <= 0.1


def test_cpu_time_counts_from_the_start_of_the_run() -> None:
    trees = Trees()
    trees.cpu_s = 20.0
    usage = RunSampler(trees.read).usage_of(seen(new_id(), 5 * SECOND_NS))
    usage.begin_sample(5 * SECOND_NS + SECOND_NS // 2)
    assert usage.cpu_s() == pytest.approx(0.5)
    trees.cpu_s = 23.0
    usage.begin_sample(9 * SECOND_NS)
    assert usage.cpu_s() == pytest.approx(3.5)


def test_a_tree_is_read_once_a_sample_and_closely_only_above_the_bound() -> None:
    trees = Trees()
    usage = RunSampler(trees.read).usage_of(seen(new_id()))
    usage.begin_sample(SECOND_NS)
    assert trees.reads == []
    assert usage.memory_bytes(300) == usage.memory_bytes(NO_BOUND) == 300
    usage.cpu_s()
    assert trees.reads == [False]
    assert usage.memory_bytes(299) == usage.memory_bytes(200) == 100
    assert trees.reads == [False, True]
    usage.begin_sample(2 * SECOND_NS)
    assert usage.memory_bytes(299) == 100
    assert trees.reads == [False, True, False, True]


def test_both_users_of_a_run_share_its_samples_until_it_has_ended() -> None:
    sampler, run_id = RunSampler(Trees().read), new_id()
    usage = sampler.usage_of(seen(run_id))
    assert usage.next_ns == 0
    usage.begin_sample(SECOND_NS)
    assert usage.next_ns == SECOND_NS + SAMPLE_S * SECOND_NS
    assert sampler.usage_of(seen(run_id)) is usage
    sampler.retain_only({(run_id, 1)})
    assert sampler.usage_of(seen(run_id)) is usage
    sampler.retain_only(set())
    assert sampler.usage_of(seen(run_id)) is not usage
