"""`rtctl info`: the daemon and its parts."""

from __future__ import annotations

from rtctl.cli.print_answers import redis_text
from rtctl.cli.run_rows import tally_text, time_text
from rtctl.cli.screen import ago, align_pairs, clean
from rtd.common.format_units import format_bytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rtctl.cli.context import CommandContext
    from rtctl.generated.answers import InfoResult

USAGE = "info"
FLAGS = ()
MORE = """Exit code 3: the app does not import, or Redis does not answer."""


def run(context: CommandContext) -> int:
    """Print the daemon, its app, its Redis and its executors."""
    context.targets(0, 0, "target")
    info = context.rpc.info()
    if context.is_json:
        context.print_json(info)
    elif not context.quiet:
        context.screen.print_out(align_pairs(_pairs(info)))
        for executor in info["executors"]:
            doing = executor.get("run") or ("retiring" if executor.get("retiring") else "idle")
            context.screen.print_out(f"executor {executor['pid']}  {executor['lane']}  {doing}")
    return 3 if info["app_error"] or not info["redis"].get("ok", True) else 0


def _pairs(info: InfoResult) -> list[tuple[str, str]]:
    output, places = info["output"], info["places"]
    tally = tally_text(info["tally"])
    drain = ", draining" if info["draining"] else ""
    pairs = [
        ("rtd", f"{info['version']}, pid {info['pid']}{drain}"),
        ("node", f"{info['node']} of {info['name']}"),
        ("started", f"{time_text(info['started_at'])} ({ago(info['started_at'])})"),
        ("app", clean(info["app"] or "none: commands only")),
        ("app error", clean(info["app_error"] or "")),
        ("redis", redis_text(info["redis"])),
        ("redis path", clean(info["redis"].get("program") or "")),
        ("redis address", clean(info["redis"].get("address") or "")),
        ("channels", clean("  ".join(info.get("channels") or ()))),
        ("runs", f"{info['running']:,} running, {info['queued']:,} queued"),
        ("ended", tally),
        *((name.replace("_", " "), str(value)) for name, value in places.items()),
    ]
    if "bytes" in output:
        quota = format_bytes(output.get("quota_bytes", 0))
        pairs.append(("output", f"{format_bytes(output['bytes'])} of {quota}"))
    return [(name, value) for name, value in pairs if value]
