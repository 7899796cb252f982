"""Errors, ids, units and values, for every package. It imports nothing else of rtd."""
