"""The tables of the reference, from the code, so that the two cannot differ."""

import os
from collections.abc import Iterable
from typing import Final
from unittest import mock

from rtctl.cli import exit_codes as client_codes
from rtd.cli.exit_codes import EXIT_CODES
from rtd.common import errors
from rtd.config import config, setting_readers
from rtd.model import policies
from rtd.protocol import shapes
from tools import settings_table
from tools.markdown_text import table
from tools.settings_table import shown

_CORES_SHOWN: Final = 4


def settings() -> Iterable[str]:
    """Yield all settings except those of lanes: name, variable, default, meaning."""
    return table(
        ("setting and variable", "default", "meaning"),
        (
            (f"`{one.name}`<br>`{one.variable}`", one.default, one.meaning)
            for one in settings_table.settings()
        ),
    )


def lanes() -> Iterable[str]:
    """Yield the settings of the pools, with their defaults on a machine of four cores."""
    with mock.patch.object(os, "cpu_count", return_value=_CORES_SHOWN):
        pools = config.default_lanes()
    fields = list(setting_readers.LANE_READERS.items())
    yield from table(
        ("setting", "meaning"),
        ((f"`{name}`", meaning) for name, meaning in settings_table.lane_settings()),
    )
    yield f"\nDefaults on a machine with {_CORES_SHOWN} cores:\n"
    yield from table(
        ("pool", *(f"`{name}`" for name, _ in fields)),
        (
            (pool, *(shown(getattr(lane, field), field) for _, (field, _) in fields))
            for pool, lane in pools.items()
        ),
    )


def policy_table() -> Iterable[str]:
    """Yield all policies of a task."""
    defaults = policies.Policies()
    return table(
        ("policy", "default", "meaning"),
        (
            (
                f"`{name}`",
                shown(getattr(defaults, option.field), option.field),
                f"{option.doc}; {option.more}" if option.more else option.doc,
            )
            for name, option in policies.POLICY_OPTIONS.items()
        ),
    )


def submit_options() -> Iterable[str]:
    """Yield the options of a submit, beside the task's parameters."""
    rows = ((f"`{o.name}`", f"`{o.type}`", o.doc) for o in shapes.SUBMIT_OPTIONS)
    return table(("option", "type", "meaning"), rows)


def exit_codes() -> Iterable[str]:
    """Yield the exit codes of rtctl with their meanings."""
    rows = ((str(code), meaning) for code, meaning in client_codes.MEANINGS.items())
    return table(("exit code", "meaning"), rows)


def run_exit_codes() -> Iterable[str]:
    """Yield the exit codes of a run by its state."""
    rows = ((f"`{state}`", code) for state, code in client_codes.RUN_MEANINGS.items())
    return table(("state of the run", "exit code"), rows)


def error_exit_codes() -> Iterable[str]:
    """Yield the exit code of rtctl for each error."""
    rows = []
    for code in sorted(set(errors.EXIT_CODE.values())):
        for name, exit_code in errors.EXIT_CODE.items():
            if exit_code == code:
                meaning = (errors.BY_CODE[name].__doc__ or "").strip().partition("\n\n")[0]
                rows.append((str(code), f"`{name}`", " ".join(meaning.split())))
    return table(("exit code", "error", "meaning"), rows)


def daemon_exit_codes() -> Iterable[str]:
    """Yield the exit codes of the command `rtd`."""
    rows = ((str(code), meaning) for code, meaning in EXIT_CODES.items())
    return table(("exit code", "meaning"), rows)
