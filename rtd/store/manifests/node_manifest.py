"""The tasks of a node as it keeps them in Redis, for clients that have nothing but that Redis."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from rtd.common.msgpack_values import pack, unpack
from rtd.common.version import VERSION
from rtd.model.app_info import ParameterInfo
from rtd.model.manifest import COMMAND, Manifest, TaskInfo
from rtd.model.run_record import RECORD_SCHEMA

#: Of this record, and of what the scripts write beside the records of runs. A client of another
#: format is refused.
FORMAT: Final = 1


class StoredFormat(NamedTuple):
    """The version of an rtd, and how it keeps things in Redis."""

    rtd: str
    format: int
    records: int

    def __str__(self) -> str:
        """Return it for people."""
        return f"rtd {self.rtd} (format {self.format}, records {self.records})"

    @property
    def is_ours(self) -> bool:
        """Whether this rtd can read and write it."""
        return (self.format, self.records) == (FORMAT, RECORD_SCHEMA)


#: Of this rtd.
OURS: Final = StoredFormat(VERSION, FORMAT, RECORD_SCHEMA)


@dataclass(frozen=True, slots=True)
class NodeManifest:
    """The facts that a submit needs of a node whose executors may carry the run out.

    Attributes:
        imported_at: when the node imported its app.
        private: pairs of a task (None: all tasks) and a parameter that is never shown.
        params_limit: the most bytes of a run's parameters.
        history: at most this many ended runs are kept per task.
    """

    node: str
    app: str | None
    imported_at: float
    tasks: Mapping[str, TaskInfo]
    private: Iterable[tuple[str | None, str]]
    params_limit: int
    history: int

    @classmethod
    def of(
        cls, node: str, manifest: Manifest, *, params_limit: int, history: int, commands: bool
    ) -> "NodeManifest":
        """Return that of a node.

        Args:
            commands: whether it takes the task `command` from clients.
        """
        tasks = {name: info for name, info in manifest.tasks.items() if commands or name != COMMAND}
        private = [(p.task, p.name) for p in manifest.info.parameters if p.private]
        at = manifest.info.past_at
        return cls(node, manifest.app, at, tasks, private, params_limit, history)

    @property
    def private_parameters(self) -> list[ParameterInfo]:
        """The private parameters as a manifest has them."""
        return [ParameterInfo(name, task, "value", None, True) for task, name in self.private]

    def pack(self) -> bytes:
        """Return the record of it."""
        fields = {
            "app": self.app,
            "imported_at": self.imported_at,
            "tasks": [info.to_dict() for info in self.tasks.values()],
            "private": [list(pair) for pair in self.private],
            "params_limit": self.params_limit,
            "history": self.history,
        }
        return pack([*OURS, fields], "manifest")


def read_format(blob: bytes) -> StoredFormat:
    """Return who has written a record. Raises ValueError: it is none."""
    try:
        rtd, form, records, *_ = unpack(blob)
        return StoredFormat(str(rtd), int(form), int(records))
    except (TypeError, LookupError) as error:
        raise ValueError(f"no manifest of a node: {error}") from None


def read_manifest(node: str, blob: bytes) -> NodeManifest:
    """Return the manifest in a record of our format. Raises ValueError: it is malformed."""
    try:
        fields: dict[str, Any] = unpack(blob)[len(OURS)]
        infos = [TaskInfo.from_dict(data) for data in fields["tasks"]]
        return NodeManifest(
            node=node,
            app=fields["app"],
            imported_at=float(fields["imported_at"]),
            tasks={info.name: info for info in infos},
            private=[(task, name) for task, name in fields["private"]],
            params_limit=int(fields["params_limit"]),
            history=int(fields["history"]),
        )
    except (TypeError, LookupError, AttributeError) as error:
        raise ValueError(f"no manifest of a node: {error!r}") from None
