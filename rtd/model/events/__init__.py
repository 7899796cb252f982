"""Events of runs: cursors, and what clients get."""
