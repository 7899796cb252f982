"""A command of `fire` can be stamped with another time after it was packed."""

from rtd.store.commands.commands import StoreCommands
from rtd.store.commands.schedule import FIRE_ALIVE, FIRE_NOW, fired_record_positions
from rtd.store.commands.schedule_records import FiredOccurrence


def test_its_times_and_records_are_where_the_constants_say() -> None:
    fired = [
        FiredOccurrence("task", 1, 2, "id", record, "item", 0, "ran||") for record in (b"a", b"b")
    ]
    command = StoreCommands("x").fire("node", "place", 77, 100, 88, fired)
    assert (command.args[FIRE_NOW], command.args[FIRE_ALIVE]) == (77, 88)
    assert [command.args[position] for position in fired_record_positions(command)] == [b"a", b"b"]
