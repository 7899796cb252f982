"""The loaders; Red Engine's names."""

from rtd.session.loaders import PyLoader
from rtd.session.yaml_loader import YAMLLoader

#: Red Engine's name of the same.
TaskLoader = YAMLLoader

__all__ = ["PyLoader", "TaskLoader", "YAMLLoader"]
