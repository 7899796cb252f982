"""Waits in the event loop for changes of a file."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from rtd.process.events.inotify import FileWatch

__all__ = ["changes_of", "wait_for_change"]


@contextmanager
def changes_of(file: FileWatch) -> Iterator[asyncio.Event]:
    """Set an event at each change of a file, and close the watch in the end."""
    changed = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_reader(file.fileno(), _on_file_change, file, changed)
    try:
        yield changed
    finally:
        loop.remove_reader(file.fileno())
        file.close()


def _on_file_change(file: FileWatch, changed: asyncio.Event) -> None:
    file.read_changes()
    changed.set()


async def wait_for_change(changed: asyncio.Event, timeout_s: float) -> bool:
    """Return whether there was a change in that time."""
    try:
        await asyncio.wait_for(changed.wait(), timeout_s)
    except TimeoutError:
        return False
    return True
