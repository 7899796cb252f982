"""The traits that Python itself knows, beside the modules of the app."""

import _locale
import gc
import locale
import sys
import threading
from typing import Any, Final

from rtd.common.stdlib.originals import os, socket, time
from rtd.process.traits.trait import Trait

__all__ = ["PYTHON_TRAITS"]


def _environment() -> dict[bytes, bytes]:
    return dict(os.environ._data)  # type: ignore[attr-defined]


def _set_environment(were: dict[bytes, bytes]) -> None:
    now = os.environ._data  # type: ignore[attr-defined]
    moved = now.get(b"TZ") != were.get(b"TZ")
    for name in now.keys() - were.keys():
        del os.environb[name]
    for name, value in were.items():
        if now.get(name) != value:
            os.environb[name] = value
    if moved:
        time.tzset()


def _sys_path() -> list[str]:
    return list(sys.path)


def _set_sys_path(were: list[str]) -> None:
    sys.path = list(were)


def _arguments() -> list[str]:
    return list(sys.argv)


def _set_arguments(were: list[str]) -> None:
    sys.argv = list(were)


def _interpreter() -> tuple[Any, ...]:
    return sys.getrecursionlimit(), sys.getswitchinterval(), gc.isenabled(), gc.get_threshold()


def _set_interpreter(were: tuple[Any, ...]) -> None:
    recursion_limit, switch_interval_s, collects, threshold = were
    sys.setrecursionlimit(recursion_limit)
    sys.setswitchinterval(switch_interval_s)
    (gc.enable if collects else gc.disable)()
    gc.set_threshold(*threshold)


def _hooks() -> tuple[Any, ...]:
    return (
        sys.gettrace(),
        sys.getprofile(),
        threading.gettrace(),
        threading.getprofile(),
        sys.excepthook,
        sys.unraisablehook,
        threading.excepthook,
        sys.displayhook,
        sys.stdin,
    )


def _set_hooks(were: tuple[Any, ...]) -> None:
    trace, profile, thread_trace, thread_profile, *hooks, stdin = were
    sys.settrace(trace)
    sys.setprofile(profile)
    threading.settrace(thread_trace)
    threading.setprofile(thread_profile)
    sys.excepthook, sys.unraisablehook, threading.excepthook, sys.displayhook = hooks
    sys.stdin = stdin


def _locales() -> str:
    return _locale.setlocale(_locale.LC_ALL, None)


def _set_locales(were: str) -> None:
    locale.setlocale(locale.LC_ALL, were)


def _event_loop_policy() -> Any:
    # Not `get_event_loop_policy`, which makes one.
    events = sys.modules.get("asyncio.events")
    return getattr(events, "_event_loop_policy", None)


def _set_event_loop_policy(were: Any) -> None:
    sys.modules["asyncio.events"]._event_loop_policy = were  # type: ignore[attr-defined]


PYTHON_TRAITS: Final = (
    Trait("trace, profile or error hooks", _hooks, _set_hooks),
    Trait("recursion limit or other settings of Python", _interpreter, _set_interpreter),
    Trait("environment", _environment, _set_environment),
    Trait("sys.path", _sys_path, _set_sys_path),
    Trait("sys.argv", _arguments, _set_arguments),
    Trait("socket timeout", socket.getdefaulttimeout, socket.setdefaulttimeout),
    Trait("locale", _locales, _set_locales),
    # Every `asyncio.run` makes a policy that then refuses `get_event_loop`: a plain program that
    # begins has none.
    Trait("event loop policy", _event_loop_policy, _set_event_loop_policy, told=False),
)
