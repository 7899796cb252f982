"""Passes records to the app's handlers, one by one: an exception of one does not affect others."""

import logging
import sys
from typing import Final

from rtd.model.task_log_entry import LogRow
from rtd.session.context.run_context import report_fault
from rtd.session.core.app_errors import is_app_error
from rtd.session.task_log.csv_handler import CsvHandler
from rtd.session.task_log.log_record import LOGGER, TaskRecord
from rtd.session.task_log.redis_handler import StoreHandler
from rtd.session.task_log.schemes import handlers

#: The level of the logger when the app sets none.
_LEVEL: Final = logging.INFO


class Emitter:
    """The handlers of the logger `rtd.task`, in the process that writes the log.

    Attributes:
        store_handlers: those whose records the process itself must store.
    """

    def __init__(self) -> None:
        self._logger = logging.getLogger(LOGGER)
        if self._logger.level == logging.NOTSET:
            self._logger.setLevel(_LEVEL)
        self._handlers = handlers()
        self._csv = [one for one in self._handlers if isinstance(one, CsvHandler)]
        self.store_handlers = [one for one in self._handlers if isinstance(one, StoreHandler)]
        for handler in self._handlers:
            # By default an exception that `emit` catches is only printed.
            handler.handleError = _Reporter(handler)  # type: ignore[method-assign,assignment]
        for csv in self._csv:
            csv.is_buffered = True

    def emit(self, row: LogRow) -> None:
        """Pass one record to all handlers of its level. Raises nothing that they raise."""
        record: logging.LogRecord = TaskRecord(row)
        # Not `isEnabledFor`: `logging.config` and `logging.disable` are about the app's own log.
        if record.levelno < self._logger.getEffectiveLevel():
            return
        try:
            filtered: object = self._logger.filter(record)
            if not filtered:
                return
        except BaseException as error:
            _report("a filter", error)
            return
        if isinstance(filtered, logging.LogRecord):  # since Python 3.12 a filter may replace it
            record = filtered
        for handler in self._handlers:
            if record.levelno >= handler.level:
                try:
                    handler.handle(record)
                except BaseException as error:
                    _report(handler_name(handler), error)

    def flush(self) -> None:
        """Write the rows that handlers keep."""
        for handler in self._csv:
            try:
                handler.flush()
            except BaseException as error:
                _report(handler_name(handler), error)

    def close(self) -> None:
        """Close all handlers, after the last record."""
        for handler in self._handlers:
            try:
                handler.flush()
                handler.close()
            except BaseException as error:
                _report(handler_name(handler), error)


class _Reporter:
    """Replaces a handler's `handleError`: reports a fault."""

    def __init__(self, handler: logging.Handler) -> None:
        self._handler = handler

    def __call__(self, _record: logging.LogRecord) -> None:
        error = sys.exc_info()[1]
        if error is not None:
            report_fault("log", handler_name(self._handler), error)


def _report(what: str, error: BaseException) -> None:
    if not is_app_error(error):
        raise error
    report_fault("log", what, error)


def handler_name(handler: logging.Handler) -> str:
    """Return a handler's name, or its class and the file that it writes."""
    if handler.name:
        return handler.name
    kind = type(handler).__name__
    target = getattr(handler, "path", None) or getattr(handler, "baseFilename", None)
    return f"{kind} {target}" if target else kind
