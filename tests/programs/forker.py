"""Breeds, in several ways, always up to a bound: a test must not take the machine with it.

    forker.py family|clan|wide|chain [--setsid] [--delay SECONDS]

`family`: deaf daemons that all breed until there are 50. `clan`: the same with 300, which takes
all processors. `wide`: one parent, 400 children. `chain`: each process forks the next and ends,
20,000 times. Says `ready` when it is well under way.
"""

import mmap
import os
import signal
import sys
import time
from collections.abc import Callable

from tests.programs.deaf import turn_deaf

FAMILY, CLAN, WIDE, CHAIN = 50, 300, 400, 20_000
READY_AT = 40
Ready = Callable[[], None]


def family(ready: Ready, *, delay_s: float = 0.002, most: int = FAMILY, **_: object) -> None:
    """Never returns. Every member is a daemon, deaf, and breeds."""
    counter = mmap.mmap(-1, 8)
    count = memoryview(counter).cast("Q")
    turn_deaf()

    def breed() -> None:
        said = False
        while count[0] < most:
            middle = os.fork()
            if middle == 0:
                os.setsid()
                if os.fork() == 0:
                    count[0] += 1  # not exact between processes: a bound, not a census
                    breed()
                os._exit(0)
            os.waitpid(middle, 0)
            if not said and count[0] >= READY_AT:
                said = True
                ready()
            time.sleep(delay_s)
        while True:
            signal.pause()

    breed()


def clan(ready: Ready, **_: object) -> None:
    """Never returns. A family that saturates the machine."""
    family(ready, most=CLAN)


def wide(ready: Ready, *, setsid: bool = False, delay_s: float = 0.0) -> None:
    """Never returns. One parent, many children."""
    for number in range(WIDE):
        if os.fork() == 0:
            if setsid:
                os.setsid()
            while True:
                signal.pause()
        if number == READY_AT:
            ready()
        time.sleep(delay_s)
    while True:
        signal.pause()


def chain(ready: Ready, *, setsid: bool = False, delay_s: float = 0.0) -> None:
    """The first process stays; of its line only the last one or two live at any moment."""
    if os.fork() == 0:
        for number in range(CHAIN):
            if number == READY_AT:
                ready()
            if os.fork() != 0:
                os._exit(0)
            if setsid:
                os.setsid()
            if delay_s:
                time.sleep(delay_s)
        os._exit(0)
    while True:
        signal.pause()


BREEDS = {"family": family, "clan": clan, "wide": wide, "chain": chain}

if __name__ == "__main__":
    delay = float(sys.argv[sys.argv.index("--delay") + 1]) if "--delay" in sys.argv else None
    options: dict[str, float] = {} if delay is None else {"delay_s": delay}
    BREEDS[sys.argv[1]](
        lambda: print("ready", flush=True),
        setsid="--setsid" in sys.argv,  # type: ignore[arg-type]
        **options,  # type: ignore[arg-type]
    )
