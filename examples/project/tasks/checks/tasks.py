"""Where tasks run, and what ends them."""

import os
import threading
import time

from project.models.tasks import ArchiveTask

from rtd.tasks import FuncTask


@FuncTask(start_cond="minutely", execution="main")
def check_pulse():
    """In the main lane: one run at a time, in the main thread of one process."""
    return {
        "load": os.getloadavg()[0],
        "main": threading.current_thread() is threading.main_thread(),
    }


@FuncTask(start_cond="hourly", execution="thread")
def check_emails(data_folder):
    """In a thread, among others: good for what mostly waits."""
    letters = [letter.name for letter in (data_folder / "mail").glob("*.eml")]
    return {"letters": letters, "main": threading.current_thread() is threading.main_thread()}


@FuncTask(start_cond="weekly", execution="process", timeout="2 hours")
def check_mail(data_folder):
    """In a process of its own. Waits as long as somebody else has the mailbox; not for ever."""
    while (data_folder / "mail" / "lock").exists():
        time.sleep(0.05)
    return len(list((data_folder / "mail").glob("*.eml")))


@FuncTask(start_cond="weekly", execution="process", end_cond="time of day between 16:00 and 20:00")
def check_messages(data_folder):
    """As check_mail, but it gives up when everybody is on the phone."""
    while (data_folder / "mail" / "lock").exists():
        time.sleep(0.05)


# A task of the project's own kind, started by a condition of its own.
ArchiveTask("mail", "archive", start_cond="more than 3 letters wait")
