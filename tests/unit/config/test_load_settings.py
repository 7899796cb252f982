"""Settings: files, then the environment, then flags; a slip is named with what was meant."""

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rtd.cli.start_warnings import environment_warnings
from rtd.common.errors import ConfigError
from rtd.config.config import Config
from rtd.config.load_settings import SETTING_NAMES, load_config
from rtd.config.log_level import log_level
from rtd.config.paths import find_paths
from rtd.rpc.server import group_id
from rtd.supervisor.lifecycle.redis_server import RedisServer


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No settings around us."""
    for name in list(os.environ):
        if name.startswith("RTD_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def test_without_anything_the_defaults_hold() -> None:
    assert load_config() == Config()


def test_the_later_source_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "rtd.toml"
    file.write_text('name = "file"\nhistory = 5\n[lanes.process]\nmax = 3\nidle = "1 min"\n')
    monkeypatch.setenv("RTD_NAME", "variable")
    monkeypatch.setenv("RTD_LANES_PROCESS_MAX", "5")
    config = load_config(flags={"lanes.process.max": "7"})
    assert (config.name, config.history) == ("variable", 5)
    assert (config.lanes["process"].max, config.lanes["process"].idle_s) == (7, 60.0)


def test_sizes_and_durations_are_read_as_people_write_them() -> None:
    flags = {"output.quota": "1.5 GB", "output.retention": "2 days", "limits.result": "64 KB"}
    config = load_config(flags=flags)
    assert config.output.quota_bytes == 3 << 29
    assert config.output.retention_s == 172800.0
    assert config.limits.result_bytes == 65536


@pytest.mark.parametrize(
    ("flags", "reason"),
    [
        ({"lanes.proces.max": 1}, "lanes.process.max"),
        ({"nmae": "x"}, "'name'"),
        ({"lanes.process.max": -1}, "whole number"),
        ({"lanes.process.max": "many"}, "whole number"),
        ({"lanes.process.min": 5, "lanes.process.max": 2}, "above max"),
        (
            {"lanes.async.max": 4, "lanes.async.concurrency": 10_000},
            "are 40,000 runs at once, with",
        ),
        ({"lanes.process.concurrency": 5}, "lanes.process.max is how many"),
        ({"lanes.async.concurrency": 10_001}, "from 1 to 10000"),
        ({"lanes.main.max": 2}, "one executor"),
        ({"durability": "maybe"}, "'process' nor 'always'"),
        ({"stop_grace": "soon"}, "stop_grace"),
        ({"name": "a:b"}, "name"),
        ({"output.quota": 5}, "too small"),
        ({"redis_server": "bin/redis-server"}, "no absolute path"),
        ({"redis_server": "/bin/redis-server", "redis": "redis://h"}, "leave one of the two out"),
    ],
)
def test_a_wrong_setting_is_named_with_what_is_wrong(flags: dict[str, Any], reason: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(flags=flags)
    assert reason in caught.value.sentence
    assert "\n" not in caught.value.sentence


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("lanes = 5", "lanes: 5 is no table; it holds settings such as lanes.process.min"),
        ("lanes.process = 4", "lanes.process: 4 is no table; it holds settings such as"),
        ("output = '1 GB'", "output: '1 GB' is no table; it holds settings such as output.quota"),
        ("[[limits]]", "limits: [{}] is no table"),
        ("[name]\nx = 1", "name: {'x': 1} is no text"),
        ("[history]", "history: {} is not a whole number"),
        ("[lanes.proces]", "unknown setting 'lanes.proces'"),
        ("[outptu]\nquota = '1 GB'", "unknown setting 'outptu.quota'; did you mean"),
    ],
)
def test_a_table_and_a_value_in_each_other_s_place_are_named(text: str, reason: str) -> None:
    Path("rtd.toml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_config()
    assert caught.value.sentence.startswith(f"rtd.toml: {reason}")


def test_an_empty_table_of_settings_is_no_fault() -> None:
    Path("rtd.toml").write_text("[lanes]\n[output]\n")
    assert load_config().lanes == Config().lanes


def test_a_slip_in_the_environment_is_not_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RTD_LANES_PROCESS_MAXX", "3")
    with pytest.raises(ConfigError, match="RTD_LANES_PROCESS_MAX"):
        load_config()


def test_a_variable_that_resembles_no_setting_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    """It was passed over in silence, and `RTD_REDIS_URL` is easily taken for a setting."""
    for name in ("RTD_FOO", "RTD_REDIS_URL", "RTD_RUN_ID", "RTD_APP", "RTD_LOG_LEVEL"):
        monkeypatch.setenv(name, "1")
    assert load_config() == Config()
    (sentence,) = environment_warnings()
    assert sentence.startswith("the environment has RTD_FOO, RTD_REDIS_URL: rtd has no")
    monkeypatch.delenv("RTD_FOO")
    monkeypatch.delenv("RTD_REDIS_URL")
    assert list(environment_warnings()) == []


def test_a_variable_that_rtd_gives_its_runs_is_no_slip(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RTD_RUN_ID", "01KAJ3V5Q0E7Z4M2T8W6R1X9YB")
    monkeypatch.setenv("RTD_ATTEMPT", "1")
    assert load_config() == Config()


@pytest.mark.parametrize("text", ["name = [", "name = 5\n", "\xff"])
def test_a_file_that_cannot_be_used_is_named(tmp_path: Path, text: str) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(text, encoding="latin-1")
    with pytest.raises(ConfigError, match=r"mine\.toml"):
        load_config(file)


def test_a_lone_bound_moves_the_default_of_the_other() -> None:
    assert load_config(flags={"lanes.process.max": 0}).lanes["process"].min == 0
    assert load_config(flags={"lanes.process.min": 9}).lanes["process"].max == 9


def test_every_setting_has_a_name_that_leads_to_it() -> None:
    for name in SETTING_NAMES:
        with pytest.raises(ConfigError, match=name.replace(".", r"\.")):
            load_config(flags={name: object()})


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("directory", "Is a directory"),
        ("pipe", "no regular file"),
        ("device", "no regular file"),
        ("dangling link", "a link to nowhere, which does not exist"),
        ("circle", "symbolic links"),
    ],
)
@pytest.mark.parametrize("is_named", [False, True])
def test_what_is_no_file_is_refused(kind: str, reason: str, is_named: bool) -> None:
    """It was ignored in silence, and the daemon started without its settings."""
    path = Path("rtd.toml")
    make: dict[str, Callable[[], None]] = {
        "directory": path.mkdir,
        "pipe": lambda: os.mkfifo(path),
        "device": lambda: path.symlink_to("/dev/zero"),
        "dangling link": lambda: path.symlink_to("nowhere"),
        "circle": lambda: path.symlink_to("rtd.toml"),
    }
    make[kind]()
    with pytest.raises(ConfigError) as raised:
        load_config(path if is_named else None)
    assert "rtd.toml cannot be read" in raised.value.sentence
    assert reason in raised.value.sentence


def test_no_settings_are_read_from_the_empty_device() -> None:
    assert load_config(Path("/dev/null")) == Config()


@pytest.mark.skipif(os.getuid() != 0, reason="only root may become another user")
def test_a_working_directory_that_cannot_be_searched_is_named(tmp_path: Path) -> None:
    """`rtd.toml` was named, which is not there."""
    tmp_path.chmod(0o700)
    os.seteuid(65534)
    try:
        with pytest.raises(ConfigError) as raised:
            load_config()
    finally:
        os.seteuid(0)
    assert f"uid 65534 may not look into the working directory {tmp_path}" in raised.value.sentence


@pytest.mark.parametrize(
    ("variable", "value", "why"),
    [
        ("RTD_REDIS", "localhost:6379", "not a Redis URL"),
        ("RTD_REDIS", "http://localhost", "it starts with 'http'"),
        ("RTD_REDIS", "redis://localhost:99999", "Port out of range"),
        ("RTD_HISTORY", "many", "'many' is not a whole number"),
        ("RTD_RETENTION", "soon", "'soon' is no duration"),
        ("RTD_LANES_PROCESS_MAX", "-1", "'-1' is not a whole number"),
        ("RTD_OUTPUT_QUOTA", "big", "'big' is no size"),
        ("RTD_REDIS_SERVER", "redis-server", "'redis-server' is no absolute path"),
        ("RTD_CONFIG", "/nowhere/rtd.toml", "the configuration /nowhere/rtd.toml cannot be read"),
    ],
)
def test_an_error_names_the_variable_that_the_value_came_from(
    variable: str, value: str, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigError, match=f"^the variable {variable}: .*{re.escape(why)}"):
        load_config()


def test_an_error_names_the_file_or_the_command_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"^the command line: redis: not a Redis URL"):
        load_config(flags={"redis": "x"})
    (tmp_path / "rtd.toml").write_text('redis = "http://x"\n')
    with pytest.raises(ConfigError, match=r"^rtd\.toml: redis: not a Redis URL"):
        load_config()


def test_a_setting_that_is_wrong_later_still_names_its_place(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("RTD_GROUP", "nosuchgroup")
    monkeypatch.setenv("RTD_REDIS_SERVER", "/nowhere/redis-server")
    config = load_config()
    with pytest.raises(ConfigError, match=r"^the variable RTD_GROUP: group: this host has no"):
        group_id(config.group, config.place_of("group"))
    with pytest.raises(
        ConfigError, match=r"^the variable RTD_REDIS_SERVER: redis_server: /nowhere"
    ):
        RedisServer(config, find_paths())


def test_a_wrong_level_of_the_log_names_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RTD_LOG_LEVEL", "INFO")
    assert log_level() == "INFO"
    monkeypatch.setenv("RTD_LOG_LEVEL", "loud")
    with pytest.raises(ConfigError, match=r"^the variable RTD_LOG_LEVEL: 'loud' is none of debug"):
        log_level()
