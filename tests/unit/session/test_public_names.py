"""Public modules have the names of their `__all__`, and no others that one could import by mistake:
`from rtd.conditions import Any` was `typing.Any`."""

from importlib import import_module
from types import ModuleType

import pytest

PUBLIC = [
    "rtctl", "rtd", "rtd.args", "rtd.arguments", "rtd.conditions", "rtd.conds", "rtd.conf",
    "rtd.core", "rtd.log", "rtd.parameters", "rtd.session", "rtd.tasks", "rtd.tasks.loaders",
    "rtd.testing",
]  # fmt: skip


@pytest.mark.parametrize("name", PUBLIC)
def test_a_public_module_has_the_names_that_it_promises_and_no_others(name: str) -> None:
    module = import_module(name)
    promised = set(module.__all__)
    for one in promised:
        assert getattr(module, one) is not None
    found = {
        one
        for one, value in vars(module).items()
        if not one.startswith("_")
        and not (isinstance(value, ModuleType) and value.__name__ == f"{name}.{one}")
    }
    assert found <= promised
    with pytest.raises(AttributeError):
        module.NoSuchName  # noqa: B018


def test_app_is_the_session_by_the_name_that_new_programs_use() -> None:
    import rtd
    from rtd.session import App, Session

    assert rtd.App is App is Session is rtd.Session
