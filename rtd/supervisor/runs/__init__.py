"""Runs while they live and after: submit, delays, output, retention, the task log.

How runs end is in `rtd.supervisor.ending`.
"""
