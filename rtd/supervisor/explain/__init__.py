"""Explanations: why a task does not start, when it will, and which task waits for which."""
