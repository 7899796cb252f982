"""The verbs on the app as a whole."""

from typing import Final

from rtd.protocol.schema import Field, Verb

RELOAD: Final = Verb(
    name="reload",
    doc="Import the app anew and serve it. Runs that are going stay with the code they began "
    "with. Answers when new runs get the new code; error `bad_app` with file and line when it "
    "does not import: the app of before serves on then.",
    result=(
        Field("generation", "int", "of the process that new executors are forked from"),
        Field("tasks", "int", "how many the app has now"),
        Field("added", "list[str]", "tasks that are new"),
        Field("changed", "list[str]", "tasks whose declaration or function is another one"),
        Field("removed", "list[str]", "tasks that are gone"),
        Field("faults", "list[str]", "what failed without stopping the import, a sentence each"),
    ),
    example=(
        {},
        {"generation": 3, "tasks": 12, "added": ["report"], "changed": [], "removed": ["old"],
         "faults": []},
    ),
)  # fmt: skip
