"""The settings that an app brings along."""

from collections.abc import Mapping
from typing import Any

from rtd.config.config import Config
from rtd.config.setting_readers import READERS, merge_app_settings
from rtd.model.manifest import Manifest
from rtd.supervisor.core.log import log


def with_app_settings(config: Config, manifest: Manifest) -> Config:
    """Return the configuration while this app is served, and log what the app sets.

    The daemon's own configuration is stronger; settings of a previous app do not stay.
    """
    settings = manifest.info.settings
    if settings:
        log.info("the app sets %s", _list(settings))
        stronger = {name: config.given[name] for name in settings if name in config.given}
        if stronger:
            log.info("the daemon's own configuration is stronger: %s", _list(stronger))
    merged = merge_app_settings(config, settings)
    unused = {name: value for name, value in settings.items() if _is_left_out(merged, name, value)}
    if unused:
        log.warning("left out, as the daemon's own lanes leave no room: %s", _list(unused))
    return merged


def _is_left_out(merged: Config, name: str, value: Any) -> bool:
    """Return whether a setting of a lane is not in force and the daemon does not set it itself."""
    if not name.startswith("lanes.") or name in merged.given or name not in READERS:
        return False
    lane = merged.lanes[name.split(".")[1]]
    return bool(getattr(lane, READERS[name][0]) != value)


def _list(settings: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value}" for name, value in settings.items())
