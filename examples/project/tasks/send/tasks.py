"""Tasks with parameters."""

from rtd.tasks import FuncTask


@FuncTask(parameters={"receivers": ["me@example.com"]})
def report_news(receivers):
    """Print a parameter whose value is set here."""
    print(f"news for {', '.join(receivers)}")
    return receivers


@FuncTask()
def announce(friend_list):
    """Print a parameter of the session: see parameters.py."""
    print(f"announced to {', '.join(friend_list)}")
    return friend_list
