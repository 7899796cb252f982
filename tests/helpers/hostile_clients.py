"""Clients that do their worst: a program of its own, which becomes another user.

python -m tests.helpers.hostile_clients SOCKET SECONDS CLIENTS SEED [ATTACK...]
"""

import contextlib
import random
import socket
import sys
import threading
import time
from collections.abc import Callable, Sequence

import msgpack

from rtd.common.ids import new_id
from rtd.protocol import frames
from tests.helpers.other_user import NOBODY, STRANGER, become

HELLO = frames.encode_request(1, "hello", {"version": frames.VERSION, "client": "hostile"})
Attack = Callable[[socket.socket, random.Random], None]


def _ask(link: socket.socket, number: int, method: str, **params: object) -> None:
    link.sendall(frames.encode_request(number, method, params))


def fan_out(link: socket.socket, luck: random.Random) -> None:
    """Name as many runs as one frame may, many times over, and do not wait for the answers."""
    verb = luck.choice(["kill", "cancel", "retry", "wait", "show"])
    runs = [luck.choice([new_id(), new_id()[-4:], "sleep"]) for _ in range(luck.randint(1, 20_000))]
    for number in range(2, 40):
        if verb == "show":
            _ask(link, number, verb, run=runs[0])
        elif verb == "wait":
            _ask(link, number, verb, runs=runs, timeout=60.0)
        else:
            _ask(link, number, verb, runs=runs)


def half_frame(link: socket.socket, luck: random.Random) -> None:
    """Send most of a frame of the largest size and nothing more for a while."""
    claimed = 15 << 20
    link.sendall(b"\x94\x00\x02\xa6submit\x91\xc6" + claimed.to_bytes(4, "big"))
    link.sendall(bytes(luck.randint(1 << 20, claimed - 1)))
    time.sleep(luck.random() * 3)


def tiny_objects(link: socket.socket, luck: random.Random) -> None:
    """Send a frame of a great many small objects."""
    many = [[[]]] * luck.randint(100_000, 2_000_000)
    link.sendall(msgpack.packb([0, 2, "submit", [{"task": "add", "params": {"a": many}}]]))
    link.recv(4096)


def slow_reader(link: socket.socket, luck: random.Random) -> None:
    """Ask for long answers, and never read them."""
    for number in range(2, 200):
        verb = luck.choice(["ls", "tasks", "status", "info", "params_ls"])
        _ask(link, number, verb, **({"limit": 10_000} if verb == "ls" else {}))
    time.sleep(luck.random() * 5)


def subscriptions(link: socket.socket, luck: random.Random) -> None:
    """Follow events many times, read a little, and leave."""
    for number in range(2, 100):
        _ask(link, number, "events", follow=True)
    for _ in range(luck.randint(0, 5)):
        link.recv(1000)


def rubbish(link: socket.socket, luck: random.Random) -> None:
    """Send bytes that are no frame."""
    link.sendall(luck.randbytes(luck.randint(1, 100_000)))
    link.recv(4096)


def submits(link: socket.socket, luck: random.Random) -> None:
    """Submit many runs at once, to a queue that is closed, and cancel them all."""
    many = [{"a": n} for n in range(luck.randint(1, 5000))]
    ids = [new_id() for _ in many]
    options = {"queue": "closed"}
    _ask(link, 2, "submit", task="add", many=many, ids=ids, options=options)
    link.recv(4096)
    for number, begin in enumerate(range(0, len(ids), 1000), 3):
        _ask(link, number, "cancel", runs=ids[begin : begin + 1000])
        link.recv(4096)


ATTACKS: tuple[Attack, ...] = (
    fan_out, half_frame, tiny_objects, slow_reader, subscriptions, rubbish, submits
)  # fmt: skip


def attack(path: str, until_s: float, seed: int, attacks: Sequence[Attack]) -> None:
    """Attack again and again."""
    luck = random.Random(seed)
    while time.monotonic() < until_s:
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as link:
            link.settimeout(10)
            link.connect(path)
            link.sendall(HELLO)
            luck.choice(attacks)(link, luck)


def main() -> None:
    """Attack with so many clients at once, for so long."""
    path, seconds, clients, seed, *names = sys.argv[1:]
    attacks = [one for one in ATTACKS if not names or one.__name__ in names]
    become(STRANGER, STRANGER, [NOBODY])
    until_s = time.monotonic() + float(seconds)
    threads = [
        threading.Thread(target=attack, args=(path, until_s, int(seed) * 1000 + number, attacks))
        for number in range(int(clients))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main()
