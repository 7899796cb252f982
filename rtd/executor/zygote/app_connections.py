"""The connections that an app opens at its import: its executors would share them."""

from rtd.common.errors import RtdError
from rtd.config.paths import find_paths
from rtd.process.fork.shared_connections import OpenFiles

__all__ = ["describe_connections", "own_sockets"]

_SHOWN = 5


def own_sockets() -> list[str]:
    """Return the sockets of this daemon: its client opens connections of its own after a fork."""
    try:
        paths = find_paths()
    except RtdError:
        return []
    return [str(paths.socket), str(paths.redis_dir / "redis.sock")]


def describe_connections(app: str, files: OpenFiles) -> list[str]:
    """Return a sentence on the connections that were opened at the import; none: no sentence."""
    found = files.new_connections()
    if not found:
        return []
    count = f"{len(found)} connection{'s' if len(found) > 1 else ''}"
    names = "; ".join(found[:_SHOWN]) + ("; ..." if len(found) > _SHOWN else "")
    sentence = (
        f"app {app} has opened {count} while it was imported ({names}): executors are forked and"
        " would share what they read and write there; connect in the task, or in"
        " os.register_at_fork(after_in_child=...)"
    )
    return [sentence]
