"""Reloads the app: starts a zygote beside the serving one, which then takes its place.

Running runs stay with the zygote that they began on; it ends with the last of them. If the app
does not import, the previous one goes on serving.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from rtd.common.errors import AppError, InternalError, RtdError, ShuttingDown, WrongState
from rtd.common.format_units import format_count
from rtd.model.manifest import COMMAND, Manifest, TaskInfo
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.core.jobs import SingleFlight
from rtd.supervisor.core.log import log
from rtd.supervisor.pools.zygote_registry import ZygoteRecord
from rtd.supervisor.pools.zygotes import Zygotes

#: An import that takes longer is given up as soon as a newer reload is requested.
PATIENCE_S: Final = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReloadSummary:
    """The result of a reload.

    Attributes:
        generation: number of the zygote that serves now.
        tasks: how many the app has.
        added, changed, removed: names of tasks; changed: in its declaration, or in the code
            of its function.
    """

    generation: int
    tasks: int
    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]

    @classmethod
    def between(cls, generation: int, old: Manifest, new: Manifest) -> "ReloadSummary":
        """Return the difference of two manifests."""
        before, after = _shown(old), _shown(new)
        both = before.keys() & after.keys()
        return cls(
            generation=generation,
            tasks=len(after),
            added=tuple(sorted(after.keys() - before.keys())),
            changed=tuple(sorted(name for name in both if _differs(name, old, new))),
            removed=tuple(sorted(before.keys() - after.keys())),
        )

    def __str__(self) -> str:
        parts = [
            f"{word}: {_some(names)}"
            for word, names in (
                ("new", self.added), ("changed", self.changed), ("gone", self.removed)
            )
            if names
        ]  # fmt: skip
        return "; ".join([format_count(self.tasks, "task"), *parts])


def _shown(manifest: Manifest) -> dict[str, TaskInfo]:
    return {n: info for n, info in manifest.tasks.items() if not info.hidden and n != COMMAND}


def _differs(name: str, old: Manifest, new: Manifest) -> bool:
    """Return whether a task has changed; its line in the file does not count."""
    before, after = old.tasks[name], new.tasks[name]
    if old.info.code.get(name) != new.info.code.get(name):
        return True
    return before != after and replace(before, source="") != replace(after, source="")


def _some(names: tuple[str, ...]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


class Reloader:
    """Runs one reload at a time; requests made meanwhile share the next one.

    Args:
        context: what the parts of the supervisor share.
        zygotes: start the new zygote.
        activate: makes a zygote that has imported the app the one that serves.

    Attributes:
        began_s: when (monotonic) the current reload began; None: none is running.
    """

    def __init__(
        self, context: SupervisorContext, zygotes: Zygotes, activate: Callable[[ZygoteRecord], None]
    ) -> None:
        self._context = context
        self._zygotes = zygotes
        self._activate = activate
        self._next: asyncio.Future[ReloadSummary] | None = None
        self._requested = asyncio.Event()
        self._reloads = SingleFlight(context.jobs, "reloading the app", self._run_requested)
        self.began_s: float | None = None

    async def reload(self) -> ReloadSummary:
        """Serve the app as it is now, or later: it is imported after this call.

        Raises:
            WrongState: there is no app.
            ShuttingDown: the daemon is ending.
            AppError: it does not import; the previous one goes on serving.
            InternalError: its process ended, or its import was given up for a newer reload.
        """
        self._check()
        if self._next is None:
            self._next = asyncio.get_running_loop().create_future()
            self._next.add_done_callback(_consume_error)
            self._requested.set()
            self._reloads.request()
        return await asyncio.shield(self._next)

    def _check(self) -> None:
        if self._context.app is None:
            raise WrongState("this daemon serves no app: there is nothing to reload")
        if self._context.gate.is_draining:
            raise ShuttingDown("the daemon is ending: it reloads nothing more")

    async def _run_requested(self) -> None:
        assert self._next is not None
        requested, self._next = self._next, None
        self._requested.clear()
        self.began_s = time.monotonic()
        try:
            requested.set_result(await self._reload_once())
        except RtdError as error:
            requested.set_exception(error)
        except BaseException as error:
            requested.set_exception(
                InternalError(f"the reload was broken off: {type(error).__name__}: {error}")
            )
            raise
        finally:
            self.began_s = None

    async def _reload_once(self) -> ReloadSummary:
        context = self._context
        await self._wait_room()
        self._check()
        began = time.monotonic()
        before = context.manifest
        zygote = self._zygotes.spawn(context.app)
        try:
            await self._wait_hello(zygote)
            self._check()
        except RtdError as error:
            self._zygotes.give_up(zygote)
            if isinstance(error, AppError | InternalError):
                context.app_error = error.sentence
            log.error("not reloaded, the previous app stays in use: %s", error)
            raise
        self._activate(zygote)
        done = ReloadSummary.between(zygote.generation, before, context.manifest)
        log.info("reloaded in %.2f s: %s", time.monotonic() - began, done)
        return done

    async def _wait_room(self) -> None:
        """Wait until one more zygote can live."""
        if not self._zygotes.is_full:
            return
        count = len(self._zygotes.living)
        log.warning(
            "%d generations of the app live already, each with running runs: the reload waits"
            " until one of them has ended",
            count,
        )
        await self._zygotes.until_room()

    async def _wait_hello(self, zygote: ZygoteRecord) -> None:
        """Wait until a zygote has imported the app; give up a hanging import for a newer reload."""
        greeting = asyncio.ensure_future(self._zygotes.wait_hello(zygote))
        done, _ = await asyncio.wait((greeting,), timeout=PATIENCE_S)
        if not done:
            log.warning("the app has been importing for %.0f s", PATIENCE_S)
            requested = asyncio.ensure_future(self._requested.wait())
            await asyncio.wait((greeting, requested), return_when=asyncio.FIRST_COMPLETED)
            requested.cancel()
        if not greeting.done():
            greeting.cancel()
            raise InternalError("its import was given up: a newer reload was asked for meanwhile")
        greeting.result()


def _consume_error(done: "asyncio.Future[ReloadSummary]") -> None:
    """Retrieve the error, which has been logged: perhaps no caller waits any more."""
    if not done.cancelled():
        done.exception()
