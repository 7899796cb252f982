"""One daemon per node: a word that only who knows it may replace."""

from tests.contract.store.harness import NODE, Store


def test_a_word_is_replaced_only_by_who_knows_it(store: Store) -> None:
    claim, one = store.calls.claim, store.link.one
    assert one(claim(NODE, b"", b"mine", 60_000)) == b"mine"
    assert one(claim(NODE, b"", b"theirs", 60_000)) == b"mine"
    assert one(claim(NODE, b"else", b"theirs", 60_000)) == b"mine"
    assert one(claim("other", b"", b"theirs", 60_000)) == b"theirs"
    assert one(claim(NODE, b"mine", b"mine 2", 30_000)) == b"mine 2"
    assert 0 < store.redis("PTTL", f"@here:{NODE}") <= 30_000
    assert one(claim(NODE, b"mine 2", b"", 60_000)) == b""
    assert store.redis("EXISTS", f"@here:{NODE}") == 0
