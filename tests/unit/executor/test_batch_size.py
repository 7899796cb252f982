"""How many runs an executor takes at once."""

from rtd.executor.lanes.batch_size import BATCH_MAX, BATCH_S, BatchSizer


def seasoned() -> BatchSizer:
    """Return the costs that an executor knows after many short runs."""
    costs = BatchSizer()
    for _ in range(2 * BATCH_MAX):
        costs.record_time("short", 0.00001)
    return costs


def test_short_runs_are_taken_by_the_batch() -> None:
    assert BatchSizer().batch_size() == 1
    assert seasoned().batch_size() == BATCH_MAX


def test_a_task_never_seen_counts_as_a_long_one() -> None:
    assert seasoned().expected_s("new") == BATCH_S


def test_after_a_batch_that_was_given_back_the_next_are_small_and_grow_again() -> None:
    costs = seasoned()
    costs.shrink()
    costs.record_time("new", 0.00001)
    assert costs.batch_size() == 1, "new tasks one after the other: none is taken in vain"
    sizes = []
    while costs.batch_size() < BATCH_MAX and len(sizes) < 20:
        sizes.append(costs.batch_size())
        for _ in range(sizes[-1]):
            costs.record_time("short", 0.00001)
    assert sizes == [1, 2, 4, 8, 16, 32, 64]
