"""The settings of redis-tasks: `settings.configure(module)`, `settings.TIMEZONE`. Without a call of
`configure`, rtd reads the module `rt_settings` beside the app."""

from rtd.session.settings.settings import SETTINGS as _SETTINGS

settings = _SETTINGS

__all__ = ["settings"]
