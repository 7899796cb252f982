"""Handlers for the logger `rtd.task` whose records can be read back."""

from rtd.session.task_log.csv_handler import CsvHandler
from rtd.session.task_log.log_record import TaskRecord
from rtd.session.task_log.redis_handler import MemoryHandler, RedisHandler

__all__ = ["CsvHandler", "MemoryHandler", "RedisHandler", "TaskRecord"]
