"""Takes its time to end: `slow.py SECONDS` ends with 0 so long after a SIGTERM."""

import signal
import sys
import time

if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(time.sleep(float(sys.argv[1]))))
    print("ready", flush=True)
    while True:
        signal.pause()
