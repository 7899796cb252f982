"""Commands for parameters set at run time, and for kept results that become parameters."""

from collections.abc import Sequence

from rtd.store.connection.command import RedisCommand


def _blobs(reply: Sequence[bytes]) -> dict[str, bytes]:
    it = iter(reply)
    return {name.decode(): blob for name, blob in zip(it, it, strict=True)}


class ParameterCommands:
    """Builds the commands about parameters and kept results. Mixed into `StoreCommands`.

    Values are packed by `rtd.common.msgpack_values.pack`; `rtd.model.parameter_names.field_of`
    names a field.
    """

    prefix: str

    def get_params(self, fields: Sequence[str]) -> RedisCommand:
        """Read the values that were set at run time, None for each field without one."""
        return RedisCommand(("HMGET", f"{self.prefix}params", *fields))

    def get_all_params(self) -> RedisCommand:
        """Read every value that was set at run time, by field."""
        return RedisCommand(("HGETALL", f"{self.prefix}params"), _blobs)

    def set_param(self, node: str, field: str, blob: bytes) -> RedisCommand:
        """Set a value for all runs from now on. Rings the supervisors of all nodes."""
        return RedisCommand(("1", self.prefix, node, field, blob), bool, "param")

    def unset_param(self, node: str, field: str) -> RedisCommand:
        """Undo `set_param`. Gives whether there was a value."""
        return RedisCommand(("1", self.prefix, node, field, b""), bool, "param")

    def get_results(self, tasks: Sequence[str]) -> RedisCommand:
        """Read the latest results of tasks, None for each that has none."""
        return RedisCommand(("HMGET", f"{self.prefix}returned", *tasks))

    def seed_result(self, task: str, blob: bytes) -> RedisCommand:
        """Set the result of a task from before it was kept, unless there is a later one."""
        return RedisCommand(("HSETNX", f"{self.prefix}returned", task, blob), bool)
