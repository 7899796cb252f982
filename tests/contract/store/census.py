"""The books of a store: every run in exactly one place, every index true.

`check` holds at any moment, between any two calls.
"""

from collections import Counter
from typing import Any

from tests.contract.store.harness import Store


def _text(values: Any) -> list[str]:
    return [value.decode() for value in values or []]


class Census:
    """Everything that a store holds, read key by key."""

    def __init__(self, store: Store) -> None:
        self.store = store
        cut = len(store.calls.prefix)
        self.keys = [key[cut:] for key in _text(store.redis("KEYS", "@*"))]
        self.records = {key[2:]: store.state(key[2:]) for key in self.named("r:")}
        self.lists = {p[2:]: _text(store.redis("LRANGE", "@" + p, 0, -1)) for p in self.named("q:")}
        self.walks = {
            walk[5:]: _text(store.redis("ZRANGE", "@" + walk, 0, -1))
            for walk in self.named("walk:")
        }
        self.held = {
            key[5:]: _text(store.redis("LRANGE", "@" + key, 0, -1)) for key in self.named("held:")
        }
        self.delayed = _text(store.redis("ZRANGE", "@delayed", 0, -1))
        self.leases = self._leases("lease:")
        self.dead = self._leases("dead:")
        self.running = {
            key[3:]: set(_text(store.redis("SMEMBERS", "@" + key))) for key in self.named("cc:")
        }
        self.paused = set(_text(store.redis("SMEMBERS", "@paused")))
        self.parked = set(_text(store.redis("SMEMBERS", "@parked")))
        self.execs = dict(zip(*[iter(_text(store.redis("HGETALL", "@execs")))] * 2, strict=True))
        self.idle = {
            key[5:]: set(_text(store.redis("SMEMBERS", "@" + key))) for key in self.named("idle:")
        }

    def named(self, prefix: str) -> list[str]:
        return [key for key in self.keys if key.startswith(prefix)]

    def _leases(self, prefix: str) -> dict[str, dict[str, str]]:
        out = {}
        for key in self.named(prefix):
            flat = iter(_text(self.store.redis("HGETALL", "@" + key)))
            out[key[len(prefix) :]] = dict(zip(flat, flat, strict=True))
        return out

    def spots(self) -> list[str]:
        """`place|item` of every run that is not over, wherever it is."""
        out = [f"{place}|{item}" for place, items in self.lists.items() for item in items]
        out += [spot for spots in self.held.values() for spot in spots]
        out += self.delayed
        for leases in (*self.leases.values(), *self.dead.values()):
            out += leases.values()
        return out


def item_of(spot: str) -> str:
    return spot.split("|", 3)[3]


def id_of(spot: str) -> str:
    return item_of(spot)[:26]


def check(store: Store) -> None:
    """Raises AssertionError when the books do not balance."""
    census = Census(store)
    where = Counter(id_of(spot) for spot in census.spots())
    unfinished = {run for run, state in census.records.items() if state == "q"}
    assert where == dict.fromkeys(unfinished, 1), "each unfinished run in exactly one place"
    _check_places(census)
    _check_executors(census)
    _check_limits(census)


def _check_places(census: Census) -> None:
    shown = {place for walk in census.walks.values() for place in walk}
    for lane, walk in census.walks.items():
        assert {place.split("|")[0] for place in walk} == {lane}
    visible = {p for p in census.lists if p.split("|")[1] not in census.paused}
    assert shown == visible, "takers see the places that hold runs and are not paused"
    assert census.parked == set(census.lists) - visible, "paused places are remembered"


def _check_executors(census: Census) -> None:
    assert set(census.leases) <= set(census.execs), "only the enrolled hold leases"
    fenced = set(_text(census.store.redis("SMEMBERS", "@fenced")))
    assert fenced == set(census.dead), "the fenced are those with something to settle"
    for lane, idle in census.idle.items():
        for exec_id in idle:
            assert census.execs.get(exec_id, "").startswith(f"a{lane}|"), "only the active idle"
    for lane, walk in census.walks.items():
        woken = any(
            status.startswith(f"a{lane}|") and f"bell:{exec_id}" in census.keys
            for exec_id, status in census.execs.items()
        )
        if walk and census.idle.get(lane) and not woken:
            raise AssertionError(
                f"work waits in {walk}, {census.idle[lane]} sleep, nobody is woken"
            )


def _check_limits(census: Census) -> None:
    leased: dict[str, set[str]] = {}
    queued: Counter[str] = Counter()
    for leases in (*census.leases.values(), *census.dead.values()):
        for run, spot in leases.items():
            _, _, task = item_of(spot).partition("|")
            if task:
                leased.setdefault(task.partition("|")[2], set()).add(run)
    for place, items in census.lists.items():
        if place.split("|")[1] not in census.paused:
            queued.update(i.split("|", 2)[2] for i in items if "|" in i)
    assert census.running == leased, "a limit counts what is leased, exactly"
    holding = set(_text(census.store.redis("SMEMBERS", "@holding")))
    assert holding == set(census.held), "tasks with held runs are known"
    for task, spots in census.held.items():
        limit = int(item_of(spots[0]).split("|")[1])
        assert len(leased.get(task, ())) + queued[task] >= limit, (
            f"{task}: runs are held although there is room and none is in turn"
        )
