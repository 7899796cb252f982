"""What tasks are given besides the parameters of a submit: results of others, values set at run
time."""

from collections.abc import Iterable, Sequence

from rtd.store.connection.command import RedisCommand


def _blobs(reply: Sequence[bytes]) -> dict[str, bytes]:
    it = iter(reply)
    return {name.decode(): blob for name, blob in zip(it, it, strict=True)}


def _names(reply: Sequence[bytes]) -> set[str]:
    return {name.decode() for name in reply}


class ParameterCommands:
    """Builds the calls for parameters and kept results. Mixed into `StoreCommands`.

    Values are packed by `rtd.common.msgpack_values.pack`; `rtd.model.parameter_names.field_of`
    names a field.
    """

    prefix: str

    def get_params(self, fields: Sequence[str]) -> RedisCommand:
        """The values that were set at run time, None for each field without one."""
        return RedisCommand(("HMGET", f"{self.prefix}params", *fields))

    def get_all_params(self) -> RedisCommand:
        """Every value that was set at run time, by field."""
        return RedisCommand(("HGETALL", f"{self.prefix}params"), _blobs)

    def set_param(self, node: str, field: str, blob: bytes) -> RedisCommand:
        """A value for all runs from now on. This node and those with executors are rung."""
        return RedisCommand(("1", self.prefix, node, field, blob), bool, "param")

    def unset_param(self, node: str, field: str) -> RedisCommand:
        """Takes back `set_param`. Gives whether there was a value."""
        return RedisCommand(("1", self.prefix, node, field, b""), bool, "param")

    def get_results(self, tasks: Sequence[str]) -> RedisCommand:
        """The latest results of tasks, None for each that has none."""
        return RedisCommand(("HMGET", f"{self.prefix}returned", *tasks))

    def retain_results(self, tasks: Iterable[str]) -> RedisCommand:
        """From now on the latest result of each of these tasks is kept."""
        return RedisCommand(("SADD", f"{self.prefix}returning", *tasks), int)

    def release_results(self, tasks: Iterable[str]) -> RedisCommand:
        """Takes back `keep_results_of`; what is there stays."""
        return RedisCommand(("SREM", f"{self.prefix}returning", *tasks), int)

    def retained_tasks(self) -> RedisCommand:
        """The tasks whose results are kept."""
        return RedisCommand(("SMEMBERS", f"{self.prefix}returning"), _names)

    def seed_result(self, task: str, blob: bytes) -> RedisCommand:
        """A result from before it was to be kept, unless there is a later one."""
        return RedisCommand(("HSETNX", f"{self.prefix}returned", task, blob), bool)
