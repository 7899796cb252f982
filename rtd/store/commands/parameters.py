"""What tasks are given besides the parameters of a submit: results of others, values set at run
time."""

from collections.abc import Iterable, Sequence

from rtd.store.connection.command import Call


def _blobs(reply: Sequence[bytes]) -> dict[str, bytes]:
    it = iter(reply)
    return {name.decode(): blob for name, blob in zip(it, it, strict=True)}


def _names(reply: Sequence[bytes]) -> set[str]:
    return {name.decode() for name in reply}


class Parameters:
    """Builds the calls for parameters and kept results. Mixed into `Calls`.

    Values are blobs of `model.values.pack`; a field is `model.parameters.field_of`.
    """

    prefix: str

    def params_of(self, fields: Sequence[str]) -> Call:
        """The values that were set at run time, None for each field without one."""
        return Call(("HMGET", f"{self.prefix}params", *fields))

    def all_params(self) -> Call:
        """Every value that was set at run time, by field."""
        return Call(("HGETALL", f"{self.prefix}params"), _blobs)

    def set_param(self, node: str, field: str, blob: bytes) -> Call:
        """A value for all runs from now on. This node and those with executors are rung."""
        return Call(("1", self.prefix, node, field, blob), bool, "param")

    def unset_param(self, node: str, field: str) -> Call:
        """Takes back `set_param`. Gives whether there was a value."""
        return Call(("1", self.prefix, node, field, b""), bool, "param")

    def results_of(self, tasks: Sequence[str]) -> Call:
        """The latest results of tasks, None for each that has none."""
        return Call(("HMGET", f"{self.prefix}returned", *tasks))

    def keep_results_of(self, tasks: Iterable[str]) -> Call:
        """From now on the latest result of each of these tasks is kept."""
        return Call(("SADD", f"{self.prefix}returning", *tasks), int)

    def drop_results_of(self, tasks: Iterable[str]) -> Call:
        """Takes back `keep_results_of`; what is there stays."""
        return Call(("SREM", f"{self.prefix}returning", *tasks), int)

    def returning(self) -> Call:
        """The tasks whose results are kept."""
        return Call(("SMEMBERS", f"{self.prefix}returning"), _names)

    def seed_result(self, task: str, blob: bytes) -> Call:
        """A result from before it was to be kept, unless there is a later one."""
        return Call(("HSETNX", f"{self.prefix}returned", task, blob), bool)
