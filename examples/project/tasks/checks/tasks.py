"""Tasks in different lanes, and with different limits."""

import os
import threading
import time

from project.models.tasks import ArchiveTask

from rtd.tasks import FuncTask


@FuncTask(start_cond="minutely", lane="main")
def check_pulse():
    """Run in the main lane: one run at a time, in the main thread of one process."""
    return {
        "load": os.getloadavg()[0],
        "main": threading.current_thread() is threading.main_thread(),
    }


@FuncTask(start_cond="hourly", lane="thread")
def check_emails(data_folder):
    """Run in a thread, among others: good for tasks that mostly wait."""
    letters = [letter.name for letter in (data_folder / "mail").glob("*.eml")]
    return {"letters": letters, "main": threading.current_thread() is threading.main_thread()}


@FuncTask(start_cond="weekly", lane="process", timeout="2 hours")
def check_mail(data_folder):
    """Run in a process. Wait while another run has the mailbox, but not for ever."""
    while (data_folder / "mail" / "lock").exists():
        time.sleep(0.05)
    return len(list((data_folder / "mail").glob("*.eml")))


@FuncTask(start_cond="weekly", lane="process", end_cond="time of day between 16:00 and 20:00")
def check_messages(data_folder):
    """Do the same as check_mail, but give up when all lines are busy."""
    while (data_folder / "mail" / "lock").exists():
        time.sleep(0.05)


# A task of a custom kind, started by a custom condition.
ArchiveTask("mail", "archive", start_cond="more than 3 letters wait")
