"""A start that the system refuses: one line says what, where and what to do."""

import subprocess

import pytest

from tests.helpers.daemon import BIN, DaemonMaker
from tests.helpers.mounts import needs_mounts

FILL = "cat /dev/zero > {0}/filler 2>/dev/null"
DISK = "mount -t tmpfs -o {1},mode=700 tmpfs {0}"
STATE, RUN = "$RTD_STATE_DIR", "$RTD_RUNTIME_DIR"
AOF = f"{STATE}/redis/appendonlydir"


def refusal(
    prepare_daemon: DaemonMaker, verb: str, before: str
) -> subprocess.CompletedProcess[str]:
    """What `rtd start` or `rtd run` says after a shell command has spoiled its surroundings."""
    daemon = prepare_daemon()
    script = f"mkdir -p {STATE} {RUN}; {before}; exec {BIN}/rtd {verb}"
    words = ["sh", "-c", script]
    if "mount" in before:
        words = ["unshare", "-m", *words]
    return subprocess.run(
        words, env=daemon.env, cwd=daemon.home, capture_output=True, text=True, timeout=15,
        check=False,
    )  # fmt: skip


@needs_mounts
@pytest.mark.parametrize("verb", ["start", "run"])
@pytest.mark.parametrize(
    ("before", "said"),
    [
        (f"{DISK.format(STATE, 'size=1m')}; {FILL.format(STATE)}", "state cannot be used: its"),
        (f"{DISK.format(RUN, 'size=1m')}; {FILL.format(RUN)}", "run cannot be used: its disk is"),
        (DISK.format(RUN, "size=64k"), "run/board cannot be used: its disk is full"),
        (f"{DISK.format(STATE, 'nr_inodes=3')}; touch {STATE}/1 {STATE}/2",
         "state/output cannot be used: its disk has no inodes left; delete files there"),
        (f"{DISK.format(RUN, 'nr_inodes=2')}; touch {RUN}/1", "run cannot be used: its disk has"),
        (DISK.format(STATE, "ro"), "state cannot be used: it cannot be written"),
    ],
)  # fmt: skip
def test_a_disk_that_takes_nothing_is_named(
    prepare_daemon: DaemonMaker, verb: str, before: str, said: str
) -> None:
    done = refusal(prepare_daemon, verb, before)
    assert (done.returncode in (1, 2), done.stderr.count("\n")) == (True, 1), done.stderr
    assert said in done.stderr


@pytest.mark.parametrize(
    ("before", "said"),
    [
        ("ulimit -f 8", "a file may have at most 4096 bytes (`ulimit -f`, LimitFSIZE); raise that"),
        (f"mkdir {STATE}/rtd.log", "rtd.log cannot be used: a directory has that name; move it"),
        (f"touch {STATE}/redis", "redis cannot be used: a file has that name; move it away"),
        (f"mkdir {RUN}/board.bell", "board.bell cannot be used: a directory has that name"),
        (f"mkdir {RUN}/rtd.pid", "rtd.pid cannot be used: a directory has that name"),
        (f"mkdir {RUN}/zygote.sock", "zygote.sock cannot be used: a directory has that name"),
        (f"mkdir -p {STATE}/redis/redis.log", "redis.log cannot be used: a directory has"),
        (f"mkdir -p {AOF}; echo garbage > {AOF}/appendonly.aof.manifest", "redis.log ends with: "),
    ],
)  # fmt: skip
def test_what_is_in_the_way_of_a_start_is_named(
    prepare_daemon: DaemonMaker, before: str, said: str
) -> None:
    done = refusal(prepare_daemon, "start", before)
    assert (done.returncode in (1, 2), done.stderr.count("\n")) == (True, 1), done.stderr
    assert said in done.stderr


@pytest.mark.parametrize("verb", ["check app.py", "start", "run", "simulate app.py 0 10"])
def test_a_working_directory_that_was_deleted_is_named(
    prepare_daemon: DaemonMaker, verb: str
) -> None:
    done = refusal(prepare_daemon, verb, "mkdir gone; cd gone; rmdir ../gone")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
    assert done.stderr.startswith("rtd: the working directory was deleted; enter one that exists")
