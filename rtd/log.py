"""Handlers for the logger `rtd.task` whose records can be read again."""

from rtd.session.logcsv import CsvHandler
from rtd.session.logkept import MemoryHandler, RedisHandler
from rtd.session.logrecord import TaskRecord

__all__ = ["CsvHandler", "MemoryHandler", "RedisHandler", "TaskRecord"]
