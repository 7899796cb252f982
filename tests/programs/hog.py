"""Takes memory (`hog.py memory BYTES`) or a processor (`hog.py cpu`), says `ready`, and stays."""

import signal
import sys

if __name__ == "__main__":
    if sys.argv[1] == "memory":
        taken = bytearray(b"x") * int(sys.argv[2])
        print("ready", flush=True)
        while True:
            signal.pause()
    print("ready", flush=True)
    while True:
        pass
