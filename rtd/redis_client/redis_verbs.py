"""Answers the requests of a client that has only the Redis of the workers."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, cast

from rtd.common.errors import BadRequest, ParameterError, StoreError, StoreGone
from rtd.protocol.verbs import check_request
from rtd.redis_client.client_process import submitter
from rtd.redis_client.connections import RedisConnections
from rtd.redis_client.context import RedisContext
from rtd.redis_client.run_blocking import run_blocking
from rtd.redis_client.task_directory import TaskDirectory, TaskSource
from rtd.redis_client.url_name import split_name
from rtd.store.commands.commands import StoreCommands
from rtd.store.connection.command import RedisCommand
from rtd.supervisor.runs.direct_submit import offer_of
from rtd.supervisor.runs.submit import SubmitRequest, submit, without_reply

if TYPE_CHECKING:
    from rtd.redis_client.ends import RedisEnds
    from rtd.redis_client.events import RedisEvents

#: What a client can do instead of what needs a daemon.
_INSTEAD: Final = {
    "kill": "; `cancel` withdraws a run that waits",
    "ping": "; any other call says whether Redis is there",
}


#: The reply of the submit script where the workers have changed something since.
_STALE: Final = -2


class RedisVerbs:
    """The verbs that need no daemon, on one namespace of one Redis. Threads may share it.

    Args:
        url: of the Redis, with an option `name`: see `split_name`.
        name: of the namespace.
        session: of the calling app.
        reconnect_s: how long a Redis that was there may be away before a call fails.

    Raises:
        ConfigError: the URL cannot be used.
        BadRequest: `session` is none.
    """

    def __init__(
        self,
        url: str,
        *,
        name: str | None = None,
        session: object = None,
        reconnect_s: float = 5.0,
    ) -> None:
        if session is not None and not hasattr(session, "declared_tasks"):
            raise BadRequest(f"session must be a Session or None, not {type(session).__name__}")
        plain_url, self.name = split_name(url, name)
        self._links = RedisConnections(plain_url, reconnect_s)
        commands = StoreCommands(self.name)
        tasks = TaskDirectory(self._links, commands, self.name, cast("TaskSource | None", session))
        self._tasks = tasks
        self._context = RedisContext(self._links, commands, self.name, tasks)

    @property
    def address(self) -> str:
        """The Redis and the namespace, for people: without a password."""
        return f"{self._links.address} (name {self.name!r})"

    @property
    def has_password(self) -> bool:
        """Whether a password stands in the URL."""
        return self._links.address.password is not None

    def close(self) -> None:
        """Close all connections."""
        self._links.close()

    def answer(self, method: str, params: Mapping[str, Any]) -> Any:
        """Return the answer to a request, as a daemon gives it. Raises RtdError."""
        if method == "hello":  # of a daemon the first answer says what it takes
            run_blocking(self._context.refresh())
            limit = self._context.config.limits.params_bytes
            return {"params_limit_bytes": limit, "frame_limit_bytes": limit}
        checked = check_request(method, params)
        if method == "submit":
            return run_blocking(self._submit(checked))
        if method not in _WITHOUT_DAEMON:
            raise self._needs_daemon(method)
        from rtd.redis_client.answers import answer  # lazy: a program that only submits needs none

        run_blocking(self._context.refresh())
        return answer(self._context, method, checked)

    def open_stream(self, method: str, params: Mapping[str, Any]) -> "RedisEvents | RedisEnds":
        """Return the streamed answer to a request. Raises RtdError."""
        checked = check_request(method, params)
        if method == "collect":
            from rtd.redis_client.ends import RedisEnds  # lazy: as in `answer`

            run_blocking(self._context.refresh())
            return RedisEnds(self._context, checked)
        if method != "events":
            raise self._needs_daemon(method)
        from rtd.redis_client.events import RedisEvents  # lazy: as in `answer`

        run_blocking(self._context.refresh())
        return RedisEvents(self._context, checked)

    def _needs_daemon(self, method: str) -> BadRequest:
        return BadRequest(
            f"{method} needs a daemon, and this client has only Redis at {self.address}: use"
            f" rtctl or Client() with the daemon's socket, on the worker's host"
            f"{_INSTEAD.get(method, '')}"
        )

    async def _submit(self, params: dict[str, Any]) -> dict[str, Any]:
        many = params["many"]
        request = SubmitRequest(
            task=params["task"],
            many=[params["params"]] if many is None else many,
            ids=params["ids"],
            key=params["key"],
            options=params["options"],
            by=submitter(),
        )
        try:
            await self._context.refresh()
            await self._context.declare(request.task)
            ids, created = await submit(self._context, request)
        except StoreGone as error:
            raise without_reply(request, error) from None
        except ParameterError as error:
            raise self._tasks.explain_refusal(error, request.task, request.many[0]) from None
        shortcut = self._shortcut(request) if params["shortcut"] else None
        return {"ids": ids, "created": created, "shortcut": shortcut}

    def _shortcut(self, request: SubmitRequest) -> dict[str, Any] | None:
        """Return by what further runs of the task are queued without all checks; None: they need
        them."""
        count = self._tasks.count
        if count is None or request.task not in self._tasks.manifest.tasks:
            return None
        offer = offer_of(self._context, request, f"#{count.decode()}")
        return None if offer is None else {**offer, "socket": None}

    def send_direct(self, arguments: tuple[str | bytes, ...]) -> bytes:
        """Send the command of a shortcut. Returns the reply as Redis writes it; nothing: it did not
        take it.

        Raises:
            StoreGone: Redis does not answer; the sentence says whether the run may be queued.
        """
        command = RedisCommand(arguments[2:], script="submit")
        try:
            reply = run_blocking(self._links.execute(command))
        except StoreGone as error:
            task, run_id = str(arguments[6]), str(arguments[9])
            request = SubmitRequest(
                task=task, many=[{}], ids=[run_id], key=None, options={}, by=submitter()
            )
            raise without_reply(request, error) from None
        except StoreError:
            return b""
        if reply == _STALE:
            self._tasks.note_count(None)
        return b":%d\r\n" % reply if isinstance(reply, int) else b"*1\r\n:%d\r\n" % reply[0]


#: The verbs that `rtd.redis_client.answers` answers.
_WITHOUT_DAEMON: Final = frozenset({
    "cancel", "ls", "queue_ls", "queue_pause", "queue_priority", "queue_purge", "queue_resume",
    "result", "retry", "show", "tasks", "wait",
})  # fmt: skip
