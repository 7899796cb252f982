"""One daemon per node: a word that only who knows it may replace."""

from tests.contract.store.harness import NODE, Store


def test_a_word_is_replaced_only_by_who_knows_it(store: Store) -> None:
    claim, one = store.calls.claim, store.link.execute
    assert one(claim(NODE, b"", b"mine", 60_000)) == b"mine"
    assert one(claim(NODE, b"", b"theirs", 60_000)) == b"mine"
    assert one(claim(NODE, b"else", b"theirs", 60_000)) == b"mine"
    assert one(claim("other", b"", b"theirs", 60_000)) == b"theirs"
    assert one(claim(NODE, b"mine", b"mine 2", 30_000)) == b"mine 2"
    assert 0 < store.redis("PTTL", f"@here:{NODE}") <= 30_000
    assert one(claim(NODE, b"mine 2", b"", 60_000)) == b""
    assert store.redis("EXISTS", f"@here:{NODE}") == 0


def test_events_that_concern_the_schedule_ring_all_nodes_that_are_there(store: Store) -> None:
    claim, one = store.calls.claim, store.link.execute
    for node in (NODE, "other", "gone", "left"):
        one(claim(node, b"", b"mine", 60_000))
    one(claim("left", b"mine", b"", 60_000))
    store.redis("DEL", "@here:gone")  # its time is over
    for node in (NODE, "other", "gone", "left"):
        store.watch("job", node=node)
    run = store.submit_one()
    store.take()
    store.finish("E1", run)
    one(store.calls.switch(NODE, "job", False))
    one(store.calls.set_param(NODE, "x", b"1"))
    begun, ended = f"task|job|q|{run}|", f"task|job|s|{run}|"
    told = [ring[: len(ended)] for ring in store.rings() if not ring.startswith("demand")]
    assert told == [begun, ended, "params"]
    told = [ring[: len(ended)] for ring in store.rings("other")]
    assert told == [begun, ended, "switch|0|job", "params"]
    for node in ("gone", "left"):
        assert store.rings(node) == []
    assert sorted(store.redis("SMEMBERS", "@nodes")) == [b"node1", b"other"]
