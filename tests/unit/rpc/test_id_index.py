"""Short forms of ids are found by their start and by their end."""

from rtd.rpc.core.resolve_target import IdIndex

IDS = ["01KAJ3V5Q0E7Z4M2T8W6R1X9YB", "01KAJ3V5Q0E7Z4M2T8W6R1X9ZC", "7ZZJ3V5Q0E7Z4M2T8W6R1X01KA"]


def test_an_id_is_found_by_its_start_and_its_end() -> None:
    index = IdIndex(IDS)
    assert index.find("7ZZJ") == {IDS[2]}
    assert index.find("X9YB") == {IDS[0]}
    assert index.find("01KA") == set(IDS)  # the start of two and the end of one
    assert index.find("Q0E7") == set()
    assert index.find(IDS[1]) == {IDS[1]}
