"""`rtd start` and `rtd run` with variables in the environment that look like settings."""

import subprocess

from tests.helpers.daemon import BIN, DaemonMaker

SAID = "warning: the environment has RTD_FOO, RTD_REDIS_URL: rtd has no such setting, and runs"


def test_a_variable_that_is_no_setting_is_said_and_stops_no_daemon(
    prepare_daemon: DaemonMaker,
) -> None:
    """It was passed over in silence, and the daemon ran with another Redis than was meant."""
    place = prepare_daemon(env={"RTD_REDIS_URL": "redis://localhost", "RTD_FOO": "1"})
    done = subprocess.run(
        ["rtd", "start"], executable=BIN / "rtd", cwd=place.cwd, env=place.env,
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stderr.startswith(f"rtd: {SAID}")
    assert place.ok("run", "--", "sh", "-c", "echo $RTD_FOO-") == "-\n"
    log = (place.home / "state" / "rtd.log").read_text()
    assert log.lower().count(SAID.partition(": ")[2].lower()) == 1, log
    subprocess.run(
        ["rtd", "stop"], executable=BIN / "rtd", env=place.env, timeout=60, check=True
    )  # fmt: skip
