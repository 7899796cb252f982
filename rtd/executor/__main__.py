"""`python -m rtd.executor`: a zygote. Started by the supervisor, not by people."""

import gc
import os
import sys


def main() -> int:
    """Run the zygote that the command line describes. Returns its exit code."""
    gc.disable()  # `run_zygote` enables it
    from rtd.common.malloc_tuning import remove_tuning  # lazy: imports without the collector
    from rtd.executor.executor import run_executor  # lazy: see above
    from rtd.executor.run_zygote import run_zygote  # lazy: see above
    from rtd.session.app.load_app import load  # lazy: see above

    remove_tuning(os.environ)
    return run_zygote(sys.argv[1:], run_executor, load)


if __name__ == "__main__":
    sys.exit(main())
