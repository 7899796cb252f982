"""The loaders, under Red Engine's names."""

from rtd.session.loaders.py_loader import PyLoader
from rtd.session.loaders.yaml_loader import YAMLLoader

#: Red Engine's name of `YAMLLoader`.
TaskLoader = YAMLLoader

__all__ = ["PyLoader", "TaskLoader", "YAMLLoader"]
