"""What an app says of its daemon's settings counts beneath the daemon's own configuration."""

from collections.abc import Mapping
from typing import Any

from rtd.config.config import Config
from rtd.config.setting_readers import merge_app_settings
from rtd.model.manifest import Manifest
from rtd.supervisor.core.log import log


def with_app(config: Config, manifest: Manifest) -> Config:
    """The configuration while this app is served; what the app sets is logged.

    Args:
        config: of before; what an app that was served before has set is not kept.
    """
    settings = manifest.info.settings
    if settings:
        log.info("the app sets %s", _list(settings))
        stronger = {name: config.given[name] for name in settings if name in config.given}
        if stronger:
            log.info("the daemon's own configuration is stronger: %s", _list(stronger))
    return merge_app_settings(config, settings)


def _list(settings: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value}" for name, value in settings.items())
