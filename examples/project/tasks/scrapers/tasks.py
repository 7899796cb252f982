"""Tasks by the clock."""

import time

from rtd.tasks import FuncTask


@FuncTask(start_cond="daily after 08:00")
def wake_up():
    """Once a day, as soon as it is 8."""
    print(f"good morning, it is {time.strftime('%H:%M')}")


@FuncTask(start_cond="daily between 08:00 and 08:15 | daily between 22:00 and 22:15")
def wash_teeth():
    """Twice a day."""
    print("brushing")


@FuncTask(start_cond="daily between 09:00 and 10:00 & time of week between Monday and Friday")
def go_to_work():
    """Once a day, on weekdays only."""
    print(f"it is {time.strftime('%A')}: off to work")
