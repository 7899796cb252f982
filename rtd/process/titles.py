"""What `ps` and `top` show for rtd's processes."""

from setproctitle import setproctitle

__all__ = ["set_title"]


def set_title(text: str) -> None:
    """Show this process as `rtd: text` (for example `rtd: process executor`)."""
    setproctitle(f"rtd: {text}")
