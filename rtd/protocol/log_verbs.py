"""The verb on the task log."""

from typing import Final

from rtd.protocol.run_verbs import ID
from rtd.protocol.schema import Param, Verb

TASK_LOG: Final = Verb(
    name="task_log",
    doc="What the app's task log holds, if it is kept in Redis; a log in a file is named, to be "
    "read there. Error `wrong_state` when the app keeps no log that can be read.",
    params=(
        Param("task", "str | None", "only this one's", None),
        Param("action", "str | None", "only this action", None),
        Param("since", "float | None", "only since then, epoch seconds", None),
        Param("limit", "int", "1 to 10000", 100),
        Param("skip", "int", "so many of the latest are left out", 0),
    ),
    result=(
        Param("rows", "list[Any]", "task_name, action, run_id, start_at, end_at, exc_text, "
              "reason; latest first"),
        Param("file", "str | None", "the CSV file that holds the log instead"),
    ),
    example=(
        {"task": "report", "limit": 1},
        {"rows": [{"task_name": "report", "action": "success", "run_id": ID,
                   "start_at": 1769846400.0, "end_at": 1769846402.5, "exc_text": None,
                   "reason": ""}],
         "file": None},
    ),
)  # fmt: skip
