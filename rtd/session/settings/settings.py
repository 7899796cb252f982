"""The settings of redis-tasks as an object, which a program may configure: `rtd.conf.settings`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any, Final, NamedTuple

from rtd.common.did_you_mean import did_you_mean
from rtd.common.errors import AppError, PolicyError
from rtd.session.core.signature import caller_location

__all__ = ["SETTINGS", "Settings", "SettingsModule"]

#: What may stand before each name, as Django's settings have it.
PREFIX: Final = "RT_"
#: Names of a module whose other settings are Django's.
DJANGO: Final = ("INSTALLED_APPS", "ROOT_URLCONF")


class SettingsModule(NamedTuple):
    """The settings of a module, or of a program that configured them.

    Attributes:
        where: the module's file, or its name where it has none; the line of the program.
        values: by their names without `RT_`.
        written: the name of each as it was written.
    """

    where: str
    values: dict[str, Any]
    written: dict[str, str]

    def place_of(self, name: str) -> str:
        """Return how an error calls the place of a setting."""
        return f"{self.written.get(name, name)} in {self.where}"


class Settings:
    """The settings by their names, without `RT_`: `settings.TIMEZONE`.

    rtd reads them when it loads the app, from `rt_settings` or the module that RT_SETTINGS_MODULE
    names, unless the program has configured them by then.
    """

    def __init__(self) -> None:
        #: Those of the program; None: it has configured none.
        self._configured: SettingsModule | None = None
        #: Those of the app, as rtd has loaded it.
        self._loaded: SettingsModule | None = None

    def configure(self, module: Any) -> None:
        """Take the settings of a module, or of any object with attributes.

        Raises:
            PolicyError: they have been configured already.
        """
        where = str(getattr(module, "__file__", None) or caller_location())
        self._configure(settings_of(vars(module), where))

    def configure_from_dict(self, values: Mapping[str, Any]) -> None:
        """Take the settings of a mapping.

        Raises:
            PolicyError: they have been configured already.
        """
        self._configure(settings_of(values, caller_location()))

    def _configure(self, given: SettingsModule) -> None:
        if self._configured is not None:
            raise PolicyError(f"the settings are configured already, by {self._configured.where}")
        self._configured = given

    def __getattr__(self, name: str) -> Any:
        if not name.isupper():
            raise AttributeError(f"settings have no attribute {name!r}")
        found = self._configured or self._loaded
        if found is None:
            raise AttributeError(
                f"settings.{name}: rtd reads the settings when it has imported the app; there are"
                " none, or this is earlier"
            )
        short = name.removeprefix(PREFIX)
        if short not in found.values:
            hint = did_you_mean(name, found.written.values(), f"{found.where} has none")
            raise AttributeError(f"settings.{name} is not set{hint}")
        return found.values[short]

    @property
    def configured(self) -> SettingsModule | None:
        """Those that the program has configured, if it has."""
        return self._configured

    def take_loaded(self, found: SettingsModule | None) -> None:
        """Keep the settings of the app that was loaded."""
        self._loaded = found


#: The settings of this process.
SETTINGS: Final = Settings()


def settings_of_module(module: ModuleType) -> SettingsModule:
    """Return the settings of a module. Raises PolicyError, see `settings_of`."""
    return settings_of(vars(module), str(getattr(module, "__file__", None) or module.__name__))


def settings_of(given: Mapping[str, Any], where: str) -> SettingsModule:
    """Return the settings among names: those in capitals; of Django's, those with `RT_`.

    Raises:
        AppError: a setting is there with `RT_` and without.
    """
    prefix = PREFIX if any(name in given for name in DJANGO) else ""
    found = SettingsModule(where, {}, {})
    for name, value in _upper(given, prefix):
        short = name.removeprefix(PREFIX)
        if short in found.values:
            raise AppError(f"{where} has both {found.written[short]} and {name}; keep one of them")
        found.values[short], found.written[short] = value, name
    return found


def _upper(given: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for name, value in given.items():
        if name.isupper() and not name.startswith("_") and name.startswith(prefix):
            yield name, value
