"""The standard library of Python, as rtd uses it."""
