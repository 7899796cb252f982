"""Runs that wait for other runs: executors beyond the maximum in their place, waits for ever."""
