"""The settings of the embedded Redis, as words of its command line."""

from pathlib import Path

from rtd.store.embedded.find_server import ServerProgram

__all__ = ["server_settings"]


def server_settings(server: ServerProgram, directory: Path, socket: Path, fsync: str) -> list[str]:
    """Return the words.

    Args:
        server: the program; it ends at once if it does not know one of them.
        directory: of the data.
        socket: what it listens on; nothing else.
        fsync: Redis' `appendfsync`.
    """
    settings = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "dir": str(directory),
        "appendonly": "yes",
        "appendfsync": fsync,
        "save": "",
        # A rewrite of the log takes a core for a second or more: not after each 64 MB, as is
        # Redis' default. To read a log of this size at a start takes 2 to 3 s.
        "auto-aof-rewrite-min-size": "256mb",
        "rdbcompression": "no",
        # Redis' own housekeeping, which is its whole work while it is idle: ten times a second, the
        # default, costs Redis 8 half a percent of a core. Nothing of ours waits for it.
        "hz": "2",
        "daemonize": "no",
        "logfile": "",
        "loglevel": "warning",
        "maxmemory-policy": "noeviction",
    }
    if server.version >= (7, 0, 0):
        # CONFIG SET dir, when the directory was removed and made again; older ones allow it. Only
        # the owner of the socket can connect.
        settings["enable-protected-configs"] = "local"
    return [word for name, value in settings.items() for word in (f"--{name}", value)]
