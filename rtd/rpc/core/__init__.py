"""Shared parts of the verbs of the control socket: connection, request, targets, rows of runs."""
