"""Carrying out one run: callers for Python, forks and commands, stops, progress, outcomes."""
