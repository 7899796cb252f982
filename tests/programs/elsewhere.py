"""The app of a node that has none of the tasks of `shared.py`."""

from rtd import Session

session = Session()


@session.task(start_cond="after task 'other'")
def another() -> None: ...


@session.task()
def other() -> None: ...
