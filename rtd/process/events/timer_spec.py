"""The times of a kernel timer."""

import ctypes

__all__ = ["TimerSpec"]


class TimerSpec(ctypes.Structure):
    """`struct itimerspec`: interval and first time, seconds and nanoseconds each."""

    _fields_ = (
        ("interval_s", ctypes.c_long),
        ("interval_ns", ctypes.c_long),
        ("first_s", ctypes.c_long),
        ("first_ns", ctypes.c_long),
    )
