"""The configuration of a session: keys, values, mistakes."""

import os
from pathlib import Path
from typing import Any

import pytest

from rtd import Session
from rtd.common.errors import ConfigError
from rtd.config.config import Config
from rtd.config.setting_readers import build_config, merge_app_settings
from rtd.session.app.manifest import manifest_of
from rtd.session.core.session_config import SessionConfig

DEFAULTS = {
    "task_pre_exist": "raise",
    "use_instance_naming": False,
    "silence_task_prerun": True,
    "silence_cond_check": True,
    "force_status_from_logs": False,
    "cycle_sleep": None,
    "timezone": None,
}
OTHERS = {
    "task_pre_exist": "rename",
    "use_instance_naming": True,
    "silence_task_prerun": False,
    "silence_cond_check": False,
    "force_status_from_logs": True,
    "cycle_sleep": 0.5,
    "timezone": "Europe/Helsinki",
}


@pytest.mark.parametrize("key", sorted(DEFAULTS))
def test_a_key_is_read_and_set_as_attribute_and_as_item(key: str) -> None:
    session = Session(config={})
    assert getattr(session.config, key) == session.config[key] == DEFAULTS[key]
    session.config[key] = OTHERS[key]
    assert getattr(session.config, key) == OTHERS[key]
    setattr(session.config, key, DEFAULTS[key])
    assert session.config[key] == DEFAULTS[key]
    assert Session(config={key: OTHERS[key]}).config[key] == OTHERS[key]


def test_the_document_s_own_configuration() -> None:
    given = {key: value for key, value in DEFAULTS.items() if key != "timezone"}
    config = Session(config=given).config
    assert config.settings == {}
    assert repr(config) == "SessionConfig({})"


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"cycle_slep": 1}, "unknown key 'cycle_slep'; did you mean 'cycle_sleep'?"),
        ({"lanes.proces.max": 1}, "did you mean 'lanes.process.max'?"),
        ({"lanes": {"thread": {"concurency": 1}}}, "did you mean 'lanes.thread.concurrency'?"),
        ({"lanes": 3}, "'lanes' has several settings: write a mapping of them, or 'lanes."),
        ({"lanes": {"thread": 3}}, "'lanes.thread' has several settings: write a mapping"),
        ({"zzz": 1}, "unknown key 'zzz'; known: task_pre_exist, use_instance_naming"),
        ({"max_processes": 1}, "it is 'lanes.process.max'"),
        ({"task_execution": "main"}, "lane='thread'"),
        ({"redis": "redis://x"}, "decided before the app is imported"),
        ({"task_pre_exist": "crash"}, "'crash' is none of 'raise', 'replace', 'ignore', 'rename'"),
        ({"silence_cond_check": "yes"}, "'yes' is neither True nor False"),
        ({"cycle_sleep": "often"}, "'often' is no duration"),
        ({"cycle_sleep": -1}, "-1 is no duration"),
        ({"timezone": "Europe/Atlantis"}, "no time zone is named 'Europe/Atlantis'"),
        ({"limits.result": "big"}, "limits.result: 'big' is no size"),
        ({"lanes.process.min": 3, "lanes.process.max": 2}, "min (3) is above max (2)"),
        ({1: 2}, "1 is no key"),
    ],
)
def test_a_slip_is_one_line_that_says_what_to_write(given: dict[Any, Any], problem: str) -> None:
    with pytest.raises(Exception, match="config: ") as caught:
        Session(config=given)
    assert problem in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_name_that_is_no_key_is_no_attribute_either() -> None:
    config = Session().config
    with pytest.raises(AttributeError, match="cycle_sleep"):
        config.cycle_slep  # noqa: B018
    with pytest.raises(ConfigError, match="did you mean 'silence_cond_check'"):
        config.silence_cond_chek = True
    assert not hasattr(config, "__deepcopy__")


def test_a_set_that_does_not_fit_changes_no_setting() -> None:
    config = SessionConfig({"lanes.process.max": 2})
    with pytest.raises(ConfigError):
        config.update({"lanes.process.min": 3, "history": 5})
    assert config.settings == {"lanes.process.max": 2}


def test_cycle_sleep_is_the_pause_between_two_calls_of_the_cycle() -> None:
    assert manifest_of(Session()).info.cycle_s == 1.0
    assert manifest_of(Session(config={"cycle_sleep": 0.2})).info.cycle_s == 0.2
    assert manifest_of(Session(config={"cycle_sleep": "3 s"})).info.cycle_s == 3.0


def test_the_supervisor_is_told_what_concerns_it() -> None:
    told = manifest_of(
        Session(
            config={
                "silence_task_prerun": False,
                "silence_cond_check": False,
                "lanes": {"process": {"max": 3}},
                "stop_grace": "2 s",
            }
        )
    )
    assert told.info.settings == {"lanes.process.max": 3, "stop_grace": 2.0}
    assert (told.info.silence_task_prerun, told.info.silence_cond_check) == (False, False)
    plain = manifest_of(Session()).info
    assert (plain.silence_task_prerun, plain.silence_cond_check) == (True, True)


def test_the_time_zone_is_that_of_each_task_that_names_none() -> None:
    session = Session(config={"timezone": "Europe/Helsinki"})
    session.task(lambda: None, name="here")  # type: ignore[call-overload]
    session.task(name="there", timezone="UTC")(lambda: None)
    tasks = manifest_of(session).tasks
    assert tasks["here"].schedule.timezone == "Europe/Helsinki"
    assert tasks["there"].schedule.timezone == "UTC"


# --- settings of the daemon by its own configuration and by the app


def test_settings_of_the_daemon_are_stronger() -> None:
    own = build_config({"history": 7})
    config = merge_app_settings(own, {"history": 3, "lanes.process.max": 5, "limits.result": 4096})
    assert (config.history, config.lanes["process"].max) == (7, 5)
    assert config.limits.result_bytes == 4096
    assert merge_app_settings(config, {}) == own, "another app's settings leave nothing behind"


def test_an_app_s_bound_that_does_not_fit_the_daemon_s_is_left_out() -> None:
    low = merge_app_settings(build_config({"lanes.process.max": 2}), {"lanes.process.min": 4})
    assert (low.lanes["process"].min, low.lanes["process"].max) == (1, 2)
    high = merge_app_settings(
        build_config({"lanes.thread.min": 3}), {"lanes.thread.max": 2, "history": 9}
    )
    assert (high.lanes["thread"].min, high.lanes["thread"].max, high.history) == (3, 3, 9)


def test_lanes_of_an_app_that_leave_no_room_beside_the_daemon_s_are_left_out() -> None:
    own = build_config({"lanes.async.concurrency": 10_000, "lanes.async.max": 3})
    merged = merge_app_settings(own, {"lanes.greenlet.concurrency": 5_000, "history": 9})
    assert (merged.lanes, merged.history) == (own.lanes, 9)
    fits = merge_app_settings(own, {"lanes.greenlet.concurrency": 2_000})
    assert fits.lanes["greenlet"].concurrency == 2_000


def test_keys_that_only_a_later_rtd_knows_are_left_out() -> None:
    assert (
        merge_app_settings(Config(), {"colour": "red", "redis": "redis://x", "node": "y"})
        == Config()
    )


def test_an_app_that_is_no_part_of_a_package_has_its_settings_too(tmp_path: Path) -> None:
    from rtd.session.app.load_app import load

    file = tmp_path / f"app_{os.getpid()}.py"
    file.write_text("from rtd import Session\nsession = Session({'history': '5'})\n")
    assert manifest_of(load(str(file))).info.settings == {"history": 5}
