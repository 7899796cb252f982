"""Configures the app and starts it.

    python -m project.main        (in the folder above this one)

or `rtd run project/main.py`, or `rtd start project.main` in the background.
"""

import logging
from pathlib import Path

from rtd import App
from rtd.tasks.loaders import PyLoader

from . import parameters  # noqa: F401 (its functions become parameters of the app)
from .models import conditions, hooks, tasks  # noqa: F401 (they register themselves)

app = App(
    scheme=["log_csv"],
    config={
        "silence_task_prerun": True,
        "silence_cond_check": True,
        "force_status_from_logs": False,
        "task_pre_exist": "raise",
        "use_instance_naming": False,
        "cycle_sleep": None,
    },
)

# Print a line on the terminal for each start and end of a run.
console_handler = logging.StreamHandler()
console_handler.setFormatter(
    logging.Formatter("%(asctime)s %(levelname)-8s %(task_name)s %(message)s")
)
task_logger = logging.getLogger("rtd.task")
task_logger.addHandler(console_handler)

# The loader starts from here, regardless of where the daemon starts.
main_directory = Path(__file__).parent

# rtd imports every tasks.py below tasks/, and imports it again when it changes.
PyLoader(path=main_directory / "tasks/", glob="**/tasks.py")

if __name__ == "__main__":
    app.start()
