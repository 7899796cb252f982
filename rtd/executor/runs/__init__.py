"""Carrying out one run: callers for Python and forks, stops, progress, outcomes."""
