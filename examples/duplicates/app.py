"""Find duplicate files: each file has its own run that hashes it, many at a time.

Two more tasks show what happens in real life: one fails now and then, and one hangs.
"""

import hashlib
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rtctl import Client
from rtd import App, Error, Stopped, current_run, progress

app = App()
#: Skip the folders of installed packages.
LEFT_OUT = frozenset({"site-packages", "dist-packages"})


@app.task(retries=1)
def hash_file(path: str) -> tuple[int, str]:
    """Return the size of a file in bytes and a digest of its contents."""
    with open(path, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return file.tell(), digest


@app.task(lane="thread", timeout="10 minutes")
def find_duplicates(root: str) -> dict[str, Any]:
    """Hash every file below a directory in the process lane, and report those that are equal."""
    paths = list(files(Path(root)))
    if not paths:
        raise Error(f"no files below {root}")
    print(f"{len(paths)} files below {root}", flush=True)
    groups: dict[tuple[int, str], list[str]] = {}
    with Client() as client:
        runs = client.submit_many("hash_file", [{"path": path} for path in paths])
        step = max(len(runs) // 10, 1)
        for start in range(0, len(runs), step):
            ended = client.wait(runs[start : start + step])
            for path, run in zip(paths[start : start + step], ended, strict=True):
                groups.setdefault(run.result(), []).append(path)
            done = start + len(ended)
            progress(done, len(paths), "files")
            print(f"{done} of {len(paths)} files hashed", flush=True)
    return report(groups)


def files(root: Path) -> Iterator[str]:
    """Return all regular files below a directory, in order."""
    for folder, names, found in os.walk(root):
        names[:] = sorted(name for name in names if name not in LEFT_OUT)
        for name in sorted(found):
            path = os.path.join(folder, name)
            if os.path.isfile(path) and not os.path.islink(path):
                yield path


def report(groups: dict[tuple[int, str], list[str]]) -> dict[str, Any]:
    """Print the duplicates that waste most space; return the sums."""
    equal = {key: paths for key, paths in groups.items() if len(paths) > 1 and key[0] > 0}
    wasted = {key: key[0] * (len(paths) - 1) for key, paths in equal.items()}
    for key in sorted(equal, key=wasted.__getitem__, reverse=True)[:5]:
        print(f"{len(equal[key])} times {key[0]} bytes: {equal[key][0]}")
    return {
        "files": sum(map(len, groups.values())),
        "bytes": sum(size * len(paths) for (size, _), paths in groups.items()),
        "duplicates": sum(len(paths) - 1 for paths in equal.values()),
        "wasted_bytes": sum(wasted.values()),
    }


@app.task(retries=2, backoff="200ms")
def shaky() -> str:
    """Fail twice, and succeed on the third attempt."""
    attempt = current_run().attempt
    print(f"attempt {attempt}")
    if attempt < 3:
        raise ConnectionError(f"the other side is busy (attempt {attempt})")
    return "third time lucky"


@app.task(timeout="2s", stop_grace="1s")
def hang() -> None:
    """Never end, ignore the stop, and leave a daemonised child that is hard to find."""
    subprocess.run(["sh", "-c", "setsid sleep 1000 & setsid sleep 1000 &"], check=True)
    print("two children are on their own now; I wait for ever", flush=True)
    while True:
        try:
            time.sleep(1000)
        except Stopped:
            print("asked to stop, but I do not want to", flush=True)
