"""What a user can set has an effect: each policy and each setting is read somewhere."""

import ast
from dataclasses import fields

from rtd.config.config import Config, LaneConfig, OutputConfig, SizeLimits
from rtd.model.policies import POLICY_FIELDS
from tests.helpers.source import modules


def read_attributes() -> set[str]:
    """The names of all attributes that the code reads."""
    return {
        node.attr
        for module in modules().values()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load)
    }


def test_every_policy_is_applied() -> None:
    unused = set(POLICY_FIELDS) - read_attributes()
    assert not unused, f"no code reads these policies: {', '.join(sorted(unused))}"


def test_every_setting_is_applied() -> None:
    settings = {
        field.name
        for record in (Config, LaneConfig, OutputConfig, SizeLimits)
        for field in fields(record)
    }
    unused = settings - read_attributes()
    assert not unused, f"no code reads these settings: {', '.join(sorted(unused))}"


def test_a_name_that_is_only_written_is_not_read() -> None:
    assert "read_attributes" not in read_attributes()
