"""The loaders; Red Engine's names."""

from rtd.session.loaders import PyLoader

__all__ = ["PyLoader"]
