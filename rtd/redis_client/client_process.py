"""This process, as the records of runs name a client."""

import os
import socket
from dataclasses import dataclass
from functools import lru_cache

from rtd.rpc.core.peer_credentials import Peer


@dataclass(frozen=True, slots=True)
class ClientProcess(Peer):
    """This process: it may be on any host."""

    host: str

    @property
    def text(self) -> str:
        """Return `uid 1000 (anna) pid 4242 on web1`."""
        return f"{Peer.text.fget(self)} on {self.host}"  # type: ignore[attr-defined]


def this_process() -> ClientProcess:
    """Return the process that calls."""
    return ClientProcess(os.getpid(), os.getuid(), os.getgid(), (), socket.gethostname())


def submitter() -> str:
    """Return how records name this process. To look up a user may take milliseconds."""
    return _submitter(os.getpid(), os.getuid())


@lru_cache(maxsize=2)
def _submitter(_pid: int, _uid: int) -> str:
    return this_process().text
