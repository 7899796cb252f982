"""The output of runs: routed to the run that writes it, live in a scratch file, then kept."""
