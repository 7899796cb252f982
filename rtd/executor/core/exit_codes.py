"""The exit codes of an executor."""

from typing import Final

#: It ended in order: retired, recycled, or idle for too long.
EXIT_RETIRED: Final = 0
#: Redis has fenced it off: its runs belong to others now.
EXIT_FENCED: Final = 2
