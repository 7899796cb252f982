"""Describes an app that goes on as an earlier daemon has imported it: it may be an old one."""

from pathlib import Path
from typing import NamedTuple

from rtd.common.format_units import format_time
from rtd.supervisor.pools.zygote_registry import ZygoteRecord


class EarlierApp(NamedTuple):
    """An app that goes on as it was imported.

    Attributes:
        sentence: says so, and what imports it again.
        is_outdated: a file of it has changed since.
    """

    sentence: str
    is_outdated: bool


def describe_earlier(zygote: ZygoteRecord, working_dir: Path) -> EarlierApp | None:
    """Return what to say about the app of an adopted zygote; None: it has none."""
    if zygote.app is None:
        return None
    at = zygote.started_at
    when = f" at {format_time(at)}" if at else " earlier"
    what = f"continues with app {zygote.app} as it was imported{when}"
    changed = [file for file in _files(zygote, working_dir) if at and _is_newer(file, at)]
    if not changed:
        return EarlierApp(f"{what}; `rtctl reload` imports it again", False)
    more = f" and {len(changed) - 1} more" if changed[1:] else ""
    verb = "have" if more else "has"
    return EarlierApp(
        f"{what}: {changed[0]}{more} {verb} changed since; `rtctl reload` imports it as it is now",
        True,
    )


def _files(zygote: ZygoteRecord, working_dir: Path) -> list[Path]:
    """Return the files that the supervisor knows: the app's own, and those that declare tasks."""
    target = (zygote.app or "").partition(":")[0]
    names = [target] if target.endswith(".py") else []
    if zygote.manifest is not None:
        tasks = zygote.manifest.tasks.values()
        names += sorted({info.source.rpartition(":")[0] for info in tasks if info.source})
    return list(dict.fromkeys(working_dir / name for name in names))


def _is_newer(file: Path, at: float) -> bool:
    try:
        return file.stat().st_mtime > at
    except OSError:  # it is gone, and a reload says so
        return False
