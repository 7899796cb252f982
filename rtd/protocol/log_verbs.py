"""The verb on the task log."""

from typing import Final

from rtd.protocol.run_verbs import ID
from rtd.protocol.schema import Field, Verb

TASK_LOG: Final = Verb(
    name="task_log",
    doc="What the app's task log holds, if it is kept in Redis; a log in a file is named, to be "
    "read there. Error `wrong_state` when the app keeps no log that can be read.",
    params=(
        Field("task", "str | None", "only this one's", None),
        Field("action", "str | None", "only this action", None),
        Field("since", "float | None", "only since then, epoch seconds", None),
        Field("limit", "int", "1 to 10000", 100),
        Field("skip", "int", "so many of the latest are left out", 0),
    ),
    result=(
        Field("rows", "list[Any]", "task_name, action, run_id, start_at, end_at, exc_text, "
              "reason; latest first"),
        Field("file", "str | None", "the CSV file that holds the log instead"),
    ),
    example=(
        {"task": "report", "limit": 1},
        {"rows": [{"task_name": "report", "action": "success", "run_id": ID,
                   "start_at": 1769846400.0, "end_at": 1769846402.5, "exc_text": None,
                   "reason": ""}],
         "file": None},
    ),
)  # fmt: skip
