"""The socket on which zygotes connect to the supervisor."""

import asyncio
import contextlib

from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.core.unix_socket import bind_unix, is_listening
from rtd.supervisor.pools.zygote_messages import ZygoteHandler


class ZygoteSocket:
    """Listens for zygotes.

    Args:
        context: what the parts of the supervisor share.
        handler: gets each connection.
    """

    def __init__(self, context: SupervisorContext, handler: ZygoteHandler) -> None:
        self._context = context
        self._path = context.paths.zygote_socket
        self._handler = handler
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        """Bind and listen; an old file is replaced. Raises ConfigError."""
        old, listener = self._server, bind_unix(self._path, mode=0o600)
        loop = asyncio.get_running_loop()
        self._server = await loop.create_unix_server(self._handler.new_connection, sock=listener)
        if old is not None:
            old.close()

    def renew(self) -> None:
        """Listen on a new socket: another program has removed the file."""
        self._context.jobs.start(self.open(), "listening to zygotes")

    def close(self) -> None:
        """Stop listening and remove the file; connections stay."""
        if self._server is not None:
            if is_listening(self._path):  # else it is of another process
                with contextlib.suppress(FileNotFoundError):
                    self._path.unlink()
            self._server.close()
