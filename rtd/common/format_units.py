"""Durations and sizes as people read them.

Imported by every `rtctl`: it must stay cheap, so the parsers are in `rtd.common.units`.
"""


def format_duration(seconds: float) -> str:
    """Return a short text: `5ms`, `1.2s`, `3m12s`, `2h05m`, `4d03h`."""
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f}ms"
    if seconds < 59.95:
        return f"{seconds:.1f}s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02d}s"
    if whole < 86400:
        return f"{whole // 3600}h{whole % 3600 // 60:02d}m"
    return f"{whole // 86400}d{whole % 86400 // 3600:02d}h"


def format_bytes(count: int) -> str:
    """Return a short text: `312 B`, `4.0 KB`, `1.2 GB` (powers of 1024)."""
    size = float(count)
    for unit in ("B", "KB", "MB", "GB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} TB"
