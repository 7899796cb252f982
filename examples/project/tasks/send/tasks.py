"""Tasks with parameters."""

from rtd.tasks import FuncTask


@FuncTask(parameters={"receivers": ["me@example.com"]})
def report_news(receivers):
    """Its own parameter has its value here."""
    print(f"news for {', '.join(receivers)}")
    return receivers


@FuncTask()
def announce(friend_list):
    """This parameter is the session's: see parameters.py."""
    print(f"announced to {', '.join(friend_list)}")
    return friend_list
