"""What the verbs of the control socket share: connection, request, targets, rows of runs."""
