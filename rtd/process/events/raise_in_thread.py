"""Raising an exception in another thread of this process."""

import ctypes


def raise_in_thread(ident: int, kind: type[BaseException]) -> bool:
    """Let `kind` be raised in a thread at its next step of Python code.

    A thread that waits in C (a sleep, a socket, a lock) gets it when that returns; nothing
    can interrupt the wait itself. False when there is no such thread.
    """
    return bool(
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(ident), ctypes.py_object(kind))
    )
